"""A made-up cohort: hand-ins from the references and their named edits, of every kind that a course sees.

`benchmarks/cohort` makes its three hundred with it, the tests a handful. The same seed makes the same bytes.
"""

from __future__ import annotations

import io
import json
import random
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from grader.assignment.loading.course import Course
from grader.assignment.release.edits import right_edits, wrong_edits
from grader.assignment.release.release import build_solution
from grader.errors import AuthoringError
from grader.model import Assignment, Edit

KINDS = ("correct", "wrong", "half", "broken", "hostile")
SHARES = (0.3, 0.35, 0.15, 0.1, 0.1)
LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The time of every file in a zip, so that the same cohort has the same bytes."""

HOSTILE: Mapping[str, str] = {
    "exits": "import os\nos._exit(0)",
    "raises SystemExit": "raise SystemExit(0)",
    "kills its parent": "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)",
    "patches the comparison": "import numpy as np\nnp.allclose = lambda *a, **k: True\nnp.array_equal = np.allclose",
    "prints escapes": "print('\\x1b]0;owned\\x07\\x1b[2J' * 50)",
    "prints megabytes": "for _ in range(200):\n    print('x' * 100_000)",
    "looks for the store": "import glob\nprint(glob.glob('/tmp/**/*.sqlite', recursive=True)[:5])",
    "leaves a process": "import subprocess\nsubprocess.Popen(['sleep', '600'], start_new_session=True)",
    "writes to its home": "import os\nopen(os.path.expanduser('~/left'), 'w').write('x')",
    "takes memory": "big = bytearray(64 << 30)",
}
"""What a cell before the solution does; the solution itself is right."""


def make_cohort(course: Course, target: Path, counts: Mapping[str, int], *, seed: int = 1) -> list[str]:
    """Write `counts[id]` hand-ins of each assignment into `target`; returns their names, `<id>-<number>-<kind>`."""
    target.mkdir(parents=True, exist_ok=True)
    names = []
    for id, count in counts.items():
        assignment = course.load(id)
        rng = random.Random(f"{seed} {id}")
        for n in range(count):
            kind = KINDS[_kind(n, count)]
            name = f"{id}-{n:03}-{kind}"
            make_one(assignment, target, name, kind, rng)
            names.append(name)
    return names


def _kind(n: int, count: int) -> int:
    """Kinds in their shares, at least one of each where there are enough."""
    at, below = (n + 0.5) / count, 0.0
    for kind, share in enumerate(SHARES):
        below += share
        if at < below:
            return kind
    return len(SHARES) - 1


def make_one(assignment: Assignment, target: Path, name: str, kind: str, rng: random.Random) -> None:
    """Write one hand-in: a notebook where the student hands in nothing else, otherwise a folder or a zip of it."""
    if kind == "broken":
        _broken(assignment, target, name, rng)
        return
    with tempfile.TemporaryDirectory() as scratch:
        built = Path(scratch) / "built"
        if kind == "wrong":
            _build_wrong(assignment, built, rng)
        else:
            edits = [None, *right_edits(assignment)] if kind == "correct" else [None]
            build_solution(assignment, built, rng.choice(edits))
        if kind == "half":
            _take_away(assignment, built, rng)
        if assignment.notebook is not None:
            cell = HOSTILE[rng.choice(list(HOSTILE))] if kind == "hostile" else None
            _sign(built / assignment.notebook, name, cell)
        elif kind == "hostile":
            file = built / assignment.student_files[0]
            file.write_text(HOSTILE[rng.choice(list(HOSTILE))] + "\n" + file.read_text())
        _hand_in(assignment, built, target, name, rng)


def _build_wrong(assignment: Assignment, built: Path, rng: random.Random) -> None:
    """One named mistake, often two; some pairs exclude one another."""
    edits = wrong_edits(assignment)
    for count in (2, 1) if rng.random() < 0.4 else (1,):
        for _ in range(5):
            chosen = rng.sample(edits, count)
            try:
                build_solution(assignment, built, _joined(chosen))
            except AuthoringError:
                shutil.rmtree(built, ignore_errors=True)
                continue
            return
    raise AssertionError(f"{assignment.id}: no wrong edit applies")


def _joined(edits: Sequence[Edit]) -> Edit:
    return Edit(name=" and ".join(e.name for e in edits), changes=tuple(c for e in edits for c in e.changes))


def _take_away(assignment: Assignment, built: Path, rng: random.Random) -> None:
    """Put the hand-out's stubs back: half of the modules, and half of the cells that the student was to fill in."""
    for file in assignment.student_files:
        if rng.random() < 0.5:
            shutil.copyfile(assignment.handout / file, built / file)
    if assignment.notebook is None:
        return
    path = built / assignment.notebook
    whole, stub = _read(path), _read(assignment.handout / assignment.notebook)
    if len(whole["cells"]) == len(stub["cells"]):
        for n, cell in enumerate(stub["cells"]):
            if cell["source"] != whole["cells"][n]["source"] and rng.random() < 0.5:
                whole["cells"][n] = cell
    _write(path, whole)


def _sign(path: Path, name: str, cell: str | None) -> None:
    """A first cell with the student's name, so that no two are alike, and one of their own code after the imports."""
    whole = _read(path)
    signature = {"cell_type": "markdown", "id": "name", "metadata": {}, "source": f"Handed in by {name}"}
    whole["cells"].insert(0, signature)
    if cell is not None:
        code = {
            "cell_type": "code",
            "id": "own",
            "metadata": {},
            "source": cell,
            "outputs": [],
            "execution_count": None,
        }
        whole["cells"].insert(len(whole["cells"]) // 2, code)
    _write(path, whole)


def _hand_in(assignment: Assignment, built: Path, target: Path, name: str, rng: random.Random) -> None:
    files = [file for file in (assignment.notebook, *assignment.student_files) if file is not None]
    if files == [assignment.notebook]:
        shutil.copyfile(built / files[0], target / f"{name}.ipynb")
        return
    if rng.random() < 0.5:
        (target / f"{name}.zip").write_bytes(_zipped({file: (built / file).read_bytes() for file in files}))
        return
    for file in files:
        (target / name / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(built / file, target / name / file)


def _broken(assignment: Assignment, target: Path, name: str, rng: random.Random) -> None:
    notebook = assignment.notebook
    text = (assignment.handout / notebook).read_bytes() if notebook is not None else b"{}"
    ways: list[Callable[[], tuple[str, bytes]]] = [
        lambda: ("ipynb", text[: len(text) // 2] + name.encode()),
        lambda: ("ipynb", b""),
        lambda: ("zip", _zipped({"a.txt": name.encode()})),
        lambda: ("zip", b"PK\x03\x04" + name.encode()),
        lambda: ("zip", _zipped({"../../escaped.py": b"x"})),
        lambda: ("ipynb", b"%PDF-1.4 " + name.encode()),
    ]
    suffix, data = rng.choice(ways)()
    (target / f"{name}.{suffix}").write_bytes(data)


def _zipped(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, data in files.items():
            archive.writestr(zipfile.ZipInfo(file, LONG_AGO), data)
    return buffer.getvalue()


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _write(path: Path, notebook: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(notebook, indent=1), encoding="utf-8")
