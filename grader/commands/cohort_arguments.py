"""Arguments of `grade batch`, `summary`, `diff` and `merge`."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from grader.commands.arguments import COHORT, SANDBOXES, add_course, count, seed_number

STORE = "grades.sqlite"
RULES = """\
a rules file, of which every line may be left out; nothing is graded anew when it changes:
  policy = "best"                    # or "last", of a student's attempts
  attempts = 3                       # how many count
  due = 2026-11-20T23:59:00+01:00    # or a table [due] with a time for each assignment's id
  names = '(?P<student>[^/]+)/try(?P<attempt>\\d+)'    # as --names
  times = "files"                    # when it was handed in, where nothing else says so: the newest file's time
  [late]
  per_day = 10                       # percent of the points earned for each day begun
  of = "earned"                      # or "possible"
  grace_minutes = 15
  free_days = 2
  last_day = 5                       # later is worth nothing
  [students.jdoe]                    # what was agreed with one student, by the roster's or the platform's id
  extra_days = 3
  extra_attempts = 1
  late_days = 0                      # whatever the times say
  take = 2                           # this attempt counts
"""


def parser() -> argparse.ArgumentParser:
    """Arguments of the four commands."""
    whole = argparse.ArgumentParser(prog="grade")
    commands = whole.add_subparsers(dest="command", metavar="COMMAND")

    def add(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(
            name, help=COHORT[name], description=text, formatter_class=argparse.RawDescriptionHelpFormatter
        )

    one = add(
        "batch",
        "Grade every hand-in in DIR: notebooks, folders and archives, or what Canvas, Moodle or Gradescope let you\n"
        "download (as a folder, or the archive itself). Results go into a store as they come. The same command again\n"
        "goes on where it was stopped, and grades only what has changed: a hand-in, or a part whose checks have.\n"
        "A hand-in that cannot be graded is listed at the end and stops nothing.",
    )
    one.epilog = (
        f"{RULES}\n"
        "exit codes: 0 done, whatever the scores are; 2 wrong usage; 4 some hand-in met a fault of the grader or the\n"
        "assignment; 130 interrupted"
    )
    one.add_argument("source", metavar="DIR", type=Path, help="a folder, or a platform's archive")
    _add_store(one)
    what = one.add_argument_group("what is graded")
    what.add_argument(
        "--assignment", metavar="ID", help="which assignment all of them are (default: found out for each)"
    )
    add_course(what)
    what.add_argument("--no-hidden", action="store_false", dest="hidden", help="run the public checks only")
    what.add_argument("--data", metavar="FOLDER", type=Path, help="data folder to use instead of the assignment's")
    what.add_argument("--seed", metavar="N", type=seed_number, help="draw the test data from seed N for everyone")
    what.add_argument("--again", action="store_true", help="grade all of it anew, also what is in the store")
    who = one.add_argument_group("whose it is and what it is worth")
    who.add_argument(
        "--names",
        metavar="REGEX",
        help="how the path of a hand-in below DIR says whose it is: '(?P<student>[^/]+)/try(?P<attempt>\\d+)'; further"
        " groups: name, file, submitted, late",
    )
    who.add_argument(
        "--roster", metavar="CSV", type=Path, help="the course's list of students, as any platform exports it"
    )
    who.add_argument(
        "--rules",
        metavar="TOML",
        type=Path,
        help="due dates, late days, attempts, and what was agreed with single students",
    )
    how = one.add_argument_group("how it is run")
    how.add_argument("-j", "--jobs", metavar="N", type=count, help="hand-ins at a time (default: one for each core)")
    how.add_argument(
        "--shard", metavar="I/N", type=_shard, help="only the I-th of N shares of the students; see `grade merge`"
    )
    how.add_argument(
        "--cluster", metavar="ADDRESS", help="let a Dask scheduler's workers do it (pip install numgrade[cluster])"
    )
    how.add_argument(
        "--require-sandbox",
        metavar="TIER",
        choices=SANDBOXES,
        help="grade only in a sandbox of at least tier A, B or C",
    )
    how.add_argument("--unsafe", action="store_true", help="grade without a sandbox where none works")
    one.add_argument("--html", metavar="FILE", type=Path, help="write the summary as a page too")
    one.add_argument(
        "--feedback",
        metavar="FOLDER",
        type=Path,
        help="write a page for each student, as `grade -o html` does: FOLDER/<path of the hand-in>.html, so that the"
        " platform takes them back",
    )

    two = add("summary", "Show what a batch came to: the scores, and what lost the most points.")
    two.add_argument(
        "number", nargs="?", type=int, metavar="RUN", help="number of a batch (default: the last finished)"
    )
    _add_store(two)
    two.add_argument("--html", metavar="FILE", type=Path, help="write it as a page instead: one file, no network")

    three = add(
        "diff",
        "Say whose score moved between two batches of a store, by which check, and why.\nExit code 1 if one did.",
    )
    three.add_argument(
        "runs", nargs="*", type=int, metavar="RUN", help="two numbers of batches (default: the last two)"
    )
    _add_store(three)

    four = add(
        "merge", "Join the stores of `grade batch --shard 1/N`, `2/N`, … into one, as if all had been graded there."
    )
    four.add_argument("into", metavar="STORE", type=Path, help="the store to make or to add to")
    four.add_argument("shards", nargs="+", metavar="SHARD", type=Path, help="the shards' stores")
    return whole


def _add_store(found: argparse.ArgumentParser) -> None:
    found.add_argument(
        "--store", metavar="FILE", type=Path, default=Path(STORE), help=f"where results are kept (default: {STORE})"
    )


def _shard(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d+)/(\d+)", text)
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        raise argparse.ArgumentTypeError(f"{text!r} is not I/N with I from 1 to N, such as 2/8")
    return int(found[1]), int(found[2])
