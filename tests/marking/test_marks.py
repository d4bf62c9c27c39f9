"""Marks belong to answers, rubric items apply backwards by rule, and nothing is lost or overwritten."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import pytest

from grader.cohort.store import Store
from grader.errors import UsageError
from grader.marking import totals
from grader.marking.answers import Question, questions
from grader.marking.log import Conflict, Event, Flagged, ItemSet, Log, Marked, Reopened, RubricSet, Undone, log_path
from grader.marking.state import State, author_events, is_stale, points_of, saved_points
from grader.marks import NOTHING, Item, Rubric, answer_digest
from tests.marking.synthetic import MANUAL, answer, fill, report

THREE = Fraction(3)


def mark(answer: str, *items: str, adjust: str = "0", part: str = "2", points: str = "0", comment: str = "") -> Marked:
    return Marked(
        assignment="toy", part=part, answer=answer, items=items, adjust=adjust, points=points, comment=comment
    )


def item(key: str, points: str, text: str = "text", *, part: str = "2", gone: bool = False) -> ItemSet:
    return ItemSet(assignment="toy", part=part, key=key, points=points, text=text, gone=gone)


def state(path: Path, *events: Event) -> State:
    with Log(path, create=True) as log:
        log.add("me", events)
        return State(log.entries())


# ---------------------------------------------------------------- rules


@pytest.mark.parametrize(
    ("start", "items", "answer", "expected"),
    [
        ("full", (), "a", "3"),
        ("zero", (), "a", "0"),
        ("full", ("off",), "a", "2.5"),
        ("full", ("off", "far"), "a", "0"),
        ("zero", ("on",), "a", "1"),
        ("zero", ("on", "more"), "a", "3"),
        ("full", (), NOTHING, "0"),
        ("full", ("on",), NOTHING, "1"),
        ("full", ("deleted",), "a", "3"),
    ],
)
def test_points_are_the_start_and_the_items_within_the_parts_points(
    start: str, items: tuple[str, ...], answer: str, expected: str
) -> None:
    points = {"off": "-1/2", "far": "-9", "on": "1", "more": "7"}
    rubric = Rubric(
        start="full" if start == "full" else "zero",
        items=tuple(Item(key=key, points=Fraction(worth), text=key) for key, worth in points.items()),
    )
    assert points_of(mark(answer, *items), rubric, THREE) == Fraction(expected)


def test_a_changed_item_changes_sixty_marks_and_none_that_was_adjusted_by_hand(tmp_path: Path) -> None:
    plain = [mark(f"plain{n}", "1") for n in range(40)]
    without = [mark(f"without{n}") for n in range(15)]
    adjusted = [mark(f"adjusted{n}", "1", adjust="-1/2", points="1.5") for n in range(5)]
    found = state(tmp_path / "m", item("1", "-1"), *plain, *without, *adjusted)
    dearer = Rubric(items=(Item(key="1", points=Fraction(-2), text="text"),))
    changed, kept = found.changes(("toy", "2"), dearer, THREE)
    assert sorted(key[2] for key in changed) == sorted(m.answer for m in plain)
    assert sorted(key[2] for key in kept) == sorted(m.answer for m in adjusted)
    found = state(tmp_path / "m", item("1", "-2"))
    rubric = found.rubric("toy", "2")
    now = {key[2]: points_of(given.mark, rubric, THREE) for key, given in found.marks.items()}
    assert {now[m.answer] for m in plain} == {Fraction(1)}
    assert {now[m.answer] for m in without} == {THREE}
    assert {now[m.answer] for m in adjusted} == {Fraction("1.5")}
    stale = {key[2] for key, given in found.marks.items() if is_stale(given.mark, rubric, THREE)}
    assert stale == {m.answer for m in adjusted}
    found = state(tmp_path / "m", item("1", "0", gone=True))
    rubric = found.rubric("toy", "2")
    assert points_of(found.marks["toy", "2", "plain0"].mark, rubric, THREE) == THREE
    assert points_of(found.marks["toy", "2", "adjusted0"].mark, rubric, THREE) == Fraction("1.5")


def test_undo_takes_back_one_entry_and_reopening_keeps_the_old_mark(tmp_path: Path) -> None:
    found = state(tmp_path / "m", mark("a", points="3"), mark("a", comment="second", points="3"), Undone(entry=2))
    assert found.marks["toy", "2", "a"].mark.comment == ""
    reopened = Reopened(assignment="toy", part="2", answer="a", reason="see line 3", student="ada")
    found = state(tmp_path / "m", reopened)
    assert ("toy", "2", "a") not in found.marks
    event, old = found.reopened["toy", "2", "a"]
    assert (event.reason, old and old.entry) == ("see line 3", 1)
    found = state(tmp_path / "m", mark("a", comment="third", points="3"))
    assert found.marks["toy", "2", "a"].mark.comment == "third"
    assert not found.reopened
    found = state(tmp_path / "m", Flagged(assignment="toy", part="2", answer="a", on=True))
    assert found.flagged == {("toy", "2", "a"): "me"}


def test_what_the_author_wrote_comes_in_once_and_again_where_the_author_changed_it(tmp_path: Path) -> None:
    def given(text: str, model: str = "m") -> Rubric:
        return Rubric(start="zero", items=(Item(key="1", points=Fraction(1, 3), text=text),), model=model)

    found = state(tmp_path / "m", *author_events(State(), "toy", {"2": given("first"), "3": Rubric()}))
    assert found.rubrics == {("toy", "2"): given("first")}
    assert author_events(found, "toy", {"2": given("first"), "3": Rubric()}) == []
    found = state(tmp_path / "m", item("1", "2", "while marking"))
    assert author_events(found, "toy", {"2": given("first")}) == []
    (event,) = author_events(found, "toy", {"2": given("second")})
    assert isinstance(event, ItemSet)
    assert event.text == "second"
    (gone,) = author_events(found, "toy", {"2": Rubric(start="zero", model="m")})
    assert isinstance(gone, ItemSet)
    assert gone.gone


def test_white_space_makes_no_other_answer_and_a_figure_does() -> None:
    assert answer_digest("a  b\r\n\n c ") == answer_digest("a b\nc")
    assert len({answer_digest("a"), answer_digest("b"), answer_digest("a", [b"1"]), answer_digest("a", [b"2"])}) == 4


# ---------------------------------------------------------------- the log


def test_the_log_is_only_added_to(tmp_path: Path) -> None:
    state(tmp_path / "m", mark("a"))
    with sqlite3.connect(tmp_path / "m") as db:
        for statement in ("UPDATE log SET who = 'x'", "DELETE FROM log"):
            with pytest.raises(sqlite3.IntegrityError, match="only added to"):
                db.execute(statement)


def test_a_mark_on_what_somebody_else_has_marked_since_is_refused(tmp_path: Path) -> None:
    with Log(tmp_path / "m", create=True) as one, Log(tmp_path / "m") as two:
        seen = two.last()
        one.add("ada", [mark("a", comment="hers")], seen=one.last())
        with pytest.raises(Conflict):
            two.add("bob", [mark("a", comment="his")], seen=seen)
        two.add("bob", [mark("b")], seen=seen)
        assert State(two.entries()).marks["toy", "2", "a"].mark.comment == "hers"
        assert one.add("ada", [mark("c")], once="x") == one.add("ada", [mark("c")], once="x")
        assert len(one.entries()) == 3


def test_a_lease_keeps_others_away_for_five_minutes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Log(tmp_path / "m", create=True) as log:
        assert log.lease("2/a", "tab1", "ada") == ""
        assert log.lease("2/a", "tab2", "bob") == "ada"
        assert log.leases("tab2") == {"2/a": "ada"}
        assert log.lease("2/b", "tab1", "ada") == ""
        assert log.lease("2/a", "tab2", "bob") == ""
        now = time.time()
        monkeypatch.setattr(time, "time", lambda: now + 301)
        assert log.lease("2/b", "tab3", "eve") == ""


WRITER = """
import sys
from pathlib import Path
from grader.marking.log import Log, Marked
with Log(Path(sys.argv[1]), create=True) as log:
    for n in range(100_000):
        name = f"{sys.argv[2]}-{n}"
        mark = Marked(assignment="toy", part="2", answer=name, points="1")
        log.add("w", [mark], once=name)
        print(name, flush=True)
