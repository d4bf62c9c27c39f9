"""`utils.gradient_check` under the import path of older editions."""

from utils.gradient_check import eval_numerical_gradient, eval_numerical_gradient_array
