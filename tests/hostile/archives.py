"""Archives that a student could hand in to harm whoever unpacks them, each with the outcome that it must come to."""

from __future__ import annotations

import gzip
import io
import lzma
import struct
import tarfile
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

WORK = "hand_in.ipynb"
EVIL = "../../../evil-file.ipynb"
GRADED = "graded"


class Archive(NamedTuple):
    """One archive. `outcome` is a word of the reason why it is not graded, or `GRADED`."""

    name: str
    outcome: str
    make: Callable[[Path, bytes], object]
    """Writes it, given an honest notebook."""


def zipped(*entries: tuple[str | zipfile.ZipInfo, bytes | None]) -> Callable[[Path, bytes], None]:
    """A zip of these entries after the honest notebook; None stands for the notebook once more."""

    def make(path: Path, honest: bytes) -> None:
        with warnings.catch_warnings(), zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            warnings.simplefilter("ignore")  # a name that is there twice
            for name, data in ((WORK, None), *entries):
                archive.writestr(name, honest if data is None else data, compress_type=zipfile.ZIP_DEFLATED)

    return make


def tarred(*members: tarfile.TarInfo, mode: str = "w:gz") -> Callable[[Path, bytes], None]:
    def make(path: Path, honest: bytes) -> None:
        with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
            for member in (entry(WORK, size=len(honest)), *members):
                archive.addfile(member, io.BytesIO(honest if member.name == WORK else bytes(member.size)))

    return make


def entry(name: str, kind: bytes = tarfile.REGTYPE, *, to: str = "", size: int = 0) -> tarfile.TarInfo:
    found = tarfile.TarInfo(name)
    found.type, found.linkname, found.size = kind, to, size
    return found


def moded(name: str, mode: int) -> zipfile.ZipInfo:
    """A zip's entry of another kind than a file: a link, a pipe, a device."""
    found = zipfile.ZipInfo(name)
    found.create_system, found.external_attr = 3, (mode | 0o777) << 16
    return found


def patched(make: Callable[[Path, bytes], object], *changes: tuple[bytes, int, str, int]) -> Callable[..., None]:
    """The same with numbers changed: (signature of a record, offset in it, format, value), in the last such record."""

    def again(path: Path, honest: bytes) -> None:
        make(path, honest)
        data = bytearray(path.read_bytes())
        for signature, offset, kind, value in changes:
            struct.pack_into(kind, data, data.rindex(signature) + offset, value)
        path.write_bytes(data)

    return again


def edited(make: Callable[[Path, bytes], object], change: Callable[[bytes], bytes]) -> Callable[..., None]:
    def again(path: Path, honest: bytes) -> None:
        make(path, honest)
        path.write_bytes(change(path.read_bytes()))

    return again


def nested(depth: int, inside: Callable[[Path, bytes], object]) -> Callable[[Path, bytes], None]:
    """A zip in a zip in a zip."""

    def make(path: Path, honest: bytes) -> None:
        inside(path, honest)
        for _ in range(depth):
            inner = path.read_bytes()
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("inner.zip", inner)

    return make


def overlapping(path: Path, honest: bytes) -> None:
    """A thousand entries that are all the same bytes: 10 MB in the file, 10 GB in its directory."""
    body = zlib.compressobj(9, wbits=-15)
    data = body.compress(bytes(10 << 20)) + body.flush()
    sizes = struct.pack("<III", zlib.crc32(bytes(10 << 20)), len(data), 10 << 20)
    local = b"PK\x03\x04" + struct.pack("<HHHHH", 20, 0, 8, 0, 0) + sizes + struct.pack("<HH", 4, 0) + b"000x"
    entries = b"".join(
        b"PK\x01\x02" + struct.pack("<HHHHHH", 20, 20, 0, 8, 0, 0) + sizes
        + struct.pack("<HHHHHII", 4, 0, 0, 0, 0, 0, 0) + b"%03dx" % n
        for n in range(1000)
    )  # fmt: skip
    end = struct.pack("<HHHHIIH", 0, 0, 1000, 1000, len(entries), len(local) + len(data), 0)
    path.write_bytes(local + data + entries + b"PK\x05\x06" + end)


def endless_gzip(path: Path, honest: bytes) -> None:
    """One tar whose single file is 2 GB of zeros."""
    with gzip.open(path, "wb", compresslevel=1) as file:
        header = entry("zeros.ipynb", size=2 << 30).tobuf()
        file.write(header)
        for _ in range(64):
            file.write(bytes(1 << 20))


def greedy_xz(path: Path, honest: bytes) -> None:
    """An xz file that says its dictionary is 4 GB."""
    tarred(mode="w")(path, honest)
    data = bytearray(lzma.compress(path.read_bytes(), check=lzma.CHECK_CRC32))
    size = (data[12] + 1) * 4  # of the block header behind the 12 bytes of the stream's
    at = data.index(b"\x21\x01", 12, 12 + size) + 2  # LZMA2, one byte of properties
    data[at] = 40
    struct.pack_into("<I", data, 12 + size - 4, zlib.crc32(data[12 : 12 + size - 4]))
    path.write_bytes(data)


def many(count: int) -> Iterator[tuple[str, bytes]]:
    return ((f"{n}.txt", b"") for n in range(count))


