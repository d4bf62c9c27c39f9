"""A cohort in numbers: the distribution of scores, what lost the most points, what took the time.

Owns counting. `text` and `page` show it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from statistics import median
from typing import Any

from msgspec import Struct, structs

from grader.cohort.outcome import StudentResult, outcomes
from grader.cohort.records import Decision, Result, RosterEntry
from grader.gradebook.names import folded

BINS = 10
"""Bars of a distribution, each a tenth of the points wide; full marks fall into the last."""


class PartLoss(Struct, frozen=True, kw_only=True):
    """What a part cost the cohort."""

    id: str
    title: str
    points: Fraction
    lost: Fraction
    """Points lost by all students together."""
    students: int
    """How many lost some."""


class MistakeLoss(Struct, frozen=True, kw_only=True):
    """A named mistake and what it cost the cohort."""

    text: str
    part: str
    """The parts that it shows in."""
    lost: Fraction
    students: int
    who: tuple[str, ...] = ()
    """Their names."""

    @property
    def where(self) -> str:
        """`part 1` or `parts 1, 2`."""
        return f"{'parts' if ', ' in self.part else 'part'} {self.part}"


class CohortSummary(Struct, frozen=True, kw_only=True):
    """One assignment of one run; students are counted once, by the attempt that counts."""

    assignment: str
    submissions: int
    students: int
    graded: int
    max_points: Fraction
    scores: tuple[Fraction, ...]
    """Final points of those graded, ascending."""
    bins: tuple[int, ...]
    full: int
    late: int
    """Students who paid for late days."""
    penalty: Fraction
    """Points that these paid."""
    pending: Fraction
    """Points of all students that wait for a person."""
    parts: tuple[PartLoss, ...]
    """In the assignment's order."""
    mistakes: tuple[MistakeLoss, ...]
    """The dearest first."""
    unresolved: tuple[Result, ...]
    """Submissions without a score."""
    part_ids: tuple[str, ...]
    """All parts that some submission has, in the assignment's order."""
    by_student: tuple[StudentResult, ...]
    """By name."""
    seconds: float
    """What grading took, all submissions together, in the runs that did."""
    longest: tuple[tuple[float, str], ...]
    """The slowest submissions with their students."""
    times: tuple[float, ...]
    """Seconds of each submission, ascending."""

    @property
    def mean(self) -> Fraction | None:
        return sum(self.scores, Fraction(0)) / len(self.scores) if self.scores else None

    @property
    def median(self) -> Fraction | None:
        return median(self.scores) if self.scores else None


def time_bins(times: Sequence[float], most: int) -> tuple[float, tuple[int, ...]]:
    """Seconds in up to `most` equal steps of a round width: that width, and how many submissions fall into each."""
    longest = max(times, default=0.0)
    width = max(_nice(longest / most), 0.05)
    counts = [0] * max(math.ceil(longest / width), 1)
    for seconds in times:
        counts[min(int(seconds / width), len(counts) - 1)] += 1
    return width, tuple(counts)


def _nice(step: float) -> float:
    """The next of 1, 2 or 5 times a power of ten."""
    power: float = 10.0 ** math.floor(math.log10(step)) if step > 0 else 1.0
    return next(power * k for k in (1, 2, 5, 10) if power * k >= step * 0.999)


def summarise(
    results: Iterable[Result], people: Sequence[RosterEntry] = (), decisions: Sequence[Decision] = ()
) -> list[CohortSummary]:
    """One summary for each assignment; submissions of no assignment come last, under the empty name.

    `people` and `decisions` are the store's: who is on the roster, and what a person decided.
    """
    by_assignment: dict[str, list[Result]] = {}
    for result in results:
        slim = structs.replace(result, report=_counted(result.report))  # a thousand whole reports are a gigabyte
        by_assignment.setdefault(result.assignment, []).append(slim)
    lost = by_assignment.get("", [])
    graded = {r.student for id, results_of in by_assignment.items() if id for r in results_of}
    summaries = []
    for id in sorted(by_assignment, key=lambda id: (not id, id)):
        ends = outcomes([*by_assignment[id], *(lost if id else [])], id, people, decisions, partial=True)
        if not id and graded:  # whoever has nothing else stands under the assignments
            ends = [one for one in ends if one.student in graded]
        summaries.append(_summary(id, by_assignment[id], ends))
    return summaries


