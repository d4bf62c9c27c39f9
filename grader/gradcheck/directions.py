"""Along which directions a gradient is checked: every entry, or for a large array a few random mixtures of all.

Owns the choice, and the search for one wrong entry behind a wrong mixture.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grader.gradcheck.forward import Floats
from grader.gradcheck.slopes import Direction, Point, measure_once
from grader.gradcheck.stencils import rich

LARGE = 2000
"""Entries up to which every one is looked at (some 10,000 evaluations)."""

_MIXTURES = 6
"""A mixture of signs misses a wrong entry only if its error cancels against others'; six do not all miss it."""
_ENTRIES = 64
"""Single entries that are checked as well: they see an error that drowns in the length of the whole gradient."""
_LARGEST = 16
"""Of those, taken where the gradient is largest, so that its scale is known; the others are drawn at random."""


def chosen(gradient: Floats, rng: np.random.Generator, *, fast: bool) -> list[Sequence[Direction]]:
    """Groups of directions to measure for a flat gradient; a group of mixtures comes before the single entries."""
    size = gradient.size
    if not fast:
        return [range(size)]
    # Signs, not normal numbers: every entry has its full weight in every mixture.
    mixtures = [rng.choice([-1.0, 1.0], size=size) for _ in range(_MIXTURES)]
    largest = np.argsort(-np.abs(gradient), kind="stable")[:_LARGEST]
    drawn = rng.choice(size, size=min(size, _ENTRIES), replace=False)
    entries = np.unique(np.concatenate([largest, drawn]))
    if entries.size > _ENTRIES:
        extra = rng.permutation(np.setdiff1d(entries, largest))[: _ENTRIES - largest.size]
        entries = np.union1d(largest, extra)
    return [mixtures, [int(i) for i in entries]]


def locate(probe: Point, mixture: Floats, step: float) -> int:
    """Flat index of an entry that makes the gradient wrong along `mixture`, by halving: twenty evaluations a time."""
    suspects = np.arange(mixture.size)
    while suspects.size > 1:
        halves = np.array_split(suspects, 2)
        vectors = []
        for half in halves:
            vector = np.zeros_like(mixture)
            vector[half] = mixture[half]
            vectors.append(vector)
        slopes = measure_once(probe, vectors, np.full(2, step), rich()).slopes
        suspects = halves[int(np.argmax(np.abs(slopes.given - slopes.value)))]
    return int(suspects[0])
