"""A module's finished copy beside the untouched stub: `linear (1).py` or `linear_final.py` beside `linear.py`.

Owns the choice between the two, by what is filled in; names alone are `layout`'s.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import PurePosixPath

from msgspec import Struct, structs

from grader.assignment.release.fingerprints import read_fingerprints
from grader.model import Assignment
from grader.submission.files.gather import SubmittedFiles
from grader.submission.files.layout import Layout, alternatives
from grader.submission.names import printable
from grader.submission.review.stubs import holds_stub, written_pieces
from grader.submission.source.definitions import definitions


class _State(Struct, frozen=True):
    """How far a module is."""

    names: frozenset[str]
    """Of its functions and classes."""
    written: frozenset[str] = frozenset()
    """What is filled in of that which the hand-out leaves open."""
    has_stub: bool = False


def with_finished_copies(handed: SubmittedFiles, layout: Layout, assignment: Assignment) -> Layout:
    """The layout with a finished copy in the place of each module that is still the hand-out's stub.

    Of several different ones, or where the module is begun itself or the copy lacks something of it, none is taken, and
    a note names them.
    """
    given = read_fingerprints(assignment)
    places = [path for wanted in assignment.student_files for path in (wanted, *alternatives(assignment, wanted))]
    if given is None or not places:
        return layout
    placed, notes = dict(layout.placed), list(layout.notes)
    fixed = {placed[path] for path in (*places, *assignment.provided_files) if path in placed} | layout.provided.keys()
    for place in places:
        own = _state(handed.source(placed[place]) or "", given.stubs) if place in placed else None
        if own is None or not own.has_stub:
            continue
        others = {
            name: _state(handed.source(layout.handed[name]) or "", given.stubs)
            for name in _called_alike(place, layout, fixed)
        }
        further = [name for name, other in others.items() if other.written > own.written]
        versions = {handed.source(layout.handed[name]) for name in further}
        if len(versions) == 1 and not own.written and own.names <= others[further[0]].names:
            placed[place] = layout.handed[further[0]]
            notes.append(f"{printable(further[0])} was graded as {place}, in which no code is filled in")
        elif further:
            listed = ", ".join(map(printable, further))
            more = f"{listed} {'has' if len(further) == 1 else 'have'} more of it, and another name"
            notes.append(f"{place} was graded, which is not finished: {more}")
    return structs.replace(layout, placed=placed, notes=tuple(notes))


def is_finished_version(text: str, beside: str, stubs: Mapping[str, Collection[str]]) -> bool:
    """Whether a module is written that is still the stub in `beside`, and lacks nothing of it."""
    own, other = _state(beside, stubs), _state(text, stubs)
    return own.has_stub and not own.written and bool(other.written) and own.names <= other.names


def _called_alike(place: str, layout: Layout, fixed: Collection[str]) -> Sequence[str]:
    """The Python files whose names hold that of the module, by their names below the submission's root."""
    stem = PurePosixPath(place).stem.casefold()
    if stem == "__init__":
        return []
    return [
        name
        for name, given in sorted(layout.handed.items())
        if name.endswith(".py") and stem in PurePosixPath(name).stem.casefold() and given not in fixed
    ]


def _state(text: str, stubs: Mapping[str, Collection[str]]) -> _State:
    found = {d.name: d for d in definitions(text).found if d.kind in {"def", "class"}}
    written = {name + piece for name, d in found.items() for piece in written_pieces(d, stubs)}
    has_stub = any(holds_stub(definition, stubs) for definition in found.values())
    return _State(frozenset(found), frozenset(written), has_stub)
