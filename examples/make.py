"""Make the example submissions from the references, and the reports that they must get.

    python examples/make.py [ID ...]              write the submissions
    python examples/make.py --reports [ID ...]    grade those that lie here and store their reports

`examples/<id>/examples.toml` has one table for each submission, whose name becomes the file's:

    [two_mistakes]
    about = "what it shows"                     # for the reader
    edits = ["name of an edit in wrong.py or right.py", ...]
    changes = [{file = "layers/relu.py", old = "...", new = "..."}, ...]
    stub = true                                 # the released hand-out, unfilled, instead of the solution
    form = "notebook"                           # or "folder", or "zip" (its files without folders)

A submission is the solution with these edits and changes in this order, without the course's own files. The default
form is the notebook where the student hands in nothing else, and a folder otherwise. A report is what
`grade FILE --json` writes, without what differs from machine to machine: the keys in `VARYING`.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from grader.engine import grade
from grader.assignment.loading.course import find_course
from grader.assignment.notebooks import notebook_files
from grader.assignment.release.edits import right_edits, wrong_edits
from grader.assignment.release.release import build_solution
from grader.model import Assignment, Change, Edit, Report
from grader.report.json_report import to_json

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
VARYING = ("environment", "timings")
"""Top-level keys of a report that depend on the machine."""
ROUNDING = 1e-9
"""Errors below this are those of right code, and differ from one processor to the next."""
LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""Time of every file in a zip: the earliest that the format has, so that making it again changes nothing."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    parser = argparse.ArgumentParser(description="Make the example submissions and their reports.")
    parser.add_argument("ids", nargs="*", metavar="ID", help="assignments; all that have examples by default")
    parser.add_argument("--reports", action="store_true", help="grade the submissions and store their reports")
    options = parser.parse_args(arguments)
    for id in options.ids or sorted(path.parent.name for path in HERE.glob("*/examples.toml")):
        made = store_reports(id) if options.reports else make(id, HERE / id)
        for path in made:
            print(path.relative_to(ROOT))
    return 0


def specifications(id: str) -> Mapping[str, Mapping[str, Any]]:
    """The tables of an assignment's `examples.toml`, by the submission's name."""
    return tomllib.loads((HERE / id / "examples.toml").read_text(encoding="utf-8"))


def make(id: str, target: Path) -> list[Path]:
    """Write every example of an assignment into the folder `target`; returns what was written."""
    assignment = find_course(ROOT, ROOT).load(id)
    edits = {edit.name: edit for edit in (*wrong_edits(assignment), *right_edits(assignment))}
    made = []
    for name, wanted in specifications(id).items():
        with tempfile.TemporaryDirectory() as scratch:
            if wanted.get("stub"):
                source = assignment.handout
            else:
                source = Path(scratch) / "solution"
                build_solution(assignment, source, _edit(name, wanted, edits))
            made.append(_write(assignment, source, target / name, wanted))
    return made


def stored(report: Report) -> dict[str, Any]:
    """A report as it lies beside its example."""
    whole = to_json(report)
    whole["submission"]["path"] = Path(report.path).resolve().relative_to(ROOT).as_posix()
    return {key: value for key, value in whole.items() if key not in VARYING}


def differences(stored: object, now: object, at: str = "") -> list[str]:
    """Where two stored reports differ, one line each; numbers that differ by rounding count as the same."""
    if isinstance(stored, dict) and isinstance(now, dict):
        return [
            line
            for key in {**stored, **now}
            for line in differences(stored.get(key, "(nothing)"), now.get(key, "(nothing)"), f"{at}.{key}")
        ]
    if isinstance(stored, list) and isinstance(now, list) and len(stored) == len(now):
        return [line for n, pair in enumerate(zip(stored, now)) for line in differences(*pair, f"{at}[{n}]")]
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (stored, now))
    same = math.isclose(stored, now, rel_tol=1e-6, abs_tol=ROUNDING) if numbers else stored == now
    return [] if same else [f"{at[1:]}: stored {stored!r}, now {now!r}"]


def submission(id: str, name: str) -> Path:
    """Where an example lies."""
    return next(path for path in sorted((HERE / id).glob(f"{name}*")) if path.stem == name and path.suffix != ".json")


def store_reports(id: str) -> list[Path]:
    """Grade every example of an assignment and write `<name>.json` beside it."""
    written = []
    for name in specifications(id):
        path = HERE / id / f"{name}.json"
        report = stored(grade(submission(id, name), id, seed="recorded", course=ROOT))
        path.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        written.append(path)
    return written


def _edit(name: str, wanted: Mapping[str, Any], edits: Mapping[str, Edit]) -> Edit:
    unknown = [edit for edit in wanted.get("edits", ()) if edit not in edits]
    if unknown:
        sys.exit(f"examples.toml: [{name}] names the edit {unknown[0]!r}, which neither wrong.py nor right.py has")
    listed = [change for edit in wanted.get("edits", ()) for change in edits[edit].changes]
    return Edit(name=name, changes=(*listed, *(Change(**change) for change in wanted.get("changes", ()))))


def _write(assignment: Assignment, source: Path, target: Path, wanted: Mapping[str, Any]) -> Path:
    """Copy the student's files of a built solution or hand-out into the form that is handed in."""
    files = [*notebook_files(assignment), *assignment.student_files]
    form = wanted.get("form", "folder" if assignment.student_files else "notebook")
    if form == "notebook":
        target = target.with_name(target.name + ".ipynb")
        shutil.copyfile(source / files[0], target)
        return target
    if form == "zip":
        target = target.with_name(target.name + ".zip")
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in files:
                archive.writestr(zipfile.ZipInfo(Path(file).name, LONG_AGO), (source / file).read_bytes())
        return target
    shutil.rmtree(target, ignore_errors=True)
    for file in files:
        (target / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / file, target / file)
    return target


if __name__ == "__main__":
    sys.exit(main())
