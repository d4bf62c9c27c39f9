"""From observations and golden values to outcomes and points, in exact fractions.

Pure: the same arguments give the same outcome. Comparing two values is `grader.compare`'s, naming the mistake
`grader.diagnosis`'s, and showing it all `grader.report`'s.
"""

from __future__ import annotations

import ast
import logging
from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from msgspec import structs

from grader.assignment.loading.own_words import can_fail
from grader.compare.messages import enumerated
from grader.compare.plain import compare_value, fitted, surplus
from grader.errors import AuthoringError
from grader.grading.hidden import TRY_OTHERS, TRY_SIZES, shown_array
from grader.grading.judging import JudgeError, is_judged, verdicts
from grader.grading.returned import empty_function, not_taken_apart, without_return
from grader.model import (
    STUB_ENDING,
    Answer,
    Assignment,
    CellRun,
    Check,
    Comparison,
    Given,
    NotArray,
    Observation,
    Outcome,
    Part,
    PartResult,
    Plain,
    Status,
    StudentError,
    Verdict,
)

log = logging.getLogger(__name__)


def safe_outcome(check: Check, observation: Observation, given: Given) -> Outcome:
    """As `outcome`, but what the judge fails on earns nothing: no submission may end the grading of its rest."""
    try:
        return outcome(check, observation, given)
    except JudgeError:
        log.debug("the judge of %s failed", check.id, exc_info=True)
        message = "The check cannot judge what your code returns: it is of another form than this task asks for."
        return Outcome(check=check, status="failed", score=Fraction(0), message=message, seconds=observation.seconds)


def outcome(check: Check, observation: Observation, given: Given) -> Outcome:
    """Judge one observation against `given.golden`.

    Raises AuthoringError if the check's judge fails, or there is nothing to compare with.
    """
    if observation.ended != "returned":
        return _not_returned(check, observation)
    if not given.golden and not can_fail(check):
        raise AuthoringError(f"{check.file}: {check.id} has no golden value; record it with `grade golden record`")
    if (calls := observation.calls) is not None and (sentence := wrong_calls(check, calls)):
        return Outcome(check=check, status="failed", score=Fraction(0), message=sentence, seconds=observation.seconds)
    values = fitted(observation.values, given.golden)
    if given.golden and all(_is_none(values.get(name)) and not _is_none(e) for name, e in given.golden.items()):
        return _nothing(check, list(given.golden), observation.seconds)
    hidden = check.visibility == "hidden"
    arrays = [
        compare_value(name, values.get(name), expected, check.tolerances.get(name, check.tolerance), hidden=hidden)
        for name, expected in given.golden.items()
        if check.judge is None or not is_judged(values.get(name), expected)
    ]
    if check.judge is not None and len(arrays) < len(given.golden):  # of the arrays that it knows, some are there
        known = {n: v for n, v in values.items() if is_judged(v, given.golden.get(n))}
        seen: dict[str, Any] = {n: v.value if isinstance(v, Plain) else v for n, v in known.items()}
        judged = [_comparison(v, seen) for v in verdicts(check, seen, given, {a.name for a in arrays})]
        arrays = [*judged, *(a for a in arrays if a.name not in {j.name for j in judged})]
    if check.judge is None:
        arrays += surplus(values, given.golden, hidden=hidden)
    if hidden:
        arrays = [shown_array(a, check, given.golden, observation.values) for a in arrays]
    earned = sum((a.earned for a in arrays), Fraction(0)) / len(arrays) if arrays else Fraction(1)
    if check.all_or_nothing and earned < 1:
        earned = Fraction(0)
    return Outcome(
        check=check,
        status="passed" if earned == 1 else "partial" if earned else "failed",
        score=check.points * earned,
        message=_summary(arrays, judged=check.judge is not None),
        arrays=tuple(arrays),
        seconds=observation.seconds,
    )


def wrong_calls(check: Check, calls: Collection[str]) -> str:
    """What the student's code calls and must not, or must and does not."""
    if used := [f"`{name}`" for name in check.forbid if name in calls]:
        return f"Your code uses {' and '.join(used)}, which this task does not allow."
    if unused := [f"`{name}`" for name in check.require if name not in calls]:
        return f"This task asks for {' and '.join(unused)}, which your code does not use."
    return ""


