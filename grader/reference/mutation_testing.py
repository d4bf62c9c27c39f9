"""Mutation testing of an assignment's checks, and the bank of prepared mistakes that comes from it.

Mutants of functions and classes run in one reference worker (`grader.worker.experiments.variants`); mutants of other
statements, such as a notebook's cells, each get a session of their own.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from msgspec import Struct, structs

from grader.assignment.notebooks import by_notebook
from grader.assignment.release.edits import edited, equivalents, right_edits, wrong_edits
from grader.diagnosis.bank import (
    GRADED,
    REPEATED,
    VIEWS,
    Bank,
    Hypothesis,
    Results,
    read_bank,
    read_generated,
    write_bank,
)
from grader.diagnosis.codes import NAMED
from grader.diagnosis.matching.ranking import order
from grader.diagnosis.mutation import wrapper_specs as wrapped
from grader.diagnosis.mutation.compound import SourceText, WrongSolution, further
from grader.diagnosis.mutation.sites import Mutant, mutants, read_solution
from grader.diagnosis.points import second_seed
from grader.errors import WorkerError
from grader.execution.observe import observe
from grader.execution.process import RootProcess
from grader.grading.evaluate import GoldenTable
from grader.model import Assignment, Change, Edit, NotArray
from grader.reference.mutant_outcomes import add_outcomes, key_of, read_outcomes, sources
from grader.reference.pool import in_parallel, is_caught
from grader.reference.session import ReferenceSession, observed_values
from grader.reference.variants import (
    Arrays,
    Seen,
    VariantRunner,
    caught,
    definitions,
    module_of,
    observe_all,
    prepared_points,
)
from grader.worker.experiments.fingerprints import FIELDS, agree, fingerprints

KEPT = 4000
"""Entries of one check's arrays at the second point that are kept: hand-made points have some hundreds."""


WAITING = ".mutants"
"""A hidden folder of an assignment's sources, while its mutants are tried."""
SHOWN = 10
"""Mutants in sessions of their own between two lines of progress: each takes seconds."""


class MutantResult(Struct, frozen=True):
    """One mutant and whether any check sees it."""

    mutant: Mutant
    caught: bool


class MutantRun(Struct, frozen=True):
    """What `prepare` found."""

    trials: tuple[MutantResult, ...]
    hypotheses: int
    path: Path | None
    """The written file; None where the one that is there is of these sources already."""


def keep_named(assignment: Assignment, tell: Callable[[str], None]) -> Path | None:
    """Write what the named mistakes compute where nothing of these sources is kept yet; returns the file.

    What `--mutants` has made stays: of a check that has changed since it names nothing, of the others it does.
    """
    bank = read_bank(assignment)
    if bank is not None and (bank.meta.complete or not bank.stale):
        return None
    return prepare(assignment, tell, named_only=True).path


