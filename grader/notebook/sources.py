"""Where the objects of a running notebook come from: the cells that were run, and those that are saved.

Reads IPython's history (`In`) and the saved file, whose headings the history has not; runs nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct, structs

from grader.assignment.notebooks import by_notebook
from grader.assignment.release.fingerprints import node_digest, read_fingerprints
from grader.errors import SubmissionError
from grader.model import Assignment, Check, Notebook, Place, Uses
from grader.submission.review.stubs import counted_definition, with_notebook
from grader.submission.source.definitions import Definition, definitions, free_names
from grader.submission.source.lookup import Sources
from grader.submission.source.modules import Modules
from grader.submission.source.notebook import read_notebook

COLAB = "google.colab"
VARIABLES = ("__vsc_ipynb_file__", "__session__")
"""Names under which an editor tells the kernel the notebook's file."""


class Counted(Struct, frozen=True, kw_only=True):
    """The definition of a name that a check asks for."""

    definition: Definition
    cell: str = ""
    """Name of the cell that was run; empty for a module."""
    current: bool = True
    """Whether the name stands for it now; otherwise a later cell has given the name to another."""


class LiveSources:
    """The cells that this kernel has run, beside the saved ones."""

    def __init__(self, user_ns: Mapping[str, Any], assignment: Assignment) -> None:
        self._user_ns = user_ns
        self._assignment = assignment
        history = user_ns.get("In")
        cells = history if isinstance(history, list) else []
        self.texts = {f"In[{n}]": cell for n, cell in enumerate(cells) if isinstance(cell, str)}
        """Name of a cell -> its text."""
        self._given = read_fingerprints(assignment)
        self._stubs = self._given.stubs if self._given is not None else {}
        self._saved = _saved_notebook(user_ns, assignment)
        self._headed = Sources(self._saved, Modules(assignment.handout, {}, "")) if self._saved else None
        self._in_file = [d for c in self._saved.code for d in definitions(c.source).found] if self._saved else []

    def files(self) -> dict[str, str]:
        """File name in a traceback -> name of the cell."""
        shell = self._user_ns.get("get_ipython")
        known = getattr(getattr(shell() if callable(shell) else None, "compile", None), "_filename_map", {})
        return {name: f"In[{number}]" for name, number in known.items()} | {name: name for name in self.texts}

    def untouched(self, check: Check) -> str | None:
        """A name of the check whose definition still is the hand-out's stub."""
        for uses in check.uses:
            counted = self.counted(uses)
            own = counted.definition.name if counted is not None else ""
            if counted is not None and _digest(counted.definition) in self._stubs.get(own, ()):
                cells = (text for text in self.texts.values() if own in text)
                if not any(one.owner == own for text in cells for one in definitions(text).attached):
                    return uses.name
        return None

    def counted(self, uses: Uses) -> Counted | None:
        """The definition that counts; None where no cell and no module shows one."""
        for place in self.places(uses.name):
            one = self._at(uses, place)
            if one is not None or (not place.module and place.name in self._user_ns):
                return one
        return None

    def places(self, name: str) -> tuple[Place, ...]:
        """Where a name may live, as in `grade`: first where something is written, and not the hand-out's stub."""
        known = with_notebook(name, self._assignment.names.get(name, ()))
        there = [(place, one.definition) for place in known if (one := self._at(Uses(name=name), place)) is not None]
        if not there or self._given is None:
            return known
        counted = counted_definition([definition for _, definition in there], self._given, self._assignment)
        first = there[counted][0] if counted else known[0]
        return (first, *(place for place in known if place != first))

    def _at(self, uses: Uses, place: Place) -> Counted | None:
        if not place.module:
            return self._of_cells(uses, place.name) if place.name in self._user_ns else None
        file = self._assignment.handout / Path(*place.module.split(".")).with_suffix(".py")
        definition = _last(place.name, file.read_text("utf-8", "replace")) if file.is_file() else None
        return Counted(definition=definition) if definition is not None else None

    def _of_cells(self, uses: Uses, name: str) -> Counted | None:
        """Of what was run under a name that a notebook gives twice, what the saved notebook has in the right place."""
        live = [
            Counted(definition=definition, cell=cell)
            for cell, text in reversed(self.texts.items())
            if (definition := _last(name, text)) is not None
        ]
        saved = self._headed.find(uses, [Place("", name)]) if self._headed and uses != Uses(name=uses.name) else None
        if not live or saved is None or saved.definition is None:
            return live[0] if live else None
        wanted = saved.definition
        others = [d for d in self._in_file if d.name == name and _digest(d) != _digest(wanted)]
        for one in live:
            own = one.definition
            edited = _digest(own) not in map(_digest, others) and own.parameters not in [o.parameters for o in others]
            if _digest(own) == _digest(wanted) or edited:
                return structs.replace(one, current=one is live[0])
        return structs.replace(live[0], current=False, cell="") if others else live[0]

    def restart_warnings(self, parts: Sequence[str]) -> list[str]:
        """What a restart would change for these parts, a line for each kind of it."""
        if self._saved is None or COLAB in sys.modules:  # which keeps its notebooks elsewhere
            return []
        unsaved, replaced, gone = dict[str, None](), dict[str, None](), dict[str, None]()
        for uses in dict.fromkeys(u for c in self._assignment.checks if c.part.id in parts for u in c.uses):
            counted = self.counted(uses)
            if counted is None or not counted.cell:
                continue
            own = counted.definition
            saved = [_digest(d) for d in self._in_file if d.name == own.name]
            if _digest(own) not in saved:
                unsaved[own.name] = None
            elif uses == Uses(name=uses.name) and _digest(own) != saved[-1]:
                replaced[own.name] = None
            gone |= dict.fromkeys(n for n in sorted(free_names(own.node)) if self._was_defined(n))
        in_file = {d.name for d in self._in_file}
        missing = [name for name in gone if name not in in_file and name not in unsaved]
        warnings = []
        if unsaved:
            warnings.append(
                f"{_listed(unsaved)}: what runs here is not in the saved notebook, which is what counts. Save it."
            )
        if replaced:
            warnings.append(
                f"{_listed(replaced)}: the notebook defines it again further down. `Run All` ends with that one."
            )
        if missing:
            warnings.append(
                f"{_listed(missing)}: in no cell of the saved notebook, and needed here. A restart loses it."
            )
        return warnings

    def _was_defined(self, name: str) -> bool:
        return name in self._user_ns and any(_last(name, text) is not None for text in self.texts.values())


