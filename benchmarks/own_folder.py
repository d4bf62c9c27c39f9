"""Mistakes graded in the student's own folder and by the course: states, points and names of public checks in both.

    python benchmarks/own_folder.py [--limit N] [ID ...]

Each submission is the released hand-out filled in with the solution and one named mistake of `wrong.py`, or with one
of its regions left as the stub, and every fourth with both. It is graded as `grade .` does in a folder of its own, and
with the course's sources at the same points (a course otherwise draws points of its own for each hand-in). Prints each
difference and a table by assignment.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from grader.assignment.loading.course import find_course
from grader.assignment.release.edits import edited, wrong_edits
from grader.assignment.release.markers import regions, solved, stub_of
from grader.assignment.release.release import _tree, _write
from grader.engine import grade
from grader.model import Assignment, Edit, Outcome

ROOT = Path(__file__).resolve().parent.parent
Case = tuple[str, str | None, tuple[str, int] | None]
"""Assignment, name of a wrong edit, and the region (file, number) that is left as the stub."""
Row = dict[str, tuple[str, str, str]]
"""Check -> status, points, name of the mistake."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("ids", nargs="*", metavar="ID")
    parser.add_argument("--limit", type=int, default=30, help="submissions of an assignment, spread evenly")
    options = parser.parse_args(arguments)
    ids = options.ids or sorted(p.parent.name for p in (ROOT / "reference").glob("*/assignment.toml"))
    jobs = [case for id in ids for case in _spread(list(_cases(find_course(ROOT, None).load(id))), options.limit)]
    totals: Counter[tuple[str, str]] = Counter()
    with ProcessPoolExecutor(max_workers=2) as pool:
        for case, rows in zip(jobs, pool.map(_graded, jobs), strict=True):
            _count(case, *rows, totals)
    print(f"{'':12}" + "".join(f"{what:>14}" for what in COLUMNS))
    for id in [*ids, "all"]:
        print(f"{id:12}" + "".join(f"{totals[id, what]:14}" for what in COLUMNS))
    return int(any(totals["all", what] for what in ("status differs", "points differ")))


COLUMNS = (
    "submissions", "checks", "status differs", "points differ", "course names", "same name", "other name", "own alone"
)  # fmt: skip


def _cases(assignment: Assignment) -> Iterator[Case]:
    """Mistakes and gaps in turns."""
    edits = [edit.name for edit in wrong_edits(assignment)]
    gaps = [
        (path.relative_to(assignment.solution).as_posix(), number)
        for path in sorted(assignment.solution.rglob("*.py"))
        for number, _ in enumerate(regions(path.read_text(encoding="utf-8"), str(path)))
    ] if assignment.solution else []  # fmt: skip
    for number, name in enumerate(edits):
        yield assignment.id, name, gaps[number % len(gaps)] if gaps and number % 4 == 3 else None
    for gap in gaps:
        yield assignment.id, None, gap


def _spread(cases: Sequence[Case], limit: int) -> list[Case]:
    step = max(1.0, len(cases) / limit)
    return [cases[int(number * step)] for number in range(min(limit, len(cases)))]


def _graded(case: Case) -> tuple[Row, Row]:
    id, name, gap = case
    assignment = find_course(ROOT, None).load(id)
    with tempfile.TemporaryDirectory(prefix="own-folder-") as scratch:
        folder = Path(scratch) / "homework"
        shutil.copytree(assignment.handout, folder)
        edit = next((e for e in wrong_edits(assignment) if e.name == name), None)
        _fill_in(assignment, folder, edit, gap)
        alone = grade(folder, course=folder)
        course = grade(folder, id, course=ROOT, seed="recorded")
    return _row(alone.parts), _row(course.parts)


def _fill_in(assignment: Assignment, folder: Path, edit: Edit | None, gap: tuple[str, int] | None) -> None:
    def convert(text: str, file: str) -> str:
        path = Path(file)
        if gap is None or not path.as_posix().endswith(f"solution/{gap[0]}"):
            return solved(text, file)
        return stub_of(_without_marks(text, file, gap[1]), file)

    changed = edited(assignment, edit) if edit is not None else {}
    _write(_tree(assignment, convert, changed), folder)


def _without_marks(text: str, file: str, kept: int) -> str:
    """The text with every region solved but one, which keeps its marks."""
    found = regions(text, file)
    if kept >= len(found):  # an edit took it away
        return text
    lines = text.split("\n")
    region = found[kept]
    before, inside, after = lines[: region.begin - 1], lines[region.begin - 1 : region.end], lines[region.end :]
    return "\n".join([*_solved(before, file), *inside, *_solved(after, file)])


def _solved(lines: list[str], file: str) -> list[str]:
    return solved("\n".join(lines), file).split("\n")


def _row(parts: Sequence[object]) -> Row:
    outcomes: list[Outcome] = [o for part in parts for o in part.outcomes]  # type: ignore[attr-defined]
    return {
        o.check.id: (o.status, str(o.score), o.diagnosis.text if o.diagnosis is not None else "")
        for o in outcomes
        if o.check.visibility == "public"
    }


def _count(case: Case, alone: Row, course: Row, totals: Counter[tuple[str, str]]) -> None:
    found: Counter[str] = Counter(submissions=1)
    for check, (status, points, name) in course.items():
        own_status, own_points, own_name = alone[check]
        found["checks"] += 1
        found["status differs"] += own_status != status
        found["points differ"] += own_points != points
        found["course names"] += bool(name)
        found["same name"] += bool(name) and own_name == name
        found["other name"] += bool(name) and bool(own_name) and own_name != name
        found["own alone"] += bool(own_name) and not name
        if (own_status, own_points, own_name) != (status, points, name):
            print(f"{case}: {check}\n  own    {alone[check]}\n  course {course[check]}")
    for what, number in found.items():
        totals[case[0], what] += number
        totals["all", what] += number


if __name__ == "__main__":
    raise SystemExit(main())
