import json
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import jsonschema
import pytest

from grader.model import Report
from grader.report.gradescope import WHENS
from grader.report.gradescope.results import render, results
from tests.report import sample_reports
from tests.report.sample_reports import AFFINE, NETWORK, auto, mixed, outcome, report

SITUATIONS = [getattr(sample_reports, n) for n in ("all_passed", "stub", "mixed", "ungradable", "hostile")]
TEXT = {"type": "string"}
VISIBILITY = {"enum": ["hidden", "after_due_date", "after_published", "visible"]}
FORMAT = {"enum": ["text", "html", "simple_format", "md", "ansi"]}
NUMBER = {"type": "number"}
TEST = {
    "type": "object",
    "additionalProperties": False,
    "required": ["score", "max_score", "name"],
    "properties": {
        "score": NUMBER,
        "max_score": NUMBER,
        "status": {"enum": ["passed", "failed"]},
        "name": TEXT,
        "name_format": FORMAT,
        "number": TEXT,
        "output": TEXT,
        "output_format": FORMAT,
        "tags": {"type": "array", "items": TEXT},
        "visibility": VISIBILITY,
        "extra_data": {"type": "object"},
    },
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["score", "tests"],
    "properties": {
        "score": NUMBER,
        "execution_time": NUMBER,
        "output": TEXT,
        "output_format": FORMAT,
        "test_output_format": FORMAT,
        "test_name_format": FORMAT,
        "visibility": VISIBILITY,
        "stdout_visibility": VISIBILITY,
        "extra_data": {"type": "object"},
        "tests": {"type": "array", "items": TEST},
    },
}
"""Gradescope publishes no schema: this is its page on the format, field by field."""


@pytest.mark.parametrize("make", SITUATIONS, ids=lambda f: f.__name__)
def test_fields_are_those_of_gradescope(make: Callable[[], Report]) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(render(make())))


@pytest.mark.parametrize("make", SITUATIONS, ids=lambda f: f.__name__)
def test_tests_add_up_to_the_score_and_to_the_automatic_points(make: Callable[[], Report]) -> None:
    made = make()
    found = results(made)
    assert sum(test["score"] for test in found["tests"]) == pytest.approx(found["score"])
    assert sum(test["max_score"] for test in found["tests"]) == pytest.approx(float(made.max_score))


def test_numbers_of_tests_are_texts_below_their_part() -> None:
    assert [test["number"] for test in results(mixed())["tests"]] == ["1.1", "1.2", "2.1", "2.2", "4.1", "4.2"]


@pytest.mark.parametrize("when", WHENS)
def test_hidden_checks_appear_when_they_are_told_to(when: Any) -> None:
    seen = {test["extra_data"].get("check"): test["visibility"] for test in results(mixed(), when=when)["tests"]}
    assert seen["relu_backward"] == when
    assert seen["affine_backward"] == "visible"


def test_follow_through_is_a_test_of_its_own_that_tells_no_more_than_its_part() -> None:
    last = results(mixed(), when="hidden")["tests"][-1]
    assert (last["score"], last["max_score"], last["status"]) == (3, 0, "passed")
    assert "the reference Affine and ReLU" in last["output"]
    assert last["visibility"] == "visible"
    lost = outcome("net", NETWORK, "All", "failed", 0, 3, hidden=True)
    part = auto(NETWORK, "failed", lost, score=Fraction(3), follow_through=3, credited_with=("Affine",))
    assert results(report(part), when="hidden")["tests"][-1]["visibility"] == "hidden"


def test_output_says_what_waits_and_why_cells_stopped() -> None:
    lines = results(mixed())["output"].splitlines()
    assert lines[0] == "5b Loss curve: 19 points, marked by a person; answered (cell 14)"
    assert lines[2].startswith("cell 4: ValueError: operands")
    assert lines[-1] == "Cell 12 holds output of an earlier run."


def test_without_a_score_the_reason_is_the_output() -> None:
    found = results(sample_reports.ungradable())
    assert (found["score"], found["tests"]) == (0, [])
    assert "Python 2" in found["output"]


def test_message_and_diagnosis_are_the_tests_output() -> None:
    found = outcome("f", AFFINE, "t", "passed", 1)
    (test,) = results(report(auto(AFFINE, "passed", found)))["tests"]
    assert (test["output"], test["status"], test["tags"]) == ("passed", "passed", ["passed"])
    assert "times 7 it is right" in results(mixed())["tests"][1]["output"]
