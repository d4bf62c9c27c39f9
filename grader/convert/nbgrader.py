"""`grade import nbgrader`: a source notebook with nbgrader's cell metadata (schema 1 to 3) becomes an assignment.

Every graded test cell is a part with its points, and its `grade_id` the part's id. In nbgrader a test cell earns all of
its points or none, and so does its check. Hidden tests go into `hidden.py`, with the points of their cell; what a
student may see of the same cell is a public check of 0 points.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec

from grader.convert.draft import Draft, DraftManual, Left, check_id, check_of
from grader.convert.manual import add_manual, kind_of_code
from grader.convert.probes import probe_of
from grader.convert.regions import cut, has_region, normalised, whole
from grader.convert.scope import Scope, scope_of
from grader.convert.source import SourceCell, notebooks_with, points_of, read_cells, title_of
from grader.errors import AuthoringError, UsageError

KEY = "nbgrader"
PLACEHOLDER = "YOUR ANSWER HERE"
_HIDDEN = "BEGIN HIDDEN TESTS", "END HIDDEN TESTS"
_SCHEME = "BEGIN MARK SCHEME", "END MARK SCHEME"
_AUTOTEST = re.compile(r"\s*#+\s*(HASHED )?AUTOTEST\s+(.+?);?\s*")
_RANDOM = re.compile(r"\brandom\b|\brng\b|default_rng")
_SEEDED = re.compile(r"\bseed\(|default_rng\(\d|RandomState\(\d")


def notebooks_of(path: Path) -> list[Path]:
    """The notebooks that have nbgrader's metadata: the file itself, or those below a folder.

    Raises UsageError if there is none.
    """
    if (path / "source").is_dir():
        path = path / "source"  # a course: what was released or handed in lies beside it
    notebooks = notebooks_with(path, lambda cell: KEY in cell.metadata)
    if not notebooks and path.is_dir():
        raise UsageError(f"{path}: no notebook below it has nbgrader's metadata")
    if not notebooks:
        raise UsageError(f"{path}: no cell has nbgrader's metadata; `grade new --from` takes a plain solution")
    return notebooks


def draft_of(path: Path, id: str) -> Draft:
    """The assignment that a source notebook describes.

    Raises UsageError if the file is no notebook; AuthoringError for markers without a counterpart, a `grade_id` that is
    missing or occurs twice, points that are none.
    """
    cells = list(read_cells(path))
    _refuse(cells, path.name)
    scope = scope_of([(c.source, _meta(c).get("solution", False)) for c in cells if c.kind == "code" and not _test(c)])
    draft = Draft(id=id, title=title_of(cells, id), cells=[], files=_beside(path))
    tests: list[str] = []
    for cell in cells:
        where, meta = cell.where(path.name), _meta(cell)
        if meta.get("task") or (meta.get("grade") and meta.get("solution")):
            _manual(draft, cell, meta, where)
        elif _test(cell):
            _tests(draft, cell, meta, _scope_above(cells, cell, scope), tests, where)
            tests.append(cell.source)
        elif meta.get("solution"):
            draft.cells.append(_solution(cell, where))
        else:
            draft.cells.append(cell)
    _keep_definitions(draft, cells, path.name)
    if not any(cell.kind == "code" for cell in draft.cells):
        draft.cells.append(SourceCell(kind="code", source="# Room for your own computations.", index=-1))
    draft.names = dict.fromkeys(sorted({name for check in draft.checks for name in check.uses}), "notebook")
    return draft


def _scope_above(cells: Sequence[SourceCell], cell: SourceCell, scope: Scope) -> Scope:
    """What a test cell sees: the whole notebook's names; imports of test cells above it too."""
    above = scope_of([(c.source, False) for c in cells if c.kind == "code" and _test(c) and c.index < cell.index])
    return msgspec.structs.replace(scope, imports=above.imports | scope.imports)


def _meta(cell: SourceCell) -> dict[str, Any]:
    meta = cell.metadata.get(KEY)
    return meta if isinstance(meta, dict) else {}


def _test(cell: SourceCell) -> bool:
    meta = _meta(cell)
    return bool(meta.get("grade")) and not meta.get("solution") and not meta.get("task") and cell.kind == "code"


def _refuse(cells: Sequence[SourceCell], file: str) -> None:
    seen = set[str]()
    for cell in cells:
        meta, where = _meta(cell), cell.where(file)
        version = meta.get("schema_version", 1) if meta else 1
        if version not in (1, 2, 3):
            raise AuthoringError(f"{where}: nbgrader's metadata of schema {version}; 1 to 3 can be read")
        if not (meta.get("grade") or meta.get("solution") or meta.get("task")):
            continue
        id = meta.get("grade_id")
        if not isinstance(id, str) or not re.fullmatch(r"[\w-]+", id):
            raise AuthoringError(f"{where}: nbgrader's grade_id {id!r} is none; use letters, digits, _ and -")
        if id in seen:
            raise AuthoringError(f"{where}: grade_id {id!r} occurs twice; nbgrader's validation refuses that too")
        seen.add(id)
        if meta.get("grade") or meta.get("task"):
            _points(meta, where)


def _points(meta: dict[str, Any], where: str) -> Fraction:
    return points_of(meta.get("points", 0), where)


