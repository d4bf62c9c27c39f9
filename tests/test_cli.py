"""The command's arguments, exit codes and streams; grading itself is replaced by a function that hands out a report."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import grader.commands.run
import grader.engine
from grader import cli
from grader.commands import REGISTRY
from grader.errors import AuthoringError, SubmissionError, UsageError
from grader.model import Check, Outcome, Part, PartResult, Report
from grader.report.formats import FORMATS
from grader.report.json_report import schema_path
from grader.sandbox.tiers import Policy

PART = Part("1", "Affine layer")


def graded(score: int, most: int = 4) -> Report:
    check = Check(id="forward", part=PART, title="Scores", points=Fraction(most), visibility="public")
    status = "passed" if score == most else "partial"
    outcome = Outcome(check=check, status=status, score=Fraction(score), message="" if score == most else "Not right ✗")
    part = PartResult(part=PART, status=status, score=Fraction(score), max_score=Fraction(most), outcomes=(outcome,))
    return Report(assignment="toy", title="Toy", path="hw.ipynb", digest="sha256:0", status="graded", parts=(part,))


UNGRADABLE = Report(assignment="toy", title="", path="hw.ipynb", digest="", status="ungradable", reason="Python 2")


class Fake:
    """Stands in for `grader.engine.grade` and `spawn.launch`: keeps the calls, returns or raises `result`."""

    def __init__(self) -> None:
        self.result: Report | BaseException = graded(4)
        self.calls: list[tuple[Any, dict[str, Any]]] = []
        self.order: list[str] = []

    def launch(self) -> str:
        self.order.append("launch")
        return "worker"

    def grade(self, *args: Any, **kw: Any) -> Report:
        self.order.append("grade")
        self.calls.append((args, kw))
        if isinstance(self.result, BaseException):
            raise self.result
        return self.result


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Fake]:
    fake = Fake()
    monkeypatch.setattr(grader.engine, "grade", fake.grade)
    monkeypatch.setattr(grader.commands.run, "launch", fake.launch)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GRADE_DEBUG", raising=False)
    Path("hw.ipynb").write_text("{}")
    return fake


def run(*words: str) -> int:
    return cli.main(list(words))


# ---------------------------------------------------------------- what is called


def test_arguments_reach_grading_with_a_warm_worker(fake: Fake) -> None:
    assert run("hw.ipynb", "--assignment", "toy", "--seed", "7", "--course", "c", "--no-hidden") == 0
    ((args, kw),) = fake.calls
    assert args == (Path("hw.ipynb"), "toy", 7)
    assert kw == {
        "course": Path("c"),
        "fresh": False,
        "hidden": False,
        "data": None,
        "worker": "worker",
        "keep": False,
        "policy": Policy(),
        "checks": [],
        "inspect": None,
    }
    assert fake.order == ["launch", "grade"]


def test_defaults(fake: Fake) -> None:
    run("hw.ipynb")
    ((args, kw),) = fake.calls
    assert args[1:] == (None, None)
    assert kw == {
        "course": None,
        "fresh": False,
        "hidden": True,
        "data": None,
        "worker": "worker",
        "keep": False,
        "policy": Policy(),
        "checks": [],
        "inspect": None,
    }


def test_options_may_stand_anywhere(fake: Fake) -> None:
    assert run("--verbose", "hw.ipynb", "--fresh") == 0
    assert fake.calls[0][1]["fresh"] is True


# ---------------------------------------------------------------- exit codes


@pytest.mark.parametrize(
    ("result", "options", "code"),
    [
        (graded(4), (), 0),
        (graded(3), (), 1),
        (graded(3), ("--exit-zero",), 0),
        (graded(3), ("--fail-under", "75"), 0),
        (graded(3), ("--fail-under", "75.1"), 1),
        (graded(3), ("--fail-under", "0"), 0),
        (graded(3), ("--fail-under", "75%"), 0),
        (graded(0, 0), (), 1),
        (graded(0, 0), ("--exit-zero",), 0),
        (UNGRADABLE, (), 3),
        (UNGRADABLE, ("--exit-zero",), 3),
        (UNGRADABLE, ("--json",), 3),
        (SubmissionError("no notebook"), (), 3),
        (UsageError("no such assignment"), (), 2),
        (AuthoringError("golden is missing"), (), 4),
        (AuthoringError("golden is missing"), ("--exit-zero",), 4),
        (ZeroDivisionError("ours"), (), 4),
        (KeyboardInterrupt(), (), 130),
    ],
)
def test_exit_code(fake: Fake, result: Report | BaseException, options: tuple[str, ...], code: int) -> None:
    fake.result = result
    assert run("hw.ipynb", *options) == code


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("nowhere.ipynb",),
        ("hw.ipynb", "hw.ipynb"),
        ("hw.ipynb", "--seed", "-1"),
        ("hw.ipynb", "--seed", "x"),
        ("hw.ipynb", "--seed", "1", "--fresh"),
        ("hw.ipynb", "--fail-under", "101"),
        ("hw.ipynb", "--fail-under", "nan"),
        ("hw.ipynb", "--unknown"),
        ("--json",),
        ("golden",),
        ("golden", "burn"),
        ("golden", "diff", "--accept"),
        ("new",),
    ],
)
def test_wrong_usage_is_2_and_grades_nothing(
    fake: Fake, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    assert run(*words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "grade" in err
    assert fake.order == []


def test_no_arguments_print_the_help(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    run()
    assert "exit codes:" in capsys.readouterr().err


def test_help_and_version_go_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("-h") == 0
    text = capsys.readouterr().out
    for word in ("SUBMISSION", "--fail-under", *(f"grade {name}" for name in REGISTRY)):
        assert word in text
    assert run("--version") == 0
    assert capsys.readouterr().out == f"grade {grader.__version__}\n"
    for name in ("golden", "release", "lint", "new", "batch"):
        assert run(name, "--help") == 0
        assert "--course" in capsys.readouterr().out


def test_two_submissions_are_named(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    run("hw.ipynb", "hw.ipynb")
    assert "one SUBMISSION at a time, not 2" in capsys.readouterr().err


def test_misspelt_command_is_recognised(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("goldne", "verify") == 2
    assert "did you mean the command `grade golden`?" in capsys.readouterr().err


def test_path_written_as_a_path_wins_over_a_command(fake: Fake) -> None:
    Path("golden").mkdir()
    assert run("./golden") == 0
    assert fake.calls[0][0][0] == Path("golden")


# ---------------------------------------------------------------- errors


def test_error_is_one_clean_line(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    fake.result = SubmissionError("bad\n\x1b[2Jname")
    run("hw.ipynb")
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "grade: bad \N{REPLACEMENT CHARACTER}name\n"


def test_our_own_exception_is_one_line_with_a_way_to_the_trace(
    fake: Fake, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.result = ZeroDivisionError("ours")
    run("hw.ipynb")
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "ZeroDivisionError: ours; run with GRADE_DEBUG=1" in err
    monkeypatch.setenv("GRADE_DEBUG", "1")
    run("hw.ipynb")
    assert "Traceback" in capsys.readouterr().err


# ---------------------------------------------------------------- JSON


def test_json_goes_to_stdout_alone(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    fake.result = graded(3)
    assert run("hw.ipynb", "--json") == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["score"] == 3
    assert err == ""
    run("hw.ipynb", "--json", "-")
    assert json.loads(capsys.readouterr().out)["score"] == 3


def test_json_to_a_file_keeps_the_terminal_report(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("hw.ipynb", "--json", "out.json") == 0
    assert json.loads(Path("out.json").read_text(encoding="utf-8"))["status"] == "graded"
    assert "4 of 4 points" in capsys.readouterr().out


def test_submission_after_json_is_the_submission(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--json", "hw.ipynb") == 0
    assert fake.calls[0][0][0] == Path("hw.ipynb")
    assert json.loads(capsys.readouterr().out)["status"] == "graded"
    assert Path("hw.ipynb").read_text() == "{}"


@pytest.mark.parametrize("target", ["other.ipynb", "a.py", "folder", "no/such/folder/x.json"])
def test_json_refuses_a_target_before_grading(fake: Fake, target: str) -> None:
    Path("folder").mkdir()
    assert run("hw.ipynb", "--json", target) == 2
    assert fake.order == []


@pytest.mark.parametrize(
    ("result", "status", "reason"),
    [
        (UNGRADABLE, "ungradable", "Python 2"),
        (SubmissionError("no notebook"), "ungradable", "no notebook"),
        (AuthoringError("golden is missing"), "fault", "golden is missing"),
        (ZeroDivisionError("ours"), "fault", "ZeroDivisionError: ours"),
    ],
)
def test_json_is_written_when_there_is_no_score(
    fake: Fake, capsys: pytest.CaptureFixture[str], result: Report | BaseException, status: str, reason: str
) -> None:
    fake.result = result
    run("hw.ipynb", "--json", "--assignment", "toy")
    out, err = capsys.readouterr()
    data = json.loads(out)
    jsonschema.Draft202012Validator(json.loads(schema_path().read_text(encoding="utf-8"))).validate(data)
    assert (data["status"], data["reason"], data["assignment"]) == (status, reason, "toy")
    assert reason in err
    assert err.count("\n") == 1


def test_wrong_usage_writes_no_json(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    fake.result = UsageError("no assignment 'x'")
    assert run("hw.ipynb", "--json") == 2
    assert capsys.readouterr().out == ""


def test_ungradable_prints_its_reason_once_as_the_report(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    fake.result = UNGRADABLE
    run("hw.ipynb")
    out, err = capsys.readouterr()
    assert "Python 2" in out
    assert err == ""


# ---------------------------------------------------------------- streams


class Terminal(io.TextIOWrapper):
    """A stdout of any encoding that says it is a terminal."""

    def __init__(self, encoding: str = "utf-8", tty: bool = True) -> None:
        super().__init__(io.BytesIO(), encoding=encoding)
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty

    def written(self) -> str:
        raw = self.buffer
        assert isinstance(raw, io.BytesIO)
        return raw.getvalue().decode(self.encoding)


@pytest.fixture
def written(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Run `grade hw.ipynb` with this stdout and environment, and return what was written."""

    def write(stdout: Terminal, *words: str, **environment: str) -> str:
        monkeypatch.delenv("NO_COLOR", raising=False)
        monkeypatch.setenv("TERM", "xterm")
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", stdout)
            run("hw.ipynb", *words)
        return stdout.written()

    return write


