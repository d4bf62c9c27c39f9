"""What a cohort came to, in numbers, in the terminal and as a page."""

from __future__ import annotations

import re
from base64 import b64encode
from fractions import Fraction
from hashlib import sha256
from html.parser import HTMLParser

import msgspec
import pytest

from grader.cohort.records import Decision, Result, RosterEntry, Run
from grader.cohort.summary.page import render_page
from grader.cohort.summary.summary import MistakeLoss, summarise, time_bins
from grader.cohort.summary.text import render
from tests.cohort.results import check, part, result

MISTAKE = "bias left out."
HOSTILE = "<script>alert(1)</script>\x1b[2J"
RUN = Run(
    id=3,
    started="2026-01-01T10:00:00+00:00",
    finished="x",
    source="/in/<b>hw",
    options={"titles": {"toy": "Toy"}},
    grader="1",
)
AL = RosterEntry(key="al", name="Absent, Al", columns={})


def cohort() -> list[Result]:
    right = {"parts": [part("1", check("a", 4, 4)), part("2", check("b", 6, 6))]}
    found = {"code": "named-by-the-course", "mistake": MISTAKE, "evidence": {}}
    one, other = check("a", 1, 4), check("b", 3, 6)
    one["diagnosis"] = {**found, "text": "`a` is exactly what this mistake gives."}
    other["diagnosis"] = {**found, "text": "Your results are exactly what this mistake gives."}
    wrong = {"parts": [part("1", one), part("2", other, score=6)]}
    return [
        result("right", 10, report=right),
        result("wrong", 7, report=wrong),
        result("again", 7, report=wrong, penalty=Fraction(1), final=Fraction(6), late_days=1),
        result("first try", 0, report=right, counts=False),
        result(HOSTILE, None, reason=f"{HOSTILE} is damaged", path=HOSTILE, report={}),
    ]


def test_students_count_once_by_the_attempt_that_counts() -> None:
    (found,) = summarise(cohort())
    assert (found.submissions, found.graded, found.full, found.late) == (5, 3, 1, 1)
    assert found.scores == (6, 7, 10)
    assert found.bins == (0, 0, 0, 0, 0, 0, 1, 1, 0, 1)


def test_a_mistake_costs_what_was_lost_in_the_end() -> None:
    (found,) = summarise(cohort())
    assert [(p.id, p.lost, p.students) for p in found.parts] == [("1", 6, 2), ("2", 0, 0)]
    (mistake,) = found.mistakes
    assert (mistake.text, mistake.part, mistake.lost, mistake.students) == ("bias left out.", "1", 6, 2)


@pytest.mark.parametrize(
    ("times", "most", "expected"),
    [
        ([0.0], 5, (1, (1,))),
        ([1.0, 2.0, 9.9, 10.0], 5, (2, (1, 1, 0, 0, 2))),
        ([0.3, 61.0], 5, (20, (1, 0, 0, 1))),
    ],
)
def test_times_fall_into_steps_of_a_round_width(
    times: list[float], most: int, expected: tuple[float, tuple[int, ...]]
) -> None:
    assert time_bins(times, most) == expected


def test_the_terminal_names_losses_and_what_has_no_score() -> None:
    text = render(summarise(cohort()), ascii_only=True)
    assert "mean 7.67, median 7," in text
    assert re.search(r"  1 Part 1 +#{20}  2 of 4, 2 students\n", text)
    assert re.search(r"  #{20}  6 points, 2 students, part 1\n    bias left out\.\n", text)
    assert re.search(r"Time for each submission\n(.+ s\n){4} +0\.8-1 s  #+ 5\n", text)
    assert "Cannot be graded: 1" in text
    assert "\x1b" not in text


def test_an_empty_or_scoreless_cohort_is_shown_too() -> None:
    assert render(summarise([])) == ""
    assert "it is damaged" in render(summarise([result("a", None)]))


def test_a_mistake_that_shows_in_several_parts_names_the_parts() -> None:
    one = MistakeLoss(text="x", part="1", lost=Fraction(1), students=1)
    assert one.where == "part 1"
    assert msgspec.structs.replace(one, part="1, 2").where == "parts 1, 2"


