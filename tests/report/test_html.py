"""The page for one student, without a browser: what is in it, and that nothing in it can run."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest
from jinja2 import UndefinedError

from grader.model import (
    Answer,
    Cell,
    CellRun,
    Excerpt,
    Notebook,
    Outcome,
    Part,
    Report,
    Status,
    StudentError,
    Uses,
    Work,
)
from grader.report.html import html
from grader.report.html.feedback import page_of
from grader.report.html.highlight import highlighted
from grader.report.html.markup import to_html
from grader.report.html.mathml import to_mathml
from tests.report import sample_reports
from tests.report.hostile_pages import hostile_page, payloads
from tests.report.sample_reports import AFFINE, auto, mixed, outcome, report

ROOT = Path(__file__).parents[2]
SITUATIONS = [getattr(sample_reports, n) for n in ("all_passed", "stub", "mixed", "ungradable", "hostile")]
ATTRIBUTES = {
    *("charset", "http-equiv", "content", "name", "lang", "class", "aria-hidden", "aria-label", "aria-labelledby"),
    *("id", "href", "scope", "open", "src", "alt", "data-n", "rel", "start", "display", "stretchy"),
    *("fence", "form", "accent", "mathvariant", "columnalign"),
}
VOID = {"meta", "img", "br", "hr"}


class Reader(HTMLParser):
    """Tags with their attributes, and whether they nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[int] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


@pytest.mark.parametrize("make", SITUATIONS, ids=lambda f: f.__name__)
def test_every_report_is_a_page_whose_tags_nest(make: Callable[[], Report]) -> None:
    read = Reader(html.render(make()))
    assert read.open == []
    assert read.headings[0] == 1
    assert read.headings.count(1) == 1
    assert all(b <= a + 1 for a, b in zip(read.headings, read.headings[1:], strict=False))


def test_page_shows_points_feedback_and_what_waits() -> None:
    text = " ".join(Reader(html.render(mixed())).text.split())
    for said in (
        "7 of 10.33 points",
        "20 points are marked by a person",
        "2 / 3, partially correct",
        "d_bias is off by 86 % of its largest entry.",
        "Likely mistake: d_bias looks like the mean over the batch",
        "Gradient for a random upstream gradient (hidden)",
        "follow-through with the reference Affine and ReLU: 3 of 3",
        "Plot the loss over the epochs.",
        "ValueError: operands could not be broadcast together",
        "layers/linear.py, line 31: out = x @ self.W + self.b",
        "nn_utils.py was changed",
        "NumPy 2.4.0",
    ):
        assert said in text, said


def test_a_name_that_the_template_reads_and_the_page_lacks_is_an_error() -> None:
    page = page_of(mixed())
    html._page(page, "", "")
    del page["heading"]
    with pytest.raises(UndefinedError, match="no attribute 'heading'"):
        html._page(page, "", "")
    with pytest.raises(UndefinedError, match="no attribute 'same'"):
        html._page(page_of(mixed()) | {"lost": [{k: v for k, v in page["lost"][0].items() if k != "same"}]}, "", "")


def test_ungradable_says_why_and_gives_no_score() -> None:
    text = Reader(html.render(sample_reports.ungradable())).text
    assert "could not be graded" in text
    assert "Python 2" in text
    assert "of 0 points" not in text


def kept(made: Report, cells: tuple[Cell, ...], code: dict[str, tuple[Excerpt, ...]] | None = None) -> Report:
    fields = {name: getattr(made, name) for name in made.__struct_fields__}
    return Report(**fields | {"work": Work(notebook=Notebook(name="hw.ipynb", cells=cells), code=code or {})})


