"""Functions and classes that a student wrote under a name which differs from the asked one by little.

Owns only what counts as little: letters of another case, underscores, a plural, `my` before it. A part is not unwritten
because it is called `RK4` and not `rk4`; a note says what was graded.
"""

from __future__ import annotations

import re

from msgspec import structs

from grader.assignment.release.fingerprints import read_fingerprints
from grader.model import Assignment, Place, Submission, Uses
from grader.submission.names import printable
from grader.submission.source.excerpts import bound_names
from grader.submission.source.lookup import given_definitions, places, submission_sources


def with_renamed_places(assignment: Assignment, submission: Submission) -> Submission:
    """The submission with a further place for each asked name that is defined nowhere, where one name is like it."""
    given = read_fingerprints(assignment)
    sources, asked = submission_sources(submission), {u.name for check in assignment.checks for u in check.uses}
    found_at = {name: sources.find(Uses(name=name), places(assignment, submission, name)) for name in asked}
    absent = {name for name, at in found_at.items() if at is None or at.definition is None}
    if given is None or not absent:
        return submission
    bound = bound_names(submission)
    further: dict[str, tuple[Place, ...]] = {}
    notes = []
    for name in sorted(absent & given.stubs.keys()):
        declared = places(assignment, submission, name)
        like = [other for other in bound if other not in asked and _plain(other) == _plain(name)]
        found = [one for other in like for one in bound[other] if one.definition.kind in ("def", "class")]
        modules = ["" if one.cell is not None else one.file.removesuffix(".py").replace("/", ".") for one in found]
        if len(like) == 1 and found and modules[-1] in {place.module for place in declared}:
            further[name] = (*declared, Place(modules[-1], like[0]))
            there = f"`{printable(like[0])}` in {printable(found[-1].file)}"
            notes.append(f"`{name}` is not defined; {there} was graded for it")
    lost = sorted((absent & given.stubs.keys()) - further.keys())
    handed_out = {one.name for one in given_definitions(given, assignment)}
    own = {name for name, every in bound.items() if any(one.definition.kind in ("def", "class") for one in every)}
    lost = [name for name in lost if not _in_some_file(name, submission)]
    if lost and own - asked - handed_out:
        listed = ", ".join(f"`{name}`" for name in lost)
        notes.append(f"not found in the code: {listed}; what is written under another name was not looked at")
    if not notes:
        return submission
    return structs.replace(submission, places={**submission.places, **further}, notes=(*submission.notes, *notes))


def _in_some_file(name: str, submission: Submission) -> bool:
    """Whether a file defines the name, which cells may run unseen: by `exec`, by a package's `import *`."""
    called = re.escape(name)
    defined = re.compile(rf"\b(?:def|class|as)\s+{called}\b|^\s*{called}\s*=", re.MULTILINE)
    return any(defined.search(text) for text in submission.modules.values())


def _plain(name: str) -> str:
    return name.casefold().replace("_", "").removeprefix("my").removesuffix("s")
