"""`unpack` writes what is harmless and refuses the rest in one line, with nothing outside its folder."""

from __future__ import annotations

import contextlib
import io
import shutil
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from grader.errors import SubmissionError, WorkerError
from grader.submission.files.archive import is_archive, unpack

Pack = Callable[[Path, Sequence[tuple[str, bytes]]], Path]


def pack_zip(path: Path, files: Sequence[tuple[str, bytes]]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(name), content, compress_type=zipfile.ZIP_DEFLATED)
    return path


def pack_tar(path: Path, files: Sequence[tuple[str, bytes]]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


both = pytest.mark.parametrize("pack", [pack_zip, pack_tar], ids=["zip", "tar"])


def written(folder: Path) -> Mapping[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def refusal(path: Path, target: Path, **limits: int) -> str:
    before = set(target.parent.rglob("*"))
    with pytest.raises(SubmissionError) as caught:
        unpack(path, target, **limits)
    outside = {p for p in set(target.parent.rglob("*")) - before if not p.is_relative_to(target)}
    assert not outside
    assert "\n" not in str(caught.value)
    return str(caught.value)


# ---------------------------------------------------------------- what is written


@both
def test_files_are_written_below_the_target(tmp_path: Path, pack: Pack) -> None:
    path = pack(tmp_path / "a", [("hw/x.py", b"x = 1"), ("hw/data/t.txt", b""), ("./top.ipynb", b"{}")])
    unpack(path, tmp_path / "out")
    assert written(tmp_path / "out") == {"hw/x.py": b"x = 1", "hw/data/t.txt": b"", "top.ipynb": b"{}"}


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_every_kind_of_tar_is_read(tmp_path: Path, mode: str) -> None:
    (tmp_path / "x.py").write_text("x = 1")
    with tarfile.open(tmp_path / "a", mode) as archive:
        archive.add(tmp_path / "x.py", "hw/x.py")
        archive.add(tmp_path / "x.py", "hw/y.py")
    assert is_archive(tmp_path / "a")
    unpack(tmp_path / "a", tmp_path / "out")
    assert set(written(tmp_path / "out")) == {"hw/x.py", "hw/y.py"}


@both
def test_caches_environments_and_system_files_are_left_out(tmp_path: Path, pack: Pack) -> None:
    junk = [
        "__MACOSX/hw/._x.py", "hw/.DS_Store", "hw/._x.py", "hw/.git/config", "hw/__pycache__/x.pyc",
        "hw/.ipynb_checkpoints/x.ipynb", "hw/myenv/pyvenv.cfg", "hw/myenv/lib/numpy.py", "venv/lib/y.py",
    ]  # fmt: skip
    path = pack(tmp_path / "a", [(name, b"junk") for name in junk] + [("hw/x.py", b"")])
    unpack(path, tmp_path / "out")
    assert set(written(tmp_path / "out")) == {"hw/x.py"}


def test_backslashes_of_old_windows_packers_are_folders(tmp_path: Path) -> None:
    path = pack_zip(tmp_path / "a.zip", [("hw\\", b""), ("hw\\layers\\x.py", b"x")])
    unpack(path, tmp_path / "out")
    assert written(tmp_path / "out") == {"hw/layers/x.py": b"x"}


def test_a_link_inside_a_virtual_environment_is_no_reason_to_refuse(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        link = tarfile.TarInfo(".venv/bin/python")
        link.type, link.linkname = tarfile.SYMTYPE, "/usr/bin/python"
        archive.addfile(link)
        archive.addfile(tarfile.TarInfo("x.py"))
    unpack(tmp_path / "a.tar", tmp_path / "out")
    assert set(written(tmp_path / "out")) == {"x.py"}


def test_a_name_that_is_no_unicode_is_written_without_its_odd_bytes(tmp_path: Path) -> None:
    path = pack_tar(tmp_path / "a.tar.gz", [("L\udcf6sung.py", b"x")])
    unpack(path, tmp_path / "out")
    assert set(written(tmp_path / "out")) == {"L_sung.py"}


# ---------------------------------------------------------------- names


@both
@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("../x.py", "leads out"),
        ("hw/../../x.py", "leads out"),
        ("..\\x.py", "leads out"),
        ("__MACOSX/../../x.py", "leads out"),
        ("/etc/x.py", "absolute"),
        ("C:\\x.py", "absolute"),
        ("hw/a\nb.py", "control characters"),
        ("hw/\x1b[31m.py", "control characters"),
        ("x" * 300, "too long"),
        ("/".join(["folder"] * 200), "too long"),
    ],
)
def test_an_unsafe_name_is_refused(tmp_path: Path, pack: Pack, name: str, wanted: str) -> None:
    path = pack(tmp_path / "a", [("ok.py", b"x"), (name, b"x")])
    assert wanted in refusal(path, tmp_path / "out")
    assert not written(tmp_path / "out")


def test_a_name_cut_at_a_nul_is_refused(tmp_path: Path) -> None:
    path = pack_zip(tmp_path / "a.zip", [("x.pyQend", b"x")])
    path.write_bytes(path.read_bytes().replace(b"x.pyQend", b"x.py\0end"))
    assert "control characters" in refusal(path, tmp_path / "out")


@both
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_is_there_twice_is_refused(tmp_path: Path, pack: Pack) -> None:
    path = pack(tmp_path / "a", [("hw/x.py", b"1"), ("hw/./x.py", b"2")])
    assert "holds hw/x.py twice" in refusal(path, tmp_path / "out")


@both
def test_a_file_that_is_a_folder_as_well_is_refused(tmp_path: Path, pack: Pack) -> None:
    path = pack(tmp_path / "a", [("hw", b"1"), ("hw/x.py", b"2")])
    assert "hw both as a file and as a folder" in refusal(path, tmp_path / "out")


# ---------------------------------------------------------------- links, devices, passwords


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_in_a_tar_are_refused(tmp_path: Path, kind: bytes) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        archive.addfile(tarfile.TarInfo("x.py"))
        member = tarfile.TarInfo("odd")
        member.type, member.linkname = kind, "/etc/passwd"
        archive.addfile(member)
    assert "link or a device, odd" in refusal(tmp_path / "a.tar", tmp_path / "out")
    assert not written(tmp_path / "out")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_in_a_zip_are_refused(tmp_path: Path, kind: int) -> None:
    info = zipfile.ZipInfo("odd")
    info.create_system, info.external_attr = 3, (kind | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    assert "link or a device, odd" in refusal(tmp_path / "a.zip", tmp_path / "out")


def test_an_encrypted_zip_is_named(tmp_path: Path) -> None:
    path = pack_zip(tmp_path / "a.zip", [("x.py", b"x")])
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        data[data.index(signature) + offset] |= 1
    path.write_bytes(data)
    assert "encrypted" in refusal(path, tmp_path / "out")


@pytest.mark.parametrize(("magic", "kind"), [(b"Rar!\x1a\x07", "RAR"), (b"7z\xbc\xaf\x27\x1c", "7z")])
def test_other_archives_are_told_what_to_be(tmp_path: Path, magic: bytes, kind: str) -> None:
    (tmp_path / "a").write_bytes(magic + bytes(100))
    assert kind in refusal(tmp_path / "a", tmp_path / "out")
    assert is_archive(tmp_path / "a")


# ---------------------------------------------------------------- damage


@both
def test_an_archive_that_was_cut_off_is_damaged(tmp_path: Path, pack: Pack) -> None:
    path = pack(tmp_path / "a", [("x.py", bytes(range(256)) * 100)])
    path.write_bytes(path.read_bytes()[:-40])
    assert "damaged or was cut off" in refusal(path, tmp_path / "out")


@both
def test_no_flipped_byte_raises_anything_but_a_submission_error(tmp_path: Path, pack: Pack) -> None:
    path = pack(tmp_path / "a", [("hw/x.py", b"x = 1\n")])
    data = path.read_bytes()
    for at in range(len(data)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :])
        target = tmp_path / "out"
        with contextlib.suppress(SubmissionError):
            unpack(path, target)
        assert {p for p in tmp_path.rglob("*") if p.is_file() and not p.is_relative_to(target)} == {path}
        shutil.rmtree(target)


def test_unknown_compression_is_damage(tmp_path: Path) -> None:
    path = pack_zip(tmp_path / "a.zip", [("x.py", b"x")])
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x01\x02", 10), (b"PK\x03\x04", 8)):
        data[data.index(signature) + offset] = 97
    path.write_bytes(data)
    assert "not read here" in refusal(path, tmp_path / "out")


# ---------------------------------------------------------------- limits


@both
def test_too_many_files_are_refused_before_one_is_written(tmp_path: Path, pack: Pack) -> None:
    path = pack(tmp_path / "a", [(f"{n}.py", b"") for n in range(11)])
    assert "11 files, and 10 are allowed" in refusal(path, tmp_path / "out", max_files=10)
    assert not written(tmp_path / "out")


@both
def test_junk_does_not_count_as_files(tmp_path: Path, pack: Pack) -> None:
    path = pack(tmp_path / "a", [(f".git/{n}", b"") for n in range(30)] + [("x.py", b"")])
    unpack(path, tmp_path / "out", max_files=10)
    assert set(written(tmp_path / "out")) == {"x.py"}


def hundred_thousand_zip(path: Path) -> Path:
    """A directory of 100,000 entries that all lead to one file, written by hand: zipfile would take seconds."""
    local = b"PK\x03\x04" + struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 0, 0, 0, 0, 1, 0) + b"x"
    entries = b"".join(
        b"PK\x01\x02" + struct.pack("<HHHHHHIIIHHHHHII", 20, 20, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0) + b"%08d" % n
        for n in range(100_000)
    )
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 5, 5, len(entries), len(local), 0)
    path.write_bytes(local + entries + end)
    return path


