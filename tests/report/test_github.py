"""Annotations and the job summary, read back by GitHub's own rules."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from urllib.parse import unquote

import mistune
import pytest

from grader.model import CellRun, Excerpt, Frame, Notebook, Report, StudentError, Work
from grader.report.ci import markdown
from grader.report.ci.github import fenced, render
from tests.report import sample_reports
from tests.report.sample_reports import AFFINE, auto, outcome, report

SITUATIONS = [getattr(sample_reports, n) for n in ("all_passed", "stub", "mixed", "ungradable", "hostile")]


def read(text: str) -> list[tuple[str, dict[str, str], str]]:
    """The commands as the runner reads them: kind, properties, message."""
    found = []
    for line in text.splitlines():
        command, message = line.removeprefix("::").split("::", 1)
        kind, _, rest = command.partition(" ")
        properties = dict(pair.split("=", 1) for pair in rest.split(","))
        found.append((kind, {key: unquote(value) for key, value in properties.items()}, unquote(message)))
    return found


def many(failures: int, message: str = "Not right.") -> Report:
    lost = [outcome(f"check_{i}", AFFINE, f"Check {i}", "failed", 0, 1, message) for i in range(failures)]
    return report(auto(AFFINE, "failed", *lost))


@pytest.mark.parametrize("make", SITUATIONS, ids=lambda f: f.__name__)
def test_every_line_is_one_command(make: Callable[[], Report]) -> None:
    for kind, properties, message in read(render(make())):
        assert kind in ("error", "warning", "notice")
        assert set(properties) <= {"file", "line", "title"}
        assert message


def test_forty_failures_are_ten_annotations_and_the_last_names_the_rest() -> None:
    found = read(render(many(40)))
    assert Counter(kind for kind, _, _ in found) == {"error": 10, "notice": 1}
    _, properties, message = found[9]
    assert properties["title"] == "31 more; all are in the job summary"
    assert message.splitlines()[0] == "Check 9 (0 of 1)"
    assert message.splitlines()[-1] == "Check 39 (0 of 1)"
    assert len(read(render(many(10)))) == 11
    assert "more" not in render(many(10))


def test_a_job_of_all_kinds_stays_below_fifty() -> None:
    raised = StudentError(type="ValueError", message="no", frames=(Frame("cell 1", 2, "f()"),))
    cells = tuple(CellRun(index=i, status="error", error=raised) for i in range(40))
    lost = [outcome(f"c{i}", AFFINE, f"C {i}", "failed" if i % 2 else "missing") for i in range(40)]
    found = read(render(report(auto(AFFINE, "failed", *lost), cells=cells)))
    assert Counter(kind for kind, _, _ in found) == {"error": 10, "warning": 10, "notice": 2}


def test_what_is_not_started_is_one_notice() -> None:
    missing = [outcome(f"c{i}", AFFINE, f"C {i}", "missing") for i in range(12)]
    (kind, properties, message), _ = read(render(report(auto(AFFINE, "missing", *missing))))
    assert (kind, properties["title"]) == ("notice", "Not started")
    assert message.splitlines()[:2] == [f"{AFFINE.id} C 0", f"{AFFINE.id} C 1"]


def test_what_means_something_in_a_command_is_escaped() -> None:
    bad = outcome("f", AFFINE, "50 %, a: b", "failed", 0, 1, "100%0A\n::error::injected\r\n%")
    line = render(report(auto(AFFINE, "failed", bad))).splitlines()[0]
    assert line == "::error title=50 %25%2C a%3A b (0 of 1)::100%250A%0A::error::injected%0A%25"


def test_code_of_a_module_is_annotated_in_its_line_and_a_notebook_as_a_file() -> None:
    made = many(2)
    code = {
        "check_0": (Excerpt(name="relu", file="layers/relu.py", line=7, text="def relu"),),
        "check_1": (Excerpt(name="net", file="cell 4", line=1, text="net = 1"),),
    }
    work = Work(notebook=Notebook(name="hw.ipynb", cells=()), code=code)

    def places(path: str) -> list[tuple[str | None, str | None]]:
        kept = Report(**{f: getattr(made, f) for f in made.__struct_fields__} | {"work": work, "path": path})
        return [(p.get("file"), p.get("line")) for _, p, _ in read(render(kept))[:2]]

    assert places(".") == [("layers/relu.py", "7"), ("hw.ipynb", None)]
    assert places("week3") == [("week3/layers/relu.py", "7"), ("week3/hw.ipynb", None)]
    assert places("mine.ipynb")[1] == ("mine.ipynb", None)


def test_fence_cannot_be_closed_by_what_is_inside() -> None:
    text = fenced("::error::no\n::stop-commands::x")
    first, *inner, last = text.splitlines()
    token = first.removeprefix("::stop-commands::")
    assert re.fullmatch("[0-9a-f]{32}", token)
    assert last == f"::{token}::"
    assert inner == ["::error::no", "::stop-commands::x"]
    assert fenced("x") != fenced("x")


def test_ungradable_and_fault_are_one_error() -> None:
    ((kind, properties, message),) = read(render(sample_reports.ungradable()))
    assert kind == "error"
    assert "could not be graded" in properties["title"]
    assert "Python 2" in message


# ---------------------------------------------------------------- job summary


def html(text: str) -> str:
    return str(mistune.create_markdown(escape=False, plugins=["table", "strikethrough", "url"])(text))


@pytest.mark.parametrize("make", SITUATIONS, ids=lambda f: f.__name__)
def test_summary_holds_every_part_with_its_points(make: Callable[[], Report]) -> None:
    made = make()
    text = markdown.render(made)
    for part in made.parts:
        assert markdown.escaped(part.part.title) in text
    assert made.status == "graded" or markdown.escaped(made.reason) in text


def test_summary_with_forty_failures_stays_below_githubs_limit_and_keeps_the_scores() -> None:
    text = markdown.render(many(40, "wide \N{SNOWMAN} text " * 150))
    assert len(text.encode()) < 1 << 20
    assert text.count("**Check") == 40
    huge = report(*many(40).parts, notes=("\N{SNOWMAN}" * 2_000,) * 400)
    text = markdown.render(huge)
    assert (1 << 20) - 20_000 < len(text.encode()) < 1 << 20
    assert text.count("**Check") == 40
    assert text.endswith("left out: a summary holds no more._\n")


def test_nothing_from_a_hand_in_becomes_markup() -> None:
    evil = (
        "<script>alert(1)</script> <img src=http://x.invalid/a> ![a](http://x.invalid) [b](http://x.invalid) `c` **d** "
        "| e | ~~f~~ http://x.invalid www.x.invalid @everyone org/repo#1 $\\sqrt 2$ &lt;"
    )
    bad = outcome("f", AFFINE, evil, "failed", 0, 1, evil + "\n# heading\n- item")
    page = html(markdown.render(report(auto(AFFINE, "failed", bad), notes=(evil,))))
    assert set(re.findall(r"<(\w+)", page)) <= {
        "h2",
        "h3",
        "p",
        "strong",
        "ul",
        "li",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
    }
    for linked in ("@everyone", "#1", "://", "www."):
        assert linked not in page
    assert page.count("<h3>") == 2
