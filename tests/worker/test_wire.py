"""The wire: data only, whatever the other side sends."""

from __future__ import annotations

import socket
import struct
import threading
import time

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from grader.errors import WorkerError
from grader.worker import wire
from grader.worker.encode import ResultEncoder
from grader.worker.messages import ArraySpec, CellDone, Observed, Other, RunCell

OBSERVED = Observed(nonce="n", ended="returned", values={}, error=None, changed=(), replaced={})


def exchange(data: bytes, **options: object) -> object:
    """What the trusted side makes of raw bytes from a worker that then goes away."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sender = threading.Thread(target=lambda: (theirs.sendall(data), theirs.shutdown(socket.SHUT_WR)))
        sender.start()
        try:
            return wire.receive(ours, wire.REPLIES, deadline=time.monotonic() + 5, **options)  # type: ignore[arg-type]
        finally:
            ours.close()
            sender.join()


def frame(message: object, buffers: list[bytes]) -> bytes:
    return wire.REPLIES.encode(message, buffers) + b"".join(buffers)  # type: ignore[arg-type]


@given(npst.arrays(st.sampled_from(list(wire.DTYPES.values())), npst.array_shapes(min_dims=0, min_side=0, max_dims=4)))
def test_an_array_crosses_bit_for_bit(array: np.ndarray) -> None:
    encoder = ResultEncoder(1 << 20)
    encoder.add("x", array)
    sent = msgspec.structs.replace(OBSERVED, values=encoder.values)
    message, buffers = exchange(frame(sent, encoder.buffers), max_buffers=1 << 20)  # type: ignore[misc]
    got = wire.array_of(message.values["x"], buffers)
    assert got.dtype == array.dtype
    assert got.shape == array.shape
    assert got.tobytes() == np.ascontiguousarray(array).tobytes()


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_random_bytes_raise_only_the_wires_own_errors(data: bytes) -> None:
    with pytest.raises((WorkerError, wire.Closed)):
        exchange(data)


@settings(max_examples=300)
@given(st.data())
def test_a_damaged_frame_gives_a_message_or_the_wires_own_error(data: st.DataObject) -> None:
    good = frame(msgspec.structs.replace(OBSERVED, values={"x": ArraySpec(0, "<f8", (2, 3))}), [bytes(48)])
    at = data.draw(st.integers(0, len(good) - 1))
    damaged = good[:at] + bytes([data.draw(st.integers(0, 255))]) + good[at + 1 :]
    try:
        message, buffers = exchange(damaged, max_buffers=1 << 16)  # type: ignore[misc]
    except (WorkerError, wire.Closed):
        return
    for spec in getattr(message, "values", {}).values():
        if isinstance(spec, ArraySpec):
            try:
                assert wire.array_of(spec, buffers).size >= 0
            except WorkerError:
                continue


@pytest.mark.parametrize(
    ("spec", "size"),
    [
        (ArraySpec(0, "O", (1,)), 8),
        (ArraySpec(0, "<f8", (3,)), 8),
        (ArraySpec(0, "<f8", (0, 2**39)), 0),
        (ArraySpec(0, "<f8", (-1,)), 8),
        (ArraySpec(1, "<f8", (1,)), 8),
        (ArraySpec(-1, "<f8", (1,)), 8),
        (ArraySpec(0, "<f8", (1,) * 40), 8),
        (ArraySpec(0, "<M8[s]", (1,)), 8),
    ],
)
def test_an_array_that_contradicts_itself_is_refused(spec: ArraySpec, size: int) -> None:
    with pytest.raises(WorkerError):
        wire.array_of(spec, [bytearray(size)])


def test_bool_bytes_other_than_0_and_1_become_true() -> None:
    array = wire.array_of(ArraySpec(0, "|b1", (3,)), [bytearray([0, 1, 7])])
    assert array.tolist() == [False, True, True]
    assert array.view(np.uint8).max() == 1


def test_a_single_bool_stays_an_array() -> None:
    array = wire.array_of(ArraySpec(0, "|b1", ()), [bytearray([1])])
    assert isinstance(array, np.ndarray)
    assert array.shape == ()


def test_a_lying_length_costs_no_memory_before_the_data_comes() -> None:
    lie = struct.pack("<2sHI", b"G1", 1, 10) + struct.pack("<Q", 1 << 39)
    with pytest.raises(WorkerError, match="more than"):
        exchange(lie, max_buffers=1 << 20)


def test_a_command_is_no_reply() -> None:
    with pytest.raises(WorkerError, match="protocol"):
        exchange(wire.COMMANDS.encode(RunCell(index=0, source="")))


def test_a_drip_feed_does_not_outlive_the_deadline() -> None:
    ours, theirs = socket.socketpair()
    data = frame(CellDone(error=None, text="", figures=()), [])
    stop = threading.Event()

    def drip() -> None:
        for byte in data:
            if stop.wait(0.05):
                return
            theirs.send(bytes([byte]))

    sender = threading.Thread(target=drip)
    sender.start()
    begun = time.monotonic()
    with ours, theirs:
        with pytest.raises(wire.DeadlineExceeded):
            wire.receive(ours, wire.REPLIES, deadline=begun + 0.3)
        stop.set()
        sender.join()


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "None"),
        ("text", "text"),
        (np.array([1, None]), "object array"),
        (np.array(["a"]), "text array"),
        ((x for x in ()), "other"),
        ([], "empty list"),
        (np.empty((0, 2**39)), "too large"),
        (np.broadcast_to(1.0, (10**5, 10**5)), "too large"),
        ([[1, 2], [3]], "uneven list"),
        (np.datetime64("2020-01-01"), "other"),
    ],
)
def test_a_value_that_is_no_numeric_array_is_named(value: object, kind: str) -> None:
    encoder = ResultEncoder(1 << 20)
    encoder.add("x", value)
    assert isinstance(encoder.values["x"], Other)
    assert encoder.values["x"].kind == kind
    assert not encoder.buffers


def test_dictionaries_and_lists_of_arrays_are_taken_apart() -> None:
    encoder = ResultEncoder(1 << 20)
    encoder.add("grads", {"W1": np.ones(2), "b": [np.zeros(1), None]})
    names = ["grads", "grads['W1']", "grads['b']", "grads['b'][0]", "grads['b'][1]"]
    assert list(encoder.values) == names


def test_a_list_of_numbers_is_compared_without_a_remark() -> None:
    encoder = ResultEncoder(1 << 20)
    encoder.add("x", [[1.0, 2.0], [3.0, 4.0]])
    assert encoder.values["x"] == ArraySpec(0, "<f8", (2, 2))
