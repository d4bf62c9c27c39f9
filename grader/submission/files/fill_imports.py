"""Modules that a submission imports under another name or from another place than it was handed in with.

On the student's machine `my_layers-1.py` was `my_layers.py`, `Layers.py` answered to `layers`, and `../src` was on the
path. An import that leads nowhere is given the file that it can only mean: a handed-in one, else the course's own.
Owns finding it; files that the assignment asks for are `layout`'s.
"""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

from grader.model import Assignment, Notebook
from grader.submission.files.gather import SubmittedFiles
from grader.submission.files.layout import dotted, without_copy_mark
from grader.submission.files.module_alias import write_alias
from grader.submission.files.similarity import KNOWN_PACKAGES
from grader.submission.names import fits_a_path, printable
from grader.submission.source.definitions import definitions
from grader.submission.source.modules import MAX_SOURCE, absolute, decode

_PACKAGE = "__init__.py"
MAX_FILLED = 50
"""Modules that are found so in one submission, and rounds of looking at what these import in their turn."""


def fill_imports(
    folder: Path,
    handed: SubmittedFiles,
    assignment: Assignment,
    notebook: Notebook | None,
    texts: Mapping[str, str],
    twins: Mapping[str, str],
) -> tuple[dict[str, str], list[str]]:
    """Write the modules that are imported and missing into `folder`; the texts of copies by place, and notes.

    `texts` are the student's modules in `folder`, by place. `twins` says where one of them lies that is also a file of
    the assignment, and that file: imported, the two are one module.
    """
    start = PurePosixPath(notebook.name).parent if notebook is not None else PurePosixPath()
    filled: dict[str, str] = {}
    aliases: set[str] = set()
    notes: list[str] = []
    waiting = [("", cell.source) for cell in notebook.code] if notebook is not None else []
    waiting += texts.items()
    seen: set[str] = set()
    while waiting and len(filled) < MAX_FILLED:
        importer, text = waiting.pop(0)
        for module, exact in _imported(text, importer):
            if module in seen or len(filled) >= MAX_FILLED or not _is_importable(module):
                continue
            seen.add(module)
            file = PurePosixPath(*module.split(".")).with_suffix(".py")
            for place in {(start / file).as_posix(), file.as_posix()} & twins.keys():
                if dotted(twins[place]) not in texts.get(place, ""):
                    write_alias(folder / twins[place], module)
            if _is_there(module, folder, start, assignment):
                continue
            target = f"{module.replace('.', '/')}.py"
            own = _is_own(module.partition(".")[0], folder, start)
            if target in assignment.student_files or (folder / target).exists():
                continue
            source = _meant(module, handed, assignment, own=own, exact=exact)
            if source is None:
                continue
            if PurePosixPath(source).name == _PACKAGE:
                target = f"{target.removesuffix('.py')}/{_PACKAGE}"
            if (folder / source).is_file() and _is_importable(dotted(source)) and not target.endswith(_PACKAGE):
                filled[target] = write_alias(folder / target, dotted(source))
                aliases.add(target)
            else:
                (folder / target).parent.mkdir(parents=True, exist_ok=True)
                filled[target] = handed.source(source) or ""
                shutil.copyfile(handed.files[source], folder / target)
            waiting.append((target, filled[target]))
            if source not in assignment.provided_files:
                notes.append(f"{printable(source)} was taken for the import of `{printable(module)}`")
    return {target: text for target, text in filled.items() if target not in aliases}, notes


def _is_importable(module: str) -> bool:
    """Whether Python takes a dotted name; not of a relative import in a folder like `my solution`."""
    return fits_a_path(module.replace(".", "/")) and all(map(str.isidentifier, module.split(".")))


def _imported(text: str, importer: str) -> Iterator[tuple[str, bool]]:
    """Dotted names of the modules that a file imports; True with `a.b` of `from a import b`, which may be none."""
    read = definitions(text)
    for definition in read.found:
        match definition.node:
            case ast.Import(names=names):
                yield from ((alias.name, False) for alias in names)
            case ast.ImportFrom() if definition.origin and (module := absolute(definition.origin, importer)):
                yield module, False
                yield f"{module}.{definition.original}", True
    for star in read.stars:
        if module := absolute(star, importer):
            yield module, False


def _is_there(module: str, folder: Path, start: PurePosixPath, assignment: Assignment) -> bool:
    """Whether the import finds something, or is a library's and none of the student's."""
    parts = module.split(".")
    if parts[0] in KNOWN_PACKAGES:
        return True
    if any((root / parts[0]).exists() for root in assignment.stand_ins):
        return True
    for root in (folder / start, folder):
        place, above = root.joinpath(*parts), root.joinpath(*parts[:-1])
        if place.with_suffix(".py").is_file() or (place / "__init__.py").is_file():
            return True
        if len(parts) > 1 and (above.with_suffix(".py").is_file() or _defines(above / "__init__.py", parts[-1])):
            return True  # a name in a module
    if _is_own(parts[0], folder, start):
        return False
    try:
        return find_spec(parts[0]) is not None
    except (ImportError, ValueError):
        return False


def _is_own(package: str, folder: Path, start: PurePosixPath) -> bool:
    return any((root / package).exists() or (root / f"{package}.py").exists() for root in (folder / start, folder))


def _defines(path: Path, name: str) -> bool:
    if not path.is_file() or path.stat().st_size > MAX_SOURCE:
        return False
    return any(definition.name == name for definition in definitions(decode(path.read_bytes())).found)


def _meant(module: str, handed: SubmittedFiles, assignment: Assignment, *, own: bool, exact: bool) -> str | None:
    """The handed-in name, else the provided file, that can only be meant; None if there is none or several.

    `own` says whether the module's package lies in the submission: then it may be a file of that name anywhere. With
    `exact` the name is not read as that of a copy, or in other letters.
    """
    parts = PurePosixPath(*module.split(".")).parts
    tails = [parts[-length:] for length in range(len(parts), 0, -1) if length > 1 or own or len(parts) == 1]
    for names in (handed.modules, assignment.provided_files):
        plain = {name: PurePosixPath(name.removesuffix(f"/{_PACKAGE}")).with_suffix("") for name in names}
        marks = {name: PurePosixPath(without_copy_mark(f"{path.name}.py")).stem for name, path in plain.items()}
        folded = {name: path.with_name(marks[name] or path.name).parts for name, path in plain.items()}
        for tail in tails:
            low = [part.casefold() for part in tail]
            same = [name for name, path in plain.items() if path.parts[-len(tail) :] == tail]
            alike = [n for n, path in folded.items() if [p.casefold() for p in path[-len(tail) :]] == low]
            for matches in (same, [] if exact else alike):
                shortest = [n for n in matches if n.count("/") == min(other.count("/") for other in matches)]
                if len(shortest) == 1:
                    return shortest[0]
    return None
