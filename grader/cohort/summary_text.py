"""A cohort's summary for the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from grader.cohort.summary import BINS, CohortSummary
from grader.report.layout import fit, table, wrap
from grader.report.text import one_line, points

SHOWN = 5
"""Parts and mistakes that are listed."""
UNRESOLVED = 20
"""Hand-ins without a score that are listed."""


def render(summaries: Iterable[CohortSummary], *, width: int = 80, ascii_only: bool = False) -> str:
    """All assignments of a run, one after the other."""
    return "\n".join("\n".join(_one(summary, width, ascii_only)) + "\n" for summary in summaries)


def _one(summary: CohortSummary, width: int, ascii_only: bool) -> list[str]:
    line = ("-" if ascii_only else "─") * width
    counts = f"{_count(summary.students, 'student')}, {_count(summary.hand_ins, 'hand-in')}"
    title = one_line(summary.assignment) if summary.assignment else "No assignment told"
    lines = [f"{title}: {counts}", line]
    if summary.scores:
        lines += _distribution(summary, width, ascii_only)
        lines += _parts(summary, width) + _mistakes(summary, width)
    lines += _unresolved(summary, width)
    return lines + _time(summary)


def _distribution(summary: CohortSummary, width: int, ascii_only: bool) -> list[str]:
    top = max(summary.bins)
    room = max(min(width - 22, 50), 10)
    lines = []
    for n, count in enumerate(summary.bins):
        bar = ("#" if ascii_only else "█") * max(round(room * count / top), count > 0)
        label = f"{100 * n // BINS}-{100 * (n + 1) // BINS} %"
        lines.append(f"  {label:>8}  {bar} {count or ''}".rstrip())
    quarter = [summary.scores[len(summary.scores) * k // 4] for k in (1, 3)]
    mean, middle = summary.mean or Fraction(0), summary.median or Fraction(0)  # there are scores, or we were not called
    told = f"mean {points(mean)}, median {points(middle)}, middle half {points(quarter[0])} to {points(quarter[1])}"
    lines.append(f"  {told}, of {points(summary.max_points)} points; full marks: {summary.full}")
    if summary.late:
        lines.append(f"  late: {_count(summary.late, 'student')}, who paid {points(summary.penalty)} points")
    if summary.pending:
        lines.append(f"  for a person to mark: {points(summary.pending)} points")
    return lines


def _parts(summary: CohortSummary, width: int) -> list[str]:
    worst = sorted((p for p in summary.parts if p.lost), key=lambda p: -p.lost)[:SHOWN]
    if not worst:
        return []
    rows: list[tuple[str, ...]] = [("part", "lost on average", "of", "students", "")]
    for part in worst:
        title = one_line(part.title)
        average = points(part.lost / summary.graded)
        rows.append((one_line(part.id), average, points(part.points), str(part.students), title))
    lines = table(rows, right=frozenset({1, 2, 3}))
    return ["", "Parts that lose most points", *(f"  {fit(text, width - 2)}" for text in lines)]


def _mistakes(summary: CohortSummary, width: int) -> list[str]:
    if not summary.mistakes:
        return []
    lines = ["", "Mistakes that cost most"]
    for mistake in summary.mistakes[:SHOWN]:
        head = (
            f"  {points(mistake.lost)} points, {_count(mistake.students, 'student')}, part {one_line(mistake.part)}: "
        )
        lines += _hanging(head, one_line(mistake.text), width)
    return lines


def _unresolved(summary: CohortSummary, width: int) -> list[str]:
    lines = []
    for status, title in (("ungradable", "Cannot be graded"), ("fault", "Faults of the grader or the assignment")):
        found = [u for u in summary.unresolved if u.status == status]
        if not found:
            continue
        lines += ["", f"{title}: {len(found)}"]
        for u in found[:UNRESOLVED]:
            lines += _hanging(f"  {one_line(u.student, 60)}: ", one_line(u.reason, 300), width)
        if len(found) > UNRESOLVED:
            lines.append(f"  and {len(found) - UNRESOLVED} more")
    return lines


def _time(summary: CohortSummary) -> list[str]:
    if not summary.times:
        return []
    middle = summary.times[len(summary.times) // 2]
    slowest = ", ".join(f"{one_line(who, 40)} {seconds:.1f} s" for seconds, who in summary.longest[:3])
    return ["", f"Time: {_duration(summary.seconds)} in all, half under {middle:.1f} s; slowest: {slowest}"]


def _hanging(head: str, text: str, width: int) -> list[str]:
    """`head` and the text after it, further lines set in by four."""
    first, *more = wrap(f"{head.strip()} {text}", width - 4) or [head.strip()]
    return [f"  {first}", *(f"    {line}" for line in more)]


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
