"""What a worker process knows between commands: the folder, the declared names, the notebook's shell."""

from __future__ import annotations

import ast
import os
import random
import sys
import tempfile
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from grader.model import Place, StudentError
from grader.sandbox.confine import Confined, confine, isolate
from grader.sandbox.layer import Plan
from grader.sandbox.tiers import NAMESPACES
from grader.worker.compat import debugger as breakpoints
from grader.worker.compat import numpy_aliases
from grader.worker.compat.missing_packages import Placeholders
from grader.worker.compat.notebook_imports import add_notebook_imports
from grader.worker.compat.shadowed import give_way
from grader.worker.compat.thread_pools import revive_after_fork
from grader.worker.messages import Prepare
from grader.worker.preload import STAND_INS
from grader.worker.student_error import is_own, student_error
from grader.worker.syntax import names_in

if TYPE_CHECKING:
    from grader.worker.shell import NotebookShell

# bound before the first cell: student code may replace the modules' attributes later
_seed_python, _seed_numpy = random.seed, np.random.seed


class State:
    """One process's view of the submission; forks inherit it."""

    def __init__(self) -> None:
        self.shell: NotebookShell | None = None
        self.prepared: Prepare | None = None
        self.failure: StudentError | None = None
        self.placeholders = Placeholders()
        self.plan: Plan | None = None
        self.in_namespaces = False
        self._shim: dict[str, Any] = {"__name__": "compat"}

    def build_shell(self) -> None:
        """Load IPython and make the shell that the cells run in."""
        if self.shell is None:
            from grader.worker.shell import make_shell

            self.shell = make_shell()

    def isolate(self, plan: Plan, *, namespaces: bool) -> Confined:
        """Become the supervisor; with namespaces this returns in another process, their first."""
        self.plan = plan
        confined = isolate(plan) if namespaces else Confined((), ())
        self.in_namespaces = NAMESPACES in confined.layers
        return confined

    def prepare(self, command: Prepare) -> Confined:
        """Enter the submission: sandbox, folder, import path, compatibility shim, random state."""
        assert self.plan is not None  # the trusted side makes the supervisor first
        self.prepared = command
        confined = confine(self.plan, in_namespaces=self.in_namespaces)
        _move_home(command.home)
        os.chdir(command.run_folder)
        sys.path[:0] = list(dict.fromkeys([command.run_folder, command.folder]))
        sys.path += [*command.stand_ins, STAND_INS]
        sys.dont_write_bytecode = True
        numpy_aliases.restore()
        give_way((command.run_folder, command.folder))
        add_notebook_imports((command.run_folder, command.folder), self.shell)
        breakpoints.disable()
        revive_after_fork()
        if command.compat is not None:
            try:
                exec(compile(command.compat, "compat.py", "exec"), self._shim)
            except Exception as error:  # the author's shim, run against libraries of any version
                self.failure = student_error(error, {})
        self.seed(command.seed)
        return confined

    def fill_missing_names(self, tree: ast.Module) -> tuple[str, ...]:
        """Have the shim's `after_failure` give what a failed cell with this syntax tree would have given; its names.

        It gets the missing names and returns values for those that it knows: data of which the course has a copy.
        """
        after_failure = self._shim.get("after_failure")
        if after_failure is None:
            return ()
        bound = set(names_in(tree, ast.Store))
        missing = bound - self.globals.keys()
        try:
            given = {name: value for name, value in after_failure(missing).items() if name in missing}
        except Exception:  # student code may have broken what the shim relies on: then nothing is given
            return ()
        self.globals.update(given)
        return tuple(given)

    def seed(self, seed: int) -> None:
        """Give the global random streams of this process a fixed state."""
        _seed_python(seed)
        _seed_numpy(seed % 2**32)

    def files(self) -> dict[str, str]:
        """The submission's folder, for `student_error`."""
        return {"root": self.prepared.folder} if self.prepared else {}

    def is_own(self, package: str) -> bool:
        """Whether a package is the submission's, there or missing, and no library's."""
        if self.prepared is None:
            return False
        declared = {place.module.partition(".")[0] for places in self.prepared.names.values() for place in places}
        bases = (self.prepared.run_folder, self.prepared.folder)
        return package in declared or any(
            os.path.exists(os.path.join(base, package)) or os.path.exists(os.path.join(base, f"{package}.py"))
            for base in bases
        )

    @property
    def globals(self) -> dict[str, Any]:
        """The notebook's namespace; empty before there is a shell."""
        return self.shell.user_ns if self.shell is not None else {}

    def places(self, name: str) -> tuple[Place, ...]:
        """Where the assignment says that `name` may live."""
        return self.prepared.names.get(name, ()) if self.prepared else ()

    def own_modules(self) -> list[ModuleType]:
        """The modules loaded from the submission's folder."""
        modules = []
        root = os.path.realpath(self.prepared.folder) if self.prepared else "\0"
        for module in list(sys.modules.values()):
            file = getattr(module, "__file__", None)
            if isinstance(file, str) and is_own(file, root):
                modules.append(module)
        return modules


def _move_home(home: str) -> None:
    """Have libraries keep their files in this submission's own home."""
    os.environ.update(HOME=home, TMPDIR=home, IPYTHONDIR=os.path.join(home, ".ipython"))
    os.environ.update(USER="student", LOGNAME="student")  # the sandbox's user has no entry to look a name up in
    os.environ["MPLCONFIGDIR"] = os.path.join(home, "matplotlib")
    tempfile.tempdir = None  # looked up again