LINK, PIPE, DEVICE = 0o120000, 0o010000, 0o020000
DIRECTORY, LOCAL = b"PK\x01\x02", b"PK\x03\x04"
ARCHIVES = (
    Archive("honest.zip", GRADED, zipped()),
    Archive("honest.tar.gz", GRADED, tarred()),
    Archive("upwards.zip", "leads out", zipped((EVIL, None))),
    Archive("upwards.tar.gz", "leads out", tarred(entry(EVIL))),
    Archive("backslashes.zip", "leads out", zipped((EVIL.replace("/", "\\"), None))),
    Archive("absolute.zip", "absolute", zipped(("/tmp/evil-file", b"x"))),
    Archive("absolute.tar.gz", "absolute", tarred(entry("/tmp/evil-file"))),
    Archive("drive.zip", "absolute", zipped(("C:\\evil-file", b"x"))),
    Archive("link.zip", "link", zipped((moded("a", LINK), b"/etc/passwd"))),
    Archive("pipe.zip", "link or a device", zipped((moded("a", PIPE), b""))),
    Archive("link.tar.gz", "link", tarred(entry("a", tarfile.SYMTYPE, to="/etc/passwd"))),
    Archive("hard_link.tar.gz", "link", tarred(entry("a", tarfile.LNKTYPE, to="/etc/passwd"))),
    Archive("through_link.tar.gz", "", tarred(entry("a", tarfile.SYMTYPE, to="/tmp"), entry("a/evil-file"))),
    Archive("device.tar.gz", "device", tarred(entry("a", tarfile.CHRTYPE))),
    Archive("pipe.tar.gz", "device", tarred(entry("a", tarfile.FIFOTYPE))),
    Archive("sparse.tar", "link or a device", tarred(entry("a", tarfile.GNUTYPE_SPARSE), mode="w")),
    Archive("ratio.zip", "times its size", zipped(("zeros", bytes(40 << 20)))),
    Archive("ratio.tar.gz", "", endless_gzip),
    Archive("count.zip", "files", zipped(*many(2001))),
    Archive("overlapping.zip", "", overlapping),
    Archive("in_itself.zip", GRADED, nested(1, zipped())),
    Archive("in_itself_twice.zip", GRADED, nested(2, zipped())),
    Archive("in_itself_often.zip", "no notebook", nested(5, zipped())),
    Archive("in_itself_bomb.zip", "times its size", nested(1, zipped(("zeros", bytes(40 << 20))))),
    Archive("encrypted.zip", "encrypted", patched(zipped(), (DIRECTORY, 8, "<H", 1), (LOCAL, 6, "<H", 1))),
    Archive("twice.zip", "twice", zipped((WORK, None))),
    Archive("twice.tar.gz", "twice", tarred(entry(WORK, size=0))),
    Archive("file_and_folder.zip", "both as a file and as a folder", zipped((f"{WORK}/x.py", b""))),
    Archive("case.zip", "", zipped((WORK.upper(), None), ("HAND_IN.py", b"x = 1"), ("hand_in.py", b"x = 2"))),
    Archive("declared_huge.zip", "", patched(zipped(), (DIRECTORY, 24, "<I", 0xFFFFFFFE))),
    Archive("declared_tiny.zip", "damaged", patched(zipped(), (DIRECTORY, 24, "<I", 10), (LOCAL, 22, "<I", 10))),
    Archive("declared_huge.tar", "", edited(tarred(mode="w"), lambda d: d[:124] + b"77777777777\0" + d[136:])),
    Archive("zip64.zip", "damaged", edited(zipped(), lambda d: d[:-22] + b"PK\x06\x07" + bytes(16) + d[-22:])),
    Archive("other_name.zip", "damaged", edited(zipped(), lambda d: d.replace(b"hand_in", b"evil-fl", 1))),
    Archive("not_utf8.zip", "", edited(zipped(("L__sung.py", b"")), lambda d: d.replace(b"L__sung", b"L\xf6\xffsung"))),
    Archive("not_utf8.tar.gz", GRADED, tarred(entry("L\udcf6\udcffsung.py"))),
    Archive("nul.zip", "control characters", edited(zipped(("aQb.py", b"")), lambda d: d.replace(b"aQb", b"a\0b"))),
    Archive("newline.zip", "control characters", zipped(("a\n::error::b.py", b""))),
    Archive("long.zip", "too long", zipped(("x" * 300, b""))),
    Archive("deep.zip", "too long", zipped(("d/" * 600 + "x", b""))),
    Archive("folder_as_notebook.zip", "", edited(zipped((f"{WORK}x/", b"")), lambda d: d)),
    Archive("behind_junk.zip", "", edited(zipped(), lambda d: b"MZ" * 500 + d)),
    Archive("comment.zip", "", edited(zipped(), lambda d: d[:-2] + struct.pack("<H", 22) + b"PK\x05\x06" + bytes(18))),
    Archive("cut_off.zip", "damaged", edited(zipped(), lambda d: d[: len(d) // 2])),
    Archive("cut_off.tar.gz", "damaged", edited(tarred(), lambda d: d[: len(d) // 2])),
    Archive("empty.zip", "no notebook", edited(zipped(), lambda d: b"PK\x05\x06" + bytes(18))),
    Archive("greedy.tar.xz", "", greedy_xz),
)
