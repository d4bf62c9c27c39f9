"""A small assignment whose solution is mutated for real: what is caught, what is written, what is named afterwards."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import structs

from grader.assignment.lint.lint import lint
from grader.assignment.loading.course import find_course
from grader.assignment.release.new import make_new
from grader.diagnosis.bank import bank_path, read_bank
from grader.diagnosis.codes import NAMED
from grader.diagnosis.mutation.sites import mutants
from grader.execution.scheduler import Prober
from grader.grading.evaluate import evaluate
from grader.model import Assignment, Change, Diagnosis, Edit
from grader.reference.mutation_testing import Prepared, excused, prepare
from grader.reference.session import ReferenceSession, live

FRESH = 77


@pytest.fixture(scope="module")
def assignment(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    root = tmp_path_factory.mktemp("course")
    make_new(root, "toy")
    return find_course(root, root).load("toy")


@pytest.fixture(scope="module")
def prepared(assignment: Assignment) -> Prepared:
    return prepare(assignment)


@pytest.fixture(scope="module")
def golden(assignment: Assignment) -> dict:
    return live(assignment, [assignment.seed, FRESH])


def said(
    assignment: Assignment, golden: dict, seed: int, old: str, new: str, hints: Any = "name"
) -> dict[str, Diagnosis]:
    """The diagnoses of a student who wrote `new` where the solution has `old`."""
    assignment = msgspec.structs.replace(assignment, hints=hints)
    edit = Edit(name="a student", changes=(Change("toy.py", old, new),))
    with ReferenceSession(assignment, edit=edit) as session:
        prober = Prober(session.session, seed=seed)
        done = evaluate(prober, golden[seed], follow_through=False)
        prober.close()
    return {o.check.id: o.diagnosis for o in done.outcomes if o.diagnosis is not None}


def test_every_mutant_of_a_well_checked_solution_is_caught(prepared: Prepared) -> None:
    assert len(prepared.trials) >= 10
    assert [t.mutant.new for t in prepared.trials if not t.caught] == []


@pytest.mark.parametrize("only_one", [False, True])
def test_changes_are_excused_by_their_line_or_by_what_they_become(assignment: Assignment, only_one: bool) -> None:
    there = [m for m in mutants(assignment) if m.function == "linear_forward"]
    new = there[0].new if only_one else ""
    path = assignment.root / "equivalent.py"
    entry = f'Equivalent(file="toy.py", code="return x @ w + b", new={new!r}, reason="for a test")'
    path.write_text(f"from grader.model import Equivalent\n\nEQUIVALENT = [{entry}]\n")
    try:
        marked = [m.new for m in excused(assignment, mutants(assignment)) if m.excused == "for a test"]
        assert [f for f in lint(assignment) if f.where == "equivalent.py"] == []
        path.write_text(path.read_text().replace("x @ w + b", "x @ w + c"))
        (finding,) = [f for f in lint(assignment) if f.where == "equivalent.py"]
    finally:
        path.unlink()
    assert marked == ([new] if only_one else [m.new for m in there])
    assert (finding.level, "return x @ w + c" in finding.text) == ("error", True)


def test_the_file_is_written_once_and_not_for_other_sources(assignment: Assignment, prepared: Prepared) -> None:
    assert prepared.path == bank_path(assignment)
    bank = read_bank(assignment)
    assert bank is not None
    assert len(bank.hypotheses) == prepared.hypotheses
    assert not bank.stale
    changed = structs.replace(assignment.checks[0], source=assignment.checks[0].source.replace("return", "1; return"))
    of_others = read_bank(structs.replace(assignment, checks=(changed, *assignment.checks[1:])))
    assert of_others is not None
    assert of_others.stale == (changed.id,)
    assert of_others.results(changed.id) is None
    wrong = assignment.root / "wrong.py"
    text = wrong.read_text()
    wrong.write_text(text + "\n# changed\n")
    try:
        assert read_bank(assignment) is None
    finally:
        wrong.write_text(text)


def test_a_damaged_file_is_not_used(assignment: Assignment, prepared: Prepared) -> None:
    path = bank_path(assignment)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    try:
        assert read_bank(assignment) is None
    finally:
        path.write_bytes(whole)


@pytest.mark.parametrize("seed", [1, FRESH])
def test_the_authors_mistake_is_named_in_other_words_of_code(
    assignment: Assignment, prepared: Prepared, golden: dict, seed: int
) -> None:
    found = said(assignment, golden, seed, "d_out.sum(axis=0)", "np.einsum('nm->m', d_out) / d_out.shape[0]")
    assert set(found) == {"gradient_values"}
    assert found["gradient_values"].code == NAMED
    assert found["gradient_values"].text == (
        "`d_b` is exactly what this mistake gives: bias gradient is the mean over the batch, not the sum."
    )


def test_a_mutant_is_named_by_its_clause_in_the_function_of_the_hand_out(
    assignment: Assignment, prepared: Prepared, golden: dict
) -> None:
    found = said(assignment, golden, 1, "return x @ w + b", "return np.dot(x, w) - b")
    assert found["forward_values"].text == (
        "`out` is exactly what comes out if in `linear_forward` `b` is subtracted where it should be added."
    )


def test_two_mistakes_in_two_arrays_are_both_named(assignment: Assignment, prepared: Prepared, golden: dict) -> None:
    found = said(
        assignment, golden, 1, "d_out @ w.T, x.T @ d_out, d_out.sum(axis=0)",
        "np.ones_like(d_out) @ w.T, x.T @ d_out, d_out.mean(0)",
    )  # fmt: skip
    assert "upstream gradient ignored" in found["gradient_values"].text


def test_a_mistake_that_nobody_prepared_gets_no_name(assignment: Assignment, prepared: Prepared, golden: dict) -> None:
    assert said(assignment, golden, 1, "return x @ w + b", "return np.sin(x @ w) + b**3") == {}


def test_an_author_may_have_nothing_named(assignment: Assignment, prepared: Prepared, golden: dict) -> None:
    assert said(assignment, golden, 1, "d_out.sum(axis=0)", "d_out.mean(axis=0)", hints="none") == {}


def test_an_exception_is_explained_where_nothing_else_fails(assignment: Assignment, golden: dict) -> None:
    found = said(assignment, golden, 1, "d_out @ w.T, x.T @ d_out", "d_out @ w, x.T @ d_out")
    assert found["gradient_values"].code in ("missing-transpose", "shapes-do-not-fit")
    assert "`d_out @ w` multiplies shape" in found["gradient_values"].text
    assert "With `w.T` they do" in found["gradient_values"].text
