"""An assignment under conversion, and its folder `reference/<id>/`.

Each format's reader makes a `Draft`; `write` turns it into files. What could not be converted is listed by cell in
`CONVERSION.md`, which is for the author and goes into no hand-out.
"""

from __future__ import annotations

import json
import re
import shutil
import textwrap
from collections.abc import Collection, Iterable, Sequence
from fractions import Fraction
from keyword import iskeyword
from pathlib import Path

from msgspec import Struct

from grader.assignment.release.markers import solved, stub_of
from grader.convert.probes import ProbeText
from grader.convert.source import SourceCell, percent_text

LIST = "CONVERSION.md"
_WIDTH = 116


class DraftCheck(Struct, frozen=True, kw_only=True):
    """One check to be written."""

    id: str
    part: str
    points: Fraction
    title: str
    body: tuple[str, ...]
    uses: tuple[str, ...]
    tolerances: dict[str, str] = {}
    imports: tuple[str, ...] = ()
    hidden: bool = False


class DraftManual(Struct, frozen=True, kw_only=True):
    """One part for a person."""

    id: str
    title: str
    points: Fraction
    kind: str
    under: str
    question: str


class Left(Struct, frozen=True):
    """Something that an author has to look at."""

    where: str
    what: str


class Draft(Struct, kw_only=True):
    """Everything that `reference/<id>/` is made from."""

    id: str
    title: str
    cells: list[SourceCell]
    """With the project's solution markers; empty for an assignment of a module alone."""
    modules: dict[str, str] = {}
    """Modules with solution regions, by path."""
    parts: dict[str, str] = {}
    """Part id to title, in order, those for a person too."""
    checks: list[DraftCheck] = []
    manual: list[DraftManual] = []
    names: dict[str, str] = {}
    """Name to where it lives."""
    files: dict[str, Path] = {}
    """What lies beside the notebook, by path in the hand-out."""
    done: list[str] = []
    """What was converted, one line for each cell or question."""
    left: list[Left] = []


def check_id(text: str, draft: Draft, imported: Collection[str]) -> str:
    """A free name for a check's function, from what the test is called elsewhere.

    `imported` are names that the check file may bind by imports.
    """
    name = re.sub(r"\W", "_", text)
    if not name.isidentifier() or iskeyword(name) or name in ("check", "Part", "Tolerance") or name in imported:
        name = f"test_{name}"
    while any(check.id == name for check in draft.checks):
        name += "_"
    return name


def check_of(probe: ProbeText, *, id: str, part: str, points: Fraction, title: str, hidden: bool = False) -> DraftCheck:
    """The check that asks what `probe` asks."""
    return DraftCheck(
        id=id, part=part, points=points, title=title, hidden=hidden,
        body=probe.body, uses=probe.uses, tolerances=probe.tolerances, imports=probe.imports,
    )  # fmt: skip


def write(draft: Draft, folder: Path) -> list[Path]:
    """Write the reference; returns its files.

    Raises AuthoringError if what students would get is no valid Python; nothing is written then.
    """
    files = _texts(draft)
    written = []
    for name, text in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        written.append(target)
    for name, source in draft.files.items():
        target = folder / "solution" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        written.append(target)
    return sorted(written)


def _texts(draft: Draft) -> dict[str, str]:
    solutions = dict(draft.modules)
    if draft.cells:
        solutions[f"{draft.id}.py"] = percent_text(draft.cells)
    for name, text in solutions.items():
        stub_of(text, f"solution/{name}")
        solved(text, f"solution/{name}")
    files = {f"solution/{name}": text for name, text in solutions.items()}
    files |= {
        "assignment.toml": _manifest(draft),
        "README.md": _readme(draft),
        "checks.py": _checks(draft, hidden=False),
        "hidden.py": _checks(draft, hidden=True),
        "wrong.py": _wrong(draft),
        LIST: _list(draft),
    }
    return files


def _manifest(draft: Draft) -> str:
    total = sum((c.points for c in draft.checks), Fraction(0)) + sum((m.points for m in draft.manual), Fraction(0))
    lines = [
        f"id = {_quoted(draft.id)}",
        f"title = {_quoted(draft.title)}",
        f"points = {_points(total)}",
        "seed = 1",
        *([f"notebook = {_quoted(draft.id + '.ipynb')}"] if draft.cells else []),
        f"student_files = {_quoted(sorted(draft.modules))}",
        f"provided_files = {_quoted(sorted(draft.files))}",
        f"order = {_quoted(list(draft.parts))}",
        "",
        "[names]",
        *(f"{name if name.isascii() else _quoted(name)} = {_quoted(where)}" for name, where in draft.names.items()),
    ]
    for manual in draft.manual:
        lines += [
            "",
            "[[manual]]",
            f"id = {_quoted(manual.id)}",
            f"title = {_quoted(manual.title)}",
            f"points = {_points(manual.points)}",
            f"kind = {_quoted(manual.kind)}",
            f"under = {_quoted(manual.under)}",
            f"question = {_quoted(manual.question)}",
        ]
    return "\n".join(lines) + "\n"


