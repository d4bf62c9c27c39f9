"""Several mistakes at once: a name of one part stays true where another part fails, and is not made up from that."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pytest

from grader.diagnosis.bank import VIEWS, Bank, Hypothesis, Results, write_bank
from grader.diagnosis.codes import TWO
from grader.diagnosis.evidence import Case, not_begun
from grader.diagnosis.explain import explain
from grader.diagnosis.points import spreads
from grader.diagnosis.rules.shapes import shape_rule
from grader.diagnosis.rules.values import extreme
from grader.grading.scoring import not_filled_in, outcome
from grader.model import Assignment, Check, Diagnosis, Excerpt, Given, Observation, Part, Uses, Verdict
from grader.worker.experiments.fingerprints import FIELDS, fingerprints

Array = npt.NDArray[np.float64]
SEED, SECOND = 5, 5 + 7919
PART = Part("1", "A part")
SOURCE = "def c(student, rng):\n    return {}\n"
RIGHT: dict[str, Any] = {
    "forward": {"out": np.tanh},
    "backward": {"dx": np.exp, "dw": np.cosh},
    "network": {"W1": np.exp, "W2": np.cosh, "b1": np.sinh, "b2": np.arctan},
}


def way(code: str, text: str, function: str = "Layer.backward", **wrong: Any) -> tuple[Hypothesis, Mapping[str, Any]]:
    return Hypothesis(code=code, text=text, function=function, named=False), wrong


WAYS = [
    way("missing-factor", "the factor is gone", dx=np.sin),
    way("mean-for-sum", "a mean is taken", dx=np.sqrt, dw=np.square),
    way("missing-function", "all is nothing", "Layer.forward", out=np.zeros_like),
    way("wrong-function", "all is squared", "Layer.forward", out=np.square, dx=np.square),
    way("missing-term", "the term is missing", "Layer.forward", out=np.log),
    way("wrong-mask", "the mask is turned", "Layer.forward", dx=np.cos),
    way("missing-division", "a division is missing", "Net.step", W1=np.log, W2=np.sqrt, b1=np.square, b2=np.tanh),
    way("wrong-mask", "nothing comes through", "Net.step", W1=np.zeros_like, b1=np.zeros_like, W2=np.log1p),
    way("wrong-sign", "the sign is wrong", "Net.step", W1=np.log, W2=np.cbrt, b1=np.cos, b2=np.sin),
]


def point(seed: int) -> Array:
    return np.random.default_rng(seed).uniform(0.5, 2, size=(6, 4))


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    assignment = Assignment(
        id="a", title="A", points=Fraction(2), seed=SEED, root=tmp_path, handout=tmp_path, solution=None, notebook=None,
        student_files=(), provided_files=(), names={}, checks=(), manual=(), order=("1",),
    )  # fmt: skip

    def rows(right: Mapping[str, Any], wrong: Mapping[str, Any]) -> Any:
        names = list(right)
        views = [fingerprints({n: wrong.get(n, right[n])(point(s)) for n in names}, names) for s in (SEED, SECOND)]
        return np.stack([*views, np.full((len(names), FIELDS), np.nan)])

    results = {}
    for check, right in RIGHT.items():
        which = [number for number, (_, wrong) in enumerate(WAYS) if wrong.keys() & right.keys()]
        found = np.array([rows(right, WAYS[number][1]) for number in which])
        results[check] = Results(
            tuple(right), rows(right, {}), np.array(which, dtype=np.int32), found.reshape(-1, VIEWS, len(right), FIELDS)
        )
    return Bank(write_bank(assignment, (SEED, SECOND), tuple(h for h, _ in WAYS), results))


def diagnoses(
    bank: Bank,
    *,
    facts: Any = (),
    judged: str = "",
    left_out: str = "",
    unbegun: str = "",
    uses: Mapping[str, str] = {},
    builds_on: tuple[str, ...] = (),
    changed: tuple[str, ...] = (),
    own: Mapping[str, Sequence[Excerpt]] = {},
    **wrong: Any,
) -> dict[str, Diagnosis]:
    """What is said of a student who returns `wrong` arrays in the place of the right ones."""

    def observe(check: Check, seed: int) -> Observation:
        if "observe_behaviour" in check.source:
            packed = np.frombuffer(json.dumps(list(facts)).encode(), dtype=np.uint8)
            return Observation(check=check.id, ended="returned", values={"facts": packed})
        right = RIGHT[check.id]
        values = {n: wrong.get(n, right[n])(point(seed)) for n in right if n != left_out}
        return Observation(check=check.id, ended="returned", values=values, changed=changed)

    cases, golden = [], {}
    for name, right in RIGHT.items():
        check = Check(id=name, part=PART, title="T", points=Fraction(1), visibility="public", source=SOURCE)
        check = msgspec.structs.replace(check, uses=(Uses(name=uses.get(name, "Layer")),))
        check = msgspec.structs.replace(check, builds_on=builds_on if check.uses[0].name == "Layer" else ())
        if name == judged:
            check = msgspec.structs.replace(check, judge=lambda seen, given: [Verdict(n, False) for n in seen])
        golden[name] = {n: right[n](point(SEED)) for n in right}
        seen = observe(check, SEED)
        given = Given(golden=golden[name], rng=np.random.default_rng(0), data=Path())
        cases.append(Case(outcome(check, seen, given), seen, unbegun=name == unbegun))
    return dict(explain(cases, golden, bank, SEED, observe, code=lambda: own).found)


def test_one_array_that_fits_a_mistake_says_less_than_an_input_that_was_changed(bank: Bank) -> None:
    assert diagnoses(bank, dx=np.sin)["backward"].mistake == "in `Layer.backward` the factor is gone"
    assert diagnoses(bank, dx=np.sin, changed=("x",))["backward"].code == "changed-input"
    assert diagnoses(bank, dx=np.sqrt, dw=np.square, changed=("x",))["backward"].code == "mean-for-sum"


def test_how_the_courses_own_layers_behave_is_not_told(bank: Bank) -> None:
    ignored = [{"kind": "ignored", "arrays": ["dx", "dw"], "function": "Layer.backward", "argument": "d_out"}]
    code = (Excerpt(name="Layer", file="cell 1", line=1, text="class Layer:\n    pass"),)
    students = diagnoses(bank, facts=ignored, own={"backward": code}, dx=np.arctan)
    courses = diagnoses(bank, facts=ignored, own={"forward": code}, dx=np.arctan)
    assert students["backward"].code == "upstream-ignored"
    assert "backward" not in courses


def test_a_result_of_zeros_keeps_its_name_where_another_part_fails(bank: Bank) -> None:
    alone = diagnoses(bank, out=np.zeros_like)["forward"]
    both = diagnoses(bank, out=np.zeros_like, dx=np.sin)["forward"]
    assert alone.mistake == both.mistake == "in `Layer.forward` all is nothing"
    said = (
        "`out` is zero, which is what comes out if in `Layer.forward` all is nothing. Other mistakes may look the same."
    )
    assert alone.text == said  # a cause among several


def test_what_makes_some_results_zero_is_one_cause_among_several(bank: Bank) -> None:
    zeros = diagnoses(bank, W1=np.zeros_like, b1=np.zeros_like, W2=np.log1p)["network"]
    assert zeros.mistake == "in `Net.step` nothing comes through"
    assert zeros.text.endswith("nothing comes through. Other mistakes may look the same.")
    assert "Other" not in diagnoses(bank, W1=np.log, W2=np.cbrt, b1=np.cos, b2=np.sin)["network"].text


def test_a_gradient_that_follows_its_own_forward_contradicts_no_mistake_there(bank: Bank) -> None:
    """`dx` of the squared forward is prepared as squares; this student's `dx` fits the wrong forward in another way."""
    own = [{"kind": "own", "arrays": ["dx"], "function": "Layer.forward"}]
    assert "forward" not in diagnoses(bank, out=np.square, dx=np.arctan)
    found = diagnoses(bank, out=np.square, dx=np.arctan, facts=own)
    assert found["forward"].mistake == "in `Layer.forward` all is squared"


