"""The hand-out that a student gets, and the same tree with its solutions kept: the reference as a submission.

Owns which file of `reference/<id>/` goes where, and the refusal to release what a student must not see. Recording
golden values and grading the tree are for others.
"""

from __future__ import annotations

import filecmp
import shutil
from collections.abc import Callable, Iterator
from importlib.resources import files as package_files
from pathlib import Path

from grader.assignment.golden.provenance import refuse_stale
from grader.assignment.loading.author_file import LITTER, read_text
from grader.assignment.loading.check_source import HIDDEN, hidden_files, public_files
from grader.assignment.loading.load import SOLUTION
from grader.assignment.loading.manifest import FILE, read_manifest, without_marking
from grader.assignment.notebooks import notebook_files, percent_file
from grader.assignment.release.edits import EQUIVALENT, RIGHT, WRONG, edited
from grader.assignment.release.fingerprints import FILE as FINGERPRINTS
from grader.assignment.release.fingerprints import fingerprints_of
from grader.assignment.release.leaks import refuse_leaks
from grader.assignment.release.markers import has_solution, parsed, solved, stub_of
from grader.assignment.release.percent import dumps, notebook_of
from grader.assignment.release.wheel import PACKAGE, is_wheel, wheel, wheel_name
from grader.errors import AuthoringError, UsageError
from grader.model import Assignment, Edit

README = "README.md"
GOLDEN_PUBLIC = "golden/public.json"
PUBLIC_MISTAKES = "golden/public-mistakes.npz"
GOLDEN_HIDDEN = "golden/hidden.json"
REQUIREMENTS = "requirements.txt"
WORKFLOW = ".github/workflows/grade.yml"
GITLAB = ".gitlab-ci.yml"
GITIGNORE = ".gitignore"
GUIDE = "GRADING.md"
"""How a student installs and calls the grader."""
_IGNORED = (
    b"__pycache__/\n.ipynb_checkpoints/\n.pytest_cache/\n.cache/\n.venv/\nfeedback.html\nreport.json\nreport.xml\n"
)
SECRET = (HIDDEN, GOLDEN_HIDDEN, "golden/mistakes.npz", WRONG, RIGHT, EQUIVALENT)
"""Paths that no hand-out holds, wherever they might come from."""

Files = dict[str, bytes | Path]
"""A tree by path: the content, or the file to copy."""


