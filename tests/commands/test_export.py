"""`grade export`: from a store to the files of the platforms, and an assignment to Gradescope's zip."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from fractions import Fraction
from pathlib import Path

import pytest
from msgspec import structs

from grader import cli
from grader.cohort.records import BatchResult, CacheKey, CohortEntry, FinalScore
from grader.cohort.store import Store

ROOT = Path(__file__).parents[2]
KEY = CacheKey(submission="s", environment="e", seed="0")


def part(id: str, score: int, most: int, *, manual: bool = False, why: str = "") -> dict[str, object]:
    check = {"status": "passed" if score == most else "failed", "diagnosis": None, "message": why, "title": "T"}
    return {
        "id": id,
        "title": f"Part {id}",
        "kind": "manual" if manual else "auto",
        "score": None if manual else score,
        "max_score": most,
        "checks": [] if manual else [check],
    }


def graded(assignment: str, score: int, *, status: str = "graded", reason: str = "") -> BatchResult:
    parts = [part("1", 5, 5), part("2", score - 5, 15, why="it is <nan> & more"), part("3", 0, 4, manual=True)]
    return BatchResult(
        assignment=assignment,
        status=status,  # type: ignore[arg-type]
        reason=reason,
        score=str(score) if status == "graded" else "0",
        max_score="20" if status == "graded" else "0",
        pending="4" if status == "graded" else "0",
        report={"submission": {"path": ""}, "parts": parts if status == "graded" else []},
        key=KEY,
    )


def fill(path: Path, rows: list[tuple[CohortEntry, BatchResult, FinalScore]]) -> None:
    with Store.open(path, create=True) as store:
        run = store.start("/cohort", {}, "0")
        for hand_in, result, _ in rows:
            store.add(run, hand_in, result)
        store.finish(run, [worth for _, _, worth in rows])


def row(student: str, score: int | None, number: str, *, attempt: int = 1, counts: bool = True, late: int = 0,
        assignment: str = "hw3", name: str = "") -> tuple[CohortEntry, BatchResult, FinalScore]:  # fmt: skip
    path = f"{student}_{attempt}.ipynb"
    hand_in = CohortEntry(
        path=path, student=student, name=name or student.title(), attempt=attempt, content=f"{student}{attempt}",
        ids={"canvas_id": number, "moodle_id": number, "email": f"{student}@uni.example"},
    )  # fmt: skip
    result = (
        graded(assignment, score) if score is not None else graded(assignment, 0, status="ungradable", reason="PDF")
    )
    worth = FinalScore(path=path, student=student, late_days=late, penalty=Fraction(2 * late), counts=counts)
    return hand_in, result, worth


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rows = [
        row("jane", 12, "101", attempt=1, counts=False),
        row("jane", 18, "101", attempt=2, late=1),
        row("john", 20, "102"),
        row("bo", None, "104"),
        row("bo", None, "104", attempt=2, counts=False),
    ]
    fill(tmp_path / "grades.sqlite", rows)
    return tmp_path / "grades.sqlite"


def export(*words: object) -> int:
    return cli.main(["export", *map(str, words)])


def table(path: str, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(Path(path).read_text(encoding="utf-8-sig")), delimiter=delimiter))


def test_canvas_gets_the_attempt_that_counts_less_its_penalty(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert export("canvas", store, "--partial", "-o", "canvas.csv", "--column", "Homework 3") == 0
    assert table("canvas.csv")[2:] == [
        ["Jane", "101", "", "jane@uni.example", "", "16"],
        ["John", "102", "", "john@uni.example", "", "20"],
    ]
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "grade: Bo (bo): could not be graded: PDF",
        f"grade: decide with `grade decide {store} bo POINTS` (or `excused`)",
        "grade: 2 students have parts that wait for a person: what is decided is in it",
        "grade: 3 students: 2 entered, out of 20; 1 could not be graded",
    ]


def test_a_decision_is_about_one_student(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [row("s1", None, "1", name="Kim Lee"), row("s2", None, "2", name="Kim Lee"), row("jo", 18, "3", name="s1")]
    fill(tmp_path / "grades.sqlite", rows)
    decide = ["decide", str(tmp_path / "grades.sqlite")]
    assert cli.main([*decide, "Kim Lee", "5"]) == 2
    assert "Kim Lee: 2 students have this name; write one of s1, s2 in its place" in capsys.readouterr().err
    assert cli.main([*decide, "s1", "5"]) == 0
    assert "Kim Lee (s1): 5 of" in capsys.readouterr().out
    assert cli.main([*decide, "s1", "5", "--reason", "caf\udce9"]) == 2  # as a terminal in Latin-1 sends it
    assert "'caf\\udce9' is no UTF-8 text" in capsys.readouterr().err


def test_a_pipe_stays_a_pipe_and_a_folder_is_refused(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo("pipe")
    reader = os.open("pipe", os.O_RDONLY | os.O_NONBLOCK)
    assert export("csv", store, "-o", "pipe") == 0
    assert os.read(reader, 100_000).decode("utf-8-sig").startswith("student,name")
    os.close(reader)
    assert Path("pipe").is_fifo()
    for folder in (".", ""):
        assert export("csv", store, "-o", folder) == 2
        assert "cannot be written (Is a directory)" in capsys.readouterr().err


def test_an_assignment_that_cannot_be_written_is_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert cli.main(["new", "week1", "--course", str(tmp_path / "file")]) == 2
    assert f"{tmp_path / 'file'}/reference/week1" in capsys.readouterr().err


def waiting(student: str, earned: str, most: str, pending: str) -> tuple[CohortEntry, BatchResult, FinalScore]:
    """A hand-in of which a person must decide a check: its points are not in `most`."""
    hand_in, result, worth = row(student, 20, "105")
    parts = [{**part("1", 0, 0), "status": "pending"}, part("2", 15, 15)]
    report = {"submission": {"path": ""}, "parts": parts}
    scores = {"score": earned, "max_score": most, "pending": pending}
    return hand_in, structs.replace(result, report=report, **scores), worth


@pytest.mark.parametrize("place", ["canvas", "brightspace"])
def test_who_waits_for_a_person_or_could_not_be_graded_is_blank_and_not_zero(
    tmp_path: Path, place: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [row("ann", 20, "1"), waiting("wes", "15", "15", "9"), waiting("zoe", "0", "0", "1"), row("bo", None, "4")]
    for i, (hand_in, result, worth) in enumerate(rows):
        rows[i] = structs.replace(hand_in, ids={"canvas_id": str(i), "Username": hand_in.student}), result, worth
    fill(tmp_path / "s.sqlite", rows)
    assert export(place, "s.sqlite", "-o", "out.csv", "--column", "HW") == 0
    assert not any(word in Path("out.csv").read_text().casefold() for word in ("ann", "wes", "zoe", "bo,"))
    said = capsys.readouterr().err
    assert "Ann (ann): with points that a person must give: 4 points wait" in said
    assert "Wes (wes): with points that a person must give: 9 points wait" in said
    assert export(place, "s.sqlite", "-o", "out.csv", "--column", "HW", "--partial") == 0
    text = (tmp_path / "out.csv").read_text()
    for who, points in (("ann", 20), ("wes", 15)):
        assert [f",{points}" in line for line in text.splitlines() if f",{who}," in line] == [True]
    assert not any(word in text.casefold() for word in ("zoe", "bo,"))
    said = capsys.readouterr().err
    assert "Zoe (zoe): with points that a person must give: 1 point waits" in said
    assert "Bo (bo): could not be graded: PDF" in said
    assert said.splitlines()[-1] == (
        "grade: 4 students: 2 entered, out of 20; 1 with points that a person must give; 1 could not be graded"
    )
    assert export("csv", "s.sqlite", "-o", "table.csv") == 0
    found = {r["student"]: r for r in csv.DictReader(io.StringIO((tmp_path / "table.csv").read_text("utf-8-sig")))}
    assert [found[who]["final"] for who in ("ann", "bo", "wes", "zoe")] == ["20", "", "15", ""]
    assert [found[who]["part 1"] for who in ("ann", "bo", "wes", "zoe")] == ["5", "", "", ""]
    assert found["zoe"]["waiting for a person"] == "1"


def test_points_can_be_scaled(store: Path) -> None:
    assert export("canvas", store, "--partial", "-o", "canvas.csv", "--out-of", "50") == 0
    rows = table("canvas.csv")
    assert rows[0][-1] == "hw3"
    assert [r[-1] for r in rows[1:]] == ["50", "40", "50"]


def test_moodle_sheet_gets_grades_and_comments(store: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(
        "ID;Vollständiger Name;Bewertung;Bestwertung;Feedback als Kommentar\n"
        "Teilnehmer/in101;J;;20,00;\nTeilnehmer/in102;K;;20,00;\nTeilnehmer/in999;L;;20,00;\n",
        encoding="utf-8",
    )
    assert export("moodle", store, "--partial", "--sheet", sheet, "-o", "filled.csv") == 0
    rows = table("filled.csv", ";")
    assert [r[2] for r in rows] == ["Bewertung", "16", "20", ""]
    assert rows[1][4] == (
        "18 of 20 points<br>4 more points wait for a person<br>1 day late: 2 points off"
        "<br>2 Part 2: 13 of 15; it is &lt;nan&gt; &amp; more"
    )
    assert rows[2][4] == "20 of 20 points<br>4 more points wait for a person"
    assert export("moodle", store, "--partial", "--sheet", sheet, "-o", "filled.csv", "--no-feedback") == 0
    assert table("filled.csv", ";")[1][4] == ""


def test_somebody_who_is_in_no_row_is_named_and_tells_by_the_exit_code(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = tmp_path / "b.csv"
    sheet.write_text("OrgDefinedId,Username,End-of-Line Indicator\r\n#1,#john,#\r\n", encoding="utf-8")
    assert export("brightspace", store, "--partial", "--sheet", sheet, "-o", "out.csv", "--column", "HW") == 1
    assert "not in the file, no row of the sheet: Jane (jane)" in capsys.readouterr().err
    assert table("out.csv") == [
        ["OrgDefinedId", "Username", "HW Points Grade", "End-of-Line Indicator"],
        ["#1", "#john", "20", "#"],
    ]


def test_table_has_every_attempt_with_its_parts(store: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert export("csv", store) == 0
    text = capfdbinary.readouterr().out.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(r["student"], r["attempt"], r["counts"], r["points"], r["final"]) for r in rows] == [
        ("bo", "1", "yes", "", ""),
        ("bo", "2", "no", "", ""),
        ("jane", "1", "no", "12", "12"),
        ("jane", "2", "yes", "18", "16"),
        ("john", "1", "yes", "20", "20"),
    ]
    assert [(r["part 1"], r["part 2"], r["part 3"], r["reason"]) for r in rows[1:3]] == [
        ("", "", "", "PDF"),
        ("5", "7", "", ""),
    ]


def test_store_of_several_assignments_needs_a_choice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "two.sqlite"
    fill(path, [row("jane", 20, "1", assignment="a"), row("john", 20, "2", assignment="b")])
    assert export("canvas", path) == 2
    assert "holds results of 2 assignments (a, b); choose with --assignment" in capsys.readouterr().err
    assert export("canvas", path, "--assignment", "c") == 2
    assert "there are: a, b" in capsys.readouterr().err
    assert export("canvas", path, "--partial", "--assignment", "b", "-o", str(tmp_path / "b.csv")) == 0
    assert [r[1] for r in table(str(tmp_path / "b.csv"))[2:]] == ["2"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("canvas", "no.sqlite"), "no such store"),
        (("canvas", "STORE", "--run", "9"), "no run 9"),
        (("canvas", "STORE", "--sheet", "no.csv"), "--sheet no.csv: cannot be read"),
        (("canvas", "STORE", "-o", "no/x.csv"), "-o no/x.csv: cannot be written"),
        (("canvas", "STORE", "--out-of", "0"), "no number of points above 0"),
        (("moodle", "STORE"), "--sheet"),
        (("gradescope-autograder", "no_such_assignment", "--course", str(ROOT)), "no assignment"),
        ((), "WHERE"),
    ],
)
def test_wrong_usage_is_2_and_one_line(
    store: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    assert export(*(str(store) if word == "STORE" else word for word in words)) == 2
    assert said in capsys.readouterr().err


# ---------------------------------------------------------------- Gradescope


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("zip") / "autograder.zip"
    assert export("gradescope-autograder", "tum_ex09", "--course", ROOT, "-o", path, "--hidden-results", "visible") == 0
    return path


def test_zip_holds_what_gradescope_runs_and_all_that_it_needs(package: Path) -> None:
    with zipfile.ZipFile(package) as archive:
        names = set(archive.namelist())
        modes = {name: archive.getinfo(name).external_attr >> 16 for name in ("setup.sh", "run_autograder")}
        run = archive.read("run_autograder").decode()
        needs = archive.read("requirements.txt").decode().split()
    assert all(mode & 0o111 for mode in modes.values())
    for name in ("assignment.toml", "hidden.py", "golden/hidden.json", "golden/public.json", "solution/nn_utils.py"):
        assert f"course/reference/tum_ex09/{name}" in names
    assert "course/assignments/tum_ex09/assignment.toml" in names
    assert {"engine/grader/__main__.py", "engine/grader/report/schema.json"} <= names
    assert not [name for name in names if "__pycache__" in name or name.startswith(("tests/", "/"))]
    assert "--assignment tum_ex09" in run
    assert "--hidden-results visible" in run
    assert "@" not in run.replace('"$@"', "")
    assert any(need.startswith("numpy") for need in needs)
    assert not any("ruff" in need for need in needs)


def test_same_sources_give_the_same_zip(package: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.zip"
    words = ("gradescope-autograder", "tum_ex09", "--course", ROOT, "-o", again, "--hidden-results", "visible")
    assert export(*words) == 0
    assert again.read_bytes() == package.read_bytes()


def test_scripts_are_right_shell(package: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(package) as archive:
        archive.extractall(tmp_path)
    for name in ("setup.sh", "run_autograder"):
        subprocess.run(["bash", "-n", str(tmp_path / name)], check=True)


def linked(source: str, target: str) -> str:
    """Hard links where that is possible: a sandbox follows no link out of the interpreter's folder."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target


