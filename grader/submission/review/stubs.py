"""Which of a student's definitions still equal the hand-out's stub, and where else the same name is written.

What the stubs were is in the hand-out's `fingerprints.json`, in the course and in the student's own folder alike. That
an untouched stub is `missing` and not `failed` is the caller's rule.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from msgspec import structs

from grader.assignment.release.fingerprints import Fingerprints, node_digest, piece_digests, read_fingerprints
from grader.model import Assignment, Cell, Place, Submission, Uses
from grader.submission.names import printable
from grader.submission.source.definitions import Definition, definitions
from grader.submission.source.lookup import DefinitionPlace, given_definitions, places, submission_sources

_TO_DO = re.compile(r"#.*\b(TODO|FIXME|YOUR (CODE|ANSWER))\b", re.IGNORECASE)

_FENCED = re.compile(r"^ *(?P<fence>```|~~~)[^\n]*\n(?P<code>.*?)^ *(?P=fence)", re.MULTILINE | re.DOTALL)

_END = re.compile(r"#.*\bEND\b", re.IGNORECASE)


def is_left_open(source: str, line: int) -> bool:
    """Whether there is a TODO right above `line` (from 1), and no code between: what it misses was never written."""
    for text in reversed(source.splitlines()[: line - 1]):
        code = text.strip()
        if code not in ("", "pass", "...") and not code.startswith("#"):
            return False
        if _TO_DO.search(text) and not _END.search(text):
            return True
    return False


def unfilled_by_check(assignment: Assignment, submission: Submission) -> dict[str, frozenset[str]]:
    """Check id -> names that it uses whose definition equals the stub's, and `Class.method` for single methods that do.

    A name that is defined twice is judged by the definition that the check's own `Uses` choose. What the hand-out gives
    complete is never among them, and without fingerprints nothing is.
    """
    student, given = submission_sources(submission), read_fingerprints(assignment)
    stubs: Mapping[str, Collection[str]] = given.stubs if given is not None else {}

    def unfilled(uses: Uses) -> frozenset[str]:
        at = student.find(uses, places(assignment, submission, uses.name))
        if at is None or at.definition is None or at.path in assignment.provided_files:
            return frozenset()
        own = at.definition.name
        attached = {f"{own}.{one.method}" if one.method else own for _, one in student.attached(at)}
        written = attached & stubs.keys()
        return frozenset(
            uses.name + name.removeprefix(own)
            for name, digest in piece_digests(own, at.definition.node)
            if digest and digest in stubs.get(name, ()) and not (written and name in (own, *written))
        )

    return {check.id: frozenset[str]().union(*map(unfilled, check.uses)) for check in assignment.checks}


def written_pieces(definition: Definition, stubs: Mapping[str, Collection[str]]) -> frozenset[str]:
    """What is filled in of what the hand-out leaves open: `.method` of a class, else an empty string."""
    return frozenset(piece for piece, is_stub in _open_pieces(definition, stubs).items() if not is_stub)


def holds_stub(definition: Definition, stubs: Mapping[str, Collection[str]]) -> bool:
    """Whether anything that the hand-out leaves open in a definition is as it was handed out."""
    return any(_open_pieces(definition, stubs).values())


def _open_pieces(definition: Definition, stubs: Mapping[str, Collection[str]]) -> Mapping[str, bool]:
    """Piece that the hand-out leaves open and that is there -> whether it is the hand-out's stub."""
    if definition.kind not in {"def", "class"}:
        return {}
    own = definition.name
    methods = {name for name in stubs if name.startswith(f"{own}.")}
    return {
        name.removeprefix(own): digest in stubs[name]
        for name, digest in piece_digests(own, definition.node)
        if name in (methods or {own} & stubs.keys())
    }


def with_written_places(assignment: Assignment, submission: Submission) -> Submission:
    """The submission with `places` for names that are written elsewhere than where the assignment's order finds a stub.

    What the course gives is nobody's work: neither its own files nor what its notebook defines. A note names both
    places.
    """
    given = read_fingerprints(assignment)
    every = {name: with_notebook(name, declared) for name, declared in assignment.names.items()}
    several = {name: known for name, known in every.items() if len(known) > 1}
    if given is None or not several:
        return submission
    sources = submission_sources(submission)
    moved: dict[str, tuple[Place, ...]] = {}
    stubs_by_place: dict[str, dict[str, str]] = {}
    instead: list[str] = []
    elsewhere: dict[str, list[str]] = {}
    courses = {*assignment.provided_files} - submission.modules.keys()
    for name, known in several.items():
        orders = [(place, *(other for other in known if other != place)) for place in known]
        found = [(order, sources.find(Uses(name=name), order)) for order in orders]
        work = [
            (order, at, meant)
            for order, at in found
            if at is not None and at.path not in courses and (meant := sources.meant(at)) is not None
        ]
        if work and sources.find(Uses(name=name), assignment.names[name]) is None:  # there is no file where it is asked
            order, at, meant = work[0]
            if not holds_stub(meant, given.stubs) and not is_given(meant, given, assignment):
                moved[name] = order
                elsewhere.setdefault(_shown(at), []).append(f"`{name}`")
            continue
        if not work or work[0][0] != known:
            continue
        order, counted, _ = work[counted_definition([definition for _, _, definition in work], given, assignment)]
        if order == known and (imported := _imported(work, given)) is not None:
            moved[name] = imported[0]
            there = f"{printable(imported[1].path)} was graded, from which the notebook imports it"
            instead.append(f"`{name}`: {there}, not {_shown(counted)}")
        elif order != known:
            moved[name] = order
            stubs_by_place.setdefault(_shown(counted), {})[name] = _shown(work[0][1])
    notes = [_place_note(there, stubs) for there, stubs in stubs_by_place.items()] + instead
    notes += [f"graded from {there}, as no other file defines them: {', '.join(n)}" for there, n in elsewhere.items()]
    return structs.replace(submission, places=moved, notes=(*submission.notes, *notes)) if moved else submission


