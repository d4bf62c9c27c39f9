"""Gradescope: results and the autograder archive."""

from __future__ import annotations

from typing import Literal, get_args

When = Literal["visible", "after_due_date", "after_published", "hidden"]
"""Gradescope's words for when something is shown."""
WHENS: tuple[When, ...] = get_args(When)
DEFAULT: When = "after_published"