def test_a_hundred_thousand_entries_are_refused_without_reading_the_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = hundred_thousand_zip(tmp_path / "a.zip")
    small = {"max_files": 500}  # at the default, 100,000 short names still fit what a directory of 2000 may take
    with monkeypatch.context() as patch:
        patch.setattr(zipfile, "ZipFile", lambda _: pytest.fail("the directory was read"))
        assert "far too many files" in refusal(path, tmp_path / "out", **small)
    assert "over 20000 files" in refusal(path, tmp_path / "other")


def zip64(path: Path, entries: int, more: int = 0) -> Path:
    """As a program writes it that does not know beforehand how much is to come."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.py", "x = 1")
    data = path.read_bytes()
    size, start = struct.unpack_from("<II", data, len(data) - 10)
    record = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, entries, entries, size + more, start)
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, len(data) - 22, 1)
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    path.write_bytes(data[:-22] + record + locator + end)
    return path


def test_a_zip64_record_counts_as_the_one_that_it_stands_for(tmp_path: Path) -> None:
    unpack(zip64(tmp_path / "a.zip", entries=1), tmp_path / "out")
    assert written(tmp_path / "out") == {"x.py": b"x = 1"}
    assert "over 20000 files" in refusal(zip64(tmp_path / "b.zip", entries=1 << 40), tmp_path / "b")
    assert "far too many files" in refusal(zip64(tmp_path / "c.zip", entries=1, more=1 << 40), tmp_path / "c")


def test_a_tar_of_endless_entries_is_left_at_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = pack_tar(tmp_path / "a.tar.gz", [(f"{n}", b"") for n in range(500)])
    seen = set()
    isdir = tarfile.TarInfo.isdir
    monkeypatch.setattr(tarfile.TarInfo, "isdir", lambda self: seen.add(self.name) or isdir(self))
    assert "over 20 files" in refusal(path, tmp_path / "out", max_files=2)
    assert len(seen) < 25


@both
def test_sizes_are_counted_as_they_are_written(tmp_path: Path, pack: Pack) -> None:
    path = pack(tmp_path / "a", [("a.bin", bytes(600_000)), ("b.bin", bytes(600_000))])
    assert "holds more than 1 MB" in refusal(path, tmp_path / "out", max_bytes=1_000_000, max_ratio=10_000)
    assert sum(map(len, written(tmp_path / "out").values())) <= 1_000_000


def test_a_zip_that_lies_about_its_sizes_cannot_write_more_than_the_limit(tmp_path: Path) -> None:
    path = pack_zip(tmp_path / "a.zip", [("a.bin", bytes(3_000_000))])
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        struct.pack_into("<I", data, data.index(signature) + offset, 10)
    path.write_bytes(data)
    refusal(path, tmp_path / "out", max_bytes=1_000_000)
    assert sum(map(len, written(tmp_path / "out").values())) <= 1_000_000


@both
def test_a_bomb_is_refused_by_its_ratio(tmp_path: Path, pack: Pack) -> None:
    path = pack(tmp_path / "a", [("a.bin", bytes(16 << 20))])
    assert "over 200 times its size" in refusal(path, tmp_path / "out")


@both
def test_a_small_repetitive_notebook_is_no_bomb(tmp_path: Path, pack: Pack) -> None:
    path = pack(tmp_path / "a", [("hw.ipynb", b"epoch\n" * 500_000)])
    assert path.stat().st_size * 200 < 3_000_000
    unpack(path, tmp_path / "out")
    assert set(written(tmp_path / "out")) == {"hw.ipynb"}


def test_a_target_with_files_in_it_is_the_callers_fault(tmp_path: Path) -> None:
    path = pack_zip(tmp_path / "a.zip", [("x.py", b"x")])
    with pytest.raises(WorkerError, match="is not empty"):
        unpack(path, tmp_path)


def test_a_full_disk_is_not_the_students_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = pack_zip(tmp_path / "a.zip", [("x.py", b"x")])
    original = Path.open

    def full(self: Path, mode: str = "r", *rest: object) -> object:
        if mode == "xb":
            raise OSError(28, "No space left on device")
        return original(self, mode)

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(WorkerError, match="No space left"):
        unpack(path, tmp_path / "out")
