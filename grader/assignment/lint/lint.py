"""Find what does not fit together in an assignment's sources, without running the solution.

Owns points, parts, files, the hand-out, golden files and edits; names are looked up by `lint_names`, tolerances
measured by `lint_tolerances`. Whether the reference passes and the wrong edits fail is for those who run them.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import get_args

import numpy as np

from grader.assignment.golden.golden import Array, read_golden
from grader.assignment.golden.provenance import stale
from grader.assignment.lint.issue import Issue
from grader.assignment.lint.names import lint_names
from grader.assignment.lint.tolerances import lint_tolerances
from grader.assignment.loading.check_source import HIDDEN, PUBLIC, hidden_files, public_files
from grader.assignment.loading.manifest import FILE, line_of, read_manifest
from grader.assignment.loading.own_words import can_fail
from grader.assignment.notebooks import by_notebook, percent_files
from grader.assignment.release.edits import EQUIVALENT, RIGHT, WRONG, edited, equivalents, right_edits, wrong_edits
from grader.assignment.release.markers import has_solution, regions, solved
from grader.assignment.release.release import GOLDEN_HIDDEN, GOLDEN_PUBLIC, check_handout
from grader.assignment.requirements import other_versions
from grader.assignment.solution import entangled
from grader.errors import AuthoringError
from grader.model import Assignment, Edit, Visibility
from grader.worker.syntax import parse_tree

UNSEEDED = frozenset(("default_rng", "RandomState", "SeedSequence", "Random", "SystemRandom", "PCG64", "uuid4"))
"""What takes its seed from the machine where it is called without one."""
CLOCKS = frozenset(("time.time", "datetime.now", "os.getpid"))
"""What may be taken for data; a timer such as `time.monotonic` sets a deadline, and is not warned of."""
_GOLDEN: Mapping[Visibility, str] = {"public": GOLDEN_PUBLIC, "hidden": GOLDEN_HIDDEN}


def lint(assignment: Assignment) -> list[Issue]:
    """Everything that does not fit together, in the order of the topics.

    Level ``error`` makes wrong scores or no release, ``warning`` deserves a look, ``inconsistent`` repeats where the
    hand-out contradicts itself and the author said so. Of a hand-out alone, what needs the sources is left out.
    """
    observations: dict[str, Mapping[str, Array]] = {}
    topics: list[Callable[[Assignment], Iterator[Issue]]] = [_points, _parts, _requirements, _unseeded]
    if assignment.solution is not None:
        topics += [_files, lint_names, _handout]
    topics.append(lambda a: _golden(a, observations))
    topics.append(lambda a: lint_tolerances(a, observations))
    if assignment.solution is not None:
        topics += [_wrong, _right, _equivalent, _entangled]
    topics.append(_inconsistent)
    return [finding for topic in topics for finding in _caught(assignment, topic)]


def _caught(assignment: Assignment, topic: Callable[[Assignment], Iterator[Issue]]) -> Iterator[Issue]:
    """The topic's findings; an error that ends it is one of them, and the next topic goes on."""
    try:
        yield from topic(assignment)
    except AuthoringError as error:
        where, _, what = str(error).removeprefix(f"{assignment.root}/").partition(": ")
        yield Issue("error", where, what) if what else Issue("error", FILE, where)


def _points(assignment: Assignment) -> Iterator[Issue]:
    automatic = sum((c.points for c in assignment.checks if c.part.id not in assignment.extra), Fraction(0))
    manual = sum((part.points for part in assignment.manual), Fraction(0))
    if automatic + manual != assignment.points:
        given = f"{automatic} automatic and {manual} manual points are {automatic + manual}"
        yield Issue("error", _at(assignment, "points"), f"{given}, declared are {assignment.points}")
    for path in (*public_files(assignment.root), *hidden_files(assignment.root)):
        if path.name not in (PUBLIC, HIDDEN) and not any(path.name in check.files for check in assignment.checks):
            yield Issue("warning", path.name, "is imported by no check file")
    for check in assignment.checks:
        if check.points < 0:
            yield Issue("error", check.file, f"check {check.id} has {check.points} points; points are 0 or more")


