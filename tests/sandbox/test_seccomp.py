"""The filter's verdicts, by a small machine that runs it: so also those for a processor that is not here."""

from __future__ import annotations

import struct

import pytest

from grader.sandbox import seccomp

ALLOWED, KILLED = 0x7FFF0000, 0x80000000
ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
READ = {"x86_64": 0, "aarch64": 63}
CLONE = {"x86_64": 56, "aarch64": 220}
SOCKET = {"x86_64": 41, "aarch64": 198}
KILL = {"x86_64": 62, "aarch64": 129}
FCHMOD = {"x86_64": 91, "aarch64": 52}
PRLIMIT = {"x86_64": 302, "aarch64": 261}
IOCTL = {"x86_64": 16, "aarch64": 29}
BOTH = pytest.mark.parametrize("arch", ["x86_64", "aarch64"])


def verdict(program: bytes, arch: int, number: int, *arguments: int) -> int:
    """Run a filter on one call, as the kernel would."""
    data = struct.pack("IIQ6Q", number, arch, 0, *(*arguments, 0, 0, 0, 0, 0, 0)[:6])
    lines = [struct.unpack_from("HBBI", program, at) for at in range(0, len(program), 8)]
    at = held = 0
    while True:
        code, yes, no, value = lines[at]
        at += 1
        if code == 0x20:
            (held,) = struct.unpack_from("I", data, value)
        elif code == 0x06:
            return value
        else:
            holds = {0x15: held == value, 0x35: held >= value, 0x45: bool(held & value)}[code]
            at += yes if holds else no


def told(arch: str, number: int, *arguments: int, modes: bool = True, signals: bool = True) -> int:
    return verdict(seccomp.program(arch, modes=modes, signals=signals), ARCH[arch], number, *arguments)


@BOTH
def test_what_is_not_named_is_allowed(arch: str) -> None:
    assert told(arch, READ[arch]) == ALLOWED
    assert told(arch, CLONE[arch], 0x11) == ALLOWED
    assert told(arch, KILL[arch], 1, 9) == ALLOWED
    assert told(arch, PRLIMIT[arch], 0) == ALLOWED
    assert told(arch, IOCTL[arch], 0, 0x5401) == ALLOWED


@BOTH
def test_every_listed_call_is_answered_with_an_error(arch: str) -> None:
    for number in seccomp.FORBIDDEN[arch].values():
        assert told(arch, number) == 0x50000 | 1
    for number in seccomp.ABSENT[arch].values():
        assert told(arch, number) == 0x50000 | 38
    assert told(arch, SOCKET[arch], 1) == 0x50000 | 13


@BOTH
def test_arguments_decide_where_a_call_is_needed(arch: str) -> None:
    assert told(arch, CLONE[arch], 0x10000000) == 0x50000 | 1  # a new user namespace
    assert told(arch, PRLIMIT[arch], 77) == 0x50000 | 1  # another process
    assert told(arch, IOCTL[arch], 0, 0x5412) == 0x50000 | 1  # typing into a terminal


@BOTH
def test_signals_and_modes_are_for_where_nothing_else_holds_them(arch: str) -> None:
    assert told(arch, KILL[arch], 1, 9, signals=False) == 0x50000 | 1
    assert told(arch, FCHMOD[arch]) == ALLOWED
    assert told(arch, FCHMOD[arch], modes=False) == 0x50000  # said to be done


@BOTH
def test_another_numbering_does_not_pass_by(arch: str) -> None:
    program = seccomp.program(arch, modes=False, signals=False)
    assert verdict(program, 0x40000003, 11) == KILLED  # 32-bit x86's execve
    if arch == "x86_64":
        assert verdict(program, ARCH[arch], 0x40000000 | 101) == 0x50000 | 38  # x32's ptrace


@BOTH
def test_no_number_is_listed_twice(arch: str) -> None:
    tables = (seccomp.FORBIDDEN, seccomp.ABSENT, seccomp.PRETENDED, seccomp.SIGNALS, seccomp.ON_ONESELF)
    numbers = [number for table in tables for number in table[arch].values()]
    assert len(numbers) == len(set(numbers))
