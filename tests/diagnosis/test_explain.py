"""From outcomes to diagnoses: which evidence counts, which is preferred, and when nothing is said."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from grader.diagnosis.bank import VIEWS, Bank, Hypothesis, Results, write_bank
from grader.diagnosis.codes import NAMED
from grader.diagnosis.evidence import PROBES, Case
from grader.diagnosis.explain import explain
from grader.grading.scoring import outcome
from grader.model import Assignment, Check, Diagnosis, Given, NotArray, Observation, Part, Uses, Verdict
from grader.worker.experiments.fingerprints import FIELDS, fingerprints

SEED = 5
SECOND = SEED + 7919
PART = Part("1", "A part")
SOURCE = "def forward(student, rng):\n    return {}\n"


def point(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(6, 4))


RIGHT = {"forward": np.tanh, "other": np.exp}
"""What the reference's checks compute of a point."""
WAYS: list[tuple[Hypothesis, Mapping[str, Any]]] = [
    (Hypothesis(code=NAMED, text="sine for tanh", function="", named=True), {"forward": np.sin}),
    (Hypothesis(code="wrong-function", text="the sine is taken", function="f", named=False),
     {"forward": np.sin}),
    (Hypothesis(code="wrong-variable", text="a variable", function="f", named=False), {"forward": np.cos}),
    (Hypothesis(code="missing-function", text="the tanh is missing", function="f", named=False), {"forward": np.cos}),
    (Hypothesis(code="wrong-axis", text="one", function="f", named=False), {"forward": np.sqrt}),
    (Hypothesis(code="wrong-axis", text="two", function="g", named=False), {"forward": np.sqrt}),
    (Hypothesis(code=NAMED, text="everything squared", function="", named=True),
     {"forward": np.square, "other": np.square}),
    (Hypothesis(code="wrong-function", text="the sign is taken", function="f", named=False),
     {"forward": np.sign, "other": np.sign}),
    (Hypothesis(code=NAMED, text="floor for tanh", function="", named=True), {"forward": np.floor}),
    (Hypothesis(code=NAMED, text="whole numbers for tanh", function="", named=True), {"forward": np.floor}),
    *[(Hypothesis(code=NAMED, text="one name for two", function="", named=True), {"forward": np.cbrt})] * 2,
    *((Hypothesis(code=NAMED, text=f"way {n}", function="", named=True), {"forward": np.ceil}) for n in range(4)),
    (Hypothesis(code="missing-function", text="all is 0", function="f", named=False), {"forward": np.zeros_like}),
    (Hypothesis(code="wrong-sign", text="all is 0", function="f", named=False, likely=1), {"forward": np.zeros_like}),
    (Hypothesis(code="wrong-sign", text="all is 0 but for this", function="f", named=False, likely=2),
     {"forward": np.zeros_like, "other": np.cosh}),
    (Hypothesis(code="wrong-function", text="a rare one", function="f", named=False, likely=2), {"forward": np.sinh}),
    (Hypothesis(code="wrong-variable", text="a likely one", function="f", named=False), {"forward": np.sinh}),
    (Hypothesis(code=NAMED, text="no numbers", function="", named=True), {"other": lambda x: np.array(["none"])}),
    (Hypothesis(code=NAMED, text="the hyperbolic cosine", function="", named=True), {"forward": np.cosh}),
    (Hypothesis(code="wrong-sign", text="a cosine that is a little larger", function="f", named=False),
     {"forward": lambda x: np.cosh(x) * (1 + 1e-8)}),
    (Hypothesis(code="wrong-mask", text="nothing is left", function="f", named=False),
     {"forward": lambda x: np.array(["none"])}),
]  # fmt: skip


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    assignment = Assignment(
        id="a", title="A", points=Fraction(2), seed=SEED, root=tmp_path, handout=tmp_path, solution=None, notebook=None,
        student_files=(), provided_files=(), names={}, checks=(), manual=(), order=("1",),
    )  # fmt: skip

    def rows(function: Any) -> np.ndarray:
        views = [fingerprints({"a": np.asarray(function(point(s)))}, ["a"]) for s in (SEED, SECOND)]
        return np.stack([*views, np.full((1, FIELDS), np.nan)])

    results = {}
    with np.errstate(all="ignore"):
        for check, right in RIGHT.items():
            which = [i for i, (_, wrong) in enumerate(WAYS) if check in wrong]
            found = np.array([rows(WAYS[i][1][check]) for i in which]).reshape(-1, VIEWS, 1, FIELDS)
            results[check] = Results(("a",), rows(right), np.array(which, dtype=np.int32), found)
    return Bank(write_bank(assignment, (SEED, SECOND), tuple(h for h, _ in WAYS), results))


