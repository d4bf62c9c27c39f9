"""A report format is a module and one line of the table."""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path
from types import ModuleType

import pytest

import grader.commands.run
import grader.engine
from grader import cli
from grader.model import Part, PartResult, Report
from grader.report import formats
from grader.report.formats import Appended, Format

PART = Part("1", "Affine layer")
REPORT = Report(
    assignment="toy",
    title="Toy",
    path="hw.ipynb",
    digest="",
    status="graded",
    parts=(PartResult(part=PART, status="partial", score=Fraction(1), max_score=Fraction(2), outcomes=()),),
)


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[bool]:
    """Whether grading was asked to keep the work, for each call."""
    calls: list[bool] = []

    def grade(*args: object, keep: bool, **kw: object) -> Report:
        calls.append(keep)
        return REPORT

    monkeypatch.setattr(grader.engine, "grade", grade)
    monkeypatch.setattr(grader.commands.run, "launch", lambda: None)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    Path("hw.ipynb").write_text("{}")
    return calls


def add(monkeypatch: pytest.MonkeyPatch, format: Format) -> None:
    module = ModuleType("toy_format")
    module.FORMAT = format  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "toy_format", module)
    monkeypatch.setitem(formats.FORMATS, format.name, "toy_format")


def test_every_format_of_the_table_has_its_name() -> None:
    assert [formats.find(name).name for name in formats.FORMATS] == list(formats.FORMATS)


def test_a_format_is_added_through_the_table_alone(
    monkeypatch: pytest.MonkeyPatch, kept: list[bool], capsys: pytest.CaptureFixture[str]
) -> None:
    def render(report: Report, *, seed: int) -> str:
        return f"{report.score} with seed {seed}\n"

    toy = Format(
        "toy",
        render,
        options=("seed",),
        needs_work=True,
        exit_zero=True,
        page=lambda page: f"<<{page}>>",
        appended=Appended("TOY_FILE", lambda report, size: f"after {size} bytes"),
    )
    add(monkeypatch, toy)
    monkeypatch.setenv("TOY_FILE", "more.txt")
    Path("more.txt").write_text("12345")
    assert cli.main(["hw.ipynb", "-o", "toy", "--seed", "3"]) == 0
    assert kept == [True]
    out = capsys.readouterr().out
    assert out.startswith("1 with seed 3\n<<")
    assert out.endswith(">>")
    assert Path("more.txt").read_text() == "12345after 5 bytes"


def test_a_format_that_needs_nothing_gets_nothing(monkeypatch: pytest.MonkeyPatch, kept: list[bool]) -> None:
    add(monkeypatch, Format("toy", lambda report: "toy\n"))
    assert cli.main(["hw.ipynb", "-o", "toy=out.txt"]) == 1
    assert kept == [False]
    assert Path("out.txt").read_text() == "toy\n"


@pytest.mark.parametrize("name", ["hw.rar", "HW.RAR", "hw.tbz2", "hw.7z", "hw.tar.gz", "hw.py", "hw.ipynb", "new.zip"])
def test_no_report_is_written_over_a_submission(
    kept: list[bool], capsys: pytest.CaptureFixture[str], name: str
) -> None:
    Path("hw.rar").write_bytes(b"Rar!\x1a\x07")
    assert cli.main(["hw.ipynb", "-o", f"html={name}"]) == 2
    assert "looks like a submission" in capsys.readouterr().err
    assert kept == []


@pytest.mark.parametrize("start", [b"Rar!\x1a\x07", b"PK\x03\x04", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b\x08", b"BZh9"])
def test_no_report_is_written_over_an_archive_of_another_name(
    kept: list[bool], capsys: pytest.CaptureFixture[str], start: bytes
) -> None:
    Path("hand_in.html").write_bytes(start + bytes(600))
    assert cli.main(["hw.ipynb", "--json", "hand_in.html"]) == 2
    assert "looks like a submission" in capsys.readouterr().err
    assert Path("hand_in.html").read_bytes().startswith(start)
