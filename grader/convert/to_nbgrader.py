"""An assignment as a source notebook of nbgrader: the way back from `nbgrader`.

Solution regions stay as they are, each recorded check becomes a test cell that compares with its golden values, and a
part for a person a cell marked by hand. A check that needs this grader is left out and listed.
"""

from __future__ import annotations

import ast
import base64
import io
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct

from grader.assignment.golden.golden import read_golden
from grader.assignment.loading.check_source import bound_by, in_one_namespace
from grader.assignment.release.markers import BEGIN, STUB
from grader.assignment.release.percent import dumps, notebook_of
from grader.convert.to_notebook import solution_text
from grader.errors import AuthoringError
from grader.model import Assignment, Check, Plain, Tolerance
from grader.submission.source.definitions import definitions
from grader.submission.source.sections import Path as Headings
from grader.submission.source.sections import descend, headings, matches
from grader.worker.syntax import names_in

SETUP = '''\
# For the checks below: leave it as it is.
import base64, importlib, io, zlib
import numpy as np

class _Student:
    def __getattr__(self, name):
        for module, attribute in {places!r}.get(name, []):
            holder = vars(importlib.import_module(module)) if module else globals()
            if attribute in holder:
                return holder[attribute]
        raise NameError(f"{{name}} is not defined")

def _same(got, expected, rtol, share, atol):
    if not isinstance(expected, np.ndarray):
        return got == expected
    got = np.asarray(got)
    if got.shape != expected.shape or not np.array_equal(np.isfinite(got), np.isfinite(expected)):
        return False
    size = np.abs(expected).max(initial=0.0, where=np.isfinite(expected))
    return bool(np.allclose(got, expected, rtol=rtol, atol=share * size + atol, equal_nan=True))

def _earned(probe, key, expected, limits, points):
    """The points of a check: every value earns an equal share."""
    expected = {{k: v if isinstance(v, (str, int)) else np.load(io.BytesIO(zlib.decompress(base64.b85decode(v[0]))))
                for k, v in expected.items()}}
    got = probe(_Student(), np.random.Generator(np.random.PCG64(np.random.SeedSequence([{seed}, key]))))
    wrong = [name for name, value in expected.items() if not _same(got.get(name), value, *limits[name])]
    for name in wrong:
        print(f"{{name}} is not right")
    return round(points * (1 - len(wrong) / len(expected)), 6)
'''
_ONLY_HERE = frozenset(("check_grad", "numerical_gradient", "numerical_gradient_array", "rel_error", "figure_data",
                        "fail", "NeedsManualGrading", "ForPerson"))  # fmt: skip
_RULES = frozenset(("max", "allclose"))


class Exported(Struct, frozen=True):
    """The notebook, and what is not in it."""

    notebook: bytes
    left: tuple[str, ...]


def nbgrader_notebook(assignment: Assignment) -> Exported:
    """The source notebook; raises as `solution_text`."""
    notebook = notebook_of(*solution_text(assignment))
    golden = _golden(assignment)
    left: list[str] = []
    tests: dict[int, list[dict[str, Any]]] = {}
    defined = {
        found.name: at
        for at, cell in enumerate(notebook["cells"])
        if cell["cell_type"] == "code"
        for found in definitions("".join(cell["source"])).found
    }
    last = len(notebook["cells"]) - 1
    for check in assignment.checks:
        why = _why_not(check, golden.get(check.id, {}))
        if why:
            left.append(f"{check.id} ({check.points} points of part {check.part.id}): {why}")
            continue
        at = max((defined.get(uses.name, last) for uses in check.uses), default=last)
        tests.setdefault(at, []).append(_test(check, golden[check.id]))
    places = {name: [(p.module, p.name) for p in found] for name, found in assignment.names.items()}
    setup: dict[str, Any] | None = _cell("checks_setup", SETUP.format(places=places, seed=assignment.seed), locked=True)
    cells: list[dict[str, Any]] = []
    under: Headings = ()
    asked: set[str] = set()
    for at, cell in enumerate(notebook["cells"]):
        text = "".join(cell["source"])
        for heading in headings(text, questions=True) if cell["cell_type"] == "markdown" else ():
            under = descend(under, heading)
        manual = next((m for m in assignment.manual if any(matches(h.title, m.under) for h in under)), None)
        if BEGIN in text:
            kept = [line for line in text.split("\n") if not line.strip().startswith(STUB)]
            if len(kept) < len(text.split("\n")):
                left.append(f"cell {at}: its stub text, in the place of which nbgrader puts its own")
            by_hand = manual if manual is not None and manual.part.id not in asked else None
            asked |= {by_hand.part.id} if by_hand is not None else set()
            points = float(by_hand.points) if by_hand is not None else None
            _mark(cell, f"answer_{at}", solution=True, points=points)
            cell["source"] = "\n".join(kept).splitlines(keepends=True)
        cells.append(cell)
        if at in tests and setup is not None:
            cells.append(setup)
            setup = None
        cells += tests.get(at, ())
    left += [f"part {m.part.id}: its heading has no cell with a solution region"
             for m in assignment.manual if m.part.id not in asked]  # fmt: skip
    left += [f"{name}: goes in as the hand-out's stub, since nbgrader clears notebooks only"
             for name in assignment.student_files]  # fmt: skip
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    return Exported(dumps({**notebook, "cells": cells}).encode(), tuple(left))


