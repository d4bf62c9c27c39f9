"""`grade`: one submission from its path to its report. The command, the plugin and a batch all come through here."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import numpy.typing as npt

from grader.assignment.loading.course import Course, find_course
from grader.assignment.notebooks import by_notebook
from grader.errors import SubmissionError, UsageError
from grader.execution.observe import compile_checks
from grader.execution.process import RootProcess
from grader.execution.scheduler import Prober
from grader.execution.session import Session
from grader.execution.spawn import Launched
from grader.grading.evaluate import evaluate
from grader.grading.scoring import with_extra
from grader.marks import answer_digest
from grader.model import Answer, Assignment, Check, Notebook, Observation, Report, Submission, Work
from grader.reference.expected import ExpectedValues, Seed
from grader.sandbox import tiers
from grader.sandbox.tiers import Policy
from grader.versions import environment

if TYPE_CHECKING:
    from grader.submission.files.gather import SubmittedFiles

log = logging.getLogger(__name__)
"""Stages and their times since the start; shown by `GRADE_DEBUG=1`."""
Inspect = Callable[[Check, Observation, Mapping[str, npt.NDArray[Any]]], None]
_IMPORT = re.compile(r"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import\b|import[ \t]+([\w.]+))", re.MULTILINE)
LARGEST_SEED = 2**32
MAX_NOTES = 60
MAX_NOTE = 500
"""Characters of one note."""


def grade(
    path: str | Path,
    assignment: str | None = None,
    seed: Seed = None,
    *,
    course: str | Path | None = None,
    fresh: bool = False,
    hidden: bool = True,
    data: str | Path | None = None,
    worker: Launched | None = None,
    keep: bool = False,
    policy: Policy = tiers.ANY,
    checks: Collection[str] = (),
    inspect: Inspect | None = None,
) -> Report:
    """Grade a notebook, a folder of modules, or an archive of either.

    Parameters
    ----------
    path
        The submission.
    assignment
        Its id; None finds it out from the submission.
    seed
        Draw the checks' points from this seed, with the reference run live, or take the "recorded" golden values; None
        gives each submission one of the course's own seeds where the reference is, and the golden values elsewhere.
    course
        Course root; None takes GRADE_COURSE, else the nearest above the current folder, and never one inside `path`.
    fresh
        Take a seed that nobody knows beforehand.
    hidden
        False leaves the hidden checks out, as in a student's own repository.
    data
        Folder that takes the place of the assignment's `data/`, for a data set that is not shipped.
    worker
        A worker that was started early, by `grader.execution.spawn.launch`; it is ended at the end.
    keep
        Keep the student's code and draw the figures, for formats that show them (`Report.work`, `CellRun.pictures`).
    policy
        What the caller insists on of the sandbox; the best that works here is used whatever it says.
    checks
        Ids of the checks to run; empty runs all of them.
    inspect
        Is given what each check observed and what was expected, before the report is made.

    Returns
    -------
    Report
        With status "ungradable" and a reason when this submission cannot be graded.

    Raises
    ------
    UsageError
        If there is no such course, assignment or check, or the sandbox is not what is needed, or a hidden check is
        to be inspected without the reference.
    Fault
        If the grader or the assignment fails.
    """
    started = time.monotonic()
    with RootProcess(worker) as root:
        path = Path(path)
        found = find_course(Path.cwd(), None if course is None else Path(course), submission=path)
        folder = root.new_folder()
        try:
            id, handed = assignment_of(found, path, assignment, folder / "work" / "unpacked")
        except SubmissionError as error:
            return _ungradable(path, None, error, started)
        loaded = found.load(id)
        root.warm(libraries(loaded), draw=keep)
        if not hidden:
            loaded = public_only(loaded)
        if checks:
            loaded = _only(loaded, checks)
        secret = [c.id for c in loaded.checks if c.visibility == "hidden"]
        if inspect is not None and secret and loaded.solution is None:
            raise UsageError(f"the arrays of hidden checks are not shown without the reference: {', '.join(secret)}")
        log.debug("assignment %s: %d checks (%.3f s)", id, len(loaded.checks), time.monotonic() - started)
        if data is not None:
            loaded = msgspec.structs.replace(loaded, data=Path(data).absolute())
        if fresh and seed is None:
            import secrets

            seed = secrets.randbelow(LARGEST_SEED)
        expected = ExpectedValues(loaded, seed)
        report = grade_with(
            root,
            path,
            loaded,
            folder,
            expected,
            handed=handed,
            keep=keep,
            started=started,
            policy=policy,
            inspect=inspect,
        )
        if not checks:
            return report
        note = f"only --check {', '.join(c.id for c in loaded.checks)}: no other check ran, and no follow-through"
        return msgspec.structs.replace(report, notes=(note, *report.notes), unchecked=Fraction(0))


def assignment_of(course: Course, path: Path, wanted: str | None, scratch: Path) -> tuple[str, SubmittedFiles | None]:
    """The id of the submission's assignment, and its files where these had to tell it, unpacked into `scratch`.

    Raises SubmissionError if they are of no assignment of the course, or cannot be read.
    """
    if wanted or course.single:
        return wanted or course.ids()[0], None
    from grader.submission.files.gather import gather
    from grader.submission.files.identify import identify

    handed = gather(path, scratch)
    return identify(handed, course.ids(), course.load), handed


def grade_with(
    root: RootProcess,
    path: Path,
    assignment: Assignment,
    folder: Path,
    expected: ExpectedValues,
    *,
    handed: SubmittedFiles | None = None,
    keep: bool | Literal["answers"] = False,
    started: float | None = None,
    policy: Policy = tiers.ANY,
    inspect: Inspect | None = None,
) -> Report:
    """Grade a submission for a loaded assignment in a worker that may have graded others before.

    Of several notebooks each is graded by itself, in processes of its own, and the report has the parts of all.

    `folder` is this submission's own, from `RootProcess.new_folder`; the caller removes it. `handed` is what lies at
    `path`, for a caller that has looked at it. `keep` is as for `grade`; "answers" draws only what a person marks.
    Raises UsageError if the sandbox is not what `policy` or the assignment's secrets need, and a Fault if the grader or
    the assignment fails; the worker is then to be replaced.
    """
    started = time.monotonic() if started is None else started
    reports: list[Report] = []
    for number, one in enumerate(by_notebook(assignment)):
        report = _grade_notebook(
            root,
            path,
            one,
            folder / f"work{number or ''}",
            expected,
            handed=handed,
            keep=keep,
            started=started,
            policy=policy,
            inspect=inspect,
            before=reports,
        )
        if report.status != "graded":
            return report
        reports.append(report)
    return reports[0] if len(reports) == 1 else _joined(assignment, reports)


def _grade_notebook(
    root: RootProcess,
    path: Path,
    assignment: Assignment,
    workdir: Path,
    expected: ExpectedValues,
    *,
    handed: SubmittedFiles | None,
    keep: bool | Literal["answers"],
    started: float,
    policy: Policy,
    inspect: Inspect | None,
    before: Sequence[Report],
) -> Report:
    """As `grade_with`, for the only notebook or one of several; `before` has the reports of those before it."""
    from grader.submission.files.open import open_submission
    from grader.submission.review.experiments import with_handout_arguments
    from grader.submission.review.renamed import with_renamed_places
    from grader.submission.review.stubs import unfilled_by_check, with_written_places
    from grader.submission.source.anchors import find_anchors

    try:
        root.warm(assignment.preload)
        submission = with_written_places(assignment, open_submission(path, assignment, workdir, handed))
        submission = with_handout_arguments(assignment, with_renamed_places(assignment, submission))
        anchors = find_anchors(assignment, submission)
        log.debug("submission opened (%.3f s)", time.monotonic() - started)
    except SubmissionError as error:
        return _ungradable(path, assignment, error, started)
    seed = before[0].seed if before else expected.seed_for(submission.digest)
    with ThreadPoolExecutor(max_workers=1) as pool:
        # beside the worker, which is busy with the notebook
        pool.submit(compile_checks, assignment)
        golden = pool.submit(expected.at, seed)
        stubs = pool.submit(unfilled_by_check, assignment, submission)
        around = pool.submit(environment)
        stub = _stub_notebook(assignment)
        edits = pool.submit(_notebook_notes, assignment, submission, stub)
        session = Session(
            root, assignment, submission, anchors, seed=seed, pictures=_drawn(assignment, submission, stub, keep)
        )
        prober = Prober(session, seed=seed)
        try:
            warning = session.supervisor.require_tier(policy, assignment)
            session.run_cells(on_snapshot=prober.on_snapshot)
            cells_done = time.monotonic()
            log.info("the checks (limit %g s each)", assignment.limits.check)
            prober.finish()  # before what only this side has to do
            _log_cells(session, cells_done - started)
            answers = _answers(assignment, submission, stub, session, digests=bool(keep))
            evaluation = evaluate(
                prober,
                golden.result(),
                unfilled=stubs.result(),
                answers=answers,
                earlier=[o for report in before for p in report.parts for o in p.outcomes],
            )
            log.debug("checks compared and explained (%.3f s)", time.monotonic() - started)
            for check in assignment.checks if inspect or log.isEnabledFor(logging.DEBUG) else ():
                observation = prober.observe(check)
                log.debug("check %s: %s in %.3f s", check.id, observation.ended, observation.seconds)
                if inspect is not None:
                    inspect(check, observation, golden.result().get(check.id, {}))
        finally:
            prober.close()
            session.close()
    return Report(
        assignment=assignment.id,
        title=assignment.title,
        path=str(path),
        digest=submission.digest,
        status="graded",
        parts=evaluation.parts,
        cells=tuple(session.cells),
        notes=_capped(*warning, *submission.notes, *session.notes, *edits.result(), *evaluation.notes),
        unchecked=unchecked_points(assignment),
        seed=seed,
        environment=msgspec.structs.replace(
            around.result(), sandbox=session.supervisor.layers, sandbox_tier=tiers.tier(session.supervisor.layers)
        ),
        seconds={"total": time.monotonic() - started, "cells": cells_done - started},
        work=_work(assignment, submission) if keep else None,
        lost_process=session.lost_process,
    )


def _joined(assignment: Assignment, reports: Sequence[Report]) -> Report:
    """One report of the reports of an assignment's notebooks."""
    names = [str(one.notebook) for one in by_notebook(assignment)]
    each = [
        msgspec.structs.replace(
            report,
            cells=tuple(msgspec.structs.replace(cell, notebook=name) for cell in report.cells),
            notes=tuple(note if all(note in r.notes for r in reports) else f"{name}: {note}" for note in report.notes),
        )
        for name, report in zip(names, reports, strict=True)
    ]
    by_id = {part.part.id: part for report in each for part in report.parts}
    parts = [by_id[part.id] for part in assignment.parts]
    return msgspec.structs.replace(
        each[0],
        parts=tuple(with_extra(assignment, parts) if assignment.extra else parts),
        cells=tuple(cell for report in each for cell in report.cells),
        notes=_capped(*(note for report in each for note in report.notes)),
        unchecked=unchecked_points(assignment),
        seconds={**reports[-1].seconds, "cells": sum(report.seconds["cells"] for report in reports)},
        work=_joined_work([report.work for report in reports if report.work is not None]),
        lost_process=any(report.lost_process for report in reports),
        by_notebook=tuple(each),
    )


