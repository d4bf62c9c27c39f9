"""The layering of `grader/`: data flows one way, and the worker knows nothing that a student must not."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import import_graph
from tests.import_graph import PACKAGE, RANK, ROOT, imports, module_name, text_imports, top

WORKER_MAY = {"errors", "model", "checks", "sandbox", "worker"}
FILES = import_graph.files()
LONGEST = 500
"""Lines of a module: one concept each."""


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_imports_only_from_what_stands_below_it(path: Path) -> None:
    own = top(module_name(path))
    if not own:
        return  # hands names on, when they are asked for
    below = {name for name, rank in RANK.items() if rank < RANK[own]} | {own}
    assert {top(m) for m in imports(path)} <= below


def test_no_circle_between_folders_or_modules() -> None:
    assert import_graph.circle(import_graph.room_edges()) == []
    assert import_graph.circle(import_graph.module_edges()) == []


@pytest.mark.parametrize(
    "path", [p for p in FILES if top(module_name(p)) == "worker"], ids=lambda p: str(p.relative_to(PACKAGE))
)
def test_the_worker_imports_nothing_that_knows_expected_values(path: Path) -> None:
    assert {top(m) for m in imports(path) | text_imports(path)} <= WORKER_MAY


def test_what_is_imported_by_text_in_a_worker_lies_in_the_worker() -> None:
    """A check's source that the trusted side writes runs beside student code, and so does what it imports."""
    by_text = {m for p in FILES if top(module_name(p)) == "diagnosis" for m in text_imports(p)}
    assert by_text
    assert {top(m) for m in by_text} <= WORKER_MAY


def test_what_may_run_beside_other_threads_parses_one_tree_at_a_time() -> None:
    """Workers and the commands that convert an assignment have one thread; `grader.worker.syntax` has the reason."""
    parsing = [p for p in FILES if re.search(r"\bast\.parse\(|\bfrom ast import\b", p.read_text())]
    assert {top(module_name(p)) for p in parsing} <= {"worker", "convert"}


def test_the_map_of_contributing_is_the_code() -> None:
    assert import_graph.contributing_map() in (ROOT / "CONTRIBUTING.md").read_text()


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_says_what_it_owns_and_stays_short(path: Path) -> None:
    text = path.read_text()
    assert ast.get_docstring(ast.parse(text))
    assert len(text.splitlines()) <= LONGEST


def test_a_type_error_that_is_left_has_a_reason() -> None:
    lines = [line for path in FILES for line in path.read_text().split("\n")]
    assert [line for line in lines if re.search(r"type: ignore(?!\[[\w,-]+\]  # [\w`])", line)] == []


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_the_grader_names_no_assignment(path: Path) -> None:
    text = path.read_text()
    assert not [folder.name for folder in (ROOT / "reference").iterdir() if folder.name in text]


def test_what_docstrings_and_comments_refer_to_exists() -> None:
    """`grader.a.b` or `a.b` of a folder, and in a module's docstring what it calls somebody else's business."""
    texts = {module_name(path): path.read_text() for path in FILES}
    known = {part for name in texts for part in name.split(".")} | set(
        re.findall(r"(?<!`)\b\w+\b", "".join(texts.values()))
    )
    folders = "|".join({name.partition(".")[0] for name in texts if "." in name})
    fields = {"assignment.toml", "submission.path", "submission.digest"}
    wrong = []
    for module, text in texts.items():
        for name in re.findall(rf"`(?:grader\.(?!py`)|(?=(?:{folders})\.))([\w.]+)`", text):
            if name in fields:
                continue
            parts = name.split(".")
            owner = next(".".join(parts[:n]) for n in range(len(parts), -1, -1) if ".".join(parts[:n]) in texts)
            member = name.removeprefix(owner).lstrip(".").partition(".")[0]
            if not re.search(rf"\b{member}\b", texts[owner]):
                wrong.append(f"{module}: grader.{name}")
        said = " ".join((ast.get_docstring(ast.parse(text)) or "").split())
        others = re.findall(r"`(?:\w+\.)*(\w+)`'|\bfor `(?:\w+\.)*(\w+)`", said)
        wrong += [f"{module}: {a or b}" for a, b in others if (a or b) not in known]
    assert wrong == []


def test_every_step_of_the_drawn_ways_exists() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    ways = text[text.index("## Four ways") : text.index("## Add an assignment")]
    steps = re.findall(r"^ *([\w/]+\.py)(?::(\w+))?", ways, re.MULTILINE)
    assert len(steps) > 25
    for file, name in steps:
        tree = ast.parse((PACKAGE / file).read_text())
        defined = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef)}
        assert not name or name in defined, f"{file}:{name}"


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("grader", ("numpy", "msgspec")),
        ("grader.cli", ("numpy", "scipy", "IPython", "nbformat", "nbconvert", "matplotlib")),
        ("grader.checks", ("scipy", "IPython", "matplotlib")),
        ("grader.engine", ("scipy", "IPython", "nbformat", "nbconvert", "matplotlib", "sklearn")),
        ("grader.worker.server", ("scipy", "IPython", "matplotlib", "grader.grading.scoring", "grader.assignment")),
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
    assert grader.ForPerson is grader.NeedsManualGrading