def prepare(
    assignment: Assignment, tell: Callable[[str], None] = lambda text: None, *, named_only: bool = False
) -> MutantRun:
    """Try every mutant and every named mistake on all checks, and write `golden/mistakes.npz` unless it is current.

    With `named_only`, no mutant and no further wrong solution is tried.

    What was interrupted goes on where it was: answers wait in a hidden folder, outcomes in `mutants.csv`. Raises
    AuthoringError if the reference is not here, or an edit does not apply.
    """
    every = [] if named_only else excused(assignment, mutants(assignment))
    bank = read_bank(assignment)
    outcomes = read_outcomes(assignment)
    if (
        every
        and bank is not None
        and bank.meta.complete
        and not bank.stale
        and all(key_of(m) in outcomes for m in every)
    ):
        return MutantRun(tuple(MutantResult(m, outcomes[key_of(m)]) for m in every), len(bank.hypotheses), None)
    waiting = assignment.root / WAITING / sources(assignment)
    edits = wrong_edits(assignment)
    originals = {file: read_solution(assignment, file) for file in dict.fromkeys(m.file for m in every)}
    jobs = [definitions(assignment, {m.file: m.text}) for m in every]
    jobs += [definitions(assignment, edited(assignment, edit)) for edit in edits]
    solution = [SourceText(file, text, module_of(assignment, file)) for file, text in originals.items()]
    more = [] if named_only else _more(assignment, solution)
    with ExitStack() as open_sessions:
        sessions = [open_sessions.enter_context(ReferenceSession(one)) for one in by_notebook(assignment)]
        runners = [VariantRunner(one, one.assignment, kept=None if named_only else waiting) for one in sessions]
        more += [] if named_only else _changed_calls(runners, solution, tell)
        jobs += [v.definitions for v in more]
        whole = [d for file in originals for d in definitions(assignment, {file: None}) or ()]
        tell(f"{len(every)} mutants, {len(edits)} named mistakes, {len(more)} further wrong solutions")
        golden = {id: v for one in sessions for id, v in observed_values(one, assignment.seed).items()}
        reference, control, *results = observe_all(runners, [(), tuple(whole), *(j for j in jobs if j)], tell)
    if reference and all(values is None for values in reference.values()):
        raise WorkerError(f"{assignment.id}: the reference answered no check where mistakes are tried; none is kept")
    steady = {key: values for key, values in reference.items() if _same(values, control.get(key))}
    remaining = iter(results)
    seen: list[Seen | None] = [next(remaining) if job else None for job in jobs]
    alone = [number for number, _ in enumerate(edits, len(every)) if seen[number] is None]
    tell(f"{len(alone)} named mistakes in sessions of their own")
    whole_runs = [Edit(name="the reference", changes=()), *(edits[n - len(every)] for n in alone)] if alone else []
    ran = list(in_parallel(whole_runs, partial(_in_session, assignment)))
    again = ran[0] if ran else {}
    for number, found in zip(alone, ran[1:], strict=True):
        seen[number] = found
    # what definitions alone do not repeat, such as weights that a cell draws, sessions do
    cells = {key: values for key, values in reference.items() if key not in steady and _same(values, again.get(key))}
    for number, arrays in enumerate(seen):
        if arrays is not None and number not in alone:
            seen[number] = {key: values for key, values in arrays.items() if key not in cells}
    count = len(every) + len(edits)
    useful = _useful(more, seen[count:], steady, [(m, a) for m, a in zip(every, seen, strict=False) if a])
    more, seen = [more[number] for number in useful], [*seen[:count], *(seen[count + number] for number in useful)]
    hypotheses = [
        Hypothesis(code=m.code, text=m.clause, function=m.function, named=False, weakness=m.weakness) for m in every
    ]
    hypotheses += [Hypothesis(code=NAMED, text=e.name, function="", named=True) for e in edits]
    hypotheses += [v.hypothesis for v in more]
    path = None
    if bank is None or bank.stale or not (bank.meta.complete or named_only):
        seeds = (assignment.seed, second_seed(assignment.seed))
        by_check = _results(assignment, steady | cells, seen)
        generated = read_generated(assignment) if named_only else None
        if generated is not None:
            hypotheses, by_check = _joined(hypotheses, by_check, generated)
        complete = generated is not None and not generated.stale if named_only else True
        path = write_bank(assignment, seeds, tuple(hypotheses), by_check, complete=complete)
    every = [
        structs.replace(m, excused="broadcasts to the same") if _same_by_broadcasting(m, arrays, reference) else m
        for m, arrays in zip(every, seen, strict=False)
    ]
    seen_by_checks = [arrays is not None and caught(assignment, arrays, reference) for arrays in seen[: len(every)]]
    trials = _once_more(assignment, every, seen_by_checks, golden, tell) if every else []
    shutil.rmtree(waiting.parent, ignore_errors=True)
    return MutantRun(tuple(trials), len(hypotheses), path)


def _same_by_broadcasting(mutant: Mutant, seen: Seen | None, right: Seen) -> bool:
    """Whether an axis of length 1 more or less changed no shape and no value in checks that run it."""
    return mutant.code == "kept-axis" and not mutant.excused and bool(seen) and _agrees(seen or {}, right)


