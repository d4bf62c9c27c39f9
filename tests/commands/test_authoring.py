"""What the instructor's commands print and return, on a small course; recording and trials are replaced."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import grader.reference.golden
import grader.reference.self_test
from grader import cli
from grader.model import Edit
from grader.reference.golden import Recording, Row
from grader.reference.self_test import Trial
from tests.assignment.conftest import FILES, write


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    write(tmp_path / "reference" / "toy", FILES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GRADE_COURSE", raising=False)
    return tmp_path


@pytest.fixture
def golden(course: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What `record`, `diff` and `verify` will give, and under `accept` what `record` was told."""
    gives: dict[str, Any] = {"record": None, "diff": [], "verify": []}

    def record(assignment: object, *, accept: bool = False, keep: bool = False) -> Recording:
        gives["accept"] = accept
        found = gives["record"]
        assert isinstance(found, Recording)
        return found

    monkeypatch.setattr(grader.reference.golden, "record", record)
    monkeypatch.setattr(grader.reference.golden, "diff", lambda assignment: gives["diff"])
    monkeypatch.setattr(grader.reference.golden, "verify", lambda assignment: gives["verify"])
    return gives


def row(name: str, change: float | None, within: bool | None, text: str = "") -> Row:
    relative = None if change is None else change / 10
    return Row(
        check="forward", name=name, change=change, relative=relative, within=within, text=text, changed=change != 0
    )


SMALL = row("out", 2.5e-16, True)
LARGE = row("d_weight", 0.25, False)
NEW = row("d_bias", None, None, "new")
SHAPE = row("loss", None, False, "shape (3,) -> (3, 1)")


