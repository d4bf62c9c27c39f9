"""Run one probe in a child that exists for it alone.

Owns what becomes of each way a probe can end. The child has the check's source only from this command on.
"""

from __future__ import annotations

import marshal
import traceback
import zlib
from collections.abc import Mapping, Set
from types import CodeType

import msgspec
import numpy as np

from grader.checks import CheckFailed, NeedsManualGrading
from grader.model import StudentError
from grader.worker.calls import watch_calls
from grader.worker.check_files import run_files
from grader.worker.encode import ResultEncoder
from grader.worker.inputs import Inputs, generator
from grader.worker.messages import MAX_ABSENT, Observed, RunCheck
from grader.worker.replace import replace
from grader.worker.state import State
from grader.worker.student import Missing, Student
from grader.worker.student_error import student_error
from grader.worker.tabulate import tabulated

# bound before the first cell: student code may replace the modules' attributes later
_without = msgspec.structs.replace
_errstate, _loads = np.errstate, marshal.loads


class Unnamed(TypeError):
    """A check returned something else than named values: its author's mistake."""


def run_probe(state: State, question: list[RunCheck]) -> tuple[Observed, list[bytes]]:
    """Run the probe of the only `question`, which is taken out; returns the reply and the arrays' bytes."""
    assert state.prepared is not None
    command = question.pop()
    wanted, command = list(command.replacements), _without(command, replacements=())
    encoder = ResultEncoder(state.prepared.observation)
    replaced: dict[str, int] = {}
    rng = generator(command.seed, zlib.crc32(command.function.encode()))
    codes: Mapping[str, CodeType] = _loads(command.code)
    files = codes.keys()
    inputs = Inputs(files)
    ended, error, file, line = "returned", None, "", 0
    called: dict[str, None] = {}
    try:
        replaced = replace(state, wanted)  # which leaves none of the texts
        defined = run_files(codes, inputs.call)
        called = watch_calls(state, command.calls, files)
        state.seed(command.seed)
        with _errstate(all="ignore"):
            returned = defined[command.function](Student(state), rng)
        if command.gradient:
            with _errstate(all="ignore"):
                returned = tabulated(returned)
        if returned is None:  # a check that only asserts
            returned = {}
        if not isinstance(returned, Mapping):
            kind = type(returned).__name__
            raise Unnamed(f'the check returns {kind}; write `return {{"out": out}}`, with a name for each value')
        for name, value in dict(returned).items():
            encoder.add(str(name), value)
    except BaseException as raised:  # whatever student code raises, SystemExit and MemoryError included
        ended, error = _how_it_ended(state, command.private, raised, files)
        file, line = _last_in(raised, files)
    changed = inputs.changed if ended == "returned" else ()
    return Observed(
        nonce=command.nonce,
        ended=ended,
        file=file,
        line=line,
        values=encoder.values if ended == "returned" else {},
        error=error,
        changed=tuple(name[:200] for name in changed[:MAX_ABSENT]),
        calls=tuple(called),
        replaced=replaced,
    ), encoder.buffers if ended == "returned" else []


def _how_it_ended(state: State, private: bool, raised: BaseException, files: Set[str]) -> tuple[str, StudentError]:
    error = student_error(raised, state.files())
    ended = "error"
    if isinstance(raised, NeedsManualGrading) and _raised_in(raised, files):
        # from student code it is any exception
        ended = "unclear"
    elif isinstance(raised, CheckFailed | AssertionError) and _is_checks_own(raised, error, files):
        ended = "failed"
    elif isinstance(raised, NotImplementedError | Missing):
        ended = "missing"
    elif isinstance(raised, AttributeError) and _raised_in(raised, files):
        absent = getattr(raised, "name", None)
        owner = getattr(raised, "obj", None)
        if isinstance(absent, str) and owner is not None:
            kind = owner.__name__ if isinstance(owner, type) else type(owner).__name__
            ended = "missing"
            error = StudentError(type="AttributeError", message=f"`{kind}` has no `{absent}`", frames=error.frames)
    if private:
        return ended, _told_of_private(raised, error)
    if ended == "error" and not error.frames and not isinstance(raised, Unnamed):
        message = f"what was returned could not be used: {error.message}"
        error = StudentError(type=error.type, message=message, frames=())
    return ended, error


def _told_of_private(raised: BaseException, error: StudentError) -> StudentError:
    """A built-in type and the lines: a message, or a class's name, can be made to carry what the child has seen."""
    known = next(base for base in type(raised).__mro__ if base.__module__ == "builtins")
    return StudentError(type=known.__name__, message="", frames=error.frames)


def _is_checks_own(raised: BaseException, error: StudentError, files: Set[str]) -> bool:
    """Whether the check itself failed, and no code of the student's."""
    return _last_in(raised, files)[1] > 0 and all(frame.file in files for frame in error.frames)


def _last_in(error: BaseException, files: Set[str]) -> tuple[str, int]:
    """File and line of the check's own that the error came through last; line 0 where it did not."""
    frames = traceback.extract_tb(error.__traceback__)
    frame = next((frame for frame in reversed(frames) if frame.filename in files), None)
    line = frame.lineno if frame is not None else 0
    return (frame.filename, line) if frame is not None and isinstance(line, int) and line > 0 else ("", 0)


def _raised_in(error: BaseException, files: Set[str]) -> bool:
    """Whether the probe itself met the error, and not a line of the student's code."""
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and frames[-1].filename in files
