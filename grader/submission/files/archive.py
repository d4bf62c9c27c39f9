"""A student's zip or tar archive unpacked into a folder.

Owns reading archives without trusting them: nothing is written outside the target, no link is ever made, the names
are checked before the first byte is written, and sizes are counted as the bytes really come out, since what an
archive declares is the student's word. The limits themselves are `quota`'s; which files matter is `layout`'s.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import stat
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, Self, cast

from msgspec.structs import replace

from grader.errors import SubmissionError, WorkerError
from grader.submission.names import printable
from grader.submission.quota import ADVICE, MAX_BYTES, MAX_FILES, MAX_RATIO, Quota

_ENTRY_BYTES = 4096  # room for each name in a zip's directory, which is read into memory as a whole
_CHUNK = 1 << 20
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""Not LZMA, whose dictionary is as large as the file says, up to 4 GB; nor bzip2, which is slow."""
_SLOWER = {"bz2": 8, "xz": 4}
"""How much less of it may come out: decoders of 15 and 40 MB/s beside gzip's 200."""
_XZ_MEMORY = 100 << 20  # `xz -9` asks for 65 MB
_HEADER_BYTES = 256 << 10
"""One of tar's extended headers, read into memory as a whole: a path, and what macOS keeps beside a file."""
_HEADERS_BYTES = 20 << 20
"""All of them together."""

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
    "gz": gzip.GzipFile,
    "bz2": bz2.BZ2File,
    "xz": lambda path: _Xz(path),
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

    Caches, virtual environments and what the operating system adds (`names.without_junk`) are left out and do not count
    as files. At most `max_files` are kept, of `max_bytes` in all when written, and of `max_ratio` times the archive's
    own size. Raises SubmissionError if the archive is damaged, encrypted, too large, or holds a name or a kind of entry
    that is refused; what was written before that was found out stays in `target`. Raises WorkerError if `target` is not
    empty or cannot be written.
    """
    target.mkdir(parents=True, exist_ok=True)
    if any(target.iterdir()):
        raise WorkerError(f"{target} is not empty; an archive is unpacked into a folder of its own")
    shown, kind = printable(path.name), _kind(path)
    packed = path.stat().st_size
    quota = Quota(shown=shown, files=max_files, bytes=max_bytes, ratio=max_ratio, packed=packed)
    if kind == "zip":
        _unpack_zip(path, target, quota)
    elif kind == "tar":
        with path.open("rb") as file:
            _unpack_tar(file, target, quota)
    elif kind in _OPENERS:
        quota = replace(quota, bytes=max_bytes // _SLOWER.get(kind, 1))
        with tempfile.TemporaryFile(dir=target) as file:  # it is read twice, and decompressed once
            _decompress(path, kind, file, quota)
            _unpack_tar(file, target, quota)
    else:
        raise SubmissionError(f"{shown} is {kind or 'no archive'}; {ADVICE}")


def _kind(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(512)
    named = next((kind for magic, kind in _MAGIC if head.startswith(magic)), "")
    return named or ("tar" if head[257:262] == b"ustar" else "")


# ---------------------------------------------------------------- zip


def _unpack_zip(path: Path, target: Path, quota: Quota) -> None:
    _check_directory(path, quota)
    with _damage(quota.shown), zipfile.ZipFile(path) as archive:
        quota.check_entries(len(archive.infolist()))
        # orig_filename, since zipfile cuts a name at its first NUL
        infos = [i for i in archive.infolist() if not i.orig_filename.endswith(("/", "\\"))]
        kept = quota.kept(info.orig_filename for info in infos)
        for position in kept:
            info = infos[position]
            if info.compress_type not in _METHODS:
                raise SubmissionError(f"{quota.shown} is packed in a way that is not read here; {ADVICE}")
            if info.flag_bits & 0x1:
                raise SubmissionError(f"{quota.shown} is encrypted; pack it again without a password")
            if stat.S_IFMT(info.external_attr >> 16) not in {0, stat.S_IFREG}:
                raise _special(info.orig_filename, quota)
        _write(((kept[n], archive.open(info)) for n, info in enumerate(infos) if n in kept), target, quota)


def _check_directory(path: Path, quota: Quota) -> None:
    """Refuse a zip by the record at its end, before its directory is read into memory.

    The record (APPNOTE 4.3.16) is 22 bytes and a comment of at most 64 KB: the number of entries and the size of the
    directory are at 10 and 12. What streams a zip writes a zip64 record of 56 bytes and its locator of 20 before it,
    with the same two at 32 and 40.
    """
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - (1 << 16) - 128))
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        raise _damaged(quota.shown)
    count, size = struct.unpack_from("<HI", tail, at + 10)
    if b"PK\x06\x07" in tail[max(0, at - 20) : at]:
        if at < 76 or not tail.startswith(b"PK\x06\x06", at - 76):
            raise _damaged(quota.shown)
        count, size = struct.unpack_from("<QQ", tail, at - 76 + 32)
    quota.check_entries(count)
    if size > quota.files * _ENTRY_BYTES:
        raise quota.too_many("far too many")


# ---------------------------------------------------------------- tar


class _Xz:
    """An xz file as a stream that takes no more memory than it may."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._decoder = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)

    def read(self, size: int) -> bytes:
        data = b""
        while not data and not self._decoder.eof:
            packed = self._file.read(_CHUNK) if self._decoder.needs_input else b""
            if self._decoder.needs_input and not packed:
                raise EOFError
            data = self._decoder.decompress(packed, size)
        return data

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()