def _is_none(value: object) -> bool:
    return isinstance(value, NotArray) and (value.kind == "None" or (isinstance(value, Plain) and value.value is None))


def _comparison(verdict: Verdict, seen: Mapping[str, Any]) -> Comparison:
    value = seen.get(verdict.name)
    return Comparison(
        name=verdict.name,
        status="passed" if Fraction(verdict.earned) == 1 else "failed",
        shape=value.shape if isinstance(value, np.ndarray) else None,
        dtype=str(value.dtype) if isinstance(value, np.ndarray) else None,
        error=verdict.error,
        tolerance=verdict.tolerance,
        message=verdict.message,
        earned=Fraction(verdict.earned),
    )


def _nothing(check: Check, returned: Sequence[str], seconds: float) -> Outcome:
    """Stubs of many courses return None: that is work not begun, as far as can be seen."""
    names = [f"`{name}`" for name in returned][:3]
    which = f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} None"
    message = f"Not implemented yet: {which}. If it is, a `return` or an assignment is missing."
    return Outcome(check=check, status="missing", score=Fraction(0), message=message, seconds=seconds)


def by_source(result: Outcome, observation: Observation, definitions: Sequence[ast.stmt]) -> Outcome:
    """The outcome of what returned None, once it was read whether anything stands in the student's `definitions`.

    Written without a `return` it is a mistake; where nothing stands in it that is not begun, whatever the check met.
    """
    check, error = result.check, observation.error
    of_hidden = check.visibility == "hidden" and observation.ended == "missing"  # why is not known of it
    if result.status == "missing" and (observation.ended == "returned" or of_hidden):
        name = without_return(check, definitions)
        message = f"`{name}` returned None: is a `return` missing?"
        return structs.replace(result, status="failed", message=message) if name else result
    in_check = result.status == "error" and error is not None and not error.frames and len(check.uses) == 1
    if in_check and error is not None and error.type in ("TypeError", "AttributeError"):
        name = empty_function(check, definitions)
        return not_filled_in(check, name) if name else result
    return result


def not_filled_in(check: Check, name: str) -> Outcome:
    """The outcome of a check whose name still is what the hand-out gave."""
    return Outcome(check=check, status="missing", score=Fraction(0), message=f"`{name}` is not implemented yet.")


def without_notebook(outcome: Outcome, name: str = "") -> Outcome:
    """The outcome of a check about what a notebook runs, where it was not handed in and that earned nothing.

    `name` is that of the one of several; of the only one, the hand-out's own was run.
    """
    if outcome.score:
        return outcome
    message = f"{name or 'No notebook'} was {'not ' if name else ''}handed in, and this asks what it runs."
    return structs.replace(outcome, status="missing", message=message, arrays=())


def after_cell(outcome: Outcome, cell: int, cells: Sequence[CellRun]) -> Outcome:
    """The outcome of a check about what cell `cell` makes, where that raised an error of the student's own.

    A name that is not defined is one where a cell before it has failed by an error of its own.
    """
    run = next((run for run in cells if run.index == cell), None)
    if run is None or run.error is None or run.status != "error" or outcome.status != "missing":
        return outcome
    before = next((c for c in cells if c.index < cell and _failed_by_itself(c)), None)
    if not _failed_by_itself(run) and (before is None or run.error.type != "NameError"):
        return outcome
    detail = f": {_one_line(run.error.message)}" if run.error.message else ""
    after = f", after cell {before.index} had failed" if before is not None and run.error.type == "NameError" else ""
    message = f"Cell {run.index} raised {run.error.type}{detail}{after}, so what it was to make is not there."
    return structs.replace(outcome, status="error", message=message)


def _failed_by_itself(run: CellRun) -> bool:
    """Whether the cell raised an error of the student's own, and no stub or missing name ended it."""
    error = run.error if run.status == "error" else None
    return error is not None and error.kind != "stub" and error.type not in ("NotImplementedError", "NameError")


