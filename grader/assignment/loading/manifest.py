"""`assignment.toml` as a typed value: every key is checked, and every error names its line.

Owns the file's format. Paths are only checked to stay inside the assignment's folder; whether they exist is for
`load` (folders that a run needs) and `lint` (everything else).
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import msgspec
from msgspec import Struct

from grader.assignment.requirements import PINNED, name_of
from grader.errors import AuthoringError
from grader.marks import Item, Rubric, Start
from grader.model import Limits, Manual, Part, Place

FILE = "assignment.toml"
_MARKING = ("start", "rubric", "model", "show_model")
"""Keys of `[[manual]]` that stay with the author."""
NOTEBOOK = "notebook"
"""What `[names]` writes for the globals of the notebook, instead of a module."""
_MEGABYTE = 1 << 20
LONGEST_ID = 100
"""Characters, also of a declared name: a file name may have 255 bytes, and suffixes are added to an id."""
_Number = int | float | str
"""A number of points: `3`, `0.5` or "1/2"."""
Hints = Literal["none", "name"]
Kind = Literal["written", "derivation", "plot", "tuning", "survey"]


class _LimitsTable(Struct, frozen=True, kw_only=True):
    cell: float | None = None
    check: float | None = None
    submission: float | None = None
    memory_mb: float | None = None
    output_mb: float | None = None
    observation_mb: float | None = None


class _FollowThroughTable(Struct, frozen=True, kw_only=True):
    worth: _Number = 1


class _ItemTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    key: str = ""
    points: _Number
    text: str
    note: str = ""


class _ManualTable(Struct, frozen=True, kw_only=True):
    id: str
    title: str
    points: _Number
    kind: Kind
    under: str
    question: str
    given: list[str] = []
    start: Start = "full"
    rubric: list[_ItemTable] = []
    model: str = ""
    show_model: bool = False


class _InconsistentTable(Struct, frozen=True, kw_only=True):
    what: str


class _AsWritten(Struct, frozen=True, kw_only=True):
    """What is taken as it stands in the file."""

    id: str
    title: str
    seed: int
    order: tuple[str, ...]
    extra: tuple[str, ...] = ()
    student_files: tuple[str, ...] = ()
    provided_files: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    preload: tuple[str, ...] = ()
    stand_ins: tuple[str, ...] = ()
    compat: str | None = None
    data: str | None = None
    install: str = ""
    mistakes: bool = True
    hints: Hints = "name"


class _Toml(_AsWritten, frozen=True, kw_only=True):
    points: _Number
    cap: _Number | None = None
    notebook: str | None = None
    notebooks: dict[str, tuple[str, ...]] = {}
    names: dict[str, str | list[str]] = {}
    limits: _LimitsTable = _LimitsTable()
    follow_through: _FollowThroughTable = _FollowThroughTable()
    manual: list[_ManualTable] = []
    inconsistent: list[_InconsistentTable] = []


_TABLES: dict[str, type[Struct]] = {
    "limits": _LimitsTable,
    "follow_through": _FollowThroughTable,
    "manual": _ManualTable,
    "inconsistent": _InconsistentTable,
}


class Manifest(_AsWritten, frozen=True, kw_only=True):
    """What `assignment.toml` says; paths are as written, relative to the assignment's folder or its solution."""

    points: Fraction
    cap: Fraction
    notebook: str | None
    notebooks: dict[str, tuple[str, ...]]
    names: dict[str, tuple[Place, ...]]
    limits: Limits
    follow_through: Fraction
    manual: tuple[Manual, ...]
    inconsistent: tuple[str, ...]
    """Where the hand-out contradicts itself, in words; `lint` repeats them."""


