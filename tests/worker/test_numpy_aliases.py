"""Names that today's NumPy has dropped."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import numpy as np
from grader.worker.compat.numpy_aliases import restore

bool_, before = np.bool, set(vars(np))
restore()
assert np.product((2, 3)) == 6
assert np.zeros(2, dtype=np.float).dtype == np.float64
assert np.array([1, 2]).astype(np.int).dtype.kind == "i"
assert np.isnan(np.NaN) and np.NINF < 0 < np.Inf
assert np.mat is np.asmatrix
assert np.bool is bool_
assert np.reshape(np.arange(6), newshape=(2, 3)).shape == (2, 3) == np.reshape(np.arange(6), (2, 3)).shape
assert np.asfarray([1]).dtype == np.float64 and np.msort(np.array([2, 1])).tolist() == [1, 2]
assert np.empty(3).tolist() == np.empty_like(np.zeros(3)).tolist() != [0, 0, 0]
assert np.empty((2, 2), int).min() == np.empty((2, 2), int).max() and np.empty(2, bool).all()
print(sorted(set(vars(np)) - before))
"""


def test_names_that_numpy_has_dropped_stand_for_what_they_stood_for() -> None:
    """In a process of its own, since the names stay."""
    done = subprocess.run([sys.executable, "-W", "error", "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert "product" in done.stdout
