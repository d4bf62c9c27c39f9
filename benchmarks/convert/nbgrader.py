"""Points of hand-ins by `nbgrader autograde`, beside those by `grade` after `grade import nbgrader`.

    python benchmarks/convert/nbgrader.py --python PATH/TO/VENV/bin/python SOURCE.ipynb HAND_INS.toml

PATH/TO/VENV has nbgrader; it is not one of the project's dependencies. Each table of HAND_INS.toml is a hand-in: its
`changes` are made in the solution, `stub = true` hands in what was released. Both tools grade the same files.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from grader import grade
from grader.convert.source import read_cells

ASSIGNMENT = "a"
SCORES = """
import json, sys
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db") as book:
    found = {}
    for submission in book.assignment_submissions("a"):
        grades = [g for n in submission.notebooks for g in n.grades if g.cell.type == "GradeCell"]
        found[submission.student.id] = {g.name: g.auto_score or 0.0 for g in grades if g.cell.cell_type == "code"}
    print(json.dumps(found))
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", type=Path, required=True)
    parser.add_argument("source", type=Path)
    parser.add_argument("hand_ins", type=Path)
    args = parser.parse_args()
    hand_ins = tomllib.loads(args.hand_ins.read_text())
    with tempfile.TemporaryDirectory() as folder:
        theirs = by_nbgrader(args.python.absolute(), args.source.absolute(), hand_ins, Path(folder) / "theirs")
        ours = by_grade(args.source.absolute(), Path(folder) / "theirs" / "submitted", Path(folder) / "ours")
    different = 0
    for name in hand_ins:
        mine = {part: ours[name].get(part, 0.0) for part in theirs[name]}
        same = mine == theirs[name]
        different += not same
        print(f"{name:24} nbgrader {sum(theirs[name].values()):5g}  grade {sum(mine.values()):5g}  "
              f"{'same in every part' if same else f'DIFFERENT: {theirs[name]} and {mine}'}")  # fmt: skip
    print(f"{len(hand_ins)} hand-ins, {different} with other points")
    return different > 0


def by_nbgrader(python: Path, source: Path, hand_ins: dict[str, Any], course: Path) -> dict[str, dict[str, float]]:
    target = course / "source" / ASSIGNMENT
    target.mkdir(parents=True)
    notebook = as_notebook(source)
    for beside in source.parent.iterdir():
        if beside.is_file() and beside.suffix not in (".ipynb", ".py"):
            shutil.copy(beside, target)
    (target / "n.ipynb").write_text(json.dumps(notebook))

    def nbgrader(*words: str) -> None:
        subprocess.run([python.parent / "nbgrader", *words], cwd=course, check=True, capture_output=True)

    (course / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'c'\n")
    nbgrader("generate_assignment", ASSIGNMENT)
    for name, what in hand_ins.items():
        folder = course / "submitted" / name / ASSIGNMENT
        shutil.copytree(course / "release" / ASSIGNMENT, folder)
        if not what.get("stub"):
            released = json.loads((folder / "n.ipynb").read_text())
            (folder / "n.ipynb").write_text(json.dumps(filled(released, notebook, what.get("changes", []))))
    nbgrader("autograde", ASSIGNMENT)
    done = subprocess.run([python, "-c", SCORES], cwd=course, check=True, capture_output=True, text=True)
    scores: dict[str, dict[str, float]] = json.loads(done.stdout)
    return scores


def as_notebook(path: Path) -> dict[str, Any]:
    """A source as the JSON of a notebook, also from percent text."""
    if path.suffix == ".ipynb":
        found: dict[str, Any] = json.loads(path.read_text())
        return found
    cells = []
    for cell in read_cells(path):
        more = {"outputs": [], "execution_count": None} if cell.kind == "code" else {}
        meta = {"nbgrader": cell.metadata["nbgrader"]} if "nbgrader" in cell.metadata else {}
        cells.append({"cell_type": cell.kind, "source": cell.source, "metadata": meta, "id": f"c{cell.index}", **more})
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def filled(released: dict[str, Any], source: dict[str, Any], changes: list[list[str]]) -> dict[str, Any]:
    """What was released, its solution cells filled in with the changed solution."""
    solutions = {}
    for cell in source["cells"]:
        meta = cell["metadata"].get("nbgrader", {})
        if meta.get("solution"):
            text = "".join(cell["source"])
            lines = [line for line in text.split("\n") if "BEGIN SOLUTION" not in line and "END SOLUTION" not in line]
            solutions[meta["grade_id"]] = "\n".join(lines)
    for old, new in changes:
        assert any(old in text for text in solutions.values()), old
        solutions = {id: text.replace(old, new) for id, text in solutions.items()}
    for cell in released["cells"]:
        id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if id in solutions:
            cell["source"] = solutions[id]
    return released


def by_grade(source: Path, submitted: Path, course: Path) -> dict[str, dict[str, float]]:
    course.mkdir()
    words = [sys.executable, "-m", "grader"]
    where = ["--course", str(course)]
    for command in (
        ["import", "nbgrader", *where, str(source), "--id", ASSIGNMENT],
        ["golden", "record", *where, ASSIGNMENT],
        ["release", *where, ASSIGNMENT],
    ):
        subprocess.run([*words, *command], check=True, capture_output=True)
    found = {}
    for folder in sorted(submitted.iterdir()):
        report = grade(folder / ASSIGNMENT / "n.ipynb", assignment=ASSIGNMENT, course=course)
        found[folder.name] = {part.part.id: float(part.score) for part in report.parts if part.outcomes}
    return found


if __name__ == "__main__":
    sys.exit(main())