def _joined_work(each: Sequence[Work]) -> Work | None:
    """The modules and definitions; the notebooks stay in the reports of each."""
    code = {id: excerpts for work in each for id, excerpts in work.code.items()}
    return msgspec.structs.replace(each[0], notebook=None, code=code) if each else None


def _only(assignment: Assignment, ids: Collection[str]) -> Assignment:
    """The assignment with these checks and nothing else; raises UsageError if there is no such check."""
    known = [check.id for check in assignment.checks]
    for id in ids:
        if id not in known:
            raise UsageError(f"--check {id}: {assignment.id} has no such check here; it has {', '.join(known)}")
    return msgspec.structs.replace(assignment, checks=tuple(c for c in assignment.checks if c.id in ids), manual=())


def _log_cells(session: Session, seconds: float) -> None:
    for cell in session.cells:
        log.debug("cell %d: %s in %.3f s", cell.index, cell.status, cell.seconds)
    log.debug("cells run (%.3f s)", seconds)


def _capped(*notes: str) -> tuple[str, ...]:
    """As many notes as anybody reads, each once and of bounded length: student code can cause any number."""
    once = tuple(dict.fromkeys(note[:MAX_NOTE] for note in notes))
    if len(once) <= MAX_NOTES:
        return once
    return (*once[:MAX_NOTES], f"and {len(once) - MAX_NOTES} more notes")


