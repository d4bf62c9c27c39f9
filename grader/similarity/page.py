"""Pairs side by side as one HTML file that opens with no network and runs nothing."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from grader.report.html import document
from grader.report.sanitize import clean, one_line, plural
from grader.similarity.pairs import LEAST, Similarity, SimilarPair
from grader.similarity.prints import Writing

CAUTION = (
    "Alike is not copied: a short function has one natural form, people learn together, and teams hand in the same"
    " work. Read both before you talk to anybody."
)
CONTEXT = 2
"""Lines shown around what both have."""
PAIRS = 100
"""Pairs on a page; more are a cohort that worked together."""
_STYLE = """
:root { color-scheme: light dark; --soft: #5b6677; --line: #d5dae3; --mark: #fff0b8; }
@media screen and (prefers-color-scheme: dark) { :root { --soft: #a3adbd; --line: #3a4356; --mark: #4d430f; } }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 80rem; }
h1 { font-size: 1.5rem; } summary { cursor: pointer; padding: .4rem 0; } .soft { color: var(--soft); }
details { border-top: 1px solid var(--line); } h3 { font-size: 1rem; margin: .8rem 0 .2rem; }
.both { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1rem; }
@media (max-width: 40rem) { .both { grid-template-columns: minmax(0, 1fr); } }
pre { font: .8rem/1.45 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; margin: 0; padding: .5rem;
  border: 1px solid var(--line); border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere; }
pre.words { font-family: inherit; font-size: .9rem; }
mark { background: var(--mark); color: inherit; } summary, li { overflow-wrap: anywhere; }
@media print { :root { color-scheme: light; } }
"""


def render_similarity(similarity: Similarity, title: str) -> str:
    """The page: what is usual in this cohort, then each pair with what both have marked."""
    heading = escape(f"Similar work: {one_line(title)}")
    usual = (
        f"The median pair of {similarity.students} students agrees in {similarity.usual_code:.0%} of the code that both"
        f" wrote themselves, rare pieces weighing more, and in {similarity.usual_words:.0%} of their answers."
    )
    more = (
        ""
        if len(similarity.pairs) <= PAIRS
        else f" The {PAIRS} most unusual of {len(similarity.pairs)} pairs are shown."
    )
    body = (
        "".join(_pair(pair) for pair in similarity.pairs[:PAIRS])
        or "<p>No pair is more alike than this cohort makes likely.</p>"
    )
    head = f'<h1>{heading}</h1><p>{escape(CAUTION)}</p><p class="soft">{usual}{more}</p>'
    return document(heading, _STYLE, head + body)


def _pair(pair: SimilarPair) -> str:
    rare = f", {plural(len(pair.results), 'rare wrong result')}" if pair.results else ""
    likeness = f"{pair.code:.0%} of the code, {pair.words:.0%} of the answers{rare}"
    names = " and ".join(escape(one_line(w.name)) for w in (pair.left, pair.right))
    parts = [f'<details><summary>{names} <span class="soft">{likeness}</span></summary>']
    if pair.results:
        listed = "".join(f"<li>{escape(one_line(result))}</li>" for result in pair.results)
        parts.append(f"<h3>Rare wrong results of both</h3><ul>{listed}</ul>")
    if pair.shared.left:
        left, right = _code(pair.left, pair.shared.left), _code(pair.right, pair.shared.right)
        parts.append(f'<h3>Code</h3><div class="both"><div>{left}</div><div>{right}</div></div>')
    if pair.words >= LEAST:
        for part in sorted(pair.left.answers.keys() & pair.right.answers.keys()):
            texts = (f'<pre class="words">{escape(clean(w.answers[part]))}</pre>' for w in (pair.left, pair.right))
            parts.append(f'<h3>Answer {escape(one_line(part))}</h3><div class="both">{"".join(texts)}</div>')
    return "".join([*parts, "</details>"])


def _code(writing: Writing, shared: Iterable[tuple[int, int, int]]) -> str:
    """The lines that both have, marked, with some around; cell by cell."""
    places = list(writing.code.items())
    marked: dict[int, set[int]] = {}
    for source, first, last in shared:
        marked.setdefault(source, set()).update(range(first, last + 1))
    pieces = []
    for source, lines in sorted(marked.items()):
        name, text = places[source]
        rows, before = [], 0
        for number, line in enumerate(clean(text).split("\n"), 1):
            if not any(near in lines for near in range(number - CONTEXT, number + CONTEXT + 1)):
                continue
            rows += ["…"] if before and number > before + 1 else []
            shown = escape(line)
            rows.append(f"{number:4}  " + (f"<mark>{shown}</mark>" if number in lines else shown))
            before = number
        where = escape(one_line(f"{writing.name}, {name}"))
        pieces.append(f'<p class="soft">{where}</p><pre>' + "\n".join(rows) + "</pre>")
    return "".join(pieces)
