"""A student's zip or tar archive unpacked into a folder.

Owns reading archives without trusting them: nothing is written outside the target, no link is ever made, the names
are checked before the first byte is written, and sizes are counted as the bytes really come out, since what an
archive declares is the student's word. The limits themselves are `limits`'; which files matter is `mapping`'s.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from grader.errors import SubmissionError, WorkerError
from grader.submission.names import clean
from grader.submission.quota import ADVICE, MAX_BYTES, MAX_FILES, MAX_RATIO, Limits

_ENTRY_BYTES = 4096  # room for each name in a zip's directory, which is read into memory as a whole
_CHUNK = 1 << 20

_DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,  # how bz2 and gzip say it
    ValueError,
    RuntimeError,  # zipfile: odd flags; its NotImplementedError for a compression that it does not know
    OverflowError,
    LookupError,
)

# Any: the three classes are binary files in all but their declared types
_OPENERS: dict[str, Callable[[Path], Any]] = {
    "tar": lambda path: path.open("rb"),
    "gz": gzip.GzipFile,
    "bz2": bz2.BZ2File,
    "xz": lzma.LZMAFile,
}
_MAGIC = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x1f\x8b", "gz"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
)


def is_archive(path: Path) -> bool:
    """Whether the file's first bytes are those of an archive, also of a kind that `unpack` refuses by name."""
    return _kind(path) != ""


def unpack(
    path: Path, target: Path, *, max_files: int = MAX_FILES, max_bytes: int = MAX_BYTES, max_ratio: float = MAX_RATIO
) -> None:
    """Write the files of a zip, tar, tar.gz, tar.bz2 or tar.xz below `target`, an empty or new folder.

    Caches, virtual environments and what the operating system adds (`names.without_junk`) are left out and do not
    count as files.

    Parameters
    ----------
    max_files
        Number of files kept.
    max_bytes
        Total size of the files written, in bytes.
    max_ratio
        Unpacked size over the archive's.

    Raises
    ------
    SubmissionError
        The archive is damaged, encrypted, too large, or holds a name or a kind of entry that is refused. What was
        written before that was found out stays in `target`.
    WorkerError
        `target` is not empty or cannot be written.
    """
    target.mkdir(parents=True, exist_ok=True)
    if any(target.iterdir()):
        raise WorkerError(f"{target} is not empty; an archive is unpacked into a folder of its own")
    shown, kind = clean(path.name), _kind(path)
    packed = path.stat().st_size
    limits = Limits(shown=shown, files=max_files, bytes=max_bytes, ratio=max_ratio, packed=packed)
    if kind == "zip":
        _unpack_zip(path, target, limits)
    elif kind in _OPENERS:
        _unpack_tar(path, kind, target, limits)
    else:
        raise SubmissionError(f"{shown} is {kind or 'no archive'}; {ADVICE}")


def _kind(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(512)
    named = next((kind for magic, kind in _MAGIC if head.startswith(magic)), "")
    return named or ("tar" if head[257:262] == b"ustar" else "")


# ---------------------------------------------------------------- zip


def _unpack_zip(path: Path, target: Path, limits: Limits) -> None:
    _check_directory(path, limits)
    with _damage(limits.shown), zipfile.ZipFile(path) as archive:
        limits.check_entries(len(archive.infolist()))
        # orig_filename, since zipfile cuts a name at its first NUL
        infos = [i for i in archive.infolist() if not i.orig_filename.endswith(("/", "\\"))]
        kept = limits.kept(info.orig_filename for info in infos)
        for position in kept:
            info = infos[position]
            if info.flag_bits & 0x1:
                raise SubmissionError(f"{limits.shown} is encrypted; pack it again without a password")
            if stat.S_IFMT(info.external_attr >> 16) not in {0, stat.S_IFREG}:
                raise _special(info.orig_filename, limits)
        _write(((kept[n], archive.open(info)) for n, info in enumerate(infos) if n in kept), target, limits)


def _check_directory(path: Path, limits: Limits) -> None:
    """Refuse a zip by the record at its end, before its directory is read into memory.

    The record (APPNOTE 4.3.16) is 22 bytes and a comment of at most 64 KB: the number of entries and the size of the
    directory are at 10 and 12. A zip64 locator before it is written for over 65,535 entries or 4 GB.
    """
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - (1 << 16) - 64))
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        raise _damaged(limits.shown)
    count, size = struct.unpack_from("<HI", tail, at + 10)
    limits.check_entries(count)
    if b"PK\x06\x07" in tail[max(0, at - 20) : at] or size > limits.files * _ENTRY_BYTES:
        raise limits.too_many("far too many")


# ---------------------------------------------------------------- tar


class _Counted:
    """A file that refuses to give more bytes than the limits allow."""

    def __init__(self, file: IO[bytes], limits: Limits) -> None:
        self._file, self._limits, self._count = file, limits, 0

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        self._count += len(data)
        self._limits.check_bytes(self._count)
        return data


@contextmanager
def _tar(path: Path, kind: str, limits: Limits) -> Iterator[tarfile.TarFile]:
    # as a stream: never a seek to an offset that the archive chose, and every byte is counted
    with _damage(limits.shown), _OPENERS[kind](path) as file:
        counted = cast("BinaryIO", _Counted(file, limits))  # a stream needs `read` alone
        with tarfile.open(fileobj=counted, mode="r|") as archive:
            yield archive


def _unpack_tar(path: Path, kind: str, target: Path, limits: Limits) -> None:
    names: list[str] = []
    special: list[bool] = []
    with _tar(path, kind, limits) as archive:
        for count, member in enumerate(archive, 1):
            limits.check_entries(count)
            if not member.isdir():
                names.append(member.name)
                special.append(not member.isreg() or member.issparse())
    kept = limits.kept(names)
    for position in kept:
        if special[position]:
            raise _special(names[position], limits)
    with _tar(path, kind, limits) as archive:
        _write(_tar_files(archive, kept), target, limits)


def _tar_files(archive: tarfile.TarFile, kept: dict[int, str]) -> Iterator[tuple[str, IO[bytes]]]:
    for position, member in enumerate(member for member in archive if not member.isdir()):
        if position in kept and (file := archive.extractfile(member)) is not None:
            yield kept[position], file


# ---------------------------------------------------------------- both


def _special(name: str, limits: Limits) -> SubmissionError:
    return SubmissionError(f"{limits.shown} holds a link or a device, {clean(name)}; put the file itself in its place")


def _damaged(shown: str) -> SubmissionError:
    return SubmissionError(f"{shown} is damaged or was cut off; pack and upload it again")


@contextmanager
def _damage(shown: str) -> Iterator[None]:
    try:
        yield
    except _DAMAGE as problem:
        raise _damaged(shown) from problem


def _write(files: Iterable[tuple[str, IO[bytes]]], target: Path, limits: Limits) -> None:
    count = 0
    for name, source in files:
        place = target / name
        with source, _our_disk(place):
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("xb") as file, _damage(limits.shown):
                while chunk := source.read(_CHUNK):
                    limits.check_bytes(count := count + len(chunk))
                    with _our_disk(place):
                        file.write(chunk)


@contextmanager
def _our_disk(place: Path) -> Iterator[None]:
    """Keep a full disk from being called the student's damage."""
    try:
        yield
    except OSError as problem:
        raise WorkerError(f"{place} cannot be written: {problem.strerror or problem}") from problem
