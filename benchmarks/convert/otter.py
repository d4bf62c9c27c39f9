"""Points of hand-ins by `otter run`, beside those by `grade` after `grade import otter`.

    python benchmarks/convert/otter.py --python PATH/TO/VENV/bin/python SOURCE.ipynb HAND_INS.toml

PATH/TO/VENV has otter-grader, which the project does not depend on. Each table of HAND_INS.toml is a hand-in: its
`changes` are made in the solution, `stub = true` hands in what students get. Both tools grade the same files.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any

from grader import grade

ASSIGNMENT = "a"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", type=Path, required=True)
    parser.add_argument("source", type=Path)
    parser.add_argument("hand_ins", type=Path)
    args = parser.parse_args()
    hand_ins = tomllib.loads(args.hand_ins.read_text())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = submissions(args.python.absolute(), args.source.absolute(), hand_ins, folder)
        theirs = {name: by_otter(args.python.absolute(), folder, path) for name, path in files.items()}
        ours = by_grade(args.source.absolute(), files, folder / "ours")
    different = 0
    for name in hand_ins:
        mine = {part: round(ours[name].get(part, 0.0), 4) for part in theirs[name]}
        same = mine == theirs[name]
        different += not same
        print(f"{name:24} otter {sum(theirs[name].values()):6.4g}  grade {sum(mine.values()):6.4g}  "
              f"{'same in every part' if same else f'DIFFERENT: {theirs[name]} and {mine}'}")  # fmt: skip
    print(f"{len(hand_ins)} hand-ins, {different} with other points")
    return different > 0


def run(python: Path, folder: Path, *words: str) -> None:
    path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run([python.parent / "otter", *words], cwd=folder, check=True, capture_output=True,
                   env=os.environ | {"PATH": path})  # fmt: skip


def submissions(python: Path, source: Path, hand_ins: dict[str, Any], folder: Path) -> dict[str, Path]:
    for beside in source.parent.iterdir():
        if beside == source or (beside.is_file() and beside.suffix not in (".ipynb",)):
            shutil.copy(beside, folder)
    run(python, folder, "assign", source.name, "dist")
    files = {}
    for name, what in hand_ins.items():
        kind = "student" if what.get("stub") else "autograder"
        notebook = json.loads((folder / "dist" / kind / source.name).read_text())
        for old, new in what.get("changes", []):
            cells = [c for c in notebook["cells"] if old in "".join(c["source"]) and c["cell_type"] == "code"]
            assert cells, old
            for cell in cells:
                cell["source"] = "".join(cell["source"]).replace(old, new)
        files[name] = folder / name / source.name
        files[name].parent.mkdir()
        files[name].write_text(json.dumps(notebook))
    return files


def by_otter(python: Path, folder: Path, file: Path) -> dict[str, float]:
    (archive,) = (folder / "dist" / "autograder").glob("*.zip")
    run(python, folder, "run", "-a", str(archive), str(file), "-o", str(file.parent))
    found: defaultdict[str, float] = defaultdict(float)
    for test in json.loads((file.parent / "results.json").read_text())["tests"]:
        if test.get("max_score") and "score" in test and test["name"] != "Public Tests":
            found[test["name"].split(" - ")[0]] += test["score"]
    return {name: round(score, 4) for name, score in found.items()}


def by_grade(source: Path, files: dict[str, Path], course: Path) -> dict[str, dict[str, float]]:
    course.mkdir()
    where = ["--course", str(course)]
    for command in (
        ["import", "otter", *where, str(source), "--id", ASSIGNMENT],
        ["golden", "record", *where, ASSIGNMENT],
        ["release", *where, ASSIGNMENT],
    ):
        subprocess.run([sys.executable, "-m", "grader", *command], check=True, capture_output=True)
    found = {}
    for name, file in files.items():
        report = grade(file, assignment=ASSIGNMENT, course=course)
        found[name] = {part.part.id: float(part.score) for part in report.parts if part.outcomes}
    return found


if __name__ == "__main__":
    sys.exit(main())
