"""Named rewrites of the solution: read from `wrong.py` and `right.py`, applied to its files. And `equivalent.py`.

What they must do to the score is tried out by others; here they are only data and text.
"""

from __future__ import annotations

from pathlib import Path

from grader.assignment.loading.author_file import execute, read_text
from grader.errors import AuthoringError
from grader.model import Assignment, Change, Edit, Equivalent

WRONG = "wrong.py"
RIGHT = "right.py"
EQUIVALENT = "equivalent.py"
_LISTS = {WRONG: "WRONG", RIGHT: "RIGHT"}


def wrong_edits(assignment: Assignment) -> tuple[Edit, ...]:
    """`WRONG` of `wrong.py`, empty where there is no such file.

    Raises AuthoringError for an error in the file, a list of anything else than `Edit`, and two edits of one name.
    """
    return _read(assignment.root / WRONG)


def right_edits(assignment: Assignment) -> tuple[Edit, ...]:
    """`RIGHT` of `right.py`, empty where there is no such file; raises as `wrong_edits`."""
    return _read(assignment.root / RIGHT)


def equivalents(assignment: Assignment) -> tuple[Equivalent, ...]:
    """`EQUIVALENT` of `equivalent.py`; raises as `wrong_edits`."""
    path = assignment.root / EQUIVALENT
    if not path.exists():
        return ()
    declared = getattr(execute(path, read_text(path), {}), "EQUIVALENT", None)
    if not isinstance(declared, list | tuple) or not all(isinstance(one, Equivalent) for one in declared):
        raise AuthoringError(f"{path}: does not define EQUIVALENT, a list of grader.model.Equivalent")
    return tuple(declared)


def edited(assignment: Assignment, edit: Edit) -> dict[str, str]:
    """The solution files that an edit changes, by path below `solution/`, with their new text.

    The changes apply one after the other, to the text with its markers. Raises AuthoringError if there is no such file
    or the old text does not occur exactly once.
    """
    if assignment.solution is None:
        raise AuthoringError(f"{assignment.root}: has no solution/ that edit {edit.name!r} could change")
    texts: dict[str, str] = {}
    for change in edit.changes:
        path = assignment.solution / change.file
        if change.file not in texts:
            if not path.is_file():
                raise AuthoringError(f"edit {edit.name!r}: no file {path}")
            texts[change.file] = read_text(path)
        texts[change.file] = _changed(texts[change.file], change, f"edit {edit.name!r}: {path}")
    return texts


def _changed(text: str, change: Change, where: str) -> str:
    if not change.old:
        return change.new
    count = text.count(change.old)
    if count != 1:
        first = change.old.strip().partition("\n")[0]
        times = "does not occur" if not count else f"occurs {count} times"
        raise AuthoringError(f"{where}: the text to replace {times} ({first!r}); it must occur once")
    return text.replace(change.old, change.new)


def _read(path: Path) -> tuple[Edit, ...]:
    if not path.exists():
        return ()
    name = _LISTS[path.name]
    edits = getattr(execute(path, read_text(path), {}), name, None)
    if not isinstance(edits, list | tuple) or not all(isinstance(edit, Edit) for edit in edits):
        raise AuthoringError(f"{path}: does not define {name}, a list of grader.model.Edit")
    names = [edit.name for edit in edits]
    for index, edit in enumerate(edits):
        if edit.name in names[:index]:
            raise AuthoringError(f"{path}: two edits are called {edit.name!r}; every edit has a name of its own")
    return tuple(edits)
