"""A submission laid over the pristine provided files: the folder that will be run.

Owns copying, the files that `%%writefile` cells hold, and the digest. Finding files is `gather`'s, naming them
`layout`'s, the course's own files `provided`'s. No student code runs here.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import msgspec

from grader.assignment.notebooks import notebook_files
from grader.assignment.release.fingerprints import read_fingerprints
from grader.errors import SubmissionError, WorkerError
from grader.model import Assignment, Notebook, Submission
from grader.submission.files.choose_notebook import choose_notebook
from grader.submission.files.fill_imports import fill_imports
from grader.submission.files.finished_copies import is_finished_version, with_finished_copies
from grader.submission.files.gather import SubmittedFiles, gather
from grader.submission.files.layout import Layout, dotted, lay_out, module_paths, mounted_folders
from grader.submission.files.provided import edited, place_provided, provided_versions
from grader.submission.names import fits_a_path, printable
from grader.submission.quota import MAX_TOKENS
from grader.submission.source.definitions import definitions
from grader.submission.source.modules import MAX_SOURCE, Held, Modules, decode
from grader.submission.source.notebook import parse_notebook, refuse_python2


def open_submission(
    path: Path, assignment: Assignment, workdir: Path, handed: SubmittedFiles | None = None
) -> Submission:
    """Make a working copy of the submission at `path`: a notebook, a module, a folder, or an archive.

    `workdir` is a folder of this submission's own, made if need be; archives are unpacked and the copy is made below
    it. `handed` is what is at `path`, for a caller that has looked at it already. Raises SubmissionError, with one
    line, if nothing is there, or it is not the assignment's files, unsafe, too large, without a usable notebook or in
    Python 2; AuthoringError if a provided file is in neither the hand-out nor the solution; WorkerError if `workdir`
    cannot be written.
    """
    assignment, gone = _without_absent(assignment)
    beside, skip = module_paths(assignment), mounted_folders(assignment)
    handed = handed.again(beside, skip) if handed else gather(path, workdir / "unpacked", beside=beside, skip=skip)
    choice = choose_notebook(handed, assignment)
    notebook = choice.name
    folder = workdir / "files"
    texts: dict[str, str] = {}
    try:
        handed = with_written(handed, notebook, workdir / "written", assignment)
        layout = with_finished_copies(handed, lay_out(handed.files, assignment, notebook), assignment)
        read = _notebook(handed, layout, notebook)
        notes = [*handed.notes, *choice.notes, *layout.notes, *gone]
        folder.mkdir(parents=True)
        provided = provided_versions(handed, layout, assignment)
        notes += edited(handed, provided, assignment, read)
        for target, given in layout.placed.items():
            if given not in provided:
                _copy(handed.files[given], folder / target)
                texts |= _text(handed, given, target, assignment)
        notes += place_provided(handed, provided, layout, assignment, folder)
        sources = _sources(folder, layout, texts)
        filled, import_notes = fill_imports(folder, handed, assignment, read, sources, layout.twins)
        texts |= filled
        notes += import_notes
        missing = _missing_files(handed, assignment, layout, read, Modules(folder, texts))
        for name in missing:
            if (assignment.handout / name).is_file():
                _copy(assignment.handout / name, folder / name)
                texts |= {name: decode((folder / name).read_bytes())} if name.endswith(".py") else {}
                notes.append(f"{name} was not handed in; the hand-out's stub was used")
    except OSError as problem:
        raise WorkerError(f"{folder} cannot be written: {problem.strerror or problem}") from problem
    if read is None and assignment.notebooks:
        notes.append("the notebook was not handed in")
    elif read is None and assignment.notebook is not None:
        read = _handouts_notebook(assignment, folder, notes)
    return Submission(
        path=str(path),
        digest=_digest(handed, layout),
        folder=folder,
        notebook=read,
        modules=dict(sorted(texts.items())),
        handouts_notebook=choice.name is None and read is not None,
        notes=tuple(notes),
    )


def _without_absent(assignment: Assignment) -> tuple[Assignment, list[str]]:
    """Without the provided files that a student's own folder has lost, where alone they could be copied from."""
    kept = tuple(n for n in assignment.provided_files if assignment.solution or (assignment.handout / n).is_file())
    lost = ", ".join(name for name in assignment.provided_files if name not in kept)
    notes = [f"not in this folder, though the hand-out brings it: {lost}; what needs it fails here"] if lost else []
    return msgspec.structs.replace(assignment, provided_files=kept), notes


