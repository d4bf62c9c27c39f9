"""A system without `fork`, as Windows is: one clear line and no trace, whichever way the grader is called.

Simulated by taking away what Windows has not.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LINE = "grading does not run on Windows itself; in WSL it does"
WINDOWS = """\
import os, sys
del os.fork
sys.modules.update(dict.fromkeys(("fcntl", "resource", "pwd", "grp", "termios")))
"""
NOTEBOOK = """\
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "grader")
shell.run_line_magic("grade", "1")
"""


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("-m", "grader", "."), 2),
        (("-m", "grader", "doctor"), 2),
        (("-m", "grader", ".", "--watch"), 2),
        (("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:hypothesispytest"), 2),
        (("-c", "import grader\ntry: grader.grade('.')\nexcept Exception as e: print(e)"), 0),
        (("-c", NOTEBOOK), 0),
    ],
    ids=["grade", "doctor", "watch", "pytest", "python", "notebook"],
)
def test_one_line_says_where_it_works(words: tuple[str, ...], code: int, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(WINDOWS)
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("GRADE_", "COVERAGE"))}
    environment |= {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}", "IPYTHONDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, *words],
        cwd=shutil.copytree(ROOT / "assignments" / "tum_ex09", tmp_path / "homework"),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == code, said
    assert said.count(LINE) >= 1
    assert "Traceback" not in said
    assert "internal fault" not in said
    assert words[1] == "pytest" or len(said.strip().splitlines()) == 1


def test_help_and_version_work_everywhere(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(WINDOWS)
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    for word in ("--help", "--version"):
        words = [sys.executable, "-m", "grader", word]
        assert subprocess.run(words, env=environment, capture_output=True, check=False).returncode == 0
