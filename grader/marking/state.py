"""What a log of marks adds up to, and the rules by which a mark becomes points.

1. A mark is its items. Its points are the rubric's start plus its items' points, not below 0 and not above the part's;
   an answer that is missing starts from zero whatever the rubric says.
2. So a change of the rubric changes every mark that has the item, also those given before.
3. A mark that a person adjusted keeps the points it was saved with. It is named wherever that matters (`is_stale`).
4. An item that is deleted drops out of all marks; a mark that was reopened does not count until it is given again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from fractions import Fraction

from msgspec import Struct, structs

from grader.marking.log import Entry, Event, Flagged, ItemSet, Marked, Reopened, RubricSet, Undone
from grader.marks import NOT_FOUND, NOTHING, Item, Mark, Rubric

Key = tuple[str, str]
"""Assignment and part."""
AnswerKey = tuple[str, str, str]
"""Assignment, part and the answer's digest."""

MOST_POINTS = 10_000


class GivenMark(Struct, frozen=True):
    """A mark with the entry that it is from."""

    entry: int
    at: str
    who: str
    mark: Marked


class State:
    """Rubrics and marks after every entry so far."""

    def __init__(
        self, entries: Iterable[Entry] = (), open_until: Callable[[str], datetime | None] = lambda _: None
    ) -> None:
        self.entries = list(entries)
        self._open_until = open_until
        """Assignment -> the end of its deadline, before which no model answer is shown."""
        self.rubrics: dict[Key, Rubric] = {}
        self.marks: dict[AnswerKey, GivenMark] = {}
        self.reopened: dict[AnswerKey, tuple[Reopened, GivenMark | None]] = {}
        """With the mark that it had."""
        self.flagged: dict[AnswerKey, str] = {}
        """With who wants another opinion."""
        self._by_content: dict[tuple[str, str, str], AnswerKey] = {}
        undone = {e.event.entry for e in self.entries if isinstance(e.event, Undone)}
        for entry in self.entries:
            if entry.id not in undone:
                self._take(entry)

    @property
    def last(self) -> int:
        return self.entries[-1].id if self.entries else 0

    def _take(self, entry: Entry) -> None:
        event = entry.event
        if isinstance(event, Marked):
            key = (event.assignment, event.part, event.answer)
            self.marks[key] = GivenMark(entry.id, entry.at, entry.who, event)
            self.reopened.pop(key, None)
            for hand in event.hands:
                self._by_content[event.assignment, event.part, hand.content] = key
        elif isinstance(event, Reopened):
            key = (event.assignment, event.part, event.answer)
            self.reopened[key] = (event, self.marks.pop(key, None))
        elif isinstance(event, Flagged):
            key = (event.assignment, event.part, event.answer)
            if event.on:
                self.flagged[key] = entry.who
            else:
                self.flagged.pop(key, None)
        elif isinstance(event, ItemSet):
            rubric = self.rubric(event.assignment, event.part)
            item = Item(key=event.key, points=Fraction(event.points), text=event.text, note=event.note)
            items = {i.key: i for i in rubric.items}
            if event.gone:
                items.pop(event.key, None)
            else:
                items[event.key] = item
            self.rubrics[event.assignment, event.part] = structs.replace(rubric, items=tuple(items.values()))
        elif isinstance(event, RubricSet):
            rubric = self.rubric(event.assignment, event.part)
            self.rubrics[event.assignment, event.part] = structs.replace(
                rubric, start=event.start, model=event.model, show_model=event.show_model
            )

    def rubric(self, assignment: str, part: str) -> Rubric:
        return self.rubrics.get((assignment, part), Rubric())

    def given(self, assignment: str, part: str, answer: str, content: str = "") -> GivenMark | None:
        """The mark of an answer; else the one that the same submission's answer had, of which a figure came out
        otherwise.

        `content` is empty where the submission does not make the answer: text that differs is another answer.
        """
        mark = self.marks.get((assignment, part, answer))
        if mark is None and content and (assignment, part, answer) not in self.reopened:
            key = self._by_content.get((assignment, part, content))
            mark = self.marks.get(key) if key else None
        return mark

    def before(self, assignment: str, part: str, student: str, answer: str) -> GivenMark | None:
        """The last mark of this student for another answer."""
        earlier = [
            g
            for (a, p, other), g in self.marks.items()
            if (a, p) == (assignment, part) and other != answer and any(h.student == student for h in g.mark.hands)
        ]
        return max(earlier, key=lambda g: g.entry, default=None)

    def shown(self, given: GivenMark, most: Fraction) -> Mark:
        """A mark as a report shows it; `most` are the part's points."""
        mark = given.mark
        rubric = self.rubric(mark.assignment, mark.part)
        chosen = tuple(structs.replace(item, note="") for item in rubric.items if item.key in mark.items)
        return Mark(
            points=points_of(mark, rubric, most),
            items=chosen,
            comment=mark.comment,
            model=rubric.model if rubric.show_model and not self._is_open(mark.assignment) else "",
        )

    def _is_open(self, assignment: str) -> bool:
        until = self._open_until(assignment)
        return until is not None and datetime.now(UTC) < until

    def changes(self, key: Key, rubric: Rubric, most: Fraction) -> tuple[list[AnswerKey], list[AnswerKey]]:
        """What another rubric would do: answers whose points change, and adjusted ones that keep theirs."""
        old = self.rubric(*key)
        changed: list[AnswerKey] = []
        kept: list[AnswerKey] = []
        for answer, given in self.marks.items():
            if answer[:2] != key or _capped(given.mark, old, most) == _capped(given.mark, rubric, most):
                continue
            (kept if Fraction(given.mark.adjust) else changed).append(answer)
        return changed, kept