def build_handout(assignment: Assignment, target: Path) -> None:
    """Write the whole hand-out to `target`; what else was there is removed.

    Raises AuthoringError if the sources are inconsistent, the golden values are of others, or something of the solution
    or the hidden checks would leak; UsageError if `target` holds files and is no hand-out: nothing of it would be left.
    """
    refuse_stale(assignment)
    files = handout_files(assignment)
    if target.exists() and not (target / FILE).exists() and any(_walk(target)):
        raise UsageError(f"{target}: holds files and is no hand-out (no {FILE}); choose an empty folder")
    if _brings_wheel(assignment):
        files[wheel_name()] = wheel()
    _write(files, target)
    for path in set(_walk(target)) - set(files):
        (target / path).unlink()
    for folder in sorted((p for p in target.rglob("*") if p.is_dir() and not p.is_symlink()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()


def build_solution(assignment: Assignment, target: Path, edits: Edit | None = None) -> None:
    """Write the hand-out's tree with the solutions kept to a new folder: what a perfect student hands in.

    With `edits`, solution files are changed first (a wrong or right rewrite). Raises AuthoringError if the sources are
    inconsistent or the edit does not apply; UsageError if `target` holds files already.
    """
    changed = edited(assignment, edits) if edits is not None else {}
    if edits is None:
        refuse_syntax_errors(assignment)
    files = _solved(assignment, changed)
    if target.exists() and any(_walk(target)):
        raise UsageError(f"{target}: holds files already; choose a new folder")
    _write(files, target)


def refuse_syntax_errors(assignment: Assignment) -> None:
    """Refuse a solution that is no valid Python: a check would only find that its names are not defined.

    Raises AuthoringError, with file and line.
    """
    for path in sorted(assignment.solution.rglob("*.py")) if assignment.solution else ():
        parsed(read_text(path), str(path))


def check_handout(assignment: Assignment) -> list[str]:
    """How the committed hand-out differs from what a release would write now, one sentence for each file.

    Raises AuthoringError as `build_handout`.
    """
    files = handout_files(assignment)
    if not assignment.handout.is_dir():
        return [f"{assignment.handout} does not exist yet"]
    # the grader itself goes to students with a release and is not compared: it is no source of the hand-out
    there = {path for path in _walk(assignment.handout) if not is_wheel(path)}
    differences = dict.fromkeys(files.keys() - there, "is missing")
    differences |= dict.fromkeys(there - files.keys(), "is not part of the hand-out")
    for path in files.keys() & there:
        if not _same(files[path], assignment.handout / path):
            differences[path] = "differs from its source"
    return [f"{path} {what}" for path, what in sorted(differences.items())]


def handout_files(assignment: Assignment) -> Files:
    """Every file of the hand-out; raises as `build_handout`."""
    files = _tree(assignment, stub_of, {})
    _add(files, FINGERPRINTS, fingerprints_of(assignment, files, _solved(assignment, {})), assignment.root)
    refuse_leaks(assignment, files)
    return files


def _brings_wheel(assignment: Assignment) -> bool:
    """Whether the hand-out has the grader in it: the course names no place, or a bare name that nobody owns."""
    return assignment.install in ("", PACKAGE)


def _solved(assignment: Assignment, changed: dict[str, str]) -> Files:
    return _tree(assignment, lambda text, file: solved(text, file), changed)


def _tree(assignment: Assignment, convert: Callable[[str, str], str], changed: dict[str, str]) -> Files:
    """The hand-out's tree with the student's files given by `convert(text, file name)`."""
    root, solution = assignment.root, assignment.solution
    if solution is None:
        raise AuthoringError(f"{root}: has no {SOLUTION}/; hand-outs are released from reference/<id>")
    manifest = read_manifest(root)
    compat = manifest.compat
    recorded = (GOLDEN_PUBLIC, *([PUBLIC_MISTAKES] if manifest.mistakes else []))
    files: Files = {}
    for name in (FILE, README, *(path.name for path in public_files(root)), *recorded, compat):
        if name in recorded and not (root / name).exists():
            continue  # a new assignment is released before its first recording, too
        if name is not None and not (root / name).is_file():
            raise AuthoringError(f"{root / name}: no such file; every hand-out has one")
        if name == FILE:
            _add(files, name, without_marking((root / name).read_text(encoding="utf-8")).encode(), root / name)
        elif name is not None:
            _add(files, name, root / name, root / name)
    needed = (f"./{wheel_name()}" if _brings_wheel(assignment) else assignment.install, *assignment.requirements)
    files[REQUIREMENTS] = "".join(f"{line}\n" for line in needed).encode()
    for name, template in ((WORKFLOW, "workflow.yml"), (GITLAB, "gitlab.yml"), (GUIDE, "grading.md")):
        files[name] = package_files("grader.assignment.release").joinpath(template).read_bytes()
    files[GITIGNORE] = _IGNORED
    for folder in (*assignment.stand_ins, *([assignment.data] if assignment.data else [])):
        for name in _walk(folder) if folder.is_relative_to(root) else ():  # `--data` names another, which is linked
            _add(files, (folder / name).relative_to(root).as_posix(), folder / name, folder / name)
    for name, source, content in _solution(assignment, solution, convert, changed):
        _add(files, name, content, source)
    for path in hidden_files(root):
        if path.name in files:
            raise AuthoringError(f"{solution / path.name}: is called like the hidden {path}; rename one")
    return files


def _solution(
    assignment: Assignment, solution: Path, convert: Callable[[str, str], str], changed: dict[str, str]
) -> Iterator[tuple[str, Path, bytes | Path]]:
    """Path in the hand-out, source and content of everything below `solution/`."""
    notebooks = {percent_file(name): name for name in notebook_files(assignment)}
    names = list(_walk(solution))
    for name in (*assignment.student_files, *assignment.provided_files, *notebooks):
        if name not in names:
            raise AuthoringError(f"{solution / name}: no such file, though {FILE} names it")
    for name in names:
        path = solution / name
        if path.suffix != ".py":
            yield name, path, path
            continue
        text = changed[name] if name in changed else read_text(path)
        if name in notebooks:
            cells = notebook_of(convert(text, str(path)), str(path))
            cells["metadata"]["grader"] = {"assignment": assignment.id}
            yield notebooks[name], path, dumps(cells).encode()
        elif name in assignment.student_files:
            yield name, path, convert(text, str(path)).encode()
        elif has_solution(text):
            raise AuthoringError(f"{path}: has a solution region and is not in student_files of {FILE}; add it there")
        else:
            yield name, path, text.encode()


def _add(files: Files, name: str, content: bytes | Path, source: Path) -> None:
    if name in SECRET:
        raise AuthoringError(f"{source}: no hand-out holds a file {name}; rename it")
    if name in files:
        raise AuthoringError(f"{source}: the hand-out has another file {name}; rename one")
    if source.is_symlink():
        raise AuthoringError(f"{source}: a link cannot be released; put the file itself there")
    files[name] = content


def _walk(folder: Path) -> Iterator[str]:
    """Paths of all files and links below the folder, sorted, without what tools leave behind."""
    for path in sorted(folder.iterdir()):
        if path.name in LITTER:
            continue
        if path.is_dir() and not path.is_symlink():
            yield from (f"{path.name}/{below}" for below in _walk(path))
        else:
            yield path.name


def _same(content: bytes | Path, path: Path) -> bool:
    if path.is_symlink():
        return False
    return path.read_bytes() == content if isinstance(content, bytes) else filecmp.cmp(content, path, shallow=False)


def _write(files: Files, target: Path) -> None:
    for name, content in files.items():
        path = target / name
        if path.exists() and _same(content, path):
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            shutil.copyfile(content, path)
