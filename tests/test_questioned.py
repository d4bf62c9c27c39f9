"""What an instructor has when a score is questioned: one check, its arrays, and the stages with their times."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from grader import cli, grade
from grader.commands.report_files import ArrayFile
from grader.errors import UsageError
from grader.model import Check, Observation, Part

ROOT = Path(__file__).parent.parent
WRONG = ROOT / "examples/tum_ex09/softmax_axis.ipynb"
COURSE = ("--course", str(ROOT))


@pytest.mark.slow
def test_one_check_runs_alone_and_its_arrays_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["--seed", "recorded", "--check", "cross_entropy_value", "--check", "network_predict_sizes"]
    words += ["--show-arrays", "a.npz"]
    assert cli.main([str(WRONG), *COURSE, *words]) == 1
    out, err = capfd.readouterr()
    assert "0 of 2 points" in out
    assert "after you hand in" not in out
    assert "no other check ran, and no follow-through" in " ".join(out.replace("·", "").split())
    assert "Gradient" not in out
    with np.load("a.npz") as arrays:
        assert float(arrays["cross_entropy_value/loss/observed"]) == pytest.approx(4.054, abs=1e-3)
        assert float(arrays["cross_entropy_value/loss/expected"]) == pytest.approx(1.771, abs=1e-3)
        assert {name.split("/")[0] for name in arrays.files} == {"cross_entropy_value", "network_predict_sizes"}
        assert f"wrote a.npz: {len(arrays.files)} arrays" in err
    assert [p.name for p in Path().iterdir()] == ["a.npz"]


def test_a_check_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(UsageError, match=r"--check nope: tum_ex09 has no such check here; it has affine_forward, "):
        grade(WRONG, course=ROOT, checks=["nope"])


@pytest.mark.slow
def test_arrays_of_hidden_checks_need_the_reference(tmp_path: Path) -> None:
    """A folder with hidden checks and golden values, and without the solution."""
    shutil.copytree(ROOT / "assignments/tum_ex09", tmp_path / "assignments/tum_ex09")
    for name in ("hidden.py", "golden"):
        source = ROOT / "reference/tum_ex09" / name
        target = tmp_path / "assignments/tum_ex09" / name
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.copy(source, target)
    seen: list[str] = []

    def inspect(check: Check, observation: Observation, expected: object) -> None:
        seen.append(check.id)

    with pytest.raises(UsageError, match=r"hidden checks are not shown without the reference: affine_forward_sizes"):
        grade(WRONG, "tum_ex09", course=tmp_path, inspect=inspect)
    assert seen == []
    grade(WRONG, "tum_ex09", course=tmp_path, inspect=inspect, checks=["affine_forward"])
    assert seen == ["affine_forward"]


@pytest.mark.parametrize("name", ["hw.ipynb", "arrays.txt", "no/arrays.npz"])
def test_arrays_go_into_an_npz_file_in_a_folder_that_exists(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("hw.ipynb").write_text("{}")
    assert cli.main(["hw.ipynb", "--show-arrays", name]) == 2
    assert f"--show-arrays {name}: " in capsys.readouterr().err
    assert Path("hw.ipynb").read_text() == "{}"


def test_names_that_student_code_chose_stay_in_the_file(tmp_path: Path) -> None:
    check = Check(id="c", part=Part("1", "p"), title="t", points=1, visibility="public")  # type: ignore[arg-type]
    values = {"../../up": np.ones(2), "/root": np.ones(1), "a\\b": np.ones(1), "text": "no array"}
    arrays = ArrayFile(tmp_path / "a.npz")
    arrays.add(check, Observation(check="c", ended="returned", values=values), {"out": np.zeros(2)})
    arrays.write()
    with np.load(tmp_path / "a.npz") as written:
        assert sorted(written.files) == [
            "c/______up/observed",
            "c/_root/observed",
            "c/a_b/observed",
            "c/out/expected",
        ]


@pytest.mark.slow
def test_debugging_logs_each_stage_with_its_time(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("GRADE_DEBUG", "1")
    with caplog.at_level("DEBUG", logger="grader"):
        assert cli.main([str(WRONG), *COURSE, "--check", "affine_forward"]) == 0
    lines = [re.sub(r"\d+\.\d+", "T", record.getMessage()) for record in caplog.records]
    assert "assignment tum_ex09: 1 checks (T s)" in lines
    assert "submission opened (T s)" in lines
    assert "cell 1: ok in T s" in lines
    assert "check affine_forward: returned in T s" in lines
