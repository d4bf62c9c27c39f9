"""A hand-in laid over the pristine provided files: the folder that will be run.

Owns copying, which version of a file wins, the notes about it, and the digest. Finding files is `handin`'s, naming
them `mapping`'s, choosing the notebook `choosing`'s. No student code runs here.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from grader.errors import AuthoringError, SubmissionError, WorkerError
from grader.model import Assignment, Notebook, Submission
from grader.submission.additions import with_additions
from grader.submission.choosing import choose_notebook
from grader.submission.handin import HandIn, gather
from grader.submission.mapping import Layout, lay_out, module_paths, mounted_folders, packages
from grader.submission.modules import MAX_SOURCE, decode
from grader.submission.names import clean
from grader.submission.notebook import parse_notebook, refuse_python2


def open_submission(path: Path, assignment: Assignment, workdir: Path) -> Submission:
    """Make a working copy of the hand-in at `path`: a notebook, a module, a folder, or an archive.

    Parameters
    ----------
    workdir
        A folder of this submission's own, made if need be; archives are unpacked and the copy is made below it.

    Raises
    ------
    SubmissionError
        With one line: nothing there, not the assignment's files, unsafe, too large, no usable notebook, Python 2.
    AuthoringError
        A provided file is in neither the hand-out nor the solution.
    WorkerError
        `workdir` cannot be written.
    """
    handed = gather(path, workdir / "unpacked", beside=module_paths(assignment), skip=mounted_folders(assignment))
    notebook = choose_notebook(handed, assignment)
    layout = lay_out(handed.files, assignment, notebook)
    _refuse_what_is_none_of_it(handed, assignment, layout, notebook)
    folder = workdir / "files"
    texts: dict[str, str] = {}
    notes = [*handed.notes, *layout.notes]
    try:
        folder.mkdir(parents=True)
        for name in assignment.provided_files:
            _copy(_pristine(assignment, name), folder / name)
        notes += _edited(handed, layout, assignment)
        for target, given in layout.placed.items():
            if given in layout.provided:
                notes += _copy_with_additions(
                    _pristine(assignment, layout.provided[given]), handed.files[given], folder, target
                )
            else:
                _copy(handed.files[given], folder / target)
                texts |= _text(folder, target)
        for package in packages(assignment, layout.placed):
            for name in assignment.provided_files:
                if not (folder / package / name).exists():
                    _copy(_pristine(assignment, name), folder / package / name)
        for name in layout.missing:
            if (assignment.handout / name).is_file():
                _copy(assignment.handout / name, folder / name)
                texts |= _text(folder, name)
                notes.append(f"{name} was not handed in; the hand-out's stub was used")
    except OSError as problem:
        raise WorkerError(f"{folder} cannot be written: {problem.strerror or problem}") from problem
    read = _notebook(folder, layout, notebook)
    if read is None and assignment.notebook is not None:
        read = _handouts_notebook(assignment, folder, notes)
    return Submission(
        path=str(path),
        digest=_digest(handed, layout),
        folder=folder,
        notebook=read,
        modules=dict(sorted(texts.items())),
        notes=tuple(notes),
    )


def _refuse_what_is_none_of_it(handed: HandIn, assignment: Assignment, layout: Layout, notebook: str | None) -> None:
    """A hand-in without the notebook that is the assignment, or without any of its files."""
    if notebook is not None or len(layout.missing) < len(assignment.student_files):
        return
    if assignment.student_files:
        expected = [*([assignment.notebook] if assignment.notebook else []), *assignment.student_files]
        what = "holds none of its files"
    else:
        expected = [assignment.notebook or "a notebook"]
        pdf = any(name.lower().endswith(".pdf") for name in handed.files)
        what = "holds a PDF and no notebook" if pdf else "holds no notebook"
    raise SubmissionError(f"{handed.shown} {what}; {assignment.id} expects {', '.join(expected)}")


def _pristine(assignment: Assignment, name: str) -> Path:
    """The course's own version of a provided file: the source that the hand-out is made of, where it is here."""
    for folder in (assignment.solution, assignment.handout):
        if folder is not None and (folder / name).is_file():
            return folder / name
    raise AuthoringError(f"{assignment.handout / name}: no such file, and it is a provided one; run `grade release`")


def _edited(handed: HandIn, layout: Layout, assignment: Assignment) -> Iterator[str]:
    for given, name in layout.provided.items():
        own = [f / name for f in (assignment.solution, assignment.handout) if f is not None and (f / name).is_file()]
        if _content(handed.files[given]) not in [_content(path) for path in own]:
            yield f"provided file {clean(name)} was edited; the course's own was used"


def _content(path: Path) -> list[str]:
    """Lines without what editors change by themselves: line ends, blanks at line ends, empty lines at the end."""
    lines = [line.rstrip() for line in decode(path.read_bytes()).split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _copy_with_additions(source: Path, own: Path, folder: Path, target: str) -> list[str]:
    """Copy a provided file, with what only the student's version defines; returns a note about that."""
    added: tuple[str, ...] = ()
    text = ""
    if target.endswith(".py") and own.stat().st_size <= MAX_SOURCE:
        text, added = with_additions(decode(source.read_bytes()), decode(own.read_bytes()))
    if not added:
        _copy(source, folder / target)
        return []
    (folder / target).parent.mkdir(parents=True, exist_ok=True)
    (folder / target).write_text(text, encoding="utf-8")
    more = f" and {len(added) - 5} more" if len(added) > 5 else ""
    return [f"{clean(target)}: {', '.join(added[:5])}{more} of your own version were added to the course's"]


def _text(folder: Path, name: str) -> Mapping[str, str]:
    """The source of a module by its name; nothing for other files."""
    path = folder / name
    if not name.endswith(".py") or path.stat().st_size > MAX_SOURCE:
        return {}
    return {name: decode(path.read_bytes())}


def _notebook(folder: Path, layout: Layout, chosen: str | None) -> Notebook | None:
    if chosen is None:
        return None
    name = next(target for target, given in layout.placed.items() if given == chosen)
    read = parse_notebook((folder / name).read_bytes(), name)
    refuse_python2(read)
    return read


def _handouts_notebook(assignment: Assignment, folder: Path, notes: list[str]) -> Notebook | None:
    """The modules were handed in alone: the hand-out's notebook is run on them."""
    name = str(assignment.notebook)
    if not (assignment.handout / name).is_file():
        return None
    _copy(assignment.handout / name, folder / name)
    notes.append(f"{name} was not handed in; the hand-out's own was run")
    return parse_notebook((folder / name).read_bytes(), name)


def _digest(handed: HandIn, layout: Layout) -> str:
    """`sha256:` over the names and bytes of the student's files, the same for a folder and its zip."""
    whole = hashlib.sha256()
    for name, given in sorted(layout.handed.items()):
        if given not in layout.provided:
            with handed.files[given].open("rb") as file:
                one = hashlib.file_digest(file, "sha256")
            whole.update(f"{len(name.encode())}:{name}:{one.hexdigest()}\n".encode())
    return f"sha256:{whole.hexdigest()}"
