"""Whatever bytes a worker sends, the decoder answers with a message or with its own error."""

from __future__ import annotations

import random
import struct
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest

from grader.errors import WorkerError
from grader.model import Frame, StudentError
from grader.worker import wire
from grader.worker.messages import ArraySpec, CellDone, Failed, Forked, Killed, Observed, Other

ROOM = 1 << 16
"""Bytes of arrays that the receiver takes."""
ODD = [0, 1, 2, 31, 32, 127, 128, 255, 256, 65535, 1 << 20, 1 << 31, (1 << 32) - 1, 1 << 39, 1 << 63, (1 << 64) - 1]


class Bytes:
    """A socket that gives out `data` in pieces and then ends."""

    def __init__(self, data: bytes, piece: int) -> None:
        self._data, self._at, self._piece = memoryview(data), 0, piece

    def recv_into(self, view: memoryview) -> int:
        size = min(len(view), len(self._data) - self._at, self._piece)
        view[:size] = self._data[self._at : self._at + size]
        self._at += size
        return size

    def settimeout(self, seconds: float) -> None:
        pass


def frames() -> list[bytes]:
    """One good frame of each kind, arrays of every dtype among them."""
    buffers = [np.ones(3, dtype).tobytes() for dtype in wire.DTYPES.values()]
    values: dict[str, ArraySpec | Other] = {f"a{i}": ArraySpec(i, code, (3,)) for i, code in enumerate(wire.DTYPES)}
    values["other"] = Other("text", "'x'")
    error = StudentError(type="ValueError", message="shapes differ", frames=(Frame("cell 3", 4, "x = y"),))
    observed = Observed(nonce="ab" * 8, ended="returned", values=values, error=None, changed=("x",), replaced={"f": 1})
    cell = CellDone(error=error, text="12 epochs\n", figures=("a line",), pictures=(b"\x89PNG",))
    plain = [Forked(4), Killed(9), Killed(None), Failed(error), cell]
    whole = wire.REPLIES.encode(observed, buffers) + b"".join(buffers)
    return [whole, *(wire.REPLIES.encode(message) for message in plain)]


def flip(rng: random.Random, frame: bytes) -> bytes:
    data = bytearray(frame)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 16))):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data)


def cut(rng: random.Random, frame: bytes) -> bytes:
    return frame[: rng.randrange(len(frame))]


def splice(rng: random.Random, frame: bytes) -> bytes:
    start, end = sorted((rng.randrange(len(frame)), rng.randrange(len(frame))))
    at = rng.randrange(len(frame))
    return frame[:at] + frame[start:end] + frame[at:]


def lengths(rng: random.Random, frame: bytes) -> bytes:
    """Other numbers of buffers, header sizes and buffer sizes than there are."""
    count, size = rng.choice(ODD) & 0xFFFF, rng.choice(ODD) & 0xFFFFFFFF
    told = b"".join(struct.pack("<Q", rng.choice(ODD) & (1 << 64) - 1) for _ in range(min(count, 8)))
    return b"G1" + struct.pack("<HI", count, size) + told + frame[8:]


def header(rng: random.Random, frame: bytes) -> bytes:
    """A well-framed header of msgpack's own extremes."""
    extremes = (
        b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff", b"\xdb\xff\xff\xff\xff", b"\x91" * rng.randrange(1, 3000),
        b"\xd6\xff\0\0\0\1", b"\xc1", b"\xc7\x01\x63x", b"\xa3\xed\xa0\x80", b"\xcb" + b"\xff" * 8, b"\x81\x91\x01\x02",
        rng.randbytes(rng.randrange(64)),
    )  # fmt: skip
    body = rng.choice(extremes) + frame[8 : 8 + rng.randrange(40)]
    return b"G1" + struct.pack("<HI", 0, len(body)) + body


MUTATIONS: list[Callable[[random.Random, bytes], bytes]] = [flip, flip, flip, cut, splice, lengths, header]


def received(data: bytes, piece: int) -> str:
    """`decoded`, or the name of the decoder's own error; any other exception comes through."""
    try:
        message, buffers = wire.receive(Bytes(data, piece), wire.REPLIES, max_buffers=ROOM)  # type: ignore[arg-type]
        if isinstance(message, Observed):
            for value in message.values.values():
                if isinstance(value, ArraySpec):
                    assert wire.array_of(value, buffers).nbytes <= ROOM
    except (WorkerError, wire.Closed) as error:
        return type(error).__name__
    return "decoded"


def fuzzed(count: int, seed: int) -> dict[str, int]:
    rng = random.Random(seed)
    good = frames()
    ends: dict[str, int] = {}
    for _ in range(count):
        data = rng.choice(MUTATIONS)(rng, rng.choice(good))
        end = received(data, rng.choice((1 << 20, 1 << 20, 7)))
        ends[end] = ends.get(end, 0) + 1
    return ends


def test_every_kind_of_frame_is_decoded_whole() -> None:
    for frame in frames():
        assert received(frame, 1 << 20) == "decoded"
        assert received(frame, 1) == "decoded"


def test_ten_thousand_broken_frames_raise_only_the_decoders_own_error() -> None:
    ends = fuzzed(10_000, seed=1)
    assert set(ends) == {"WorkerError", "Closed", "decoded"}
    assert ends["WorkerError"] > 3_000


def test_a_claimed_length_allocates_nothing_before_the_bytes_come() -> None:
    tracemalloc.start()
    try:
        for size in (1 << 20, (1 << 32) - 1):
            received(b"G1" + struct.pack("<HI", 0, size) + b"x" * 10, 1 << 20)
        received(b"G1" + struct.pack("<HIQ", 1, 1, ROOM) + b"\xc0", 1 << 20)
        received(b"G1" + struct.pack("<HIQ", 1, 1, 1 << 60) + b"\xc0", 1 << 20)
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_two_million_broken_frames_raise_only_the_decoders_own_error() -> None:
    ends = fuzzed(2_000_000, seed=2)
    assert set(ends) == {"WorkerError", "Closed", "decoded"}
    assert sum(ends.values()) == 2_000_000
