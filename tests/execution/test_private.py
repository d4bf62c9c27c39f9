"""Nothing that a private probe's process has worded is shown in any format, whatever it sends; and no reply is a fault.

The hand-in takes the worker's own `send` and `receive` and forges each reply: a marker in every field that it can
fill, for public, hidden and follow-through processes, and values at and beyond every bound.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from grader.engine import grade
from grader.model import Report
from grader.report.formats import FORMATS, find
from grader.report.terminal.terminal import render
from tests.support import one_in

COURSE = Path(__file__).parents[1] / "hostile" / "course"
MORE_CHECKS = '''

STEP = Part("3", "One step")


@check(STEP, points=2, uses=["step"], builds_on=["linear_gradients"])
def step_values(student, rng):
    """A step down the gradient"""
    x, w, _ = inputs(rng, 7, 5, 3)
    return {"w": student.step(rng.normal(size=(7, 3)), x, w)}
'''
MORE_SOLUTION = '''

# %% [markdown]
# ## Part 3: A step

# %%
def step(d_out, x, w):
    """w after one step."""
    ### BEGIN SOLUTION
    return w - 0.1 * linear_gradients(d_out, x, w)[1]
    ### END SOLUTION
'''
FORGER = """
import sys
import numpy as np
import grader.worker.wire as wire
from grader.model import Frame, StudentError
from grader.worker.messages import ArraySpec, Observed, Other
sent, received, asked = wire.send, wire.receive_with_descriptor, []
def mark(command, size=40):
    kind = "FOLLOW" if command.replacements else "PRIVATE" if command.private else "PUBLIC"
    return ("MARK" + kind + "x" * size)[:size]
def forged(command, message, buffers):
    FORGED
def receive(channel, codec):
    command, descriptor = received(channel, codec)
    asked[:] = [command]
    return command, descriptor
def send(to, codec, message, buffers=(), **more):
    if isinstance(message, Observed):
        message, buffers = forged(asked[0], message, buffers)
    return sent(to, codec, message, buffers, **more)
wire.send, wire.receive_with_descriptor = send, receive
"""
TEXTS = """
    m = mark
    error = StudentError(type=m(command, 100), message=m(command, 10_000),
                         frames=(Frame("cell 0", 42424242, m(command, 1000)), Frame(m(command, 4096), 2**31 - 1)) * 25,
                         kind="KIND")
    values = {name: Other(m(command, 200), m(command, 200)) for name in message.values}
    values |= {m(command, 900) + str(i): Other("other", m(command, 200)) for i in range(300)}
    values["more"] = ArraySpec(0, "|u1", (40,))
    changed = tuple(m(command, 190) + str(i) for i in range(200))
    return Observed(nonce=message.nonce, ended="ENDED", values=values, error=error, changed=changed,
                    replaced={**message.replaced, m(command): 2**31 - 1}), [m(command).encode()]
