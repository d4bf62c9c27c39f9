"""The files of one submission: a notebook, a module, a folder, or an archive of any of these.

Owns finding them on disk, whatever the path is, within `quota` and without following a link. What they are for the
assignment is `layout`'s; archives are opened by `archive`.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path, PurePosixPath

import msgspec
from msgspec import Struct

from grader.errors import SubmissionError
from grader.model import Notebook
from grader.submission.names import JUNK_FOLDERS, is_junk, nearest, printable
from grader.submission.quota import MAX_TOKENS, MAX_TOKENS_IN_ALL, Quota, count_tokens
from grader.submission.source.modules import MAX_SOURCE, decode, imported_names
from grader.submission.source.notebook import read_notebook
from grader.submission.source.scripts import script_notebook

MAX_ARCHIVES = 3
"""Archives within archives that are opened, one in the other."""


TEXT_ENDINGS = (".txt", ".json")
"""What browsers and editors put behind the ending of a notebook or module."""
MAX_NEIGHBOURS = 50
"""Modules that a notebook which was named by itself brings along."""


class Reader:
    """Reads each file of a submission once, and no more than a submission may hold."""

    def __init__(self) -> None:
        self._notebooks: dict[Path, Notebook | SubmissionError] = {}
        self._sources: dict[Path, str | None] = {}
        self._tokens = 0

    def notebook(self, path: Path, name: str) -> Notebook:
        """The notebook at `path` under the name that it has in the submission, or SubmissionError."""
        if path not in self._notebooks:
            try:
                text = self.source(path) if path.suffix == ".py" else None
                self._notebooks[path] = read_notebook(path) if text is None else script_notebook(text, name)
            except SubmissionError as problem:
                self._notebooks[path] = problem
        read = self._notebooks[path]
        if isinstance(read, SubmissionError):
            raise read
        return msgspec.structs.replace(read, name=name)

    def source(self, path: Path) -> str | None:
        """The text of a Python file; None for one that is too long to be anything but data.

        Raises SubmissionError if there is more Python in all than is read.
        """
        if path not in self._sources:
            text = decode(path.read_bytes()) if path.stat().st_size <= MAX_SOURCE else None
            tokens = count_tokens(text) if text is not None else 0
            self._sources[path] = text if tokens <= MAX_TOKENS else None
            self._tokens += tokens
            if self._tokens > MAX_TOKENS_IN_ALL:
                raise SubmissionError(
                    f"the submission holds more than {MAX_TOKENS_IN_ALL:,} words and signs of Python; leave out what "
                    "is not your work"
                )
        return self._sources[path]


class SubmittedFiles(Struct, frozen=True, kw_only=True):
    """What was handed in, without caches, environments and links."""

    shown: str
    """Its name, fit for a message."""
    files: Mapping[str, Path]
    """Relative name with `/` -> the file."""
    notebook: str | None = None
    """The notebook that the caller named, among the files."""
    notes: tuple[str, ...] = ()
    path: Path
    scratch: Path
    reader: Reader

    def again(self, beside: Collection[str], skip: Collection[str]) -> SubmittedFiles:
        """The same submission for an assignment that is known by now, see `gather`; what was read stays read."""
        return gather(self.path, self.scratch, beside=beside, skip=skip, reader=self.reader)

    def read_notebook(self, name: str) -> Notebook:
        """The notebook of that name; SubmissionError where it is none."""
        return self.reader.notebook(self.files[name], name)

    def source(self, name: str) -> str | None:
        """The text of a Python file, as `Reader.source`."""
        return self.reader.source(self.files[name])

    @property
    def notebooks(self) -> tuple[str, ...]:
        return tuple(name for name in self.files if name.endswith(".ipynb"))

    @property
    def modules(self) -> tuple[str, ...]:
        return tuple(name for name in self.files if name.endswith(".py"))


def gather(
    path: Path,
    scratch: Path,
    *,
    beside: Collection[str] = (),
    skip: Collection[str] = frozenset(),
    reader: Reader | None = None,
) -> SubmittedFiles:
    """Look at `path` and list what it holds.

    Archives are unpacked, once, into `scratch`, a folder that is not made yet. Where the folder of a notebook holds one
    of `beside`, which are relative module paths, that folder is the submission. The relative folders `skip` are not
    looked into. Raises SubmissionError if nothing is there, it cannot be read, or it is too large.
    """
    shown = printable(path.resolve().name if path.name in {"", ".", ".."} else path.name)
    reader = reader or Reader()

    def made(
        shown: str, files: Mapping[str, Path], notes: Sequence[str] = (), notebook: str | None = None
    ) -> SubmittedFiles:
        return SubmittedFiles(
            shown=shown, files=files, notebook=notebook, notes=tuple(notes), path=path, scratch=scratch, reader=reader
        )

    try:
        if path.is_dir():
            return made(*_folder(path, shown, scratch, skip, beside))
        if not path.is_file():
            if path.exists():
                raise SubmissionError(f"{printable(str(path), 300)}: neither a file nor a folder")
            raise SubmissionError(f"{printable(str(path), 300)}: no such file or folder{nearest(path)}")
        if path.suffix == ".py":
            return made(shown, {path.name: path})
        if path.suffix != ".ipynb" and _is_archive(path):
            _unpack(path, scratch / "archive")
            return made(*_folder(scratch / "archive", shown, scratch, skip, beside))
        if any((path.parent / name).is_file() for name in beside):
            _, files, notes = _folder(path.parent, "", scratch, skip)
            return made(shown, files, notes, path.name)
    except (OSError, ValueError) as problem:  # ValueError: a NUL in the path
        raise SubmissionError(
            f"{shown} cannot be read: {printable(str(problem), 300)}; check its permissions"
        ) from problem
    if path.suffix != ".ipynb":
        read_notebook(path)  # a notebook under another name is one; anything else is refused with what it is
    neighbours = _neighbours(path, reader)
    notes = [f"taken along, since the notebook imports it: {printable(name)}" for name in list(neighbours)[:5]]
    return made(shown, {path.name: path, **neighbours}, notes, path.name)


def _neighbours(notebook: Path, reader: Reader) -> dict[str, Path]:
    """Python files beside a notebook that it imports, and what these import; nothing else of its folder is its own."""
    files: dict[str, Path] = {}
    try:
        waiting = [cell.source for cell in reader.notebook(notebook, notebook.name).code]
    except SubmissionError:  # said where it is read for grading
        return files
    while waiting:
        for name in sorted(imported_names(waiting.pop())):
            for file in (
                notebook.parent / f"{name}.py",
                *islice(notebook.parent.glob(f"{name}/**/*.py"), MAX_NEIGHBOURS),
            ):
                key = file.relative_to(notebook.parent).as_posix()
                if key in files or len(files) >= MAX_NEIGHBOURS or not file.is_file() or file.is_symlink():
                    continue
                if file.stat().st_size <= MAX_SOURCE:
                    files[key] = file
                    waiting.append(decode(file.read_bytes()))
    return files


def _folder(
    folder: Path, shown: str, scratch: Path, skip: Collection[str], beside: Collection[str] = ()
) -> tuple[str, Mapping[str, Path], Sequence[str]]:
    """Name for messages, files and notes.

    A learning platform hands out a folder for each student with the archive that was uploaded in it, which may hold
    another; where modules are asked for and only notebooks lie there, an archive beside them may hold the modules.
    """
    files, notes = _listed(folder, shown, skip)
    for depth in range(MAX_ARCHIVES):
        archives = [name for name, path in files.items() if _is_archive(path)]
        alone = not any(name.endswith((".ipynb", ".py")) for name in files)
        if len(archives) != 1 or not (alone or (beside and not any(name.endswith(".py") for name in files))):
            break
        target = scratch / f"inner{depth or ''}"
        try:
            _unpack(files[archives[0]], target)
        except SubmissionError:
            if alone:
                raise
            break  # data, perhaps, which need not be read
        inside, more = _listed(target, printable(PurePosixPath(archives[0]).name), skip)
        files, notes = (inside, more) if alone else ({**inside, **files}, [*notes, *more])
        if not alone:
            break
    return shown, dict(sorted(files.items())), notes


def _is_archive(path: Path) -> bool:
    from grader.submission.files.archive import is_archive  # here: a notebook needs none of zip, tar, bz2 and lzma

    return is_archive(path)


def _unpack(path: Path, target: Path) -> None:
    from grader.submission.files.archive import unpack

    if not target.exists():
        unpack(path, target)


def _listed(folder: Path, shown: str, skip: Collection[str]) -> tuple[dict[str, Path], list[str]]:
    quota = Quota(shown=shown)
    files: dict[str, Path] = {}
    notes: list[str] = []
    size = 0
    for count, (name, path) in enumerate(walk(folder, skip), 1):
        quota.check_entries(count)
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            notes.append(f"{printable(name)} is a link and was left out; put the file itself in its place")
        elif not stat.S_ISREG(status.st_mode) or is_junk(PurePosixPath(name).parts):
            continue
        elif any(not c.isprintable() for c in name):
            notes.append(f"{printable(name)} has a name with control characters and was left out; rename it")
        else:
            if not os.access(path, os.R_OK):
                raise SubmissionError(f"{printable(name)} cannot be read; check its permissions")
            files[name] = path
            quota.check_bytes(size := size + status.st_size)
            meant = name.rpartition(".")[0]
            if meant.endswith((".ipynb", ".py")) and name.endswith(TEXT_ENDINGS) and not (folder / meant).exists():
                files[meant] = files.pop(name)
                notes.append(f"{printable(name)} was taken for {printable(meant)}")
        if len(files) > quota.files:
            raise quota.too_many(f"over {quota.files}")
    return dict(sorted(files.items())), notes


def walk(folder: Path, skip: Collection[str] = ()) -> Iterator[tuple[str, Path]]:
    """Every entry that is no folder, by relative name; caches, environments and linked folders are not entered."""

    def refuse(problem: OSError) -> None:
        raise problem

    for at, folders, names in os.walk(folder, onerror=refuse):
        here = Path(at)
        relative = here.relative_to(folder)
        for name in [n for n in folders if (here / n).is_symlink()]:
            yield (relative / name).as_posix(), here / name
        folders[:] = sorted(
            name
            for name in folders
            if name not in JUNK_FOLDERS
            and (relative / name).as_posix() not in skip
            and not (here / name / "pyvenv.cfg").exists()
        )
        for name in sorted(names):
            yield (relative / name).as_posix(), here / name
