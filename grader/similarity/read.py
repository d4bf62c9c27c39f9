"""What the students of a batch wrote: their submissions read again, with the results that the store has of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from grader.assignment.notebooks import by_notebook
from grader.cohort.discover import staged
from grader.cohort.records import CohortEntry, Result
from grader.errors import AuthoringError, SubmissionError
from grader.model import Assignment
from grader.report.sanitize import one_line
from grader.similarity.prints import Writing
from grader.submission.files.gather import walk
from grader.submission.files.open import open_submission
from grader.submission.source.notebook import read_notebook


def writing_of(entry: CohortEntry, result: Result, assignment: Assignment, folder: Path) -> Writing | None:
    """One submission, opened below `folder`; None where it cannot be."""
    code: dict[str, str] = {}
    try:
        path = staged(entry, folder / "handed in")
        for number, one in enumerate(by_notebook(assignment)):
            submission = open_submission(path, one, folder / f"work{number or ''}")
            name = f"{one.notebook}, cell" if assignment.notebooks else "cell"
            code |= {f"{name} {c.index}": c.source for c in (submission.notebook.code if submission.notebook else ())}
    except (SubmissionError, OSError):
        return None
    given = set(assignment.provided_files)
    code |= {name: text for name, text in sorted(submission.modules.items()) if name not in given}
    return Writing(
        student=result.student,
        name=one_line(result.name or result.student),
        path=result.path,
        code=code,
        answers=_answers(result.report),
        results=frozenset(_wrong_results(result.report)),
    )


def handout_sources(assignment: Assignment) -> list[str]:
    """Every cell and module that the students were given.

    Raises AuthoringError if one of the hand-out's notebooks cannot be read.
    """
    files = [path for _, path in walk(assignment.handout)]
    sources = [path.read_text(encoding="utf-8", errors="replace") for path in files if path.suffix == ".py"]
    for path in (path for path in files if path.suffix == ".ipynb"):
        try:
            sources += [cell.source for cell in read_notebook(path).code]
        except SubmissionError as problem:
            raise AuthoringError(f"{path.parent}: {problem}") from problem
    return sources


def _answers(report: Mapping[str, Any]) -> dict[str, str]:
    answers = {part["id"]: part.get("answer") or {} for part in report.get("parts", ())}
    return {id: answer["text"] for id, answer in answers.items() if answer.get("text")}


def _wrong_results(report: Mapping[str, Any]) -> Iterator[str]:
    """A key for each failed check: its mistake where one is named, else how far off it was at which points."""
    seed = report.get("seed")
    for part in report.get("parts", ()):
        for check in part.get("checks", ()):
            if check["status"] not in ("failed", "partial"):
                continue
            title, mistake = one_line(check["title"]), (check.get("diagnosis") or {}).get("mistake")
            errors = {
                a["name"]: a["error"] for a in check.get("arrays", ()) if a["status"] == "failed" and a.get("error")
            }
            if mistake:
                yield f"{title}: {one_line(mistake)}"
            elif errors:
                listed = ", ".join(f"{one_line(name)} off by {error:g}" for name, error in sorted(errors.items()))
                yield f"{title}: {listed} (seed {seed})"
