"""Which cells print the same numbers at every run: stored output proves something for these alone.

Owns reading where random numbers and replaced data go. A gradient check at points that nothing has seeded, and a
training on the course's CIFAR-10 where a small data set stands in for it, give other numbers each time, though nobody
has touched the stored ones. When in doubt a cell counts as one that does not repeat itself.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection
from pathlib import PurePosixPath

from grader.model import Assignment, Notebook, Submission
from grader.submission.source.definitions import Definition, definitions, parse
from grader.submission.source.lookup import notebook_folder
from grader.submission.source.magics import plain_python
from grader.submission.source.modules import Held, Modules

DRAWS = re.compile(
    r"\brandom\b|\brand(n|int)?\b|\bshuffle\b|\bpermutation\b|\bdefault_rng\b|\btime\.(time|perf_counter)\b"
)
SEEDS = re.compile(r"\bseed\(\s*[^)\s]|\b(default_rng|RandomState)\(\s*[^)\s]|\brandom_state\s*=\s*\d|\bmanual_seed\(")


def unrepeatable_cells(assignment: Assignment, submission: Submission, failed: Collection[int]) -> frozenset[int]:
    """Indices of the code cells whose numbers may be others at another run, or with other data.

    `failed` are those that did not run through this time: what rests on them is another story than the stored one.
    """
    notebook = submission.notebook
    if notebook is None:
        return frozenset()
    modules = Modules(submission.folder, submission.modules, notebook_folder(notebook.name))
    replaced = _replaced(assignment) if assignment.data is not None else frozenset()
    return _Reader(modules, replaced, failed).read(notebook)


def _replaced(assignment: Assignment) -> frozenset[str]:
    """Files, wherever they lie, and packages through which a hand-in gets the course's data, which here are others."""
    packages = {path.stem for folder in assignment.stand_ins if folder.is_dir() for path in folder.iterdir()}
    files = {PurePosixPath(name).name for name in assignment.provided_files} - {"__init__.py"}
    return frozenset({*files, *packages})


class _Reader:
    """Follows names from cell to cell."""

    def __init__(self, modules: Modules, replaced: Collection[str], failed: Collection[int]) -> None:
        self._modules, self._replaced, self._failed = modules, replaced, failed
        self._other: set[str] = set()
        """Names whose values are others at another run."""
        self._drawing: set[str] = set()
        """Functions and classes that draw random numbers when they are called."""
        self._seeded = False

    def read(self, notebook: Notebook) -> frozenset[int]:
        found = set()
        for cell in notebook.code:
            source = plain_python(cell.source)
            tree = parse(source).tree
            if tree is None:
                continue
            self._imports(source)
            self._seeded |= SEEDS.search(source) is not None
            names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
            read = {node.id for node in names if not isinstance(node.ctx, ast.Store)}
            random = DRAWS.search(source) is not None or not read.isdisjoint(self._drawing)
            made = {node.id for node in names if isinstance(node.ctx, ast.Store)}
            made |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
            if cell.index in self._failed or (random and not self._seeded) or not read.isdisjoint(self._other):
                found.add(cell.index)
                self._other |= made
            else:
                self._other -= made - read
        return frozenset(found)

    def _imports(self, source: str) -> None:
        """Note what a cell's imports bring."""
        seen = definitions(source)
        held = [h for star in seen.stars for h in self._modules.starred(star)]
        held += [self._modules.follow(Held(d)) for d in seen.found if d.kind == "import"]
        for one in held:
            definition = one.definition
            if PurePosixPath(one.path).name in self._replaced or _package(definition) in self._replaced:
                self._other.add(definition.name)
            elif definition.kind != "import" and DRAWS.search(definition.text) and not SEEDS.search(definition.text):
                self._drawing.add(definition.name)


def _package(definition: Definition) -> str:
    """The package that an import brings a name from, as far as it could not be followed; else empty."""
    match definition.node:
        case ast.Import(names=names):
            bound = {alias.asname or alias.name.partition(".")[0]: alias.name.partition(".")[0] for alias in names}
            return bound.get(definition.name, "")
        case ast.ImportFrom():
            return definition.origin.partition(".")[0]
    return ""
