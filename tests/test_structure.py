"""The layering of `grader/`: data flows one way, and the worker knows nothing that a student must not."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "grader"
LAYERS = (
    {"errors"},
    {"model"},
    {"authoring"},
    {"sandbox"},
    {"worker"},
    {"assignment"},
    {"submission"},
    {"numeric"},
    {"diagnosis"},
    {"launch"},
    {"process"},
    {"gate"},
    {"session"},
    {"probing"},
    {"prober"},
    {"scoring"},
    {"grading"},
    {"reference"},
    {"abreast"},
    {"workbench"},
    {"hypotheses"},
    {"report"},
    {"record", "trials"},
    {"environment"},
    {"api"},
    {"cohort"},
    {"commands"},
    {"cli", "pytest_plugin"},
    {"__main__"},
)
"""Each imports only from its own folder and from what stands above it."""
WORKER_MAY = {"errors", "model", "authoring", "sandbox", "worker"}
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
FILES = [p for p in sorted(PACKAGE.rglob("*.py")) if "template" not in p.parts and "stand_ins" not in p.parts]
LONGEST = 300
"""Lines of a module: one concept each."""


def imported(path: Path) -> set[str]:
    """The layers that a module imports from."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            words = name.split(".")
            if words[0] == "grader" and len(words) > 1 and words[1] in RANK:
                found.add(words[1])
    return found


def layer(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_imports_only_from_what_stands_above_it(path: Path) -> None:
    own = layer(path)
    if own == "__init__":
        return  # hands names on, when they are asked for
    above = {name for name, rank in RANK.items() if rank < RANK[own]} | {own}
    assert imported(path) <= above


@pytest.mark.parametrize("path", [p for p in FILES if layer(p) == "worker"], ids=lambda p: p.name)
def test_the_worker_imports_nothing_that_knows_expected_values(path: Path) -> None:
    assert imported(path) <= WORKER_MAY


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_says_what_it_owns_and_stays_short(path: Path) -> None:
    text = path.read_text()
    assert ast.get_docstring(ast.parse(text))
    assert len(text.splitlines()) <= LONGEST or path.name == "model.py"  # the glossary: looked up, not read through


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_the_grader_names_no_assignment(path: Path) -> None:
    text = path.read_text()
    assert not [folder.name for folder in (ROOT / "reference").iterdir() if folder.name in text]


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("grader", ("numpy", "msgspec")),
        ("grader.cli", ("numpy", "scipy", "IPython", "nbformat", "nbconvert", "matplotlib")),
        ("grader.authoring", ("scipy", "IPython", "matplotlib")),
        ("grader.api", ("scipy", "IPython", "nbformat", "nbconvert", "matplotlib", "sklearn")),
        ("grader.worker.server", ("scipy", "IPython", "matplotlib", "grader.scoring", "grader.assignment")),
    ],
)
def test_importing_stays_light(module: str, heavy: tuple[str, ...]) -> None:
    code = f"import sys, {module}; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_is_there() -> None:
    import grader

    for name in grader.__all__:
        assert getattr(grader, name) is not None
