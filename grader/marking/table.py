"""Marks and rubrics as CSV, both ways: for those who mark in a spreadsheet, and to join what several people marked.

    row,part,student,answer,points,items,adjust,comment,note,flag,grader,time

A row is a `mark` (also where `row` is empty), an `item` of a rubric (`items` its key, `points` what it adds, `comment`
its text), or the `start` of one (`points` full or zero). `student, part, points` are enough to write by hand. A mark of
an automatic part overrides the program's score, and its comment says why; `PART/CHECK` is a check left to a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import get_args

from msgspec import Struct, structs

from grader.cohort.records import Result
from grader.errors import UsageError
from grader.gradebook.csv import Sheet, harmless
from grader.marking.answers import Group, Question, questions
from grader.marking.log import Event, Flagged, Hand, ItemSet, Marked, RubricSet
from grader.marking.state import GivenMark, State, points_of, saved_points, typed_points
from grader.marks import Item, Rubric, Start

HEAD = ("row", "part", "student", "answer", "points", "items", "adjust", "comment", "note", "flag", "grader", "time")
REASON = "an automatic score is overridden with a reason: write it into `comment`"


class Row(Struct, frozen=True):
    """An entry that a file asks for, with who and when where the file says so."""

    event: Event
    who: str = ""
    at: str = ""


class Imported(Struct, frozen=True):
    """The changes that a file makes."""

    rows: tuple[Row, ...]
    same: int
    """Marks that are here as they are in the file."""
    other: tuple[str, ...]
    """Marks that are here otherwise: `STUDENT PART`."""


def export(questions: Sequence[Question], state: State) -> Sheet:
    """Every rubric, and every student's mark or the empty row that waits for one."""
    rows: list[tuple[str, ...]] = []
    assignment = questions[0].assignment
    for (owner, part), rubric in sorted(state.rubrics.items()):
        if owner == assignment:
            rows.append(_row(row="start", part=part, points=rubric.start))
            for item in rubric.items:
                rows.append(
                    _row(row="item", part=part, items=item.key, points=written(item.points), comment=item.text,
                         note=item.note)
                )  # fmt: skip
    shown: set[int] = set()
    for question in questions:
        for group in question.groups.values():
            given = group.given(question, state)
            if given is not None:
                shown.add(given.entry)
            for holder in group.holders:
                flag = state.flagged.get((assignment, question.id, group.key), "")
                rows.append(_mark_row(question.id, holder.student, group.key, given, flag, question, state))
    # marks of answers that nobody has now, and of automatic parts: another machine may have the submissions
    for (owner, part, answer), given in state.marks.items():
        if owner == assignment and given.entry not in shown:
            asked = next((q for q in questions if q.id == part), None)
            for hand in given.mark.hands or (Hand("", ""),):
                rows.append(_mark_row(part, hand.student, answer, given, "", asked, state))
    return Sheet(rows=(HEAD, *rows), encoding="utf-8-sig")


def _mark_row(
    part: str, student: str, answer: str, given: GivenMark | None, flag: str, question: Question | None, state: State
) -> tuple[str, ...]:
    if given is None:
        return _row(row="mark", part=part, student=student, answer=answer, flag=flag)
    mark = given.mark
    points = Fraction(mark.points)
    if question is not None:
        points = points_of(mark, state.rubric(mark.assignment, part), question.points)
    return _row(
        row="mark", part=part, student=student, answer=answer, points=written(points),
        items=" ".join(mark.items), adjust=written(Fraction(mark.adjust)), comment=mark.comment, flag=flag,
        grader=given.who, time=given.at,
    )  # fmt: skip


def _row(**cells: str) -> tuple[str, ...]:
    return tuple(cells.get(name, "") for name in HEAD)


def written(value: Fraction) -> str:
    """A number that is read back as the same one: a decimal, else a fraction."""
    decimal = f"{float(value):g}"
    return decimal if Fraction(decimal) == value else str(value)


