"""Where the names of an assignment live in a notebook and its modules, and which definition of each counts.

Owns the rules of choice; it looks at a student's submission and at the hand-out's stub alike. Turning what is found
into the moment of a probe is `anchors`', comparing the two is `stubs`'.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence, Set
from pathlib import Path, PurePosixPath

from msgspec import Struct, structs

from grader.assignment.release.fingerprints import Fingerprints
from grader.model import Assignment, Cell, Notebook, Place, Submission, Uses
from grader.submission.source import sections
from grader.submission.source.definitions import Attached, Definition, definitions, free_names
from grader.submission.source.modules import Held, Modules

MAX_HELPERS = 20
"""Of one definition, that are looked up."""


class DefinitionPlace(Struct, frozen=True, kw_only=True):
    """The definition of a name that counts."""

    definition: Definition | None
    """None: the module is there and cannot be read (a syntax error), or gets the name in a way that is not seen."""
    cell: int | None = None
    """Index of the notebook's cell; None for a module."""
    path: str = ""
    """File of the module, relative; also where a cell imports the name from one."""


class _Candidate(Struct, frozen=True, kw_only=True):
    cell: Cell
    definition: Definition
    home: str
    """File of the module that an import leads to; empty for what the notebook defines itself."""


class Sources:
    """One notebook (or none) with the modules that it can import."""

    def __init__(self, notebook: Notebook | None, modules: Modules) -> None:
        self._modules = modules
        self._titles = _titles(notebook) if notebook else {}
        self._by_name: dict[str, list[_Candidate]] = {}
        self._attached = [
            (c.index, one) for c in (notebook.code if notebook else ()) for one in definitions(c.source).attached
        ]
        for one in (c for cell in (notebook.code if notebook else ()) for c in _read(cell, modules)):
            self._by_name.setdefault(one.definition.name, []).append(one)

    def find(self, uses: Uses, places: Sequence[Place]) -> DefinitionPlace | None:
        """The definition that counts of a declared name, at the first of its places that has it."""
        homes = {path for place in places if (path := self._modules.path_of(place.module)) is not None}
        for place in places:
            hit = self._in_module(place) if place.module else self._in_notebook(uses, place.name, homes, place.until)
            if hit is not None:
                return hit
        path = next((path for place in places if (path := self._modules.path_of(place.module)) is not None), None)
        return None if path is None else DefinitionPlace(definition=None, path=path)

    def versions(self, name: str) -> list[int]:
        """The cells that define a function or class of this name, in order."""
        found = (c for c in self._by_name.get(name, ()) if c.definition.kind in ("def", "class") and not c.home)
        return list(dict.fromkeys(c.cell.index for c in found))

    def meant(self, place: DefinitionPlace) -> Definition | None:
        """The definition there, or the one that it only gives another name: `Linear = MyLinear`."""
        one = place.definition
        if one is None or not isinstance(one.node, ast.Assign) or not isinstance(one.node.value, ast.Name):
            return one
        other = self._read_by(place, one.node.value.id)
        if other is None or other.definition is None or other.definition.kind not in ("def", "class"):
            return one
        return structs.replace(other.definition, name=one.name)

    def helpers(self, place: DefinitionPlace, without: Set[str]) -> list[DefinitionPlace]:
        """The functions and classes of the submission that a definition reads, and those that they read in turn."""
        found = [place]
        for reader in found:  # which grows
            for name in sorted(free_names(reader.definition.node) - without) if reader.definition else ():
                one = self._read_by(reader, name)
                if one is None or one.definition is None or one.definition.kind not in ("def", "class"):
                    continue
                if one not in found and len(found) <= MAX_HELPERS:
                    found.append(one)
        return found[1:]

    def _read_by(self, reader: DefinitionPlace, name: str) -> DefinitionPlace | None:
        """What a global of that name is where a definition stands."""
        if reader.path:
            return self._in_file(reader.path, name)
        return self._in_notebook(Uses(name=name), name, set())

    def attached(self, place: DefinitionPlace) -> list[tuple[int | None, Attached]]:
        """The functions that are put on the class that is found there, with the index of their cell, None for a module.

        In the notebook those of its class of that name, or of the one that it imports, up to where the name is given to
        another class.
        """
        if place.definition is None or place.definition.kind != "class":
            return []
        name, start = place.definition.name, place.cell
        own = [c.cell.index for c in self._by_name.get(name, ()) if c.definition.kind == "class" and not c.home]
        in_module = self._modules.attached(place.path) if place.path else ()
        found: list[tuple[int | None, Attached]] = [(None, one) for one in in_module if one.owner == name]
        first = -1 if start is None else start
        until = min((cell for cell in own if cell > first), default=None)
        for cell, one in self._attached:
            of_it = one.owner == name and cell >= first and (until is None or cell < until)
            if of_it and self._is_function(one):
                found.append((cell, one))
        return found

    def methods(self, place: DefinitionPlace) -> list[DefinitionPlace]:
        """Where the functions are defined that are put on the class found there."""
        found: list[DefinitionPlace] = []
        for cell, one in self.attached(place):
            for name in sorted(one.names or {one.method}):
                if cell is None:
                    known = [at for at in (self._in_file(place.path, name),) if at is not None]
                else:
                    above = (c for c in self._by_name.get(name, ()) if c.cell.index <= cell and not c.home)
                    known = [DefinitionPlace(definition=c.definition, cell=c.cell.index) for c in above]
                functions = [(at, at.definition.node) for at in known if at.definition and at.definition.kind == "def"]
                found += [at for at, node in functions if one.node is None or node is one.node][-1:]
        return found

    def _is_function(self, attached: Attached) -> bool:
        """Whether it is one as far as can be seen: a cell may delete the name again that it was defined under."""
        known = [c.definition.kind for name in attached.names for c in self._by_name.get(name, ())]
        return not known or "def" in known

    def complete(self, places: Sequence[DefinitionPlace]) -> int:
        """The cell of the last of `found`, or the later one that defines the last function or class that they call.

        A cell that puts a method on one of them is a part of it, and a notebook whose cells were run in another order
        may define a helper below. The cell is not moved past another definition of what was found.
        """
        start = max((f.cell for f in places if f.cell is not None), default=-1)
        waiting = [f.definition.node for f in places if f.definition is not None and f.cell is not None]
        names = {f.definition.name for f in places if f.definition is not None and f.cell is not None}
        again = [c.cell.index for name in names for c in self._by_name.get(name, ()) if c.cell.index > start]
        last = start
        for cell, one in (attached for place in places for attached in self.attached(place)):
            if cell is not None and all(cell < other for other in again):
                last = max(last, cell)
                waiting += [one.node] if one.node is not None else []
                waiting += [c.definition.node for name in one.names for c in self._by_name.get(name, ())]
        asked: set[str] = set()
        while waiting:
            for name in free_names(waiting.pop()) - asked:
                asked.add(name)
                cells = self._by_name.get(name)
                if not cells or any(c.cell.index <= start for c in cells):
                    continue
                helper = next((c for c in cells if c.definition.kind != "assign"), None)
                if helper is not None and all(helper.cell.index < cell for cell in again):
                    last = max(last, helper.cell.index)
                    waiting.append(helper.definition.node)
        return last

    def _in_module(self, place: Place) -> DefinitionPlace | None:
        path = self._modules.path_of(place.module)
        return None if path is None else self._in_file(path, place.name)

    def _in_file(self, path: str, name: str) -> DefinitionPlace | None:
        names = self._modules.names(path)
        if names is None:
            return DefinitionPlace(definition=None, path=path)
        if name not in names:
            return None
        held = self._modules.follow(names[name])
        return DefinitionPlace(definition=held.definition, path=held.path)

    def _in_notebook(self, uses: Uses, name: str, homes: set[str], until: int | None = None) -> DefinitionPlace | None:
        # an import from a module that is itself a place of the name leaves the name in that module
        candidates = [c for c in self._by_name.get(name, ()) if c.home not in homes]
        if until is not None:
            candidates = [c for c in candidates if c.cell.index <= until]
        if uses.under is not None:
            candidates = self._under(candidates, uses.under)
        if uses.signature is not None:
            candidates = [c for c in candidates if c.definition.parameters == uses.signature]
        best = max((_rank(c) for c in candidates), default=0)
        by_cell = {
            c.cell.index: c for c in candidates if _rank(c) == best
        }  # the last in each cell: it is the one that stays
        chosen = list(by_cell.values())
        occurrence = -1 if uses.occurrence is None else uses.occurrence
        if not -len(chosen) <= occurrence < len(chosen):
            return None
        one = chosen[occurrence]
        return DefinitionPlace(definition=one.definition, cell=one.cell.index, path=one.home)

    def _under(self, candidates: list[_Candidate], wanted: str) -> list[_Candidate]:
        """Those below a heading that contains `wanted`; where no heading does, below a bold lead-in."""
        for level in (sections.QUESTION - 1, sections.QUESTION):
            titles = {
                index: [h.title for h in path if h.level <= level and sections.matches(h.title, wanted)]
                for index, path in self._titles.items()
            }
            if any(titles.values()):
                return [c for c in candidates if titles[c.cell.index]]
        titles = {
            index: [h.title for h in path if sections.begins(h.title, wanted)] for index, path in self._titles.items()
        }
        return [c for c in candidates if titles[c.cell.index]]


