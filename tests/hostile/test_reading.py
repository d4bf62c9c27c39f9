"""Reading a hand-in is the trusted side's own work, with limits of its own: memory and seconds, whatever comes."""

from __future__ import annotations

import io
import json
import lzma
import random
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.submission.building import notebook_json, text

ROOT = Path(__file__).parents[2]
MEMORY_MB = 500
SECONDS = 10

# All that is read before a worker runs, and beside it; what it took is the last line.
READ = """
import re, sys, time
from pathlib import Path
started = time.process_time()
from grader.assignment.loading.course import find_course
from grader.engine import _answers, _notebook_notes, _stub_notebook
from grader.errors import SubmissionError
from grader.submission.files.gather import gather
from grader.submission.files.identify import identify
from grader.submission.files.open import open_submission
from grader.submission.review.experiments import with_handout_arguments
from grader.submission.review.stubs import unfilled_by_check, with_written_places
from grader.submission.source.anchors import find_anchors
from grader.submission.source.excerpts import excerpts
course = find_course(Path(sys.argv[1]), Path(sys.argv[1]))
path, work = Path(sys.argv[2]), Path(sys.argv[3])
outcome, handed = "read", None
try:
    try:
        handed = gather(path, work / 'unpacked')
        id = identify(handed, course.ids(), course.load)
    except SubmissionError as error:
        if handed is None:
            raise
        print("identify:", error)
        id = "c147_hw3"
    found = course.load(id)
    submission = with_written_places(found, open_submission(path, found, work, handed))
    submission = with_handout_arguments(found, submission)
    find_anchors(found, submission)
    unfilled_by_check(found, submission)
    excerpts(found, submission)
    stub = _stub_notebook(found)
    _notebook_notes(found, submission, stub)
    class session: cells = ()
    _answers(found, submission, stub, session, digests=False)
except SubmissionError as error:
    assert "\\n" not in str(error)
    outcome = str(error)
peak = re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1]
print(f"{int(peak) >> 10}|{time.process_time() - started:.2f}|{outcome}")
"""

SIZE = 2_800_000  # bytes of source