def test_code_stands_beside_the_lost_check_once_and_links_to_its_cell() -> None:
    lost = [outcome(f"c{i}", AFFINE, f"C {i}", "failed", 0, 1, "No.") for i in (1, 2)]
    won = outcome("w", AFFINE, "W", "passed", 1)
    here = Excerpt(name="affine", file="cell 3", line=5, text="def affine(x):\n    return x")
    there = Excerpt(name="other", file="cell 3", line=9, text="def not_shown(): pass")
    page = html.render(
        kept(report(auto(AFFINE, "failed", *lost, won)), (), {"c1": (here,), "c2": (here,), "w": (there,)})
    )
    assert page.count('<span class="l" data-n="5">') == 1
    assert "in cell 3, line 5</summary>" in page
    assert "not_shown" not in page


def test_code_that_passes_its_own_checks_is_folded_behind_the_suspect() -> None:
    def used(id: str, status: Status, *names: str) -> Outcome:
        made = outcome(id, AFFINE, id, status, 0, 1)
        check = msgspec.structs.replace(made.check, uses=tuple(Uses(name=name) for name in names))
        return msgspec.structs.replace(made, check=check)

    good, bad = (Excerpt(name=n, file=f"{n}.py", line=1, text=f"def {n}(): ...") for n in ("good", "bad"))
    part = auto(AFFINE, "partial", used("both", "failed", "good", "bad"), used("own", "passed", "good"))
    page = html.render(kept(report(part), (), {"both": (good, bad)}))
    assert re.findall(r"<details( open)?>\s*<summary><code>(\w+)", page) == [(" open", "bad"), ("", "good")]
    part = auto(AFFINE, "partial", used("both", "failed", "good"), used("own", "passed", "good"))
    assert "<details open>" in html.render(kept(report(part), (), {"both": (good,)}))


def test_every_link_within_the_page_leads_somewhere() -> None:
    long = "x = 1\n" * 60_000
    for cells in (
        (Cell(index=4, kind="code", source="net.train()"),),
        (Cell(index=4, kind="code", source=long),) * 9,
        (),
    ):
        read = Reader(html.render(kept(mixed(), cells)))
        ids = {attributes.get("id") for _, attributes in read.tags}
        links = [str(attributes["href"]) for tag, attributes in read.tags if tag == "a"]
        assert [link for link in links if link.startswith("#cell-4")] == (["#cell-4"] if "cell-4" in ids else [])
        assert all(link.removeprefix("#") in ids for link in links if link.startswith("#part"))


def test_failed_cell_is_marked_in_the_line_where_it_stopped() -> None:
    cells = (Cell(index=4, kind="code", source="\n".join(f"line {i}" for i in range(1, 20))),)
    page = html.render(kept(mixed(), cells))
    assert re.findall(r'class="l here" data-n="(\d+)"', page) == ["12"]


def test_notebook_is_shown_as_it_was_run() -> None:
    cells = (
        Cell(index=0, kind="markdown", source="# Title\nwith $a<b$"),
        Cell(index=1, kind="code", source="print('x')"),
    )
    made = report(auto(AFFINE, "passed", outcome("a", AFFINE, "A", "passed", 1)), cells=(
        CellRun(index=1, status="ok", text="what was <printed>"),
    ))  # fmt: skip
    page = html.render(kept(made, cells))
    assert 'id="cell-0"' in page
    assert "<strong>Title</strong>" in page
    assert "<mo>&lt;</mo>" in page
    assert "what was &lt;printed&gt;" in page
    assert "stored, and not" not in page


def test_page_without_figures_stays_below_300_kb_however_long_the_notebook_is() -> None:
    def long(lines: int) -> str:
        cells = tuple(Cell(index=i, kind="code", source="x = [1, 'two', None]\n" * lines) for i in range(40))
        runs = tuple(CellRun(index=i, status="ok", text="printed\n" * 8_000) for i in range(40))
        return html.render(kept(report(cells=runs), cells))

    shown, shortened, left_out = long(5), long(40), long(400)
    assert all(len(page.encode()) <= 300_000 for page in (shown, shortened, left_out))
    assert "shortened" not in shown
    assert "cell 39" in shortened
    assert "Its output is shortened here" in shortened
    assert "too long to be shown here" in left_out