def _quoted(value: str | Sequence[str]) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _points(points: Fraction) -> str:
    return str(points.numerator) if points.denominator == 1 else f'"{points}"'


def _checks(draft: Draft, *, hidden: bool) -> str:
    checks = [check for check in draft.checks if check.hidden == hidden]
    parts = {part: f"PART_{number}" for number, part in enumerate(draft.parts, 1)}
    public = {check.part for check in draft.checks if not check.hidden}
    mine = dict.fromkeys(check.part for check in checks)
    imported = [parts[part] for part in mine if hidden and part in public]
    names = ["check"] + (["Part"] if any(not hidden or part not in public for part in mine) else [])
    names += ["Tolerance"] if any(check.tolerances for check in checks) else []
    imports = sorted({statement for check in checks for statement in check.imports})
    what = "Hidden checks: never released." if hidden else "Public checks: they go into the hand-out."
    lines = [f'"""{what}"""', ""]
    lines += [*imports, ""] if imports else []
    lines += [f"from checks import {', '.join(imported)}", ""] if imported else []
    lines += [f"from grader import {', '.join(sorted(names, key=str.casefold))}", ""] if checks else []
    lines += [f"{parts[p]} = Part({_quoted(p)}, {_quoted(draft.parts[p])})" for p in mine if parts[p] not in imported]
    while lines and not lines[-1]:
        lines.pop()
    for check in checks:
        lines += ["", "", *_check(check, parts[check.part])]
    return "\n".join(lines).rstrip("\n") + "\n"


def _check(check: DraftCheck, part: str) -> Iterable[str]:
    arguments = [part, f"points={_points(check.points)}"]
    arguments += [f"uses={_quoted(check.uses)}"] if check.uses else []
    arguments += ["all_or_nothing=True"] if check.tolerances else []
    rules = set(check.tolerances.values())
    if len(rules) == 1:
        arguments.append(f"tolerance={rules.pop()}")
    elif rules:
        arguments.append("tolerances={" + ", ".join(f"{k!r}: {v}" for k, v in check.tolerances.items()) + "}")
    short = f"@check({', '.join(arguments)})"
    yield from [short] if len(short) <= _WIDTH else ["@check(", *(f"    {a}," for a in arguments), ")"]
    yield f"def {check.id}(student, rng):"
    title = check.title.replace("\\", "\\\\").replace('"""', "'''").strip() or check.id
    yield f'    """{title}{" " if title.endswith(chr(34)) else ""}"""'
    yield from (f"    {line}" if line.strip() else "" for line in check.body)


def _readme(draft: Draft) -> str:
    where = f"`{draft.id}.ipynb`" if draft.cells else ", ".join(f"`{name}`" for name in draft.modules)
    return textwrap.dedent(f"""\
        # {draft.title}

        Fill in {where}: replace each `raise NotImplementedError(...)` by your code, and leave names and arguments as
        they are. To see where you stand, install the grader and run it in this folder:

            pip install -r requirements.txt
            grade .
        """)


def _wrong(draft: Draft) -> str:
    return textwrap.dedent(f'''\
        """Mistakes that the checks must see, each with exactly the checks that must not pass.

        An example, with a line of your own solution:

            Edit(
                name="the sum is over the wrong axis",
                changes=(Change("{draft.id}.py", "x.sum(axis=0)", "x.sum(axis=1)"),),
                fails=("{draft.checks[0].id if draft.checks else "a_check"}",),
            ),
        """

        from grader import Change, Edit  # noqa: F401

        WRONG: list[Edit] = []
        ''')


def _list(draft: Draft) -> str:
    lines = ["# What was converted, and what is left", ""]
    lines += ["Cells count from 0, as in the grader's reports.", "", "## For you to look at", ""]
    lines += [f"- {left.where}: {left.what}" for left in draft.left] or ["Nothing."]
    lines += ["", "## Converted", "", *(f"- {done}" for done in draft.done)]
    return "\n".join(lines) + "\n"
