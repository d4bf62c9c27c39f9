"""What there is to mark: the questions of a run's assignment, and who gave which answer to each.

Submissions with the same answer are one group; those that left it as it was handed out are one, too. The order of the
groups is shuffled, differs from question to question and is the same every day. Only attempts that count are here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from msgspec import Struct, field

from grader.cohort.records import Result
from grader.errors import UsageError
from grader.marking.log import Hand
from grader.marking.state import GivenMark, State
from grader.marking.totals import key_of
from grader.marks import NOT_FOUND, NOTHING
from grader.report.json_report import exact


class Holder(Struct, frozen=True, kw_only=True):
    """A student with the submission that the answer is from."""

    student: str
    name: str
    path: str
    content: str
    cell: int | None = None


class Group(Struct, kw_only=True):
    """Everybody with the same answer."""

    key: str
    text: str = ""
    remade: bool = False
    """Another run of the same submission may give another digest: a figure is drawn again."""
    holders: list[Holder] = field(default_factory=list)

    def given(self, question: Question, state: State) -> GivenMark | None:
        """Its mark."""
        content = self.holders[0].content if self.remade else ""
        return state.given(question.assignment, question.id, self.key, content)

    @property
    def hands(self) -> tuple[Hand, ...]:
        return tuple(Hand(holder.student, holder.content) for holder in self.holders)


class Question(Struct, kw_only=True):
    """One part, or one check that a probe left to a person."""

    assignment: str
    id: str
    title: str
    points: Fraction
    kind: str
    """`manual` or `check`."""
    text: str
    groups: dict[str, Group] = field(default_factory=dict)


def questions(results: Iterable[Result], assignment: str | None = None) -> list[Question]:
    """The questions of the one assignment that a run has, or of the one that is asked for.

    Raises UsageError if there are several, or not that one, or nothing of it is for a person.
    """
    by_assignment: dict[str, dict[str, Question]] = {}
    for result in results:
        if result.status == "graded" and result.counts and assignment in (None, result.assignment):
            _take(by_assignment.setdefault(result.assignment, {}), result)
    if len(by_assignment) > 1:
        raise UsageError(
            f"the store holds {len(by_assignment)} assignments ({', '.join(by_assignment)}); choose with --assignment"
        )
    here = list(next(iter(by_assignment.values()), {}).values())
    if not here:
        raise UsageError(f"nothing of {assignment or 'these submissions'} is for a person to mark")
    for question in here:
        question.groups = dict(sorted(question.groups.items(), key=lambda pair: _rank(question, pair[0])))
    return here


def _rank(question: Question, key: str) -> tuple[bool, str]:
    """Missing answers first, the others shuffled by a digest."""
    shuffled = hashlib.sha256(f"{question.assignment}/{question.id}/{key}".encode()).hexdigest()
    return key not in (NOTHING, NOT_FOUND), shuffled


def _take(here: dict[str, Question], result: Result) -> None:
    content = result.report["submission"].get("digest") or result.content
    for part in result.report.get("parts", ()):
        if part["kind"] == "manual":
            key, remade = key_of(part["answer"], content)
            answer = part["answer"] or {}
            _add(here, result, part, key, answer.get("text", ""), bool(remade), answer.get("cell"), content)
        for check in part["checks"]:
            if check["status"] == "pending":
                about = {**check, "id": f"{part['id']}/{check['id']}", "kind": "check", "question": check["message"]}
                _add(here, result, about, content, "", False, None, content)


def _add(
    here: dict[str, Question],
    result: Result,
    about: Mapping[str, Any],
    key: str,
    text: str,
    remade: bool,
    cell: int | None,
    content: str,
) -> None:
    id = about["id"]
    if id not in here:
        here[id] = Question(
            assignment=result.assignment,
            id=id,
            title=about["title"],
            points=exact(about["max_score"]),
            kind=about["kind"],
            text=about.get("question", ""),
        )
    group = here[id].groups.setdefault(key, Group(key=key, text=text, remade=remade))
    name = result.name or result.student
    group.holders.append(Holder(student=result.student, name=name, path=result.path, content=content, cell=cell))
