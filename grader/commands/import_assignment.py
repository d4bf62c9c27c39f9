"""`grade import nbgrader` and `otter`: an assignment of another grader becomes one of this course."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from grader.commands import stdio
from grader.commands.new import course_root, write_draft
from grader.commands.shared import FINE, add_course
from grader.errors import UsageError

DESCRIPTION = """\
Write reference/ID from {}, or from each in a folder, which only is read:
solution and stubs, checks with their points, parts for a person, and a list of what is left to look at."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is read, and what it becomes."""
    add_course(parser)
    parser.add_argument("path", metavar="PATH", type=Path, help="its source notebook, or a folder of them")
    parser.add_argument("--id", metavar="ID", help="the new assignment's id (default: from the names of its files)")


def run(args: argparse.Namespace) -> int:
    """Convert and write; returns the exit code."""
    from grader.assignment.release.new import free_folder
    from grader.convert import nbgrader, otter

    format = {"nbgrader": nbgrader, "otter": otter}[args.kind]
    if not args.path.exists():
        raise UsageError(f"{args.path}: no such file or folder")
    notebooks = format.notebooks_of(args.path)
    if args.id is not None and len(notebooks) > 1:
        raise UsageError(f"--id: {args.path} holds {len(notebooks)} notebooks; name one of them")
    root = course_root(args)
    ids = [args.id or _id(path, args.path) for path in notebooks]
    folders = [free_folder(root, id) for id in ids]
    drafts = [format.draft_of(path, id) for path, id in zip(notebooks, ids, strict=True)]
    for draft, folder in zip(drafts, folders, strict=True):
        write_draft(draft, folder)
        stdio.emit("\n" if draft is not drafts[-1] else "")
    return FINE


def _id(path: Path, asked: Path) -> str:
    """The notebook's name, below a folder with that folder's: `ps1_problem1`."""
    words = [path.parent.resolve().name, path.stem] if asked.is_dir() else [path.stem]
    id = re.sub(r"\W+", "_", "_".join(words), flags=re.ASCII).strip("_")
    return id if id[:1].isalpha() else f"a_{id}"
