"""Notebook syntax to plain Python: cell and line magics, shell commands, help marks.

Owns a minimal transformation that keeps every line in its place, enough to read what a cell defines. It is never
executed: the worker's cells go through IPython's own.
"""

from __future__ import annotations

import re

from msgspec import Struct

from grader.assignment.release.percent import FOREIGN_MAGICS

_SUSPECT = re.compile(r"^[ \t]*[%!?]|\?[ \t]*$|=[ \t]*[%!]|\A\s*\n?[ \t]", re.MULTILINE)
_COMMAND = re.compile(r"\s*[%!?]")
_HELP = re.compile(r"\s*[\w.%*]+\?{1,2}\s*$")
_ASSIGNED = re.compile(r"(\s*[^\s=%!#'\"(][^=#'\"]*=)\s*[%!](?!=)")
_TOKEN = re.compile(
    r"""(?P<comment>\#.*)
      | (?P<triple>'''|\"\"\")
      | '(?:\\.|[^'\\])*'? | "(?:\\.|[^"\\])*"?
      | (?P<open>[\[({]) | (?P<close>[\])}])
      | (?P<more>\\$)""",
    re.VERBOSE,
)
_TRIPLE_END = {mark: re.compile(rf"(?:[^\\]|\\.)*?{mark}") for mark in ("'''", '"""')}


def plain_python(source: str) -> str:
    """`source` with every magic replaced, line by line, by Python that defines the same names.

    A command becomes `pass`, `x = %magic` and `x = !command` become `x = None`, a cell magic's line goes, and with it
    the cell when its body is not Python of this notebook (`%%bash`). Valid Python comes back as it is.
    """
    if not _SUSPECT.search(source):
        return source
    lines = source.split("\n")
    if not _drop_cell_magics(lines):
        return "\n" * (len(lines) - 1)
    _drop_indentation(lines)
    state = _State()
    command = False  # inside a command that goes on after a backslash
    for number, line in enumerate(lines):
        if command:
            command, lines[number] = line.endswith("\\"), ""
        elif state.at_statement and (replaced := _replaced(line)) is not None:
            command, lines[number] = line.endswith("\\"), replaced
        else:
            state = state.after(line)
    return "\n".join(lines)


def _drop_cell_magics(lines: list[str]) -> bool:
    """Blank the cell magics at the top; False when the rest is no Python of this notebook."""
    for number, line in enumerate(lines):
        if line.lstrip().startswith("%%"):
            if line.split()[0].removeprefix("%%") in FOREIGN_MAGICS:
                return False
            lines[number] = ""
        elif line.strip():
            break
    return True


def _drop_indentation(lines: list[str]) -> None:
    """IPython runs a cell that is indented as a whole."""
    first = next((line for line in lines if line.strip() and not line.lstrip().startswith("#")), "")
    if indent := first[: len(first) - len(first.lstrip())]:
        lines[:] = [line.removeprefix(indent) for line in lines]


def _replaced(line: str) -> str | None:
    indent = line[: len(line) - len(line.lstrip())]
    if _COMMAND.match(line) or _HELP.match(line):
        return indent + "pass"
    if assigned := _ASSIGNED.match(line):
        return assigned[1] + " None"
    return None


class _State(Struct, frozen=True):
    """Where the tokenizer stands at the start of a line."""

    triple: str = ""
    depth: int = 0
    more: bool = False

    @property
    def at_statement(self) -> bool:
        """Whether a statement can begin here, so that `%` is no operator and no text."""
        return not (self.triple or self.depth or self.more)

    def after(self, line: str) -> _State:
        triple, depth, more, at = self.triple, self.depth, False, 0
        while at < len(line):
            if triple:
                end = _TRIPLE_END[triple].match(line, at)
                if end is None:
                    break
                triple, at = "", end.end()
                continue
            token = _TOKEN.search(line, at)
            if token is None:
                break
            at = token.end()
            triple = token["triple"] or ""
            depth = max(0, depth + bool(token["open"]) - bool(token["close"]))
            more = bool(token["more"])
        return _State(triple, depth, more)