"""


def test_every_confirmed_mark_outlives_kills_and_none_is_there_twice(tmp_path: Path) -> None:
    log, draw = tmp_path / "m", random.Random(7)
    confirmed: list[str] = []
    for round_ in range(4):
        writers = [
            subprocess.Popen([sys.executable, "-c", WRITER, str(log), f"{round_}{side}"], stdout=subprocess.PIPE)
            for side in "ab"
        ]
        for writer in writers:
            assert writer.stdout is not None
            confirmed.append(writer.stdout.readline().decode().strip())
        time.sleep(draw.uniform(0, 0.15))
        for writer in writers:
            writer.send_signal(signal.SIGKILL)
        for writer in writers:
            assert writer.stdout is not None
            confirmed += [line.decode().strip() for line in writer.stdout if line.endswith(b"\n")]
            writer.stdout.close()
            writer.wait()
    with Log(log) as found:
        kept = [entry.event.answer for entry in found.entries() if isinstance(entry.event, Marked)]
    assert len(set(confirmed)) >= 8
    assert set(filter(None, confirmed)) <= set(kept)
    assert len(kept) == len(set(kept))


def test_what_is_no_log_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "m").write_text("no database at all, but a text\n" * 50)
    with pytest.raises(UsageError, match="cannot be used for marks"):
        Log(tmp_path / "m")
    with pytest.raises(UsageError, match="no marks yet"):
        Log(tmp_path / "none")


# ---------------------------------------------------------------- answers and totals


def asked(path: Path) -> dict[str, Question]:
    with Store.open(path) as store:
        return {q.id: q for q in questions(totals.results(store))}


def give(path: Path, question: Question, key: str, *items: str, adjust: str = "0", comment: str = "") -> None:
    with Log(log_path(path), create=True) as log:
        rubric = State(log.entries()).rubric("toy", question.id)
        given = Marked(
            assignment="toy", part=question.id, answer=key, items=items, adjust=adjust, points="0", comment=comment,
            hands=question.groups[key].hands,
        )  # fmt: skip
        points = saved_points(given, rubric, question.points)
        log.add("me", [Marked(**{**_fields(given), "points": str(points)})])


def _fields(given: Marked) -> dict[str, object]:
    return {name: getattr(given, name) for name in given.__struct_fields__}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Ada and Bob gave one answer but for blanks, Eve another one and nothing, Dan nothing at all."""
    answers = {
        "ada": {"2": answer("it is convex"), "3": answer("a figure", b"png one")},
        "bob": {"2": answer("it is  convex\n"), "3": answer("a figure", b"png two")},
        "eve": {"2": answer("because"), "3": answer("")},
        "dan": {},
    }
    fill(tmp_path / "s.sqlite", [(who, 1, report(who, given)) for who, given in answers.items()])
    return tmp_path / "s.sqlite"


