"""A command is a module and one line of the table."""

from __future__ import annotations

import argparse
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from grader import cli
from grader.commands import REGISTRY


def test_a_command_is_added_through_the_table_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    toy = ModuleType("grader.commands.toy")

    def add_arguments(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("word")

    def run(args: argparse.Namespace) -> int:
        print(f"toy got {args.word}")
        return 1

    vars(toy).update(DESCRIPTION="A toy.", add_arguments=add_arguments, run=run)
    monkeypatch.setitem(sys.modules, "grader.commands.toy", toy)
    monkeypatch.setitem(REGISTRY, "toy", "play")
    assert cli.main(["toy", "ball"]) == 1
    assert capsys.readouterr().out == "toy got ball\n"
    assert cli.main(["--help"]) == 0
    assert "  grade toy      play\n" in capsys.readouterr().out
    assert cli.main(["toy", "--help"]) == 0
    assert "usage: grade toy [-h] word\n\nA toy." in capsys.readouterr().out


@pytest.mark.parametrize("name", REGISTRY)
def test_every_command_of_the_table_has_its_module_and_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    module = import_module(f"grader.commands.{name}")
    assert callable(module.run)
    assert cli.main([name, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"usage: grade {name} ")


@pytest.mark.parametrize(
    ("words", "submission"),
    [
        (["hw.ipynb", "-v"], "hw.ipynb"),
        (["run", "hw.ipynb", "-v"], "hw.ipynb"),
        (["-v", "./golden"], "./golden"),
        (["./lint", "-v"], "./lint"),
        (["run", "golden", "-v"], "golden"),
        (["run.ipynb", "-v"], "run.ipynb"),
        (["batch.zip", "-v"], "batch.zip"),
    ],
)
def test_a_path_is_graded_with_or_without_the_word_run(words: list[str], submission: str) -> None:
    args = cli.parse(words)
    assert (args.submission, args.verbose) == ([submission], True)


def test_the_former_name_of_force_still_works_and_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.parse(["batch", "d", "--again"]).force is True
    assert cli.parse(["batch", "d", "--force"]).force is True
    assert cli.main(["batch", "--help"]) == 0
    out = capsys.readouterr().out
    assert "--force" in out
    assert "--again" not in out


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["lint", "--help"], ["batch", "--help"]])
def test_help_loads_nothing_heavy(words: list[str], tmp_path: Path) -> None:
    code = (
        "import sys; before = set(sys.modules);"  # coverage, which measures this process, loads sqlite3 itself
        "from grader import cli; cli.main(sys.argv[1:]);"
        "print([m for m in ('numpy', 'nbformat', 'IPython', 'jinja2', 'sqlite3') if m in set(sys.modules) - before])"
    )
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n")
