"""`%autoreload` and `importlib.reload` for the submission's own modules.

IPython's extension looks at the file of every loaded module before each cell, 15 ms with Matplotlib, and parses what
it finds. While grading only a cell of the notebook itself (`%%writefile`) can change a file, and only in its folder.
A reload of a file that is as it was handed in would make a second class of the same name, of which the objects of the
first are no instances; while the notebook was written, that was how a module was tried after a change.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import time
from types import ModuleType
from typing import Any

from IPython.core.extensions import ExtensionManager
from IPython.core.interactiveshell import InteractiveShell

OFF = frozenset({"0", "off", "-p"})
NOT_LOADED = ("autoreload", "grader")
"""Extensions that are not loaded: the first is built in here, and `%grade` does nothing while grading."""
MOST_FILES = 500
"""Python files that are looked at; a submission has a dozen."""


class Extensions(ExtensionManager):
    """IPython's, with `autoreload` there already; one that is not installed is done without."""

    def load_extension(self, module_str: str) -> str | None:
        if module_str.rpartition(".")[2] in NOT_LOADED:
            return None
        try:
            reply: str | None = super().load_extension(module_str)
        except ModuleNotFoundError:
            print(f"[not loaded while grading: {module_str[:80]} is not installed]")
            return None
        return reply

    def reload_extension(self, module_str: str) -> str | None:
        if module_str.rpartition(".")[2] in NOT_LOADED:
            return None
        reply: str | None = super().reload_extension(module_str)
        return reply


class Reloader:
    """Reloads a module of the folder that the notebook runs in once its file has changed, after `%autoreload`."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._on = False
        self._times: dict[str, float] = {}
        self._olds: dict[Any, Any] = {}
        self._began: float | None = None
        self._reload_again = importlib.reload

    def autoreload(self, line: str) -> None:
        """`%autoreload` checks now; with a mode, before every cell from now on, or not."""
        mode = line.split()[:1]
        if mode:
            self._on = mode[0].lower() not in OFF
        self._check()

    def aimport(self, line: str) -> None:
        """`%aimport name`: an import, since every own module is watched."""
        for name in line.replace(",", " ").split():
            if not name.startswith("-"):
                self._shell.ex(f"import {name}")

    def before_cell(self, info: Any) -> None:
        """IPython's event before each cell."""
        if self._began is None:
            self._began = time.time()
        if self._on:
            self._check()

    def reload(self, module: ModuleType) -> ModuleType:
        """`importlib.reload`, which leaves a module of the submission as it is that no cell has written."""
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and self._began is not None and file.startswith(os.getcwd() + os.sep):
            with contextlib.suppress(OSError):  # removed since
                if os.stat(file).st_mtime < self._began:
                    return module
        return self._reload_again(module)

    def _check(self) -> None:
        """Reload what changed on disk. Looks at files first: touching every module would copy its page after a fork."""
        changed = {path for path, time in _files() if self._times.setdefault(path, time) != time}
        if not changed:
            return
        self._times |= {path: time for path, time in _files() if path in changed}
        for name, module in list(sys.modules.items()):
            if getattr(module, "__file__", None) in changed and name != "__main__":
                self._reload(module)

    def _reload(self, module: ModuleType) -> None:
        from IPython.extensions.autoreload import superreload

        try:
            superreload(module, old_objects=self._olds)
        except Exception as error:  # the student's module may raise anything; the old one stays, as in a notebook
            print(f"[autoreload of {module.__name__} failed: {type(error).__name__}: {error}]", file=sys.stderr)


def _files() -> list[tuple[str, float]]:
    """The Python files of the folder that the notebook runs in, and when each was changed."""
    files: list[tuple[str, float]] = []
    for folder, folders, names in os.walk(os.getcwd()):
        folders[:] = [name for name in folders if not name.startswith((".", "__"))]
        for name in names:
            if name.endswith(".py") and len(files) < MOST_FILES:
                path = os.path.join(folder, name)
                with contextlib.suppress(OSError):  # removed since
                    files.append((path, os.stat(path).st_mtime))
    return files


def add_reloading(shell: InteractiveShell) -> None:
    """Give the shell the magics `%autoreload` and `%aimport`, and its process another `importlib.reload`."""
    reloader = Reloader(shell)
    shell.register_magic_function(reloader.autoreload, "line", "autoreload")  # type: ignore[arg-type]  # takes a method
    shell.register_magic_function(reloader.aimport, "line", "aimport")  # type: ignore[arg-type]  # the same
    shell.events.register("pre_run_cell", reloader.before_cell)
    importlib.reload = reloader.reload
