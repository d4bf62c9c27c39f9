"""A cohort's summary as one HTML file that opens with no network and runs nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from grader.cohort.plots import bars, columns
from grader.cohort.records import Run
from grader.cohort.summary import BINS, CohortSummary, time_bins
from grader.report.text import one_line, points

SHOWN = 12
"""Parts and mistakes in a plot."""
TIME_BINS = 12
_STYLE = """
:root { color-scheme: light dark; --ink: #1d2433; --soft: #667085; --line: #d5dae3; --bar: #3b6fb6; --ground: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ef; --soft: #9aa4b5; --line: #3a4356; --bar: #6ea0e6; --ground: #151a24; }
}
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground); margin: 0 auto;
  padding: 2rem 1.2rem; max-width: 46rem; }
h1 { font-size: 1.5rem; margin: 0 0 .2rem; } h2 { margin: 2.5rem 0 .5rem; font-size: 1.3rem; }
h3 { margin: 1.6rem 0 .4rem; font-size: 1rem; } p { margin: .3rem 0; } .soft { color: var(--soft); }
svg { width: 100%; height: auto; font: 13px system-ui, sans-serif; } svg text { fill: var(--ink); }
.bar { fill: var(--bar); } .axis { stroke: var(--line); } .middle { text-anchor: middle; } .end { text-anchor: end; }
.small { font-size: 12px; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; padding: .3rem .5rem; border-top: 1px solid var(--line); vertical-align: top; }
td { overflow-wrap: anywhere; }
.number { text-align: right; white-space: nowrap; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: .6rem; margin: .8rem 0; }
dl div { border: 1px solid var(--line); border-radius: 6px; padding: .5rem .7rem; }
dt { color: var(--soft); font-size: .8rem; } dd { margin: 0; font-size: 1.25rem; font-weight: 600; }
"""


def render_page(summaries: Iterable[CohortSummary], run: Run) -> str:
    """The page: for each assignment the distribution, the losses, the time, and what has no score."""
    body = "".join(_assignment(summary) for summary in summaries)
    when = run.started[:16].replace("T", " ")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Run {run.id}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{_text(run.source.rpartition('/')[2])}</h1>"
        f'<p class="soft">Run {run.id}, {when} UTC, grader {_text(run.grader)}</p>{body}</body></html>\n'
    )


def _assignment(summary: CohortSummary) -> str:
    title = summary.assignment or "No assignment told"
    facts = [("students", str(summary.students)), ("hand-ins", str(summary.hand_ins))]
    if summary.mean is not None and summary.median is not None:
        facts += [("mean", f"{points(summary.mean)} of {points(summary.max_points)}")]
        facts += [("median", points(summary.median)), ("full marks", str(summary.full))]
    if summary.late:
        facts.append(("paid for being late", f"{summary.late} ({points(summary.penalty)} points)"))
    if summary.pending:
        facts.append(("for a person to mark", f"{points(summary.pending)} points"))
    listed = "".join(f"<div><dt>{_text(name)}</dt><dd>{_text(value)}</dd></div>" for name, value in facts)
    parts = [f"<h2>{_text(title)}</h2><dl>{listed}</dl>"]
    if summary.scores:
        labels = [f"{100 * n // BINS}–{100 * (n + 1) // BINS}" for n in range(BINS)]
        plot = columns(summary.bins, labels, title="Distribution of scores", axis="percent of the points")
        parts.append(_section("Students by score", plot))
    parts += [_losses(summary), _mistakes(summary), _times(summary), _unresolved(summary)]
    return "".join(parts)


def _losses(summary: CohortSummary) -> str:
    worst = sorted((p for p in summary.parts if p.lost), key=lambda p: -p.lost)[:SHOWN]
    if not worst:
        return ""
    rows = []
    for part in worst:
        average = part.lost / summary.graded
        told = f"{points(average)} of {points(part.points)} · {part.students}"
        rows.append((one_line(f"{part.id} {part.title}"), float(average), told))
    note = '<p class="soft">Points lost on average, of the part\'s points · students who lost some</p>'
    return _section("Parts that lose most points", note + bars(rows, title="Points lost by part"))


def _mistakes(summary: CohortSummary) -> str:
    if not summary.mistakes:
        return ""
    shown = summary.mistakes[:SHOWN]
    plot = bars(
        [(one_line(m.text), float(m.lost), f"{points(m.lost)} · {m.students}") for m in shown],
        title="Points lost by named mistake",
    )
    rows = [(m.text, m.part, points(m.lost), str(m.students)) for m in shown]
    note = '<p class="soft">Points lost by all together · students</p>'
    table = _table(("mistake", "part", "points lost", "students"), rows, {2, 3})
    return _section("Mistakes that cost most", note + plot + table)


def _times(summary: CohortSummary) -> str:
    if not summary.times:
        return ""
    width, counts = time_bins(summary.times, TIME_BINS)
    labels = [f"{n * width:g}" for n in range(len(counts))]
    plot = columns(counts, labels, title="Seconds per hand-in", axis=f"seconds, in steps of {width:g}")
    slow = ", ".join(f"{one_line(who, 60)} {seconds:.1f} s" for seconds, who in summary.longest)
    told = f'<p class="soft">{summary.seconds:.0f} s in all; slowest: {_text(slow)}</p>'
    return _section("Hand-ins by time", plot + told)


def _unresolved(summary: CohortSummary) -> str:
    if not summary.unresolved:
        return ""
    rows = [(u.student, u.path, u.status, u.reason) for u in summary.unresolved]
    return _section("Without a score", _table(("student", "hand-in", "status", "reason"), rows, set()))


def _section(title: str, body: str) -> str:
    return f"<section><h3>{_text(title)}</h3>{body}</section>"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], numbers: set[int]) -> str:
    def cells(row: Sequence[str], tag: str) -> str:
        return "".join(
            f"<{tag}{' class=number' if n in numbers else ''}>{_text(text)}</{tag}>" for n, text in enumerate(row)
        )

    body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    return f"<table><thead><tr>{cells(head, 'th')}</tr></thead><tbody>{body}</tbody></table>"


def _text(text: str) -> str:
    return escape(one_line(text))