def points(path: Path) -> dict[str, tuple[float, float, float]]:
    with Store.open(path) as store:
        return {
            r.student: (float(r.final or 0), float(r.max_points), float(r.pending))
            for r in totals.results(store)
            if r.counts
        }


def test_equal_answers_are_one_group_and_missing_ones_come_first(store: Path) -> None:
    found = asked(store)
    assert len(found["2"].groups[NOTHING].holders) == 1
    assert next(iter(found["2"].groups)) == NOTHING
    assert sorted(len(g.holders) for g in found["2"].groups.values()) == [1, 1, 2]
    assert sorted(len(g.holders) for g in found["3"].groups.values()) == [1, 1, 2]
    assert [list(q.groups) for q in asked(store).values()] == [list(q.groups) for q in found.values()]


def test_one_mark_serves_a_group_and_reaches_the_totals(store: Path) -> None:
    assert points(store)["ada"] == (4, 5, 5)
    found = asked(store)
    give(store, found["2"], answer_digest("it is convex"), adjust="-1")
    assert points(store) == {"ada": (6, 8, 2), "bob": (6, 8, 2), "eve": (4, 5, 5), "dan": (4, 5, 5)}
    give(store, found["3"], NOTHING)
    assert points(store)["dan"] == (4, 7, 3)


