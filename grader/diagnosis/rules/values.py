"""What a wrong array shows by itself, beside the expected one: rules that need neither the solution nor another run.

Every rule compares all entries, at points drawn at random, so that what fits does not fit by chance. No array
raises. Sentences hold no expected value, and of hidden checks no count either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any

import numpy as np

from grader.compare.messages import enumerated
from grader.diagnosis.bank import MILDER
from grader.diagnosis.codes import Candidate
from grader.diagnosis.evidence import Evidence
from grader.diagnosis.points import milder, sizes_in, spreads
from grader.diagnosis.rules.patterns import BY_CHANCE, PATTERNS, ArrayPair, Expected, close, pair_of


def patterns(evidence: Evidence) -> Candidate | None:
    """What the numbers of arrays of the right shape show."""
    return value_rule(
        evidence.values,
        evidence.expected,
        evidence.failed,
        hidden=evidence.check.visibility == "hidden",
        sizes=sizes_in(evidence.check.source, evidence.check.id),
        elsewhere=evidence.asker.at_second_seed(evidence.check),
    )


def judged_patterns(evidence: Evidence) -> Candidate | None:
    """The same of a judged check, where what its judge accepts shows that the reference's arrays are those it asks for.

    A judge may ask for what follows from a student's own state, of which the reference's arrays say nothing.
    """
    values, expected, failed = evidence.values, evidence.expected, set(evidence.failed)
    if evidence.check.judge is None or not failed <= expected.keys() & values.keys():
        return None
    pairs = [pair_of(name, values, expected) for name in expected.keys() - failed]
    same = [p is not None and p.got.shape == p.expected.shape and close(p, p.got) for p in pairs]
    known = any(p is not None and p.dtype.startswith("f") and p.expected.any() for p in pairs)
    found = patterns(evidence) if known and all(same) else None
    return None if found is not None and found.code == "all-zero" else found  # the judge says what does not change


def input_changed(evidence: Evidence) -> Candidate | None:
    """An input was changed in place."""
    changed = evidence.case.observation.changed
    return changed_input(changed) if changed else None


def only_input_changed(evidence: Evidence) -> Candidate | None:
    """An input was changed in place, beside a prepared mistake that nothing but the one wrong array speaks for."""
    prepared = evidence.prepared
    alone = prepared is not None and prepared.checks <= 1 and len(evidence.failed) == 1
    return input_changed(evidence) if alone else None


def extreme_numbers(evidence: Evidence) -> Candidate | None:
    """nan or inf for numbers as far apart as 1000: a point between separates an overflow from log(0).

    Where prepared mistakes explain ordinary numbers, the ends of the range are left unsaid.
    """
    check, values, expected = evidence.check, evidence.values, evidence.expected
    if evidence.known or milder(check) is None:
        return None
    strange = [n for n in evidence.failed if n in expected and not _finite(values.get(n))]
    strange = [n for n in strange if np.isfinite(expected[n]).all()]
    mild = evidence.asker.view(check, MILDER) if strange else None
    if mild is None or strange[0] not in mild:
        return None
    return extreme(
        strange[0],
        overflows=not _finite(mild[strange[0]]),
        otherwise_right=not evidence.forward_fails,
        sure=not any(map(spreads, check.files.values())),
    )


def _finite(value: object) -> bool:
    """Whether it is no array of floats with nan or inf in it."""
    return not isinstance(value, np.ndarray) or value.dtype.kind not in "fc" or bool(np.isfinite(value).all())


@np.errstate(all="ignore")
def value_rule(
    values: Mapping[str, Any],
    golden: Expected,
    wrong: Sequence[str],
    *,
    hidden: bool,
    elsewhere: tuple[Mapping[str, Any], Expected] | None = None,
    sizes: Set[int] = frozenset(),
) -> Candidate | None:
    """What arrays of the right shape show: first what all wrong ones have in common, then the first that shows any.

    `sizes` are the lengths of axes that the check's inputs may have. `elsewhere` is what was returned and expected at
    another point, where the same must show: the same kind of mistake, and of a factor the same one.
    """
    candidate = _shown(values, golden, wrong, hidden, sizes)
    if elsewhere is not None and all(
        np.array_equal(elsewhere[1].get(name, ()), golden.get(name, ())) for name in wrong
    ):
        elsewhere = None  # a check that draws nothing asks the same point again
    if candidate is None or elsewhere is None:
        return None if candidate is not None and candidate.code in BY_CHANCE else candidate
    again = _shown(*elsewhere, wrong, hidden, sizes)
    if again is None or again.code != candidate.code:
        return None
    one, other = (c.evidence.get("factors", {}) for c in (candidate, again))
    assert isinstance(one, dict)  # as `_scaled` made them
    assert isinstance(other, dict)
    if one.keys() == other.keys() and all(abs(f / other[name] - 1) < 1e-6 for name, f in one.items()):
        return candidate
    if one.keys() != other.keys():
        return None
    return Candidate(
        "one-factor",
        f"{_names(list(one))} {'is' if len(one) == 1 else 'are'} right up to a factor, which is another one at another"
        " point: something that changes from point to point is missing as a factor, or is one too often.",
        evidence={"factors": one, "factors_elsewhere": other},
    )


def _complex_numbers(values: Mapping[str, Any], expected: Expected, failed: Sequence[str]) -> Candidate | None:
    """What differs from complex numbers is their real part, or the sign of the imaginary one."""
    for name in failed:
        got, wanted = values.get(name), expected.get(name)
        if wanted is None or wanted.dtype.kind != "c" or wanted.size < 2:
            continue
        if not isinstance(got, np.ndarray) or got.dtype.kind not in "fc" or got.shape != wanted.shape:
            continue
        limit = 1e-9 * float(np.abs(wanted).max())
        if not np.abs(wanted.imag).max() > limit:
            continue
        if np.abs(got - wanted.real).max() <= limit:
            text = f"`{name}` is the real part of what is right: the imaginary part is lost, as in an array of floats."
            return Candidate("real-part", text, "the imaginary part is lost")
        if np.abs(got - wanted.conj()).max() <= limit:
            text = f"`{name}` is right but for the sign of the imaginary part: which sign has i in the exponent?"
            return Candidate("wrong-sign", text, "the imaginary part has the other sign")
    return None


def _shown(
    values: Mapping[str, Any], golden: Expected, wrong: Sequence[str], hidden: bool, sizes: Set[int]
) -> Candidate | None:
    if (candidate := _complex_numbers(values, golden, wrong)) is not None:
        return candidate
    pairs = [p for p in (pair_of(name, values, golden) for name in wrong) if p is not None]
    pairs = [p for p in pairs if p.got.shape == p.expected.shape and np.isfinite(p.got).all()]
    if not pairs:
        return None
    candidate = _scaled(pairs, sizes | {n for array in golden.values() for n in array.shape}, hidden)
    for rule in PATTERNS:
        candidate = candidate or next((c for c in (rule(pair) for pair in pairs) if c is not None), None)
    return candidate or _other_output(pairs, golden)


def changed_input(names: Sequence[str]) -> Candidate:
    """Student code wrote into what it was given."""
    what = " and ".join(f"its input `{n}`" if n.isidentifier() else n for n in names[:3])
    return Candidate(
        "changed-input",
        f"Your code changes {what} in place; whoever uses it afterwards computes with the changed numbers."
        " Work on a copy, or make a new array.",
        evidence={"changed": list(names)},
    )


def extreme(name: str, *, overflows: bool, otherwise_right: bool, sure: bool = True) -> Candidate:
    """nan or inf for numbers as far apart as 1000; whether a smaller distance, 720, already gives it.

    Where the same code is right for ordinary numbers there is a softmax in it, and then only a logarithm can fail for
    an exponential that has become 0: the largest one has not, or 720 would have overflowed. `sure` is whether 720 is as
    far as any two numbers are apart: where random numbers are multiplied by it, a logarithm of 0 is there as well.
    """
    if sure and overflows:
        text = (
            f"`{name}` is not finite because of an exponential: in float64 `exp` is infinite above 709, and 0 below"
            " -745, and a quotient of such numbers is nan. A softmax stays the same if one number is subtracted from a"
            " whole row: choose it so that neither happens."
        )
    elif overflows:
        text = (
            f"`{name}` is not finite for large numbers. In float64 `exp` is infinite above 709 and 0 below -745. If you"
            " subtract the largest number of each row before `exp`, look for a logarithm of an `exp` or a softmax that"
            " has become 0; if you do not, begin there."
        )
        return Candidate("not-finite", text, evidence={"array": name})
    elif not otherwise_right:
        text = (
            f"`{name}` is not finite because an exponential has become 0: numbers 720 apart still go well, numbers 1000"
            " apart do not, since exp(-1000) is 0 in float64. Look for a quotient or a logarithm of it."
        )
        return Candidate("underflow", text, evidence={"array": name})
    else:
        text = (
            "log(0): the logarithm is taken after the softmax, of a probability that has become exactly 0, so"
            f" `{name}` is not finite. For numbers 720 apart all is well, for numbers 1000 apart it is not: exp(-1000)"
            " is 0 in float64."
        )
    return Candidate("overflow" if overflows else "logarithm-of-zero", text, evidence={"array": name})


def _other_output(pairs: Sequence[ArrayPair], golden: Expected) -> Candidate | None:
    """An output in the place of another: exact copies of random arrays do not come about by chance."""
    swaps = {}
    for pair in pairs:
        for name, expected in golden.items():
            wanted = expected.astype(float) if expected.dtype.kind in "f" else None
            if name == pair.name or wanted is None or wanted.shape != pair.got.shape or not wanted.any():
                continue
            if close(ArrayPair(name, pair.got, wanted, pair.dtype, pair.limit), pair.got):
                swaps[pair.name] = name
    for one, other in swaps.items():
        if swaps.get(other) == one:
            return Candidate(
                "swapped-outputs",
                f"`{one}` and `{other}` are swapped: each holds the other's numbers.",
                evidence={"arrays": [one, other]},
            )
    for one, other in swaps.items():
        return Candidate("other-output", f"`{one}` holds the numbers of `{other}`.", evidence={"arrays": [one, other]})
    return None


def known_factor(lead: str, factors: Sequence[float], evidence: dict[str, object]) -> Candidate | None:
    """What one factor of all arrays says by itself, in a sentence that begins with `lead`."""
    for value, words in (
        (-1.0, f"the right {'one' if lead.endswith(' is') else 'ones'} with the wrong sign."),
        (
            2.0,
            "twice as large as right: is there a factor 2 too many, a 1/2 missing, something added twice, or kept from"
            " an earlier call?",
        ),
        (0.5, "half as large as right: is there a factor 1/2 too many, or a 2 missing?"),
        (1 / np.log(2), "too large by 1/ln 2: the logarithm is to the base 2, not the natural one."),
        (1 / np.log(10), "too small by ln 10: the logarithm is to the base 10, not the natural one."),
    ):
        if all(abs(f / value - 1) < 1e-6 for f in factors):
            return Candidate("wrong-sign" if value == -1 else "scaled", f"{lead} {words}", evidence=evidence)
    return None


def _scaled(pairs: Sequence[ArrayPair], sizes: Set[int], hidden: bool) -> Candidate | None:
    """One factor for each wrong array: -1, 2, 1/2, a logarithm's base, or a count such as the number of rows."""
    factors = {p.name: f for p in pairs if (f := _factor(p)) is not None}
    if len(factors) != len(pairs):
        pairs = [p for p in pairs if p.name in factors]
        if not pairs:
            return None
    names = _names(list(factors))
    values = list(factors.values())
    is_ = "is" if len(values) == 1 else "are"
    evidence: dict[str, object] = {"factors": factors}
    if (known := known_factor(f"{names} {is_}", values, evidence)) is not None:
        return known
    lengths = [set(p.expected.shape) for p in pairs if p.name in factors]
    for sign, also in ((1, ""), (-1, ", and the sign is wrong")):
        counts = [sign * f for f in values]
        if all(_whole(f, n) for f, n in zip(counts, lengths, strict=True)):
            how = "a sum is taken where a mean belongs, or a division by a count is missing"
            return _counted(names, is_, "too large", [round(f) for f in counts], how, also, sizes, hidden, evidence)
        if all(f > 0 and _whole(1 / f, n) for f, n in zip(counts, lengths, strict=True)):
            how = "a mean is taken where a sum belongs, or a division by a count is made once too often"
            return _counted(names, is_, "too small", [round(1 / f) for f in counts], how, also, sizes, hidden, evidence)
    for which, thing in ((0, "rows"), (-1, "columns")):
        counted = [factors[p.name] / p.expected.shape[which] for p in pairs if p.name in factors and p.expected.ndim]
        same = len(set(values)) > 1 and len(counted) == len(values) and np.ptp(counted) < 1e-7 * abs(counted[0])
        if same and _whole(1 / counted[0], set()):
            number = "" if hidden else f", {round(1 / counted[0])}"
            text = f"{names} are divided by one fixed number{number}, where the number of {thing} belongs."
            return Candidate("scaled-by-count", text, evidence=evidence)
    large = {p.name: factors[p.name] for p in pairs if p.name in factors and np.count_nonzero(p.expected) > 2}
    if not large:
        return None  # any two numbers differ by a factor
    names, values = _names(list(large)), list(large.values())
    if len(values) == 1:
        text = f"{names} is right up to one factor, the same for all entries."
        if not hidden and (count := _other_count(large, pairs)):
            text = f"{names} is {values[0]:.4g} times what it should be in all entries: is it divided by {count}?"
    elif max(values) - min(values) < 1e-6 * max(abs(f) for f in values):
        text = f"{names} are {'both' if len(values) == 2 else 'all'} off by one and the same factor."
    else:
        text = f"Each of {names} is right up to one factor for all of its entries, another for each array."
    return Candidate("one-factor", text, evidence={"factors": large})


