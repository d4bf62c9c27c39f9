"""Numbers that are cut off, or kept away from 0 before a logarithm, by the student's own lines."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec import structs

from grader.diagnosis.evidence import Case
from grader.diagnosis.explain import explain
from grader.model import Excerpt, Observation
from tests.diagnosis.test_source import case_of

EXTREME = "def own(student, rng):\n    return {'a': student.own([1000.0, 0.0, -1000.0, 0.0])}"
PLAIN = "def own(student, rng):\n    return {'a': student.own([3.0, 0.0, -3.0, 0.0])}"
TOO_SMALL = np.array([1.0, 2.0, 3.0, -7.0])
"""Where 1, 2, 4 and -7 are expected."""


def said(code: str, source: str = EXTREME, values: np.ndarray = TOO_SMALL) -> str:
    case = case_of("own", Observation(check="own", ended="returned", values={"a": values}))
    check = structs.replace(case.outcome.check, source=source)
    case = Case(structs.replace(case.outcome, check=check), case.observation)
    own = {"own": (Excerpt(name="own", file="cell 4", line=3, text=code),)}
    expected = {"own": {"a": np.array([1.0, 2.0, 4.0, -7.0])}}
    silent = lambda check, seed: Observation(check=check.id, ended="error")  # noqa: E731
    found = explain([case], expected, None, 1, silent, code=lambda: own).found
    return found["own"].text if "own" in found else ""


@pytest.mark.parametrize(
    ("code", "guard", "bound"),
    [
        ("def own(p, y):\n    return -(y * np.log(p + 1e-10)).sum()", "p + 1e-10", "23"),
        ("def own(p, y):\n    return -math.log(1e-15 + p[y])", "1e-15 + p[y]", "34.5"),
        ("def own(p, y, eps=1e-8):\n    return -np.log(p[y] + eps).mean()", "p[y] + eps", "18.4"),
        ("def own(p, y):\n    tiny = 1e-12\n    return -np.log(np.maximum(p, tiny))", "np.maximum(p, tiny)", "27.6"),
        ("def own(p, y):\n    p = p.clip(0.001, 1)\n    return -np.log(p[y])", "p.clip(0.001, 1)", "6.91"),
        ("def own(p, y):\n    return -np.log([max(v, 1e-9) for v in p])", "max(v, 1e-09)", "20.7"),
    ],
)  # fmt: skip
def test_a_guard_of_a_logarithm_bounds_the_loss(code: str, guard: str, bound: str) -> None:
    text = said(code)
    assert f"`{guard}` (cell 4, line " in text
    assert text.endswith(f"the logarithm is -{bound} at least, and no loss of a sample comes out above {bound}.")


@pytest.mark.parametrize(
    "code",
    [
        "def own(p, y):\n    return -np.log(p + 1)",
        "def own(p, y):\n    return -np.log(p)",
        "def own(p, y):\n    z = p / (p.sum() + 1e-12)\n    return -z",
        "def own(p, y, eps=0.5):\n    return -np.log(p + eps)",
        "def own(p, y):\n    return x - np.log(np.exp(x).sum() + offset)",
    ],
)
def test_other_sums_are_no_guard(code: str) -> None:
    assert "at least" not in said(code)


def test_a_guard_explains_no_loss_that_is_too_large_and_no_ordinary_numbers() -> None:
    code = "def own(p, y):\n    return -np.log(p + 1e-10)"
    assert "at least" in said(code)
    assert "at least" not in said(code, PLAIN)
    assert "at least" not in said(code, values=np.array([1.0, 2.0, 5.0, -7.0]))
    assert "at least" not in said(code, values=np.array([1.0, 2.0, np.nan, -7.0]))
    assert "at least" not in said(code, values=np.array(["1", "2", "3", "-7"]))


@pytest.mark.parametrize("cut", ["min(v, 700)", "np.minimum(700.0, v)", "np.maximum(v, -500)", "np.clip(v, -50, 50)"])
def test_scores_that_are_cut_off_are_named(cut: str) -> None:
    assert f"`{cut}` (cell 4, line 4) changes every number beyond" in said(f"def own(v):\n    return np.exp({cut})")


@pytest.mark.parametrize("kept", ["max(v, 1)", "np.maximum(v, 0)", "np.clip(v, 0, 1)", "min(v, n)", "np.clip(v, a, b)"])
def test_sizes_and_probabilities_are_not_scores(kept: str) -> None:
    assert "changes every number" not in said(f"def own(v):\n    return np.exp({kept})")
    assert "changes every number" not in said("def own(v):\n    return [np.exp(v) for _ in range(min(len(v), 100))]")
