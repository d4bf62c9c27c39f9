"""Each submission's page for its student, beside a batch's store: `FOLDER/<path of the submission>.html`.

The paths are those of the submissions, so that a platform's names stay and the pages can be uploaded as feedback.
Moodle tells by the folder whose a file is, so there the page is in the student's folder.
What the page looks like is `grader.report.html.html`'s.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

from grader.cohort.records import CacheKey, CohortEntry, Result
from grader.errors import UsageError
from grader.model import Report

_UNFIT = re.compile(r"[\x00-\x1f\x7f]|^\.+$")
"""Of one name in a path: what no file is called, or what leads out of the folder."""

NAME_BYTES = 200
"""Of a submission's name that the page's has: a file's name has 255 at most, and more is put around it here."""

_MOODLE = re.compile(r"_assignsubmission_file_?$")
"""A student's folder; without folders the file's own name follows."""


def page_of(folder: Path, submission: str) -> Path:
    """Where the page of a submission is, by its path."""
    names = [_UNFIT.sub("_", name) for name in submission.split("/") if name]
    if _MOODLE.search(submission):
        names.append("feedback")
    last = names[-1] if names else "page"
    if len(encoded := last.encode("utf-8", "replace")) > NAME_BYTES:
        last = f"{encoded[:NAME_BYTES].decode('utf-8', 'ignore')}-{hashlib.sha256(encoded).hexdigest()[:8]}"
    return folder.joinpath(*names[:-1], f"{last}.html")


def is_current(folder: Path, submission: CohortEntry, key: CacheKey | None) -> bool:
    """Whether the submission's page is there, and was made with this key."""
    try:
        return key is not None and page_of(folder, submission.path).read_bytes().endswith(
            _mark(submission, key).encode()
        )
    except OSError:
        return False


def _mark(submission: CohortEntry, key: CacheKey) -> str:
    """What the page rests on, as its last line."""
    encoded = msgspec.json.encode(msgspec.structs.replace(key, submission=submission.content), order="sorted")
    return f"<!-- {hashlib.sha256(encoded).hexdigest()} -->\n"


def put_marks_in(folder: Path, results: Iterable[Result]) -> list[str]:
    """Put the marks of each result into its page; returns the submissions that have none.

    Raises UsageError if a page cannot be written.
    """
    from grader.report.html.marked import put_in

    absent = []
    for result in results:
        path = page_of(folder, result.path)
        try:
            old = path.read_text(encoding="utf-8")
        except OSError:
            absent.append(result.path)
            continue
        new = put_in(old, result.report)
        try:
            if new != old:
                _write_whole(path, new)
        except OSError as problem:
            raise UsageError(f"{path}: cannot be written ({problem.strerror})") from problem
    return absent


def _write_whole(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def write_page(folder: Path, submission: CohortEntry, report: Report, key: CacheKey) -> None:
    """Make the page and write it whole; one that is there is replaced.

    Raises OSError if it cannot be written.
    """
    from grader.report.html import html

    text = html.render(msgspec.structs.replace(report, path=submission.path)).rstrip("\n") + "\n"
    path = page_of(folder, submission.path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _write_whole(path, text + _mark(submission, key))