def _missing_files(
    handed: SubmittedFiles, assignment: Assignment, layout: Layout, notebook: Notebook | None, modules: Modules
) -> list[str]:
    """The student files that are not handed in, and whose names the notebook has from nowhere else in the submission.

    A submission without any of them is refused.
    """
    own = defined_names(notebook, modules) if layout.missing else frozenset()
    missing = [name for name in layout.missing if own.isdisjoint(names_of(assignment, name))]
    one_of_several = notebook is not None or (assignment.notebooks and (handed.notebooks or handed.notebook))
    if len(missing) < len(assignment.student_files) or (one_of_several and not assignment.student_files):
        return missing
    asked_in = {dotted(name) for name in assignment.student_files}
    asked = {name for name, places in assignment.names.items() if any(place.module in asked_in for place in places)}
    if own & asked:
        return missing  # they are written elsewhere: in the notebook, or in one module for all
    expected = [*notebook_files(assignment), *assignment.student_files]
    pdf = any(name.lower().endswith(".pdf") for name in handed.files)
    if notebook is not None:
        what = "holds the notebook alone, and the work is in the modules beside it"
    elif assignment.student_files:
        what = "holds a PDF and none of its files" if pdf else "holds none of its files"
    else:
        expected = [assignment.notebook or "a notebook"]
        what = "holds a PDF and no notebook" if pdf else "holds no notebook"
    raise SubmissionError(f"{handed.shown} {what}; {assignment.id} expects {', '.join(expected)}")


def _sources(folder: Path, layout: Layout, texts: Mapping[str, str]) -> dict[str, str]:
    """The Python files in the folder by their place: the student's, and the course's in the student's packages."""
    places = {target for target in layout.placed if target.endswith(".py")} - texts.keys()
    there = {place: folder / place for place in sorted(places) if (folder / place).is_file()}
    return {**texts, **{p: decode(f.read_bytes()) for p, f in there.items() if f.stat().st_size <= MAX_SOURCE}}


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _text(handed: SubmittedFiles, given: str, target: str, assignment: Assignment) -> Mapping[str, str]:
    """The source of a module by its place; nothing for other files."""
    text = handed.source(given) if given.endswith(".py") else None
    if text is None and target.endswith(".py") and target in module_paths(assignment):
        most = f"{MAX_SOURCE >> 20} MB, {MAX_TOKENS:,} words and signs"
        raise SubmissionError(f"{printable(given)} holds more code than is read ({most})")
    return {} if text is None else {target: text}


def _notebook(handed: SubmittedFiles, layout: Layout, chosen: str | None) -> Notebook | None:
    if chosen is None:
        return None
    name = next(target for target, given in layout.placed.items() if given == chosen)
    read = msgspec.structs.replace(handed.read_notebook(chosen), name=name)
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


def _digest(handed: SubmittedFiles, layout: Layout) -> str:
    """`sha256:` over the names and bytes of the student's files, the same for a folder and its zip."""
    whole = hashlib.sha256()
    for name, given in sorted(layout.handed.items()):
        if given not in layout.provided:
            with handed.files[given].open("rb") as file:
                one = hashlib.file_digest(file, "sha256").hexdigest()
            whole.update(f"{len(name.encode())}:{name}:{one}\n".encode())
    return f"sha256:{whole.hexdigest()}"


# ---------------------------------------------------------------- %%writefile


