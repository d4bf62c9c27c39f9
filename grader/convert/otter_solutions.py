"""Solution lines of a code cell for `otter assign` as solution regions, with what otter leaves in their place."""

from __future__ import annotations

import re

from grader.assignment.release.markers import BEGIN, END, STUB
from grader.errors import AuthoringError

_ASSIGNED = re.compile(r"(\s*(?:[\w.]+(?:\[[^\]]*\])*\s*,\s*)*[\w.]+(?:\[[^\]]*\])*\s*=)(?!=)")
_LINE = re.compile(r"\s*#\s*SOLUTION( NO PROMPT)?\s*$")
_BEGIN = re.compile(r"(\s*)#\s*BEGIN SOLUTION( NO PROMPT)?\s*")
_END = re.compile(r"\s*#\s*END SOLUTION\s*")
_PROMPT = re.compile(r'\s*"""\s*#\s*(BEGIN|END) PROMPT\s*')


def without_ignored(source: str) -> str:
    """The text without what otter leaves out everywhere."""
    kept, ignored = [], False
    for line in source.split("\n"):
        if re.fullmatch(r"\s*#\s*(BEGIN|END) IGNORE\s*", line):
            ignored = "BEGIN" in line
        elif not ignored and not re.search(r"#\s*IGNORE\s*$", line):
            kept.append(line)
    return "\n".join(kept)


def solution(source: str, prompt: str, where: str) -> str:
    """A solution cell with the project's regions.

    Parameters
    ----------
    prompt
        The code that a student gets in place of the whole cell; empty without.

    Raises
    ------
    AuthoringError
        For a marker without its counterpart.
    """
    lines = without_ignored(source).split("\n")
    if prompt:
        body = [line for line in lines if not _BEGIN.fullmatch(line) and not _END.fullmatch(line)]
        body = [_LINE.sub("", line) for line in body]
        return "\n".join(_region("", prompt.split("\n"), body))
    out: list[str] = []
    begin: tuple[str, bool] | None = None
    body = []
    prompting: list[str] | None = None
    for number, line in enumerate(lines, 1):
        if marker := _PROMPT.fullmatch(line):
            if marker[1] == "BEGIN":
                prompting = []
            else:
                _give(out, prompting or [], f"{where}, line {number}")
                prompting = None
        elif prompting is not None:
            prompting.append(line)
        elif begin is not None and _END.fullmatch(line):
            out += _region(begin[0], [] if begin[1] else ["..."], body)
            begin = None
        elif begin is not None:
            body.append(line)
        elif match := _BEGIN.fullmatch(line):
            begin, body = (match[1], match[2] is not None), []
        elif _END.fullmatch(line):
            raise AuthoringError(f"{where}, line {number}: END SOLUTION without BEGIN SOLUTION above it")
        else:
            out += _marked(line)
    if begin is not None:
        raise AuthoringError(f"{where}: BEGIN SOLUTION without END SOLUTION below it")
    return "\n".join(out)


def _marked(line: str) -> list[str]:
    """One line, a region where it is marked as solution or seed."""
    indent = line[: len(line) - len(line.lstrip())]
    if re.search(r"#\s*SEED\s*$", line):
        return _region(indent, [], [re.sub(r"\s*#\s*SEED\s*$", "", line)])
    match = _LINE.search(line)
    if match is None:
        return [line]
    bare = line[: match.start()]
    if match[1]:
        return _region(indent, [], [bare])
    assigned = _ASSIGNED.match(bare)
    return _region(indent, [f"{assigned[1].strip()} ..." if assigned else "..."], [bare])


def _region(indent: str, stub: list[str], body: list[str]) -> list[str]:
    given = [f"{indent}{STUB} {line}".rstrip() for line in stub or [""]]
    return [indent + BEGIN, *given, *body, indent + END]


def _give(out: list[str], prompt: list[str], where: str) -> None:
    """Make a prompt the stub of the region above it."""
    ends = [n for n, line in enumerate(out) if line.strip() == END]
    if not ends or any(line.strip() for line in out[ends[-1] + 1 :]):
        raise AuthoringError(f"{where}: a prompt without a solution right above it")
    begin = max(n for n, line in enumerate(out) if line.strip() == BEGIN)
    indent = out[begin][: len(out[begin]) - len(out[begin].lstrip())]
    stub = [f"{indent}{STUB} {line.removeprefix(indent)}".rstrip() for line in prompt]
    old = [n for n in range(begin + 1, ends[-1]) if out[n].strip().startswith(STUB)]
    out[begin + 1 : begin + 1 + len(old)] = stub