def _digest(definition: Definition) -> str:
    return node_digest(definition.node)


def _last(name: str, text: str) -> Definition | None:
    """The last definition of a name in a text."""
    return next((d for d in reversed(definitions(text).found) if d.name == name), None) if name in text else None


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def of_this_notebook(assignment: Assignment, user_ns: Mapping[str, Any]) -> Assignment:
    """The parts of the notebook that is running, of an assignment of several; all, where no editor says which it is."""
    path = _notebook_path(user_ns, assignment)
    own = path.name if path is not None else ""
    return next((one for one in by_notebook(assignment) if Path(one.notebook or "").name == own), assignment)


def _saved_notebook(user_ns: Mapping[str, Any], assignment: Assignment) -> Notebook | None:
    path = _notebook_path(user_ns, assignment)
    try:
        return read_notebook(path) if path is not None else None
    except SubmissionError:
        return None


def _notebook_path(user_ns: Mapping[str, Any], assignment: Assignment) -> Path | None:
    """The notebook's file as the editor tells it (VS Code by a variable, Jupyter in the environment), or as given."""
    candidates = [user_ns.get(name) for name in VARIABLES] + [os.environ.get("JPY_SESSION_NAME")]
    for candidate in candidates:
        if isinstance(candidate, str) and candidate.endswith(".ipynb") and Path(candidate).is_file():
            return Path(candidate)
    alone = assignment.notebook is not None and not assignment.notebooks
    given = assignment.handout / str(assignment.notebook) if alone else None
    return given if given is not None and given.is_file() else None
