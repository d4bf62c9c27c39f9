"""Inside the reference's worker: observe what many variants of its functions and classes return.

Runs in the child of one probe, whose source ends in a call of `observe_all`. Every variant gets a fork of its own, so
that it cannot reach the next one and is ended when it hangs. The mutated definition is executed in the namespace that
the original lives in, and put wherever the original is bound. Objects made before remain the originals: what a
notebook has already trained does not change with it.
"""

from __future__ import annotations

import ast
import gc
import io
import os
import select
import signal
import sys
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.diagnosis.fingerprints import fingerprints
from grader.worker import wire
from grader.worker.draws import draws
from grader.worker.messages import ArraySpec
from grader.worker.values import Parcel

LARGEST = 1 << 20
"""Bytes of the arrays that one probe of a variant may return."""
ENDED = "!ended"
"""Name under which a run says how it ended; no array's name has an exclamation mark in front."""
RETURNED, RAISED = 0, 1

Space = dict[str, Any]


def observe_all(student: Any, jobs: Mapping[str, Any]) -> dict[str, npt.NDArray[np.uint8]]:
    """Run `jobs["runs"]` on each of `jobs["variants"]`.

    Parameters
    ----------
    student
        What a probe gets.
    jobs
        `sources`: texts of check files. `variants`: for each a list of (module, name, source of the definition),
        module "" the notebook. `runs`: for each variant a list of (number of the source, check id, seed).
        `seconds`: what one variant may take.

    Returns
    -------
    dict
        For each variant by its number an npz file as bytes: `<run>:<array>` the arrays of the run of that number,
        `<run>:!ended` 0 if it returned and 1 if it raised. A variant that hung or crashed has no entry.
    """
    state = student._Student__state
    spaces = [state.globals, *(vars(module) for module in state.own_modules())]
    gc.disable()  # a collection in a fork would copy every page that it marks
    probes = [_executed(source) for source in jobs["sources"]]
    found = {}
    for number, (variant, runs) in enumerate(zip(jobs["variants"], jobs["runs"], strict=True)):
        packed = _in_fork(partial(_observe, student, spaces, probes, variant, runs), jobs["seconds"])
        if packed:
            found[str(number)] = np.frombuffer(packed, dtype=np.uint8)
    return found


def observe_fingerprints(student: Any, jobs: Mapping[str, Any]) -> dict[str, npt.NDArray[np.float64]]:
    """As `observe_all`, of each variant's first run only the fingerprints of `jobs["names"]`, in a row."""
    found = {}
    for number, packed in observe_all(student, jobs).items():
        arrays = np.load(io.BytesIO(packed.tobytes()), allow_pickle=False)
        if int(arrays[f"0:{ENDED}"]) == RETURNED:
            values = {name: arrays[f"0:{name}"] for name in jobs["names"] if f"0:{name}" in arrays.files}
            found[number] = fingerprints(values, jobs["names"]).reshape(-1)
    return found


def _executed(source: str) -> Space:
    module = ModuleType("checks")
    exec(compile(source, "checks.py", "exec"), vars(module))
    return vars(module)


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
    for number, (source, check, seed) in enumerate(runs):
        arrays[f"{number}:{ENDED}"] = np.array(RAISED)
        rng = draws(seed, zlib.crc32(check.encode()))
        state.seed(seed)
        parcel = Parcel(LARGEST)
        try:
            with np.errstate(all="ignore"):
                for key, value in dict(probes[source][check](student, rng)).items():
                    parcel.add(str(key), value)
        except Exception:  # a variant is wrong code, and may raise whatever it likes
            continue
        arrays[f"{number}:{ENDED}"] = np.array(RETURNED)
        for key, spec in parcel.values.items():
            if isinstance(spec, ArraySpec):
                packed = parcel.buffers[spec.buffer]
                arrays[f"{number}:{key}"] = np.frombuffer(packed, dtype=wire.DTYPES[spec.dtype]).reshape(spec.shape)
    file = io.BytesIO()
    np.savez(file, **arrays)  # type: ignore[arg-type]  # names never meet `allow_pickle`: they hold a colon
    return file.getvalue()


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
