"""The report as Gradescope's `results.json`: one test for each check, and what students see of it when.

One test that is hidden hides the student's total as well, so `when` says when the hidden checks' results appear.
A part for a person that is marked has one test; the others are marked in Gradescope itself and named in the output.
"""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

from grader.model import Outcome, PartResult, Report
from grader.report import sentences
from grader.report.formats import Format
from grader.report.gradescope import DEFAULT, When
from grader.report.json_report import SCHEMA
from grader.report.sanitize import in_points, number, one_line

OUTPUT = 8_000
"""Characters of one test's output."""


def render(report: Report, *, hidden_results: When = DEFAULT) -> str:
    """The object as indented JSON text with a final newline."""
    return json.dumps(results(report, when=hidden_results), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def results(report: Report, *, when: When = DEFAULT) -> dict[str, Any]:
    """Make the object; a submission without a score gets 0, with the reason in `output`.

    `when` is the visibility of the hidden checks' tests.
    """
    tests = [test for part in report.parts for test in _tests(part, when)] if report.status == "graded" else []
    return {
        "score": number(report.score if report.status == "graded" else Fraction(0)),
        "execution_time": round(report.seconds.get("total", 0.0), 3),
        "output": _output(report),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": _extra(report),
        "tests": tests,
    }


def _tests(part: PartResult, when: When) -> list[dict[str, Any]]:
    """The part's checks, and what follow-through added to them, so that the tests' scores add up to the report's."""
    if part.mark is not None and part.manual is not None:
        return [_marked(part, when)]
    tests = [_test(part, i, outcome, when) for i, outcome in enumerate(part.outcomes, 1)]
    added = part.score - sum((o.score for o in part.outcomes), Fraction(0))
    if part.mark is not None and added:
        override = {**_marked(part, when), "score": number(added), "max_score": 0}
        tests.append(override | {"number": f"{part.part.id}.{len(part.outcomes) + 1}"})
    elif added and part.is_scored:
        tests.append(
            {
                "score": number(added),
                "max_score": 0,
                "status": "passed",
                "name": f"{one_line(part.part.title)}: credit for what only an earlier mistake made wrong",
                "number": f"{part.part.id}.{len(part.outcomes) + 1}",
                "output": sentences.credit(part),
                "tags": ["follow-through"],
                # how much it is tells what the hidden checks of the part said
                "visibility": when if any(o.check.visibility == "hidden" for o in part.outcomes) else "visible",
                "extra_data": {},
            }
        )
    return tests


def _marked(part: PartResult, when: When) -> dict[str, Any]:
    """What a person gave, or (for an automatic part) changed."""
    hidden = any(outcome.check.visibility == "hidden" for outcome in part.outcomes)
    return {
        "score": number(part.score),
        "max_score": number(part.max_score),
        "status": "passed" if part.status == "passed" else "failed",
        "name": f"{one_line(part.part.title)}: marked by a person",
        "number": f"{part.part.id}.1",
        "output": "\n".join(sentences.mark_lines(part))[:OUTPUT],
        "tags": ["marked"],
        "visibility": when if hidden else "visible",
        "extra_data": {},
    }


def _test(part: PartResult, position: int, outcome: Outcome, when: When) -> dict[str, Any]:
    check = outcome.check
    lines = sentences.feedback(outcome).lines or (sentences.STATUS[outcome.status],)
    return {
        "score": number(outcome.score),
        "max_score": number(check.points),
        "status": "passed" if outcome.status == "passed" else "failed",
        "name": f"{one_line(part.part.title)}: {sentences.check_title(outcome)}",
        "number": f"{part.part.id}.{position}",
        "output": "\n".join(lines)[:OUTPUT],
        "tags": [outcome.status],
        "visibility": when if check.visibility == "hidden" else "visible",
        "extra_data": {"check": check.id, "status": outcome.status},
    }


def _output(report: Report) -> str:
    """What stands above the tests: why there is no score, what needs manual grading, failed cells, notes."""
    if report.status != "graded":
        return "\n".join([sentences.no_score(report), sentences.paragraph(report.reason)])
    lines = []
    for part in report.parts:
        if not part.is_scored:
            title = f"{one_line(part.part.id)} {one_line(part.part.title)}"
            lines.append(f"{title}: {in_points(part.max_score)}, marked by a person; {sentences.answer_state(part)}")
    for cell in report.cells:
        if cell.status != "ok" and not sentences.is_unwritten(cell):
            lines.append(f"{sentences.cell_name(cell)}: {sentences.cell_problem(cell)}")
    lines += [sentences.paragraph(note) for note in report.notes]
    return "\n".join(lines)


def _extra(report: Report) -> dict[str, Any]:
    """What an instructor needs to grade the same submission again to the same result."""
    env = report.environment
    return {
        "schema": SCHEMA,
        "assignment": report.assignment,
        "status": report.status,
        "digest": report.digest,
        "seed": report.seed,
        "pending": number(report.pending),
        "grader": env.grader if env else None,
        "numpy": env.numpy if env else None,
    }


FORMAT = Format("gradescope", render, options=("hidden_results",), exit_zero=True)
