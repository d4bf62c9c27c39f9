"""Which notebook of a submission is the one to run.

Owns the choice, among versions of one notebook too; how alike two notebooks are is `likeness`'.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import PurePosixPath

import msgspec

from grader.assignment.release.fingerprints import Fingerprints, piece_digests, read_fingerprints
from grader.errors import SubmissionError
from grader.model import Assignment, Notebook
from grader.submission.files.gather import SubmittedFiles
from grader.submission.files.layout import alternatives, without_copy_mark
from grader.submission.files.similarity import MARGIN, THRESHOLD, expected, likeness, profile
from grader.submission.names import printable
from grader.submission.review.edited_cells import is_unsolved
from grader.submission.source.definitions import definitions, parse
from grader.submission.source.magics import plain_python

_BY_NAME = 0.2  # what a file name like the assignment's adds to a likeness: it breaks ties and decides nothing else
_SHOWN = 5
_MORE = 1.2  # times the code: a version with so much more is further on, and one with less than that may be tidier
_DONE = re.compile(r"final|solution|solved|submi|abgabe|complete|done|hand.?in", re.IGNORECASE)
_LEFT = re.compile(r"old|backup|bak\b|draft|template|stub|original|empty|blank|copy|scratch", re.IGNORECASE)


class Choice(msgspec.Struct, frozen=True):
    """Handed-in name of the notebook to run; None when there is none, or the assignment has none."""

    name: str | None
    notes: tuple[str, ...] = ()


def choose_notebook(handed: SubmittedFiles, assignment: Assignment) -> Choice:
    """The notebook to run, as `_chosen`, unless another version of it has all that is filled in there and more.

    Where there are others, a note says which it is. Of an assignment of several notebooks those count that belong to
    the assignment's one.
    """
    merged = ""
    if assignment.notebooks:
        handed, merged = _of_this_notebook(handed, assignment)
    if merged:
        return Choice(
            merged, (f"{printable(merged)} holds what {assignment.notebook} asks as well: it was run as both",)
        )
    if not handed.notebooks and handed.notebook is None and not assignment.student_files:
        return _script(handed, assignment)
    choice = _written_instead(handed, assignment, _chosen(handed, assignment))
    others = [name for name in handed.notebooks if name != choice.name]
    if choice.notes or choice.name is None or not others or handed.notebook is not None:
        return choice
    return Choice(choice.name, (f"{printable(choice.name)} was graded, not {_listed(others)}",))


def _written_instead(handed: SubmittedFiles, assignment: Assignment, choice: Choice) -> Choice:
    """Of a notebook that still has stubs, the version of it that holds all that is written there, and more.

    Of one in which nothing is written that may be a Python file too.
    """
    given = read_fingerprints(assignment)
    handed_out = given.given_notebook(assignment.notebook) if given is not None else None
    chosen = _readable(handed, choice.name) if choice.name is not None and handed.notebook is None else None
    if given is None or handed_out is None or chosen is None or not _definitions(chosen) & _stubs(given):
        return choice
    as_given = {cell.source for cell in handed_out.code}
    own = [cell.source for cell in chosen.code if cell.source not in as_given]
    if any(parse(plain_python(source)).tree is None for source in own):
        return choice
    known = _definitions(handed_out) | _stubs(given)
    # a class counts by its methods, each of which may be put on it below it
    whole = {name for name in given.stubs if not any(other.startswith(f"{name}.") for other in given.stubs)}
    asked = whole | {name.rpartition(".")[2] for name in given.stubs}

    def written(notebook: Notebook | None) -> set[tuple[str, str]]:
        every = _definitions(notebook) - known if notebook is not None else ()
        return {one for one in every if one[0] in asked}

    before = written(chosen)
    read = {name: notebook for name in handed.notebooks if (notebook := _readable(handed, name)) is not None}
    alike = _scores(read, assignment, by_name=False)
    enough = max(alike[choice.name or ""] - MARGIN, THRESHOLD + _BY_NAME)
    instead = _furthest([n for n in sorted(read) if alike[n] >= enough and written(read[n]) > before], read)
    if instead.name is None and not before and not assignment.student_files:
        instead = _script(handed, assignment)
        instead = instead if instead.name is not None and written(_readable(handed, instead.name)) else Choice(None)
    if instead.name is None:
        return choice
    other = printable(choice.name or "")
    why = f"it has all the code of {other}, and more" if before else f"in {other} no code is filled in"
    return Choice(instead.name, (f"{printable(instead.name)} was graded: {why}", *instead.notes))


def _stubs(given: Fingerprints) -> set[tuple[str, str]]:
    return {(name, digest) for name, digests in given.stubs.items() for digest in digests}


def _definitions(notebook: Notebook) -> set[tuple[str, str]]:
    """Name and fingerprint of all that the cells define."""
    found = (d for cell in notebook.code for d in definitions(cell.source).found)
    return {one for definition in found for one in piece_digests(definition.name, definition.node)}


def _script(handed: SubmittedFiles, assignment: Assignment) -> Choice:
    """The Python file that a notebook was saved as, where there is none: it defines most of what is asked for."""
    if assignment.notebook is None:
        return Choice(None)
    read = {name: handed.read_notebook(name) for name in handed.modules if handed.source(name) is not None}
    defined = {name: profile(notebook, {}).defined for name, notebook in read.items()}
    count = {name: len(assignment.names.keys() & defined[name]) for name in read}
    most = [name for name in count if count[name] == max(count.values()) and 2 * count[name] > len(assignment.names)]
    if len(most) != 1:
        return Choice(None)
    return Choice(
        most[0], (f"{printable(most[0])} was run as the notebook that it was saved from; its parts are the cells",)
    )


def _chosen(handed: SubmittedFiles, assignment: Assignment) -> Choice:
    """The notebook to run.

    The one that the caller named, else the only one, else the one with the assignment's own file name (the only edited
    one, where the hand-out's is there too), unless it was not run, still has stubs of the hand-out, and another version
    of it was run (of an edited one: one without stubs); else the one that release marked as the assignment's, else the
    one that clearly looks most like it, else the one that uses most of its names, else none where the modules are
    there. Of several versions that which was run, is called final or not called old, or holds much more code; a note
    names the others. Raises SubmissionError if there are several and none stands out.
    """
    names = handed.notebooks
    if assignment.notebook is None:
        return Choice(None)
    if handed.notebook is not None or len(names) <= 1:
        return Choice(handed.notebook or next(iter(names), None))
    own = PurePosixPath(assignment.notebook).name.casefold()
    read = {name: notebook for name in names if (notebook := _readable(handed, name)) is not None}
    same = [name for name in names if PurePosixPath(name).name.casefold() == own]
    given = _handed_out(assignment, assignment.notebook)
    edited = [name for name in same if name in read and given is not None and _code(read[name]) != _code(given)]
    if len(same) > len(edited) == 1:
        return Choice(edited[0])
    called = _highest(same)
    if called:
        if called not in read or _was_run(read[called]):
            return Choice(called)
        was_edited = called in edited
        if was_edited and not _has_stubs(read[called], given):
            return Choice(called)
        alike = _scores(read, assignment, by_name=False)
        enough = max(alike[called] - MARGIN, THRESHOLD + _BY_NAME)
        run = [name for name in sorted(alike) if alike[name] >= enough and _was_run(read[name])]
        if was_edited:
            run = [name for name in run if not _has_stubs(read[name], given)]
        return _furthest(run, read, [called]) if run else Choice(called)
    marked = [name for name, notebook in read.items() if notebook.assignment == assignment.id]
    if len(marked) == 1:
        return Choice(marked[0])
    choice = _furthest(_versions({name: read[name] for name in marked} or read, assignment), read)
    if choice.name is not None:
        return choice
    if (user := _by_names(read, assignment)) is not None:
        return Choice(user)
    modules = [(name, *alternatives(assignment, name)) for name in assignment.student_files]
    if modules and all(any(given.endswith(other) for given in handed.files for other in any_of) for any_of in modules):
        return Choice(None, (f"none of the notebooks is clearly the assignment's ({_listed(names)}): modules only",))
    raise SubmissionError(
        f"{handed.shown} holds {len(names)} notebooks and none is clearly that of {assignment.id} ({_listed(names)}); "
        f"hand in one, or name it {PurePosixPath(assignment.notebook).name}"
    )


def _of_this_notebook(handed: SubmittedFiles, assignment: Assignment) -> tuple[SubmittedFiles, str]:
    """The submission without the notebooks that belong to another one of the assignment, whatever they are called.

    Of one that the caller named, those that lie beside it are not handed in. Where none is left, also the one that
    belongs to another and holds most of this one, too: two notebooks put into one.
    """
    given = {name: _given_lines(assignment, name) for name in assignment.notebooks}
    others = {name for name in handed.notebooks if handed.notebook not in (None, name)}
    shares: dict[str, float] = {}
    for name in (handed.notebook,) if handed.notebook else handed.notebooks:
        read = _readable(handed, name)
        lines = _lines(read) if read is not None else set()
        called = without_copy_mark(PurePosixPath(name).name).casefold()

        def belongs(own: str, lines: set[str] = lines, called: str = called) -> tuple[float, bool]:
            apart = given[own] - set().union(*(given[other] for other in given if other != own))
            same_name = called == PurePosixPath(own).name.casefold()
            return round(len(apart & lines) / len(apart), 1) if apart else 0.0, same_name

        likeness = {own: belongs(own) for own in given}
        if max(likeness, key=lambda own: likeness[own]) != assignment.notebook:
            others.add(name)
            shares[name] = likeness[assignment.notebook or ""][0]
    merged = max(shares, key=lambda name: shares[name], default="")
    if merged and shares[merged] > 0.5 and others >= {*handed.notebooks}:
        return handed, merged
    files = {name: path for name, path in handed.files.items() if name not in others}
    named = None if handed.notebook in others else handed.notebook
    return msgspec.structs.replace(handed, files=files, notebook=named), ""


def _given_lines(assignment: Assignment, name: str) -> set[str]:
    """The lines of one notebook as it was handed out; none where that cannot be known."""
    given = _handed_out(assignment, name)
    return _lines(given) if given is not None else set()


def _handed_out(assignment: Assignment, name: str) -> Notebook | None:
    """A notebook as it was handed out; None where that cannot be known."""
    prints = read_fingerprints(assignment)
    return prints.given_notebook(name) if prints is not None else None


def _lines(notebook: Notebook) -> set[str]:
    return {line.strip() for cell in notebook.cells for line in cell.source.split("\n") if line.strip()}


def _listed(names: Sequence[str]) -> str:
    return ", ".join(printable(name) for name in names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")


def _by_names(read: Mapping[str, Notebook], assignment: Assignment) -> str | None:
    """The one that defines or uses most of the assignment's names; of several, the one that is clearly called so.

    So a folder of another edition's notebooks is known, whose texts and cells are others.
    """
    wanted = {name: {name, *(place.name for place in places)} for name, places in assignment.names.items()}
    count = {}
    for name, notebook in read.items():
        shown = profile(notebook, {})
        count[name] = sum(not keys.isdisjoint(shown.defined | shown.used) for keys in wanted.values())
    most = [name for name in count if count[name] and count[name] == max(count.values())]
    stem = PurePosixPath(assignment.notebook or "").stem.casefold()
    alike = {n: difflib.SequenceMatcher(None, PurePosixPath(n).stem.casefold(), stem).ratio() for n in most}
    named = [name for name in most if alike[name] == max(alike.values())]
    apart = sorted(alike.values())[-2:]
    return named[0] if len(named) == 1 and (len(most) == 1 or apart[1] - apart[0] >= MARGIN) else None


def _highest(names: Sequence[str]) -> str | None:
    """The one that lies in the fewest folders, if it is alone there."""
    depth = {name: name.count("/") for name in names}
    best = [name for name in names if depth[name] == min(depth.values())]
    return best[0] if len(best) == 1 else None


def _readable(handed: SubmittedFiles, name: str) -> Notebook | None:
    try:
        return handed.read_notebook(name)
    except SubmissionError:  # a damaged one among several is not the one
        return None


def _versions(read: Mapping[str, Notebook], assignment: Assignment) -> list[str]:
    """Those that look like the assignment, and about equally so; sorted by their names."""
    scores = _scores(read, assignment, by_name=True)
    best = max(scores.values(), default=0.0)
    if best < THRESHOLD + _BY_NAME:
        return []
    return sorted(name for name in scores if best - scores[name] < MARGIN)


def _scores(read: Mapping[str, Notebook], assignment: Assignment, *, by_name: bool) -> dict[str, float]:
    """How much each looks like the assignment; all file names count alike unless `by_name`."""
    wanted = expected(assignment)
    stem = PurePosixPath(assignment.notebook or "").stem.casefold()
    scores = {}
    for name, notebook in read.items():
        shown = profile(notebook, {})
        if not by_name:
            shown = msgspec.structs.replace(shown, files=wanted.files)
        called = PurePosixPath(without_copy_mark(PurePosixPath(name).name)).stem.casefold() if by_name else stem
        alike = difflib.SequenceMatcher(None, called, stem).ratio()
        scores[name] = likeness(shown, wanted) + _BY_NAME * alike
    return scores


def _furthest(versions: Sequence[str], read: Mapping[str, Notebook], others: Collection[str] = ()) -> Choice:
    """The version that was worked on most; none when that is unclear."""
    left = list(versions)
    for rank in (lambda name: _was_run(read[name]), _by_words):
        left = [name for name in left if rank(name) == max(map(rank, left))]
    size = {name: len(_code(read[name])) for name in left}
    most = max(size.values(), default=0)
    left = [name for name in left if size[name] * _MORE > most]
    if len({_code(read[name]) for name in left}) != 1:
        return Choice(None)
    passed = sorted({*versions, *others} - {left[0]})
    return Choice(
        left[0], tuple(f"{printable(n)} is a version of it too; {printable(left[0])} was graded" for n in passed)
    )


def _by_words(name: str) -> int:
    stem = PurePosixPath(name).stem
    return bool(_DONE.search(stem)) - bool(_LEFT.search(stem)) - (without_copy_mark(stem + ".ipynb") != stem + ".ipynb")


def _was_run(notebook: Notebook) -> bool:
    return any(cell.execution_count is not None or cell.has_outputs for cell in notebook.code)


def _has_stubs(notebook: Notebook, given: Notebook | None) -> bool:
    """Whether a cell of the hand-out that is to be filled in is still as it was."""
    stubs = {cell.source for cell in given.code if is_unsolved(cell.source)} if given is not None else set()
    return any(cell.source in stubs for cell in notebook.code)


def _code(notebook: Notebook) -> str:
    """All code without blanks."""
    return "".join("".join(cell.source.split()) for cell in notebook.code)
