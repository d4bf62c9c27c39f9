"""Every int, text and collection of a reply has bounds, and values at and beyond each of them harm nobody.

Each kind of question is answered by each kind of reply. A course has a hidden and a follow-through check for each
variant of each reply; a hand-in's processes answer with it. The notebook's own process and that of a module forge
their replies too, one hand-in for each.
"""

from __future__ import annotations

import contextlib
import inspect
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from grader.engine import grade
from grader.errors import WorkerError
from grader.execution.process import WorkerProcess
from grader.worker import wire
from grader.worker.messages import CellDone, Done, Failed, Forked, Killed, Observed, Reply, Sweep
from tests.execution.test_private import COURSE, MORE_SOLUTION, handed_in, shown


def leaves(kind: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """What of a type has bounds, with the way there."""
    import msgspec.inspect as types

    match kind:
        case types.StructType():
            for field in kind.fields:
                yield from leaves(field.type, f"{path}.{field.name}")
        case types.UnionType():
            for number, one in enumerate(kind.types):
                yield from leaves(one, f"{path}|{number}")
        case types.VarTupleType():
            yield path, kind
            yield from leaves(kind.item_type, f"{path}[]")
        case types.DictType():
            yield path, kind
            yield from leaves(kind.key_type, f"{path}(key)")
            yield from leaves(kind.value_type, f"{path}[]")
        case types.IntType() | types.StrType() | types.BytesType() | types.LiteralType():
            yield path, kind


def made(kind: Any, at: str, beyond: int, word: str, path: str = "") -> Any:
    """A small value of a type, at (or one beyond) its bound where the way `at` leads."""
    import msgspec.inspect as types

    size = kind.max_length + beyond if at == path and hasattr(kind, "max_length") else None
    match kind:
        case types.StructType():
            return kind.cls(**{f.name: made(f.type, at, beyond, word, f"{path}.{f.name}") for f in kind.fields})
        case types.UnionType():
            ways = [f"{path}|{number}" for number in range(len(kind.types))]
            number = next((n for n, way in enumerate(ways) if at.startswith(way)), 0)
            return made(kind.types[number], at, beyond, word, ways[number])
        case types.VarTupleType():
            inside = at.startswith(path) if size is None else False
            count = size if size is not None else int(inside)
            return (made(kind.item_type, at, beyond, word, f"{path}[]"),) * count
        case types.DictType():
            inside = at.startswith(path) if size is None else False
            count = size if size is not None else int(inside)
            if count <= 1:
                key = made(kind.key_type, at, beyond, word, f"{path}(key)")
                return {key: made(kind.value_type, at, beyond, word, f"{path}[]")} if count else {}
            return {f"{word}{n}": made(kind.value_type, at, beyond, word, f"{path}[]") for n in range(count)}
        case types.IntType():
            return kind.le + beyond if at == path else kind.ge
        case types.StrType():
            return (word * (size // len(word) + 1))[:size] if size is not None else word
        case types.BytesType():
            return bytes(size or 1)
        case types.LiteralType():
            return word if at == path and beyond else kind.values[0]
        case types.BoolType():
            return True
    return None


def variants(reply: Any) -> list[tuple[str, int]]:
    return [(at, beyond) for at, _ in leaves(msgspec.inspect.type_info(reply)) for beyond in (0, 1)]


ANSWERS = variants(Reply)
FORGED = """
    import msgspec, msgspec.inspect
    from collections.abc import Iterator
    from typing import Any
    from grader.worker.messages import Reply
    LEAVES
    if not command.private:
        return message, buffers
    at, beyond = ANSWERS[int(command.function.rpartition("_")[2])] if command.function[-1].isdigit() else (".nonce", 1)
    word = "MARKFOLLOW" if command.replacements else "MARKPRIVATE"
    reply = made(msgspec.inspect.type_info(Reply), at, beyond, word)
    if isinstance(reply, Observed) and "nonce" not in at:
        reply = msgspec.structs.replace(reply, nonce=message.nonce, **({} if "ended" in at else {"ended": "returned"}))
    return reply, [b"x"]
"""
FORGED_BY_THE_NOTEBOOK = """
import sys
from typing import Any
import msgspec, msgspec.inspect
import grader.worker.wire as wire
from grader.worker.messages import CellDone, Done, Failed, Forked, Killed, Reply
sent = wire.send
LEAVES
def send(to, codec, message, buffers=(), **more):
    if isinstance(message, TYPE):
        message = made(msgspec.inspect.type_info(TYPE), AT, BEYOND, "MARKPUBLIC")
    return sent(to, codec, message, buffers, **more)
wire.send = send
"""
CHECK = '''

@check({part}, points=1, uses=["{uses}"]{more})
def {name}(student, rng):
    """{name}"""
    x, w, _ = inputs(rng, 7, 5, 3)
    return {{"w": np.sum(student.{uses}(rng.normal(size=(7, 3)), x, w)[0])}}
'''
BOUNDS = ("2147483647", "2147483648", "1099511627776", "1099511627777", "65535")


def _checks(part: str, uses: str, name: str, more: str = "") -> str:
    each = (CHECK.format(part=part, uses=uses, name=f"{name}_{n}", more=more) for n in range(len(ANSWERS)))
    return "".join(each)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("course")
    shutil.copytree(COURSE, root, dirs_exist_ok=True)
    target = root / "reference" / "target"
    step = 'STEP = Part("3", "One step")\n'
    follow = _checks("STEP", "step", "follow", ', builds_on=["linear_gradients"]')
    with (target / "checks.py").open("a") as file:
        file.write("\nimport numpy as np\n" + step + follow)
    with (target / "hidden.py").open("a") as file:
        file.write("\nimport numpy as np\n" + _checks("GRADIENTS", "linear_gradients", "hidden"))
    with (target / "solution" / "target.py").open("a") as file:
        file.write(MORE_SOLUTION)
    manifest = target / "assignment.toml"
    text = manifest.read_text().replace("points = 5", f"points = {5 + 2 * len(ANSWERS)}")
    text = (
        text.replace("check = 1\n", "check = 20\n")
        .replace("submission = 10", "submission = 900")
        .replace('"1", "2"]', '"1", "2", "3"]')
    )
    manifest.write_text(text.replace('gradients = "notebook"', 'gradients = "notebook"\nstep = "notebook"'))
    return root


def test_everything_in_a_reply_has_bounds() -> None:
    found = list(leaves(msgspec.inspect.type_info(Reply)))
    assert len(found) > 60
    for path, kind in found:
        if isinstance(kind, msgspec.inspect.IntType):
            assert kind.ge is not None, path
            assert kind.le is not None, path
        elif not isinstance(kind, msgspec.inspect.LiteralType):
            assert kind.max_length is not None, path


@pytest.mark.parametrize("expected", get_args(Reply), ids=lambda kind: kind.__name__)
def test_a_question_takes_its_own_kind_of_reply_within_its_bounds_and_nothing_else(expected: type) -> None:
    kinds = msgspec.inspect.type_info(Reply)
    taken = 0
    for at, beyond in ANSWERS:
        ours, theirs = socket.socketpair()
        process = WorkerProcess(ours, 1, None, set())
        reply = made(kinds, at, beyond, "MARK")
        sending = threading.Thread(target=answer, args=(theirs, reply))
        sending.start()
        try:
            got, _ = process.ask(Sweep(), expected, seconds=20, max_buffers=9)
        except (WorkerError, wire.Closed):
            assert beyond or type(reply) is not expected or ".text" in at or ".pictures" in at, at
        else:
            assert (type(got), beyond) == (expected, 0), at
            taken += 1
        finally:
            ours.close()
            sending.join()
            theirs.close()
    assert taken


def answer(channel: socket.socket, reply: Any) -> None:
    with contextlib.suppress(wire.Closed):  # the asker has had enough of it
        wire.receive(channel, wire.COMMANDS)
        wire.send(channel, wire.REPLIES, reply, [b"x"] if isinstance(reply, Observed) else [])


@pytest.mark.slow
def test_no_reply_at_or_beyond_a_bound_shows_or_stops_anything(course: Path, tmp_path: Path) -> None:
    forged = FORGED.replace("LEAVES", inspect.getsource(made).replace("\n", "\n    "))
    forged = forged.replace("ANSWERS", repr(ANSWERS))
    report = grade(handed_in(tmp_path, forged), "target", seed=3, course=course, keep=True)
    assert report.status == "graded"
    assert len([o for part in report.parts for o in part.outcomes]) == 3 + 2 * len(ANSWERS)
    text = shown(report)
    lines = [line for line in text.splitlines() if any(mark in line for mark in ("MARKPRI", "MARKFOL", *BOUNDS))]
    assert lines == []
    assert report.score <= 5


@pytest.mark.slow
@pytest.mark.parametrize("reply", [Done, Failed])
def test_a_module_that_answers_at_or_beyond_a_bound_is_graded(tmp_path: Path, reply: type) -> None:
    shutil.copytree(COURSE, tmp_path / "course")
    manifest = tmp_path / "course" / "reference" / "target" / "assignment.toml"
    text = manifest.read_text().replace('linear_forward = "notebook"', 'linear_forward = ["notebook", "layer"]')
    manifest.write_text(text)
    for number, (at, beyond) in enumerate(variants(reply)):
        forged = FORGED_BY_THE_NOTEBOOK.replace("LEAVES", inspect.getsource(made)).replace("TYPE", reply.__name__)
        forged = forged.replace("AT,", f"{at!r},").replace("BEYOND", str(beyond))
        forward = "def linear_forward(x, w, b):\n    return x @ w + b\n"
        place = tmp_path / str(number)
        place.mkdir()
        (place / "layer.py").write_text(forged + forward + ("" if reply is Done else "raise ValueError\n"))
        notebook = msgspec.json.decode(handed_in(place, "    return message, buffers").read_bytes())
        notebook["cells"] = notebook["cells"][2:]
        (place / "hand_in.ipynb").write_bytes(msgspec.json.encode(notebook))
        report = grade(place, "target", seed=3, course=tmp_path / "course", keep=True)
        assert report.status == "graded", (at, beyond)
        assert len(shown(report)) < 3_000_000, (at, beyond)
        assert report.parts[0].score == (1 if reply is Done and not beyond else report.parts[0].score), (at, beyond)


@pytest.mark.slow
@pytest.mark.parametrize("reply", [CellDone, Forked, Killed])
def test_a_notebook_that_answers_at_or_beyond_a_bound_is_graded(tmp_path: Path, reply: type) -> None:
    for number, (at, beyond) in enumerate(variants(reply)):
        forged = FORGED_BY_THE_NOTEBOOK.replace("LEAVES", inspect.getsource(made)).replace("TYPE", reply.__name__)
        forged = forged.replace("AT,", f"{at!r},").replace("BEYOND", str(beyond))
        (tmp_path / str(number)).mkdir()
        path = handed_in(tmp_path / str(number), "    return message, buffers")
        notebook = msgspec.json.decode(path.read_bytes())
        notebook["cells"][0]["source"] = forged
        path.write_bytes(msgspec.json.encode(notebook))
        report = grade(path, "target", seed=3, course=COURSE, keep=True)
        assert report.status == "graded", (at, beyond)
        assert len(shown(report)) < 3_000_000, (at, beyond)
