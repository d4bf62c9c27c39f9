"""A small assignment whose solution is mutated for real: what is caught, what is written, what is named afterwards."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from msgspec import structs

from grader.assignment.digest import MUTANTS
from grader.assignment.lint.lint import lint
from grader.assignment.loading.course import find_course
from grader.assignment.release.new import make_new
from grader.diagnosis.bank import GRADED, REPEATED, bank_path, read_bank
from grader.diagnosis.codes import NAMED
from grader.diagnosis.mutation.sites import mutants
from grader.errors import WorkerError
from grader.execution.scheduler import Prober
from grader.grading.evaluate import evaluate
from grader.model import Assignment, Change, Diagnosis, Edit, Manual, Part, Uses
from grader.reference.mutant_outcomes import read_outcomes
from grader.reference.mutation_testing import (
    WAITING,
    MutantRun,
    Seen,
    _once_more,
    _results,
    _same_by_broadcasting,
    excused,
    keep_named,
    prepare,
)
from grader.reference.session import ReferenceSession, live
from grader.reference.variants import VariantRunner

FRESH = 77
pytestmark = pytest.mark.slow  # all of the solution's mutants, for real


def test_a_check_of_text_alone_has_nothing_to_compare_with(assignment: Assignment) -> None:
    check = assignment.checks[0]
    text: Seen = {(check.id, GRADED): {}, (check.id, REPEATED): {}}
    assert _results(assignment, text, [text]) == {}


@pytest.fixture(scope="module")
def assignment(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    root = tmp_path_factory.mktemp("course")
    make_new(root, "toy")
    return find_course(root, root).load("toy")


class StoppedError(Exception):
    pass


@pytest.fixture(scope="module")
def prepared(assignment: Assignment) -> MutantRun:
    """Interrupted in the middle once."""

    def interrupt(progress: str) -> None:
        if progress.startswith("5 of ") and " batches" in progress:
            raise StoppedError

    with pytest.raises(StoppedError):
        prepare(assignment, interrupt)
    kept = {path: path.stat().st_mtime_ns for path in (assignment.root / WAITING).rglob("*.npz")}
    assert len(kept) >= 5
    still: list[bool] = []

    def look(progress: str) -> None:
        if re.match(r"(\d+) of \1 batches: gradient_values", progress):
            still[:] = [all(path.stat().st_mtime_ns == changed for path, changed in kept.items())]

    done = prepare(assignment, look)
    assert still == [True], "what was answered before is asked again"
    assert not (assignment.root / WAITING).exists()
    return done


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


def test_every_mutant_of_a_well_checked_solution_is_caught(prepared: MutantRun) -> None:
    assert len(prepared.trials) >= 10
    assert [t.mutant.new for t in prepared.trials if not t.caught] == []


def test_outcomes_are_kept_and_not_tried_again(assignment: Assignment, prepared: MutantRun) -> None:
    text = (assignment.root / MUTANTS).read_text()
    assert text.startswith("file,line,column,old,new,outcome,sources\ntoy.py,20,12,x @ w + b,")
    assert text.count("\n") == 1 + len(prepared.trials)
    assert sum(read_outcomes(assignment).values()) == len(prepared.trials)
    said: list[str] = []
    assert prepare(assignment, said.append).trials == prepared.trials
    assert said == []
    of_others = structs.replace(assignment, seed=assignment.seed + 1)
    assert read_outcomes(of_others) == {}


def test_only_mutants_without_an_outcome_run_in_sessions_of_their_own(
    assignment: Assignment, prepared: MutantRun, golden: dict
) -> None:
    path = assignment.root / MUTANTS
    whole = path.read_text()
    path.write_text("".join(line for line in whole.splitlines(keepends=True) if ",-((x @ w + b))," not in line))
    every = [trial.mutant for trial in prepared.trials]
    said: list[str] = []
    try:
        trials = _once_more(assignment, every, [False] * len(every), golden[assignment.seed], said.append)
        assert path.read_text() == whole
    finally:
        path.write_text(whole)
    assert said[0] == f"1 mutants in sessions of their own, {len(every) - 1} tried before"
    assert all(trial.caught for trial in trials)


def test_a_kept_axis_that_broadcasts_to_the_same_is_equivalent(assignment: Assignment) -> None:
    mutant = structs.replace(mutants(assignment)[0], code="kept-axis")
    right: Any = {("c", 0): {"a": np.ones((2, 3))}, ("d", 0): {"b": np.zeros(2)}}
    assert _same_by_broadcasting(mutant, {("c", 0): {"a": np.ones((2, 3))}}, right)
    assert not _same_by_broadcasting(mutant, {("c", 0): {"a": np.ones((2, 1, 3))}}, right)
    assert not _same_by_broadcasting(mutant, {}, right), "no check runs it"
    assert not _same_by_broadcasting(structs.replace(mutant, code="wrong-sign"), right, right)


def test_cells_of_a_part_for_a_person_have_no_mutants(assignment: Assignment) -> None:
    path = assignment.root / "solution" / "toy.py"
    text = path.read_text()
    region = "### BEGIN SOLUTION\n{}\n### END SOLUTION\n"
    path.write_text(
        f"{text}\n# %% [markdown]\n# ## What the bias *does*\n\n# %%\n{region.format('shown = 7 * 8')}"
        f"\n# %%\n{region.format('asked = 1 + 2')}\n# %% [markdown]\n# ## More\n\n# %%\n{region.format('y = 1 + 2')}"
    )
    part = Manual(part=Part("3", "Bias"), points=Fraction(1), kind="written", question="?", under="What the bias does")
    check = structs.replace(assignment.checks[0], uses=(Uses(name="asked"),))
    try:
        without = {m.old for m in mutants(assignment)}
        found = {m.old for m in mutants(structs.replace(assignment, manual=(part,), checks=(check,)))}
        lines = {m.line for m in mutants(structs.replace(assignment, manual=(part,), checks=(check,)))}
    finally:
        path.write_text(text)
    assert without - found == {"7 * 8", "7", "8"}
    assert max(lines) > text.count("\n") + 15


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


def test_the_file_is_written_once_and_not_for_other_sources(assignment: Assignment, prepared: MutantRun) -> None:
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


def test_another_named_mistake_keeps_what_mutants_have_given(assignment: Assignment, prepared: MutantRun) -> None:
    path, wrong = bank_path(assignment), assignment.root / "wrong.py"
    before, text = read_bank(assignment), wrong.read_text()
    files = {one: one.read_bytes() for one in path.parent.iterdir()}
    assert before is not None
    first = text.index('name="') + len('name="')
    wrong.write_text(text[:first] + "again: " + text[first:])
    try:
        assert keep_named(assignment, lambda line: None) == path
        after = read_bank(assignment)
    finally:
        wrong.write_text(text)
        [one.write_bytes(content) for one, content in files.items()]
    assert after is not None
    assert (after.meta.complete, after.stale) == (True, ())
    assert [h for h in after.hypotheses if h.code != NAMED] == [h for h in before.hypotheses if h.code != NAMED]
    assert sum(h.text.startswith("again: ") for h in after.hypotheses) == 1
    for id in (check.id for check in assignment.checks):
        old, new = before.results(id), after.results(id)
        assert (old is None) == (new is None)
        if old is not None and new is not None:
            ours = [(before.hypotheses[n], f) for n, f in zip(old.which, old.found, strict=True)]
            theirs = [(after.hypotheses[n], f) for n, f in zip(new.which, new.found, strict=True)]
            ours, theirs = ([(h, f) for h, f in one if h.code != NAMED] for one in (ours, theirs))
            assert [h for h, _ in ours] == [h for h, _ in theirs]
            np.testing.assert_array_equal([f for _, f in ours], [f for _, f in theirs])


def test_a_damaged_file_is_not_used(assignment: Assignment, prepared: MutantRun) -> None:
    path = bank_path(assignment)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    try:
        assert read_bank(assignment) is None
    finally:
        path.write_bytes(whole)


@pytest.mark.parametrize("seed", [1, FRESH])
def test_the_authors_mistake_is_named_in_other_words_of_code(
    assignment: Assignment, prepared: MutantRun, golden: dict, seed: int
) -> None:
    found = said(assignment, golden, seed, "d_out.sum(axis=0)", "np.einsum('nm->m', d_out) / d_out.shape[0]")
    assert set(found) == {"gradient_values"}
    assert found["gradient_values"].code == NAMED
    assert found["gradient_values"].text == (
        "`d_b` is exactly what this mistake gives: bias gradient is the mean over the batch, not the sum."
    )


def test_a_mutant_is_named_by_its_clause_in_the_function_of_the_hand_out(
    assignment: Assignment, prepared: MutantRun, golden: dict
) -> None:
    found = said(assignment, golden, 1, "return x @ w + b", "return np.dot(x, w) - b")
    assert found["forward_values"].text == (
        "`out` is exactly what comes out if in `linear_forward` `b` is subtracted where it should be added."
    )


def test_two_mistakes_in_two_arrays_are_both_named(assignment: Assignment, prepared: MutantRun, golden: dict) -> None:
    found = said(
        assignment, golden, 1, "d_out @ w.T, x.T @ d_out, d_out.sum(axis=0)",
        "np.ones_like(d_out) @ w.T, x.T @ d_out, d_out.mean(0)",
    )  # fmt: skip
    assert "upstream gradient ignored" in found["gradient_values"].text


def test_a_mistake_that_nobody_prepared_gets_no_name(assignment: Assignment, prepared: MutantRun, golden: dict) -> None:
    assert said(assignment, golden, 1, "return x @ w + b", "return np.sin(x @ w) + b**3") == {}


def test_an_author_may_have_nothing_named(assignment: Assignment, prepared: MutantRun, golden: dict) -> None:
    assert said(assignment, golden, 1, "d_out.sum(axis=0)", "d_out.mean(axis=0)", hints="none") == {}


def test_an_exception_is_explained_where_nothing_else_fails(assignment: Assignment, golden: dict) -> None:
    found = said(assignment, golden, 1, "d_out @ w.T, x.T @ d_out", "d_out @ w, x.T @ d_out")
    assert found["gradient_values"].code in ("missing-transpose", "shapes-do-not-fit")
    assert "`d_out @ w` multiplies shape" in found["gradient_values"].text
    assert "With `w.T` they do" in found["gradient_values"].text


def test_a_worker_that_cannot_try_mistakes_keeps_no_empty_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_new(tmp_path, "toy")
    toy = find_course(tmp_path, tmp_path).load("toy")
    monkeypatch.setattr(VariantRunner, "_answer", lambda *_: {})

    with pytest.raises(WorkerError, match="answered no check"):
        prepare(toy, named_only=True)
    assert not bank_path(toy).exists()
