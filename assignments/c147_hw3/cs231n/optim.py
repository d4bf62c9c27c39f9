"""`utils.optim` under the import path of older editions."""

from utils.optim import sgd
