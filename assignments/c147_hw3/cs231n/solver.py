"""`utils.solver` under the import path of older editions."""

from utils.solver import Solver
