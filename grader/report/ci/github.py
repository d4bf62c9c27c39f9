"""The report as GitHub Actions' workflow commands: annotations that stand beside the student's code.

GitHub shows ten annotations of each kind for a step and fifty for a job; the rest vanish silently, so the last one
says how many there are. Everything else is in the job summary, `grader.report.ci.markdown`.
"""

from __future__ import annotations

import secrets
from pathlib import PurePosixPath

from msgspec import Struct

from grader.model import CellRun, Excerpt, Outcome, Report
from grader.report import order, sentences
from grader.report.ci import markdown
from grader.report.formats import Appended, Format
from grader.report.sanitize import clean, one_line, points

PER_KIND = 10
"""Annotations of one kind that GitHub takes from a step."""
_NO_ERROR = frozenset({"passed", "pending", "skipped", "missing"})
MESSAGE = 3_000
"""Characters of one annotation's message; GitHub refuses 64 kB, nobody reads a tenth of it."""


class Note(Struct, frozen=True, kw_only=True):
    """One annotation."""

    kind: str
    """`error`, `warning` or `notice`."""
    title: str
    message: str
    file: str = ""
    line: int = 0


def render(report: Report) -> str:
    """The commands, one a line, at most ten of each kind."""
    if report.status != "graded":
        title = sentences.no_score(report)
        return _command(Note(kind="error", title=title, message=report.reason)) + "\n"
    outcomes = [o for p in report.parts if not sentences.is_innocent(p) for o in p.outcomes]
    notes = [_check(report, o) for o in outcomes if o.status not in _NO_ERROR]
    notes += [_cell(report, cell) for cell in order.failed_cells(report).own]
    shown = [note for kind in ("error", "warning") for note in _limited([n for n in notes if n.kind == kind])]
    total = Note(kind="notice", title=sentences.earned(report), message=sentences.total(report))
    if missing := [f"{o.check.part.id} {sentences.check_title(o)}" for o in outcomes if o.status == "missing"]:
        shown.append(Note(kind="notice", title="Not started", message="\n".join(missing)))
    return "\n".join(map(_command, [*shown, total])) + "\n"


def fenced(text: str) -> str:
    """The text for a log, so that no line of it is taken for a command."""
    token = secrets.token_hex(16)
    return f"::stop-commands::{token}\n{text.rstrip()}\n::{token}::\n"


def _limited(notes: list[Note]) -> list[Note]:
    if len(notes) <= PER_KIND:
        return notes
    rest = notes[PER_KIND - 1 :]
    titles = "\n".join(note.title for note in rest)
    more = Note(kind=notes[0].kind, title=f"{len(rest)} more; all are in the job summary", message=titles)
    return [*notes[: PER_KIND - 1], more]


def _check(report: Report, outcome: Outcome) -> Note:
    lines = sentences.feedback(outcome).lines or (sentences.STATUS[outcome.status],)
    title = f"{sentences.check_title(outcome)} ({points(outcome.score)} of {points(outcome.check.points)})"
    file, line = _place(report, outcome)
    return Note(kind="error", title=title, message="\n".join(lines), file=file, line=line)


def _place(report: Report, outcome: Outcome) -> tuple[str, int]:
    """File and line of the student's code, as the repository has them; a notebook's lines are JSON, so none."""
    excerpts: tuple[Excerpt, ...] = report.work.code.get(outcome.check.id, ()) if report.work else ()
    if not excerpts:
        return "", 0
    asked = {use.name for use in outcome.check.uses}
    one = next((e for e in reversed(excerpts) if e.name in asked), excerpts[-1])  # helpers come after it
    if one.file.startswith("cell "):
        return _notebook(report), 0
    return _in_repository(report, one.file), one.line


def _notebook(report: Report) -> str:
    return _in_repository(report, report.work.notebook.name) if report.work and report.work.notebook else ""


def _in_repository(report: Report, name: str) -> str:
    """A file of the submission as seen from where the command was called, which on GitHub is the repository."""
    path = PurePosixPath(report.path)
    if path.suffix in (".ipynb", ".py"):
        return str(path)  # under whatever name it was laid out for running
    return name if path.suffix else str(path / name)


def _cell(report: Report, cell: CellRun) -> Note:
    frame = cell.error.frames[-1] if cell.error and cell.error.frames else None
    lines = [sentences.cell_problem(cell), "Cells are numbered from 0, text cells included."]
    if frame is not None:
        file = "" if frame.file == f"cell {cell.index}" else f"{one_line(frame.file)}, "
        lines.insert(1, f"{file}line {frame.line}: {one_line(frame.text)}")
    message = "\n".join(lines)
    title = f"{sentences.cell_name(cell)} has an error"
    return Note(kind="warning", title=title, message=message, file=_notebook(report))


def _command(note: Note) -> str:
    properties = []
    if note.file:
        properties.append(f"file={_property(clean(note.file))}")
        if note.line:
            properties.append(f"line={note.line}")
    properties.append(f"title={_property(one_line(note.title, 200))}")
    return f"::{note.kind} {','.join(properties)}::{_data(sentences.paragraph(note.message)[:MESSAGE])}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _job_summary(report: Report, size: int) -> str:
    """The page for the file that GitHub names, which earlier steps may have written `size` bytes to."""
    return markdown.render(report, limit=markdown.LIMIT - markdown.ROOM - size)


FORMAT = Format("github", render, needs_work=True, page=fenced, appended=Appended("GITHUB_STEP_SUMMARY", _job_summary))
