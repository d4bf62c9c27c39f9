"""The line magic `%grade [PART]`: finds the hand-out, asks its public checks, shows the report in the cell.

Whatever goes wrong is one line; no exception of the grader's reaches the student's notebook.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from grader.errors import GraderError, require_fork
from grader.model import Report
from grader.notebook import IN_CHECK


def register(shell: Any) -> None:
    """Define `%grade` in an IPython shell."""

    def grade(line: str) -> None:
        """Ask the public checks of a part about the objects of this notebook: `%grade 2`, or `%grade` for all."""
        show(line.strip().strip("\"'"), shell.user_ns)

    shell.register_magic_function(grade, "line", "grade")


def show(wanted: str, user_ns: dict[str, Any]) -> None:
    """Grade and display; problems are one line of text."""
    from IPython.display import HTML, display

    if os.environ.get(IN_CHECK):
        return  # the student's code, asked by a check, asks again
    try:
        require_fork()
        report, warnings = grade_live(wanted, Path.cwd(), user_ns)
    except GraderError as error:
        print(f"%grade: {error}")
        return
    except Exception as error:  # ours, whatever it is
        print(f"%grade: internal fault, which is not your mistake: {type(error).__name__}: {error}")
        return
    from grader.report.html.cell import render

    display(HTML(render(report)))
    for warning in warnings:
        print(f"Note: {warning}")


def grade_live(wanted: str, folder: Path, user_ns: dict[str, Any]) -> tuple[Report, list[str]]:
    """The report of the wanted parts, and what the student should know about the saved notebook.

    Raises GraderError if there is no hand-out at `folder` or above, or no such part.
    """
    from grader.assignment.loading.course import find_course
    from grader.engine import public_only, unchecked_points
    from grader.notebook import live
    from grader.notebook.sources import of_this_notebook

    course = find_course(folder, None)
    if not course.single:
        raise GraderError("start the notebook in the folder that the course handed out (it has an assignment.toml)")
    assignment = of_this_notebook(public_only(course.load(course.ids()[0])), user_ns)
    parts = live.public_part_ids(assignment, wanted)
    session = live.LiveSession(assignment, course.root, user_ns)
    report = session.report(parts if wanted else ())
    later = ["further checks run after you hand in."] if wanted and unchecked_points(assignment) else []
    return report, session.sources.restart_warnings(parts) + later