"""
FIELDS = {
    "returned": ("returned", ""),
    "missing": ("missing", ""),
    "error": ("error", "stub"),
    "import": ("error", "import"),
    "process": ("missing", "process"),
    "unclear": ("unclear", ""),
    "unheard": ("MARKPRIVATE", ""),
}
REPLACED_FIELDS = {
    "strange shapes": "values={n: ArraySpec(0, '<f8', (42424242, 1, 42424243, 0)) for n in message.values}",
    "strange dtype": "values={n: ArraySpec(0, 'MARKPRIVATE', (1,)) for n in message.values}",
    "largest shape": "values={n: ArraySpec(0, '|u1', (2**40, 0)) for n in message.values}",
    "shape beyond": "values={n: ArraySpec(0, '|u1', (2**40 + 1, 0)) for n in message.values}",
    "shape of one dimension too many": "values={n: ArraySpec(0, '|u1', (1,) * 65) for n in message.values}",
    "negative shape": "values={n: ArraySpec(0, '|u1', (-1,)) for n in message.values}",
    "buffer beyond": "values={n: ArraySpec(2**31 - 1, '|u1', (1,)) for n in message.values}",
    "a buffer past an int": "values={n: ArraySpec(2**63, '|u1', (1,)) for n in message.values}",
    "names beyond": "values={f'MARKPRIVATE{i}': Other('None', '') for i in range(1001)}",
    "a name beyond": "values={'MARKPRIVATE' * 1000: Other('None', '')}",
    "changed beyond": "changed=('MARKPRIVATE',) * 201",
    "counts past an int": "replaced={n: 2**63 for n in ('MARKPRIVATE', *message.replaced)}",
    "counts below zero": "replaced={n: -1 for n in ('MARKPRIVATE', *message.replaced)}",
    "a line past an int": "error=StudentError(type='E', message='', frames=(Frame('cell 0', 2**62),))",
    "a line below zero": "error=StudentError(type='E', message='', frames=(Frame('cell 0', -42424242),))",
    "another type": "changed=42424242",
    "the same name in words": "changed=({'MARKPRIVATE': 1},)",
}
REPLACED = "    import msgspec\n    return msgspec.structs.replace(message, FIELD), [b'']\n"
NUMBERS = """
    import msgspec
    for spec, buffer in zip(message.values.values(), buffers):
        pass
    new = [np.full(len(b) // 8, 4.24242e77 if i else np.nan).tobytes() for i, b in enumerate(buffers)]
    return msgspec.structs.replace(message, ended="returned"), new
"""
RAW = """
    import os
    sys._getframe(2).f_locals["channel"].sendall(RAW)
    os._exit(42)
"""
EXIT = "    import os\n    os._exit(142)\n"


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("course")
    shutil.copytree(COURSE, root, dirs_exist_ok=True)
    target = root / "reference" / "target"
    for name, more in (("checks.py", MORE_CHECKS), ("solution/target.py", MORE_SOLUTION)):
        path = target / name
        path.write_text(path.read_text() + more)
    manifest = target / "assignment.toml"
    text = manifest.read_text().replace("points = 5", "points = 7").replace('"1", "2"]', '"1", "2", "3"]')
    text = text.replace('linear_gradients = "notebook"', 'linear_gradients = "notebook"\nstep = "notebook"')
    manifest.write_text(text)
    return root


def handed_in(
    folder: Path,
    forged: str,
    gradients: str = "return np.zeros_like(x), np.zeros_like(w), d_out.sum(0)",
    step: str = "return w - 0.1 * linear_gradients(d_out, x, w)[1]",
) -> Path:
    cells = [
        FORGER.replace("    FORGED", forged.strip("\n")),
        "def linear_forward(x, w, b):\n    return x @ w + b",
        f"def linear_gradients(d_out, x, w):\n    {gradients}",
        f"def step(d_out, x, w):\n    {step}",
    ]
    path = folder / "hand_in.ipynb"
    code = {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": []}
    notebook = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [code | {"source": s} for s in cells]}
    path.write_text(json.dumps(notebook))
    return path


def graded(course: Path, folder: Path, forged: str, only: str = "True") -> Report:
    """The report of a hand-in that forges the replies of the processes for which `only` holds."""
    guard = f"    if not ({only}):\n        return message, buffers\n"
    return grade(handed_in(folder, guard + forged.strip("\n")), "target", seed=3, course=course, keep=True)


def shown(report: Report) -> str:
    """Everything that any format says; the hand-in's own code, which the feedback pages show, left out."""
    import msgspec

    bare = msgspec.structs.replace(report, work=None)
    texts = [render(report, colour=False, width=200, verbose=True), *(find(name).render(bare) for name in FORMATS)]
    return "\n".join(texts)


PRIVATE = ("MARKPRIVATE", "MARKFOLLOW", "42424242", "MARKPRI", "MARKFOL", "4.2")


@pytest.mark.parametrize("ending", FIELDS)
def test_no_marker_of_a_private_process_is_in_any_format(course: Path, tmp_path: Path, ending: str) -> None:
    how, kind = FIELDS[ending]
    report = graded(course, tmp_path, TEXTS.replace("ENDED", how).replace('"KIND"', repr(kind)), "command.private")
    assert report.status == "graded"
    text = shown(report)
    assert not [mark for mark in PRIVATE if mark in text]
    assert report.score <= 3  # what the public checks give honestly


@pytest.mark.parametrize("ending", FIELDS)
def test_a_public_process_may_fill_its_fields_and_no_more(course: Path, tmp_path: Path, ending: str) -> None:
    how, kind = FIELDS[ending]
    report = graded(course, tmp_path, TEXTS.replace("ENDED", how).replace('"KIND"', repr(kind)))
    text = shown(report)
    assert report.status == "graded"
    assert not [
        mark for mark in ("MARKPRIVATE", "MARKFOLLOW") if mark in text.replace("'MARKPRIVATE'", "") and how != mark
    ]
    assert len(report.notes) < 70
    assert len(text) < 400_000


@pytest.mark.parametrize("field", one_in(3, ((name, (name,)) for name in REPLACED_FIELDS)))
def test_every_bound_of_every_type_costs_the_check_and_not_the_grader(course: Path, tmp_path: Path, field: str) -> None:
    report = graded(course, tmp_path, REPLACED.replace("FIELD", REPLACED_FIELDS[field]), "command.private")
    assert report.status == "graded"
    assert not [mark for mark in PRIVATE if mark in shown(report)]


@pytest.mark.parametrize(
    "raw", ["b'G1' + b'\\xff' * 14", "b'MARKPRIVATE' * 9", "b'G1\\0\\0\\5\\0\\0\\0\\xc1\\xc1\\xc1\\xc1\\xc1'", "b''"]
)
def test_bytes_that_are_no_message_cost_the_check(course: Path, tmp_path: Path, raw: str) -> None:
    report = graded(course, tmp_path, RAW.replace("RAW", raw))
    assert report.status == "graded"
    assert report.score == 0
    assert "MARKPRIVATE" not in shown(report)


def test_numbers_of_a_hidden_check_and_how_its_process_ended_are_not_shown(course: Path, tmp_path: Path) -> None:
    report = graded(course, tmp_path, NUMBERS, "command.private")
    assert not [mark for mark in ("4.2", "e+77", "e77") if mark in shown(report)]
    report = graded(course, tmp_path, EXIT, "command.private")
    assert "code 142" not in shown(report)


def test_an_honest_hand_in_of_the_same_course_gets_its_points(course: Path, tmp_path: Path) -> None:
    report = graded(course, tmp_path, "    return message, buffers")
    by_id = {o.check.id: o.status for p in report.parts for o in p.outcomes}
    assert by_id == {
        "forward_values": "passed",
        "gradient_values": "partial",
        "gradients_of_one_row": "partial",
        "step_values": "failed",
    }
    assert report.parts[2].score == 2  # by follow-through


def test_a_function_that_keeps_a_log_and_an_array_passes_its_hidden_check(course: Path, tmp_path: Path) -> None:
    right = "return d_out @ w.T, x.T @ d_out, d_out.sum(axis=0)"
    keeps = f"np.save('w.npy', w); print('step', file=open('log.txt', 'a')); {right}"
    report = grade(handed_in(tmp_path, "    return message, buffers", keeps), "target", seed=3, course=course)
    assert {o.status for part in report.parts for o in part.outcomes} == {"passed"}
