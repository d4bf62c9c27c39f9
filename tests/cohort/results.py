"""Results of a run made by hand, for tests of what is done with them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from grader.cohort.records import CacheKey, Result

KEY = CacheKey(submission="c", environment="grader 1", seed="recorded at 3", files={"checks.py": "f"})


def check(id: str, score: float, max_score: float, diagnosis: str | None = None) -> dict[str, Any]:
    named = None if diagnosis is None else {"code": "c", "text": diagnosis, "evidence": {}}
    status = "passed" if score == max_score else "failed"
    return {"id": id, "title": id, "score": score, "max_score": max_score, "diagnosis": named, "status": status}


def part(id: str, *checks: dict[str, Any], score: float | None = None) -> dict[str, Any]:
    earned = sum(c["score"] for c in checks) if score is None else score
    points = sum(c["max_score"] for c in checks)
    return {
        "id": id,
        "title": f"Part {id}",
        "kind": "auto",
        "score": earned,
        "max_score": points,
        "checks": list(checks),
    }


def result(student: str = "jane", points: float | None = 8, **changes: Any) -> Result:
    """A graded hand-in of ten points; `points` None: one that cannot be graded."""
    status = "graded" if points is not None else "ungradable"
    earned = None if points is None else Fraction(str(points))
    values: dict[str, Any] = {
        "run": 1,
        "path": f"{student}.ipynb",
        "student": student,
        "name": "",
        "ids": {},
        "attempt": 1,
        "submitted": "",
        "content": f"sha256:{student}",
        "assignment": "toy",
        "status": status,
        "reason": "" if earned is not None else "it is damaged",
        "points": earned,
        "max_points": Fraction(10),
        "pending": Fraction(0),
        "late": False,
        "late_days": 0,
        "penalty": Fraction(0),
        "final": earned,
        "counts": True,
        "reused": False,
        "report": {"parts": []},
        "key": KEY,
        "seconds": 1.0,
    }
    return Result(**{**values, **changes})
