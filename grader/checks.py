"""What a check file imports: `check`, `gradient_check`, `fail`, `Part`, `Tolerance`, `Uses`, `Verdict` and the like.

Light on purpose: a probe's file is executed in the worker too, in the child that runs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from importlib import import_module
from typing import Any, NoReturn, TypeVar

from grader.errors import AuthoringError
from grader.model import Check, Given, Judge, Part, Tolerance, Uses, Verdict


class NeedsManualGrading(Exception):
    """Raised by a probe that cannot tell how the student meant it: the check's points wait for a person.

    For work that may be right in a form that the probe cannot read (no list of that name, another signature); the
    message says what was not found.
    """


class CheckFailed(Exception):
    """Raised by `fail`; from student code it is any exception."""


def fail(sentence: str) -> NoReturn:
    """End a probe: the check is failed, and this sentence says why; so does a plain `assert`.

    The student reads the sentence as it stands in the check's text, so write it there, as a literal or an f-string.
    """
    raise CheckFailed(sentence)


ForPerson = NeedsManualGrading
"""Its former name."""


LONGEST_NAME = 100
"""Of a check: it stands in tables, messages and file names."""
Probe = TypeVar("Probe", bound=Callable[..., Any])


def check(
    part: Part,
    *,
    points: int | str | Fraction,
    uses: Iterable[str | Uses] = (),
    builds_on: Iterable[str] = (),
    tolerance: Tolerance | float | None = None,
    tolerances: Mapping[str, Tolerance | float] | None = None,
    judge: Judge | None = None,
    all_or_nothing: bool = False,
    forbid: Iterable[str] = (),
    require: Iterable[str] = (),
    changes: Iterable[str] = (),
    seconds: float | None = None,
) -> Callable[[Probe], Probe]:
    """Make a probe `f(student, rng) -> {name: array}` a check of `part`.

    Parameters
    ----------
    part
        Where its points count.
    points
        An integer, a Fraction or a text such as "1/2". Every returned array earns an equal share.
    uses
        The student's names that the probe needs; it runs right after the cell that defines the last of them.
    builds_on
        Names of earlier parts that this one calls. Where those lost points, the check is probed once more with
        the reference in their place (follow-through).
    tolerance, tolerances
        The rule for all arrays, and for single ones by name. A number stands for ``Tolerance(limit=number)``.
    judge
        Instead of comparison: `judge(seen, given)` runs outside the worker and yields a `Verdict` for each thing.
    changes
        Arrays that the student's code is to change in place, by the names under which the probe passes them (or else
        the student's parameters): of any other, a change is noted.
    all_or_nothing
        No points unless every returned array is right.
    forbid, require
        What the student's code must not call while the check runs, and what it must, by full names such as
        "numpy.linalg.inv"; ".sort" is a method of any object, "for", "while" and "@" are meant as they are. What is
        forbidden may not stand in the text of what `uses` names either. Otherwise the check earns nothing.
    seconds
        Deadline of this probe, if it is not the assignment's.

    Raises
    ------
    AuthoringError
        If the probe has no docstring: its first line is the title that the student reads.
    """

    def decorate(probe: Probe) -> Probe:
        where = f"{probe.__code__.co_filename}:{probe.__code__.co_firstlineno}"
        if len(probe.__name__) > LONGEST_NAME:
            raise AuthoringError(f"{where}: check {probe.__name__[:40]}…: use a name of at most {LONGEST_NAME} letters")
        title = (probe.__doc__ or "").strip().partition("\n")[0]
        if not title:
            raise AuthoringError(f"{where}: check {probe.__name__} has no docstring; its first line is its title")
        probe.__check__ = Check(  # type: ignore[attr-defined]  # a function takes any attribute
            id=probe.__name__,
            part=part,
            title=title,
            points=Fraction(points),
            visibility="public",
            uses=tuple(u if isinstance(u, Uses) else Uses(name=u) for u in uses),
            builds_on=tuple(builds_on),
            tolerance=_tolerance(tolerance),
            tolerances={name: _tolerance(t) for name, t in (tolerances or {}).items()},
            judge=judge,
            all_or_nothing=all_or_nothing,
            forbid=tuple(forbid),
            require=tuple(require),
            changes=tuple(changes),
            seconds=seconds,
        )
        return probe

    return decorate


def gradient_check(
    part: Part,
    *,
    points: int | str | Fraction,
    uses: Iterable[str | Uses] = (),
    builds_on: Iterable[str] = (),
    own_forward: str | Fraction = Fraction(1, 2),
    tolerance: Tolerance | float | None = None,
    seconds: float | None = None,
    called: str = "`d_{name}`",
) -> Callable[[Probe], Probe]:
    """Make a probe `f(student, rng) -> forward, backward, {name: array}` a check of a gradient by finite differences.

    Parameters
    ----------
    part, points, uses, builds_on, seconds
        As of `check`. Every array earns an equal share with its gradient.
    own_forward
        What a gradient earns that is the derivative of the student's own forward pass, where that is not right. With
        1 the forward pass is other checks' matter: then the reference's gradient is right beside any.
    tolerance
        How far the output of the forward pass may be from the reference's to be right.
    called
        What sentences call the gradient of the array `{name}`, where no function of the student's returns it: say what
        it is read off.

    Notes
    -----
    `forward(**arrays)`, or `forward(array)` where there is one, returns the output, an array or a number;
    `backward(d_out)` the gradients, in the order of the arrays or by their names, and is called right after `forward`.
    The worker returns raw values of `forward` near the point; what they say of the gradient is decided outside: right,
    wrong, or unresolved, which costs nothing.
    """
    judge = GradientJudge(Fraction(own_forward), _tolerance(tolerance), called)
    return check(part, points=points, uses=uses, builds_on=builds_on, judge=judge, seconds=seconds)


class GradientJudge:
    """The judge of a gradient check; loads what it stands on when it is asked."""

    def __init__(self, own_forward: Fraction, tolerance: Tolerance, called: str = "`d_{name}`") -> None:
        self._own_forward = own_forward
        self._tolerance = tolerance
        self._called = called

    @property
    def takes_any_forward(self) -> bool:
        """Whether the forward pass is other checks' matter."""
        return self._own_forward == 1

    def keeps(self, name: str) -> bool:
        """Whether a golden file has this array of the observation."""
        return name == "forward" or (self.takes_any_forward and name.startswith("d_") and ": " not in name)

    def __call__(self, seen: Mapping[str, Any], given: Given) -> Iterable[Verdict]:
        judge = import_module("grader.gradcheck.tables").is_derivative
        return list(judge(seen, given, own_forward=self._own_forward, tolerance=self._tolerance, called=self._called))


def _tolerance(given: Tolerance | float | None) -> Tolerance:
    if given is None:
        return Tolerance()
    return given if isinstance(given, Tolerance) else Tolerance(limit=given, limit32=max(given, 1e-4))
