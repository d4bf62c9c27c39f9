"""Whether bytes that a worker sends as a figure may be shown: student code can have made them.

Owns the border for pictures, as `worker.wire` does for arrays; where they are shown is for the report.
"""

from __future__ import annotations

import struct

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER = struct.Struct(">4sII")
MAX_EDGE_PIXELS = 4096
"""Pixels of an edge: a few kilobytes can ask a browser for gigabytes."""


def is_picture(data: bytes) -> bool:
    """Whether this is a PNG of sensible size."""
    start = len(SIGNATURE) + 4  # the length of the first chunk
    if not data.startswith(SIGNATURE) or len(data) < start + _HEADER.size:
        return False
    kind, width, height = _HEADER.unpack_from(data, start)
    return bool(kind == b"IHDR" and 0 < width <= MAX_EDGE_PIXELS and 0 < height <= MAX_EDGE_PIXELS)