def _parts(assignment: Assignment) -> Iterator[Issue]:
    where = _at(assignment, "order")
    automatic = {check.part.id for check in assignment.checks}
    manual = [entry.part.id for entry in assignment.manual]
    for id in assignment.order:
        if id not in automatic and id not in manual:
            yield Issue("error", where, f"order names part {id}, which has neither checks nor a [[manual]] entry")
    for part in assignment.parts:
        if part.id not in assignment.order:
            yield Issue("error", where, f"part {part.id} ({part.title}) is missing from order")
    for index, id in enumerate(manual):
        if id in automatic:
            at = _at(assignment, "id", "manual", index)
            yield Issue("error", at, f"part {id} is marked by a person and has checks, too; split it into two parts")


def _requirements(assignment: Assignment) -> Iterator[Issue]:
    for what in other_versions(assignment):
        yield Issue("warning", _at(assignment, "requirements"), what)


def _unseeded(assignment: Assignment) -> Iterator[Issue]:
    """Random numbers that no seed fixes: they differ between recording and grading."""
    files = {file: text for check in assignment.checks for file, text in check.files.items()}
    for file, text in files.items():
        for node in ast.walk(parse_tree(text)):
            if not isinstance(node, ast.Call) or node.args or node.keywords:
                continue
            name = ast.unparse(node.func)
            if name.rpartition(".")[2] in UNSEEDED or name in CLOCKS:
                what = f"`{name}()` gives something else at every run; draw from `rng`, which is seeded"
                yield Issue("warning", f"{file}:{node.lineno}", what)


def _files(assignment: Assignment) -> Iterator[Issue]:
    solution = assignment.solution
    assert solution is not None  # only then is it asked for
    notebooks = percent_files(assignment)
    of_notebooks = "notebooks" if assignment.notebooks else "notebook"
    where = {"student_files": assignment.student_files, "provided_files": assignment.provided_files}
    regions_seen = 0
    for key, names in (*where.items(), (of_notebooks, notebooks)):
        for name in names:
            path = solution / name
            if not path.is_file():
                yield Issue("error", _at(assignment, key), f"{key}: there is no solution/{name}")
            elif key == "provided_files" and path.suffix == ".py" and has_solution(path.read_text(encoding="utf-8")):
                yield Issue("error", _at(assignment, key), f"solution/{name} is provided and has a solution region")
            elif key != "provided_files":
                count = len(regions(path.read_text(encoding="utf-8"), str(path)))
                regions_seen += count
                if key == "student_files" and not count:
                    yield Issue("error", _at(assignment, key), f"solution/{name} has no solution region to fill in")
    if not regions_seen and assignment.checks:
        yield Issue("error", FILE, "no file has a solution region: the hand-out would hold the whole solution")
    known = {*assignment.student_files, *assignment.provided_files, *notebooks}
    for path in sorted(solution.rglob("*.py")):
        name = path.relative_to(solution).as_posix()
        if name not in known and ".ipynb_checkpoints" not in name:
            what = f"solution/{name} is in neither student_files nor provided_files: a student's edit of it will count"
            yield Issue("warning", FILE, what)


def _handout(assignment: Assignment) -> Iterator[Issue]:
    for difference in check_handout(assignment):
        yield Issue("error", f"assignments/{assignment.id}", f"{difference}; run `grade release`")


