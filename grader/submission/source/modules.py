"""The Python modules of one folder, read and never imported.

Owns finding a module's file by its dotted name, what the module gives to `from … import *`, and following an import
through to the definition. Which definition of a name counts is `lookup`'.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import msgspec
from msgspec import Struct

from grader.submission.names import fits_a_path
from grader.submission.source.definitions import Attached, CellDefinitions, Definition, definitions

MAX_SOURCE = 2 << 20
"""Bytes of the largest file that is read as source; a larger one is data with the wrong ending."""

MAX_STARRED = 200_000
"""Names that star-imports bring in all; each takes half a kilobyte."""
_HOPS = 20  # an import chain longer than this is a circle


def decode(data: bytes) -> str:
    """Source text from a file's bytes: UTF-8, else Latin-1, which takes any; line ends become one newline."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def imported_names(text: str) -> set[str]:
    """The packages and modules that a text imports at its top level, by their first names."""
    read = definitions(text)
    roots = {star.lstrip(".").partition(".")[0] for star in read.stars}
    for definition in read.found:
        match definition.node:
            case ast.Import(names=names):
                roots |= {alias.name.partition(".")[0] for alias in names}
            case ast.ImportFrom():
                roots.add(definition.origin.lstrip(".").partition(".")[0] or definition.original)
    return {name for name in roots if name.isidentifier() and fits_a_path(name)}


class Held(Struct, frozen=True):
    """A definition and the file that holds it (empty: the notebook)."""

    definition: Definition
    path: str = ""


class Modules:
    """The modules below `folder` as the notebook in its subfolder `start` sees them.

    `folder` is read when a module is first asked for; `texts` are sources that are known already, by path relative to
    it. `start`, the notebook's folder, is relative too, and comes first on the import path, before `folder` itself.
    """

    def __init__(self, folder: Path, texts: Mapping[str, str], start: str = "") -> None:
        self._folder, self._texts = folder, texts
        self._roots = tuple(dict.fromkeys((PurePosixPath(start), PurePosixPath())))
        self._paths: dict[str, str | None] = {}
        self._read: dict[str, CellDefinitions | None] = {}
        self._names: dict[str, Mapping[str, Held]] = {}
        self._listed: dict[PurePosixPath, frozenset[str]] = {}
        self._room = MAX_STARRED

    def path_of(self, module: str) -> str | None:
        """Path of the file that holds a dotted module, or None when it is not one of these."""
        if module not in self._paths:  # it is asked for every name that a check uses
            self._paths[module] = self._looked_up(module)
        return self._paths[module]

    def _looked_up(self, module: str) -> str | None:
        if not fits_a_path(module.replace(".", "/")) or not all(part.isidentifier() for part in module.split(".")):
            return None
        first = module.partition(".")[0]
        for root in self._roots:
            if self._entries(root).isdisjoint((first, f"{first}.py")):
                continue  # thousands of packages may be named that are not here
            place = root.joinpath(*module.split("."))
            for path in (f"{place}.py", f"{place}/__init__.py"):
                if self._defined(path) is not None:
                    return path
        return None

    def _entries(self, root: PurePosixPath) -> frozenset[str]:
        """What lies in one of the roots, on disk or among the texts."""
        if root not in self._listed:
            place = self._folder / root
            on_disk = os.listdir(place) if place.is_dir() else []
            below = (PurePosixPath(name) for name in self._texts)
            known = [path.relative_to(root).parts[0] for path in below if path.is_relative_to(root)]
            self._listed[root] = frozenset([*on_disk, *known])
        return self._listed[root]

    def names(self, path: str) -> Mapping[str, Held] | None:
        """What the module in the file `path` has as attributes; None when its source cannot be parsed."""
        read = self._defined(path)
        return None if read is None or read.note else self._attributes(path, read, _HOPS)

    def attached(self, path: str) -> tuple[Attached, ...]:
        """The functions that the module in the file `path` puts on classes."""
        read = self._defined(path)
        return () if read is None else read.attached

    def starred(self, module: str) -> tuple[Held, ...]:
        """What `from module import *` binds in the notebook, imports followed."""
        return tuple(self.follow(held) for held in self._starred(module, "", _HOPS).values())

    def follow(self, held: Held) -> Held:
        """The definition that an import leads to, under the importer's name.

        What leads out of these modules, or in a circle, comes back as far as it was followed.
        """
        name = held.definition.name
        for _ in range(_HOPS):
            definition = held.definition
            if definition.kind != "import" or not definition.origin:
                break
            path = self.path_of(absolute(definition.origin, held.path))
            target = (self.names(path) or {}).get(definition.original) if path is not None else None
            if target is None:
                break
            held = target
        return Held(msgspec.structs.replace(held.definition, name=name), held.path)

    def _attributes(self, path: str, read: CellDefinitions, hops: int) -> Mapping[str, Held]:
        if path not in self._names:
            self._names[path] = {}  # what a circle of star-imports sees of a module that is being read
            attributes: dict[str, Held] = {}
            for star in read.stars:
                attributes.update(self._starred(star, path, hops - 1))
            attributes.update({d.name: Held(d, path) for d in read.found})
            self._names[path] = attributes
        return self._names[path]

    def _starred(self, module: str, importer: str, hops: int) -> dict[str, Held]:
        path = self.path_of(absolute(module, importer))
        read = self._defined(path) if path is not None else None
        if path is None or read is None or not hops or self._room < 0:
            return {}
        listed = _listed(read)
        attributes = {
            name: held
            for name, held in self._attributes(path, read, hops).items()
            if (name in listed if listed is not None else not name.startswith("_"))
        }
        self._room -= len(attributes)
        return attributes if self._room >= 0 else {}

    def _defined(self, path: str) -> CellDefinitions | None:
        if path not in self._read:
            text = self._text(path)
            self._read[path] = None if text is None else definitions(text)
        return self._read[path]

    def _text(self, path: str) -> str | None:
        if path in self._texts:
            return self._texts[path]
        file = self._folder / path
        try:
            if file.is_symlink() or not file.is_file() or file.stat().st_size > MAX_SOURCE:
                return None
            return decode(file.read_bytes())
        except OSError:
            return None


def absolute(module: str, importer: str) -> str:
    """A module name, perhaps with leading dots, as seen from the file `importer`; empty when it leads nowhere."""
    name = module.lstrip(".")
    if name == module:
        return module
    up = len(module) - len(name) - 1
    package = PurePosixPath(importer).parent.parts
    if not importer or up > len(package):
        return ""
    return ".".join([*package[: len(package) - up], *([name] if name else [])])


def _listed(read: CellDefinitions) -> frozenset[str] | None:
    """The names in a literal `__all__`; None without one."""
    assignments = [d.node for d in read.found if d.name == "__all__"]
    if not assignments or not isinstance(assignments[-1], ast.Assign):
        return None
    try:
        value = ast.literal_eval(assignments[-1].value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    return frozenset(n for n in value if isinstance(n, str)) if isinstance(value, list | tuple | set) else None