def part_result(
    part: Part, outcomes: Sequence[Outcome], followed: Mapping[str, Outcome], credited: Sequence[str], worth: Fraction
) -> PartResult:
    """Score a part: its checks' own results, and `worth` of what they gain by follow-through, taken as a whole."""
    own = sum((o.score for o in outcomes), Fraction(0))
    again = sum((followed.get(o.check.id, o).score for o in outcomes), Fraction(0))
    best = max(own, again)
    score = own + worth * (best - own)
    maximum = sum((o.check.points for o in outcomes if o.status != "pending"), Fraction(0))
    return PartResult(
        part=part,
        status=_part_status([o.status for o in outcomes], score, maximum),
        score=score,
        max_score=maximum,
        outcomes=tuple(outcomes),
        follow_through=best if followed else None,
        credited_with=tuple(credited) if best > own else (),
    )


def with_extra(assignment: Assignment, results: Sequence[PartResult]) -> list[PartResult]:
    """The results with extra credit as far as the cap goes; such a part's maximum is 0: it is beyond the total."""
    is_extra = [r.part.id in assignment.extra for r in results]
    regular = (r.score for r, extra in zip(results, is_extra, strict=True) if not extra and r.manual is None)
    room = max(assignment.cap - sum(regular, Fraction(0)), Fraction(0))
    parts = list(results)
    for at in [at for at, extra in enumerate(is_extra) if extra]:
        result, outcomes = results[at], list[Outcome]()
        score = min(result.score, room)
        room, left = room - score, score
        for one in result.outcomes:
            outcomes.append(structs.replace(one, score=min(one.score, left)))
            left -= outcomes[-1].score
        part = structs.replace(result.part, title=f"{result.part.title} (extra credit)")
        parts[at] = structs.replace(result, part=part, score=score, max_score=Fraction(0), outcomes=tuple(outcomes))
    return parts


def manual_result(assignment: Assignment, part: Part, answers: Mapping[str, Answer]) -> PartResult:
    """The pending result of a part that a person marks."""
    manual = next(m for m in assignment.manual if m.part.id == part.id)
    return PartResult(
        part=part,
        status="pending",
        score=Fraction(0),
        max_score=manual.points,
        manual=manual,
        answer=answers.get(part.id),
    )


def _not_returned(check: Check, observation: Observation) -> Outcome:
    status: Status = "error"
    error = observation.error or StudentError(type="Error", message="")
    where = f" ({error.frames[-1].file}, line {error.frames[-1].line})" if error.frames else ""
    detail = f": {_one_line(error.message)}" if error.message else ""
    if observation.ended == "missing":
        status = "missing"
        message = f"Not implemented yet{detail}{where}."
        if error.kind == "stub" and (name := _one_line(error.message.removesuffix(STUB_ENDING))):
            message = f"`{name}` is not implemented yet{where}."
    elif observation.ended == "failed":
        status, message = "failed", error.message
    elif observation.ended == "unclear":
        status = "pending"
        message = f"A person has to look at this{detail}."
    elif observation.ended == "timeout":
        status = "timeout"
        message = f"The check {_one_line(error.message)}."
        if error.kind == "import":
            text = _one_line(error.message)
            message = f"{text[:1].upper()}{text[1:]}. Is there a loop at the top of the file?"
    elif observation.ended == "crashed":
        message = f"The check could not be finished: {_one_line(error.message)}."
    elif apart := not_taken_apart(check, observation):
        message = f"{apart}."
    else:
        message = f"Your code raised {error.type}{detail}{where}."
        if check.visibility == "hidden" and not detail:
            message += f" {TRY_SIZES.get(error.type, TRY_OTHERS)}"
    return Outcome(check=check, status=status, score=Fraction(0), message=message, seconds=observation.seconds)


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 300 else line[:300] + "…"


def _summary(arrays: Sequence[Comparison], *, judged: bool) -> str:
    wrong = [a for a in arrays if a.earned != 1]
    if judged and wrong and wrong[0].message:  # a judge writes whole sentences
        return wrong[0].message
    if not wrong:
        return " ".join(a.message for a in arrays if a.message)
    if len(wrong) == 1:
        return wrong[0].message
    listed = enumerated([f"`{a.name}`" for a in wrong]) if len(wrong) <= 6 else f"{len(wrong)} values"
    return f"{listed} are not right."


def _part_status(statuses: Sequence[Status], score: Fraction, maximum: Fraction) -> Status:
    if score == maximum:
        return "pending" if "pending" in statuses else "passed"
    if score > 0:
        return "partial"
    ranked: tuple[Status, ...] = ("failed", "error", "timeout", "missing", "skipped")
    return next((s for s in ranked if s in statuses), "failed")
