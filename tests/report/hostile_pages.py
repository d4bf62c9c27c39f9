"""A report in which every text that a student can choose tries to run, to load or to break out."""

from __future__ import annotations

import io
from fractions import Fraction

import matplotlib

from grader.model import (
    Answer,
    Cell,
    CellRun,
    Comparison,
    Diagnosis,
    Excerpt,
    Frame,
    Manual,
    Notebook,
    PartResult,
    Report,
    StudentError,
    Work,
)
from tests.report.sample_reports import AFFINE, ESSAY, auto, outcome, report

matplotlib.use("Agg")


def payloads(host: str) -> str:
    """What a browser would run or load; `host` is told of every request."""
    run = "document.documentElement.dataset.pwned=1"
    return f"""
<script>{run}</script><script src="{host}/script.js"></script>
<img src="{host}/image.png" onerror="{run}">
<svg onload="{run}"><image href="{host}/svg.png"/><script>{run}</script></svg>
<iframe src="{host}/frame" srcdoc="<script>parent.{run}</script>"></iframe><object data="{host}/object"></object>
<link rel="stylesheet" href="{host}/style.css"><style>@import url({host}/import.css); body {{ display: none }}</style>
<video src="{host}/video" autoplay></video><audio src="{host}/audio" autoplay></audio><embed src="{host}/embed">
<meta http-equiv="refresh" content="0;url={host}/refresh"><base href="{host}/"><body background="{host}/background">
<form action="{host}/form"><input autofocus onfocus="{run}"></form><a href="javascript:{run}" id="part-1">link</a>
<div style="position:fixed;inset:0;background:url({host}/inline.png)" class="total"><strong>100</strong></div>
<math><mtext><table><mglyph><style><img src=x onerror="{run}"></style></mglyph></table></mtext></math>
![image]({host}/markdown.png) [link](javascript:{run}) <{host}/auto> `"><script>{run}</script>`
$\\text{{<script>{run}</script><img src=x onerror={run}>}}$ $\\href{{javascript:{run}}}{{x}}$
</pre></code></span></details></style></title></textarea>--></script><script>{run}</script>
"'><img src=x onerror={run}>{{{{ 7 * 7 }}}} {{% raw %}} \x1b]8;;{host}/osc\x07x\x1b]8;;\x07 \x1b[31mred
"""


def picture() -> bytes:
    from matplotlib.figure import Figure

    figure, file = Figure(figsize=(1, 1)), io.BytesIO()
    figure.add_subplot().plot([1, 2])
    figure.savefig(file, format="png")
    return file.getvalue()


def hostile_page(host: str) -> Report:
    evil = payloads(host)
    error = StudentError(type=evil, message=evil, frames=(Frame(evil, 3, evil), Frame("cell 1", 2, evil)))
    cells = (
        Cell(index=0, kind="markdown", source=evil),
        Cell(index=1, kind="code", source=evil),
        Cell(index=2, kind="code", source="plt.plot(x)"),
        Cell(index=3, kind="raw", source=evil),
    )
    excerpt = Excerpt(name=evil, file=evil, line=3, text=evil)
    lost = outcome(
        "affine",
        AFFINE,
        "Scores",
        "failed",
        0,
        2,
        evil,
        arrays=(Comparison(name=evil, status="failed", message=evil),),
        diagnosis=Diagnosis(code="x", text=evil),
    )
    plot = Manual(part=ESSAY, points=Fraction(5), kind="written", question="Why?", under="Why")
    answer = Answer(state="answered", text=evil, figures=(evil,), cell=2)
    essay = PartResult(
        part=ESSAY, status="pending", score=Fraction(0), max_score=Fraction(5), manual=plot, answer=answer
    )
    made = report(
        auto(AFFINE, "failed", lost, follow_through=1, credited_with=(evil,)),
        essay,
        cells=(
            CellRun(index=1, status="error", error=error, text=evil),
            CellRun(index=2, status="ok", text=evil, figures=(evil,), pictures=(picture(),)),
        ),
        notes=(evil,),
    )
    fields = {name: getattr(made, name) for name in made.__struct_fields__}
    work = Work(notebook=Notebook(name=evil, cells=cells), code={"affine": (excerpt,)})
    return Report(**fields | {"work": work, "path": f"hand-ins/{evil.replace('/', ' ')}.ipynb"})