class _Source:
    """The file's text with a way to say on which line a key stands."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.text = path.read_text(encoding="utf-8")
            self.data: dict[str, Any] = tomllib.loads(self.text)
        except FileNotFoundError:
            raise AuthoringError(f"{path}: no such file; an assignment's folder holds one") from None
        except tomllib.TOMLDecodeError as error:
            line = re.search(r"at line (\d+)", str(error))
            number = line.group(1) if line else str(self.text.count("\n") + 1)
            raise AuthoringError(f"{path}:{number}: not valid TOML: {error}") from None
        except UnicodeDecodeError as error:
            raise AuthoringError(f"{path}:1: not UTF-8 text ({error.reason}); save it as UTF-8") from None

    def line(self, table: str = "", key: str = "", index: int = 0) -> int:
        """Line (from 1) of a key, of its table's `index`-th header if the key is not found, else 1."""
        current, seen, header = "", {"": 0}, 1
        key = re.escape(key)
        for number, text in enumerate(self.text.split("\n"), 1):
            if name := re.match(r"\s*\[\[?\s*([\w.-]+)\s*\]\]?", text):
                current = name.group(1)
                seen[current] = seen.get(current, -1) + 1
                if (current, seen[current]) == (table, index):
                    header = number
            elif key and (current, seen[current]) == (table, index) and re.match(rf"""\s*["']?{key}["']?\s*=""", text):
                return number
        return header

    def error(self, what: str, table: str = "", key: str = "", index: int = 0) -> AuthoringError:
        return AuthoringError(f"{self.path}:{self.line(table, key, index)}: {what}")


def read_manifest(folder: Path) -> Manifest:
    """Read `folder/assignment.toml`.

    Raises AuthoringError for a missing file, invalid TOML, an unknown or missing key or a value that does not fit, with
    the line.
    """
    source = _Source(folder / FILE)
    _refuse_unknown_keys(source)
    try:
        toml = msgspec.convert(source.data, _Toml)
    except msgspec.ValidationError as error:
        raise _located(source, str(error)) from None
    if not is_id(toml.id):
        rule = f"at most {LONGEST_ID} letters, digits, _ and -, beginning with a letter"
        raise source.error(f"id {toml.id[:40]!r} has other characters, or too many; use {rule}", key="id")
    for wanted in toml.requirements:
        if not PINNED.fullmatch(wanted):
            text = f'requirements: {wanted!r} is not pinned; write "{name_of(wanted)}==1.2.3" with the version you use'
            raise source.error(text, key="requirements")
    for key in ("student_files", "provided_files", "stand_ins", "order", "extra", "requirements"):
        _refuse_repeats(source, key, getattr(toml, key))
    _refuse_repeats(source, "manual", [m.id for m in toml.manual])
    for key in ("student_files", "provided_files", "stand_ins", "notebook", "notebooks", "compat", "data"):
        given = getattr(toml, key)
        for path in [given] if isinstance(given, str) else given or []:
            if path != PurePosixPath(path).as_posix() or path.startswith("/") or ".." in path.split("/") or path == ".":
                raise source.error(f"{key}: {path!r} is not a plain relative path inside the assignment", key=key)
    if toml.notebook is not None and not toml.notebook.endswith(".ipynb"):
        raise source.error(f"notebook {toml.notebook!r} does not end in .ipynb", key="notebook")
    _refuse_wrong_notebooks(source, toml)
    cap = _cap(source, toml)
    worth = _fraction(source, toml.follow_through.worth, "follow_through", "worth")
    if worth > 1:
        raise source.error(f"follow_through worth {worth} is more than the point itself", "follow_through", "worth")
    return Manifest(
        **{name: getattr(toml, name) for name in _AsWritten.__struct_fields__},
        points=_fraction(source, toml.points, "", "points"),
        cap=cap,
        notebook=next(iter(toml.notebooks), toml.notebook),
        notebooks=toml.notebooks if len(toml.notebooks) > 1 else {},
        names={name: _places(source, name, where) for name, where in toml.names.items()},
        limits=_limits(source, toml.limits),
        follow_through=worth,
        manual=tuple(_manual(source, index, entry) for index, entry in enumerate(toml.manual)),
        inconsistent=tuple(entry.what for entry in toml.inconsistent),
    )