def _counted(report: Mapping[str, Any]) -> dict[str, Any]:
    """What of a report is counted here."""
    wanted = ("id", "title", "kind", "score", "max_score", "mark")
    return {
        "parts": [
            {key: part[key] for key in wanted if key in part}
            | {"checks": [{k: c[k] for k in ("score", "max_score", "diagnosis")} for c in part["checks"]]}
            for part in report.get("parts", ())
        ]
    }


def _summary(assignment: str, results: Sequence[Result], ends: Sequence[StudentResult]) -> CohortSummary:
    counting = [r for r in results if r.counts]
    graded = [r for r in counting if r.final is not None]
    scores = sorted(r.final for r in graded if r.final is not None)
    most = max((r.max_points for r in graded), default=Fraction(0))
    part_ids = list(dict.fromkeys(part["id"] for r in counting for part in r.report.get("parts", ())))
    bins = [0] * BINS
    for score in scores:
        bins[min(int(BINS * score / most), BINS - 1) if most else 0] += 1
    slow = sorted(((r.seconds, r.name or r.student) for r in results), reverse=True)
    return CohortSummary(
        assignment=assignment,
        submissions=len(results),
        students=len({r.student for r in results}),
        graded=len(graded),
        max_points=most,
        scores=tuple(scores),
        bins=tuple(bins),
        full=sum(r.points == r.max_points > 0 for r in graded),
        late=sum(r.penalty > 0 for r in counting),
        penalty=sum((r.penalty for r in counting), Fraction(0)),
        pending=sum((r.pending for r in counting), Fraction(0)),
        parts=tuple(_parts(graded)),
        mistakes=tuple(_mistakes(graded, part_ids)),
        unresolved=tuple(r for r in results if r.status != "graded"),
        part_ids=tuple(part_ids),
        by_student=tuple(one for one in ends if assignment or one.state != "absent"),
        seconds=sum(r.seconds for r in results),
        longest=tuple(slow[:5]),
        times=tuple(sorted(r.seconds for r in results)),
    )


def part_points(one: StudentResult, part_ids: Sequence[str]) -> list[Fraction | None]:
    """A student's points of each of these parts; None: not graded, or it needs manual grading."""
    scores = {p["id"]: p["score"] for p in one.result.report.get("parts", ())} if one.result is not None else {}
    return [None if scores.get(id) is None else _points(scores[id]) for id in part_ids]


def _parts(graded: Sequence[Result]) -> list[PartLoss]:
    losses: dict[str, PartLoss] = {}
    for result in graded:
        for part in result.report["parts"]:
            if part["score"] is None:
                continue  # nobody has marked it yet
            id, points = part["id"], _points(part["max_score"])
            lost = points - _points(part["score"])
            had = losses.get(id)
            losses[id] = PartLoss(
                id=id,
                title=part["title"],
                points=points,
                lost=lost + (had.lost if had else 0),
                students=(lost > 0) + (had.students if had else 0),
            )
    return list(losses.values())


def _mistakes(graded: Sequence[Result], order: Sequence[str]) -> list[MistakeLoss]:
    lost: dict[str, Fraction] = {}
    students: dict[str, list[str]] = {}
    parts: dict[str, dict[str, None]] = {}
    for result in graded:
        own: dict[str, Fraction] = {}
        for part in result.report["parts"]:
            share = _share(part)
            for check in part["checks"] if share else ():
                if check["diagnosis"] is not None:
                    text = check["diagnosis"].get("mistake") or check["diagnosis"]["text"]
                    own[text] = own.get(text, Fraction(0)) + share * _lost(check)
                    parts.setdefault(text, {})[part["id"]] = None
        for text, points in own.items():
            lost[text] = lost.get(text, Fraction(0)) + points
            students.setdefault(text, []).append(result.name or result.student)
    made = [
        MistakeLoss(
            text=text,
            part=", ".join(sorted(parts[text], key=order.index)),
            lost=points,
            students=len(students[text]),
            who=tuple(sorted(students[text], key=lambda name: (folded(name), name))),
        )
        for text, points in lost.items()
    ]
    return sorted(made, key=lambda m: (-m.lost, -m.students, m.part, m.text))


def _share(part: Mapping[str, Any]) -> Fraction:
    """What of the points that a part's checks lost was lost in the end: follow-through gives some back."""
    if part["kind"] != "auto" or "mark" in part:
        return Fraction(0)
    checks = sum((_lost(check) for check in part["checks"]), Fraction(0))
    return _lost(part) / checks if checks else Fraction(0)


def _lost(thing: Mapping[str, Any]) -> Fraction:
    return _points(thing["max_score"]) - _points(thing["score"])


def _points(value: float) -> Fraction:
    return Fraction(str(value))
