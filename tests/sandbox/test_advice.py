"""What `grade doctor` would have one do: one line, for the system that it is run on, and nothing where all is well."""

from __future__ import annotations

import sys

import pytest

from grader.sandbox import advice as module
from grader.sandbox.doctor import advice

CONFINED = {"landlock", "seccomp", "limits"}
APPARMOR = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns"


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The files that tell one system from another: path -> content; there are no others."""
    files: dict[str, str] = {}
    monkeypatch.setattr(module, "_read", lambda path: files.get(path, ""))
    monkeypatch.setattr(module.os.path, "exists", lambda path: str(path) in files)
    monkeypatch.setattr(module.os.path, "isdir", lambda path: str(path) in files)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    return files


def test_tier_a_needs_no_advice(system: dict[str, str]) -> None:
    assert advice(CONFINED | {"namespaces"}) == ()
    assert advice(CONFINED | {"bubblewrap"}) == ()


def test_ubuntu_is_told_to_install_what_its_release_lacks(
    system: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    system[APPARMOR] = "1"
    (line,) = advice(CONFINED)
    assert "apt install bubblewrap apparmor-profiles" in line
    assert "/usr/share/apparmor/extra-profiles/bwrap-userns-restrict" in line
    system["/etc/apparmor.d/bwrap-userns-restrict"] = ""
    assert advice(CONFINED) == ("Ubuntu: sudo apt install bubblewrap",)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    (line,) = advice(CONFINED)
    assert line.startswith("GitHub Actions: a step")


def test_containers_are_told_what_they_can_have(system: dict[str, str]) -> None:
    system["/.dockerenv"] = ""
    (line,) = advice(CONFINED)
    assert "for B run as root; for A docker run --cap-add SYS_ADMIN" in line
    (line,) = advice(CONFINED | {"spare user"})
    assert "for B" not in line
    assert "20.10.18" in advice({"limits"})[0]
    system["/autograder"] = ""
    assert advice(CONFINED)[0].startswith("Gradescope: ")


@pytest.mark.parametrize("switch", ["kernel.unprivileged_userns_clone", "user.max_user_namespaces"])
def test_a_switch_that_is_off_is_named(system: dict[str, str], switch: str) -> None:
    system["/proc/sys/" + switch.replace(".", "/")] = "0"
    (line,) = advice(CONFINED)
    assert line.startswith(f"sudo sysctl -w {switch}=1")


def test_an_old_kernel_and_an_unknown_obstacle_are_told_apart(system: dict[str, str]) -> None:
    first, second = advice(set())
    assert "5.13" in first
    assert "a container or a service manager" in second


def test_macos_is_told_what_grades_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    (line,) = advice(set())
    assert "your own hand-out can be graded anyway" in line
