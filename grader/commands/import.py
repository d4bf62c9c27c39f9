"""`grade import`: what other tools and people made, by kind. A kind is one row of `KINDS`."""

from __future__ import annotations

import argparse
from importlib import import_module

DESCRIPTION = "Take in what was made elsewhere."
KINDS = {
    "nbgrader": ("a source assignment of nbgrader", "grader.commands.import_assignment"),
    "otter": ("an assignment for `otter assign`", "grader.commands.import_assignment"),
    "marks": ("marks from a CSV file", "grader.commands.import_marks"),
}
"""Kind to what it is, and a module with `DESCRIPTION` of that, `add_arguments` and `run` as a command has."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One subcommand for each kind."""
    kinds = parser.add_subparsers(dest="kind", metavar="KIND", required=True)
    for name, (text, module) in KINDS.items():
        own_module = import_module(module)
        kind = kinds.add_parser(
            name,
            help=text,
            description=own_module.DESCRIPTION.format(text),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        own_module.add_arguments(kind)


def run(args: argparse.Namespace) -> int:
    """Import what is asked for and return the exit code."""
    code: int = import_module(KINDS[args.kind][1]).run(args)
    return code
