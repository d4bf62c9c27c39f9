"""What a notebook as it was saved says of how it was made: cells run out of order, given cells edited.

Notes for whoever reads the report; none of them costs a point.
"""

from __future__ import annotations

import ast
import copy
import difflib
import re
from collections.abc import Mapping
from itertools import pairwise

from grader.model import Cell, Notebook
from grader.submission.source.definitions import parse
from grader.submission.source.magics import plain_python

ALIKE = 0.75
"""From this likeness on, a cell is an edited version of a given one; other cells are the student's own."""
UNSOLVED = re.compile(r"\bNotImplementedError\b|#.*\b(TODO|your code here)\b", re.IGNORECASE)
"""What a hand-out says where the student is to write or to choose."""
MAX_NOTES = 5


def order_notes(notebook: Notebook) -> list[str]:
    """Whether the cells had been run in another order than they stand in."""
    counts = [(c.execution_count, c.index) for c in notebook.code if c.execution_count is not None]
    for (before, first), (after, second) in pairwise(counts):
        if after < before:
            return [
                f"the cells had been run out of order: cell {first} as In [{before}] and cell {second}, which stands "
                f"below it, as In [{after}]; here they were run from top to bottom"
            ]
    return []


def given_cell_notes(notebook: Notebook, stub: Notebook, unsolved: Mapping[int, bool]) -> list[str]:
    """Given cells of the hand-out's notebook, `stub`, that the student edited.

    `unsolved` says for each of its code cells, by index, whether the student is to fill it in.
    """
    kept = {c.source for c in notebook.code} & {s.source for s in stub.code}
    changed = {c.index: _plain(c.source) for c in notebook.code if c.source not in kept}
    handed_out = {s.index: _plain(s.source) for s in stub.code if s.source not in kept}
    mine, theirs = set(changed.values()), set(handed_out.values())
    free = {c.index: c for c in notebook.code if c.index in changed and changed[c.index] not in theirs}
    wanted = [s for s in stub.code if s.index in handed_out and s.source.strip() and handed_out[s.index] not in mine]
    notes = {}
    # what is the answer to a cell to fill in is no given cell's edited version, and no cell is that of two
    for given in sorted(wanted, key=lambda s: not unsolved.get(s.index, False)):
        edited = max(free.values(), key=lambda c: (_likeness(c, given), -abs(c.index - given.index)), default=None)
        if edited is None or _likeness(edited, given) < ALIKE:
            continue
        del free[edited.index]
        if not unsolved.get(given.index, False):
            change = _first_change(given.source, edited.source)
            notes[edited.index] = f"cell {edited.index} is a given cell and was edited: {change}"
    return _limited([notes[index] for index in sorted(notes)], "given cells that were edited")


def is_unsolved(source: str) -> bool:
    """Whether a cell of the hand-out is one to fill in or to change."""
    return UNSOLVED.search(source) is not None


def _plain(source: str) -> str:
    """The code without comments, docstrings, blank lines and spacing, as far as it parses."""
    tree = parse(plain_python(source)).tree
    try:
        if tree is None:
            return " ".join(source.split())
        bare = copy.deepcopy(tree)
        for node in _documented(bare):
            node.body = node.body[1:]
        return ast.dump(bare)
    except RecursionError:
        return " ".join(source.split())


_Documentable = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def _documented(tree: ast.Module) -> list[_Documentable]:
    """The functions and classes whose first statement is a docstring."""
    found = [node for node in ast.walk(tree) if isinstance(node, _Documentable)]
    return [node for node in found if ast.get_docstring(node, clean=False) is not None]


def _code_lines(source: str) -> list[str]:
    """The lines without spacing, and none of a docstring."""
    tree = parse(plain_python(source)).tree
    texts = [node.body[0] for node in _documented(tree)] if tree is not None else []
    left_out = {number for text in texts for number in range(text.lineno, (text.end_lineno or text.lineno) + 1)}
    return [" ".join(line.split()) for number, line in enumerate(source.splitlines(), 1) if number not in left_out]


def _likeness(cell: Cell, given: Cell) -> float:
    matcher = difflib.SequenceMatcher(None, cell.source.split(), given.source.split(), autojunk=False)
    # the bounds come first: the ratio of a cell of a million words would take hours
    return 0.0 if min(matcher.real_quick_ratio(), matcher.quick_ratio()) < ALIKE else matcher.ratio()


def _first_change(before: str, after: str) -> str:
    old, new = _code_lines(before), _code_lines(after)
    gone = next((line[2:] for line in difflib.ndiff(old, new) if line.startswith("- ") and line[2:].strip()), "")
    come = next((line[2:] for line in difflib.ndiff(old, new) if line.startswith("+ ") and line[2:].strip()), "")
    if gone and come:
        return f"`{come[:80]}` where the hand-out has `{gone[:80]}`"
    return f"`{come[:80]}` was added" if come else f"`{gone[:80]}` was taken out"


def _limited(notes: list[str], what: str) -> list[str]:
    if len(notes) <= MAX_NOTES:
        return notes
    return [*notes[: MAX_NOTES - 1], f"{len(notes) - MAX_NOTES + 1} more {what}"]