def test_a_forward_is_not_blamed_for_an_earlier_part_that_fails(bank: Bank) -> None:
    own = [{"kind": "own", "arrays": ["dx"], "function": "Layer.forward"}]
    wrong = {"out": np.arctan, "dx": np.arctan, "W1": np.arctan}
    for builds_on, code in (((), "right-for-your-forward"), (("Earlier",), None)):
        found = diagnoses(bank, facts=own, uses={"network": "Earlier"}, builds_on=builds_on, **wrong)
        assert (found["backward"].code if "backward" in found else None) == code


def test_two_mistakes_of_one_function_that_overlap_are_both_named(bank: Bank) -> None:
    found = diagnoses(bank, dx=np.sin, dw=np.square)["backward"]
    assert found.code == TWO
    assert found.mistake == "in `Layer.backward` the factor is gone; in `Layer.backward` a mean is taken"


def test_a_mistake_under_another_is_named_by_the_arrays_that_the_other_leaves(bank: Bank) -> None:
    both = diagnoses(bank, W1=np.log, W2=np.sqrt, b1=np.square, b2=np.arcsinh)["network"]
    assert both.code == "missing-division"
    assert both.text == (
        "`W1`, `W2` and `b1` are exactly what comes out if in `Net.step` a division is missing."
        " Some of the numbers are not explained by that: it may show in more places of yours, or there is more."
    )
    assert not both.whole
    assert "network" not in diagnoses(bank, W1=np.log, W2=np.log1p, b1=np.expm1, b2=np.arcsinh), (
        "one array may be chance"
    )
    two = diagnoses(bank, W1=np.log, W2=np.sqrt, b1=np.cos, b2=np.arcsinh)
    assert "network" not in two, "mistakes that give as many arrays contradict each other"


def test_an_array_within_its_tolerance_needs_no_explanation(bank: Bank) -> None:
    found = diagnoses(bank, dx=np.sin, dw=lambda x: np.cosh(x) * (1 + 3e-7))["backward"]
    assert found.text == "`dx` is exactly what comes out if in `Layer.backward` the factor is gone."
    assert found.whole
    beyond = diagnoses(bank, dx=np.sin, dw=lambda x: np.cosh(x) * (1 + 3e-3))["backward"]
    assert not beyond.whole


