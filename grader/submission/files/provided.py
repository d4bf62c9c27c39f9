"""The course's own files in a submission: which version of each is run, and what to say about the student's.

A student's version is never run, wherever in the submission it lies; what else it defines is added to the course's.
"""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from grader.assignment.release.fingerprints import read_fingerprints, tidied_digest
from grader.errors import AuthoringError
from grader.model import Assignment, Notebook
from grader.submission.files.gather import SubmittedFiles
from grader.submission.files.layout import Layout, dotted, packages, without_copy_mark
from grader.submission.files.module_alias import write_alias
from grader.submission.names import printable
from grader.submission.source.definitions import definitions, parse
from grader.submission.source.modules import MAX_SOURCE, decode
from grader.worker.syntax import names_in, parse_tree


def pristine(assignment: Assignment, name: str) -> Path:
    """The course's own version of a provided file: the source that the hand-out is made of, where it is here."""
    for folder in (assignment.solution, assignment.handout):
        if folder is not None and (folder / name).is_file():
            return folder / name
    raise AuthoringError(f"{assignment.handout / name}: no such file, and it is a provided one; run `grade release`")


def _course_text(assignment: Assignment, name: str) -> str:
    return decode(pristine(assignment, name).read_bytes())


def provided_versions(handed: SubmittedFiles, layout: Layout, assignment: Assignment) -> Mapping[str, str]:
    """Handed-in name -> provided file, for the student's versions of provided files.

    Another edition may keep the same helper in another package, as `nndl/solver.py` for `utils/solver.py`: a module of
    that name which defines one of the same functions or classes is the same helper. One that imports its neighbours
    can only work where it is.
    """
    versions = dict(layout.provided)
    bases = {PurePosixPath(name).name: name for name in reversed(assignment.provided_files) if name.endswith(".py")}
    bases.pop("__init__.py", None)
    for name, given in layout.handed.items():
        provided = bases.get(without_copy_mark(PurePosixPath(name).name))
        if provided is None or given in versions or name in assignment.student_files:
            continue
        course = _course_text(assignment, provided)
        if not _imports_neighbours(course) and not _defined(course).isdisjoint(_defined(handed.source(given) or "")):
            versions[given] = provided
    return versions


def _defined(text: str) -> frozenset[str]:
    return frozenset(
        d.name for d in definitions(text).found if d.kind in {"def", "class"} and not d.name.startswith("_")
    )


def _import_given(path: Path, text: str, package: str, assignment: Assignment) -> None:
    """At the end of one module for a whole package: what it repeats of the course's modules is the course's."""
    inside, own = f"{PurePosixPath(package).parent}/", _defined(text)
    for name in assignment.provided_files:
        if name.startswith(inside) and name != package and name.endswith(".py"):
            repeated = own & _defined(_course_text(assignment, name))
            with path.open("a", encoding="utf-8") as file:
                file.write(f"\nfrom {dotted(name)} import {', '.join(sorted(repeated))}\n" if repeated else "")


def _imports_neighbours(text: str) -> bool:
    tree = parse(text).tree
    return tree is not None and any(isinstance(node, ast.ImportFrom) and node.level for node in ast.walk(tree))


def edited(
    handed: SubmittedFiles, provided: Mapping[str, str], assignment: Assignment, notebook: Notebook | None
) -> Iterator[str]:
    """Notes on provided files that are not the course's own.

    In the student's own folder the hand-out's files are the student's: fingerprints tell what they were. A submission
    that shows nothing of this hand-out is of another edition of the course, whose files all differ: nobody edited them.
    """
    differing, same = [], 0
    prints = read_fingerprints(assignment) if assignment.solution is None else None
    for name, digest in prints.provided.items() if prints is not None else ():
        if name in assignment.provided_files and tidied_digest(_course_text(assignment, name)) != digest:
            yield f"provided file {name} was edited; the course grades with its own, so put back what was handed out"
    for given, name in provided.items():
        own = [f / name for f in (assignment.solution, assignment.handout) if f is not None and (f / name).is_file()]
        content = _content(handed.files[given])
        if content in [_content(path) for path in own]:
            same += bool(content)
        elif content or PurePosixPath(name).name != "__init__.py":
            differing.append(printable(name))
    differing = list(dict.fromkeys(differing))  # another homework beside it has the same helpers
    if differing and not same and (notebook is None or notebook.assignment is None):
        more = f" and {len(differing) - 4} more" if len(differing) > 4 else ""
        yield (
            f"the provided files are another edition's or were edited; the course's own were used: "
            f"{', '.join(differing[:4])}{more}"
        )
        return
    for name in differing:
        yield f"provided file {name} was edited; the course's own was used"


