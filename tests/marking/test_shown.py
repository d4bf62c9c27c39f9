"""Where marks show: the terminal, JSON, pages, Gradescope, the summary, the diff and the gradebooks."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import jsonschema
import pytest

from grader import cli
from grader.cohort.feedback_files import page_of
from grader.marking.log import Hand, ItemSet, Log, Marked, RubricSet, log_path
from grader.marking.totals import state_of, with_marks
from grader.marks import answer_digest
from grader.model import Report
from grader.report.ci import junit, markdown
from grader.report.gradescope.results import results as gradescope
from grader.report.html import html
from grader.report.json_report import schema_path, to_json
from grader.report.terminal.terminal import render
from tests.marking.synthetic import answer, fill, report

ADA = {"2": answer("it is <b>convex</b>"), "3": answer("a figure", b"png")}


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ada is marked whole and one score of hers changed, Bob waits with part 3."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "s.sqlite"
    bob = {"2": answer("no idea"), "3": answer("", b"")}
    fill(path, [("ada", 1, report("ada", ADA)), ("bob", 1, report("bob", {"2": bob["2"]}))])
    with Log(log_path(path), create=True) as log:
        log.add("me", [
            RubricSet(assignment="toy", part="2", start="full", model="The sum is **convex**.", show_model=True),
            ItemSet(assignment="toy", part="2", key="1", points="-1/2", text="no word on `step size`"),
            *[
                Marked(
                    assignment="toy", part=part, answer=digest, items=items, points=points, adjust=adjust,
                    comment=comment, hands=(Hand("ada", "sha256:ada1"),),
                )
                for part, digest, items, points, adjust, comment in (
                    ("2", ADA["2"].digest, ("1",), "5/2", "0", "nearly: $x^2$ <script>"),
                    ("3", ADA["3"].digest, (), "2", "0", ""),
                    ("1", "sha256:ada1", (), "5", "1", "the check was wrong"),
                )
            ],
        ])  # fmt: skip
    return path


def marked(store: Path) -> Report:
    state = state_of(store)
    assert state is not None
    return with_marks(report("ada", ADA), state)


def run(*words: object) -> int:
    return cli.main([str(word) for word in words])


def test_the_terminal_shows_items_and_comments_and_the_total_of_the_whole(store: Path) -> None:
    for verbose in (False, True):
        page = render(marked(store), colour=False, width=80, verbose=verbose)
        assert "-0.5: no word on `step size`" in page
        assert "nearly: $x^2$ <script>" in page
        assert "a person changed the score of 4 points" in page
        assert "9.5 of 10 points" in page
        assert "needs manual grading" not in page
    assert "marked with full points (2 points): 3 Question 3" in render(marked(store), colour=False, width=80)


def test_the_json_object_fits_its_schema_with_marks_and_without(store: Path) -> None:
    check = jsonschema.Draft202012Validator(json.loads(schema_path().read_text()))
    data = to_json(marked(store))
    check.validate(data)
    check.validate(to_json(report("ada", ADA)))
    assert (data["score"], data["max_score"], data["pending"]) == (9.5, 10, 0)
    assert data["parts"][1]["mark"] == {
        "points": 2.5,
        "items": [{"key": "1", "points": -0.5, "text": "no word on `step size`"}],
        "comment": "nearly: $x^2$ <script>",
        "model": "The sum is **convex**.",
    }


def test_gradescope_gets_a_test_for_each_mark_and_the_tests_add_up(store: Path) -> None:
    data = gradescope(marked(store))
    assert data["score"] == 9.5 == sum(test["score"] for test in data["tests"])
    assert sum(test["max_score"] for test in data["tests"]) == 10
    assert "marked by a person; answered" not in data["output"]
    (essay,) = [test for test in data["tests"] if test["number"] == "2.1"]
    assert "no word on `step size`" in essay["output"]


def test_ci_formats_say_what_was_given(store: Path) -> None:
    assert "no word on" in markdown.render(marked(store))
    assert '<failure type="partial" message="2.5 of 3 points">' in junit.render(marked(store))


def test_a_page_is_made_with_marks_or_has_them_put_in_later(store: Path, tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    page = page_of(pages, "ada_1.ipynb")
    page.write_text(html.render(report("ada", ADA)), encoding="utf-8")
    assert run("export", "feedback", store, pages) == 1  # Bob has none
    text = page.read_text(encoding="utf-8")
    for said in ("no word on <code>step size</code>", "nearly: <math", "The sum is <strong>convex</strong>", "9.5"):
        assert said in text
    assert "<script" not in text
    assert "&lt;script&gt;" in text or "nearly: <math" in text
    assert '<span class="points">2.5 / 3</span>, marked by a person' in text
    assert "a person changed the score of 4 points" in text
    made = html.render(marked(store))
    for name in ("score 1", "mark 1", "score 2", "total"):
        assert between(made, name) == between(text, name)
    assert run("export", "feedback", store, pages) == 1
    assert page.read_text(encoding="utf-8") == text


def between(page: str, name: str) -> str:
    return page.partition(f"<!--{name}-->")[2].partition("<!--/-->")[0]


def test_a_model_answer_waits_for_the_last_deadline(tmp_path: Path) -> None:
    from grader.cohort.store import Store
    from grader.marking.totals import results

    shown = {}
    for name, days in (("past", -3), ("extended", -1), ("future", 1)):
        path = tmp_path / f"{name}.sqlite"
        due = (datetime.now(UTC) + timedelta(days=days)).isoformat()
        fill(path, [("ada", 1, report("ada", ADA))], rules={"due": due, "students": {"bob": {"extra_days": 2}}})
        with Log(log_path(path), create=True) as log:
            one = RubricSet(assignment="toy", part="2", start="full", model="Because.", show_model=True)
            log.add("me", [one, Marked(assignment="toy", part="2", answer=ADA["2"].digest, points="3")])
        with Store.open(path) as store:
            (result,) = results(store)
        shown[name] = result.report["parts"][1]["mark"].get("model")
    assert shown == {"past": "Because.", "extended": None, "future": None}


def test_only_who_is_marked_whole_has_a_score_in_the_gradebook_unless_asked(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def canvas(*words: str) -> dict[str, str]:
        assert run("export", "canvas", store, "-o", "c.csv", "--column", "HW", *words) in (0, 1)
        rows = list(csv.reader(io.StringIO(Path("c.csv").read_text(encoding="utf-8-sig"))))
        return {row[0]: row[-1] for row in rows[1:] if row[0] in ("Ada", "Bob")}

    assert canvas() == {"Ada": "9.5"}
    assert "Bob (bob): with points that a person must give: 5 points wait" in capsys.readouterr().err
    assert canvas("--partial") == {"Ada": "9.5", "Bob": "4"}
    assert "1 student has parts that wait for a person: what is decided is in it" in capsys.readouterr().err
    assert run("export", "csv", store, "-o", "t.csv") == 0
    table = {r["student"]: r for r in csv.DictReader(io.StringIO(Path("t.csv").read_text(encoding="utf-8-sig")))}
    assert [table["ada"][name] for name in ("part 1", "part 2", "part 3", "final")] == ["5", "2.5", "2", "9.5"]
    assert [table["bob"][name] for name in ("part 2", "waiting for a person", "final")] == ["", "5", "4"]


def test_the_summary_counts_marks_and_the_diff_says_what_a_person_marked(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("summary", "--store", store) == 0
    said = capsys.readouterr().out
    assert "for a person to mark: 5 points" in said
    assert "2 Question 2" in said
    second = {"2": answer("it is flat"), "3": ADA["3"]}
    fill(store, [("ada", 2, report("ada", second, attempt=2)), ("bob", 1, report("bob", {"2": answer("no idea")}))])
    assert run("diff", "--store", store) == 1
    said = capsys.readouterr().out
    assert "part 2, marked by a person 2.5 → 0" in said
    assert answer_digest("it is flat") != ADA["2"].digest
    assert Fraction(1, 2) == Fraction("0.5")


def test_one_file_is_shown_with_the_marks_of_a_store(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    none = store.with_name("none.sqlite")
    here = Path("a.ipynb")
    here.write_text("{}")
    assert run(here, "--marks", none) == 2
    assert "nobody has marked anything of this store yet" in capsys.readouterr().err
