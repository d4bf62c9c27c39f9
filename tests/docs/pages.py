"""A documentation page as something to run: its commands, what they must print, and the files that it has one write.

In a page, a `console` block holds commands after `$ ` and lines that must come in their output, in this order; `...`
stands for anything. A comment before any other block says what becomes of its text:

    <!-- file: PATH -->             it is written to PATH
    <!-- cell: NOTEBOOK NAME -->    it takes the place of the notebook's cell that defines NAME
    <!-- needs: MODULE -->          the commands in it are only run where that can be imported

The page's first comment says where it starts: `<!-- starts in: empty -->` or `<!-- starts in: checkout -->`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
SHARED = ("assignments", "reference", "examples")
"""What a checkout has of use to a page; a page works on a copy."""
_FENCE = re.compile(r"^```(?:\{[a-z-]+\} *)?([a-z]*)$")
_COMMENT = re.compile(r"^<!-- *(file|cell|needs|starts in): *(.+?) *-->$")


@dataclass
class Command:
    """One command, its line in the page from 1, and what its output must hold."""

    line: int
    words: str
    output: list[str] = field(default_factory=list)
    needs: str = ""
    """A module without which it cannot be run."""


@dataclass
class Write:
    """A text that the reader is told to save."""

    kind: str
    target: str
    text: str


def start_of(page: str) -> str:
    """Where the page's reader stands at its beginning: `empty` or `checkout`."""
    found = next((m for m in map(_COMMENT.match, page.splitlines()) if m and m[1] == "starts in"), None)
    return found[2] if found else "empty"


def steps(page: str) -> Iterator[Command | Write]:
    """What the page has its reader do, from top to bottom."""
    lines = page.splitlines()
    told: tuple[str, str] | None = None
    at = 0
    while at < len(lines):
        comment, fence = _COMMENT.match(lines[at]), _FENCE.match(lines[at])
        if comment and comment[1] != "starts in":
            told = comment[1], comment[2]
        elif fence:
            end = next(i for i in range(at + 1, len(lines)) if lines[i] == "```")
            body = lines[at + 1 : end]
            if fence[1] == "console":
                yield from _commands(body, at + 2, told[1] if told and told[0] == "needs" else "")
            elif told:
                yield Write(*told, "\n".join(body) + "\n")
            told, at = None, end
        at += 1


def _commands(body: list[str], first: int, needs: str) -> Iterator[Command]:
    found: list[Command] = []
    for number, line in enumerate(body, start=first):
        if line.startswith("$ "):
            found.append(Command(number, line[2:], needs=needs))
        elif found and found[-1].words.endswith("\\"):
            found[-1].words = found[-1].words[:-1] + line.strip()
        elif found:
            found[-1].output.append(line)
    yield from found


class Reader:
    """Somebody at a terminal who does what a page says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("GRADE_", "GITHUB_", "PYTEST_"))},
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
            "COLUMNS": "80",
            "NO_COLOR": "1",
        }

    def does(self, step: Command | Write) -> str:
        """Take one step; returns what it printed."""
        if isinstance(step, Write):
            self._write(step)
            return ""
        if step.words.startswith("cd "):
            self.folder = (self.folder / step.words[3:].strip()).resolve(strict=True)
            return ""
        done = subprocess.run(
            ["bash", "-c", step.words],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        return done.stdout

    def _write(self, step: Write) -> None:
        if step.kind == "file":
            path = self.folder / step.target
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(step.text)
            return
        name, defined = step.target.split()
        path = self.folder / name
        notebook = json.loads(path.read_text())
        pattern = re.compile(rf"^\s*(def|class) {re.escape(defined)}\b", re.MULTILINE)
        cell = next(c for c in notebook["cells"] if c["cell_type"] == "code" and pattern.search("".join(c["source"])))
        cell["source"] = step.text
        path.write_text(json.dumps(notebook))


def missing(expected: list[str], printed: str) -> str | None:
    """The first expected line that does not come, after those before it; None when all do. Spacing does not count."""
    rest = iter([" ".join(line.split()) for line in printed.splitlines()])
    for line in expected:
        pattern = re.compile(".*".join(re.escape(" ".join(piece.split())) for piece in line.split("...")))
        if line.strip() not in {"", "..."} and not any(pattern.fullmatch(r.strip()) for r in rest):
            return line
    return None
