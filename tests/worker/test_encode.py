"""What a probe returned crosses the line as plain arrays, or is named as something else."""

from __future__ import annotations

import subprocess
import sys

import numpy as np

from grader.worker.encode import ResultEncoder
from grader.worker.messages import ArraySpec, Other


def test_a_masked_array_is_named_and_others_are_taken() -> None:
    encoder = ResultEncoder(1 << 20)
    encoder.add("masked", np.ma.array([1.0, 2.0], mask=[False, True]))
    encoder.add("plain", np.array([1.0, 2.0]))
    assert encoder.values["masked"] == Other("other", "a masked array")
    assert isinstance(encoder.values["plain"], ArraySpec)


def test_numpys_masked_arrays_are_not_loaded_for_it() -> None:
    code = (
        "import sys, numpy as np\nfrom grader.worker.encode import ResultEncoder\n"
        "ResultEncoder(99).add('a', np.ones(3))\nprint('numpy.ma' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_more_rows_than_there_are_names_for_are_one_array() -> None:
    encoder = ResultEncoder(1 << 20)
    encoder.add("points", list(np.ones((3000, 2))))
    encoder.add("few", list(np.ones((3, 2))))
    assert encoder.values["points"] == ArraySpec(0, "<f8", (3000, 2))
    assert encoder.values["few"] == Other("flattened", "list of 3")
