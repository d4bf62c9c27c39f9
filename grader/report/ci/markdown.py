"""The report as GitHub-flavoured Markdown: the job summary, or a comment.

Everything from a hand-in is escaped, so that no link, image, mention or HTML comes of it. GitHub drops a summary
beyond 1 MiB as a whole, so details go before that, the longest last.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from grader.model import PartResult, Report
from grader.report import sentences as words
from grader.report.formats import Format
from grader.report.sanitize import one_line, points

LIMIT = 1 << 20
"""Bytes of a job summary."""
ROOM = 8_192
"""Bytes kept free below the limit, for what an earlier step has written to the same file."""
SIGNS = {
    "passed": "✅",
    "partial": "🟡",
    "failed": "❌",
    "error": "❌",
    "timeout": "❌",
    "missing": "⚪",
    "skipped": "⚪",
    "pending": "⏳",
}
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|<>~$])")
_LINKED = re.compile(r"(@(?=\w)|#(?=\d)|:(?=//)|\bwww(?=\.))", re.IGNORECASE)
"""After what GitHub would make a link or a mention of plain text, unless something stands between."""
_CUT = "\n_The rest is left out: a summary holds no more._\n"


def render(report: Report, *, limit: int = LIMIT - ROOM) -> str:
    """Make the page, at most `limit` bytes of UTF-8."""
    text = ""
    size = 0
    room = limit - len(_CUT.encode())
    for piece in _pieces(report):
        size += len(piece.encode())
        if size > room:
            return text + _CUT
        text += piece
    return text


def escaped(text: str) -> str:
    """One line of text as Markdown that shows exactly it."""
    plain = _LINKED.sub("\\1\N{ZERO WIDTH NON-JOINER}", one_line(text, words.PARAGRAPH))
    return _SPECIAL.sub(r"\\\1", plain).replace("&", "&amp;")


def _pieces(report: Report) -> Iterator[str]:
    """The table of parts first, then the details, so that a cut leaves the scores."""
    yield f"## {escaped(report.title or report.assignment or 'Grading')}\n\n"
    if report.status != "graded":
        yield f"**{words.no_score(report)}**\n\n{escaped(report.reason)}\n"
        return
    total = words.earned(report)
    yield f"**{total}**{'; ' + rest if (rest := words.waiting(report)) else ''}\n\n"
    yield "| | Part | | Points |\n|---|---|---|---:|\n"
    for part in report.parts:
        state = words.answer_state(part) if part.manual else words.STATUS[part.status]
        score = "–" if part.manual else points(part.score)
        yield (
            f"| {SIGNS[part.status]} | {escaped(part.part.id)} {escaped(part.part.title)} | {escaped(state)} "
            f"| {score} / {points(part.max_score)} |\n"
        )
    for part in report.parts:
        yield from _details(part)
    failed = [c for c in report.cells if c.status != "ok" and not words.is_unwritten(c)]
    if failed:
        yield "\n### Cells that did not run through\n\nCounted from 0, text cells included.\n\n"
        for cell in failed:
            yield f"- cell {cell.index}: {escaped(words.cell_problem(cell))}\n"
    if report.notes:
        yield "\n### Notes\n\n"
        for note in report.notes:
            yield f"- {escaped(note)}\n"


def _details(part: PartResult) -> Iterator[str]:
    lost = [o for o in part.outcomes if o.status != "passed"]
    if not lost:
        return
    yield f"\n### {escaped(part.part.id)} {escaped(part.part.title)}\n\n"
    for outcome in lost:
        score = f"{points(outcome.score)} / {points(outcome.check.points)}"
        yield f"- {SIGNS[outcome.status]} **{escaped(words.check_title(outcome))}** ({score})\n"
        if not words.is_innocent(part):
            for line in words.feedback(outcome).lines:
                yield f"  - {escaped(line)}\n"
    if said := words.credit(part):
        yield f"\n{escaped(said)}\n"


FORMAT = Format("markdown", render)