def repeated(piece: str) -> str:
    return piece * (SIZE // len(piece))


SOURCES: dict[str, Callable[[], str]] = {
    "opening brackets": lambda: repeated("["),
    "nested lists": lambda: repeated("[" * 90 + "]" * 90 + "\n"),
    "a sum": lambda: repeated("1+") + "1",
    "minus signs": lambda: repeated("-") + "1",
    "statements": lambda: repeated("a\n"),
    "assignments": lambda: repeated("a=b\n"),
    "assignments on a line": lambda: repeated("a=b;"),
    "attributes": lambda: "a" + repeated(".a"),
    "a long elif": lambda: "if a:b\n" + repeated("elif a:b\n"),
    "an f-string": lambda: "f'" + repeated("{a}") + "'",
    "an integer": lambda: repeated("9"),
    "a hexadecimal integer": lambda: "0x" + repeated("f"),
    "a comment": lambda: "#" + repeated("a b "),
    "null bytes": lambda: repeated("\0"),
    "lambdas": lambda: repeated("lambda:") + "1",
    "print statements": lambda: repeated("print 1\n"),
    "absent packages": lambda: "".join(f"from p{n} import f{n}\n" for n in range(60_000)),
    "as many tokens as are read": lambda: "f'" + "{a}" * 60_000 + "'\n" + "a\n" * 9_000,
    "as many names as are read": lambda: "".join(f"def f{n}(): f{n + 1}()\n" for n in range(18_000)),
    "deep blocks": lambda: (
        "".join(" " * n + "with a as b:\n" for n in range(95)) + (" " * 95 + "#\n") * 20_000 + " " * 95 + "b"
    ),
    "magics": lambda: repeated("%a\n"),
    "question marks": lambda: repeated("? "),
    "blanks": lambda: repeated(" "),
    "quotes": lambda: repeated("'\\"),
    "one text": lambda: "a = '" + repeated("x") + "'",
    "a text of escapes": lambda: "a = '" + repeated("\\N{BULLET}") + "'",
    "a line of 5 MB": lambda: "a = [" + "1, " * 1_700_000 + "]",
    "50,000 functions": lambda: "".join(f"def f{n}():\n    return {n}\n" for n in range(50_000)),
    "as long a text as is read": lambda: "a = '" + "x" * 2_000_000 + "'",
    "as many escapes as are read": lambda: "a = '" + "\\N{BULLET}" * 199_000 + "'",
    "as long a comment as is read": lambda: "#" + "a " * 1_000_000,
    "as many blanks as are read": lambda: " " * 2_000_000 + "#",
    "as many continued lines as are read": lambda: "a = 1" + "\\\n+1" * 95_000,
    "as many functions as are read": lambda: "".join(f"def f{n}(): {n}\n" for n in range(24_000)),
    "nested calls": lambda: repeated("f("),
    "comparisons": lambda: "a" + repeated("<a"),
    "decorators": lambda: repeated("@a\n") + "def f(): pass",
    "blocks that go deeper and deeper": lambda: "".join(" " * n + "if a:\n" for n in range(2_300)),
    "continued lines": lambda: "a = 1" + repeated("\\\n+1"),
}


def as_notebook(source: str) -> bytes:
    return notebook_json(source, "x = 1")


def third_format(cells: bytes) -> bytes:
    head = b'{"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": [{"cells": ['
    return head + cells.rstrip(b",") + b"]}]}"


def raw_notebook(inside: str) -> bytes:
    return b'{"nbformat": 4, "metadata": {}, "cells": [' + inside.encode() + b"]}"


MB = 1 << 20
SPREAD = random.Random(1).randbytes(1 << 16) * 160
"""10 MB that pack well, and not too well."""
CELL = '{"cell_type": "code", "source": "a = 1", "outputs": []}'
OUTPUT = '{"output_type": "stream", "name": "stdout", "text": ["a"]}'
OLD_CELL = b'{"cell_type": "code", "language": "python", "metadata": {}, "input": ["a = 1"], "outputs": []},'
NOTEBOOKS: dict[str, Callable[[], bytes]] = {
    "100,000 cells": lambda: raw_notebook(",".join([CELL] * 100_000)),
    "5,000 cells of text": lambda: notebook_json("a = 1", *[text("**a** _b_ [c](d) " * 60)] * 4900),
    "100 MB of lists": lambda: raw_notebook("[]," * (33 * MB) + "[]"),
    "100 MB of objects": lambda: raw_notebook("{}," * (33 * MB) + "{}"),
    "100 MB of brackets": lambda: raw_notebook("[" * (99 * MB)),
    "100 MB of numbers": lambda: raw_notebook("1.5," * (24 * MB) + "1"),
    "100 MB of quotes": lambda: raw_notebook('"",' * (33 * MB) + '""'),
    "99 MB in a text beside a picture": lambda: raw_notebook(
        CELL.replace("[]", json.dumps([{"data": {"text/plain": "a" * (99 * MB)}}])) + ',"\U0001f600"'
    ),
    "a picture of 90 MB": lambda: raw_notebook(
        CELL.replace("[]", json.dumps([{"data": {"image/png": "a" * (90 * MB)}}]))
    ),
    "24 MB beside a wide character": lambda: notebook_json(
        "a = 1", "b = '\U0001f600'", text("\U0001f600 " + "a " * (2 * MB)),
        {"cell_type": "code", "source": "c = 1", "outputs": [{"text": "\U0001f600" + "a" * (18 * MB)}]}),
    "24 MB of small values": lambda: raw_notebook(
        CELL.replace("[]", "[" + "[[[[[[[[[[[[]]]]]]]]]]]]," * 160_000 + "1]")
    ),
    "5,000 cells of text with pictures": lambda: notebook_json(
        "a = 1", *[{**text("![a](attachment:a.png)"), "attachments": {"a.png": {"image/png": "iVBO" * 1000}}}] * 5000
    ),
    "100,000 outputs": lambda: raw_notebook(CELL.replace("[]", "[" + ",".join([OUTPUT] * 100_000) + "]")),
    "a million lines": lambda: raw_notebook(CELL.replace('"a = 1"', "[" + '"\\n",' * 1_000_000 + '"a"]')),
    "cells of the third format": lambda: third_format(OLD_CELL * 30_000),
    "as many cells of the third format as are read": lambda: third_format(OLD_CELL * 2_400),
    "worksheets of the third format": lambda: third_format((OLD_CELL[:-1] + b"]}, {\"cells\": [") * 100_000 + OLD_CELL),
    "small values of the third format": lambda: third_format(
        OLD_CELL.replace(b"[]", b"[" + b"[[[[[[{}]]]]]]," * 160_000 + b"1]")
    ),
    "outputs of the third format": lambda: third_format(
        OLD_CELL.replace(b"[]", b"[" + b",".join([OUTPUT.encode()] * 4_900) + b"]")
    ),
    "pages without an end": lambda: raw_notebook('"text/html": "' + "\\\\" * (12 * MB)),
}  # fmt: skip


SPARSE = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": str(1 << 40)}
"""A file of a terabyte, none of which is there."""


def tar_of(records: list[tuple[tarfile.TarInfo, bytes]], *, form: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", format=form, compresslevel=1) as archive:
        for info, data in records:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def info(name: str, *, type: bytes = tarfile.REGTYPE, **headers: str) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.pax_headers = type, headers
    return made


def zip_of(names: list[str], data: bytes = b"x", method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name in names:
            archive.writestr(name, data)
    return out.getvalue()


def xz_with_a_large_dictionary() -> bytes:
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 29, "preset": 0, "mode": lzma.MODE_FAST, "mf": lzma.MF_HC3}]
    return lzma.compress(tar_of([(info("a.py"), b"a")]), lzma.FORMAT_XZ, filters=filters)


ARCHIVES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "long names": (".tar.gz", lambda: tar_of([(info(f"{n}/" + "a" * 60_000), b"") for n in range(2000)])),
    "one long header": (".tar.gz", lambda: tar_of([(info("a.py", comment="a" * (300 * MB)), b"")])),
    "many long headers": (
        ".tar.gz",
        lambda: tar_of([(info(f"a{n}.py", comment="a" * 200_000), b"") for n in range(1900)])),
    "many records": (".tar.gz", lambda: tar_of([(info(f"d{n}", type=tarfile.DIRTYPE), b"") for n in range(60_000)])),
    "many records in a zip": (".zip", lambda: zip_of([f"d{n}/" for n in range(60_000)], b"")),
    "100,000 records in a zip": (".zip", lambda: zip_of([f"f{n}.py" for n in range(100_000)])),
    "deep folders in a zip": (".zip", lambda: zip_of(["a/" * 30_000 + f"{n}.py" for n in range(100)])),
    "sparse files": (
        ".tar.gz", lambda: tar_of([(info(f"{n}.csv", **SPARSE), b"1\n0\n1\n" + bytes(1017)) for n in range(1000)])),
    "long names in a zip": (".zip", lambda: zip_of([f"{n}" + "a" * 60_000 for n in range(2000)])),
    "random bytes in a bz2": (".tar.bz2", lambda: _bz2(6, random.Random(1).randbytes(10 * MB))),
    "LZMA in a zip": (".zip", lambda: zip_of(["a.py"], b"a" * MB, zipfile.ZIP_LZMA)),
    "a large dictionary": (".tar.xz", xz_with_a_large_dictionary),
    "480 MB in a zip": (".zip", lambda: zip_of([f"a{n}.csv" for n in range(48)], SPREAD)),
    "480 MB in a tar.bz2": (".tar.bz2", lambda: _bz2(48)),
    "as many modules as are read": (".zip", lambda: zip_of([f"m{n}.py" for n in range(60)], b"a=b\n" * 2_000)),
    "modules that import each other": (".zip", lambda: _star_imports()),
    "modules of a hundred MB": (".zip", lambda: zip_of([f"m{n}.py" for n in range(60)], b"a=b\n" * 450_000)),
}  # fmt: skip


