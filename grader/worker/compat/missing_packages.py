"""Placeholder modules for packages that a submission imports and that are not installed here.

`import seaborn` at the top of a submission is about its plots. A placeholder takes the package's place once its import
has failed, and only then, so that a student's own `except ImportError` works as it did. Whatever is called in it
raises.
"""

from __future__ import annotations

import ast
import importlib.abc
import importlib.machinery
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from itertools import islice
from types import ModuleType
from typing import Any, NamedTuple

from grader.worker.syntax import names_in

SHOWING = frozenset({"matplotlib", "mpl_toolkits", "matplotlib_inline"})
MAX_PACKAGES = 20
"""Packages replaced in one cell or module."""


_NO_NAME = re.compile(r"cannot import name '(?P<name>\w+)' from '(?P<module>[\w.]+)'")


class MissingPackageError(ModuleNotFoundError):
    """Something of an absent package was called."""


MissingPackageError.__name__ = ModuleNotFoundError.__name__  # reports call an error by the name that students know


class _Kind(type):
    def __getattr__(cls, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return _thing(name, cls._package)


class _Thing(metaclass=_Kind):
    """A name of an absent package: can be imported, looked into, inherited from and passed around."""

    _package = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        module, _, name = self._package.rpartition(".")
        message = f"cannot import name {name!r} from {module!r}" if module else f"No module named {name!r}"
        raise MissingPackageError(message, name=self._package)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """A class that inherits from it is defined as any other."""


def _thing(name: str, package: str) -> _Kind:
    return _Kind(name, (_Thing,), {"_package": package})


class _Package(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _thing(name, self.__name__.partition(".")[0])


class Placeholders(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the packages that were found to be absent."""

    def __init__(self) -> None:
        self.names: dict[str, None] = {}

    def find_spec(self, name: str, path: Sequence[str] | None, target: Any = None) -> Any:
        if name.partition(".")[0] not in self.names:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return _Package(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing to run."""

    def substitute(self, error: BaseException, own: Callable[[str], bool]) -> bool:
        """Take the place of the package whose absence raised `error`; False where something else did.

        `own` says whether a name may be the student's: a module that was not handed in stays missing.
        """
        if len(self.names) >= MAX_PACKAGES:
            return False
        if type(error) is ImportError:
            return self._lend(error, own)
        if type(error) is not ModuleNotFoundError or not error.name:
            return False
        package = error.name.partition(".")[0]
        if package in self.names or not package.isidentifier() or own(package) or _is_here(package):
            return False
        self.names[package] = None
        if self not in sys.meta_path:
            sys.meta_path.append(self)
        return True

    def _lend(self, error: ImportError, own: Callable[[str], bool]) -> bool:
        """Give a library the name that another version of it had; what is called by that name raises."""
        match = _NO_NAME.match(str(error))
        module = sys.modules.get(match["module"]) if match else None
        if match is None or module is None or own(match["module"].partition(".")[0]) or hasattr(module, match["name"]):
            return False
        whole = f"{match['module']}.{match['name']}"
        setattr(module, match["name"], _thing(match["name"], whole))
        self.names[whole] = None
        return True


def _is_here(package: str) -> bool:
    try:
        return package in sys.modules or find_spec(package) is not None
    except (ImportError, ValueError):  # a half-loaded module of the student's
        return True


def import_with(placeholders: Placeholders, module: str, own: Callable[[str], bool]) -> None:
    """Import a module of the student's, with placeholders for packages that are not here.

    Whatever else the module raises goes through.
    """
    while True:
        try:
            import_module(module)
            return
        except ImportError as error:
            if not placeholders.substitute(error, own):
                raise


class Rest(NamedTuple):
    """How the rest of a cell went."""

    error: BaseException | None
    """What to report: what ended it, else the first import or plot that stays impossible."""
    through: bool
    """Whether the cell was run to its end."""


def resume_cell(
    tree: ast.Module,
    error: BaseException,
    file: str,
    namespace: dict[str, Any],
    stand_in: Callable[[BaseException], bool],
) -> Rest:
    """Run the rest of a cell that ended at an import or a plot: what needs the package fails where it is used.

    `error` is what it raised, `file` the name under which it was compiled. `stand_in` puts a placeholder in the
    package's place; False where there is none to put.
    """
    begin = 0
    skipped: BaseException | None = None
    unmade: dict[str, BaseException] = {}
    ended: BaseException | None = error
    while ended is not None:
        place = _place(ended, file)
        ended = _cause(ended, unmade)
        at = next((i for i in range(begin, len(tree.body)) if _holds(tree.body[i], place)), None)
        if at is None:
            return Rest(ended, False)
        _open_branches(tree.body, at, place)
        statement = tree.body[at]
        if isinstance(ended, MissingPackageError) and getattr(statement, "decorator_list", None):
            statement.decorator_list = []  # type: ignore[attr-defined]  # `@njit` makes a function fast, not another
            begin = at
        elif isinstance(ended, MissingPackageError) and isinstance(statement, ast.Assign | ast.AnnAssign):
            skipped = skipped or ended
            begin = at + 1  # `device = torch.device(...)`: what needs it fails where it is used
            unmade |= dict.fromkeys(names_in(statement, ast.Store), ended)
        elif isinstance(ended, MissingPackageError) or only_shows(ended) or _is_librarys(statement, ended, namespace):
            if not isinstance(statement, ast.Expr):
                return Rest(ended, False)
            skipped = skipped or (None if isinstance(ended, MissingPackageError) else ended)
            begin = at + 1  # a call for its effect, such as a plot's style or a setting
        elif isinstance(ended, ImportError) and isinstance(statement, ast.Import | ast.ImportFrom):
            if stand_in(ended):
                begin = at  # the same once more
            else:
                skipped = skipped or ended
                begin = at + 1
        else:
            return Rest(ended, False)
        ended = _run(tree.body[begin:], file, namespace)
    return Rest(skipped, True)


def _cause(error: BaseException, unmade: Mapping[str, BaseException]) -> BaseException:
    """Why a name is missing that a line would have made which was left out; any other error as it is."""
    return unmade.get(str(error.name), error) if isinstance(error, NameError) else error


def failed_in_library(tree: ast.Module, error: BaseException, file: str, namespace: dict[str, Any]) -> bool:
    """Whether the cell ended at a library's function that was called for its effect, such as a setting."""
    place = _place(error, file)
    body = [node for node in tree.body if _holds(node, place)][:1]
    if body:
        _open_branches(body, 0, place)
    return bool(body) and _is_librarys(body[0], error, namespace)


def _open_branches(body: list[ast.stmt], at: int, place: tuple[int, int]) -> None:
    """Put in the place of an `if` what is left of its branch from `place` on: the branch was chosen, its rest belongs
    to the rest of the cell."""
    while isinstance(statement := body[at], ast.If):
        branches = (statement.body, statement.orelse)
        left = next((b[i:] for b in branches for i in range(len(b)) if _holds(b[i], place)), None)
        if left is None:
            return
        body[at : at + 1] = left


def _is_librarys(statement: ast.stmt, error: BaseException, namespace: dict[str, Any]) -> bool:
    """Whether `statement` is `np.set_something(...)`: a call below a module, whose result nobody keeps.

    `os.chdir` to a folder of the student's own machine is one. A failed assertion is no such thing:
    `np.testing.assert_allclose` says something about the student's own work.
    """
    if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Call):
        return False
    root: ast.expr = statement.value.func
    while isinstance(root, ast.Attribute):
        root = root.value
    called = namespace.get(root.id) if isinstance(root, ast.Name) else None
    if called is os.chdir:
        return isinstance(error, OSError)
    return isinstance(called, ModuleType) and isinstance(
        error, AttributeError | TypeError | ValueError | KeyError | ImportError | OSError
    )


def only_shows(error: BaseException) -> bool:
    """Whether it was raised deep in a library that draws: a style that has another name today, a window system.

    The file of a figure is written by another library, which the one that draws has called.
    """
    trace, packages = error.__traceback__, [""]
    while trace is not None:
        packages.append(str(trace.tb_frame.f_globals.get("__name__", "")).partition(".")[0])
        trace = trace.tb_next
    return packages[-1] in SHOWING or (isinstance(error, OSError) and bool(SHOWING & set(packages)))


def _run(body: list[ast.stmt], file: str, namespace: dict[str, Any]) -> BaseException | None:
    try:
        exec(compile(ast.Module(body, []), file, "exec"), namespace)
    except BaseException as error:  # whatever the student's code raises
        return error
    return None


def _place(error: BaseException, file: str) -> tuple[int, int]:
    """Line and column of the cell that `error` came through, 0 if none: a line may hold several statements."""
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename == file and code.co_name == "<module>":
            line, _, column, _ = next(islice(code.co_positions(), trace.tb_lasti // 2, None), (None,) * 4)
            return (trace.tb_lineno, 0) if line is None or column is None else (line, column)
        trace = trace.tb_next
    return 0, 0


def _holds(statement: ast.stmt, place: tuple[int, int]) -> bool:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    starts = [(decorator.lineno, decorator.col_offset) for decorator in decorators]
    first = min([(statement.lineno, statement.col_offset), *starts])
    return first <= place < (statement.end_lineno or statement.lineno, statement.end_col_offset or 0)
