"""Which definition counts where a later cell tries the same name with other arguments.

Of a name's definitions in a notebook the last one counts. An experiment below the task may define it again and ask for
more than the hand-out's does, which no check could call.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from msgspec import structs

from grader.assignment.release.fingerprints import read_fingerprints
from grader.model import Assignment, Place, Submission, Uses
from grader.submission.review.stubs import holds_stub
from grader.submission.source.definitions import Definition
from grader.submission.source.lookup import given_definitions, places, submission_sources


def with_handout_arguments(assignment: Assignment, submission: Submission) -> Submission:
    """The submission with `places` that end above definitions that cannot be called as the hand-out's.

    Only where an earlier one can be and is written; a note names both cells.
    """
    sources = submission_sources(submission)
    uses = {one for check in assignment.checks for one in check.uses}
    chosen = {one.name for one in uses if one != Uses(name=one.name)}
    several = {name: cells for name in {one.name for one in uses} - chosen if len(cells := sources.versions(name)) > 1}
    given = read_fingerprints(assignment) if several else None
    if given is None:
        return submission
    written = [one for one in given_definitions(given, assignment) if one.kind in ("def", "class")]
    moved: dict[str, tuple[Place, ...]] = {}
    notes = []
    for name, cells in sorted(several.items()):
        of_handout, known = [one for one in written if one.name == name], places(assignment, submission, name)
        if len(of_handout) != 1 or known[0].module:
            continue
        for cell in reversed(cells):
            at = sources.find(Uses(name=name), [structs.replace(known[0], until=cell)])
            if at is None or at.definition is None or holds_stub(at.definition, given.stubs):
                break
            if _can_be_called_as(of_handout[0], at.definition):
                if cell != cells[-1]:
                    moved[name] = (structs.replace(known[0], until=cell), *known[1:])
                    notes.append(
                        f"`{name}`: the definition in cell {cell} was graded; the one in cell {cells[-1]} takes other "
                        "arguments than the hand-out's"
                    )
                break
    if not moved:
        return submission
    return structs.replace(submission, places={**submission.places, **moved}, notes=(*submission.notes, *notes))


def _can_be_called_as(asked: Definition, one: Definition) -> bool:
    """Whether as many positional arguments as `asked` needs are enough, and not too many."""
    needed, _ = _positional(asked.node)
    least, most = _positional(one.node)
    return least <= needed <= most


def _positional(node: ast.stmt) -> tuple[int, float]:
    """How many arguments a function, or a class's `__init__`, has to be given, and takes by position."""
    made: Iterable[ast.stmt] = [node] if not isinstance(node, ast.ClassDef) else reversed(node.body)
    for function in made:
        if isinstance(function, ast.FunctionDef) and (function is node or function.name == "__init__"):
            every = len(function.args.posonlyargs) + len(function.args.args) - (function is not node)
            by_name = sum(default is None for default in function.args.kw_defaults)
            return every - len(function.args.defaults) + by_name, float("inf") if function.args.vararg else every
    return 0, float("inf")
