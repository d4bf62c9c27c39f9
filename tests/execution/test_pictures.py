import struct
import zlib

import pytest

from grader.execution.pictures import SIGNATURE, is_picture


def png(width: int = 1, height: int = 1, kind: bytes = b"IHDR") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunk = struct.pack(">I", len(header)) + kind + header + struct.pack(">I", zlib.crc32(kind + header))
    return SIGNATURE + chunk


def test_a_png_is_a_picture() -> None:
    assert is_picture(png(640, 480))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg onload=alert(1)>",
        b"GIF89a",
        SIGNATURE,
        png(100_000, 10),
        png(10, 100_000),
        png(0, 1),
        png(kind=b"x" * 4),
    ],
    ids=["empty", "svg", "gif", "cut", "wide", "high", "nothing", "other chunk"],
)
def test_anything_else_is_none(data: bytes) -> None:
    assert not is_picture(data)