def _golden(assignment: Assignment) -> Mapping[str, Mapping[str, Any]]:
    files = [assignment.root / "golden" / f"{name}.json" for name in ("public", "hidden")]
    return {id: values for file in files if file.is_file() for id, values in read_golden(file).observations.items()}


def _why_not(check: Check, expected: Mapping[str, Any]) -> str:
    if check.judge is not None:
        return "its judge runs in this grader only"
    if check.forbid or check.require:
        return "what it forbids or requires is seen by this grader only"
    if not expected:
        return "it has no golden values"
    if any(isinstance(v, Plain) and not isinstance(v.value, str | int) for v in expected.values()):
        return "it compares values that are neither arrays nor text"
    if {check.tolerances.get(name, check.tolerance).rule for name in expected} - _RULES:
        return "its tolerance has a rule of this grader's own"
    used = set(names_in(ast.parse(_needed(check))))
    return f"it uses {', '.join(sorted(used & _ONLY_HERE))} of this grader" if used & _ONLY_HERE else ""


def _test(check: Check, expected: Mapping[str, Any]) -> dict[str, Any]:
    """A test cell; of a hidden check all but its title is hidden."""
    limits = {name: _limits(check.tolerances.get(name, check.tolerance)) for name in expected}
    key = zlib.crc32(check.id.encode())  # of its random generator, as in `grader.worker.probe`
    points = round(float(check.points), 6)  # as `_earned` rounds
    body = [
        _needed(check),
        f"_expected = {{{', '.join(f'{name!r}: {_literal(value)}' for name, value in expected.items())}}}",
        f"_points = _earned({check.id}, {key}, _expected, {limits!r}, {points!r})",
    ]
    if check.all_or_nothing:
        body.append(f"_points = _points if _points == {points!r} else 0.0")
    if check.visibility == "hidden":
        body = ["### BEGIN HIDDEN TESTS", *body, "_points", "### END HIDDEN TESTS"]
    else:
        body.append("_points")
    text = "\n".join([f"# {check.part.id} {check.part.title}: {check.title}", *body])
    return _cell(check.id, text, locked=True, points=points)


def _limits(tolerance: Tolerance) -> tuple[float, float, float]:
    """Relative to each entry, relative to the largest, absolute."""
    return (tolerance.limit, 0.0, tolerance.atol) if tolerance.rule == "allclose" else (0.0, tolerance.limit, 0.0)


def _literal(value: Any) -> str:
    if isinstance(value, Plain):
        return repr(value.value)
    packed = io.BytesIO()
    np.save(packed, value, allow_pickle=False)
    return repr([base64.b85encode(zlib.compress(packed.getvalue(), 9)).decode()])


def _needed(check: Check) -> str:
    """The probe and what it leads to in its files, without decorators and what comes from this grader."""
    homes: dict[str, set[str]] = {}
    statements: list[ast.stmt] = []
    for file, text in check.files.items():
        statements += (own := in_one_namespace(text))
        for statement in own:
            for name in bound_by(statement) if not isinstance(statement, ast.Import | ast.ImportFrom) else ():
                homes.setdefault(name, set()).add(file)
    waiting, names = [check.id], set[str]()
    kept: dict[int, ast.stmt] = {}
    while waiting:
        name = waiting.pop()
        if name in names:
            continue
        names.add(name)
        if len(files := homes.get(name, ())) > 1:
            text = f"{name} is defined in {' and '.join(sorted(files))}, and nbgrader gets both as one cell; rename one"
            raise AuthoringError(f"{check.file}: check {check.id}: {text}")
        for at, statement in enumerate(statements):
            if name in bound_by(statement) and not _of_grader(statement):
                if isinstance(statement, ast.FunctionDef):
                    statement.decorator_list = []
                kept[at] = statement
                waiting += names_in(statement)
    return "\n".join(ast.unparse(kept[at]) for at in sorted(kept))


def _of_grader(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and (statement.module or "").partition(".")[0] in ("grader", "checks")


def _cell(id: str, source: str, *, locked: bool, points: float | None = None) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": "code", "metadata": {}, "source": source.splitlines(keepends=True)}
    cell |= {"execution_count": None, "outputs": []}
    _mark(cell, id, locked=locked, points=points)
    return cell


def _mark(
    cell: dict[str, Any], id: str, *, solution: bool = False, locked: bool = False, points: float | None = None
) -> None:
    """nbgrader's metadata, of its schema 3; a cell with points is graded."""
    about: dict[str, Any] = {"schema_version": 3, "grade": points is not None, "solution": solution}
    about |= {"locked": locked, "task": False, "grade_id": id}
    if points is not None:
        about["points"] = points
    cell["metadata"]["nbgrader"] = about


def write_course(assignment: Assignment, folder: Path) -> Exported:
    """Write `source/ID/` of a course of nbgrader, with the hand-out's other files, and its configuration."""
    exported = nbgrader_notebook(assignment)
    target = folder / "source" / assignment.id
    target.mkdir(parents=True, exist_ok=True)
    (target / Path(assignment.notebook or "").name).write_bytes(exported.notebook)
    for name in (*assignment.student_files, *assignment.provided_files):
        beside = target / name
        beside.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes((assignment.handout / name).read_bytes())
    config = folder / "nbgrader_config.py"
    if not config.exists():
        config.write_text('c = get_config()\nc.CourseDirectory.course_id = "course"\n', encoding="utf-8")
    return exported