def _golden(assignment: Assignment, observations: dict[str, Mapping[str, Array]]) -> Iterator[Issue]:
    """Findings about the golden files; what could be read of them is left in `observations`."""
    for visibility in get_args(Visibility):
        name = _GOLDEN[visibility]
        path: Path = assignment.root / name
        checks = {check.id: check for check in assignment.checks if check.visibility == visibility}
        if not checks and not path.exists():
            continue
        if not path.exists():
            yield Issue("error", name, f"is missing for {len(checks)} {visibility} checks; run `grade golden record`")
            continue
        golden = read_golden(path)
        observations.update(golden.observations)
        for what in stale(golden.provenance, assignment):
            yield Issue("error", name, f"{what}; run `grade golden record`")
        for id in sorted(golden.observations.keys() - checks.keys()):
            yield Issue("error", name, f"holds {id}, which is no {visibility} check; run `grade golden record`")
        for id, check in checks.items():
            bare = can_fail(check) and id in golden.observations
            if check.judge is None and not golden.observations.get(id) and not bare:
                yield Issue("error", name, f"holds nothing for check {id}; run `grade golden record`")
            if bare and not golden.observations[id]:
                what = "has only asserts, which code that takes over its process can pass; return values where you can"
                yield Issue("warning", check.file, f"check {id} {what}")
            for array_name, array in golden.observations.get(id, {}).items():
                numbers = isinstance(array, np.ndarray) and array.dtype.kind in "fc"
                if check.judge is None and numbers and not np.isfinite(array).all():
                    yield Issue("warning", name, f"check {id}: {array_name} expects nan or inf; draw other points")


def _wrong(assignment: Assignment) -> Iterator[Issue]:
    edits = wrong_edits(assignment)
    if not edits:
        yield Issue("warning", WRONG, "holds no edits: nothing shows that the checks can fail")
    ids = {check.id for check in assignment.checks}
    for edit in edits:
        yield from _edit(assignment, edit, WRONG)
        if not edit.fails:
            yield Issue("error", WRONG, f"edit {edit.name!r} names no check that must fail")
        for id in (*edit.fails, *edit.may_fail):
            if id not in ids:
                yield Issue("error", WRONG, f"edit {edit.name!r} fails {id}, which is no check")
        for id in set(edit.fails) & set(edit.may_fail):
            yield Issue("error", WRONG, f"edit {edit.name!r} must fail {id} and may pass it; name it once")
    untouched = ids - {id for edit in edits for id in edit.fails}
    for check in assignment.checks:
        if edits and check.id in untouched:
            yield Issue("warning", WRONG, f"no edit fails check {check.id}: nothing shows that it can fail")


def _right(assignment: Assignment) -> Iterator[Issue]:
    for edit in right_edits(assignment):
        yield from _edit(assignment, edit, RIGHT)
        if edit.fails:
            yield Issue("error", RIGHT, f"edit {edit.name!r} is a right one and names checks that fail")


def _equivalent(assignment: Assignment) -> Iterator[Issue]:
    assert assignment.solution is not None  # only then is it asked for
    for one in equivalents(assignment):
        path = assignment.solution / one.file
        if not path.is_file() or one.code not in path.read_text(encoding="utf-8"):
            yield Issue("error", EQUIVALENT, f"solution/{one.file} has no {one.code!r}; take the entry out")


def _entangled(assignment: Assignment) -> Iterator[Issue]:
    for check, tangle in (pair for one in by_notebook(assignment) for pair in entangled(one)):
        what = (
            f"check {check.id} has no follow-through for {tangle.name}: the solution's own needs {tangle.asked}, which"
        )
        yield Issue("warning", check.file, f"{what} the check asks for")


def _edit(assignment: Assignment, edit: Edit, file: str) -> Iterator[Issue]:
    assert assignment.solution is not None  # only then is it asked for
    try:
        changed = edited(assignment, edit)
        for name, text in changed.items():
            solved(text, name)
            if text == (assignment.solution / name).read_text(encoding="utf-8"):
                yield Issue("error", file, f"edit {edit.name!r} leaves solution/{name} as it is")
    except AuthoringError as error:
        yield Issue("error", file, str(error).replace(f"{assignment.root}/", ""))


def _inconsistent(assignment: Assignment) -> Iterator[Issue]:
    for index, what in enumerate(read_manifest(assignment.root).inconsistent):
        yield Issue("inconsistent", _at(assignment, "what", "inconsistent", index), what)


def _at(assignment: Assignment, key: str, table: str = "", index: int = 0) -> str:
    return line_of(assignment.root, key, table, index)
