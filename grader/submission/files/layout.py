"""Which handed-in file is which file of the assignment.

Owns the rules for names: a wrapping folder, modules side by side, another edition's package, a browser's "(1)". Works
on names alone; copying is `open`'s.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import PurePosixPath

from msgspec import Struct

from grader.model import Assignment
from grader.submission.names import printable

# What browsers, Canvas and Jupyter add to the name of a second copy.
_COPY = re.compile(r"(\s*\(\d+\)|-\d+|[ _-]+copy\d*)$", re.IGNORECASE)
# What Canvas (`smithjohn_LATE_123_456_`) and Moodle (`John Smith_123_assignsubmission_file_`) put before it.
_PLATFORM = re.compile(r"[^_/]+_(?:late_)?\d+_(?:\d+|assignsubmission_file)_", re.IGNORECASE)

# The hand-out's own files that are neither the student's nor needed to run: a student's repository has them too.
_COURSE_FILES = frozenset({"assignment.toml", "checks.py", "compat.py", "README.md", "requirements.txt"})
_COURSE_FOLDERS = frozenset({".github", "golden"})


class Layout(Struct, frozen=True, kw_only=True):
    """Where the files of a submission go."""

    handed: Mapping[str, str]
    """The student's files by their name below the submission's own root -> the name they were handed in under."""
    placed: Mapping[str, str]
    """Place in the working folder -> handed-in name; a file can have two."""
    provided: Mapping[str, str]
    """The handed-in versions of provided files: handed-in name -> provided file."""
    missing: tuple[str, ...]
    """Student files that are not there."""
    notes: tuple[str, ...] = ()

    @property
    def twins(self) -> Mapping[str, str]:
        """Modules that are placed where the assignment has them as well: where the student has one -> that place."""
        elsewhere = {given: target for target, given in self.placed.items() if self.handed.get(target) != given}
        return {name: elsewhere[given] for name, given in self.handed.items() if given in elsewhere}


def lay_out(names: Collection[str], assignment: Assignment, notebook: str | None) -> Layout:
    """Find the assignment's files among `names`; `notebook` is the one that will be run."""
    root, twins = _root([n for n in names if n != notebook], assignment, notebook)
    below = _below(names, root, notebook, assignment)
    handed = {
        name: given
        for name, given in below.items()
        if not any(_is_the_courses(one, assignment) for one in (name, *_names_below(twins, given)))
    }
    merged = _merged(handed, assignment)
    handed = {merged.get(name, name): given for name, given in handed.items()}
    placed, missing = dict(handed), []
    notes = [
        f"{printable(str(twin))} holds the assignment's files too; those in {printable(str(root))} count"
        for twin in twins
    ]
    notes += [f"{printable(name)} was taken for the package of that name" for name in merged]
    for wanted in assignment.student_files:
        if wanted in handed or any(other in handed for other in alternatives(assignment, wanted)):
            continue
        same_name = _by_base_name(wanted, handed, assignment)
        if len(same_name) == 1:
            placed[wanted] = handed[same_name[0]]
            if same_name[0] != PurePosixPath(wanted).name:
                notes.append(f"{printable(same_name[0])} was taken for {wanted}")
            continue
        if same_name:
            listed = ", ".join(printable(name) for name in sorted(same_name)[:5])
            notes.append(f"{wanted} is there {len(same_name)} times ({listed}) and none was used; hand in one")
        missing.append(wanted)
    known = {*assignment.provided_files} - {*merged.values()}
    provided = {given: name for name, given in handed.items() if name in known}
    if len(placed) > len(handed):  # modules side by side: the provided ones lie among them
        for name in assignment.provided_files:
            same_name = _by_base_name(name, handed, assignment) if name not in handed else []
            provided |= {handed[f]: name for f in same_name[:1] if len(same_name) == 1}
    return Layout(handed=handed, placed=placed, provided=provided, missing=tuple(missing), notes=tuple(notes))


def alternatives(assignment: Assignment, wanted: str) -> tuple[str, ...]:
    """Where else, in a package, another edition keeps the student file `wanted`, by the places of its names."""
    module = dotted(wanted)
    paths: dict[str, None] = {}
    for places in assignment.names.values():
        modules = [place.module for place in places]
        if module in modules:
            # a module beside the notebook is no place to stay: the notebook imports it from the package
            paths |= {m.replace(".", "/") + ".py": None for m in modules if "." in m and m != module}
    return tuple(paths)


def packages(assignment: Assignment, placed: Collection[str]) -> tuple[str, ...]:
    """The packages, such as `ece285`, in which a submission of another edition keeps the assignment's whole tree."""
    folders = {
        other.removesuffix(wanted)
        for wanted in assignment.student_files
        for other in alternatives(assignment, wanted)
        if other in placed and other.endswith(f"/{wanted}")
    }
    return tuple(sorted(package.rstrip("/") for package in folders))


def dotted(file: str) -> str:
    """The name under which a file, relative to the folder that is searched, is imported."""
    return file.removesuffix(".py").replace("/", ".")


def module_paths(assignment: Assignment) -> tuple[str, ...]:
    """Every path at which one of the student's modules may lie."""
    paths: dict[str, None] = {}
    for wanted in assignment.student_files:
        paths |= dict.fromkeys([wanted, *alternatives(assignment, wanted)])
        if (base := PurePosixPath(wanted).name) != "__init__.py":
            paths[base] = None
    return tuple(paths)


