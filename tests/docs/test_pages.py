"""Every command that the documentation shows is run, and prints what the page says."""

from __future__ import annotations

import importlib.util
import re
import shlex
import shutil
from pathlib import Path

import pytest

from grader import cli
from grader.commands import REGISTRY
from tests.docs.pages import DOCS, ROOT, SHARED, Command, Reader, Write, missing, start_of, steps

PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
RUN = [p for p in PAGES if p.parent != ROOT and any(isinstance(s, Command) for s in steps(p.read_text()))]


def commands() -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        for step in steps(page.read_text()):
            if isinstance(step, Command):
                found += [
                    (f"{page.relative_to(ROOT)}:{step.line}", part.strip())
                    for part in step.words.split("&&")
                    if part.strip().startswith("grade ")
                ]
    return found


def test_the_pages_show_commands() -> None:
    assert len(commands()) >= 20
    assert len(RUN) >= 3


@pytest.mark.parametrize(("where", "command"), commands(), ids=[where for where, _ in commands()])
def test_a_command_that_is_shown_is_one_that_there_is(where: str, command: str) -> None:
    words = shlex.split(command.split("|")[0].split(" > ")[0].split(" 2>")[0])[1:]
    cli.parse(words)


GRADE = re.compile(r"`(grade [^`]+)`|^ *(?:\$ |- run: )?(grade .+)$", re.MULTILINE)
"""A command in a sentence, or as a line of a block."""
SIGNATURES = DOCS / "reference" / "commands.md"
"""Holds no commands but their forms."""
ELSEWHERE = {
    "batch --cluster": "docs/howto/machines.md runs it in cluster.sh, tests/cohort/test_cluster.py with a lost worker",
    "batch --jobs": "docs/howto/machines.md runs it in job.sh",
    "mark": "docs/howto/marks.md runs it in mark.sh, tests/marking/test_browser.py in a browser",
    "mark --port": "docs/howto/marks.md runs it in mark.sh",
    "mark --reopen": "docs/howto/marks.md runs it in mark.sh",
}


def asked(command: str) -> set[str]:
    """What a command asks for, option by option: `batch`, `batch --shard`, `run -o`."""
    words = [word.strip("'\"") for word in command.split("#")[0].split()][1:]
    name = words[0] if words and words[0] in REGISTRY else "run"
    if name in ("golden", "export"):
        name += f" {words[1]}"
    return {name, *(f"{name} {word.partition('=')[0]}" for word in words if word.startswith("-") and word != "-")}


def test_every_command_that_is_shown_is_one_of_those_that_are_run() -> None:
    run = set(ELSEWHERE)
    for page in RUN:
        for step in steps(page.read_text()):
            if isinstance(step, Command):
                for part in re.split(r"&&|[;|>]", step.words):
                    run |= asked(part) if part.strip().startswith("grade ") else set()
    shown = {
        (what, page.name): found[0]
        for page in PAGES
        if page != SIGNATURES
        for found in GRADE.finditer(page.read_text())
        for what in asked((found[1] or found[2]).replace("\n", " "))
    }
    assert len(shown) >= 60
    assert {key: text for key, text in shown.items() if key[0] not in run} == {}


def test_what_is_run_elsewhere_is() -> None:
    for command, where in ELSEWHERE.items():
        page, script = re.findall(r"\S+\.(?:md|sh)", where)
        (text,) = [s.text for s in steps((ROOT / page).read_text()) if isinstance(s, Write) and s.target == script]
        assert command.split()[-1] in text
        assert f"bash {script}" in (ROOT / page).read_text()


@pytest.mark.slow
@pytest.mark.parametrize("page", RUN, ids=[str(p.relative_to(DOCS)) for p in RUN])
def test_a_reader_who_follows_the_page_sees_what_it_says(page: Path, tmp_path: Path) -> None:
    text = page.read_text()
    if start_of(text) == "checkout":
        for name in SHARED:
            shutil.copytree(ROOT / name, tmp_path / name)
    reader = Reader(tmp_path)
    for step in steps(text):
        if isinstance(step, Command) and step.needs and importlib.util.find_spec(step.needs) is None:
            continue
        printed = reader.does(step)
        if isinstance(step, Command):
            assert "Traceback" not in printed, f"{page.name}:{step.line}: {printed}"
            absent = missing(step.output, printed)
            assert absent is None, f"{page.name}:{step.line}: `{step.words}` printed, without {absent!r}:\n{printed}"


def test_a_line_that_does_not_come_is_found() -> None:
    assert missing(["a", "...", "c"], "a\nb\nc\n") is None
    assert missing(["c", "a"], "a\nb\nc\n") == "a"
    assert missing(["a ... 3"], "a  is not 3\n") is None
    assert missing(["a ... 3"], "a  is not 4\n") == "a ... 3"


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+\.md)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).is_file(), f"{page.relative_to(ROOT)} links to {target}"