def _ungradable(path: Path, assignment: Assignment | None, error: SubmissionError, started: float) -> Report:
    return Report(
        assignment=assignment.id if assignment else "",
        title=assignment.title if assignment else "",
        path=str(path),
        status="ungradable",
        reason=str(error),
        environment=environment(),
        seconds={"total": time.monotonic() - started},
    )


def _work(assignment: Assignment, submission: Submission) -> Work:
    from grader.submission.source.excerpts import excerpts

    code = excerpts(assignment, submission)
    return Work(notebook=submission.notebook, modules=submission.modules, code=code)


def libraries(assignment: Assignment) -> tuple[str, ...]:
    """Modules to load while a submission is read: what the assignment's own files import, without its own modules."""
    folder = assignment.solution or assignment.handout
    foreign = {path.stem for place in (folder, *assignment.stand_ins) if place.is_dir() for path in place.iterdir()}
    names = [from_ or plain for text in _texts(folder) for from_, plain in _IMPORT.findall(text)]
    wanted = [name for name in names if not name.startswith(".") and name.partition(".")[0] not in foreign]
    return tuple(dict.fromkeys((*assignment.preload, *wanted)))


def _texts(folder: Path) -> Iterator[str]:
    from grader.submission.source.notebook import read_notebook

    for path in sorted(folder.rglob("*.py")):
        yield path.read_text(encoding="utf-8", errors="replace")
    for path in sorted(folder.glob("*.ipynb")):
        try:
            yield from (cell.source for cell in read_notebook(path).code)
        except SubmissionError:
            continue  # a hand-out's own notebook: `grade` says what is wrong with it


