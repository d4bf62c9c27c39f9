"""The examples of an assignment graded, and what one looks at in their reports."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import ModuleType

from grader.engine import grade
from grader.model import Outcome, PartResult, Report

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


def names(id: str) -> list[str]:
    """The examples of an assignment."""
    return sorted(path.stem for path in (EXAMPLES / id).glob("*.json"))


class Reports(dict[str, Report]):
    """Each example's report by its name, graded when it is first asked for, with nothing but its files to go by."""

    def __init__(self, id: str, make: ModuleType) -> None:
        super().__init__()
        self._id, self._make = id, make

    def __missing__(self, name: str) -> Report:
        self[name] = grade(self._make.submission(self._id, name), seed="recorded", course=ROOT)
        return self[name]


def outcomes(report: Report) -> dict[str, Outcome]:
    return {outcome.check.id: outcome for part in report.parts for outcome in part.outcomes}


def parts(report: Report) -> dict[str, PartResult]:
    return {part.part.id: part for part in report.parts}


def lost(report: Report) -> dict[str, Fraction]:
    """Points that the checks took, by part."""
    taken = {id: part.max_score - part.score for id, part in parts(report).items() if part.manual is None}
    return {id: points for id, points in taken.items() if points}