def _content(path: Path) -> list[str]:
    """Lines without what editors change by themselves: line ends, blanks at line ends, empty lines at the end."""
    lines = [line.rstrip() for line in decode(path.read_bytes()).split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def place_provided(
    handed: SubmittedFiles, provided: Mapping[str, str], layout: Layout, assignment: Assignment, folder: Path
) -> list[str]:
    """Put the course's own files into `folder`, where the hand-out and where the submission has them; returns notes.

    What only the student's version of one defines is added wherever that file lies, since what asks for it may be
    another of the course's files. A package of the submission's that holds the assignment's tree gets all of it.
    """
    owns: dict[str, list[Path]] = {}
    for given, name in provided.items():
        if _content(handed.files[given]) != _content(pristine(assignment, name)):  # else nobody's version
            owns.setdefault(PurePosixPath(name).name, []).append(handed.files[given])
    targets = {name: name for name in assignment.provided_files}
    elsewhere = {target: provided[given] for target, given in layout.placed.items() if given in provided}
    targets |= elsewhere
    complete = packages(assignment, layout.placed)
    inside = tuple(f"{package}/" for package in complete)
    for package in complete:
        targets |= {
            f"{package}/{name}": name for name in assignment.provided_files if f"{package}/{name}" not in targets
        }
    additions: dict[str, str] = {}
    for target, name in targets.items():
        if target in layout.placed and layout.placed[target] not in provided:
            if target in assignment.provided_files:
                _import_given(folder / target, handed.source(layout.placed[target]) or "", target, assignment)
            continue  # the student's own, in a package of theirs
        if target in elsewhere and target != name and not target.startswith(inside):
            write_alias(folder / target, dotted(name))  # its classes are the same in what the course imports
            continue
        added = _copy_with_additions(pristine(assignment, name), owns.get(PurePosixPath(name).name, ()), folder, target)
        if added:
            more = f" and {len(added) - 5} more" if len(added) > 5 else ""
            additions.setdefault(", ".join(added[:5]) + more, target)
    return [
        f"added to the course's {printable(target)} from your version: {names}" for names, target in additions.items()
    ]


def _copy_with_additions(source: Path, owns: Iterable[Path], folder: Path, target: str) -> list[str]:
    """Copy a provided file, with what only the student's versions define; the names of that."""
    (folder / target).parent.mkdir(parents=True, exist_ok=True)
    added: list[str] = []
    if target.endswith(".py") and source.name != "__init__.py":
        text = decode(source.read_bytes())
        for own in owns:
            if own.stat().st_size <= MAX_SOURCE:
                text, names = with_additions(text, decode(own.read_bytes()))
                added += names
        if added:
            (folder / target).write_text(text, encoding="utf-8")
            return added
    shutil.copyfile(source, folder / target)
    return []


_DEFINED = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def with_additions(course: str, student: str) -> tuple[str, tuple[str, ...]]:
    """The course's text with the functions and classes that only the student's version has, and their names.

    The student's imports come first, so that the course's names win, and one that fails is left out. A text that
    cannot be parsed adds nothing.
    """
    try:
        own, theirs = parse_tree(course), parse_tree(student)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return course, ()
    known = {node.name for node in own.body if isinstance(node, _DEFINED)}
    known |= set(names_in(own, ast.Store))
    known |= {a.asname or a.name for node in own.body if isinstance(node, ast.ImportFrom) for a in node.names}
    added = [node for node in theirs.body if not _names(node) <= known]
    longer = list(_longer(own, theirs))
    if not (added or longer) or any(_future(node) for node in own.body):
        return course, ()
    imports = [node for node in theirs.body if isinstance(node, ast.Import | ast.ImportFrom)]
    before = [f"try:\n    {ast.unparse(node)}\nexcept ImportError:\n    pass" for node in imports if not _future(node)]
    after = [ast.unparse(node) for node in added]
    after += [_WIDENED.format(name=name, theirs=theirs, own=own) for name, theirs, own in longer]
    names = tuple(name for node in added for name in sorted(_names(node)))
    names += tuple(f"arguments of {name}, which are not used" for name, _, _ in longer)
    return "\n".join([*before, course.rstrip("\n"), "", "", *after]) + "\n", names


_WIDENED = """
def _widened(function, theirs, own):
    import functools

    @functools.wraps(function)
    def widened(*args, **kwargs):
        if len(args) > len(theirs):
            return function(*args, **kwargs)
        given = dict(zip(theirs, args)) | kwargs
        return function(**{{name: value for name, value in given.items() if name in own or name not in theirs}})

    return widened


{name} = _widened({name}, {theirs!r}, {own!r})
"""


def _longer(own: ast.Module, theirs: ast.Module) -> Iterator[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """Functions that take more in the student's version than in the course's, such as the folder of the data.

    Name, the student's parameters, the course's; all of these are among those.
    """
    mine = {node.name: _plain_parameters(node) for node in own.body if isinstance(node, ast.FunctionDef)}
    for node in theirs.body:
        if isinstance(node, ast.FunctionDef) and (course := mine.get(node.name)) is not None:
            student = _plain_parameters(node)
            if student is not None and set(course) < set(student):
                yield node.name, student, course


def _plain_parameters(node: ast.FunctionDef) -> tuple[str, ...] | None:
    """Parameters that can be given by name; None where there are others."""
    if node.args.vararg or node.args.kwarg or node.args.posonlyargs or node.args.kwonlyargs:
        return None
    return tuple(argument.arg for argument in node.args.args)


def _names(node: ast.stmt) -> set[str]:
    """What a statement defines that could be added: a function, a class, or another name or number for something."""
    if isinstance(node, _DEFINED):
        return {node.name}
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name | ast.Constant):
        return {target.id for target in node.targets if isinstance(target, ast.Name)}
    return set()


def _future(node: ast.stmt) -> bool:
    """Whether it is a `from __future__` import, which stands on a file's first line or nowhere."""
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"
