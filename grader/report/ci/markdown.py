"""The report as GitHub-flavoured Markdown: the job summary, or a comment.

Everything from a submission is escaped, so that no link, image, mention or HTML comes of it. GitHub drops a summary
beyond 1 MiB as a whole, so details go before that, the longest last.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from grader.model import Report
from grader.report import order, sentences
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
    plain = _LINKED.sub("\\1\N{ZERO WIDTH NON-JOINER}", one_line(text, sentences.PARAGRAPH))
    return _SPECIAL.sub(r"\\\1", plain).replace("&", "&amp;")


def _pieces(report: Report) -> Iterator[str]:
    """The table of parts first, then what lost points, so that a cut leaves the scores."""
    yield f"## {escaped(report.title or report.assignment or 'Grading')}\n\n"
    if report.status != "graded":
        yield f"**{sentences.no_score(report)}**\n\n{escaped(report.reason)}\n"
        return
    yield f"**{sentences.total(report)}**\n\n"
    groups = order.sections(report)
    yield "| | Part | | Points |\n|---|---|---|---:|\n"
    for part in (
        *(p.result for p in (*groups.lost, *groups.following)),
        *groups.marked,
        *groups.not_started,
        *groups.by_person,
        *groups.credited,
        *groups.passed,
    ):
        title = f"{escaped(part.part.id)} {escaped(part.part.title)}"
        score = f"{sentences.score(part)} / {points(part.max_score)}"
        yield f"| {SIGNS[part.status]} | {title} | {escaped(sentences.state(part))} | {score} |\n"
    for lost in groups.lost:
        yield from _details(lost)
    for lost in groups.following:
        title = f"{escaped(lost.result.part.id)} {escaped(lost.result.part.title)}"
        yield f"\n**{title}**: {escaped(lost.follows)}\n"
    for part in groups.marked:
        if lines := sentences.mark_lines(part):
            yield f"\n### {escaped(part.part.id)} {escaped(part.part.title)}\n\n"
            yield from (f"- {escaped(line)}\n" for line in lines)
    failed = order.failed_cells(report)
    if failed.own:
        yield "\n### Cells with errors\n\nNumbered from 0, text cells included.\n\n"
        for cell in failed.own:
            yield f"- {escaped(sentences.cell_name(cell))}: {escaped(sentences.cell_problem(cell))}\n"
    if report.notes:
        yield "\n### Notes\n\n"
        for note in report.notes:
            yield f"- {escaped(note)}\n"


def _details(part: order.LostPart) -> Iterator[str]:
    yield f"\n### {escaped(part.result.part.id)} {escaped(part.result.part.title)}\n\n"
    for outcome in part.lost:
        score = f"{points(outcome.score)} / {points(outcome.check.points)}"
        yield f"- {SIGNS[outcome.status]} **{escaped(sentences.check_title(outcome))}** ({score})\n"
        explanation = part.explained.get(outcome.check.id)
        if explanation is None:
            continue
        for line in explanation.feedback.lines:
            yield f"  - {escaped(line)}\n"
        if explanation.also:
            yield f"  - {sentences.also(outcome)}: {escaped('; '.join(map(sentences.check_title, explanation.also)))}\n"
    yield from (f"- {escaped(line)}\n" for line in sentences.mark_lines(part.result))
    if part.same:
        yield f"\n{escaped(part.same[0].upper() + part.same[1:])}.\n"
    if said_credit := sentences.credit(part.result):
        yield f"\n{escaped(said_credit)}\n"


FORMAT = Format("markdown", render)