def _beside(path: Path) -> dict[str, Path]:
    """Other files of the assignment's folder: pictures, data, modules."""
    folder = path.parent
    files = [p for p in sorted(folder.rglob("*")) if p.is_file() and p.suffix != ".ipynb" and p != path]
    hidden = (p for p in files if not any(part.startswith((".", "__")) for part in p.relative_to(folder).parts))
    return {p.relative_to(folder).as_posix(): p for p in hidden}


def _solution(cell: SourceCell, where: str) -> SourceCell:
    if cell.kind != "code":
        return cell.with_source(PLACEHOLDER)
    source = normalised(cell.source, where)
    return cell.with_source(source if has_region(source) else whole(source))


def _tests(
    draft: Draft, cell: SourceCell, meta: dict[str, Any], scope: Scope, earlier: Sequence[str], where: str
) -> None:
    id, points = meta["grade_id"], _points(meta, where)
    source = "\n".join(_autotest(line) for line in cell.source.split("\n"))
    visible, hidden = cut(source, *_HIDDEN, where)
    everything = "\n".join(line for line in source.split("\n") if not any(mark in line for mark in _HIDDEN))
    if _AUTOTEST.search(cell.source):
        visible, hidden = "", [everything]  # nbgrader computes their values from the solution, as a hidden check does
    draft.parts[id] = id.replace("_", " ").replace("-", " ").strip().capitalize() or id
    asked = [(id, visible if not hidden else everything, points, bool(hidden))]
    if hidden and visible.strip():
        asked.insert(0, (f"{id}_public", visible, Fraction(0), False))
    for name, text, worth, secret in asked:
        check = check_id(name, draft, scope.imports)
        values = not (_RANDOM.search(text) and not _SEEDED.search(text))
        try:
            probe = probe_of(text, scope, earlier, where, values=values)
        except AuthoringError as error:
            draft.left.append(Left(f"{where} ({id})", str(error).removeprefix(f"{where}: ")))
            continue
        title = probe.title or draft.parts[id]
        draft.checks.append(check_of(probe, id=check, part=id, points=worth, title=title, hidden=secret))
        draft.parts[id] = title.rstrip(".")
        kind = "hidden check" if secret else "check"
        draft.done.append(
            f"{where} ({id}): {kind} {check}, {probe.returned} compared values, {probe.kept} asserts as they are"
        )
        if _is_partial(text):
            draft.left.append(
                Left(f"{where} ({id})", "its last value counts as points in nbgrader; here it is not asked")
            )
        if not probe.returned and not probe.kept:
            draft.left.append(Left(f"{where} ({id})", "asserts nothing: it fails only where its code raises"))
    if not any(check.part == id for check in draft.checks):
        del draft.parts[id]


def _autotest(line: str) -> str:
    """`### AUTOTEST expression` as an assert on that value."""
    match = _AUTOTEST.fullmatch(line)
    return f"assert ({match[2]}) == 0" if match else line


def _is_partial(source: str) -> bool:
    """Whether the cell ends in a value: nbgrader takes a number between 0 and the points for what is earned."""
    last = next(
        (line for line in reversed(source.split("\n")) if line.strip() and not line.lstrip().startswith("#")), ""
    )
    return re.fullmatch(r"[\w.]+(\s*[-+*/]\s*[\w.]+)*", last) is not None and last.strip() not in ("pass", "break")


def _keep_definitions(draft: Draft, cells: Sequence[SourceCell], file: str) -> None:
    """Say which names of test cells the other cells use: these cells are gone from the notebook."""
    given = scope_of([(c.source, False) for c in draft.cells if c.kind == "code"])
    known = given.names | given.imports.keys()
    for test in (c for c in cells if _test(c)):
        mine = scope_of([(test.source, False)])
        names = (mine.names | mine.imports.keys()) - known
        for cell in draft.cells:
            text = cell.source if cell.kind == "code" and cell.index > test.index else ""
            used = sorted(n for n in names if re.search(rf"\b{re.escape(n)}\b", text))
            if used:
                what = f"uses {', '.join(used)}, which the test cell {test.index} defined; move that into a cell"
                draft.left.append(Left(cell.where(file), what))


def _manual(draft: Draft, cell: SourceCell, meta: dict[str, Any], where: str) -> None:
    id, points = meta["grade_id"], _points(meta, where)
    kind = "written"
    answer = ""
    if meta.get("task"):
        text, scheme = cut(cell.source, *_SCHEME, where)
        shown = cell.with_source(text)
        if scheme:
            draft.left.append(Left(f"{where} ({id})", f"its mark scheme: {' '.join(' '.join(scheme).split())}"))
    elif cell.kind == "code":
        shown = _solution(cell, where)
        kind = kind_of_code(cell.source)
    else:
        answer = cell.source.strip()
        shown = cell.with_source(PLACEHOLDER)
    under, question = add_manual(draft, shown, id, in_cell=bool(meta.get("task")))
    draft.parts[id] = under
    draft.manual.append(
        DraftManual(id=id, title=under, points=points, kind=kind, under=under, question=question or under)
    )
    draft.done.append(f"{where} ({id}): part for a person ({kind}), under {under!r}")
    if answer:
        draft.left.append(Left(f"{where} ({id})", f"the model answer: {' '.join(answer.split())}"))
