import json
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import jsonschema
import numpy as np
import pytest

from grader.model import Answer, Diagnosis, Report
from grader.report.json_report import ANSWER_LIMIT, dump, schema_path, to_json
from tests.report import sample_reports
from tests.report.sample_reports import AFFINE, ESCAPES, ESSAY, auto, manual, mixed, outcome, report

SITUATIONS = [getattr(sample_reports, n) for n in ("all_passed", "stub", "mixed", "ungradable", "hostile")]


def validator() -> Any:
    schema = json.loads(schema_path().read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("make", SITUATIONS, ids=lambda f: f.__name__)
def test_every_report_fits_the_schema(make: Callable[[], Report]) -> None:
    validator().validate(json.loads(dump(make())))


def test_schema_refuses_an_unknown_key_at_every_level() -> None:
    check = validator()
    for path in ([], ["submission"], ["parts", 0], ["parts", 0, "checks", 0], ["parts", 3, "answer"], ["cells", 1]):
        data = to_json(mixed())
        inner: Any = data
        for step in path:
            inner = inner[step]
        inner["surprise"] = 1
        assert not check.is_valid(data), path


def test_schema_refuses_a_scored_manual_part_and_a_missing_reason() -> None:
    data = to_json(mixed())
    data["parts"][3]["score"] = 3
    assert not validator().is_valid(data)
    data = to_json(sample_reports.ungradable())
    data["reason"] = None
    assert not validator().is_valid(data)


def test_object_has_the_documented_keys_in_order() -> None:
    assert list(to_json(mixed())) == [
        *("schema", "assignment", "submission", "status", "reason", "score", "max_score", "pending"),
        *("parts", "cells", "notes", "environment", "seed", "timings"),
    ]


def test_points_are_integers_when_whole_and_rounded_fractions_otherwise() -> None:
    data = to_json(mixed())
    assert (data["score"], data["max_score"], data["pending"]) == (7, 10.333333, 20)
    assert type(data["score"]) is int


def test_seconds_stand_under_timings_only() -> None:
    data = to_json(mixed())
    timings = data.pop("timings")
    assert "seconds" not in json.dumps(data)
    assert timings["total"] == 1.25
    assert timings["start"] == 0.5
    assert timings["cells"][1] == {"index": 4, "seconds": 0.333333}
    assert timings["checks"]["network_gradients"] == 0.012346


def test_follow_through_shows_both_results() -> None:
    part = to_json(mixed())["parts"][2]
    assert part["score"] == 3
    assert part["checks"][0]["score"] == 0
    assert part["follow_through"] == {"score": 3, "credited_with": ["Affine", "ReLU"]}
    assert to_json(mixed())["parts"][0]["follow_through"] is None


def test_manual_part_is_pending_with_question_and_answer() -> None:
    part = to_json(mixed())["parts"][3]
    assert part["kind"] == "manual"
    assert part["status"] == "pending"
    assert part["score"] is None
    assert part["question"] == "Plot the loss over the epochs."
    assert part["answer"] == {"state": "answered", "text": "", "figures": ["1 axes, 1 line"], "cell": 14}


def test_long_answer_is_cut() -> None:
    data = to_json(report(manual(ESSAY, 5, "Why?", Answer(state="answered", text="x" * 30_000, cell=1))))
    assert len(data["parts"][0]["answer"]["text"]) == ANSWER_LIMIT


def test_errors_have_two_digits_and_are_null_when_not_finite() -> None:
    arrays = to_json(mixed())["parts"][0]["checks"][1]["arrays"]
    assert [a["error"] for a in arrays] == [3.1e-16, 0.0, 0.86]
    assert arrays[0]["shape"] == [7, 5]
    assert to_json(sample_reports.hostile())["parts"][0]["checks"][0]["arrays"][0]["error"] is None


def test_cell_error_carries_the_students_line() -> None:
    cell = to_json(mixed())["cells"][1]
    assert cell["error"]["type"] == "ValueError"
    assert cell["error"]["frames"][-1] == {"file": "layers/linear.py", "line": 31, "text": "out = x @ self.W + self.b"}


def test_ungradable_gives_its_reason_and_null_for_what_is_unknown() -> None:
    data = to_json(sample_reports.ungradable())
    assert data["status"] == "ungradable"
    assert "Python 2" in data["reason"]
    assert data["assignment"] is None
    assert data["environment"] is None
    assert to_json(mixed())["reason"] is None


def test_evidence_of_any_kind_becomes_json() -> None:
    evidence = {
        "fraction": Fraction(1, 3),
        "nan": float("nan"),
        "numpy": np.float32(0.5),
        "count": np.int64(3),
        "array": np.array([[1.0, np.inf]]),
        "nested": {"a": (1, None, True)},
        "long": list(range(1000)),
        "other": object,
    }
    found = outcome("f", AFFINE, "t", "failed", diagnosis=Diagnosis(code="c", text="t", evidence=evidence))
    data = json.loads(dump(report(auto(AFFINE, "failed", found))))
    got = data["parts"][0]["checks"][0]["diagnosis"]["evidence"]
    assert got["fraction"] == 0.333333
    assert got["nan"] is None
    assert got["numpy"] == 0.5
    assert got["count"] == 3
    assert got["array"] == [[1.0, None]]
    assert got["nested"] == {"a": [1, None, True]}
    assert len(got["long"]) == 64
    assert got["other"] == "<class 'object'>"


def test_hidden_check_gives_no_evidence() -> None:
    named = Diagnosis(code="c", text="half of it", evidence={"expected": 0.125})
    found = outcome("f", AFFINE, "t", "failed", hidden=True, diagnosis=named)
    text = dump(report(auto(AFFINE, "failed", found)))
    assert "half of it" in text
    assert "0.125" not in text
    assert "0.125" in dump(report(auto(AFFINE, "failed", outcome("f", AFFINE, "t", "failed", diagnosis=named))))


def test_hostile_text_is_harmless_in_json() -> None:
    text = dump(sample_reports.hostile())
    assert not any(ord(c) < 32 and c != "\n" for c in text)
    decoded = json.dumps(json.loads(text), ensure_ascii=False)
    decoded.encode("utf-8")
    for char in ("\x1b", "\\u001b", "\x9b", "\\u009b", "\u202e", "\x07", "\\u0000"):
        assert char not in decoded
    assert "\x1b" in ESCAPES


def test_same_report_gives_the_same_text() -> None:
    assert dump(mixed()) == dump(mixed())
