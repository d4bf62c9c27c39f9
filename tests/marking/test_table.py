"""`grade export marks` and `grade import marks`: the same marks come back, and nothing is overwritten unasked."""

from __future__ import annotations

import csv
import io
import shutil
from fractions import Fraction
from pathlib import Path

import pytest

from grader import cli
from grader.cohort.store import Store
from grader.commands import import_marks
from grader.marking import totals
from grader.marking.log import Hand, ItemSet, Log, Marked, RubricSet, log_path
from grader.marking.state import State, author_events
from grader.marks import Rubric, answer_digest
from tests.marking.synthetic import answer, fill, report


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    answers = {
        "ada": {"2": answer("it is convex")},
        "bob": {"2": answer("it is convex")},
        "=eve": {"2": answer("because")},
    }
    path = tmp_path / "s.sqlite"
    fill(path, [(who, 1, report(who, given)) for who, given in answers.items()])
    with Log(log_path(path), create=True) as log:
        start = RubricSet(assignment="toy", part="2", start="zero")
        one = ItemSet(assignment="toy", part="2", key="1", points="1/3", text="says that it is convex", note="or bowl")
        two = ItemSet(assignment="toy", part="2", key="2", points="-1/2", text="=no unit")
        convex = Marked(
            assignment="toy", part="2", answer=answer_digest("it is convex"), items=("1",), points="1/3",
            comment="good, but why?", hands=(Hand("ada", "sha256:ada1"), Hand("bob", "sha256:bob1")),
        )  # fmt: skip
        other = Marked(
            assignment="toy", part="2", answer=answer_digest("because"), items=("1",), adjust="3/2", points="11/6",
            hands=(Hand("=eve", "sha256:=eve1"),),
        )  # fmt: skip
        override = Marked(
            assignment="toy", part="1", answer="sha256:ada1", adjust="-3", points="2", comment="copied",
            hands=(Hand("ada", "sha256:ada1"),),
        )  # fmt: skip
        log.add("me", [start, one, two, convex, other, override])
    return path


def marks(path: Path) -> State:
    with Log(log_path(path)) as log:
        return State(log.entries())


def run(*words: object) -> int:
    return cli.main([str(word) for word in words])


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n")
    return path


def test_the_round_trip_gives_the_same_marks(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("export", "marks", store, "-o", "marks.csv") == 0
    given = {(r["student"], r["part"], r["points"]) for r in rows(tmp_path / "marks.csv") if r["row"] == "mark"}
    assert given == {
        *[("ada", "2", "1/3"), ("bob", "2", "1/3"), ("'=eve", "2", "11/6"), ("ada", "1", "2")],
        *[("ada", "3", ""), ("bob", "3", ""), ("'=eve", "3", "")],
    }
    other = tmp_path / "other.sqlite"
    shutil.copy(store, other)
    assert run("import", "marks", other, "marks.csv") == 0
    before, after = marks(store), marks(other)
    assert after.rubrics == before.rubrics
    assert {k: (g.mark, g.who, g.at) for k, g in after.marks.items()} == {
        k: (g.mark, g.who, g.at) for k, g in before.marks.items()
    }
    with Store.open(store) as one, Store.open(other) as two:
        assert [r.final for r in totals.results(one)] == [r.final for r in totals.results(two)]
    assert run("import", "marks", other, "marks.csv") == 0
    assert "0 marks taken, 3 as they were" in capsys.readouterr().err
    assert run("export", "marks", other, "-o", "again.csv") == 0
    assert (tmp_path / "again.csv").read_bytes() == (tmp_path / "marks.csv").read_bytes()


def test_a_sheet_of_three_columns_is_enough_and_one_mark_serves_all_with_the_answer(store: Path) -> None:
    log_path(store).unlink()
    file = write(Path("m.csv"), "Student;Part;Points;Comment", "ada;2;2,5;well done", "'=eve;2;0;")
    assert run("import", "marks", store, file, "--as", "tutor") == 0
    with Store.open(store) as opened:
        found = {r.student: r for r in totals.results(opened)}
    assert {who: float(r.points or 0) for who, r in found.items()} == {"ada": 6.5, "bob": 6.5, "=eve": 4}
    assert {g.who for g in marks(store).marks.values()} == {"tutor"}


def test_full_points_stay_full_when_the_page_brings_a_rubric_that_starts_from_zero(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_path(store).unlink()
    rubrics = {"2": Rubric(start="zero")}
    monkeypatch.setattr(import_marks, "author_rubrics", lambda course, assignment: rubrics)
    file = write(Path("m.csv"), "student,part,points", "ada,2,3")
    assert run("import", "marks", store, file) == 0
    with Log(log_path(store)) as log:
        assert author_events(State(log.entries()), "toy", rubrics) == [], "the page has nothing to add"
    with Store.open(store) as opened:
        assert {r.student: float(r.points or 0) for r in totals.results(opened)}["ada"] == 7


def test_a_mark_that_is_here_stays_unless_the_file_is_to_replace_it(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(Path("m.csv"), "student,part,points,comment", "ada,2,3,better", "ada,3,1,new")
    assert run("import", "marks", store, file) == 1
    said = capsys.readouterr().err
    assert "1 mark taken" in said
    assert "marked otherwise here, and left: ada 2; --replace takes the file's" in said
    key = ("toy", "2", answer_digest("it is convex"))
    assert marks(store).marks[key].mark.points == "1/3"
    assert run("import", "marks", store, file, "--replace") == 0
    assert marks(store).marks[key].mark.points == "3"


def test_an_automatic_score_is_overridden_with_a_reason(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(Path("m.csv"), "student,part,points,comment", "bob,1,5,")
    assert run("import", "marks", store, file) == 2
    assert "m.csv:2: an automatic score is overridden with a reason" in capsys.readouterr().err
    write(file, "student,part,points,comment", "bob,1,5,the check was wrong here")
    assert run("import", "marks", store, file) == 0
    assert marks(store).marks["toy", "1", "sha256:bob1"].mark.points == "5"
    with Store.open(store) as opened:
        assert {r.student: r.points for r in totals.results(opened)}["bob"] == Fraction(16, 3)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("ada,2,4,", "4 points; part 2 has 3"),
        ("ada,2,-1,", "-1 points; part 2 has 3"),
        ("ada,2,many,", "`points` is 'many', no number"),
        ("ada,2,1e400,", "`points` is '1e400', no number of points"),
        ("ada,9,1,", "there is no part '9'; there are 2, 3, 1"),
        ("zoe,2,1,", "nobody here is called 'zoe'"),
        ("1", "there is no part ''; there are 2, 3, 1"),
        ("1,2", "nobody here is called ''"),
        ("ada,2,1,\nbob,2,2,", "m.csv:3: the same answer as in line 2 has another mark"),
    ],
)
def test_a_row_that_cannot_be_is_named_with_its_line(
    store: Path, line: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    head = "points,part,student" if line.count(",") < 3 else "student,part,points,comment"
    file = write(Path("m.csv"), head, line)
    assert run("import", "marks", store, file) == 2
    assert said in capsys.readouterr().err
    assert len(marks(store).marks) == 3


def test_a_sheet_without_the_columns_or_without_a_table_is_refused(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("import", "marks", store, write(Path("m.csv"), "name,points", "ada,2")) == 2
    assert "has no column `part`" in capsys.readouterr().err
    assert run("import", "marks", store, "none.csv") == 2
    assert "none.csv: cannot be read" in capsys.readouterr().err
