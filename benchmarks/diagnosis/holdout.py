"""Wrong solutions that were written after the rules were frozen."""

from __future__ import annotations

from cases import Wrong

HOLDOUT: dict[str, list[Wrong]] = {}
