#!/usr/bin/env python3
"""Set the project up in `.venv` and run one command in it: `python3 start.py grade FILE`, `python3 start.py test`.

Needs nothing but Python 3.11 or newer: no pip, no ensurepip (Debian ships Python without either), and it leaves the
system's own Python alone.
"""

import json
import os
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = Path(os.environ.get("GRADE_VENV") or HERE / ".venv")
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
PYPI = "https://pypi.org/pypi/pip/json"
INDEX = "https://pypi.org/simple/pip/"


def main() -> int:
    if sys.version_info < (3, 11):
        print(f"start.py: Python 3.11 or newer is needed; this is {sys.version.split()[0]}", file=sys.stderr)
        return 2
    words = sys.argv[1:]
    if not words or words[0] not in {"grade", "test"}:
        print("usage: python3 start.py grade SUBMISSION [OPTION …]\n       python3 start.py test [PYTEST OPTION …]")
        return 2
    extra = "[dev]" if words[0] == "test" else ""
    if not set_up(extra):
        return 4
    if words[0] == "grade":
        return subprocess.call([str(BIN / "grade"), *words[1:]])
    # files in their order: by number of tests, the few long ones would run alone at the end
    several = ["-n", str(min(os.cpu_count() or 1, 4)), "--dist", "loadfile", "--no-loadscope-reorder"]
    command = ["-m", "pytest", *several, *words[1:]]
    # hundreds of short runs of `grade`: without its compiled modules each would take a third longer
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.call([str(PYTHON), *command], cwd=HERE, env=kept)


def set_up(extra: str) -> bool:
    """Make `.venv` with the project installed, unless it is there and current."""
    mark, wanted = VENV / "installed.txt", (HERE / "pyproject.toml").read_text() + extra
    have = mark.read_text() if mark.is_file() else ""
    if have in (wanted, wanted.removesuffix(extra) + "[dev]"):
        return True
    print(f"start.py: setting up {VENV} (a minute or two, once) …", file=sys.stderr, flush=True)
    if not PYTHON.exists():
        venv.create(VENV, with_pip=False, symlinks=os.name != "nt")
    try:
        installer = pip()
    except OSError as error:
        print(f"start.py: pip could not be fetched from PyPI ({error}); is there a network?", file=sys.stderr)
        return False
    if subprocess.call([*installer, "install", "--quiet", "--editable", f"{HERE}{extra}"]) != 0:
        print("start.py: the packages could not be installed; the lines above say why", file=sys.stderr)
        return False
    mark.write_text(wanted)
    return True


def pip() -> list[str]:
    """A pip command that installs into `.venv`: its own, made by ensurepip, lent by the system, or from PyPI."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    inside = [str(PYTHON), "-m", "pip", "--disable-pip-version-check"]
    for attempt in (None, [str(PYTHON), "-m", "ensurepip", "--upgrade"]):
        if attempt is not None and subprocess.call(attempt, **quiet) != 0:
            continue
        if subprocess.call([*inside, "--version"], **quiet) == 0:
            return inside
    lent = [sys.executable, "-m", "pip", "--python", str(PYTHON), "--disable-pip-version-check"]
    if subprocess.call([*lent, "--version"], **quiet) == 0:
        return lent
    with urllib.request.urlopen(PYPI, timeout=60) as answer:
        wheel = next(f for f in json.load(answer)["urls"] if f["packagetype"] == "bdist_wheel")
    target = Path(tempfile.mkdtemp()) / wheel["filename"]
    urllib.request.urlretrieve(urllib.parse.urljoin(INDEX, wheel["url"]), target)  # a mirror may give relative ones
    return [str(PYTHON), str(target / "pip"), "--disable-pip-version-check"]


if __name__ == "__main__":
    sys.exit(main())
