"""Which pairs of a cohort are more alike than the cohort itself makes likely."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence, Set
from itertools import chain

import numpy as np
import numpy.typing as npt
import scipy.sparse
from msgspec import Struct

from grader.similarity.prints import Writing, chosen, code_prints, word_prints

UNUSUAL = 8.0
"""Robust standard deviations above what is usual for both students at which a pair is shown."""
LEAST = 0.15
"""A share of two students' own code or words below which no pair is shown, however unusual: a few lines agree."""
LEAST_SPREAD = 0.03
"""A cohort of strangers has no spread; this keeps it from making every line unusual."""
RARE = 0.03
"""Share of the cohort up to which a wrong result is rare."""
FEWEST = 8
"""Students without whom nothing can be said about what is usual."""


class Shared(Struct, frozen=True):
    """Lines that two submissions have in common: (source, first, last) on each side."""

    left: tuple[tuple[int, int, int], ...]
    right: tuple[tuple[int, int, int], ...]


class SimilarPair(Struct, frozen=True, kw_only=True):
    """Two students who wrote alike."""

    left: Writing
    right: Writing
    code: float
    """Share of what both wrote themselves that agrees, in 0..1, rare pieces weighing more."""
    words: float
    """The same of the answers."""
    results: tuple[str, ...]
    """Rare wrong results that both have."""
    unusual: float
    """Robust standard deviations above what is usual for both, the larger of code and words."""
    shared: Shared


class Similarity(Struct, frozen=True, kw_only=True):
    """A cohort's pairs, the most unusual first."""

    pairs: tuple[SimilarPair, ...]
    students: int
    usual_code: float
    """Median over all pairs, of the same measure."""
    usual_words: float


def similarity(writings: Sequence[Writing], handout: Iterable[str]) -> Similarity:
    """Compare everybody with everybody.

    A piece of code or of an answer weighs `log(N / n)` where `n` of `N` students have it; two submissions are alike by
    the weight that they share over the geometric mean of what each has. A pair is shown where that is `UNUSUAL`
    for both of its students (median and MAD of all their pairs) and at least `LEAST`.
    """
    known = frozenset(chain.from_iterable(code_prints(source) for source in handout))
    prints = [chosen(w.code.values(), known) for w in writings]
    words = [frozenset(chain.from_iterable(map(word_prints, w.answers.values()))) for w in writings]
    code_scores, words_scores = _alike(prints), _alike(words)
    unusual_code, usual_code = _unusual(code_scores)
    unusual_words, usual_words = _unusual(words_scores)
    rare = _rare(writings)
    pairs = []
    if len(writings) >= FEWEST:
        shown = (unusual_code >= UNUSUAL) & (code_scores >= LEAST)
        shown |= (unusual_words >= UNUSUAL) & (words_scores >= LEAST)
        for i, j in np.argwhere(np.triu(shown, 1)).tolist():
            pairs.append(
                SimilarPair(
                    left=writings[i],
                    right=writings[j],
                    code=float(code_scores[i, j]),
                    words=float(words_scores[i, j]),
                    results=tuple(sorted(writings[i].results & writings[j].results & rare)),
                    unusual=float(max(unusual_code[i, j], unusual_words[i, j])),
                    shared=_shared(prints[i], prints[j]),
                )
            )
    pairs.sort(key=lambda p: (-p.unusual, p.left.path, p.right.path))
    return Similarity(pairs=tuple(pairs), students=len(writings), usual_code=usual_code, usual_words=usual_words)


def _alike(prints: Sequence[Iterable[int]]) -> npt.NDArray[np.float64]:
    """For each pair, the weight of what both have over the geometric mean of what each has; shape (N, N)."""
    sets = [sorted(p) for p in prints]
    count = Counter(chain.from_iterable(sets))
    column = {value: i for i, value in enumerate(count)}
    weight = np.array([math.log(len(sets) / n) for n in count.values()]) if count else np.zeros(0)
    indices = np.array([column[value] for s in sets for value in s], dtype=np.int64)
    starts = np.concatenate([[0], np.cumsum([len(s) for s in sets])]).astype(np.int64)
    rows = scipy.sparse.csr_array((np.sqrt(weight)[indices], indices, starts), shape=(len(sets), max(1, len(column))))
    both = (rows @ rows.T).toarray()
    own = np.sqrt(np.maximum(np.diag(both), 1e-12))
    scores: npt.NDArray[np.float64] = both / np.outer(own, own)
    return scores


def _unusual(scores: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], float]:
    """How far each pair stands above what is usual for both of its students, in robust standard deviations.

    By Fisher's transform `arctanh`, in which 0.95 is as far from 0.8 as 0.6 from 0; of the two students' figures the
    smaller counts, so that one who writes as everybody does is not alike to everybody. Also the median of all pairs.
    """
    if len(scores) < 2:
        return np.zeros_like(scores), 0.0
    far = np.arctanh(np.minimum(scores, 0.999))
    np.fill_diagonal(far, np.nan)
    median = np.nanmedian(far, axis=1)
    spread = 1.4826 * np.nanmedian(np.abs(far - median[:, None]), axis=1)
    above = (far - median[:, None]) / np.maximum(spread, LEAST_SPREAD)[:, None]
    np.fill_diagonal(above, 0.0)
    return np.minimum(above, above.T), float(np.median(scores[np.triu_indices(len(scores), 1)]))


def _rare(writings: Sequence[Writing]) -> Set[str]:
    count = Counter(chain.from_iterable(w.results for w in writings))
    return {key for key, n in count.items() if 2 <= n <= max(2, RARE * len(writings))}


def _shared(left: dict[int, tuple[int, int, int]], right: dict[int, tuple[int, int, int]]) -> Shared:
    both = left.keys() & right.keys()
    return Shared(tuple(sorted(left[v] for v in both)), tuple(sorted(right[v] for v in both)))
