"""A hundred hand-ins of the assignment with most questions for a person, and a server to mark them."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from grader.assignment.loading.manifest import read_manifest
from grader.marks import Answer, Rubric
from grader.model import Manual, Report
from tests.marking.synthetic import answer, fill, report

ROOT = Path(__file__).parents[2]
SHORT = (
    "$\\sigma(x)(1-\\sigma(x))$", "$\\sigma'(x) = \\sigma(x) \\cdot (1 - \\sigma(x))$", "s * (1 - s)",
    "0 for $x<0$, 1 for $x>0$", "No.", "Yes, with a small step.", "The sigmoid.", "It finds a local minimum.",
)  # fmt: skip
"""Short answers, of which many students give the same."""
WORDS = [
    "the",
    "loss",
    "gradient",
    "step",
    "size",
    "falls",
    "slowly",
    "because",
    "learning",
    "rate",
    "weights",
    "are",
    "large",
    "small",
    "zero",
    "batch",
    "noise",
]
SHORT_KINDS = ("derivation", "survey")


def questions() -> tuple[Manual, ...]:
    return read_manifest(ROOT / "reference" / "radboud_a1").manual


def hand_ins(count: int = 100, seed: int = 1) -> list[tuple[str, int, Report]]:
    """Short answers from a handful, long ones all different, one in eight missing."""
    draw = random.Random(seed)
    asked = questions()

    short = {m.part.id for m in asked if m.kind in SHORT_KINDS or draw.random() < 0.3}

    def given(manual: Manual) -> Answer:
        if draw.random() < 0.125:
            return answer("")
        if manual.part.id in short:
            return answer(draw.choice(SHORT[:5]))
        return answer(" ".join(draw.choices(WORDS, k=draw.randint(25, 120))))

    names = [f"student{n:03}" for n in range(count)]
    return [(who, 1, report(who, {m.part.id: given(m) for m in asked}, parts=asked)) for who in names]


class Served:
    """A server in a thread of its own."""

    def __init__(self, store: Path, **options: object) -> None:
        import uvicorn

        from grader.marking.server import MarkingSession, application

        self.token = "a-token-for-tests"
        self._ready = threading.Event()

        def run() -> None:
            import socket

            session = MarkingSession(store, **{"who": "me", **options})  # type: ignore[arg-type]
            listener = socket.socket()
            listener.bind(("127.0.0.1", 0))
            self.port: int = listener.getsockname()[1]
            config = uvicorn.Config(application(session, self.token), log_level="warning", access_log=False)
            self._server = uvicorn.Server(config)
            self._server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
            self._ready.set()
            self._server.run(sockets=[listener])
            session.close()

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()
        assert self._ready.wait(30)
        while not self._server.started:
            time.sleep(0.01)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def page(self) -> str:
        return f"{self.url}/?token={self.token}"

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)


def serve(store: Path, **options: object) -> Served:
    return Served(store, **options)


def rubrics_of(found: tuple[Manual, ...]) -> Callable[[str], Mapping[str, Rubric]]:
    return lambda assignment: {m.part.id: m.rubric for m in found}


def fill_hundred(path: Path, count: int = 100) -> None:
    fill(path, hand_ins(count))