def _cap(source: _Source, toml: _Toml) -> Fraction:
    """What automatic parts may come to with those that are extra credit."""
    manual = {entry.id: _fraction(source, entry.points, "manual", "points", i) for i, entry in enumerate(toml.manual)}
    automatic = _fraction(source, toml.points, "", "points") - sum(manual.values())
    for id in toml.extra:
        if id not in toml.order:
            raise source.error(f"extra names part {id}, which is not in order", key="extra")
        if id in manual:
            raise source.error(f"extra names part {id}, which a person marks; extra credit is for checks", key="extra")
    if toml.cap is None:
        return automatic
    cap = _fraction(source, toml.cap, "", "cap")
    if not toml.extra or cap < automatic:
        text = f"cap {cap} is below the {automatic} points of automatic parts" if toml.extra else "cap without extra"
        raise source.error(f"{text}: it limits what they and the parts in extra come to together", key="cap")
    return cap


def _refuse_wrong_notebooks(source: _Source, toml: _Toml) -> None:
    """Of several notebooks each part belongs to one, and no two have one file name."""
    if toml.notebooks and toml.notebook is not None:
        raise source.error("notebook and [notebooks]: use one; the latter is for several", "notebooks")
    owner: dict[str, str] = {}
    for name, parts in toml.notebooks.items():
        if not name.endswith(".ipynb"):
            raise source.error(f"notebooks: {name!r} does not end in .ipynb", "notebooks", name)
        if [PurePosixPath(n).name.casefold() for n in toml.notebooks].count(PurePosixPath(name).name.casefold()) > 1:
            raise source.error(f"notebooks: another one is called {PurePosixPath(name).name} too", "notebooks", name)
        for part in parts:
            if part not in toml.order:
                raise source.error(f"notebooks: {name} has part {part}, which is not in order", "notebooks", name)
            if owner.setdefault(part, name) != name:
                raise source.error(f"notebooks: part {part} is in {owner[part]} and in {name}", "notebooks", name)
    if toml.notebooks and (left := [id for id in toml.order if id not in owner]):
        raise source.error(f"notebooks: part {left[0]} is in none of them", "notebooks")


def is_id(text: str) -> bool:
    """Whether a text can be an assignment's id, and so a folder's name: letters, digits, `_`, single `-` inside."""
    return len(text) <= LONGEST_ID and re.fullmatch(r"[A-Za-z]\w*(-\w+)*", text, re.ASCII) is not None


def line_of(folder: Path, key: str, table: str = "", index: int = 0) -> str:
    """`assignment.toml:LINE` of a key, for a message about its value."""
    return f"{FILE}:{_Source(folder / FILE).line(table, key, index)}"


def _refuse_unknown_keys(source: _Source) -> None:
    def refuse(given: object, known: type[Struct], table: str, index: int) -> None:
        names = [field.name for field in msgspec.structs.fields(known)]
        for key in given if isinstance(given, dict) else ():
            if key not in names:
                nearest = difflib.get_close_matches(key, names, n=1, cutoff=0.0)[0]
                where = f"in [{table}]" if table else "at the top"
                raise source.error(f"unknown key {key!r} {where}; did you mean {nearest!r}?", table, key, index)

    refuse(source.data, _Toml, "", 0)
    for table, known in _TABLES.items():
        value = source.data.get(table, [])
        for index, entry in enumerate(value if isinstance(value, list) else [value]):
            refuse(entry, known, table, index)


def _located(source: _Source, message: str) -> AuthoringError:
    """msgspec's complaint ("Expected `int`, got `str` - at `$.manual[1].points`") with the line instead of the path."""
    what, _, path = message.partition(" - at ")
    steps = re.findall(r"\.(\w+)(?:\[(\d+|\.\.\.)\])?", path)
    key = re.search(r"field `(\w+)`", what)
    table, index = ("", 0)
    if steps and steps[0][0] in {"names", "notebooks", *_TABLES}:
        table, number = steps[0]
        index = int(number) if number.isdigit() else 0
        steps = steps[1:]
    name = steps[0][0] if steps else (key.group(1) if key else "")
    prefix = ".".join(part for part in (table, name) if part)
    return source.error(f"{prefix}: {what}" if prefix and not key else what, table, name, index)