def points_of(mark: Marked, rubric: Rubric, most: Fraction) -> Fraction:
    """The mark by the rubric as it is now."""
    return Fraction(mark.points) if Fraction(mark.adjust) else _capped(mark, rubric, most)


def is_stale(mark: Marked, rubric: Rubric, most: Fraction) -> bool:
    """Whether an adjusted mark would come to something else by the rubric as it is now."""
    return points_of(mark, rubric, most) != saved_points(mark, rubric, most)


def saved_points(mark: Marked, rubric: Rubric, most: Fraction) -> Fraction:
    """The points of a mark that is given now."""
    return _capped(mark, rubric, most, Fraction(mark.adjust))


def _capped(mark: Marked, rubric: Rubric, most: Fraction, adjust: Fraction = Fraction(0)) -> Fraction:
    full = rubric.start == "full" and mark.answer not in (NOTHING, NOT_FOUND)
    added = sum((item.points for item in rubric.items if item.key in mark.items), Fraction(0))
    return min(max((most if full else Fraction(0)) + added + adjust, Fraction(0)), most)


def typed_points(text: str) -> Fraction:
    """Points as a person writes them, `2,5` or `1/3`; nothing is 0.

    Raises ValueError if it is no number, or none that points could be.
    """
    try:
        value = Fraction(text.strip().replace(",", ".") or "0")
    except ZeroDivisionError as problem:
        raise ValueError(f"{text} is no number") from problem
    if abs(value) > MOST_POINTS:
        raise ValueError("too many points")
    return value


def author_events(state: State, assignment: str, rubrics: Mapping[str, Rubric]) -> list[Event]:
    """What the log lacks of the rubrics (by part) as the assignment's author has them now.

    What was changed while marking stays, unless the author changed the same item since.
    """
    current: dict[tuple[str, str], Event] = {}
    for event in (e.event for e in state.entries):
        if isinstance(event, ItemSet | RubricSet) and event.given and event.assignment == assignment:
            current[event.part, event.key if isinstance(event, ItemSet) else ""] = event
    wanted: dict[tuple[str, str], Event] = {}
    for part, rubric in rubrics.items():
        start = RubricSet(
            assignment=assignment, part=part, start=rubric.start, model=rubric.model, show_model=rubric.show_model,
            given=True,
        )  # fmt: skip
        if rubric != Rubric() or (part, "") in current:
            wanted[part, ""] = start
        for item in rubric.items:
            wanted[part, item.key] = ItemSet(
                assignment=assignment, part=part, key=item.key, points=str(item.points), text=item.text,
                note=item.note, given=True,
            )  # fmt: skip
    gone = {
        key: ItemSet(assignment=assignment, part=key[0], key=key[1], gone=True, given=True)
        for key, event in current.items()
        if key not in wanted and isinstance(event, ItemSet) and not event.gone
    }
    return [event for key, event in {**wanted, **gone}.items() if current.get(key) != event]