def test_figures_have_a_description_and_no_end() -> None:
    page = html.render(hostile_page("http://x.invalid"))
    images = [attributes for tag, attributes in Reader(page).tags if tag == "img"]
    assert len(images) == 2
    assert all(str(image["src"]).startswith("data:image/png;base64,") and image["alt"] for image in images)
    huge = tuple(CellRun(index=i, status="ok", pictures=(b"\x89PNG" + bytes(3 << 19),)) for i in range(4))
    cells = tuple(Cell(index=i, kind="code", source="plot()") for i in range(4))
    whole = kept(report(cells=huge), cells)
    assert html.render(whole).count("<img ") == 2
    two = (kept(report(cells=huge[:1]), cells[:1]), kept(report(cells=huge[1:]), cells[1:]))
    assert html.render(msgspec.structs.replace(whole, by_notebook=two)).count("<img ") == 2


# ---------------------------------------------------------------- safety


def test_nothing_that_a_student_writes_becomes_more_than_text() -> None:
    page = html.render(hostile_page("http://x.invalid"))
    read = Reader(page)
    assert read.open == []
    names = {tag for tag, _ in read.tags}
    assert not names & {
        "script",
        "svg",
        "iframe",
        "object",
        "embed",
        "form",
        "input",
        "video",
        "link",
        "base",
        "body x",
    }
    assert [tag for tag, _ in read.tags].count("style") == 1
    for tag, attributes in read.tags:
        assert set(attributes) <= ATTRIBUTES, (tag, attributes)
        assert tag == "img" or "src" not in attributes
        assert not str(attributes.get("href", "#")).lower().startswith(("javascript:", "data:", "file:"))
    ids = [attributes["id"] for _, attributes in read.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert [a for _, a in read.tags if a.get("class") == "total"] == [{"class": "total"}]
    assert "{{ 7 * 7 }}" in read.text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", page)


def test_policy_allows_this_style_sheet_and_pictures_in_the_page_only() -> None:
    page = html.render(mixed())
    css = re.search("<style>(.*?)</style>", page, re.DOTALL)
    assert css is not None
    digest = b64encode(hashlib.sha256(css[1].encode()).digest()).decode()
    assert (
        'content="default-src &#39;none&#39;; img-src data:; style-src &#39;sha256-' + digest + "&#39;; "
        'base-uri &#39;none&#39;; form-action &#39;none&#39;"' in page.replace("'", "&#39;")
    )
    assert "http" not in css[1]
    assert "url(" not in css[1]


def test_a_word_that_stands_for_a_formula_cannot_be_put_into_an_address() -> None:
    made = to_html('[a](http://x/formula-0-) <a href="http://x/>formula-0-">b</a> $\\text{" onclick=x}$')
    tags = Reader(made).tags
    assert [tag for tag, _ in tags].count("a") == 2
    for tag, attributes in tags:
        assert tag != "a" or set(attributes) == {"rel", "href"}
        assert "math" not in str(attributes)


def test_formula_is_mathml_with_known_elements_only() -> None:
    assert "<mfrac><mrow><mi>a</mi></mrow><mrow><mi>b</mi></mrow></mfrac>" in to_mathml(r"\frac{a}{b}")
    assert 'display="block"' in to_mathml("x", block=True)
    evil = to_mathml(r"\text{<script>alert(1)</script>} \href{javascript:alert(1)}{x}")
    assert "<script" not in evil
    assert "href" not in evil
    for broken in ("{" * 4_000, r"\frac{", "x" * 100_000, "\\" * 9):
        assert to_mathml(broken)


@pytest.mark.parametrize("text", [">" * 5_000, "[" * 5_000, "*" * 5_000, "- " * 2_000, "`" * 5_000, "<a" * 5_000])
def test_markdown_that_nests_without_end_is_shown(text: str) -> None:
    assert to_html(text)


def test_code_is_escaped_and_keeps_its_lines() -> None:
    made = highlighted('x = """<b>\n\n</pre>"""\ny = 1 < 2', first=7)
    assert re.findall(r'data-n="(\d+)"', made) == ["7", "8", "9", "10"]
    assert "</pre>&quot;" not in made
    assert "&lt;/pre&gt;" in made
    assert highlighted(payloads("http://x.invalid")).count("<script") == 0


# ---------------------------------------------------------------- looks


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_colour_of_text_has_the_contrast_of_wcag_aa() -> None:
    css = (ROOT / "grader/report/html/templates/feedback.css").read_text()
    schemes = [dict(re.findall(r"--(\w+): (#\w{6})", block)) for block in css.split("(prefers-color")[:2]]
    assert len(schemes) == 2
    for scheme in schemes:
        for name in set(scheme) - {"page", "raised", "line", "here"}:
            for ground in ("page", "raised") + (("here",) if name == "text" else ()):
                a, b = sorted((luminance(scheme[name]), luminance(scheme[ground])), reverse=True)
                assert (a + 0.05) / (b + 0.05) >= 4.5, (name, ground)


def test_a_cell_that_python_cannot_read_comes_before_all_that_follows_from_it() -> None:
    from tests.report.test_terminal import broken_cell

    text = Reader(html.render(broken_cell())).text
    assert text.index("What Python cannot read") < text.index("was never closed") < text.index("Not started")
    assert "Cells with errors" not in text


def test_what_is_behind_a_named_mistake_unfolds_below_it() -> None:
    text = Reader(html.render(mixed())).text
    assert text.index("d_bias looks like the mean over the batch") < text.index("A mean is taken where a sum belongs.")


def test_paper_is_white_whatever_the_screen_is() -> None:
    css = (ROOT / "grader/report/html/templates/feedback.css").read_text()
    assert "@media (prefers-color-scheme" not in css
    assert "color-scheme: light;" in css.partition("@media print")[2]


def test_a_part_of_no_points_that_fails_is_not_called_passed_and_the_rest_of_a_stub_does_not_fail() -> None:
    no_points = auto(AFFINE, "passed", outcome("pair", AFFINE, "Pair", "failed", worth=0, message="No."))
    text = Reader(html.render(report(no_points))).text
    assert "0 / 0 points, partially correct" in text
    stubs = [outcome(f"s{i}", AFFINE, f"S {i}", "missing", message="`affine` is not implemented yet.") for i in (1, 2)]
    half = auto(AFFINE, "partial", outcome("done", AFFINE, "Done", score=1), *stubs)
    assert "Also not started: S 2" in Reader(html.render(report(half))).text


def test_more_elements_than_a_page_needs_are_shown_as_text() -> None:
    assert to_html("# a\n" * 500).count("<strong>") == 500
    made = to_html("# a\n" * 10_000)
    assert made.count("<") < 10
    assert "# a" in made


def test_a_question_without_points_has_no_dash_for_them() -> None:
    free = sample_reports.manual(
        Part("names", "Names"), 0, "Who are you?", Answer(text="Ada", state="answered", cell=3)
    )
    asked = sample_reports.manual(Part("2", "Why"), 3, "Why?", Answer(text="So.", state="answered", cell=4))
    text = Reader(html.render(report(free, asked))).text
    assert "names Names answered (cell 3)" in text
    assert "2 Why – / 3, answered (cell 4)" in text


def test_cells_that_stopped_at_what_an_earlier_one_lacks_lead_to_the_notebook() -> None:
    missing = StudentError(type="NameError", message="name 'f' is not defined")
    made = report(
        auto(AFFINE, "failed", outcome("a", AFFINE, "A", "failed", 0, 1)),
        cells=tuple(CellRun(index=n, status="error", error=missing) for n in (0, 1)),
    )
    page = html.render(
        kept(made, (Cell(index=0, kind="code", source="f(1)"), Cell(index=1, kind="code", source="f(2)")))
    )
    assert 'Stopped at what an earlier cell lacks: <a href="#cell-1">cell 1</a>' in page