def test_a_mark_outlives_a_regrade_and_another_machine_and_a_changed_answer_comes_back(
    store: Path, tmp_path: Path
) -> None:
    found = asked(store)
    give(store, found["2"], answer_digest("it is convex"), adjust="-1")
    give(store, found["3"], answer_digest("", [b"png one"]))
    # the same hand-in once more, with a changed check, and a figure that is drawn anew
    again = {"2": answer("it is convex"), "3": answer("a figure", b"png other")}
    fill(store, [("ada", 1, report("ada", again, earned=2))])
    assert points(store) == {"ada": (6, 10, 0)}
    # a new attempt with one changed answer
    second = {"2": answer("it is not convex"), "3": answer("a figure", b"png one")}
    fill(store, [("ada", 2, report("ada", second, attempt=2))])
    assert points(store) == {"ada": (6, 7, 3)}
    changed = asked(store)["2"]
    with Log(log_path(store)) as log:
        now = State(log.entries())
    old = now.before("toy", "2", "ada", next(iter(changed.groups)))
    assert old is not None
    assert old.mark.points == "2"
    # graded anew on another machine, where only the log was taken along
    other = tmp_path / "other" / "s.sqlite"
    other.parent.mkdir()
    fill(other, [("ada", 1, report("ada", again))])
    log_path(other).write_bytes(log_path(store).read_bytes())
    assert points(other)["ada"] == (8, 10, 0)


def test_late_days_cost_a_share_of_the_whole_and_the_best_attempt_is_chosen_with_marks(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    rules = {"due": "2026-11-20T12:00:00+00:00", "late": {"per_day": 10}, "policy": "best"}
    reports = [
        ("ada", 1, report("ada", {"2": answer("long and right")}, earned=3)),
        ("ada", 2, report("ada", {"2": answer("short")}, earned=4, attempt=2)),
    ]
    fill(path, reports, rules=rules, submitted={"ada": "2026-11-21T12:00:00+00:00"})
    assert points(path) == {"ada": (3.6, 5, 5)}
    with Log(log_path(path), create=True) as log:
        for text, given in (("long and right", "3"), ("short", "0")):
            adjust = str(Fraction(given) - 3)
            log.add("me", [mark(answer_digest(text), adjust=adjust, points=given)])
    assert points(path) == {"ada": (5.4, 8, 2)}


def test_a_check_left_to_a_person_is_a_question_and_an_override_has_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    fill(path, [("ada", 1, report("ada", {}, pending=True)), ("bob", 1, report("bob", {}))])
    found = asked(path)
    assert set(found) == {"1/sum_values", "2", "3"}
    (group,) = found["1/sum_values"].groups.values()
    give(path, found["1/sum_values"], group.key, adjust="-2", comment="a tuple is fine")
    assert points(path)["ada"] == (3, 5, 5)
    with Log(log_path(path)) as log:
        override = mark("sha256:bob1", part="1", adjust="-3", points="2", comment="copied from the board")
        log.add("me", [override])
    assert points(path)["bob"] == (2, 5, 5)
    with Store.open(path) as opened:
        (bob,) = [r for r in totals.results(opened) if r.student == "bob"]
    assert bob.report["parts"][0]["mark"]["replaces"] == 4
    with Store.open(path) as opened:
        (ada,) = [r for r in totals.results(opened) if r.student == "ada"]
    assert ada.report["parts"][0]["checks"][0]["message"] == "Marked by a person. a tuple is fine"


def test_the_marked_report_says_the_same_as_the_stored_one(store: Path) -> None:
    found = asked(store)
    give(store, found["2"], answer_digest("it is convex"), adjust="-1", comment="nearly")
    given = {"2": answer("it is convex"), "3": answer("a figure", b"png one")}
    now = totals.state_of(store)
    assert now is not None
    alone = totals.with_marks(report("ada", given), now)
    from grader.report.json_report import to_json

    with Store.open(store) as opened:
        (stored,) = [r.report for r in totals.results(opened) if r.student == "ada"]
    assert to_json(alone)["parts"] == stored["parts"]
    assert (alone.score, alone.max_score, alone.pending) == (6, 8, 2)
    assert (stored["score"], stored["max_score"], stored["pending"]) == (6, 8, 2)


def test_a_run_without_marks_stays_as_the_batch_left_it(store: Path) -> None:
    with Store.open(store) as opened:
        assert list(totals.results(opened)) == list(opened.results())
    with Log(log_path(store), create=True) as log:
        log.add("me", [RubricSet(assignment="toy", part="2", start="zero")])
    with Store.open(store) as opened:
        assert [r.final for r in totals.results(opened)] == [r.final for r in opened.results()]
    assert [m.part.id for m in MANUAL] == ["2", "3"]
