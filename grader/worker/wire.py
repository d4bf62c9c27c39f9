"""Frames between the grader and its workers: a small msgpack header and raw buffers, data only.

A frame is ``b"G1"``, the number of buffers (u16), the header's length (u32), each buffer's length (u64), the header,
the buffers; all little-endian. The header is one message of `grader.worker.messages`, decoded against its type, so
nothing but that structure can come out. What a worker sends is hostile: lengths are capped before anything is
allocated, buffers grow as data arrives, and the deadline is absolute, since a drip feed outlives a per-read timeout.
"""

from __future__ import annotations

import math
import socket
import struct
import time
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from grader.errors import WorkerError
from grader.worker.messages import ArraySpec, Command, Reply

MAGIC = b"G1"
_PREFIX = struct.Struct("<2sHI")
MAX_HEADER = 1 << 20
"""Bytes. A cell's text is cut to 64 kB and an error to 10 kB, so a real header stays far below."""
MAX_COMMAND = 1 << 30
"""Bytes of what the grader sends to a worker."""
MAX_BUFFERS = 4096
MAX_DIMENSIONS = 32
CHUNK = 1 << 20
"""Bytes allocated ahead of what has arrived."""
_CODES = ("|b1", "|i1", "|u1", "<i2", "<i4", "<i8", "<u2", "<u4", "<u8", "<f2", "<f4", "<f8", "<c8", "<c16")
DTYPES = {code: np.dtype(code) for code in _CODES}
"""What an array may be made of; a dtype is never built from what a worker says."""

Incoming = TypeVar("Incoming")


class Closed(Exception):
    """The other side is gone: an ended process, which is an outcome and no fault."""


class DeadlineExceeded(Exception):
    """The other side did not answer in time."""


class Codec(Generic[Incoming]):
    """Encode any message; decode only messages of one kind (commands in a worker, replies in the grader)."""

    def __init__(self, incoming: Any) -> None:
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(incoming)

    def encode(self, message: Command | Reply, buffers: Sequence[memoryview | bytes] = ()) -> bytes:
        """Header and buffers' lengths as one block; the buffers themselves follow it."""
        header = self._encoder.encode(message)
        lengths = struct.pack(f"<{len(buffers)}Q", *(memoryview(b).nbytes for b in buffers))
        return _PREFIX.pack(MAGIC, len(buffers), len(header)) + lengths + header

    def decode(self, header: bytes | bytearray) -> Incoming:
        """Decode one header; raises WorkerError if it is anything but one well-formed message of the expected kind."""
        try:
            message: Incoming = self._decoder.decode(header)
        except (msgspec.MsgspecError, ValueError, RecursionError, UnicodeDecodeError) as error:
            raise WorkerError(f"the worker sent a message that is not in its protocol: {error}") from None
        return message


COMMANDS: Codec[Command] = Codec(Command)
REPLIES: Codec[Reply] = Codec(Reply)


def send(
    to: socket.socket,
    codec: Codec[Any],
    message: Command | Reply,
    buffers: Sequence[memoryview | bytes] = (),
    *,
    descriptor: int | None = None,
    deadline: float | None = None,
) -> None:
    """Send one frame; `descriptor` is an open file passed along, `deadline` in `time.monotonic()` seconds."""
    head = codec.encode(message, buffers)
    try:
        _until(to, deadline)
        if descriptor is not None:
            sent = socket.send_fds(to, [head], [descriptor])
            head = head[sent:]
        to.sendall(head)
        for buffer in buffers:
            _until(to, deadline)
            to.sendall(buffer)
    except TimeoutError:
        raise DeadlineExceeded from None
    except OSError:
        raise Closed from None


