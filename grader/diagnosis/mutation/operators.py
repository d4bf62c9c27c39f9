"""The table of mutation operators, and what each of them makes.

An operator takes a node of a syntax tree and yields wrong changes of it, each with its code and a clause that says what
it amounts to. A clause completes "in `f`, ...", and never holds code of the solution: only words, and names that the
student has in front of them. A new operator is a function in a file of its own and a line of `OPERATORS`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Set
from typing import NamedTuple, Protocol

from grader.diagnosis.mutation import edits, mixups, rounds, slips, steps
from grader.diagnosis.mutation.mutation import Mutation
from grader.diagnosis.mutation.phrases import Words


class Generate(Protocol):
    """What an operator does."""

    def __call__(self, node: ast.AST, words: Words, inside: Set[str]) -> Iterator[Mutation]:
        """The wrong changes of `node`; `inside` are the names that may stand for each other there."""


class Operator(NamedTuple):
    """One row of the table."""

    generate: Generate
    tries_checks: bool = False
    """Whether its changes are mutants that an author's checks must notice; all are compared with students' results."""


OPERATORS: tuple[Operator, ...] = (
    Operator(edits.edits, tries_checks=True),
    Operator(slips.slips),
    Operator(mixups.mixups),
    Operator(steps.steps),
    Operator(rounds.rounds),
)
"""Of changes that give the same the first is kept."""


def mutants_for_checks(node: ast.AST, words: Words, inside: Set[str]) -> Iterator[Mutation]:
    """The changes that an author's checks are tried with."""
    for operator in OPERATORS:
        if operator.tries_checks:
            yield from operator.generate(node, words, inside)


def only_for_students(node: ast.AST, words: Words, inside: Set[str]) -> Iterator[Mutation]:
    """The others: some of them change nothing that can be seen."""
    for operator in OPERATORS:
        if not operator.tries_checks:
            yield from operator.generate(node, words, inside)


def every_mutation(node: ast.AST, words: Words, inside: Set[str]) -> Iterator[Mutation]:
    """The changes of all operators."""
    for operator in OPERATORS:
        yield from operator.generate(node, words, inside)