class Student:
    """A submission that computes `functions`; remembers how often it was asked again."""

    def __init__(self, seed: int = SEED, **functions: Any) -> None:
        self.seed = seed
        self.functions = {**RIGHT, **functions}
        self.asked: list[tuple[str, int]] = []

    @np.errstate(all="ignore")
    def observe(self, check: Check, seed: int) -> Observation:
        return Observation(check=check.id, ended="returned", values={"a": self.functions[check.id](point(seed))})

    def probe(self, check: Check, seed: int) -> Observation:
        self.asked.append((check.id, seed))
        return self.observe(check, seed)

    def diagnoses(
        self,
        bank: Bank | None,
        names: Sequence[str] = ("forward", "other"),
        innocent: frozenset[str] = frozenset(),
        judged: frozenset[str] = frozenset(),
        uses: str = "",
        also: Mapping[str, str] = {},
        apart: Mapping[str, str] = {},
        clock: Callable[[], float] = time.monotonic,
    ) -> dict[str, Diagnosis]:
        cases, golden = [], {}
        for name in names:
            check = Check(id=name, part=PART, title="T", points=Fraction(1), visibility="public", source=SOURCE)
            if uses:
                more = [Uses(name=also[name])] if name in also else []
                check = msgspec.structs.replace(check, uses=(Uses(name=apart.get(name, uses)), *more))
            if name in judged:
                check = msgspec.structs.replace(check, judge=lambda seen, given: [Verdict("a", True)])
            golden[name] = {"a": RIGHT[name](point(self.seed))}
            seen = self.observe(check, self.seed)
            given = Given(golden=golden[name], rng=np.random.default_rng(0), data=Path())
            cases.append(Case(outcome(check, seen, given), seen, name in innocent))
        return dict(explain(cases, golden, bank, self.seed, self.probe, clock).found)


def test_the_authors_name_is_taken_before_a_generated_clause(bank: Bank) -> None:
    found = Student(forward=np.sin).diagnoses(bank)
    assert {check: d.code for check, d in found.items()} == {"forward": NAMED}
    assert found["forward"].text == ("`a` is exactly what this mistake gives: sine for tanh.")


def test_what_is_missing_is_not_said_to_be_zero(bank: Bank) -> None:
    found = Student(other=lambda x: NotArray("text")).diagnoses(bank)["other"]
    assert found.text == "What is seen is what this mistake gives: no numbers. Other mistakes may look the same."


def test_what_agrees_to_some_digits_alone_is_not_said_to_be_exact(bank: Bank) -> None:
    found = Student(forward=lambda x: np.sin(x) * (1 + 1e-8)).diagnoses(bank)
    assert found["forward"].text == "`a` is, to 7 digits, what this mistake gives: sine for tanh."


def test_what_agrees_to_all_digits_is_named_before_what_agrees_to_some(bank: Bank) -> None:
    found = Student(forward=lambda x: np.cosh(x) * (1 + 1e-8)).diagnoses(bank)
    assert found["forward"].code == "wrong-sign", "a generated clause that fits before the author's near it"