_last: tuple[Notebook | None, Mapping[str, str], Path, Sources] | None = None
"""Of the submission that was read last: what reviews it, asks it and explains it reads it each by itself."""


def submission_sources(submission: Submission) -> Sources:
    """What a student handed in, as laid out for running."""
    global _last
    kept, (notebook, modules, folder) = _last, (submission.notebook, submission.modules, submission.folder)
    if kept is not None and kept[0] is notebook and kept[1] is modules and kept[2] == folder:
        return kept[3]
    sources = Sources(notebook, Modules(folder, modules, notebook_folder(notebook.name if notebook else None)))
    _last = notebook, modules, folder, sources
    return sources


def given_definitions(given: Fingerprints | None, assignment: Assignment) -> list[Definition]:
    """What the hand-out's own notebook defines."""
    notebook = given.given_notebook(assignment.notebook) if given is not None else None
    cells = notebook.code if notebook is not None else ()
    return [one for cell in cells for one in definitions(cell.source).found]


def notebook_folder(notebook: str | None) -> str:
    """The relative folder in which the cells of this notebook run."""
    return str(PurePosixPath(notebook).parent) if notebook else ""


def places(assignment: Assignment, submission: Submission, name: str) -> tuple[Place, ...]:
    """Where a name may live; one that the assignment does not declare is a global of the notebook."""
    return submission.places.get(name) or assignment.names.get(name) or (Place("", name),)


def _rank(candidate: _Candidate) -> int:
    """A definition outranks an assignment (`Affine = Affine()`), that one of what was saved before, and that an update.

    `w = w - g` is an update; weights that are loaded again are those after the training.
    """
    one = candidate.definition
    return 3 if one.kind in {"def", "class"} else 0 if one.update else 1 if one.loaded else 2


def _read(cell: Cell, modules: Modules) -> Iterator[_Candidate]:
    read = definitions(cell.source)
    held = [h for star in dict.fromkeys(read.stars) for h in modules.starred(star)]
    held.extend(modules.follow(Held(definition)) for definition in read.found)
    return (_Candidate(cell=cell, definition=h.definition, home=h.path) for h in held)


def _titles(notebook: Notebook) -> dict[int, sections.Path]:
    """Cell index -> the headings and bold lead-ins that the cell stands under."""
    path: sections.Path = ()
    titles = {}
    for cell in notebook.cells:
        if cell.kind == "markdown":
            for heading in sections.headings(cell.source, questions=True):
                path = sections.descend(path, heading)
        titles[cell.index] = path
    return titles