def lay_out(package: Path, root: Path) -> dict[str, str]:
    """The folders as Gradescope has them after `setup.sh`, whose downloads are taken from here; the environment."""
    with zipfile.ZipFile(package) as archive:
        archive.extractall(root / "source")
    (root / "submission").mkdir()
    venv.create(root / "venv", symlinks=True)
    site = root / "venv/lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    # no other grader, and not the half of all files that nothing imports
    unwanted = shutil.ignore_patterns(
        *("*.pth", "numgrade*", "grader", "__pycache__", "tests", "third_party", "mypy*", "pip*", "setuptools*")
    )
    shutil.copytree(sysconfig.get_path("purelib"), site, copy_function=linked, ignore=unwanted, dirs_exist_ok=True)
    (site / "numgrade.pth").write_text(f"{root / 'source/engine'}\n")
    for folder in (root, *root.parents[:3]):
        folder.chmod(folder.stat().st_mode | 0o011)  # the spare user of the sandbox comes through
    return {**os.environ, "AUTOGRADER_ROOT": str(root)}


def test_run_autograder_grades_in_gradescopes_folders(package: Path, tmp_path: Path) -> None:
    root = tmp_path / "autograder"
    environment = lay_out(package, root)
    hand_in = (ROOT / "examples/tum_ex09/two_mistakes.ipynb").read_bytes()
    (root / "submission/two_mistakes.ipynb").write_bytes(hand_in)
    (root / "submission_metadata.json").write_text("{}")
    done = subprocess.run(
        ["bash", str(root / "source/run_autograder")],
        env=environment,
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads((root / "results/results.json").read_text(encoding="utf-8"))
    assert found["score"] == 18, done.stdout + done.stderr
    assert sum(test["max_score"] for test in found["tests"]) == 20
    assert {test["visibility"] for test in found["tests"]} == {"visible"}
    assert not (root / "source/course").stat().st_mode & 0o077
    # what cannot be graded gets its file and exit code 0, too
    (root / "submission/two_mistakes.ipynb").write_text("not a notebook")
    subprocess.run(["bash", str(root / "source/run_autograder")], env=environment, capture_output=True, check=True)
    found = json.loads((root / "results/results.json").read_text(encoding="utf-8"))
    assert found["score"] == 0
    assert "could not be graded" in found["output"]


def test_results_are_there_even_when_nothing_could_be_started(package: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(package) as archive:
        archive.extractall(tmp_path / "source")
    environment = {**os.environ, "AUTOGRADER_ROOT": str(tmp_path)}
    words = ["bash", str(tmp_path / "source/run_autograder")]
    assert subprocess.run(words, env=environment, capture_output=True, check=False).returncode == 0
    assert "did not finish" in json.loads((tmp_path / "results/results.json").read_text())["output"]