def test_diff_is_an_aligned_table(golden: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    golden["diff"] = [SMALL, LARGE, NEW, SHAPE]
    assert cli.main(["golden", "diff", "toy"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "toy: 1 new array in 1 check",
        "toy:",
        "  check    array     largest change  relative  within tolerance",
        "  forward  out              2.5e-16   2.5e-17  yes",
        "  forward  d_weight         2.5e-01   2.5e-02  NO",
        "  forward  loss                                NO                shape (3,) -> (3, 1)",
    ]


@pytest.mark.parametrize(("rows", "code"), [([], 0), ([SMALL], 0), ([NEW], 0), ([SMALL, LARGE], 1)])
def test_diff_exits_1_only_beyond_tolerance(golden: dict[str, Any], rows: list[Row], code: int) -> None:
    golden["diff"] = rows
    assert cli.main(["golden", "diff"]) == code


def test_record_names_what_it_wrote_and_shows_each_array(
    golden: dict[str, Any], course: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = course / "reference" / "toy" / "golden" / "public.json"
    golden["record"] = Recording(rows=(SMALL, row("same", 0.0, True)), written=(path,), refused=False)
    assert cli.main(["golden", "record"]) == 0
    assert golden["accept"] is False
    out = capsys.readouterr().out
    assert "toy: wrote reference/toy/golden/public.json\n" in out
    assert "same" in out


def test_record_says_so_when_it_writes_only_provenance(
    golden: dict[str, Any], course: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = course / "reference" / "toy" / "golden" / "public.json"
    same = Row(check="a", name="same", change=0.0, relative=0.0, within=True, text="", changed=False)
    golden["record"] = Recording(rows=(same,), written=(path,), refused=False)
    assert cli.main(["golden", "record"]) == 0
    assert "wrote reference/toy/golden/public.json (same values; their provenance is new)" in capsys.readouterr().out


def test_record_names_the_hand_out_that_is_stale_now(
    golden: dict[str, Any], course: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = course / "reference" / "toy" / "golden" / "public.json"
    (course / "assignments" / "toy").mkdir(parents=True, exist_ok=True)
    golden["record"] = Recording(rows=(SMALL,), written=(path,), refused=False)
    assert cli.main(["golden", "record"]) == 0
    assert "`grade release toy` renews it" in capsys.readouterr().out


def test_refused_recording_exits_1_and_names_the_way_out(
    golden: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    golden["record"] = Recording(rows=(LARGE,), written=(), refused=True)
    assert cli.main(["golden", "record", "toy"]) == 1
    assert "--accept" in capsys.readouterr().err


def test_accept_is_passed_on(golden: dict[str, Any]) -> None:
    golden["record"] = Recording(rows=(LARGE,), written=(), refused=False)
    assert cli.main(["golden", "record", "--accept"]) == 0
    assert golden["accept"] is True


def test_verify_lists_problems(golden: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["golden", "verify"]) == 0
    golden["verify"] = ["golden/public.json is stale"]
    assert cli.main(["golden", "verify"]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "toy: golden/public.json is stale"


def test_unknown_assignment_is_wrong_usage(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["lint", "toi"]) == 2
    assert "did you mean toy" in capsys.readouterr().err


def test_folder_without_a_course_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert cli.main(["release", "--course", str(empty)]) == 2
    assert capsys.readouterr().err.startswith("grade: --course")


def test_release_writes_the_handout_and_check_sees_a_difference(
    course: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["release", "--check"]) == 1
    assert "does not exist yet" in capsys.readouterr().out
    assert cli.main(["release"]) == 0
    assert capsys.readouterr().out == "toy: released to assignments/toy\n"
    assert cli.main(["release", "--check", "toy"]) == 0
    assert capsys.readouterr().out == "toy: the hand-out is up to date\n"
    (course / "assignments" / "toy" / "helpers.py").write_text("SCALE = 3\n")
    assert cli.main(["release", "--check"]) == 1
    assert capsys.readouterr().out == "toy: helpers.py differs from its source\n"


def test_handout_alone_cannot_be_released(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["release"])
    assert cli.main(["release", "--course", "assignments/toy"]) == 2
    assert "its sources are not here" in capsys.readouterr().err


def test_lint_names_files_and_counts(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(
        course / "reference" / "toy", {"assignment.toml": FILES["assignment.toml"].replace("points = 7", "points = 8")}
    )
    assert cli.main(["lint"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("reference/toy/assignment.toml:3: error: ")
    assert lines[-1].startswith("toy: ")
    assert "error" in lines[-1]


def test_trials_that_do_not_do_what_they_name_are_errors(
    course: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    edit = Edit(name="cube", changes=(), fails=("square_values",))
    trials = [Trial(edit=edit, seed=3, failed=("square_values",)), Trial(edit=edit, seed=3, failed=())]
    monkeypatch.setattr(grader.reference.self_test, "run_trials", lambda assignment, seeds, tell: trials[:seeds])
    cli.main(["lint"])
    assert "trials not as named" not in capsys.readouterr().out
    assert cli.main(["lint", "--trials", "--seeds", "2"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "toy: error: 'cube' at seed 3 passes square_values" in lines
    assert lines[-1].endswith("1 of 2 trials not as named")


@pytest.mark.parametrize(("spent", "warned"), [(0.01, False), (0.3, True)])
def test_a_tolerance_that_a_right_rewrite_nearly_spends_is_mentioned(
    course: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], spent: float, warned: bool
) -> None:
    right, wrong = Edit(name="power", changes=()), Edit(name="cube", changes=(), fails=("square_values",))
    trials = [
        Trial(edit=wrong, seed=3, failed=("square_values",), spent=(7.0, "square_values, out")),
        Trial(edit=right, seed=3, failed=(), spent=(0.002, "square_values, out")),
        Trial(edit=right, seed=4, failed=(), spent=(spent, "square_values, out")),
    ]
    monkeypatch.setattr(grader.reference.self_test, "run_trials", lambda assignment, seeds, tell: trials)
    cli.main(["lint", "--trials"])
    lines = capsys.readouterr().out.splitlines()
    warning = f"toy: warning: 'power' at seed 4 spends {spent:.0%} of the tolerance of square_values, out"
    assert (warning in lines) is warned
    assert lines[-1].endswith(f"0 of 3 trials not as named, right ones spend at most {spent:.2g} of a tolerance")
