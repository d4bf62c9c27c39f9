"""Hand-ins that cannot be graded: one clear line that says what to do, the right exit code, nothing lost."""

from __future__ import annotations

import io
import json
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grader.cli import main

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "examples" / "tum_ex09" / "correct.ipynb"


def notebook(**changes: Any) -> dict[str, Any]:
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [], **changes}


def code(source: str) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None}


def zipped(path: Path, fill: Callable[[zipfile.ZipFile], None]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        fill(archive)
    return path


def write(path: Path, data: bytes | str | dict[str, Any]) -> Path:
    if isinstance(data, dict):
        data = json.dumps(data)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def pdf(folder: Path) -> Path:
    return write(folder / "hw.ipynb", b"%PDF-1.7\n...")


def not_json(folder: Path) -> Path:
    return write(folder / "hw.ipynb", "print('hello')\n")


def no_notebook(folder: Path) -> Path:
    return write(folder / "hw.ipynb", '{"a": [1, 2]}')


def empty(folder: Path) -> Path:
    return write(folder / "hw.ipynb", notebook())


def no_bytes(folder: Path) -> Path:
    return write(folder / "hw.ipynb", b"")


def other_kernel(folder: Path) -> Path:
    spec = {"kernelspec": {"name": "ir", "language": "R", "display_name": "R"}}
    return write(folder / "hw.ipynb", notebook(metadata=spec, cells=[code("x <- 1")]))


def python_2(folder: Path) -> Path:
    spec = {"kernelspec": {"name": "python2", "language": "python", "display_name": "Python 2"}}
    return write(folder / "hw.ipynb", notebook(metadata=spec, cells=[code("print 'hello'")]))


def of_no_assignment(folder: Path) -> Path:
    return write(folder / "hw.ipynb", notebook(cells=[code("cake = 'recipe'")]))


def zip_upwards(folder: Path) -> Path:
    return zipped(folder / "hw.zip", lambda z: z.writestr("../../evil.ipynb", EXAMPLE.read_text()))


def zip_symlink(folder: Path) -> Path:
    def fill(archive: zipfile.ZipFile) -> None:
        link = zipfile.ZipInfo("hw.ipynb")
        link.external_attr = (0o120777 << 16) | 0
        archive.writestr(link, "/etc/passwd")

    return zipped(folder / "hw.zip", fill)


def zip_of_100_000(folder: Path) -> Path:
    return zipped(folder / "hw.zip", lambda z: [z.writestr(f"{i}.txt", "") for i in range(100_000)] and None)


def zip_bomb(folder: Path) -> Path:
    return zipped(folder / "hw.zip", lambda z: z.writestr("big.ipynb", b" " * (40 << 20)))


def zip_damaged(folder: Path) -> Path:
    path = zipped(folder / "hw.zip", lambda z: z.writestr("hw.ipynb", EXAMPLE.read_text()))
    return write(path, path.read_bytes()[:300])


def tar_device(folder: Path) -> Path:
    path = folder / "hw.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        device = tarfile.TarInfo("zero.ipynb")
        device.type = tarfile.CHRTYPE
        archive.addfile(device, io.BytesIO())
    return path


def empty_folder(folder: Path) -> Path:
    (folder / "hw").mkdir()
    return folder / "hw"


def fifo(folder: Path) -> Path:
    os.mkfifo(folder / "hw.ipynb")
    return folder / "hw.ipynb"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (pdf, "PDF"),
        (not_json, "not"),
        (no_notebook, "notebook"),
        (empty, "cell"),
        (no_bytes, "empty"),
        (other_kernel, "R"),
        (python_2, "Python 2"),
        (of_no_assignment, "--assignment"),
        (zip_upwards, ".."),
        (zip_symlink, "link"),
        pytest.param(zip_of_100_000, "files", marks=pytest.mark.slow),
        (zip_bomb, "hw.zip"),
        (zip_damaged, "hw.zip"),
        (tar_device, "zero.ipynb"),
        (empty_folder, "hw"),
        (fifo, "hw.ipynb: neither a file nor a folder"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_one_line_says_why_and_the_exit_code_is_3(
    make: Callable[[Path], Path], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {p.name for p in tmp_path.parent.iterdir()}
    path = make(tmp_path)
    target = tmp_path / "report.json"
    assert main([str(path), "--course", str(ROOT), "--json", str(target)]) == 3
    report = json.loads(target.read_text())
    assert report["status"] == "ungradable"
    assert report["score"] == 0
    assert said in report["reason"]
    assert "\n" not in report["reason"]
    assert len(report["reason"]) < 500
    # a path that is wider than the page is broken where it must be
    assert "".join(report["reason"].split()) in "".join(capsys.readouterr().out.split())
    assert {p.name for p in tmp_path.parent.iterdir()} == before


def test_a_missing_file_names_the_nearest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "homework.ipynb", notebook())
    assert main([str(tmp_path / "homwork.ipynb"), "--course", str(ROOT)]) == 2
    said = capsys.readouterr().err
    assert "homework.ipynb" in said
    assert said.count("\n") == 1


@pytest.mark.slow
def test_the_wrong_assignment_earns_nothing_and_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(EXAMPLE), "--course", str(ROOT), "--assignment", "nyu_hw1_p4", "--json", "-"]) in (1, 3)
    report = json.loads(capsys.readouterr().out)
    assert report["score"] == 0


def test_an_unknown_assignment_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(EXAMPLE), "--course", str(ROOT), "--assignment", "tum_ex9"]) == 2
    assert "tum_ex09" in capsys.readouterr().err
