"""The report as one JSON object, schema `grade/1` (`schema.json` beside this file).

Two runs with the same submission, seed and versions give the same object but for `timings`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from grader.marks import Item, Mark
from grader.model import CellRun, Comparison, Diagnosis, Outcome, PartResult, Report, StudentError
from grader.report.formats import Format
from grader.report.sanitize import clean, cut, number, one_line

SCHEMA = "grade/1"
ANSWER_LIMIT = 20_000
"""Characters of a written answer: some thirty pages, so that no pasted file fills a gradebook."""
MESSAGE_LIMIT = 10_000
"""Characters of any other text."""
EVIDENCE_ITEMS = 64
"""Entries of one list or mapping in a diagnosis' evidence: enough for an array per parameter of a deep net."""


def schema_path() -> Path:
    """Where the JSON Schema (draft 2020-12) of the object lies."""
    return Path(__file__).with_name("schema.json")


def dump(report: Report) -> str:
    """The object as indented JSON text with a final newline."""
    return json.dumps(to_json(report), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def to_json(report: Report) -> dict[str, Any]:
    """Turn a report into the `grade/1` object.

    Points are integers when whole and floats with six digits otherwise; whatever is not finite or not known is null.
    """
    env = report.environment
    return {
        "schema": SCHEMA,
        "assignment": report.assignment or None,
        "submission": {"path": _text(report.path), "digest": report.digest or None},
        "status": report.status,
        "reason": None if report.status == "graded" else _text(report.reason),
        "score": number(report.score),
        "max_score": number(report.max_score),
        "pending": number(report.pending),
        **({"unchecked": number(report.unchecked)} if report.unchecked else {}),
        "parts": [_part(part) for part in report.parts],
        "cells": [_cell(cell) for cell in report.cells],
        "notes": [_text(note) for note in report.notes],
        "environment": env
        and {
            "python": env.python,
            "numpy": env.numpy,
            "scipy": env.scipy,
            "grader": env.grader,
            "sandbox": list(env.sandbox),
            "sandbox_tier": env.sandbox_tier,
        },
        "seed": report.seed,
        "timings": _timings(report),
    }


def _timings(report: Report) -> dict[str, Any]:
    """All seconds of wall time, in one place because they are what differs between two runs."""
    return {
        **{phase: round(seconds, 6) for phase, seconds in report.seconds.items()},
        "cells": [{**_where(c), "seconds": round(c.seconds, 6)} for c in report.cells],
        "checks": {o.check.id: round(o.seconds, 6) for p in report.parts for o in p.outcomes},
    }


def _part(part: PartResult) -> dict[str, Any]:
    follow = part.follow_through
    common = {
        "id": part.part.id,
        "title": _text(part.part.title),
        "kind": "auto" if part.manual is None else "manual",
        "status": part.status,
        "score": number(part.score) if part.is_scored else None,
        "max_score": number(part.max_score),
        "follow_through": None
        if follow is None
        else {"score": number(follow), "credited_with": [_text(name) for name in part.credited_with]},
        "checks": [_check(outcome) for outcome in part.outcomes],
        **({} if part.mark is None else {"mark": mark_to_json(part.mark)}),
    }
    if part.manual is None:
        return common
    answer = part.answer
    return common | {
        "question": _text(part.manual.question),
        "answer": answer
        and {
            "state": answer.state,
            "text": cut(clean(answer.text), ANSWER_LIMIT),
            "figures": [_text(figure) for figure in answer.figures],
            "cell": answer.cell,
            **({"digest": answer.digest} if answer.digest else {}),
        },
    }


def mark_to_json(mark: Mark) -> dict[str, Any]:
    """A person's mark of a part."""
    return {
        "points": number(mark.points),
        "items": [{"key": item.key, "points": number(item.points), "text": _text(item.text)} for item in mark.items],
        "comment": _text(mark.comment),
        **({"model": _text(mark.model)} if mark.model else {}),
        **({} if mark.replaces is None else {"replaces": number(mark.replaces)}),
    }


def mark_from_json(mark: Mapping[str, Any]) -> Mark:
    """A mark as `mark_to_json` wrote it."""
    return Mark(
        points=exact(mark["points"]),
        items=tuple(Item(key=i["key"], points=exact(i["points"]), text=i["text"]) for i in mark["items"]),
        comment=mark["comment"],
        model=mark.get("model", ""),
        replaces=None if "replaces" not in mark else exact(mark["replaces"]),
    )


def exact(value: float) -> Fraction:
    """Points as they were before they were written with six digits."""
    return Fraction(str(value)).limit_denominator(1_000)


def _check(outcome: Outcome) -> dict[str, Any]:
    check = outcome.check
    return {
        "id": check.id,
        "title": _text(check.title),
        "visibility": check.visibility,
        "status": outcome.status,
        "score": number(outcome.score),
        "max_score": number(check.points),
        "message": _text(outcome.message),
        "diagnosis": outcome.diagnosis and _diagnosis(outcome.diagnosis, hidden=check.visibility == "hidden"),
        "arrays": [_array(array) for array in outcome.arrays],
        **({} if outcome.mark is None else {"mark": mark_to_json(outcome.mark)}),
    }


def _diagnosis(diagnosis: Diagnosis, *, hidden: bool) -> dict[str, Any]:
    # Evidence may be any numbers, expected ones among them; of a hidden check only the sentence goes out.
    evidence = {} if hidden else _mapping(diagnosis.evidence)
    return {
        "code": diagnosis.code,
        "text": _text(diagnosis.text),
        "mistake": _text(diagnosis.mistake),
        "evidence": evidence,
    }


def _array(array: Comparison) -> dict[str, Any]:
    return {
        "name": one_line(array.name),
        "status": array.status,
        "shape": None if array.shape is None else list(array.shape),
        "dtype": None if array.dtype is None else one_line(array.dtype),
        # Two digits say how wrong it is; further ones may differ between two machines.
        "error": _rounded(array.error, 2),
        "tolerance": _rounded(array.tolerance, 6),
    }


def _where(cell: CellRun) -> dict[str, Any]:
    return {"notebook": cell.notebook, "index": cell.index} if cell.notebook else {"index": cell.index}


def _cell(cell: CellRun) -> dict[str, Any]:
    return {**_where(cell), "status": cell.status, "error": cell.error and _error(cell.error)}


def _error(error: StudentError) -> dict[str, Any]:
    return {
        "type": one_line(error.type),
        "message": _text(error.message),
        "frames": [{"file": one_line(f.file), "line": f.line, "text": one_line(f.text)} for f in error.frames],
    }


def _text(text: str) -> str:
    return cut(clean(text[: 2 * MESSAGE_LIMIT]), MESSAGE_LIMIT)


def _rounded(value: float | None, digits: int) -> float | None:
    """To `digits` significant digits; None for what JSON cannot say (nan, infinities)."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.{digits - 1}e}")


def _mapping(values: Mapping[Any, Any]) -> dict[str, Any]:
    return {one_line(str(key)): _plain(value) for key, value in list(values.items())[:EVIDENCE_ITEMS]}


def _plain(value: Any) -> Any:
    """Evidence as JSON: numbers, texts, lists and mappings; NumPy's scalars and arrays by their `tolist`."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float):
        return _rounded(value, 6)
    if isinstance(value, Fraction):
        return number(value)
    if isinstance(value, Mapping):
        return _mapping(value)
    if isinstance(value, Sequence):
        return [_plain(item) for item in value[:EVIDENCE_ITEMS]]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    return one_line(str(value))


FORMAT = Format("json", dump)