def excused(assignment: Assignment, every: Sequence[Mutant]) -> list[Mutant]:
    """The mutants, with the reason where the author says that nothing need be seen of it."""
    reasons = equivalents(assignment)
    lines = {one.file: read_solution(assignment, one.file).split("\n") for one in reasons}

    def why(mutant: Mutant) -> str:
        there = lines[mutant.file][mutant.line - 1] if mutant.file in lines else ""
        meant = (r for r in reasons if r.file == mutant.file and r.code in there and r.new in ("", mutant.new))
        return next((r.reason for r in meant), mutant.excused)

    return [structs.replace(mutant, excused=why(mutant)) for mutant in every]


def _changed_calls(
    runners: Sequence[VariantRunner], solution: Sequence[SourceText], tell: Callable[[str], None]
) -> list[WrongSolution]:
    """Functions of which an argument or a result is changed, or that call such a one."""
    asked = wrapped.asked(solution)
    tell(f"{len(asked)} questions of which known formula a function is")
    right, *seen = observe_all(runners, [(), *(v.definitions for v in asked.values())], tell)
    known = {key for key, arrays in zip(asked, seen, strict=True) if not _agrees(arrays, right)}
    return [*wrapped.alone(solution, known), *wrapped.within(solution, known)]


def _agrees(one: Seen, right: Seen) -> bool:
    """Whether every check returns what it returns on the solution."""
    return all(_same(a, right.get(key)) or (a is None and right.get(key) is None) for key, a in one.items())


def _useful(
    more: Sequence[WrongSolution], seen: Sequence[Seen | None], right: Seen, mutants: Sequence[tuple[Mutant, Seen]]
) -> list[int]:
    """Those that change anything, and of those that give the same and are about the same function the likeliest.

    What a mutant of the solution gives already is wanted where it says it better.
    """
    numbers: dict[object, int] = {}
    said: dict[object, tuple[bool, int, int]] = {}
    for mutant, gives in mutants:
        how = order(mutant.code, mutant.weakness, 0)
        same = _key(mutant.function, 1, gives)
        said[same] = min(how, said.get(same, how))
    for number, ((hypothesis, _), arrays) in enumerate(zip(more, seen, strict=True)):
        if not arrays or _agrees(arrays, right):
            continue
        same = _key(hypothesis.function, hypothesis.mistakes, arrays)
        how = order(hypothesis.code, hypothesis.weakness, hypothesis.likely)
        if same not in said or how < said[same]:
            said[same] = how
            numbers[same] = number
    return sorted(numbers.values())


def _key(function: str, mistakes: int, seen: Seen) -> object:
    """Key of wrong solutions that need not be distinguished."""
    return function, mistakes, tuple(sorted((key, _rounded(values)) for key, values in seen.items()))


def _rounded(values: Arrays | None) -> bytes:
    """Fingerprints to six digits, as one key."""
    if values is None:
        return b""
    rows = fingerprints(values, values)
    with np.errstate(all="ignore"):
        scale = 10.0 ** (5 - np.floor(np.log10(np.abs(rows))))
        digits = np.where(np.isfinite(scale), np.rint(rows * scale) / scale, rows)
    return digits.tobytes() + "".join(values).encode()


def _more(assignment: Assignment, solution: Sequence[SourceText]) -> list[WrongSolution]:
    """The further wrong solutions: no trials of the checks, only what students are compared with."""
    originals = {base.file for base in solution}

    def bases(texts: Mapping[str, str]) -> Iterator[SourceText]:
        changed = definitions(assignment, texts)
        for file, text in texts.items() if changed else ():
            if file in originals:
                yield SourceText(file, text, module_of(assignment, file), changed or ())

    rewritten = [base for edit in right_edits(assignment) for base in bases(edited(assignment, edit))]
    return further(solution, rewritten)


