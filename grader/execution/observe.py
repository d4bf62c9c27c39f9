"""Ask a session's snapshots: run one probe in a copy of the state at its anchor, and take what it returns apart.

Knows no expected value: what an observation is worth is decided by whoever asks for it.
"""

from __future__ import annotations

import marshal
import re
import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

import numpy.typing as npt

from grader.assignment.loading.own_words import can_fail, own_words
from grader.checks import GradientJudge
from grader.errors import WorkerError
from grader.execution.names import changed_input, kind_and_detail
from grader.execution.private import is_private, withheld
from grader.execution.session import Session
from grader.execution.supervisor import DEAD
from grader.model import Assignment, Check, NotArray, Observation, Plain, StudentError
from grader.submission.review.stubs import is_left_open
from grader.submission.source.calls import seen_calls
from grader.worker import wire
from grader.worker.inputs import watched
from grader.worker.messages import ArraySpec, Observed, Other, Replacement, RunCheck
from grader.worker.plain import unpack

KNOWN_ENDINGS = ("returned", "missing", "error", "failed", "unclear")
LEAVES_TO_A_PERSON = ("ForPerson", "NeedsManualGrading")
"""A probe can do so only with one of these names in its source."""
SYNTAX_ERRORS = ("SyntaxError", "IndentationError", "TabError")
NO_SNAPSHOT = "the notebook ended before this could be probed"
USED_UP = "was stopped or not begun: the submission's time was used up"
TOO_SLOW = (
    "did not finish within {:g} s: either a loop does not end, or the code takes far too many steps for arrays of this"
    " size"
)
IDLE = 0.1
"""A process that has computed for less than this share of its time waits for something."""
WAITS = (
    "did not finish within {:g} s and hardly computed: it waits for something that does not come, such as another"
    " thread, a lock, or the end of a `sleep`"
)
STATE_DESTROYED = "the state that this is probed in was destroyed by the notebook"


_LACKS = re.compile(r"['`](?P<kind>\w{1,60})['`] (?:object has no attribute|has no) ['`](?P<method>\w{1,60})['`]")
_compiling = threading.Lock()
MAX_CHANGED = 3
"""Changed inputs kept of one observation."""


def observe(session: Session, check: Check, *, seed: int, replacements: Sequence[Replacement] = ()) -> Observation:
    """Probe `check` in a fresh copy of the state at its anchor."""
    observation = _observed(session, check, seed, replacements)
    if _is_private(session, check, replacements):
        observation = withheld(observation, [wanted.name for wanted in replacements])
    return observation


def _is_private(session: Session, check: Check, replacements: Sequence[Replacement]) -> bool:
    """Whether the observation must be filtered; an author may read everything about the course's own code."""
    return is_private(check, follow_through=bool(replacements)) and session.allowance is not None


def _observed(session: Session, check: Check, seed: int, replacements: Sequence[Replacement]) -> Observation:
    started = time.monotonic()
    seconds = check.seconds or session.assignment.limits.check
    for name in check.uses:
        for place in session.assignment.names.get(name.name, ()):
            if place.module in session.import_timeouts:
                message = f"importing {place.module} did not finish within {session.import_timeouts[place.module]:g} s"
                return not_answered(check, "timeout", message, started, "import")
    left = session.allowance.left() if session.allowance is not None else seconds
    if left <= 0:
        return not_answered(check, "timeout", USED_UP, started)
    snapshot = session.snapshot(session.anchors[check.id])
    if snapshot is None:
        session.lost_process = True
        return not_answered(check, "crashed", NO_SNAPSHOT, started)
    private = _is_private(session, check, replacements)
    command = command_for(check, seed, private=private, replacements=replacements)
    try:
        child = snapshot.fork(private=private)
    except DEAD:
        session.lost_process = True
        return not_answered(check, "crashed", STATE_DESTROYED, started)
    try:
        limit = session.room_for_answer()
        observed, buffers = child.ask(
            command, Observed, seconds=min(seconds, left), max_buffers=limit, allowance=session.allowance
        )
        if observed.nonce != command.nonce or observed.ended not in KNOWN_ENDINGS:
            raise WorkerError("the probe's answer is not an answer to this question")
        if observed.ended == "unclear" and not _leaves_to_a_person(check):
            raise WorkerError("the probe's answer is none that this probe gives")
        student_error = in_own_words(check, observed, hidden=private)
        values = {name: received(value, buffers) for name, value in observed.values.items()}
        session.answered += sum(map(len, buffers))
        child.release()
    except wire.DeadlineExceeded:
        waits = not private and not child.has_computed(IDLE * min(seconds, left))
        child.end()
        if session.allowance is not None and session.allowance.left() <= 0:
            return not_answered(check, "timeout", USED_UP, started)
        return not_answered(check, "timeout", (WAITS if waits else TOO_SLOW).format(seconds), started)
    except wire.Closed:
        how = child.end()  # an exit code is the student's to choose
        return not_answered(check, "crashed", "the process ended" if private else how, started)
    except WorkerError as error:
        child.end()
        return not_answered(check, "crashed", "the process gave no proper answer" if private else str(error), started)
    student_error = student_error or outside_class(session.checked(observed.error), session.sources)
    ended = "missing" if is_unwritten(session.sources, student_error) else observed.ended
    unreadable = _unreadable(session, check) if ended == "missing" else None
    if unreadable is not None:
        ended, student_error = "error", unreadable
    return Observation(
        check=check.id,
        ended=ended,  # type: ignore[arg-type]  # KNOWN_ENDINGS
        values=values,
        error=student_error,
        at=(observed.file, observed.line),
        changed=undeclared_changes(check, observed),
        replaced=observed.replaced,
        calls=seen_calls(check, observed.calls, session.sources),
        seconds=time.monotonic() - started,
    )


