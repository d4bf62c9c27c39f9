"""Try each layer in a child process of its own, for `grade doctor`: what works here is found by doing it."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Collection
from functools import partial

from msgspec import Struct

from grader.sandbox import kernel, privileges, tiers, view
from grader.sandbox.layer import Plan
from grader.sandbox.layers import LAYERS

MEMORY, FILE_SIZE = 4 << 30, 1 << 28
_LONGEST_ANSWER = 300


class LayerTrial(Struct, frozen=True):
    """One layer: whether it works here, and the detail or the reason."""

    layer: str
    works: bool | None
    """None where it was not tried."""
    detail: str


class Findings(Struct, frozen=True):
    trials: tuple[LayerTrial, ...]
    tier: str
    """Of what works, together."""
    advice: tuple[str, ...]
    """What would help, the command included."""


def try_everything() -> Findings:
    """Try every layer that has a test of itself."""
    folder = os.path.realpath(tempfile.mkdtemp(prefix="grade-doctor-"))
    try:
        os.chmod(folder, 0o711)
        work, staging = os.path.join(folder, "work"), os.path.join(folder, "view")
        os.mkdir(work)
        os.mkdir(staging)
        plan = Plan(
            readable=view.readable(),
            writable=(work,),
            staging=staging,
            user=privileges.spare_user(os.getpid()),
            memory=MEMORY,
            file_size=FILE_SIZE,
        )
        trials: list[LayerTrial] = []
        for layer in LAYERS:
            if layer.name == tiers.BUBBLEWRAP and trials[-1].works:
                trials.append(LayerTrial(layer.name, None, "not needed where namespaces work"))
            elif layer.self_test is not None:
                trials.append(_in_child(layer.name, partial(layer.self_test, plan)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    working = {t.layer for t in trials if t.works}
    return Findings(tuple(trials), tiers.tier(working), advice(working))


def advice(working: Collection[str]) -> tuple[str, ...]:
    """What to do for a better tier than the `working` layers give, a sentence each; nothing in tier A."""
    if sys.platform == "darwin":
        return (
            "macOS: there is no sandbox for it; your own hand-out can be graded anyway, other people's work "
            "belongs in a Linux container or virtual machine",
        )
    if not kernel.machine():
        return ("grade other people's work on Linux (x86-64 or aarch64), in a container or virtual machine",)
    lines = [layer.advice(working) for layer in reversed(LAYERS) if layer.name not in working]
    return tuple(dict.fromkeys(filter(None, lines)))


def _in_child(layer: str, attempt: Callable[[], str]) -> LayerTrial:
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        try:
            answer = "+" + attempt()
        except OSError as error:
            answer = f"-{error.filename}: {error.strerror}" if error.filename else f"-{error.strerror or error}"
        except BaseException as error:  # whatever is wrong with the layer is the answer
            answer = f"-{error}"
        os.write(writing, answer.encode()[:_LONGEST_ANSWER])
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        text = pipe.read().decode("utf-8", "replace")
    os.waitpid(child, 0)
    return LayerTrial(layer, text.startswith("+"), text[1:] or "the trial ended without an answer")