def _bz2(count: int, data: bytes = SPREAD) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:bz2", compresslevel=1) as archive:
        for n in range(count):
            one = info(f"a{n}.csv")
            one.size = len(data)
            archive.addfile(one, io.BytesIO(data))
    return out.getvalue()


def _star_imports() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("nndl/layers.py", "".join(f"def f{n}(): pass\n" for n in range(10_000)))
        for n in range(1000):
            archive.writestr(f"m{n}.py", f"from m{n + 1} import *\nfrom nndl.layers import *\nx{n} = 1\n")
        archive.writestr("FC_nets.ipynb", notebook_json(*[f"from m{n} import *" for n in range(900)]))
    return out.getvalue()


def took(what: str, path: Path, tmp_path: Path) -> str:
    """What reading the hand-in at `path` came to; it stays within the limits."""
    script = [sys.executable, "-c", READ, str(ROOT), str(path), str(tmp_path / "work")]
    done = subprocess.run(script, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    memory, seconds, outcome = done.stdout.splitlines()[-1].split("|", 2)
    print(f"\n| {what} | {memory} MB | {seconds} s | {outcome} |", end="")  # with `-s` a table
    assert int(memory) < MEMORY_MB
    assert float(seconds) < SECONDS
    return outcome


@pytest.mark.slow
@pytest.mark.parametrize("what", SOURCES)
def test_a_notebook_of_dense_source(what: str, tmp_path: Path) -> None:
    path = tmp_path / "FC_nets.ipynb"
    path.write_bytes(as_notebook(SOURCES[what]()))
    assert took(what, path, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("what", SOURCES)
def test_a_module_of_dense_source(what: str, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "nndl").mkdir(parents=True)
    for name in ("layers.py", "fc_net.py"):
        (folder / "nndl" / name).write_text(SOURCES[what](), encoding="utf-8")
    (folder / "FC_nets.ipynb").write_bytes(notebook_json("from nndl.layers import *", "x = 1"))
    assert took(what, folder, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("what", NOTEBOOKS)
def test_a_notebook_that_is_large(what: str, tmp_path: Path) -> None:
    path = tmp_path / "FC_nets.ipynb"
    path.write_bytes(NOTEBOOKS[what]())
    assert took(what, path, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("what", ARCHIVES)
def test_an_archive_that_is_large(what: str, tmp_path: Path) -> None:
    ending, make = ARCHIVES[what]
    path = tmp_path / f"in{ending}"
    path.write_bytes(make())
    assert took(what, path, tmp_path)