def _refuse_repeats(source: _Source, key: str, values: Sequence[str]) -> None:
    for index, value in enumerate(values):
        if value in values[:index]:
            table, name, at = ("manual", "id", index) if key == "manual" else ("", key, 0)
            raise source.error(f"{key} names {value!r} twice", table, name, at)


def _fraction(
    source: _Source, value: _Number, table: str, key: str, index: int = 0, *, signed: bool = False
) -> Fraction:
    try:
        number = Fraction(str(value))
    except (ValueError, ZeroDivisionError):
        raise source.error(f'{key} {value!r} is no number; write 3, 0.5 or "1/2"', table, key, index) from None
    if number < 0 and not signed:
        raise source.error(f"{key} {value} is negative", table, key, index)
    return number


def _places(source: _Source, name: str, given: str | list[str]) -> tuple[Place, ...]:
    if len(name) > LONGEST_ID:
        raise source.error(f"{name[:40]!r}… has {len(name)} characters; a name has at most {LONGEST_ID}", "names", name)
    places = []
    for where in [given] if isinstance(given, str) else given:
        module, _, attribute = where.partition(":")
        attribute = attribute or name
        if not all(step.isidentifier() for step in [*module.split("."), *attribute.split(".")]):
            text = f'{name}: {where!r} is neither "notebook" nor a module such as "layers.linear" or "layers:Linear"'
            raise source.error(text, "names", name)
        places.append(Place("" if module == NOTEBOOK else module, attribute))
    if not places:
        raise source.error(f"{name}: names no place where it lives", "names", name)
    return tuple(places)


def _limits(source: _Source, table: _LimitsTable) -> Limits:
    given: dict[str, Any] = {}
    for key, value in msgspec.structs.asdict(table).items():
        if value is None:
            continue
        if not value > 0:
            raise source.error(f"limits.{key} is {value}; a limit is above 0", "limits", key)
        name = key.removesuffix("_mb")
        given[name] = value if name == key else round(value * _MEGABYTE)
    return Limits(**given)


def _manual(source: _Source, index: int, entry: _ManualTable) -> Manual:
    return Manual(
        part=Part(entry.id, entry.title),
        points=_fraction(source, entry.points, "manual", "points", index),
        kind=entry.kind,
        question=entry.question,
        under=entry.under,
        given=tuple(entry.given),
        rubric=_rubric(source, index, entry),
    )


def _rubric(source: _Source, index: int, entry: _ManualTable) -> Rubric:
    items = tuple(
        Item(
            key=item.key or str(number),
            points=_fraction(source, item.points, "manual", "rubric", index, signed=True),
            text=item.text.strip(),
            note=item.note.strip(),
        )
        for number, item in enumerate(entry.rubric, 1)
    )
    if len({item.key for item in items}) < len(items):
        raise source.error(f"the rubric of {entry.id} has a key twice", "manual", "rubric", index)
    return Rubric(start=entry.start, items=items, model=entry.model.strip(), show_model=entry.show_model)


def without_marking(text: str) -> str:
    """The text of a manifest without what a student must not see before it is marked: rubrics and model answers.

    Raises AuthoringError if they are written so that they cannot be taken out.
    """
    key = re.compile(rf"""\s*["']?({"|".join(_MARKING)})["']?\s*=""")
    kept: list[str] = []
    held: list[str] = []
    for line in text.splitlines(keepends=True):
        if not held and not key.match(line):
            kept.append(line)
            continue
        held.append(line)
        try:
            tomllib.loads("".join(held))
            held = []
        except tomllib.TOMLDecodeError:
            continue  # a value of several lines
    data = tomllib.loads(text)
    for entry in data.get("manual", []):
        for name in _MARKING:
            entry.pop(name, None)
    try:
        if tomllib.loads("".join(kept)) == data:
            return "".join(kept)
    except tomllib.TOMLDecodeError:
        pass
    names = ", ".join(_MARKING)
    raise AuthoringError(f"{FILE}: {names} of [[manual]] are no part of a hand-out; write each as `key = value` lines")