def public_only(assignment: Assignment) -> Assignment:
    """The assignment without its hidden checks."""
    return msgspec.structs.replace(assignment, checks=tuple(c for c in assignment.checks if c.visibility == "public"))


def _stub_notebook(assignment: Assignment) -> Notebook | None:
    """The hand-out's notebook, to tell what a student changed; the file itself may be the student's by now."""
    from grader.assignment.release.fingerprints import read_fingerprints
    from grader.submission.source.notebook import read_notebook

    given = read_fingerprints(assignment)
    if given is not None:
        return given.given_notebook(assignment.notebook)
    if assignment.notebook is None or not (assignment.handout / assignment.notebook).is_file():
        return None
    return read_notebook(assignment.handout / assignment.notebook)


def _notebook_notes(assignment: Assignment, submission: Submission, stub: Notebook | None) -> list[str]:
    """How the notebook was made, as far as it shows: the order of its cells, edits of given ones, code in text."""
    from grader.submission.review.edited_cells import given_cell_notes, is_unsolved, order_notes
    from grader.submission.review.stubs import not_run_notes

    notebook = submission.notebook
    if notebook is None:
        return []
    notes = [*not_run_notes(assignment, submission), *order_notes(notebook)]
    if stub is not None and notebook.assignment is not None:  # a course's own edition differs in every cell
        notes += given_cell_notes(notebook, stub, {c.index: is_unsolved(c.source) for c in stub.code})
    return notes


def _answers(
    assignment: Assignment, submission: Submission, stub: Notebook | None, session: Session, *, digests: bool
) -> Mapping[str, Answer]:
    """What was handed in for each part that a person marks; with the answers' `digests` where figures were drawn."""
    if not assignment.manual or submission.notebook is None:
        return {}
    from grader.submission.review.answers import extract_answer

    figures = {c.index: c.figures for c in session.cells if c.figures}
    answers = {m.part.id: extract_answer(m, submission.notebook, stub, figures) for m in assignment.manual}
    if not digests:
        return answers
    pictures = {c.index: c.pictures for c in session.cells}
    return {id: _with_digest(answer, pictures) for id, answer in answers.items()}


def _drawn(
    assignment: Assignment, submission: Submission, stub: Notebook | None, keep: bool | Literal["answers"]
) -> bool | frozenset[int]:
    """The cells whose figures are drawn: all or none, or those that somebody looks at who marks."""
    if isinstance(keep, bool) or submission.notebook is None:
        return bool(keep)
    from grader.submission.review.answers import cells_to_draw

    return cells_to_draw(assignment.manual, submission.notebook, stub)


def _with_digest(answer: Answer, pictures: Mapping[int, tuple[bytes, ...]]) -> Answer:
    drawn = pictures.get(answer.cell, ()) if answer.figures and answer.cell is not None else ()
    if answer.state != "answered" or (answer.figures and not drawn):
        return answer
    return msgspec.structs.replace(answer, digest=answer_digest(answer.text, drawn))


def unchecked_points(assignment: Assignment) -> Fraction:
    """Automatic points whose checks are not among the loaded ones."""
    automatic = sum((c.points for c in assignment.checks if c.part.id not in assignment.extra), Fraction(0))
    declared = assignment.points - sum((m.points for m in assignment.manual), Fraction(0))
    return max(declared - automatic, Fraction(0))


def _as_html(report: Report) -> str:
    """How a notebook shows a report."""
    from grader.report.html.cell import render

    return render(report)


setattr(Report, "_repr_html_", _as_html)  # noqa: B010  # the model stands below the formats and cannot import them