def _once_more(
    assignment: Assignment,
    every: Sequence[Mutant],
    caught: Sequence[bool],
    golden: GoldenTable,
    tell: Callable[[str], None],
) -> list[MutantResult]:
    """The trials, with what is not caught so far run as a whole submission: cells and their trainings count too."""
    by_number = dict.fromkeys(range(len(every)), True)
    known = read_outcomes(assignment)
    kept = {number: known[key] for number, m in enumerate(every) if not caught[number] and (key := key_of(m)) in known}
    left = [number for number, seen in enumerate(caught) if not seen and number not in kept]
    tell(f"{len(left)} mutants in sessions of their own" + (f", {len(kept)} tried before" if kept else ""))

    def work(root: RootProcess, number: int) -> bool:
        mutant = every[number]
        edit = Edit(name=mutant.clause, changes=(Change(mutant.file, "", mutant.text),))
        return is_caught(root, assignment, edit, golden)

    by_number |= kept
    for done, (number, result) in enumerate(zip(left, in_parallel(left, work), strict=True), 1):
        by_number[number] = result
        add_outcomes(assignment, [(every[number], result)])
        if not done % SHOWN:
            tell(f"{done} of {len(left)} mutants")
    add_outcomes(assignment, [(mutant, by_number[number]) for number, mutant in enumerate(every)], replace=True)
    return [MutantResult(mutant, by_number[number]) for number, mutant in enumerate(every)]


def _in_session(assignment: Assignment, root: RootProcess, edit: Edit) -> Seen:
    """What every check returns at every view where the whole solution runs with `edit`."""
    seen: Seen = {}
    for one in by_notebook(assignment):
        with ReferenceSession(one, edit=edit, root=root) as session:
            for check in one.checks:
                for view, asked, seed in prepared_points(assignment, check):
                    observation = observe(session.session, asked, seed=seed)
                    arrays = {n: v for n, v in observation.values.items() if not isinstance(v, NotArray)}
                    seen[check.id, view] = arrays if observation.ended == "returned" else None
    return seen


def _same(one: Arrays | None, other: Arrays | None) -> bool:
    if one is None or other is None or one.keys() != other.keys():
        return False
    return bool(agree(fingerprints(one, one), fingerprints(other, one)).all())


def _results(assignment: Assignment, reference: Seen, seen: Sequence[Seen | None]) -> dict[str, Results]:
    """For each check the fingerprints of the reference and of every hypothesis that changes it."""
    results = {}
    for check in assignment.checks:
        expected = reference.get((check.id, GRADED))
        if not expected or reference.get((check.id, REPEATED)) is None:
            continue  # what holds no array or is not the same twice proves nothing
        names = tuple(expected)
        right = np.stack([_row(reference, check.id, view, names) for view in range(VIEWS)])
        which, prints = [], []
        for number, arrays in enumerate(seen):
            if arrays is None or (check.id, GRADED) not in arrays:
                continue
            rows = np.stack([_row(arrays, check.id, view, names) for view in range(VIEWS)])
            if not agree(rows, right)[~np.isnan(right[..., 0])].all():
                which.append(number)
                prints.append(rows)
        again = reference[check.id, REPEATED] or {}
        small = check.judge is None and sum(a.size for a in again.values()) <= KEPT
        results[check.id] = Results(
            expected=again if small else {},
            names=names,
            reference=right,
            which=np.array(which, dtype=np.int32),
            found=np.array(prints).reshape(-1, VIEWS, len(names), FIELDS),
        )
    return results


def _joined(
    named: Sequence[Hypothesis], by_check: Mapping[str, Results], generated: Bank
) -> tuple[list[Hypothesis], dict[str, Results]]:
    """The author's mistakes as they are now, with what mutants of the same solution gave in the same checks."""
    kept = [number for number, h in enumerate(generated.hypotheses) if h.code != NAMED]
    place = {number: len(named) + at for at, number in enumerate(kept)}
    results = dict(by_check)
    for id, new in by_check.items():
        old = generated.results(id)
        if old is None or old.names != new.names:
            continue
        rows = [at for at, number in enumerate(old.which) if int(number) in place]
        moved = np.array([place[int(old.which[at])] for at in rows], dtype=np.int32)
        results[id] = structs.replace(
            new, which=np.concatenate([new.which, moved]), found=np.concatenate([new.found, old.found[rows]])
        )
    return [*named, *(generated.hypotheses[number] for number in kept)], results


def _row(seen: Seen, check: str, view: int, names: Sequence[str]) -> npt.NDArray[np.float64]:
    values = seen.get((check, view))
    return np.full((len(names), FIELDS), np.nan) if values is None else fingerprints(values, names)