def mounted_folders(assignment: Assignment) -> frozenset[str]:
    """Folders of the hand-out that the worker gets from the course and a submission need not hold."""
    # `--data` may name any folder, which the worker sees as `data`
    data = {"data", assignment.data.name} if assignment.data is not None else set()
    return frozenset({path.name for path in assignment.stand_ins} | data)


def without_copy_mark(name: str) -> str:
    """A base name without what a second download or a duplicate adds: `linear (1).py` is `linear.py`."""
    path = PurePosixPath(name)
    stem = _PLATFORM.sub("", path.stem, count=1) if _PLATFORM.match(path.stem) else path.stem
    return _COPY.sub("", stem) + path.suffix


def _root(
    names: Collection[str], assignment: Assignment, notebook: str | None
) -> tuple[PurePosixPath, list[PurePosixPath]]:
    """The folder of the submission that corresponds to the hand-out's, and others that would do as well.

    Of several that hold as many of its modules the one with the notebook.
    """
    known = {path for wanted in assignment.student_files for path in (wanted, *alternatives(assignment, wanted))}
    there: dict[PurePosixPath, set[str]] = {}
    for name in names:
        path = PurePosixPath(name)
        for folder in path.parents:
            if path.relative_to(folder).as_posix() in known:
                there.setdefault(folder, set()).add(name)
    if there:
        ran = PurePosixPath(notebook or "")

        def last(folder: PurePosixPath) -> tuple[int, bool, int, PurePosixPath]:
            return -len(there[folder]), not ran.is_relative_to(folder), len(folder.parts), folder

        best, *others = sorted(there, key=last)
        return best, [f for f in others if len(there[f]) == len(there[best]) and there[f].isdisjoint(there[best])]
    if notebook is None:
        folders = {PurePosixPath(n).parent for n in names if n.endswith(".py")}
        return min(folders, key=lambda folder: (len(folder.parts), folder), default=PurePosixPath()), []
    folder, inside = PurePosixPath(notebook).parent, PurePosixPath(assignment.notebook or "").parent
    if inside.parts and folder.parts[-len(inside.parts) :] == inside.parts:
        return PurePosixPath(*folder.parts[: -len(inside.parts)]), []
    return folder, []


def _merged(handed: Mapping[str, str], assignment: Assignment) -> dict[str, str]:
    """A module that holds what the assignment has in a package of that name -> the package's own file, for Python."""
    known = (*assignment.student_files, *assignment.provided_files)
    roots = {PurePosixPath(file).parts[0] for file in known if "/" in file}
    roots -= {PurePosixPath(name).parts[0] for name in handed}
    return {f"{root}.py": f"{root}/__init__.py" for root in sorted(roots) if f"{root}.py" in handed}


def _names_below(folders: Collection[PurePosixPath], given: str) -> list[str]:
    """The name of a handed-in file below each of the folders that hold it."""
    path = PurePosixPath(given)
    return [path.relative_to(folder).as_posix() for folder in folders if path.is_relative_to(folder)]


def _below(names: Collection[str], root: PurePosixPath, notebook: str | None, assignment: Assignment) -> dict[str, str]:
    """Name below `root` -> handed-in name; what lies outside keeps its name where that is free."""
    places: dict[str, str] = {}
    if notebook is not None and assignment.notebook is not None:
        # its cells run where the assignment's notebook runs, under the student's own file name
        places[(PurePosixPath(assignment.notebook).parent / PurePosixPath(notebook).name).as_posix()] = notebook
    inside = {n: PurePosixPath(n).relative_to(root).as_posix() for n in names if PurePosixPath(n).is_relative_to(root)}
    for given, name in [*inside.items(), *((n, n) for n in names if n not in inside)]:
        if given != notebook:
            places.setdefault(name, given)
    return _without_clashes(places, [*assignment.student_files, *assignment.provided_files])


def _without_clashes(places: Mapping[str, str], fixed: Collection[str]) -> dict[str, str]:
    """Without names that would need a folder where a file is, or a file where a folder is; `fixed` come first."""
    files: set[str] = set()
    folders: set[str] = set()
    kept = {}
    for name in (*fixed, *places):
        above = [str(folder) for folder in PurePosixPath(name).parents][:-1]
        if name not in folders and files.isdisjoint(above):
            files.add(name)
            folders.update(above)
            if name in places:
                kept[name] = places[name]
    return kept


def _is_the_courses(name: str, assignment: Assignment) -> bool:
    if name in assignment.student_files or name in assignment.provided_files:
        return False
    if name in _COURSE_FILES or (name.startswith("checks_") and (assignment.root / name).is_file()):
        return True
    return PurePosixPath(name).parts[0] in _COURSE_FOLDERS | mounted_folders(assignment)


def _by_base_name(wanted: str, handed: Mapping[str, str], assignment: Assignment) -> list[str]:
    """Files that lie elsewhere and are called like `wanted`: exactly, else but for case and a mark of a copy."""
    base = PurePosixPath(wanted).name
    if base == "__init__.py":
        return []
    fixed = {*assignment.student_files, *assignment.provided_files} - {wanted}
    free = [name for name in handed if name not in fixed]
    exact = [name for name in free if PurePosixPath(name).name == base]
    return exact or [n for n in free if without_copy_mark(PurePosixPath(n).name).casefold() == base.casefold()]