def _other_count(factors: Mapping[str, float], pairs: Sequence[ArrayPair]) -> str:
    """The count by which an array may have been divided, and not by that of its rows; empty where none fits."""
    rows = {p.name: p.expected.shape[0] for p in pairs if p.name in factors and p.expected.ndim > 1}
    for name, factor in factors.items():
        if name in rows and _whole(count := rows[name] / factor, set()) and count < 1000:
            return f"{round(count)}, and not by its {rows[name]} rows"
    return ""


def _counted(
    names: str,
    is_: str,
    how: str,
    counts: list[int],
    why: str,
    sign: str,
    sizes: Set[int],
    hidden: bool,
    evidence: dict[str, Any],
) -> Candidate:
    one = len(set(counts)) == 1 and not hidden
    if not set(counts) <= sizes:  # a rate, say, of which the factor says no more than what it is
        times = f"{counts[0]} times" if one else "a whole number of times"
        text = f"{names} {is_} {times} {how}, in all entries alike{sign}."
        return Candidate("one-factor", text, evidence=evidence)
    by = f"{counts[0]}, which is the length of an axis" if one else "the length of an axis"
    return Candidate("scaled-by-count", f"{names} {is_} {how} by a factor of {by}: {why}{sign}.", evidence=evidence)


def _factor(pair: ArrayPair) -> float | None:
    """c with got = c * expected in every entry; None if there is none, or if it is 1."""
    size = float(np.max(np.abs(pair.expected), initial=0.0))
    if not size > 0 or not pair.got.any():
        return None
    at = int(np.argmax(np.abs(pair.expected)))
    factor = float(pair.got.reshape(-1)[at] / pair.expected.reshape(-1)[at])
    if not np.isfinite(factor) or factor == 0 or abs(factor - 1) < 1e-6:
        return None
    rest = np.max(np.abs(pair.got - factor * pair.expected))
    return factor if rest <= pair.limit * abs(factor) * size else None


def _whole(number: float, lengths: Set[int]) -> bool:
    """Whether it may be a count: a whole number from 3 on, or 2 where an axis of the array has that length."""
    known = 2 in lengths and abs(number - 2) < 1e-7
    return known or (2.5 < number < 1e6 and abs(number - round(number)) < 1e-7 * number)


def _names(names: Sequence[str]) -> str:
    quoted = [f"`{n}`" for n in names]
    if len(quoted) > 4:
        return f"{len(quoted)} arrays"
    return enumerated(quoted)
