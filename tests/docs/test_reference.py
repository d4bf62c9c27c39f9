"""The reference pages name everything that there is to name."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

import grader
from grader import cli
from grader.assignment.loading import manifest
from grader.commands import REGISTRY
from grader.compare.rules import RULES
from grader.report.formats import FORMATS
from tests.docs.pages import DOCS, ROOT

REFERENCE = DOCS / "reference"


def options(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for sub in action.choices.values():
                yield from options(sub)
        yield from (
            o
            for o in action.option_strings
            if o.startswith("--") and o != "--help" and action.help != argparse.SUPPRESS
        )


def keys(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for value in schema.values():
            yield from keys(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from keys(value)


def named() -> Iterator[tuple[str, str]]:
    for name in REGISTRY:
        yield from (("commands.md", option) for option in sorted(set(options(cli.parser(name)))))
        yield "commands.md", f"## `grade {name}"
    schema = json.loads((ROOT / "grader" / "report" / "schema.json").read_text())
    yield from (("report.md", f"`{key}`") for key in sorted(set(keys(schema))))
    yield from (("checks.md", f"`{name}(") for name in grader.__all__)
    for table in (manifest._Toml, *manifest._TABLES.values()):
        yield from (("assignment.md", f.name) for f in msgspec.structs.fields(table))
    yield from (("../howto/tolerance.md", f"| `{name}` |") for name in RULES)
    for name in FORMATS:
        yield from (("../howto/send-scores.md", f"| `{name}` |"), ("commands.md", f"`{name}`"))


@pytest.mark.parametrize(("page", "name"), sorted(set(named())))
def test_the_reference_names_it(page: str, name: str) -> None:
    assert name in (REFERENCE / page).read_text()
