"""A cohort's summary as one HTML file that opens with no network and runs nothing but its own sorting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import NamedTuple

from grader.cohort.outcome import STATES, UNDECIDED, StudentResult
from grader.cohort.records import Run
from grader.cohort.summary.summary import BINS, CohortSummary, part_points, time_bins
from grader.report.html import document, with_code
from grader.report.sanitize import in_points, one_line, plural, points

SHOWN = 12
"""Parts and mistakes in a plot."""
TIME_BINS = 12
NO_RESULTS = (
    "This run has no results: it was stopped before its end. The same <code>grade batch</code> goes on with it."
)
_STYLE = """
:root { color-scheme: light dark; --ink: #1d2433; --soft: #5b6677; --line: #d5dae3; --bar: #3b6fb6; --ground: #fff; }
@media screen and (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ef; --soft: #a3adbd; --line: #3a4356; --bar: #6ea0e6; --ground: #151a24; }
}
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground); margin: 0 auto;
  padding: 1.5rem 1rem 3rem; max-width: 46rem; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin: 0 0 .2rem; } h2 { margin: 2.5rem 0 .5rem; font-size: 1.3rem; }
h3 { margin: 1.8rem 0 .4rem; font-size: 1rem; } p { margin: .3rem 0; } .soft { color: var(--soft); }
code { font: .9em ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
ul { list-style: none; margin: .6rem 0; padding: 0; } li { margin: .6rem 0; }
.bar { display: block; background: var(--bar); border-radius: 2px; print-color-adjust: exact; }
.columns { display: flex; margin: 1rem 0 0; align-items: flex-end; }
.columns div { flex: 1 1 0; min-width: 0; text-align: center; font-size: .8rem; line-height: 1.4; }
.columns .bar { margin: 0 8%; border-radius: 2px 2px 0 0; }
.columns .bar + span { display: block; border-top: 1px solid var(--line); }
.axis { color: var(--soft); font-size: .8rem; text-align: center; }
.bars .line { display: flex; align-items: center; gap: .6rem; font-size: .9rem; }
.bars .bar { flex: none; min-width: 2px; height: .9rem; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: .6rem; margin: .8rem 0; }
dl div { border: 1px solid var(--line); border-radius: 6px; padding: .5rem .7rem; break-inside: avoid; }
dt { color: var(--soft); font-size: .8rem; } dd { margin: 0; font-size: 1.25rem; font-weight: 600; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
td, th { text-align: left; padding: .2rem .5rem .2rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: normal; } a { color: inherit; }
.wide { overflow-x: auto; } .sorted { white-space: nowrap; font-variant-numeric: tabular-nums; }
.sorted th:first-child, .sorted td:first-child { position: sticky; left: 0; background: var(--ground);
  white-space: normal; min-width: 8rem; max-width: 14rem; }
.sorted button { font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; }
.sorted [aria-sort] button { color: var(--ink); font-weight: 600; }
.sorted [aria-sort=ascending] button::after { content: " ↑"; }
.sorted [aria-sort=descending] button::after { content: " ↓"; }
summary { cursor: pointer; padding: .2rem 0; } details { font-size: .9rem; }
@media (pointer: coarse) { td, th, summary { padding-top: .45rem; padding-bottom: .45rem; } }
li, tr, figure { break-inside: avoid; } h2, h3 { break-after: avoid; }
@media print {
  :root { color-scheme: light; } body { max-width: none; padding: 0; font-size: 10pt; }
  .wide { overflow: visible; } .sorted { white-space: normal; font-size: .75rem; }
  .sorted th:first-child, .sorted td:first-child { position: static; min-width: 6rem; }
}
"""
_SCRIPT = """
for (const table of document.querySelectorAll("table.sorted")) {
  const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0];
  heads.forEach((head, n) => head.firstChild.addEventListener("click", () => {
    const down = head.getAttribute("aria-sort") === "ascending" || (n > 0 && !head.hasAttribute("aria-sort"));
    const of = row => { const text = row.cells[n].textContent, value = parseFloat(text);
      return n && text && !isNaN(value) ? value : n && n < heads.length - 1 ? -1 : text; };
    const order = (a, b) => typeof a === "number" && typeof b === "number" ? a - b : `${a}`.localeCompare(`${b}`);
    const rows = [...body.rows].map(row => [of(row), row]).sort((a, b) => order(a[0], b[0]) * (down ? -1 : 1));
    heads.forEach(other => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    body.append(...rows.map(pair => pair[1]));
  }));
}
"""
"""Sorts the students by the column that is clicked; the page's policy lets this text run and no other."""


def render_page(
    summaries: Sequence[CohortSummary],
    run: Run,
    link: Callable[[str], str | None] = lambda path: None,
    alike: Sequence[str] | None = None,
) -> str:
    """The page: for each assignment what is to be done, what cost points and why, every student, and the time.

    `link` gives the address of the feedback on a submission by its path, or None; `alike` has a line for each pair of
    students who wrote alike, or is None where nobody asked.
    """
    titles = run.options.get("titles", {})
    named = [(titles.get(s.assignment) or s.assignment or "Assignment unknown", s) for s in summaries]
    alone = len(named) == 1
    nothing = "" if named else f"<p>{NO_RESULTS if run.finished is None else 'No submission was found.'}</p>"
    body = nothing + "".join(_assignment("" if alone else title, summary, link) for title, summary in named)
    title = _text(", ".join(title for title, s in named if s.assignment) or run.source.rpartition("/")[2])
    meta = f"{_text(named[0][1].assignment)}, " if alone and named[0][1].assignment else ""
    when = run.started[:16].replace("T", " ")
    head = f'<h1>{title}</h1><p class="soft">{meta}run {run.id}, {when} UTC, grader {_text(run.grader)}</p>'
    return document(f"{title}, run {run.id}", _STYLE, head + body + _alike(alike), _SCRIPT)


def _assignment(title: str, summary: CohortSummary, link: Callable[[str], str | None]) -> str:
    undecided = sum(one.state in UNDECIDED for one in summary.by_student)
    facts = [("students", str(len(summary.by_student))), ("submissions", str(summary.submissions))]
    if summary.mean is not None and summary.median is not None:
        facts += [(f"mean, of {points(summary.max_points)}", points(summary.mean))]
        facts += [("median", points(summary.median)), ("full marks", str(summary.full))]
    if undecided:
        facts.append(("without a score", str(undecided)))
    if summary.late:
        facts += [("late", str(summary.late)), ("points paid for that", points(summary.penalty))]
    if summary.pending:
        facts.append(("points to mark by hand", points(summary.pending)))
    listed = "".join(f"<div><dt>{_text(name)}</dt><dd>{_text(value)}</dd></div>" for name, value in facts)
    id = f' <span class="soft">{_text(summary.assignment)}</span>' if summary.assignment not in ("", title) else ""
    parts = [f"<h2>{_text(title)}{id}</h2>" if title else "", f"<dl>{listed}</dl>"]
    parts += [_unresolved(summary), _losses(summary), _mistakes(summary)]
    if summary.scores:
        labels = [str(100 * n // BINS) for n in range(BINS)]
        axis = f"percent of the points, in steps of {100 // BINS}"
        plot = columns(summary.bins, labels, title="Distribution of scores", axis=axis)
        parts.append(_section("Students by score", plot))
    parts += [_students(summary, link), _times(summary)]
    return "".join(parts)


def _alike(pairs: Sequence[str] | None) -> str:
    if pairs is None:
        return ""
    rows = "".join(f"<li>{_text(pair)}</li>" for pair in pairs)
    note = "More alike than this cohort makes likely, which is not copied; `grade similar --html` shows both sides."
    body = f'<p class="soft">{with_code(note)}</p><ul>{rows}</ul>' if pairs else '<p class="soft">No pair.</p>'
    return _section("Similar work", body)


def _losses(summary: CohortSummary) -> str:
    worst = sorted((p for p in summary.parts if p.lost), key=lambda p: -p.lost)[:SHOWN]
    if not worst:
        return ""
    rows = [
        Bar(
            one_line(f"{part.id} {part.title}"),
            float(part.lost),
            f"{points(part.lost / summary.graded)} of {points(part.points)} · {plural(part.students, 'student')}",
        )
        for part in worst
    ]
    note = '<p class="soft">Points lost on average, of the part\'s points, and how many students lost some</p>'
    return _section("Parts that lose most points", note + bars(rows, title="Points lost by part"))


def _mistakes(summary: CohortSummary) -> str:
    if not summary.mistakes:
        return ""
    rows = [
        Bar(
            one_line(m.text),
            float(m.lost),
            f"{in_points(m.lost)} · {plural(m.students, 'student')} · {one_line(m.where)}",
            m.who,
        )
        for m in summary.mistakes[:SHOWN]
    ]
    note = '<p class="soft">Points lost by all students together</p>'
    return _section("Mistakes that cost most", note + bars(rows, title="Points lost by named mistake"))


def _times(summary: CohortSummary) -> str:
    if not summary.times:
        return ""
    width, counts = time_bins(summary.times, TIME_BINS)
    labels = [f"{n * width:g}" for n in range(len(counts))]
    plot = columns(counts, labels, title="Seconds per submission", axis=f"seconds, in steps of {width:g}")
    slow = ", ".join(f"{one_line(who, 60)} {seconds:.1f} s" for seconds, who in summary.longest)
    caption = f'<p class="soft">{summary.seconds:.0f} s in all; slowest: {_text(slow)}</p>'
    return _section("Submissions by time", plot + caption)


def _unresolved(summary: CohortSummary) -> str:
    """Whoever is without points, by the reason; of those who handed in nothing only the names."""
    rows = "".join(
        f'<li><strong>{_text(one.name or one.student)}</strong> <span class="soft">{STATES[one.state]}</span>'
        f"<div>{with_code(one_line(one.reason, 300))}</div></li>"
        for one in summary.by_student
        if one.state in UNDECIDED and one.state != "absent"
    )
    absent = [_text(one.name or one.student) for one in summary.by_student if one.state == "absent"]
    if absent:
        rows += f'<li><span class="soft">{STATES["absent"]}, {len(absent)}:</span> {"; ".join(absent)}</li>'
    if not rows:
        return ""
    note = '<p class="soft">Decide with <code>grade decide STORE STUDENT POINTS</code></p>'
    return _section("Without a score", f"{note}<ul>{rows}</ul>")


def _students(summary: CohortSummary, link: Callable[[str], str | None]) -> str:
    if not summary.by_student:
        return ""
    rows = "".join(_student(one, summary.part_ids, link) for one in summary.by_student)
    titles = ("Student", f"Of {points(summary.max_points)}", *summary.part_ids, "State")
    head = "".join(f"<th><button>{_text(title)}</button></th>" for title in titles)
    table = f'<div class="wide"><table class="sorted"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    return _section("Students", table)


def _student(one: StudentResult, part_ids: Sequence[str], link: Callable[[str], str | None]) -> str:
    result = one.result
    name = _text(one.name or one.student)
    address = link(result.path) if result is not None else None
    shown = name if address is None else f'<a href="{escape(address)}">{name}</a>'
    score = "" if one.points is None else points(one.points)
    state = [] if one.state == "graded" else [STATES[one.state]]
    if result is not None and result.late_days:
        state.append(f"{plural(result.late_days, 'day')} late")
    if result is not None and result.pending:
        state.append(f"{points(result.pending)} to mark by hand")
    parts = "".join(f"<td>{'' if score is None else points(score)}" for score in part_points(one, part_ids))
    return f"<tr><td>{shown}<td>{score}{parts}<td>{', '.join(state)}"


def _section(title: str, body: str) -> str:
    return f"<section><h3>{_text(title)}</h3>{body}</section>"


def _text(text: str) -> str:
    return escape(one_line(text))


# ---------------------------------------------------------------- plots


HIGH = 8
"""The tallest column, in the height of a letter."""
LONG = 50
"""The longest bar, in percent of the width: as much is left for what is written beside it."""


class Bar(NamedTuple):
    """One row of `bars`."""

    label: str
    value: float
    detail: str
    """What is written beside the bar."""
    who: Sequence[str] = ()
    """Names to unfold."""


def columns(values: Sequence[int], labels: Sequence[str], *, title: str, axis: str) -> str:
    """Columns side by side, with their values on top and their labels below (an empty label leaves a gap)."""
    top = max(max(values, default=0), 1)
    cells = "".join(
        f'<div><span>{value or ""}</span><span class="bar" style="height:{HIGH * value / top:.2f}rem"></span>'
        f"<span>{escape(label)}</span></div>"
        for value, label in zip(values, labels, strict=True)
    )
    return f'<figure class="columns" aria-label="{escape(title)}">{cells}</figure><p class="axis">{escape(axis)}</p>'


def bars(rows: Sequence[Bar], *, title: str) -> str:
    """Bars from the left, one a row: its label, the bar, and what is written beside it."""
    top = max((row.value for row in rows), default=0) or 1
    cells = "".join(
        f"<li><div>{with_code(row.label)}</div>"
        f'<div class="line"><span class="bar" style="width:{LONG * row.value / top:.1f}%"></span>'
        f'<span class="soft">{escape(row.detail)}</span></div>{_who(row.who)}</li>'
        for row in rows
    )
    return f'<ul class="bars" aria-label="{escape(title)}">{cells}</ul>'


def _who(names: Sequence[str]) -> str:
    shown = "; ".join(escape(one_line(name)) for name in names)
    return f'<details class="soft"><summary>who</summary>{shown}</details>' if names else ""