def test_colour_only_on_a_terminal_that_wants_it(written: Callable[..., str]) -> None:
    assert "\x1b[" in written(Terminal())
    assert "\x1b[" not in written(Terminal(tty=False))
    assert "\x1b[" not in written(Terminal(), NO_COLOR="1")
    assert "\x1b[" not in written(Terminal(), NO_COLOR="", TERM="dumb")
    assert "\x1b[" in written(Terminal(), NO_COLOR="")


def test_encoding_without_the_signs_gets_ascii(written: Callable[..., str], fake: Fake) -> None:
    fake.result = graded(3)
    text = written(Terminal("latin-1", tty=False))
    assert "~ 1  Affine layer" in text
    assert "Not right x" in text
    assert text.isascii()


def test_json_is_utf8_whatever_the_terminal_is(written: Callable[..., str], fake: Fake) -> None:
    fake.result = graded(3)
    stdout = Terminal("ascii", tty=False)
    with pytest.raises(UnicodeDecodeError):
        written(stdout, "--json")
    assert isinstance(stdout.buffer, io.BytesIO)
    assert "✗" in stdout.buffer.getvalue().decode("utf-8")


def python(code: str, **kw: Any) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, **kw)


def test_importing_and_asking_for_help_loads_nothing_heavy() -> None:
    code = (
        "import sys, io, contextlib, grader.cli\n"
        "with contextlib.redirect_stdout(io.StringIO()): grader.cli.main(['--help'])\n"
        "names = {'numpy', 'scipy', 'IPython', 'nbformat', 'matplotlib', 'pytest', 'grader.engine'}\n"
        "heavy = names & set(sys.modules)\n"
        "sys.exit(', '.join(sorted(heavy)))"
    )
    assert python(code).stderr.strip() == ""


