"""Whatever a student can name comes out as text: in the terminal, in every format, and in what a cohort comes to.

Names of the hand-in, of files in it and in its archive, of students; headings, functions, exceptions and their
messages, titles of figures, what is printed: all of them carry line breaks, terminal escapes, workflow commands,
formulas of spreadsheets, HTML, and letters that turn a line round.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from grader.cohort.summary.page import _SCRIPT
from tests.hostile.arena import Arena, notebook
from tests.hostile.attacks import Attack

HTML = "<img src=x onerror=alert(1)><svg onload=alert(1)><b>"
ESCAPES = "\x1b]0;PWNTITLE\x07\x1b[2J\x1b[1A\x9b31m\r"
COMMAND = "\n::error title=PWNED::injected\n::stop-commands::PWN\n"
PRINTABLE = f"=HYPERLINK(1) {HTML.replace('/', '')}::error::x&'\"`|](x"
"""A name that is only odd: such a file is a student's, and is read."""
NAME = f"{PRINTABLE}{COMMAND}{ESCAPES}\u202e\u2066\u200b"
"""And one that no file may have, which is left out and named."""
UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
CELL = f"""
import matplotlib.pyplot as plt
evil = {NAME!r}
fig, axes = plt.subplots()
axes.plot([1, 2]); axes.set_title(evil); axes.set_xlabel(evil); axes.set_ylabel(evil)
print(evil)
linear_gradients.__name__ = linear_gradients.__qualname__ = evil
raise type(evil, (Exception,), {{"__module__": evil}})(evil)
"""
RAISES = f"raise type({NAME!r}, (ValueError,), {{}})({NAME!r})"
MANUAL = """
[[manual]]
id = "3"
title = "Plot"
points = 0
kind = "plot"
under = "Plot"
question = "What does it look like?"
"""
SUFFIXES = {"html": "html", "json": "json", "junit": "xml", "gradescope": "gs.json", "github": "gh", "markdown": "md"}


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def inert(page: str) -> list[str]:
    """What a browser would run or load of a page, or what an escape would do to whoever looks at its source."""
    own = page.replace(f"<script>{_SCRIPT}</script>", "")  # the summary sorts its table
    told = [f"<{tag}>" for tag, _ in Tags(own).found if tag in ("script", "iframe", "object", "embed", "link")]
    for tag, attributes in Tags(page).found:
        told += [f"<{tag} {name}>" for name in attributes if name.startswith("on")]
        address = attributes.get("src") or "data:"
        told += [] if address.startswith("data:") else [f"<{tag} src={address}>"]
    return told + [f"{c!r} in the page" for c in set(UNSAFE.findall(page))]


def unsafe(text: str) -> list[str]:
    """What a terminal, or the log of a job at GitHub, would obey of plain text."""
    fence = re.match(r"::stop-commands::(\w{32})\n", text)
    if fence:
        text, _, _ = text.removeprefix(fence[0]).partition(f"\n::{fence[1]}::\n")
    told = [f"{c!r}" for c in set(UNSAFE.findall(text))]
    return told + [line for line in text.splitlines() if not fence and line.lstrip().startswith("::")]


def hostile() -> str:
    """The notebook: a right first part, everything else as odd as it can be."""
    made = json.loads(notebook(Attack("names", CELL), {}))
    made["cells"][3]["source"] = "def linear_gradients(d_out, x, w):\n    " + RAISES
    heading = {"cell_type": "markdown", "id": "h", "metadata": {}, "source": f"# {NAME}\n## Plot\n{NAME}"}
    made["cells"].insert(4, heading)
    made["metadata"] = {"kernelspec": {"name": "python3", "language": "python", "display_name": NAME}, "title": NAME}
    return json.dumps(made)


def handed_in(arena: Arena, place: Path) -> Path:
    """A folder of that name with files and folders of such names."""
    place.mkdir(parents=True)
    (place / "hand_in.ipynb").write_text(hostile())
    for name in (NAME, PRINTABLE):
        (place / f"{name}.py").write_text("x = 1\n")
        (place / name).mkdir()
        (place / name / f"{name}.txt").write_text(NAME)
    os.symlink(NAME, place / f"link {NAME}")
    os.mkfifo(place / f"fifo {NAME}")
    return place


def zipped(path: Path, names: list[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), hostile())
    return path


@pytest.fixture
def arena() -> Iterator[Arena]:
    made = Arena("root")
    made.environment["GITHUB_ACTIONS"] = "true"
    toml = made.folder / "course" / "reference" / "target" / "assignment.toml"
    toml.write_text(toml.read_text() + MANUAL)
    made.before = made.secrets()
    yield made
    made.close()


