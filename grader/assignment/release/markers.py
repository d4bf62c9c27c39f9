"""Solution regions: what stands between the markers, the stub that a student gets and the file without markers.

    ### BEGIN SOLUTION
    ### STUB: x = None          (optional, one line of stub text each)
    ...
    ### END SOLUTION

Works on text, of a module or of a notebook in percent format (`percent`); which files have regions is for `release`.
A line that looks like a marker and is none is refused, since a misspelt marker would give a solution away.
"""

from __future__ import annotations

import ast
import re

from msgspec import Struct

from grader.assignment.release.percent import is_marker, python_lines
from grader.errors import AuthoringError
from grader.model import STUB_ENDING
from grader.worker.syntax import parse_tree

BEGIN = "### BEGIN SOLUTION"
END = "### END SOLUTION"
STUB = "### STUB:"
_ALIKE = re.compile(r"\b(BEGIN|END)[\s_-]*SOLUTIONS?\b|#\s*STUB\s*:", re.IGNORECASE)


class Region(Struct, frozen=True, kw_only=True):
    """One solution region; line numbers count from 1."""

    begin: int
    """Line of the BEGIN marker."""
    end: int
    """Line of the END marker."""
    indent: str
    """White space before both markers and the region's first statement."""
    stub: tuple[str, ...] | None
    """The author's stub lines, without indentation; None when there are none."""
    body: tuple[str, ...]
    """The solution's lines."""


def has_solution(source: str) -> bool:
    """Whether the text holds a line that opens a region."""
    return any(line.strip() == BEGIN for line in source.split("\n"))


def regions(source: str, file: str) -> tuple[Region, ...]:
    """The regions of a text, in order.

    Raises AuthoringError, with file and line, for a marker that is misspelt, has no counterpart, stands inside another
    region or at another indentation than its counterpart or its code, and for a region that crosses a notebook cell.
    """
    lines = source.split("\n")
    closed: list[Region] = []
    begin = 0
    stub: list[str] = []
    for number, line in enumerate(lines, 1):
        where, text = f"{file}:{number}", line.strip()
        if text == BEGIN:
            if begin:
                raise AuthoringError(f"{where}: a solution region inside that of line {begin}; end that one first")
            begin, stub = number, []
        elif text == END:
            if not begin:
                raise AuthoringError(f"{where}: '{END}' without '{BEGIN}' above it")
            closed.append(_region(lines, begin, number, stub, file))
            begin = 0
        elif text.startswith(STUB) and begin and number == begin + 1 + len(stub):
            stub.append(text.removeprefix(STUB).removeprefix(" ").rstrip())
        elif text.startswith(STUB):
            raise AuthoringError(f"{where}: '{STUB}' lines stand right below '{BEGIN}'")
        elif _ALIKE.search(line):
            raise AuthoringError(f"{where}: looks like a marker and is none; write '{BEGIN}', '{END}' or '{STUB} ...'")
        elif begin and is_marker(line):
            raise AuthoringError(f"{where}: the region of line {begin} crosses into this cell; end it in its own cell")
    if begin:
        raise AuthoringError(f"{file}:{begin}: '{BEGIN}' without '{END}' below it")
    return tuple(closed)


def stub_of(source: str, file: str) -> str:
    """The text that a student gets: each region replaced by its stub, and no markers.

    `source` is a module, or a notebook in percent format. A region without `### STUB:` lines becomes a `raise
    NotImplementedError` that names the function around it; in a notebook's cell outside every function it speaks of the
    cell. Raises AuthoringError as `regions`; also where the source or the stub is no valid Python, or a module's region
    stands outside every function without stub text, so that importing the stub would fail.
    """
    tree = parsed(source, file, None)
    lines = source.split("\n")
    kept: list[tuple[str, int]] = []
    """Each line of the stub with the line of the source that it comes from."""
    last = 0
    notebook = any(is_marker(line) for line in lines)
    for region in regions(source, file):
        _refuse_outdented(tree, region, file)
        kept += [(line, number) for number, line in enumerate(lines[last : region.begin - 1], last + 1)]
        stub = region.stub
        if stub is None:
            name = _function_around(tree, region, file)
            if not name and not notebook:
                raise AuthoringError(
                    f"{file}:{region.begin}: a region outside every function needs '{STUB} ...' lines; "
                    "without them the stub could not be imported"
                )
            stub = (f'raise NotImplementedError("{name or "this cell"}{STUB_ENDING}")',)
        kept += [(region.indent + line if line else "", region.begin) for line in stub]
        last = region.end
    kept += [(line, number) for number, line in enumerate(lines[last:], last + 1)]
    text = "\n".join(line for line, _ in kept)
    parsed(text, file, [number for _, number in kept])
    return text


def solved(source: str, file: str = "solution") -> str:
    """The text with its solutions and without markers and stub text.

    Whether the result is valid Python is not asked: a wrong edit may break that on purpose. Raises AuthoringError as
    `regions`.
    """
    dropped = set[int]()
    for region in regions(source, file):
        dropped.update(range(region.begin, region.begin + 1 + len(region.stub or ())), {region.end})
    return "\n".join(line for number, line in enumerate(source.split("\n"), 1) if number not in dropped)


def _region(lines: list[str], begin: int, end: int, stub: list[str], file: str) -> Region:
    indent = _indent(lines[begin - 1])
    body = lines[begin + len(stub) : end - 1]
    if _indent(lines[end - 1]) != indent:
        raise AuthoringError(f"{file}:{end}: '{END}' is indented otherwise than its '{BEGIN}' in line {begin}")
    for number, line in enumerate(body, begin + 1 + len(stub)):
        if not line.strip():
            continue
        if _indent(line) != indent:
            raise AuthoringError(f"{file}:{number}: indented otherwise than its '{BEGIN}' in line {begin}")
        break
    return Region(begin=begin, end=end, indent=indent, stub=tuple(stub) if stub else None, body=tuple(body))


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _refuse_outdented(tree: ast.Module, region: Region, file: str) -> None:
    """Refuse a region that swallows a statement of an outer block: it would vanish from the stub."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.stmt) or not region.begin < node.lineno < region.end:
            continue
        if node.col_offset < len(region.indent.encode()):
            what = f"leaves the block in which the region of line {region.begin} began; end the region before it"
            raise AuthoringError(f"{file}:{node.lineno}: {what}")


def _function_around(tree: ast.Module, region: Region, file: str) -> str:
    """Dotted name of the function that holds the region's first statement; empty outside every function."""

    def search(node: ast.AST, names: tuple[str, ...], function: bool) -> str | None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt) and region.begin < child.lineno < region.end:
                return ".".join(names) if function else ""
            inner, inside = names, function
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                inner, inside = (*names, child.name), not isinstance(child, ast.ClassDef)
            if (nearest := search(child, inner, inside)) is not None:
                return nearest
        return None

    name = search(tree, (), False)
    if name is None:
        raise AuthoringError(f"{file}:{region.begin}: the region holds no statement; put the solution into it")
    return name


def parsed(text: str, file: str, numbers: list[int] | None = None) -> ast.Module:
    """Parse the Python of a text; `numbers` leads a line back to the source, None: it is the source."""
    try:
        return parse_tree("\n".join(python_lines(text)))
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        where = f"{file}:{numbers[min(line, len(numbers)) - 1] if numbers else line}"
        what = getattr(error, "msg", str(error))
        if numbers is None:
            raise AuthoringError(f"{where}: not valid Python: {what}") from None
        raise AuthoringError(
            f"{where}: the stub is not valid Python: {what}; give '{STUB} ...' lines or widen the region"
        ) from None
