"""Inside the reference's worker: observe what many variants of its functions and classes return.

Runs in the child of one probe, whose source ends in a call of one of these. Every variant gets a fork of its own, so
that it cannot reach the next one and is ended when it hangs. The mutated definition is executed in the namespace that
the original lives in, and put wherever the original is bound. Objects made before remain the originals: what a
notebook has already trained does not change with it.
"""

from __future__ import annotations

import ast
import gc
import importlib
import io
import json
import os
import select
import signal
import sys
import time
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from types import FrameType
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.worker import wire
from grader.worker.check_files import run_files
from grader.worker.encode import ResultEncoder
from grader.worker.inputs import generator
from grader.worker.messages import ArraySpec

MAX_RETURNED_BYTES = 1 << 20
"""Bytes of the arrays that one probe of a variant may return."""
ENDED = "!ended"
"""Name under which a run says how it ended; no array's name has an exclamation mark in front."""
RETURNED, RAISED = 0, 1

Space = dict[str, Any]


def observe_all(student: Any, jobs: Mapping[str, Any]) -> dict[str, npt.NDArray[np.uint8]]:
    """Run `jobs["runs"]` on each of `jobs["variants"]`.

    `student` is what a probe gets. `jobs` holds `sources`, for each a check's files as (file name, text); `variants`,
    for each a list of (module, name, source of the definition), module "" the notebook; `runs`, for each variant a list
    of (number of the source, check id, seed); and `seconds`, what one variant may take.

    Returns for each variant by its number an npz file as bytes: `<run>:<array>` the arrays of the run of that number,
    `<run>:!ended` 0 if it returned and 1 if it raised. A variant that hung or crashed has no entry.
    """
    importlib.import_module("grader.worker.experiments.wrappers")  # once, not in every fork
    state = student._Student__state
    spaces = [state.globals, *(vars(module) for module in state.own_modules())]
    gc.disable()  # a collection in a fork would copy every page that it marks
    probes = [_executed(source) for source in jobs["sources"]]
    answers = {}
    for number, (variant, runs) in enumerate(zip(jobs["variants"], jobs["runs"], strict=True)):
        packed = _in_fork(partial(_observe, student, spaces, probes, variant, runs), jobs["seconds"])
        if packed:
            answers[str(number)] = np.frombuffer(packed, dtype=np.uint8)
    return answers


def touched(student: Any, jobs: Mapping[str, Any]) -> dict[str, npt.NDArray[np.uint8]]:
    """Which top-level functions and classes run in each of `jobs["runs"]`, as (number of the source, check id, seed).

    For each run by its number the pairs of module ("" the notebook) and name, as JSON in bytes: of every function that
    was called, and of the classes of the object that it was called on.
    """
    state = student._Student__state
    spaces = {"": state.globals} | {module.__name__: vars(module) for module in state.own_modules()}
    homes = {id(space): module for module, space in spaces.items()}
    known = {space.get("__name__"): module for module, space in spaces.items()}
    probes = [_executed(source) for source in jobs["sources"]]
    answers = {}
    for number, run in enumerate(jobs["runs"]):
        seen: set[tuple[str, str]] = set()

        def called(frame: FrameType, event: str, _: Any, seen: set[tuple[str, str]] = seen) -> None:
            home = homes.get(id(frame.f_globals))
            if event != "call" or home is None:
                return
            code = frame.f_code
            seen.add((home, code.co_qualname.partition(".")[0]))
            owner = frame.f_locals.get(code.co_varnames[0]) if code.co_argcount else None
            for kind in (owner if isinstance(owner, type) else type(owner)).__mro__:
                if kind.__module__ in known:
                    seen.add((known[kind.__module__], kind.__qualname__.partition(".")[0]))

        sys.setprofile(called)
        try:
            _returned(student, probes, run)
        finally:
            sys.setprofile(None)
        answers[str(number)] = np.frombuffer(json.dumps(sorted(seen)).encode(), dtype=np.uint8)
    return answers


def _executed(files: Iterable[tuple[str, str]]) -> Space:
    return run_files({file: compile(text, file, "exec", dont_inherit=True) for file, text in files})


def _observe(
    student: Any,
    spaces: Sequence[Space],
    probes: Sequence[Space],
    variant: Sequence[Sequence[str]],
    runs: Sequence[Sequence[Any]],
) -> bytes:
    state = student._Student__state
    for module, name, definition in variant:
        _put(vars(sys.modules[module]) if module else state.globals, spaces, name, definition)
    arrays: dict[str, npt.NDArray[Any]] = {}
    for number, run in enumerate(runs):
        encoder = _returned(student, probes, run)
        arrays[f"{number}:{ENDED}"] = np.array(RAISED if encoder is None else RETURNED)
        if encoder is None:
            continue
        for key, spec in encoder.values.items():
            if isinstance(spec, ArraySpec):
                packed = encoder.buffers[spec.buffer]
                arrays[f"{number}:{key}"] = np.frombuffer(packed, dtype=wire.DTYPES[spec.dtype]).reshape(spec.shape)
    file = io.BytesIO()
    np.savez(file, **arrays)  # type: ignore[arg-type]  # names never meet `allow_pickle`: they hold a colon
    return file.getvalue()


def _returned(student: Any, probes: Sequence[Space], run: Sequence[Any]) -> ResultEncoder | None:
    """What a probe returns; None where it raises."""
    source, check, seed = run
    rng = generator(seed, zlib.crc32(check.encode()))
    student._Student__state.seed(seed)
    encoder = ResultEncoder(MAX_RETURNED_BYTES)
    try:
        with np.errstate(all="ignore"):
            for key, value in dict(probes[source][check](student, rng)).items():
                encoder.add(str(key), value)
    except Exception:  # a variant is wrong code, and may raise whatever it likes
        return None
    return encoder


def _put(home: Space, spaces: Sequence[Space], name: str, source: str) -> None:
    """Execute a definition in its home, and bind it wherever the original is bound."""
    old = home.get(name)
    exec(compile(ast.parse(source), "<variant>", "exec"), home)
    new = home[name]
    for space in spaces:
        for key, value in list(space.items()):
            if value is old and old is not None:
                space[key] = new


def _in_fork(work: Callable[[], bytes], seconds: float) -> bytes:
    """The bytes that `work` returns in a fork of this process; none if it fails or takes too long."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(read)
            packed = work()
            with os.fdopen(write, "wb") as pipe:
                pipe.write(packed)
        finally:
            os._exit(0)  # whatever happened: nothing of the parent's stack may run twice
    os.close(write)
    ends = time.monotonic() + seconds
    pieces = []
    while True:
        ready, _, _ = select.select([read], [], [], max(0.0, ends - time.monotonic()))
        piece = os.read(read, 1 << 16) if ready else b""
        if not piece:
            break
        pieces.append(piece)
    if not ready:
        os.kill(pid, signal.SIGKILL)
        pieces.clear()
    os.close(read)
    os.waitpid(pid, 0)
    return b"".join(pieces)