def read(sheet: Sheet, name: str, results: Sequence[Result], assignment: str | None, state: State) -> Imported:
    """What the log lacks of a file; raises UsageError if a row cannot be understood, with its line."""
    head = [cell.strip().casefold() for cell in sheet.rows[0]]
    for wanted in ("part", "student"):
        if wanted not in head:
            raise UsageError(f"{name}: has no column `{wanted}`; `grade export marks` writes one that can be filled in")
    return _Reader(name, results, assignment, state).read(
        [dict.fromkeys(head, "") | dict(zip(head, map(_plain, row), strict=False)) for row in sheet.rows[1:]]
    )


def _plain(cell: str) -> str:
    """A cell as it was before it was made harmless."""
    cell = cell.strip()
    return cell[1:] if cell.startswith("'") and harmless(cell[1:]) == cell else cell


class _Reader:
    def __init__(self, name: str, results: Sequence[Result], assignment: str | None, state: State) -> None:
        asked = questions(results, assignment)
        self._name = name
        self._state = state
        self._assignment = asked[0].assignment
        self._questions = {q.id: q for q in asked}
        mine = [r for r in results if r.assignment == self._assignment and r.counts and r.report]
        self._digests = {r.student: str(r.report["submission"].get("digest") or r.content) for r in mine}
        self._automatic = {
            p["id"]: Fraction(str(p["max_score"])) for r in mine for p in r.report["parts"] if p["kind"] == "auto"
        }
        self._rubrics: dict[str, Rubric] = {}

    def read(self, rows: Iterable[Mapping[str, str]]) -> Imported:
        rubrics: list[Row] = []
        marks: dict[tuple[str, str], tuple[Marked, Mapping[str, str], int]] = {}
        flags: dict[tuple[str, str], Row] = {}
        for line, row in enumerate(rows, 2):
            kind = row.get("row", "") or "mark"
            if kind in ("item", "start"):
                event = self._rubric_event(kind, row, line)
                rubrics += [] if event is None else [Row(event)]
                continue
            if kind != "mark":
                raise self._error(line, f"`row` is {kind!r}; write mark, item or start")
            flag = self._flag(row)
            if flag is not None:
                flags[flag.part, flag.answer] = Row(flag, row["flag"])
            if not any(row.get(cell) for cell in ("points", "items", "adjust")):
                continue
            mark = self._mark(row, line)
            known, first, there = marks.get((mark.part, mark.answer), (mark, row, line))
            if (known.points, known.comment) != (mark.points, mark.comment):
                raise self._error(line, f"the same answer as in line {there} has another mark; one answer has one mark")
            hands = tuple(dict.fromkeys((*known.hands, *mark.hands)))
            marks[mark.part, mark.answer] = (structs.replace(known, hands=hands), first, there)
        new, same, other = [], 0, []
        for mark, row, _ in marks.values():
            here = self._state.marks.get((mark.assignment, mark.part, mark.answer))
            if here is not None and self._is_same(here.mark, mark):
                same += 1
                continue
            if here is not None:
                other.append(f"{mark.hands[0].student if mark.hands else mark.answer} {mark.part}")
            new.append(Row(mark, row.get("grader", ""), row.get("time", "")))
        return Imported((*rubrics, *new, *flags.values()), same, tuple(other))

    def _rubric_event(self, kind: str, row: Mapping[str, str], line: int) -> Event | None:
        part = row["part"]
        rubric = self._rubrics.get(part) or self._state.rubric(self._assignment, part)
        if kind == "start":
            given = row.get("points", "")
            if given not in get_args(Start):
                raise self._error(line, f"a rubric starts from full or zero, not from {given!r}")
            start: Start = "full" if given == "full" else "zero"
            self._rubrics[part] = structs.replace(rubric, start=start)
            if rubric.start == start:
                return None
            return RubricSet(
                assignment=self._assignment, part=part, start=start, model=rubric.model, show_model=rubric.show_model
            )
        event = ItemSet(
            assignment=self._assignment, part=part, key=row.get("items", ""),
            points=str(self._number(row, "points", line)), text=row.get("comment", ""), note=row.get("note", ""),
        )  # fmt: skip
        if not event.key or " " in event.key or not event.text:
            raise self._error(line, "an item has a key without blanks in `items` and its text in `comment`")
        items = {item.key: item for item in rubric.items}
        before = items.get(event.key)
        item = Item(key=event.key, points=Fraction(event.points), text=event.text, note=event.note)
        self._rubrics[part] = structs.replace(rubric, items=tuple({**items, event.key: item}.values()))
        return None if before == item else event

    def _flag(self, row: Mapping[str, str]) -> Flagged | None:
        if not row.get("flag") or not row.get("answer"):
            return None
        key = (self._assignment, row["part"], row["answer"])
        if key in self._state.flagged:
            return None
        return Flagged(assignment=key[0], part=key[1], answer=key[2], on=True)

    def _mark(self, row: Mapping[str, str], line: int) -> Marked:
        part, student, answer = row["part"], row["student"], row.get("answer", "")
        most, group = self._place(part, student, answer, line)
        if group is not None:
            answer, hands = group.key, group.hands
        else:
            answer = answer or self._digests.get(student, "")
            hands = (Hand(student, answer if part in self._automatic else ""),) if student else ()
        if not answer:
            raise self._error(line, f"nobody here is called {student!r}; `student` is the key that the summary prints")
        rubric = self._rubrics.get(part) or self._state.rubric(self._assignment, part)
        items = tuple(row.get("items", "").replace(",", " ").split())
        unknown = set(items) - {item.key for item in rubric.items}
        if unknown:
            raise self._error(line, f"part {part} has no item {', '.join(sorted(unknown))}; a row `item` makes one")
        adjust = self._number(row, "adjust", line)
        mark = Marked(
            assignment=self._assignment, part=part, answer=answer, items=items, adjust=str(adjust), points="0",
            comment=row.get("comment", ""), hands=hands,
        )  # fmt: skip
        computed = saved_points(mark, rubric, most)
        wanted = self._number(row, "points", line) if row.get("points") else computed
        if not 0 <= wanted <= most:
            raise self._error(line, f"{written(wanted)} points; part {part} has {written(most)}")
        if part in self._automatic and not mark.comment:
            raise self._error(line, REASON)
        if not adjust:  # an adjusted mark keeps its points, whatever its items come to now
            adjust = wanted - computed
        return structs.replace(mark, adjust=str(adjust), points=str(wanted))

    def _place(self, part: str, student: str, answer: str, line: int) -> tuple[Fraction, Group | None]:
        """The part's points, and the group of the answer where somebody has it now."""
        question = self._questions.get(part)
        if question is None:
            if part not in self._automatic:
                there = ", ".join((*self._questions, *self._automatic))
                raise self._error(line, f"there is no part {part!r}; there are {there}")
            return self._automatic[part], None
        groups = question.groups.values()
        group = question.groups.get(answer)
        if group is None and not answer:
            group = next((g for g in groups if any(h.student == student for h in g.holders)), None)
        return question.points, group

    def _is_same(self, here: Marked, mark: Marked) -> bool:
        rubric, question = self._state.rubric(here.assignment, here.part), self._questions.get(here.part)
        most = question.points if question is not None else self._automatic.get(here.part, Fraction(here.points))
        points = points_of(here, rubric, most)
        return (set(here.items), points, here.comment) == (set(mark.items), Fraction(mark.points), mark.comment)

    def _number(self, row: Mapping[str, str], cell: str, line: int) -> Fraction:
        try:
            return typed_points(row.get(cell, ""))
        except ValueError:
            raise self._error(line, f"`{cell}` is {row[cell]!r}, no number of points") from None

    def _error(self, line: int, what: str) -> UsageError:
        return UsageError(f"{self._name}:{line}: {what}")
