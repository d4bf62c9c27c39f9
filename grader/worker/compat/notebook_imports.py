"""Notebooks as modules: what `import_ipynb`, `nbimporter` and `ipynb.fs` let a student import.

A notebook beside the one that is graded answers to its name once no module does.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import json
import os
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

PACKAGES = ("import_ipynb", "nbimporter", "ipynb")
FOLDERS = ("ipynb", "ipynb.fs", "ipynb.fs.full", "ipynb.fs.defs")
"""Packages of `ipynb`, below which the notebooks are imported."""
MAX_BYTES = 50 << 20


class NotebookFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds `name.ipynb` in the folders that the submission imports from."""

    def __init__(self, folders: Sequence[str], shell: Any) -> None:
        self._folders = folders
        self._shell = shell

    def find_spec(self, name: str, path: Sequence[str] | None, target: Any = None) -> Any:
        if name in FOLDERS or name in PACKAGES:
            return importlib.machinery.ModuleSpec(name, self, is_package=name in FOLDERS)
        short = name.removeprefix("ipynb.fs.full.").removeprefix("ipynb.fs.defs.").rpartition(".")[2]
        for folder in (*(path or ()), *self._folders):
            for spelled in (short, short.replace("_", " ")):
                file = os.path.join(folder, f"{spelled}.ipynb")
                if os.path.isfile(file) and os.path.getsize(file) <= MAX_BYTES:
                    return importlib.machinery.ModuleSpec(name, self, origin=file)
        return None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        spec = module.__spec__
        if spec is None or spec.origin is None:
            return  # one of the packages themselves
        with open(spec.origin, encoding="utf-8") as file:
            cells = json.load(file)["cells"]
        module.__file__ = spec.origin
        for cell in cells:
            if cell.get("cell_type") == "code":
                source = self._shell.transform_cell("".join(cell["source"]))
                exec(compile(source, spec.origin, "exec"), module.__dict__)


def add_notebook_imports(folders: Sequence[str], shell: Any) -> None:
    """Let notebooks in `folders` be imported, after everything else was looked for."""
    sys.meta_path.append(NotebookFinder(tuple(folders), shell))
