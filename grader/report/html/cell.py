"""A report inside a notebook's cell: an HTML fragment without style sheet or script, and the same as text.

Owns only the looks; the order is `grader.report.order`'s, the sentences `grader.report.sentences`'s.
"""

from __future__ import annotations

from markupsafe import Markup, escape

from grader.diagnosis.codes import NAMED, TWO
from grader.diagnosis.explanations import kind
from grader.model import Outcome, Report
from grader.report import order, sentences
from grader.report.html import with_code
from grader.report.sanitize import one_line, points

_SIGN = {"passed": "✓", "partial": "◐", "missing": "○", "skipped": "○", "pending": "…"}
"""Others are crosses; signs and no colours, since an editor may be light or dark."""


def render(report: Report) -> str:
    """The fragment; everything in it is escaped."""
    if report.status != "graded":
        return f"<p><strong>{escape(sentences.no_score(report))}</strong> {_text(report.reason)}</p>"
    groups = order.sections(report)
    pieces = []
    for lost in groups.lost:
        part = lost.result
        pieces.append(
            f"<p>{_SIGN.get(part.status, '✗')} <strong>{sentences.STATUS[part.status]}</strong> "
            f"{_title(part.part.id, part.part.title)} ({points(part.score)} of {points(part.max_score)})</p><ul>"
        )
        for outcome in lost.lost:
            explained = lost.explained.get(outcome.check.id)
            lines = "".join(f"<br>{_text(line)}" for line in explained.feedback.seen) if explained else ""
            hints = _hints(outcome) if explained and explained.feedback.diagnosis else ""
            pieces.append(
                f"<li>{escape(sentences.check_title(outcome))}: {sentences.STATUS[outcome.status]}{lines}{hints}</li>"
            )
            pieces += [
                f"<li>{sentences.also(o)}: {escape(sentences.check_title(o))}</li>"
                for o in (explained.also if explained else ())
            ]
        if lost.same:
            pieces.append(f"<li>{escape(lost.same)}</li>")
        pieces.append("</ul>")
    for lost in groups.following:
        title = _title(lost.result.part.id, lost.result.part.title)
        pieces.append(f"<p>✗ {title}: {escape(lost.follows)}</p>")
    passed = (*groups.credited, *groups.passed)
    for sign, title, parts in (("○", "not started", groups.not_started), ("✓", "right", passed)):
        if parts:
            names = "; ".join(_title(p.part.id, p.part.title) for p in parts)
            pieces.append(f"<p>{sign} <strong>{title}</strong>: {names}</p>")
    if report.notes:
        pieces.append(f"<ul>{''.join(f'<li>{_text(note)}</li>' for note in report.notes)}</ul>")
    return f"<div style='max-width:60em'>{''.join(pieces)}<p>{escape(sentences.total(report))}</p></div>"


def _hints(outcome: Outcome) -> str:
    """The diagnosis in steps that the student opens one after the other: the kind of mistake, then the mistake."""
    assert outcome.diagnosis is not None
    code, named = outcome.diagnosis.code, _text(outcome.diagnosis.text)
    if code in (NAMED, TWO) or not (hint := kind(code)):
        return f"<details><summary>Hint</summary>{named}</details>"
    inner = f"<details style='margin-left:1em'><summary>Hint 2: what exactly</summary>{named}</details>"
    return f"<details><summary>Hint 1: what kind of mistake</summary>{_text(hint)}{inner}</details>"


def _title(id: str, title: str) -> str:
    return str(escape(f"{one_line(id)} {one_line(title)}"))


def _text(text: str) -> Markup:
    return with_code(sentences.paragraph(text))