Work = tuple[tuple[Place, ...], DefinitionPlace, Definition]
"""An order of a name's places, where it finds the name, and the definition there."""


def _imported(work: Sequence[Work], given: Fingerprints) -> Work | None:
    """What the notebook imports from another module than that which is asked for: what was run, and no old version."""
    asked = work[0][1].path
    for one in work if asked else ():
        if not one[0][0].module and one[1].path not in ("", asked) and not holds_stub(one[2], given.stubs):
            return one
    return None


def with_notebook(name: str, known: tuple[Place, ...]) -> tuple[Place, ...]:
    """The places of a name, and the notebook last: some write there what the assignment asks for in a module."""
    return known if any(not place.module for place in known) else (*known, Place("", name))


def counted_definition(found: Sequence[Definition], given: Fingerprints, assignment: Assignment) -> int:
    """The index of the one that counts of a name's definitions: the first, or where it has a stub, the most complete.

    A later one counts where everything is filled in that is filled in at the first, and more, unless the hand-out's
    notebook gives it.
    """
    counted, done = 0, written_pieces(found[0], given.stubs)
    for index, definition in enumerate(found[1:] if holds_stub(found[0], given.stubs) else (), 1):
        more = written_pieces(definition, given.stubs)
        if more > done and not is_given(definition, given, assignment):
            counted, done = index, more
    return counted


def not_run_notes(assignment: Assignment, submission: Submission) -> list[str]:
    """A line for each markdown or raw cell that holds what a check asks for and no code cell or module has."""
    if submission.notebook is None:
        return []
    given = read_fingerprints(assignment)
    stubs: Mapping[str, Collection[str]] = given.stubs if given is not None else {}
    sources = submission_sources(submission)
    absent = set[str]()
    for name in {uses.name for check in assignment.checks for uses in check.uses}:
        at = sources.find(Uses(name=name), places(assignment, submission, name))
        if at is None or (at.definition is not None and holds_stub(at.definition, stubs)):
            absent.add(name)
    notes = []
    for cell in submission.notebook.cells if absent else ():
        if cell.kind == "code":
            continue
        found = (d for text in _code_in_text(cell) for d in definitions(text).found if d.kind in {"def", "class"})
        names = dict.fromkeys(
            d.name
            for d in found
            if d.name in absent
            and not is_given(d, given, assignment)
            and (written_pieces(d, stubs) or not _open_pieces(d, stubs))
        )
        if names:
            listed = ", ".join(f"`{name}`" for name in names)
            notes.append(f"cell {cell.index} is a {cell.kind} cell, which does not run: it holds code for {listed}")
    return notes


def _code_in_text(cell: Cell) -> list[str]:
    """The code that a text cell may hold: all of it, or what stands between fences."""
    if "def " not in cell.source and "class " not in cell.source:
        return []
    fenced = [match["code"] for match in _FENCED.finditer(cell.source)] if cell.kind == "markdown" else []
    return fenced or [cell.source]


def is_given(definition: Definition, given: Fingerprints | None, assignment: Assignment) -> bool:
    """Whether the hand-out's own notebook defines this."""
    return node_digest(definition.node) in {node_digest(one.node) for one in given_definitions(given, assignment)}


def _place_note(there: str, stubs: Mapping[str, str]) -> str:
    """`stubs` has for each name that counts in `there` where its stub is."""
    names, files = ", ".join(f"`{name}`" for name in stubs), list(dict.fromkeys(stubs.values()))
    graded = "definitions in {} were" if len(stubs) > 1 else "definition in {} was"
    hold = "still hold stubs" if len(files) > 1 else "still holds a stub" if len(stubs) == 1 else "still holds stubs"
    return f"{names}: the {graded.format(there)} graded; {', '.join(files)} {hold} of the hand-out"


def _shown(at: DefinitionPlace) -> str:
    return printable(at.path) if at.cell is None else f"cell {at.cell}"
