"""The table of mutation operators.

An operator takes a node of a syntax tree and yields wrong changes of it, each with its code and a clause that says what
it amounts to. A clause completes "in `f`, ...", and never holds code of the solution: only words, and names that the
student has in front of them. A new operator is a function in a file of its own and a place in one of the tables.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Set

from grader.diagnosis.mutation.edits import edits
from grader.diagnosis.mutation.mixups import mixups
from grader.diagnosis.mutation.mutation import Mutation
from grader.diagnosis.mutation.phrases import Words
from grader.diagnosis.mutation.rounds import rounds
from grader.diagnosis.mutation.slips import slips
from grader.diagnosis.mutation.steps import steps

Operator = Callable[[ast.AST, Words, Set[str]], Iterator[Mutation]]
"""The wrong changes of a node; the set holds the names that may stand for each other there."""

FOR_CHECKS: tuple[Operator, ...] = (edits,)
"""Their changes are mutants that an author's checks must notice, and are compared with students' results as well."""
FOR_STUDENTS: tuple[Operator, ...] = (slips, mixups, steps, rounds)
"""Their changes are only compared with students' results: some of them change nothing that can be seen."""