def test_a_result_that_a_judged_check_did_not_get_is_not_asked_for(bank: Bank) -> None:
    found = diagnoses(bank, judged="backward", left_out="dw", dx=np.sin)
    assert found["backward"].mistake == "in `Layer.backward` the factor is gone"


def test_forward_is_not_blamed_for_what_backward_may_do_itself(bank: Bank) -> None:
    assert diagnoses(bank, dx=np.cos)["backward"].mistake == "in `Layer` the mask is turned"
    spoilt = diagnoses(bank, dx=np.cos, out=np.zeros_like)
    assert spoilt["backward"].mistake == "in `Layer.forward` the mask is turned"


def test_what_builds_on_work_that_is_not_begun_gets_no_diagnosis(bank: Bank) -> None:
    assert set(diagnoses(bank, out=np.square, dx=np.sin)) == {"backward"}
    assert diagnoses(bank, dx=np.sin, unbegun="backward") == {}


def test_what_a_judge_asks_twice_is_said_to_differ_and_not_to_be_twice_too_large(bank: Bank) -> None:
    second = [{"kind": "second", "arrays": ["dx"], "function": "Layer.backward", "double": True}]
    found = diagnoses(bank, judged="backward", facts=second, dx=lambda x: 2 * np.exp(x), dw=lambda x: 2 * np.cosh(x))
    assert found["backward"].code == "second-call"
    assert "what it returns or keeps comes out twice as large" in found["backward"].text


class TestNotBegun:
    """A check builds on what is not begun if a name that it needs is missing in every check of it."""

    def check(self, id: str, *uses: str, builds_on: tuple[str, ...] = ()) -> Check:
        return Check(
            id=id, part=PART, title="T", points=Fraction(1), visibility="public", source=SOURCE,
            uses=tuple(Uses(name=name) for name in uses), builds_on=builds_on,
        )  # fmt: skip

    def failed(self, check: Check) -> Any:
        seen = Observation(check=check.id, ended="returned", values={"a": np.ones(2)})
        return outcome(check, seen, Given(golden={"a": np.zeros(2)}, rng=np.random.default_rng(0), data=Path()))

    def test_a_training_without_a_step_is_not_diagnosed(self) -> None:
        step = not_filled_in(self.check("step", "train_one_sample"), "train_one_sample")
        whole, part = self.failed(self.check("epochs")), self.failed(self.check("other", "predict"))
        uses = self.failed(self.check("accuracy", "fit", builds_on=("train_one_sample",)))
        assert not_begun([step, whole, part, uses]) == {"step", "epochs", "accuracy"}

    def test_a_class_with_one_method_begun_is_begun(self) -> None:
        backward = not_filled_in(self.check("backward", "Layer"), "Layer")
        forward, network = self.failed(self.check("forward", "Layer")), self.failed(self.check("net", "Net", "Layer"))
        assert not_begun([forward, backward, network]) == set()

    def test_work_that_comes_later_excuses_nothing_before_it(self) -> None:
        later = not_filled_in(self.check("last", "fit"), "fit")
        assert not_begun([self.failed(self.check("epochs")), later]) == {"last"}


@pytest.mark.parametrize(
    ("line", "far"),
    [
        ("1000 * rng.normal(size=(5, 3))", True),
        ("rng.normal(size=(5, 3)) * 1000.0", True),
        ("rng.uniform(-1000, 1000, size=3)", True),
        ("rng.normal(scale=1000, size=3)", True),
        ("rng.normal(size=3) + 1000", False),
        ("np.array([0.0, 1000.0])", False),
        ("10 * rng.normal(size=3)", False),
    ],
)
def test_random_numbers_times_an_extreme_one_are_farther_apart_than_it_says(line: str, far: bool) -> None:
    assert spreads(f"def c(student, rng):\n    x = {line}\n    return {{'a': student.f(x)}}\n") is far


def test_where_overflow_and_the_logarithm_of_zero_look_alike_both_are_told() -> None:
    told = extreme("p", overflows=True, otherwise_right=True, sure=False)
    assert told.code == "not-finite"
    assert "logarithm" in told.text
    assert "If you subtract the largest number of each row" in told.text


def test_a_history_that_is_not_returned_is_no_missing_axis() -> None:
    path = np.random.default_rng(0).normal(size=11)
    assert shape_rule({"x_history": path[-1]}, {"x_history": path}, ["x_history"]) is None


def test_a_term_multiplied_by_a_wrong_number_is_not_said_to_be_missing(bank: Bank) -> None:
    """Without its term `out` is a logarithm; this student has the term three times."""
    found = diagnoses(bank, out=lambda x: np.tanh(x) + 2 * (np.tanh(x) - np.log(x)))["forward"]
    assert found.code == "missing-term"
    assert found.text == "`out` is what comes out if in `Layer.forward` the term is multiplied by a wrong number."
