"""The import graph of `grader/`, read from its source: folders, floors, circles, arrows.

`python tests/import_graph.py` prints it; `python tests/import_graph.py --map` prints the table of CONTRIBUTING.md.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter, defaultdict
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "grader"
LAYERS = (
    ("errors", "_util"),
    ("marks",),
    ("model",),
    ("checks",),
    ("sandbox",),
    ("worker",),
    ("compare",),
    ("assignment",),
    ("versions",),
    ("submission",),
    ("gradcheck",),
    ("diagnosis",),
    ("execution",),
    ("grading",),
    ("reference",),
    ("report",),
    ("gradebook", "convert"),
    ("engine",),
    ("notebook",),
    ("cohort",),
    ("similarity",),
    ("marking",),
    ("commands",),
    ("cli", "pytest_plugin"),
    ("__main__",),
)
"""Bottom first: a module imports only from its own folder and from those before it."""
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
TEXT_IMPORT = re.compile(r"(?:from|import)\s+(grader(?:\.\w+)+)|^(grader(?:\.\w+)+)$", re.MULTILINE)


@cache
def files() -> tuple[Path, ...]:
    """The package's own modules; templates and stand-ins for other packages are not."""
    apart = {"template", "stand_ins"}
    return tuple(p for p in sorted(PACKAGE.rglob("*.py")) if not apart & set(p.parts))


def module_name(path: Path) -> str:
    """Dotted name below `grader`, '' for the package itself."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__").rstrip(".")


def top(module: str) -> str:
    """The layer of a module: its first folder, or its own name directly below `grader`."""
    return module.partition(".")[0]


def room(module: str) -> str:
    """The folder of a module; one that lies directly in a top-level folder is a room of its own."""
    words = module.split(".")
    return ".".join(words[:2])


@cache
def imports(path: Path) -> frozenset[str]:
    """The modules of `grader` that a module imports, at any depth."""
    names = set()
    known = {module_name(p) for p in files()}
    for node in ast.walk(ast.parse(path.read_text())):
        dotted: list[str] = []
        if isinstance(node, ast.Import):
            dotted = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            dotted = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in dotted:
            words = name.split(".")
            if words[0] == "grader":
                below = words[1:]
                while below and ".".join(below) not in known:
                    below = below[:-1]
                names.add(".".join(below))
    return frozenset(names - {""})


@cache
def text_imports(path: Path) -> frozenset[str]:
    """Modules that a module names in strings which some process imports: check sources, `import_module`, `-m`."""
    tree = ast.parse(path.read_text())
    docstrings = {
        id(n.body[0].value)
        for n in ast.walk(tree)
        if isinstance(n, ast.Module | ast.FunctionDef | ast.ClassDef) and n.body and isinstance(n.body[0], ast.Expr)
    }
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            names |= {(a or b).removeprefix("grader.") for a, b in TEXT_IMPORT.findall(node.value)}
    return frozenset(names)


def circle(edges: dict[str, set[str]]) -> list[str]:
    """One circle of the graph, or nothing."""
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def room_edges() -> dict[str, set[str]]:
    edges: dict[str, set[str]] = defaultdict(set)
    for path in files():
        own = room(module_name(path))
        edges[own] |= {room(m) for m in imports(path)} - {own}
    return dict(edges)


def module_edges() -> dict[str, set[str]]:
    return {module_name(p): set(imports(p)) - {module_name(p)} for p in files()}


def first_sentence(path: Path) -> str:
    text = ast.get_docstring(ast.parse(path.read_text())) or ""
    return text.split("\n\n")[0].replace("\n", " ")


def contributing_map() -> str:
    """The table of CONTRIBUTING.md: every top-level folder or file, in the order of the layers."""
    rows = ["| where | what it owns |", "|---|---|"]
    for names in LAYERS:
        for name in names:
            folder = PACKAGE / name
            if folder.is_dir():
                rows.append(f"| `{name}/` | {first_sentence(folder / '__init__.py')} |")
            elif folder.with_suffix(".py").is_file():
                rows.append(f"| `{name}.py` | {first_sentence(folder.with_suffix('.py'))} |")
    return "\n".join(rows)


def main() -> None:
    if "--map" in sys.argv[1:]:
        print(contributing_map())
        return
    edges: dict[str, set[str]] = defaultdict(set)
    for path in files():
        own = top(module_name(path))
        edges[own] |= {top(m) for m in imports(path)} - {own}
    edges.pop("", None)  # hands public names on, when they are asked for
    floors: dict[str, int] = {}
    for name in TopologicalSorter(edges).static_order():
        floors[name] = 1 + max((floors[below] for below in edges.get(name, ())), default=0)
    importers = Counter(m for p in files() for m in imports(p))
    lines: Counter[str] = Counter()
    for path in files():
        lines[top(module_name(path)) or "__init__"] += len(path.read_text().splitlines())
    folders = {tuple(p.parent.relative_to(PACKAGE).parts) for p in files()}
    print(f"modules {len(files())}, folders {len(folders)}, lines {sum(lines.values())}")
    print(f"top level {len(edges)}, arrows {sum(map(len, edges.values()))}, floors {max(floors.values())}")
    print(f"circle between folders: {' -> '.join(circle(room_edges())) or 'none'}")
    print(f"circle between modules: {' -> '.join(circle(module_edges())) or 'none'}")
    print(f"modules with one importer: {sum(1 for n in importers.values() if n == 1)}")
    for name, count in sorted(lines.items(), key=lambda item: -item[1]):
        print(f"{count:6} {name}")


if __name__ == "__main__":
    main()