def test_of_few_named_mistakes_that_give_the_same_all_are_told(bank: Bank) -> None:
    found = Student(forward=np.floor).diagnoses(bank)["forward"]
    either = "floor for tanh, or: whole numbers for tanh"
    assert (found.code, found.mistake) == (NAMED, either)
    assert found.text == f"`a` is exactly what either of these mistakes gives: {either}."
    assert Student(forward=np.ceil).diagnoses(bank) == {}, "of four none helps"
    twice = Student(forward=np.cbrt).diagnoses(bank)["forward"]
    assert twice.text == "`a` is exactly what this mistake gives: one name for two."


def test_the_clause_that_says_most_is_taken_of_those_that_give_the_same(bank: Bank) -> None:
    assert Student(forward=np.cos).diagnoses(bank)["forward"].code == "missing-function"


def test_clauses_about_different_functions_cancel_each_other(bank: Bank) -> None:
    assert Student(forward=np.sqrt).diagnoses(bank) == {}


def test_a_match_must_repeat_at_another_point(bank: Bank) -> None:
    by_heart = np.sin(point(SEED))
    assert Student(forward=lambda x: by_heart).diagnoses(bank) == {}


def test_a_passed_check_refutes(bank: Bank) -> None:
    """Squaring everything is not what this student did: `other` is right."""
    assert Student(forward=np.square).diagnoses(bank) == {}
    assert set(Student(forward=np.square, other=np.square).diagnoses(bank)) == {"forward", "other"}


def test_a_judged_check_refutes_only_where_it_shows_what_the_reference_shows(bank: Bank) -> None:
    """It may pass with other arrays, of weights that the student drew: then nothing follows from them."""
    judged = frozenset({"other"})
    assert Student(forward=np.square).diagnoses(bank, judged=judged) == {}
    drawn = Student(forward=np.square, other=lambda x: np.exp(x) + 0.25)
    assert set(drawn.diagnoses(bank, judged=judged)) == {"forward"}


def test_a_failed_check_of_the_same_function_refutes(bank: Bank) -> None:
    """Signs explain `forward`, but then `other` would hold signs as well, and it holds something else."""
    student = Student(forward=np.sign, other=np.cosh)
    assert "the sign is taken" in student.diagnoses(bank)["forward"].text
    assert "forward" not in student.diagnoses(bank, uses="f")


def test_zeros_are_explained_by_what_explains_more_than_zeros(bank: Bank) -> None:
    assert "all is 0." in Student(forward=np.zeros_like).diagnoses(bank)["forward"].text
    found = Student(forward=np.zeros_like, other=np.cosh).diagnoses(bank)
    assert "all is 0 but for this." in found["forward"].text


def test_what_is_no_number_has_no_name_by_what_gives_none_either(bank: Bank) -> None:
    assert Student(forward=lambda x: np.array(["text"])).diagnoses(bank) == {}


def test_the_likelier_of_two_mistakes_that_come_to_the_same_is_told(bank: Bank) -> None:
    assert "a likely one" in Student(forward=np.sinh).diagnoses(bank)["forward"].text


def test_another_seed_is_led_back_to_the_prepared_points(bank: Bank) -> None:
    student = Student(seed=99, forward=np.sin)
    assert student.diagnoses(bank)["forward"].code == NAMED
    assert {seed for _, seed in student.asked} == {SEED, SECOND}


def test_a_check_that_earlier_parts_spoil_is_explained_by_these_alone(bank: Bank) -> None:
    """`other` would pass with the right `forward`: what it returns names no mistake of its own."""
    spoilt = frozenset({"other"})
    assert set(Student(forward=np.square, other=np.square).diagnoses(bank, innocent=spoilt)) == {"forward", "other"}
    assert set(Student(forward=np.sin, other=lambda x: 2 * np.exp(x)).diagnoses(bank, innocent=spoilt)) == {"forward"}


