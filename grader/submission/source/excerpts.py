"""The student's own code for each check: where the names that it uses are defined, and the text; what else is bound.

Owns only looking up; which definition counts is `lookup`'. What the hand-out gave is not the student's, and a value
that only marks a place in the notebook is shown where nothing else is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from grader.assignment.release.fingerprints import node_digest, read_fingerprints
from grader.model import Assignment, Excerpt, Submission
from grader.submission.source.definitions import Definition, definitions
from grader.submission.source.lookup import given_definitions, places, submission_sources


class Bound(Struct, frozen=True):
    """One place that gives a name a value, at the top level of a cell or a module."""

    definition: Definition
    file: str
    """Path of a module, or `cell N`."""
    cell: int | None
    """Index of the cell; None for a module."""


def bound_names(submission: Submission) -> Mapping[str, Sequence[Bound]]:
    """Every name that a submission binds outside of functions and classes, with where, in the order of the cells."""
    texts: list[tuple[str, int | None, str]] = [(str(path), None, text) for path, text in submission.modules.items()]
    if submission.notebook is not None:
        texts += [(f"cell {cell.index}", cell.index, cell.source) for cell in submission.notebook.code]
    names: dict[str, list[Bound]] = {}
    for file, cell, text in texts:
        for definition in definitions(text).found:
            names.setdefault(definition.name, []).append(Bound(definition, file, cell))
    return names


def excerpts(assignment: Assignment, submission: Submission) -> Mapping[str, tuple[Excerpt, ...]]:
    """Check id -> the definitions of its names that count, in the order of its `uses`, and the helpers that they call.

    Those of a class include what other statements put on it. A helper that another check asks for is that check's.
    """
    sources = submission_sources(submission)
    given = _given(assignment)
    asked = {*assignment.names, *(uses.name for check in assignment.checks for uses in check.uses)}
    by_check: dict[str, tuple[Excerpt, ...]] = {}
    for check in assignment.checks:
        of_check: dict[tuple[str, int], Excerpt] = {}
        values: dict[tuple[str, int], Excerpt] = {}
        found = [(uses.name, sources.find(uses, places(assignment, submission, uses.name))) for uses in check.uses]
        found += [(name, method) for name, at in found if at is not None for method in sources.methods(at)]
        called = [helper for _, place in found if place is not None for helper in sources.helpers(place, asked)]
        found += [(helper.definition.name, helper) for helper in called if helper.definition is not None]
        for name, at in found:
            if at is None or at.definition is None or at.path in assignment.provided_files:
                continue
            if (at.definition.name, node_digest(at.definition.node)) in given:
                continue
            file = at.path or f"cell {at.cell}"
            one = Excerpt(name=name, file=file, line=at.definition.line, text=at.definition.text)
            (values if at.definition.kind == "assign" else of_check).setdefault((one.file, one.line), one)
        by_check[check.id] = tuple((of_check or values).values())
    return by_check


def _given(assignment: Assignment) -> frozenset[tuple[str, str]]:
    """Name and fingerprint of what the hand-out's notebook defines and does not ask for."""
    given = read_fingerprints(assignment)
    stubs = given.stubs if given is not None else {}
    every = ((one.name, node_digest(one.node)) for one in given_definitions(given, assignment))
    return frozenset((name, digest) for name, digest in every if digest not in stubs.get(name, ()))