_WRITES = re.compile(r"\s*%%(?:writefile|file)[ \t]+(?P<options>(?:-\w+[ \t]+)*)(?P<path>\S[^\n]*)\n")
MAX_WRITTEN_FILES = 50
"""Files that one notebook writes; a homework has a handful."""


def with_written(handed: SubmittedFiles, notebook: str | None, scratch: Path, assignment: Assignment) -> SubmittedFiles:
    """The submission with the Python files that its notebook writes, put into `scratch`.

    Of an assignment of several notebooks each has the files that the others write, too. Those handed in outrank them,
    but for one that is still the hand-out's stub where a cell writes it finished. Raises SubmissionError if the
    notebook cannot be read, OSError if `scratch` cannot be written.
    """
    files = dict(handed.files)
    given = read_fingerprints(assignment)
    written, finished = [], []
    for name, (writer, text) in list(_written(handed, notebook, assignment).items())[:MAX_WRITTEN_FILES]:
        beside = (PurePosixPath(writer).parent / name).as_posix()
        there = next((one for one in (name, beside) if one in files), None)
        if there is not None:
            source = handed.source(there) or ""
            if given is None or not is_finished_version(text, source, given.stubs):
                continue
            finished.append(printable(there))
        else:
            written.append(printable(name))
        files[there or name] = scratch / name
        (scratch / name).parent.mkdir(parents=True, exist_ok=True)
        (scratch / name).write_text(text, encoding="utf-8")
    notes = handed.notes
    if finished:
        listed = ", ".join(finished)
        notes += (f"taken from the cells that write them, as the files hold stubs: {listed}",)
    if written:
        notes += (f"taken from the cells that write them: {', '.join(written)}",)
    return msgspec.structs.replace(handed, files=dict(sorted(files.items())), notes=notes)


def _written(handed: SubmittedFiles, notebook: str | None, assignment: Assignment) -> Mapping[str, tuple[str, str]]:
    """Name of each file that a notebook writes -> that notebook, and the text; the one that is run comes first."""
    others = [name for name in handed.notebooks if name != notebook] if assignment.notebooks else []
    texts: dict[str, tuple[str, str]] = {}
    for writer in [notebook, *others] if notebook is not None else others:
        try:
            found = written_files(handed.read_notebook(writer))
        except SubmissionError:
            if writer == notebook:
                raise
            continue
        texts = {name: (writer, text) for name, text in found.items()} | texts
    return texts


def written_files(notebook: Notebook) -> Mapping[str, str]:
    """Relative name -> text of the Python files that the cells write with `%%writefile`, the last one of each name."""
    texts: dict[str, str] = {}
    for cell in notebook.code:
        match = _WRITES.match(cell.source)
        if match is None or not match["path"].strip().endswith(".py"):
            continue
        parts = [
            part for part in PurePosixPath(match["path"].strip().strip("'\"")).parts if part not in {"/", ".", ".."}
        ]
        name, text = "/".join(parts), cell.source[match.end() :] + "\n"
        if fits_a_path(name) and all(part.isprintable() and "\\" not in part for part in parts):
            texts[name] = (texts.get(name, "") if "-a" in match["options"].split() else "") + text
    # a file cannot be a folder as well
    return {name: text for name, text in texts.items() if not any(other.startswith(f"{name}/") for other in texts)}


def names_of(assignment: Assignment, file: str) -> frozenset[str]:
    """The declared names that live in the student file `file` and may stand in the notebook instead."""
    module = dotted(file)
    return frozenset(
        name for name, places in assignment.names.items() if {module, ""} <= {place.module for place in places}
    )


def defined_names(notebook: Notebook | None, modules: Modules) -> frozenset[str]:
    """The functions and classes that the notebook's cells define, or have from another module of the submission."""
    names: set[str] = set()
    for cell in notebook.code if notebook is not None else ():
        read = definitions(cell.source)
        held = [modules.follow(Held(definition)) for definition in read.found]
        held += [one for star in read.stars for one in modules.starred(star)]
        names |= {one.definition.name for one in held if one.definition.kind in {"def", "class"}}
    return frozenset(names)