def test_without_a_bank_the_rules_on_arrays_are_left(bank: Bank) -> None:
    assert Student(forward=np.sin).diagnoses(None) == {}
    assert Student(forward=lambda x: 2 * np.tanh(x)).diagnoses(None)["forward"].code == "scaled"


def test_nothing_is_asked_again_where_everything_passes(bank: Bank) -> None:
    student = Student()
    assert student.diagnoses(bank) == {}
    assert student.asked == []


@pytest.mark.parametrize(
    "value",
    [NotArray("None"), np.empty((0, 4)), np.zeros((6, 4), dtype=complex), np.array(["a"]), np.full((6, 4), np.nan)],
)
def test_whatever_a_student_returns_nothing_raises(bank: Bank, value: Any) -> None:
    student = Student(forward=lambda x: value)
    assert set(student.diagnoses(bank)) <= {"forward"}
    assert len(student.asked) <= PROBES


def test_an_input_changed_in_place_is_said_where_nothing_else_is_known() -> None:
    check = Check(id="forward", part=PART, title="T", points=Fraction(1), visibility="public", source=SOURCE)
    golden = {"a": point(1)}
    seen = Observation(check="forward", ended="returned", values={"a": point(2)}, changed=("x",))
    case = Case(outcome(check, seen, Given(golden=golden, rng=np.random.default_rng(0), data=Path())), seen)
    found = explain([case], {"forward": golden}, None, SEED, lambda check, seed: seen).found
    assert found["forward"].code == "changed-input"
    assert "`x`" in found["forward"].text


@pytest.mark.parametrize(("largest", "code"), [(np.inf, "overflow"), (1.0, "logarithm-of-zero")])
def test_a_milder_extreme_tells_overflow_from_the_logarithm_of_zero(largest: float, code: str) -> None:
    source = "def forward(student, rng):\n    return {'a': student.f(rng.normal(size=3) + 1000)}\n"
    check = Check(id="forward", part=PART, title="T", points=Fraction(1), visibility="public", source=source)
    golden = {"a": np.array([1.0, 2.0])}
    seen = Observation(check="forward", ended="returned", values={"a": np.array([np.nan, 2.0])})
    case = Case(outcome(check, seen, Given(golden=golden, rng=np.random.default_rng(0), data=Path())), seen)

    def probe(asked: Check, seed: int) -> Observation:
        if "observe_behaviour" not in asked.source:
            assert "720" in asked.source
            assert "1000" not in asked.source
        return Observation(check="forward", ended="returned", values={"a": np.array([largest, 2.0])})

    assert explain([case], {"forward": golden}, None, SEED, probe).found["forward"].code == code


def test_only_the_clock_that_is_handed_in_ends_the_search(bank: Bank) -> None:
    """A probe that waits for a core for a minute is not late; names are asked for before what layers do."""
    named = {"forward": NAMED}
    for seconds in (0.0, 31.0):
        student = Student(forward=np.sin)
        found = student.diagnoses(bank, clock=lambda s=student, n=seconds: n * len(s.asked))
        assert {check: d.code for check, d in found.items()} == named
    assert student.asked == [("forward", SECOND)]


def test_what_is_right_alone_is_not_blamed_where_it_is_used(bank: Bank) -> None:
    student = Student(forward=np.cos)
    assert student.diagnoses(bank, uses="f", also={"forward": "g"}) == {}
    assert student.diagnoses(bank, uses="g", also={"forward": "f"})["forward"].code == "missing-function"
    assert Student(forward=np.sin).diagnoses(bank, uses="f", also={"forward": "g"})["forward"].code == NAMED


def test_another_function_that_is_right_does_not_refute_what_fits(bank: Bank) -> None:
    """The solution uses `f` there, and a student need not: written out once more it is right."""
    student = Student(forward=np.sign)
    assert student.diagnoses(bank, uses="f") == {}
    assert student.diagnoses(bank, uses="f", apart={"other": "g"})["forward"].code == "wrong-function"
