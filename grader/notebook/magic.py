"""The line magic `%grade [PART]`: finds the hand-out, asks its public checks, shows the report in the cell.

Whatever goes wrong is one line; no exception of the grader's reaches the student's notebook.
"""

from __future__ import annotations

import contextlib
import inspect
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grader.errors import GraderError
from grader.model import Assignment, Report

VARIABLES = ("__vsc_ipynb_file__", "__session__")
"""Names under which an editor tells the kernel the notebook's file."""


def register(shell: Any) -> None:
    """Define `%grade` in an IPython shell."""

    def grade(line: str) -> None:
        """Ask the public checks of a part about the objects of this notebook: `%grade 2`, or `%grade` for all."""
        show(line.strip().strip("\"'"), shell.user_ns)

    shell.register_magic_function(grade, "line", "grade")


def show(wanted: str, user_ns: dict[str, Any]) -> None:
    """Grade and display; problems are one line of text."""
    from IPython.display import HTML, display

    from grader.notebook.live import IN_CHECK
    from grader.report.html.cell import render

    if os.environ.get(IN_CHECK):
        return  # the student's code, asked by a check, asks again
    try:
        report, warnings = grade_live(wanted, Path.cwd(), user_ns)
    except GraderError as error:
        print(f"%grade: {error}")
        return
    display(HTML(render(report)))  # type: ignore[no-untyped-call]
    for warning in warnings:
        print(warning)


def grade_live(wanted: str, folder: Path, user_ns: dict[str, Any]) -> tuple[Report, list[str]]:
    """The report of the wanted parts, and what the student should know about the saved notebook.

    Raises
    ------
    GraderError
        If there is no hand-out at `folder` or above, or no such part.
    """
    from grader.assignment.loading.course import find_course
    from grader.engine import public_only
    from grader.notebook import live

    course = find_course(folder, None)
    if not course.single:
        raise GraderError("start the notebook in the folder that the course handed out (it has an assignment.toml)")
    assignment = public_only(course.load(course.ids()[0]))
    parts = live.public_part_ids(assignment, wanted)
    if not hasattr(os, "fork"):
        return _from_file(course.root, assignment, parts), [
            "This system cannot fork: the saved file was graded, not the running notebook."
        ]
    report = live.LiveSession(assignment, course.root, user_ns).report(parts if wanted else ())
    later = [] if wanted == "" else ["Further checks of this assignment may run after you hand in."]
    return report, saved_file_warnings(assignment, parts, user_ns) + later


def _from_file(folder: Path, assignment: Assignment, parts: list[str]) -> Report:
    import msgspec

    from grader.engine import grade

    report = grade(folder, assignment.id, course=folder, hidden=False)
    return msgspec.structs.replace(report, parts=tuple(p for p in report.parts if p.part.id in parts))


def saved_file_warnings(assignment: Assignment, parts: list[str], user_ns: Mapping[str, Any]) -> list[str]:
    """One line for the names whose running definition is in no cell of the saved notebook."""
    path = notebook_path(user_ns)
    if path is None:
        return []
    try:
        cells = [c for c in json.loads(path.read_text(encoding="utf-8"))["cells"] if c["cell_type"] == "code"]
        saved = ["".join(c["source"]) for c in cells]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    used = dict.fromkeys(u.name for c in assignment.checks if c.part.id in parts for u in c.uses)
    names = []
    for name in used:
        for place in assignment.names.get(name, ()):
            if place.module:
                continue
            if any(not any(text in cell for cell in saved) for text in _sources(user_ns.get(place.name))):
                names.append(f"`{place.name}`")
    if not names:
        return []
    return [
        f"{', '.join(names)}: what runs here is not in the saved notebook. Save it; after a restart, "
        "`Run All` would give what the saved cells say."
    ]


def _sources(thing: object) -> list[str]:
    """The text of a function, or of each method of a class, that a cell has defined."""
    functions = [f for f in vars(thing).values() if inspect.isfunction(f)] if inspect.isclass(thing) else [thing]
    texts = []
    for function in functions:
        if inspect.isfunction(function):
            with contextlib.suppress(OSError):  # its cell is gone from IPython's cache
                texts.append(inspect.getsource(function).strip())
    return texts


def notebook_path(user_ns: Mapping[str, Any]) -> Path | None:
    """The notebook's file, where the editor tells it (VS Code in the namespace, Jupyter in the environment)."""
    candidates = [user_ns.get(name) for name in VARIABLES] + [os.environ.get("JPY_SESSION_NAME")]
    for candidate in candidates:
        if isinstance(candidate, str) and candidate.endswith(".ipynb") and Path(candidate).is_file():
            return Path(candidate)
    return None
