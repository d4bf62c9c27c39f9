"""The prepared file: what is read is what was written, to the digits that a comparison needs, and small."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
from msgspec import structs

from grader.diagnosis.bank import PUBLIC_FILE, VIEWS, Bank, Hypothesis, Results, read_bank, write_bank
from grader.diagnosis.mutation.compound import WrongSolution
from grader.diagnosis.mutation.mutation import Weakness
from grader.diagnosis.mutation.sites import Mutant
from grader.model import Assignment, Check, Part, Visibility
from grader.reference.mutation_testing import _useful
from grader.worker.experiments.fingerprints import FIELDS, fingerprints

RNG = np.random.default_rng(2)


def assignment(root: Path) -> Assignment:
    return Assignment(
        id="a", title="A", points=Fraction(2), seed=1, root=root, handout=root, solution=None, notebook=None,
        student_files=(), provided_files=(), names={}, checks=(), manual=(), order=("1",),
    )  # fmt: skip


def test_fingerprints_come_back(tmp_path: Path) -> None:
    right = np.stack([fingerprints({"a": RNG.normal(size=(5, 4)), "b": RNG.normal(size=3)}, ["a", "b"])] * VIEWS)
    right[2] = np.nan
    found = np.repeat(right[None], 4, axis=0)
    found[1, 0, 1] = fingerprints({"b": RNG.normal(size=3)}, ["b"])[0]
    found[2, :, 0] = np.inf
    found[3, 1] = np.nan
    ways = tuple(Hypothesis(code="wrong-sign", text=str(n), function="f", named=False, likely=n) for n in range(4))
    results = {"c": Results(("a", "b"), right, np.arange(4, dtype=np.int32), found)}
    bank = Bank(write_bank(assignment(tmp_path), (1, 2), ways, results))
    read = bank.results("c")
    assert read is not None
    assert bank.hypotheses == ways
    np.testing.assert_array_equal(read.found[0], right)
    np.testing.assert_array_equal(read.found[2:], found[2:])
    np.testing.assert_allclose(read.found[1], found[1], rtol=1e-10)
    assert read.found.shape == (4, VIEWS, 2, FIELDS)


def make_check(id: str, visibility: Visibility) -> Check:
    return Check(id=id, part=Part("1", "P"), title="t", points=Fraction(1), visibility=visibility, uses=())


def test_a_hand_out_gets_what_public_checks_tell_and_no_array(tmp_path: Path) -> None:
    (tmp_path / "checks.py").write_text("")
    course = structs.replace(
        assignment(tmp_path), checks=(make_check("open", "public"), make_check("closed", "hidden"))
    )
    right = np.stack([fingerprints({"a": RNG.normal(size=3)}, ["a"])] * VIEWS)
    ways = tuple(Hypothesis(code="wrong-sign", text=str(n), function="f", named=False) for n in range(3))
    expected = {"a": np.arange(3.0)}
    results = {
        "open": Results(("a",), right, np.array([2], dtype=np.int32), right[None] + 1, expected),
        "closed": Results(("a",), right, np.array([0, 1], dtype=np.int32), np.stack([right, right]) + 2, expected),
    }
    write_bank(course, (1, 2), ways, results)
    bank = read_bank(course)  # without a solution, as in the student's own folder
    assert bank is not None
    assert [h.text for h in bank.hypotheses] == ["2"]
    assert bank.results("closed") is None
    told = bank.results("open")
    assert told is not None
    assert not told.expected
    np.testing.assert_allclose(told.found, right[None] + 1, rtol=1e-10)
    with np.load(tmp_path / "golden" / PUBLIC_FILE) as held:
        assert set(held) == {"meta", "open.reference", "open.which", "open.found"}
    others = tuple(structs.replace(check, source=f"def {check.id}():\n    return 2\n") for check in course.checks)
    bank = read_bank(structs.replace(course, checks=others))
    assert bank is not None
    assert "open" in bank.stale
    assert bank.results("open") is None


def test_of_what_comes_to_the_same_the_likeliest_is_kept() -> None:
    right = {("c", 0): {"a": np.arange(4.0)}}

    def way(code: str, likely: int, array: np.ndarray, function: str = "f") -> tuple[WrongSolution, dict]:
        hypothesis = Hypothesis(code=code, text="t", function=function, named=False, likely=likely)
        return WrongSolution(hypothesis, ()), {("c", 0): {"a": array}}

    ways = [
        way("wrong-sign", 1, -np.arange(4.0)),
        way("wrong-sign", 0, -np.arange(4.0) * (1 + 1e-9)),
        way("wrong-sign", 0, np.arange(4.0)),
        way("wrong-sign", 1, -np.arange(4.0), "g"),
        way("wrong-sign", 1, np.ones(4)),
    ]
    assert _useful([v for v, _ in ways], [s for _, s in ways], right, []) == [1, 3, 4]


def test_a_mutant_is_not_told_again_unless_better() -> None:
    right, wrong = {("c", 0): {"a": np.arange(4.0)}}, {("c", 0): {"a": np.ones(4)}}

    def mutant_of(code: str, weakness: Weakness = Weakness.NONE) -> Mutant:
        return Mutant(
            file="f.py",
            line=1,
            column=1,
            function="f",
            old="",
            new="",
            code=code,
            clause="c",
            weakness=weakness,
            text="",
        )

    def kept(weakness: Weakness) -> list[int]:
        mutant = mutant_of("wrong-operation", weakness)
        better = Hypothesis(code="wrong-sign", text="the sign of one term is wrong", function="f", named=False)
        return _useful([WrongSolution(better, ())], [wrong], right, [(mutant, wrong)])

    assert kept(Weakness.LAYOUT) == [0]
    assert kept(Weakness.NONE) == [0]  # of two that are likely the one that says most
    mutant = mutant_of("mean-for-sum")
    other = Hypothesis(code="wrong-sign", text="a sign is wrong", function="f", named=False)
    assert _useful([WrongSolution(other, ())], [wrong], right, [(mutant, wrong)]) == []
