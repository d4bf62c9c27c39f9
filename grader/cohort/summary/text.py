"""A cohort's summary for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from grader.cohort.summary.summary import BINS, CohortSummary, time_bins
from grader.report.sanitize import in_points, one_line, plural, points
from grader.report.terminal.layout import fit, pad, table, wrap

SHOWN = 5
"""Parts and mistakes that are listed."""
LOST = 20
"""Columns of the longest bar of lost points."""
TIMES = 5
"""Bars of the times."""
UNRESOLVED = 20
"""Submissions without a score that are listed."""


def render(summaries: Iterable[CohortSummary], *, width: int = 80, ascii_only: bool = False) -> str:
    """All assignments of a run, one after the other."""
    return "\n".join("\n".join(_one(summary, width, ascii_only)) + "\n" for summary in summaries)


def _one(summary: CohortSummary, width: int, ascii_only: bool) -> list[str]:
    block = "#" if ascii_only else "█"
    line = ("-" if ascii_only else "─") * width
    counts = f"{plural(summary.students, 'student')}, {plural(summary.submissions, 'submission')}"
    title = one_line(summary.assignment) if summary.assignment else "Assignment unknown"
    lines = [f"{title}: {counts}", line]
    if summary.scores:
        lines += _distribution(summary, width, block)
        lines += _parts(summary, width, block) + _mistakes(summary, width, block)
    lines += _unresolved(summary, width)
    return lines + _time(summary, width, block)


def _columns(labels: Sequence[str], counts: Sequence[int], width: int, block: str) -> list[str]:
    """One bar a row, with its count behind it."""
    most = max(counts)
    side = max(map(len, labels))
    room = max(min(width - side - 14, 50), 10)
    rows = zip(labels, counts, strict=True)
    return [f"  {label:>{side}}  {_bar(count, most, room, block)} {count or ''}".rstrip() for label, count in rows]


def _bar(value: Fraction | int, most: Fraction | int, room: int, block: str) -> str:
    return block * max(round(room * value / most), value > 0)


def _distribution(summary: CohortSummary, width: int, block: str) -> list[str]:
    labels = [f"{100 * n // BINS}-{100 * (n + 1) // BINS} %" for n in range(BINS)]
    lines = _columns(labels, summary.bins, width, block)
    quarter = [summary.scores[len(summary.scores) * k // 4] for k in (1, 3)]
    mean, middle = summary.mean or Fraction(0), summary.median or Fraction(0)  # there are scores, or we were not called
    averages = f"mean {points(mean)}, median {points(middle)}, middle half {points(quarter[0])} to {points(quarter[1])}"
    lines.append(f"  {averages}, of {in_points(summary.max_points)}; full marks: {summary.full}")
    if summary.late:
        lines.append(f"  late: {plural(summary.late, 'student')}, who paid {in_points(summary.penalty)}")
    if summary.pending:
        lines.append(f"  for a person to mark: {in_points(summary.pending)}")
    return lines


def _parts(summary: CohortSummary, width: int, block: str) -> list[str]:
    worst = sorted((p for p in summary.parts if p.lost), key=lambda p: -p.lost)[:SHOWN]
    if not worst:
        return []
    rows: list[tuple[str, ...]] = []
    for part in worst:
        title = fit(one_line(f"{part.id} {part.title}"), max(width - LOST - 34, 12))
        loss = f"{points(part.lost / summary.graded)} of {points(part.points)}, {plural(part.students, 'student')}"
        rows.append((title, _bar(part.lost, worst[0].lost, LOST, block), loss))
    head = "Parts that lose most points, on average, and how many students lost some"
    return ["", *wrap(head, width), *(f"  {fit(text, width - 2)}" for text in table(rows))]


def _mistakes(summary: CohortSummary, width: int, block: str) -> list[str]:
    if not summary.mistakes:
        return []
    lines = ["", "Mistakes that cost most"]
    dearest = summary.mistakes[0].lost
    for mistake in summary.mistakes[:SHOWN]:
        bar = pad(_bar(mistake.lost, dearest, LOST, block), LOST) if dearest else ""
        cost = f"{in_points(mistake.lost)}, {plural(mistake.students, 'student')}"
        lines.append(f"  {bar}  {cost}, {one_line(mistake.where)}")
        lines += [f"    {text}" for text in wrap(one_line(mistake.text), width - 4)]
    return lines


def _unresolved(summary: CohortSummary, width: int) -> list[str]:
    lines = []
    for status, title in (("ungradable", "Cannot be graded"), ("fault", "Faults of the grader or the assignment")):
        those = [u for u in summary.unresolved if u.status == status]
        if not those:
            continue
        lines += ["", f"{title}: {len(those)}"]
        for u in those[:UNRESOLVED]:
            lines += _hanging(f"  {one_line(u.student, 60)}: ", one_line(u.reason, 300), width)
        if len(those) > UNRESOLVED:
            lines.append(f"  and {len(those) - UNRESOLVED} more")
    absent = [one_line(one.name or one.student, 60) for one in summary.by_student if one.state == "absent"]
    if absent:
        lines += ["", *_hanging("", f"Handed in nothing: {len(absent)}: {'; '.join(absent)}", width)]
    return lines


def _time(summary: CohortSummary, width: int, block: str) -> list[str]:
    if not summary.times:
        return []
    middle = summary.times[len(summary.times) // 2]
    slowest = ", ".join(f"{one_line(who, 40)} {seconds:.1f} s" for seconds, who in summary.longest[:3])
    step, counts = time_bins(summary.times, TIMES)
    labels = [f"{n * step:g}-{(n + 1) * step:g} s" for n in range(len(counts))]
    durations = f"{_duration(summary.seconds)} in all, half under {middle:.1f} s; slowest: {slowest}"
    return ["", "Time for each submission", *_columns(labels, counts, width, block), *_hanging("", durations, width)]


def _hanging(head: str, text: str, width: int) -> list[str]:
    """`head` and the text after it, further lines set in by four."""
    first, *more = wrap(f"{head.strip()} {text}", width - 4) or [head.strip()]
    return [f"  {first}", *(f"    {line}" for line in more)]


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