def in_own_words(check: Check, observed: Observed, *, hidden: bool) -> StudentError | None:
    """What the check's author says of its failure, where it failed by itself; raises WorkerError if it cannot."""
    if observed.ended != "failed":
        return None
    if not can_fail(check):
        raise WorkerError("the probe's answer is none that this probe gives")
    message = observed.error.message if observed.error is not None else ""
    words = own_words(check, (observed.file, observed.line), message, hidden=hidden)
    return StudentError(type="CheckFailed", message=words, kind="author")


def _leaves_to_a_person(check: Check) -> bool:
    return any(name in text for text in check.files.values() for name in LEAVES_TO_A_PERSON)


def received(value: ArraySpec | Other, buffers: Sequence[bytearray]) -> npt.NDArray[Any] | NotArray:
    """One value that a worker sent; raises WorkerError if it is none."""
    if isinstance(value, ArraySpec):
        return wire.array_of(value, buffers)
    kind, detail = kind_and_detail(value.kind, value.detail)
    return Plain(kind, detail, unpack(value.text)) if value.text else NotArray(kind, detail)


def outside_class(error: StudentError | None, sources: Mapping[str, str]) -> StudentError | None:
    """The error with where the method is that an object lacks, if it stands beside its class instead of in it."""
    lacks = _LACKS.match(error.message) if error is not None else None
    if error is None or lacks is None:
        return error
    wanted = re.compile(rf"def {re.escape(lacks['method'])}\(\s*self\b")
    for file, text in sources.items():
        for number, line in enumerate(text.splitlines(), 1):
            if wanted.match(line):
                place = f"({file}, line {number})"
                message = f"`{lacks['method']}` stands outside the class `{lacks['kind']}` {place}: indent it"
                return StudentError(type=error.type, message=message, frames=error.frames)
    return error


def _unreadable(session: Session, check: Check) -> StudentError | None:
    """The syntax error of the cell that would define a name which this check did not find."""
    names = {u.name for u in check.uses} - session.anchors[check.id].bindings.keys()
    wanted = re.compile(rf"^[ \t]*(class|def)[ \t]+({'|'.join(map(re.escape, names))})\b", re.MULTILINE)
    for cell in session.cells if names else ():
        error = cell.error
        if error is not None and error.type in SYNTAX_ERRORS and wanted.search(session.sources[f"cell {cell.index}"]):
            return error
    return None


def undeclared_changes(check: Check, observed: Observed) -> tuple[str, ...]:
    """The inputs that the student's code changed, without those that the check lets it change."""
    changed = (changed_input(name) for name in observed.changed if name not in check.changes)
    return tuple(dict.fromkeys(changed))[:MAX_CHANGED]


def is_unwritten(sources: Mapping[str, str], error: StudentError | None) -> bool:
    """Whether a name is missing because the place marked for the code that gives it is still empty."""
    if error is None or error.type not in ("NameError", "UnboundLocalError") or not error.frames:
        return False
    last = error.frames[-1]
    return is_left_open(sources.get(last.file, ""), last.line)


def command_for(check: Check, seed: int, *, private: bool, replacements: Sequence[Replacement] = ()) -> RunCheck:
    """The command that runs a check, for one answer."""
    return RunCheck(
        nonce=secrets.token_hex(8),
        function=check.id,
        code=compiled(check),
        seed=seed,
        gradient=isinstance(check.judge, GradientJudge),
        private=private,
        calls=(*check.forbid, *check.require),
        replacements=tuple(replacements),
    )


def compiled(check: Check) -> bytes:
    """A check's files, compiled once for all their probes, whichever thread asks first."""
    with _compiling:
        return _compiled(tuple(check.files.items()))


@lru_cache(maxsize=64)
def _compiled(files: tuple[tuple[str, str], ...]) -> bytes:
    return marshal.dumps({file: watched(text, file) for file, text in files})


def compile_checks(assignment: Assignment) -> None:
    """Have the check files ready before the first probe: a large one takes some 50 ms."""
    for check in assignment.checks:
        compiled(check)


def not_answered(
    check: Check, how: str, message: str, started: float, kind: Literal["import", "process"] = "process"
) -> Observation:
    """The observation of a check whose process gave no answer: `how` is `timeout` or `crashed`."""
    return Observation(
        check=check.id,
        ended=how,  # type: ignore[arg-type]  # `timeout` or `crashed`
        error=StudentError(type=how.capitalize(), message=message, kind=kind),
        seconds=time.monotonic() - started,
    )
