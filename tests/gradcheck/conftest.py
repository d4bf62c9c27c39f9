"""The problems of the gradient benchmark serve the tests too: one set of functions with true gradients."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks" / "gradcheck"))
