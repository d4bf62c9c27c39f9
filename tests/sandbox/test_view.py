"""What a worker may read holds the interpreter and no course."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from grader.sandbox import view

PROJECT = Path(__file__).parent.parent.parent


def inside(path: Path, allowed: tuple[str, ...]) -> bool:
    return any(str(path).startswith(folder + os.sep) or str(path) == folder for folder in allowed)


def test_the_interpreter_is_in_it_and_the_project_beside_the_package_is_not() -> None:
    allowed = view.readable()
    assert inside(Path(os.__file__), allowed)
    assert inside(PROJECT / "grader" / "worker" / "server.py", allowed)
    assert not inside(PROJECT / "reference", allowed)
    assert not inside(PROJECT / "tests", allowed)
    assert not inside(Path.home(), allowed)


def test_an_environment_in_the_course_does_not_open_the_course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("lib", "bin", "reference"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    allowed = view.readable()
    assert str(tmp_path / "lib") in allowed
    assert not inside(tmp_path / "reference", allowed)


def test_a_secret_inside_an_allowed_folder_is_found(tmp_path: Path) -> None:
    (tmp_path / "lib" / "course").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "lib" / "course")
    allowed = [str(tmp_path / "lib")]
    assert view.exposed([str(tmp_path / "link")], allowed) == [str(tmp_path / "link")]
    assert view.exposed([str(tmp_path / "library")], allowed) == []


def test_packages_of_another_installation_on_the_path_are_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages, sources = tmp_path / "lib" / "site-packages", tmp_path / "course"
    packages.mkdir(parents=True)
    sources.mkdir()
    monkeypatch.setattr(sys, "path", [*sys.path, str(packages), str(sources)])
    assert str(packages) in view.readable()
    assert str(sources) not in view.readable()