def _bounded(quota: Quota) -> type[tarfile.TarInfo]:
    """Tar's records, counted whatever they are, with bounds on those that are read into memory."""
    count = headers = 0

    class Bounded(tarfile.TarInfo):
        def _proc_member(self, archive: tarfile.TarFile) -> Any:
            nonlocal count, headers
            quota.check_entries(count := count + 1)
            headers += self.size if self.type in _IN_MEMORY else 0
            if self.type == tarfile.GNUTYPE_SPARSE:
                raise _special(self.name, quota)
            if self.type in _IN_MEMORY and (self.size > _HEADER_BYTES or headers > _HEADERS_BYTES):
                raise SubmissionError(f"{quota.shown} holds a name that is too long; {ADVICE}")
            return super()._proc_member(archive)  # type: ignore[misc]  # not in typeshed

        def _refuse(self, *args: object) -> None:
            raise _special(self.name, quota)

        _proc_gnusparse_00 = _proc_gnusparse_01 = _proc_gnusparse_10 = _refuse

    return Bounded


_IN_MEMORY = frozenset({
    tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK,
})  # fmt: skip


class _Counted:
    """A file that refuses to give more bytes than the quota allows."""

    def __init__(self, file: IO[bytes], quota: Quota) -> None:
        self._file, self._limits, self._count = file, quota, 0

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        self._count += len(data)
        self._limits.check_bytes(self._count)
        return data


def _decompress(path: Path, kind: str, target: IO[bytes], quota: Quota) -> None:
    with _damage(quota.shown), _OPENERS[kind](path) as file:
        counted = _Counted(file, quota)
        while chunk := counted.read(_CHUNK):
            with _our_disk(path):
                target.write(chunk)


@contextmanager
def _tar(file: IO[bytes], quota: Quota) -> Iterator[tarfile.TarFile]:
    # as a stream: never a seek to an offset that the archive chose, and every byte is counted
    file.seek(0)
    with _damage(quota.shown):
        counted = cast("BinaryIO", _Counted(file, quota))  # a stream needs `read` alone
        with tarfile.open(fileobj=counted, mode="r|", tarinfo=_bounded(quota)) as archive:
            yield archive


def _unpack_tar(file: IO[bytes], target: Path, quota: Quota) -> None:
    names: list[str] = []
    special: list[bool] = []
    with _tar(file, quota) as archive:
        for member in archive:
            archive.members.clear()  # type: ignore[attr-defined]  # each with its headers
            if not member.isdir():
                quota.relative(member.name)  # its length, before thousands are kept
                names.append(member.name)
                special.append(not member.isreg() or member.issparse())
    kept = quota.kept(names)
    for position in kept:
        if special[position]:
            raise _special(names[position], quota)
    with _tar(file, quota) as archive:
        _write(_tar_files(archive, kept), target, quota)


def _tar_files(archive: tarfile.TarFile, kept: dict[int, str]) -> Iterator[tuple[str, IO[bytes]]]:
    for position, member in enumerate(member for member in archive if not member.isdir()):
        if position in kept and (file := archive.extractfile(member)) is not None:
            yield kept[position], file


# ---------------------------------------------------------------- both


def _special(name: str, quota: Quota) -> SubmissionError:
    return SubmissionError(
        f"{quota.shown} holds a link or a device, {printable(name)}; put the file itself in its place"
    )


def _damaged(shown: str) -> SubmissionError:
    return SubmissionError(f"{shown} is damaged or was cut off; pack and upload it again")


@contextmanager
def _damage(shown: str) -> Iterator[None]:
    try:
        yield
    except _DAMAGE as problem:
        raise _damaged(shown) from problem


def _write(files: Iterable[tuple[str, IO[bytes]]], target: Path, quota: Quota) -> None:
    count = 0
    for name, source in files:
        place = target / name
        with source, _our_disk(place):
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("xb") as file, _damage(quota.shown):
                while chunk := source.read(_CHUNK):
                    quota.check_bytes(count := count + len(chunk))
                    with _our_disk(place):
                        file.write(chunk)


@contextmanager
def _our_disk(place: Path) -> Iterator[None]:
    """Keep a full disk from being called the student's damage."""
    try:
        yield
    except OSError as problem:
        raise WorkerError(f"{place} cannot be written: {problem.strerror or problem}") from problem
