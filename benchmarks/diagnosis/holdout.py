"""Wrong solutions that were written after the rules were frozen, in one go and before any of them was run.

Neither a rule nor a pattern is changed for a result. Written with `tum`, `ece` and `at` of `edits.py`.
"""

from __future__ import annotations

from edits import Wrong

HOLDOUT: dict[str, list[Wrong]] = {}