def test_the_page_of_a_run_that_was_stopped_says_so() -> None:
    assert "it was stopped before its end" in render_page([], msgspec.structs.replace(RUN, finished=None))
    assert "No submission was found" in render_page([], RUN)
    assert "stopped before" not in render_page(summarise(cohort()), RUN)


def test_students_are_listed_by_name_whatever_its_accents() -> None:
    names = ("Zoe", "Émile", "eva", "Øyvind", "Dan")
    listed = summarise([result(f"s{n}", 8, name=name) for n, name in enumerate(names)])[0].by_student
    assert [one.name for one in listed] == ["Dan", "Émile", "eva", "Øyvind", "Zoe"]


class Tags(HTMLParser):
    """Every tag and every address that a browser would ask for."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: list[str | None] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href", "data", "xlink:href")]


def test_the_page_runs_its_own_sorting_alone_and_asks_nobody() -> None:
    page = render_page(summarise(cohort()), RUN)
    found = Tags(page)
    assert found.tags >= {"figure", "ul", "dl"}
    (script,) = re.findall("<script>(.*?)</script>", page, re.DOTALL)
    assert f"script-src 'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" in page
    assert not found.tags & {"iframe", "img", "link", "object", "b", "svg"}
    assert found.addresses == []
    assert "url(" not in page
    assert "\x1b" not in page


def test_the_page_of_a_large_cohort_stays_small() -> None:
    many = [r for n in range(60) for r in (result(f"s{n}", n % 10, report=cohort()[1].report, seconds=n / 7),)]
    assert len(render_page(summarise(many), RUN)) < 40_000


def test_two_thousand_students_of_twenty_parts_fit_into_half_a_megabyte() -> None:
    parts = {"parts": [part(f"{n // 4}.{n % 4}", check(f"c{n}", n % 3, 3)) for n in range(20)]}
    many = [result(f"student number {n}", n % 10, report=parts) for n in range(2_000)]
    assert len(render_page(summarise(many), RUN)) < 600_000


def test_the_page_lists_every_student_with_the_score_that_counts() -> None:
    links = {"wrong.ipynb": 'a"b.html'}
    page = render_page(summarise(cohort(), [AL]), RUN, links.get)
    assert "<title>Toy, run 3</title>" in page
    rows = [re.split("<td>", row)[1:] for row in page.split("<tbody>")[1].partition("</tbody>")[0].split("<tr>")[1:]]
    name, *rest = rows.pop(0)
    assert name.startswith("&lt;script&gt;alert(1)&lt;/script&gt;")
    assert rest == ["", "", "", "could not be graded"]
    assert rows == [
        ["Absent, Al", "", "", "", "handed in nothing"],
        ["again", "6", "1", "6", "1 day late"],
        ["first try", "", "4", "6", "without an attempt that counts"],
        ["right", "10", "4", "6", ""],
        ['<a href="a&quot;b.html">wrong</a>', "7", "1", "6", ""],
    ]


def test_whoever_has_no_score_is_told_with_the_reason_before_what_cost_points() -> None:
    page = render_page(summarise(cohort(), [AL]), RUN)
    titles = re.findall("<h3>(.*?)</h3>", page)
    assert titles[:5] == [
        "Without a score", "Parts that lose most points", "Mistakes that cost most", "Students by score", "Students",
    ]  # fmt: skip
    assert "is damaged" in page
    assert "handed in nothing, 1:</span> Absent, Al" in page
    assert "<summary>who</summary>again; wrong" in page
    decided = Decision(assignment="toy", student="al", content="", points=Fraction(5), reason="spoke")
    after = render_page(summarise(cohort(), [AL], [decided]), RUN)
    assert "<td>Absent, Al<td>5<td><td><td>with points that a person decided" in after
    assert "Handed in nothing: 1: Absent, Al" in render(summarise(cohort(), [AL]))


def test_paper_is_white_and_the_whole_table_on_it() -> None:
    page = render_page(summarise(cohort()), RUN)
    assert "@media screen and (prefers-color-scheme: dark)" in page
    assert page.count("prefers-color-scheme") == 1
    paper = page.partition("@media print")[2]
    assert "color-scheme: light;" in paper
    assert ".wide { overflow: visible; }" in paper