def graded(arena: Arena, place: Path) -> tuple[dict[str, Any], list[str]]:
    """One hand-in by the command, in every format at once: its report, and what is wrong with what is shown."""
    home = arena.folder / "home"
    outputs = [word for f, suffix in SUFFIXES.items() for word in ("-o", f"{f}={home / 'r.'}{suffix}")]
    words = [str(place), "--course", ".", "--assignment", "target", "--exit-zero", "-v", *outputs]
    done = arena.grade(*words)
    texts = {f: (home / f"r.{suffix}").read_text() for f, suffix in SUFFIXES.items()}
    report = json.loads(texts["json"])
    told = [f"terminal: {found}" for found in unsafe(done.stdout + done.stderr)]
    told += [f"html: {found}" for found in inert(texts["html"])]
    told += [f"json: {c!r}" for c in set(UNSAFE.findall(json.dumps(report, ensure_ascii=False)))]
    told += [f"gradescope: {c!r}" for c in set(UNSAFE.findall(str(json.loads(texts["gradescope"]).values())))]
    told += [f"markdown: {c!r}" for c in set(UNSAFE.findall(texts["markdown"]))]
    told += [f"junit: {c!r}" for c in set(UNSAFE.findall("".join(ElementTree.fromstring(texts["junit"]).itertext())))]
    for line in texts["github"].splitlines():
        if not re.match(r"::(error|warning|notice) [^:]*::", line) or UNSAFE.search(line):
            told.append(f"github: {line}")
    return report, told


def test_one_hand_in_comes_out_as_text_in_every_format(arena: Arena) -> None:
    report, told = graded(arena, handed_in(arena, arena.folder / "handed in" / NAME))
    assert told == []
    assert (report["status"], report["score"]) == ("graded", 1)
    assert any(cell["error"] for cell in report["cells"])
    assert arena.problems() == []


@pytest.mark.slow
@pytest.mark.hostile
def test_a_file_and_an_archive_come_out_as_text_in_every_format(arena: Arena) -> None:
    file = arena.folder / "handed in" / "named" / f"{PRINTABLE}.ipynb"
    file.parent.mkdir()
    file.write_text(hostile())
    for place in (file, zipped(arena.folder / "handed in" / f"{NAME}.zip", [f"{PRINTABLE}.ipynb"])):
        report, told = graded(arena, place)
        assert told == []
        assert (report["status"], report["score"]) == ("graded", 1)
        assert any(cell["error"] for cell in report["cells"])
    report, told = graded(arena, zipped(arena.folder / "handed in" / "z.zip", ["ok.ipynb", f"{NAME}.ipynb"]))
    assert told == []
    assert report["status"] == "ungradable"
    assert "control characters" in report["reason"]
    assert arena.problems() == []


@pytest.mark.slow
@pytest.mark.hostile
def test_a_cohort_comes_out_as_text_everywhere(arena: Arena) -> None:
    many, home = arena.folder / "handed in", arena.folder / "home"
    handed_in(arena, many / NAME)
    (many / f"{PRINTABLE}.ipynb").write_text(hostile())
    zipped(many / f"zip {NAME}.zip", [f"{NAME}.ipynb"])
    (many / f"note {NAME}").write_text("no hand-in")
    os.mkfifo(many / f"fifo {NAME}.ipynb")
    Path(os.fsdecode(os.fsencode(many) + b"/L\xf6sung.ipynb")).write_text(hostile())
    store = ("--store", str(home / "grades.sqlite"))
    words = ("batch", str(many), *store, "-j", "1", "--course", ".", "--assignment", "target")
    done = arena.grade(*words, "--feedback", str(home / "pages"), "--html", str(home / "summary.html"))
    shown = {"batch": done.stdout + done.stderr}
    assert "4 submissions" in shown["batch"]
    assert "L\ufffdsung.ipynb (its name is no UTF-8; rename it)" in shown["batch"]
    for command in ("summary", "diff"):
        again = arena.grade(command, *store)
        shown[command] = again.stdout + again.stderr
    assert {name: unsafe(text) for name, text in shown.items()} == {name: [] for name in shown}
    pages = [home / "summary.html", *(home / "pages").rglob("*.html")]
    assert len(pages) >= 4
    assert {page.name[:40]: inert(page.read_text()) for page in pages} == {page.name[:40]: [] for page in pages}
    table = arena.grade("export", "csv", str(home / "grades.sqlite"), "-o", str(home / "grades.csv"))
    assert unsafe(table.stdout + table.stderr) == []
    rows = list(csv.reader(io.StringIO((home / "grades.csv").read_text(encoding="utf-8-sig"), newline="")))
    cells = [cell for row in rows for cell in row]
    assert len({len(row) for row in rows}) == 1
    assert not [cell for cell in cells if UNSAFE.search(cell)]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]
    assert arena.problems() == []