def test_importing_the_plugin_loads_nothing_of_the_grader() -> None:
    code = "import sys, grader.pytest_plugin; sys.exit(', '.join(sorted(set(sys.modules) & {'numpy', 'grader.model'})))"
    assert python(code).stderr.strip() == ""


def test_reader_that_goes_away_is_no_error() -> None:
    code = (
        "import os, sys\n"
        "from grader.commands import stdio\n"
        "read, write = os.pipe(); os.close(read); os.dup2(write, 1)\n"
        "for text in ('a' * 100_000, 'b'): stdio.emit(text); stdio.emit_utf8(text)\n"
        "sys.exit(7)"
    )
    done = python(code)
    assert (done.returncode, done.stderr) == (7, "")


def test_console_script_exists() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("grade"), "--version"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )
    assert done.stdout == f"grade {grader.__version__}\n"


def test_a_data_folder_that_is_not_there_is_wrong_usage(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("hw.ipynb", "--data", "nowhere") == 2
    assert "nowhere" in capsys.readouterr().err


# ---------------------------------------------------------------- other formats


def test_several_outputs_come_from_one_evaluation(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    fake.result = graded(3)
    words = [f"-o{name}=out.{name}" for name in FORMATS]
    assert run("hw.ipynb", *words, "--json", "also.json") == 0  # Gradescope's form always exits with 0
    assert fake.order == ["launch", "grade"]
    assert fake.calls[0][1]["keep"] is True
    for name in FORMATS:
        assert Path(f"out.{name}").stat().st_size > 80
    assert Path("also.json").read_bytes() == Path("out.json").read_bytes()
    assert not list(Path().glob("*.part"))
    assert "3 of 4 points" in capsys.readouterr().out


@pytest.mark.parametrize("word", ["junit", "junit=-"])
def test_one_output_can_go_to_stdout_alone(fake: Fake, capsys: pytest.CaptureFixture[str], word: str) -> None:
    fake.result = graded(3)
    assert run("hw.ipynb", "-o", word) == 1
    out, err = capsys.readouterr()
    assert out.startswith("<?xml")
    assert out.endswith("</testsuites>\n")
    assert err == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-o", "pdf=x.pdf"), "'pdf' is no format; write FORMAT=FILE with one of"),
        (("-o", "junit="), "names no file"),
        (("-o", "junit", "--json"), "`-o junit=-` goes to the standard output as well"),
        (("-o", "junit=x", "-o", "markdown=./x"), "`-o junit=x` goes to ./x as well"),
        (("-o", "junit=hw.ipynb"), "looks like a submission"),
        (("-o", "junit=no/x.xml"), "its folder does not exist"),
        (("--hidden-results", "never"), "invalid choice"),
    ],
)
def test_outputs_that_cannot_be_are_refused_before_grading(
    fake: Fake, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    assert run("hw.ipynb", *words) == 2
    assert fake.order == []
    assert said in capsys.readouterr().err


def test_gradescope_gets_its_file_and_0_whatever_happens(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    for result, said in [
        (graded(3), ""),
        (UNGRADABLE, "Python 2"),
        (SubmissionError("no notebook"), "no notebook"),
        (AuthoringError("golden is missing"), "golden is missing"),
        (ZeroDivisionError("ours"), "ZeroDivisionError: ours"),
    ]:
        fake.result = result
        assert run("hw.ipynb", "-o", "gradescope=results.json", "--hidden-results", "visible") == 0
        found = json.loads(Path("results.json").read_text())
        assert found["score"] == (3 if said == "" else 0)
        assert said in found["output"]
        Path("results.json").unlink()


def test_github_gets_annotations_a_fenced_page_and_a_summary(
    fake: Fake, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.result = graded(3)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    Path("summary.md").write_text("of an earlier step\n")
    assert run("hw.ipynb", "-o", "github") == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("::error title=Scores (3 of 4)::Not right")
    start = next(i for i, line in enumerate(lines) if line.startswith("::stop-commands::"))
    assert lines[-1] == f"::{lines[start].removeprefix('::stop-commands::')}::"
    assert "3 of 4 points" in lines[-2]
    summary = Path("summary.md").read_text(encoding="utf-8")
    assert summary.startswith("of an earlier step\n## Toy\n")
    assert "| 3 / 4 |" in summary


def test_summary_that_cannot_be_written_costs_nothing(
    fake: Fake, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "no/such/folder.md")
    assert run("hw.ipynb", "-o", "github=notes.txt") == 0
    out, err = capsys.readouterr()
    assert "4 of 4 points" in out
    assert "there is no job summary" in err
    assert Path("notes.txt").read_text().startswith("::notice title=4 of 4 points::")