def receive(
    source: socket.socket,
    codec: Codec[Incoming],
    *,
    max_buffers: int = 0,
    deadline: float | Callable[[], float] | None = None,
) -> tuple[Incoming, list[bytearray]]:
    """Receive one frame: the message and its buffers, `max_buffers` bytes of them at most.

    Raises Closed if the sender ended, DeadlineExceeded if it took longer than `deadline` (`time.monotonic()` seconds,
    or a function that gives the seconds left, asked again whenever they are over), and WorkerError if the frame breaks
    a limit or is malformed.
    """
    prefix = _exactly(source, _PREFIX.size, deadline)
    return _rest(source, codec, prefix, MAX_HEADER, max_buffers, deadline)


def receive_with_descriptor(source: socket.socket, codec: Codec[Incoming]) -> tuple[Incoming, int | None]:
    """The worker's side of `receive`: the message, and the descriptor that came with it, if one did."""
    first, descriptors, _, _ = socket.recv_fds(source, _PREFIX.size, 1)
    if not first:
        raise Closed
    first += _exactly(source, _PREFIX.size - len(first), None)
    message, _ = _rest(source, codec, first, MAX_COMMAND, 0, None)
    return message, descriptors[0] if descriptors else None


def array_of(spec: ArraySpec, buffers: Sequence[bytearray]) -> npt.NDArray[Any]:
    """The array that `spec` describes, as a view of its buffer.

    Raises WorkerError if the dtype is not one of `DTYPES`, or shape and buffer do not fit together.
    """
    dtype = DTYPES.get(spec.dtype)
    if dtype is None:
        raise WorkerError(f"the worker sent an array of dtype {spec.dtype[:20]!r}")
    if len(spec.shape) > MAX_DIMENSIONS or any(n < 0 for n in spec.shape):
        raise WorkerError("the worker sent an array of impossible shape")
    if not 0 <= spec.buffer < len(buffers):
        raise WorkerError("the worker sent an array without its bytes")
    buffer = buffers[spec.buffer]
    size = math.prod(spec.shape) * dtype.itemsize
    # (0, 2**39) has no bytes and still overflows whatever is computed from its shape
    if size != len(buffer) or math.prod(n or 1 for n in spec.shape) * dtype.itemsize > 1 << 40:
        raise WorkerError("the worker sent an array whose shape and bytes disagree")
    if dtype.kind == "b":  # a bool byte other than 0 and 1 makes NumPy contradict itself
        truth: npt.NDArray[np.bool_] = np.asarray(np.frombuffer(buffer, np.uint8).reshape(spec.shape) != 0)
        return truth
    return np.frombuffer(buffer, dtype).reshape(spec.shape)


def _rest(
    source: socket.socket,
    codec: Codec[Incoming],
    prefix: bytes | bytearray,
    max_header: int,
    max_buffers: int,
    deadline: float | Callable[[], float] | None,
) -> tuple[Incoming, list[bytearray]]:
    magic, count, header_size = _PREFIX.unpack(prefix)
    if magic != MAGIC or count > MAX_BUFFERS or header_size > max_header:
        raise WorkerError("the worker sent bytes that are no frame")
    lengths = struct.unpack(f"<{count}Q", _exactly(source, 8 * count, deadline))
    if sum(lengths) > max_buffers:
        raise WorkerError(f"the worker sent more than {max_buffers} bytes")
    message = codec.decode(_exactly(source, header_size, deadline))
    return message, [_exactly(source, n, deadline) for n in lengths]


def _exactly(source: socket.socket, size: int, deadline: float | Callable[[], float] | None) -> bytearray:
    got, room = 0, bytearray(min(size, CHUNK))
    while got < size:
        if got == len(room):
            room.extend(bytes(min(size - got, len(room))))
        _until(source, deadline)
        try:
            with memoryview(room) as view:
                read = source.recv_into(view[got:])
        except TimeoutError:
            continue  # `_until` decides whether that was all
        except OSError:
            raise Closed from None
        if not read:
            raise Closed
        got += read
    return room


def _until(to: socket.socket, deadline: float | Callable[[], float] | None) -> None:
    if deadline is None:
        return
    left = deadline() if callable(deadline) else deadline - time.monotonic()
    if left <= 0:
        raise DeadlineExceeded
    to.settimeout(left)
