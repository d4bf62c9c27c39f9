"""A worker finds the packages that the command itself runs with, and one that is not needed leaves nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from grader.cli import main
from grader.execution import spawn

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "tum_ex09" / "correct.ipynb"


@pytest.mark.skipif(sys.prefix == sys.base_prefix, reason="needs an interpreter without these packages")
@pytest.mark.slow
def test_packages_installed_for_one_user_are_there_for_the_worker(tmp_path: Path) -> None:
    """As after `pip install --user`: on the path only through the user's own folder of packages."""
    base = Path(sys.base_prefix) / "bin" / f"python{sysconfig.get_python_version()}"
    if not base.exists():
        pytest.skip("the interpreter below the virtual environment has another name")
    environment = {**os.environ, "PYTHONUSERBASE": str(tmp_path), "HOME": str(tmp_path)}
    environment.pop("PYTHONPATH", None)
    ask = "import site; print(site.getusersitepackages())"
    told = subprocess.run([base, "-c", ask], env=environment, capture_output=True, text=True, check=True)
    packages = Path(told.stdout.strip())
    packages.mkdir(parents=True)
    (packages / "all.pth").write_text(f"{sysconfig.get_path('purelib')}\n{ROOT}\n")
    words = [base, "-P", "-m", "grader", EXAMPLE, "--course", ROOT, "--no-hidden", "--json"]
    done = subprocess.run(words, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "graded"


def test_an_interrupt_before_grading_begins_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`grade` starts its worker before it loads what grades."""

    class Interrupt:
        def find_spec(self, name: str, *more: object) -> None:
            if name == "grader.engine":
                raise KeyboardInterrupt

    monkeypatch.setattr(spawn.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(sys, "meta_path", [Interrupt(), *sys.meta_path])
    monkeypatch.delitem(sys.modules, "grader.engine", raising=False)
    monkeypatch.delattr(sys.modules["grader"], "engine", raising=False)
    assert main([str(EXAMPLE), "--course", str(ROOT)]) == 130
    assert list(tmp_path.iterdir()) == []
