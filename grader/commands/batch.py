"""`grade batch`: grade many submissions into a store.

Owns the words around a run; the work is done in `grader.cohort`.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from grader.commands import stdio
from grader.commands.shared import SANDBOXES, add_course, count, listed, seed_number
from grader.commands.stores import add_store, show_run
from grader.errors import UsageError

if TYPE_CHECKING:
    from grader.cohort.batch import Runner
    from grader.cohort.discover import Discovered
    from grader.cohort.pool import SlotProcess

SCRATCH_PREFIX = "grade-batch-"
"""Of a batch's temporary folder, which a killed batch leaves behind and the next one removes."""

DESCRIPTION = """\
Grade every submission in DIR: notebooks, folders and archives, what Canvas, Moodle, Brightspace, Blackboard or
Gradescope let you download (as a folder, or the archive itself), or GitHub Classroom's clones. Results go into a store
as they come. Run the same command again to resume, or to grade only what has changed. A submission that cannot be
graded is listed at the end and stops nothing."""


RULES = """\
rules file (all keys optional; changing it does not trigger regrading):
  policy = "best"                    # or "last", of a student's attempts
  attempts = 3                       # how many count
  due = 2026-11-20T23:59:00+01:00    # or a table [due] with a time for each assignment's id
  timezone = "Europe/Berlin"         # days are those of its calendar, and due needs no offset
  groups = "Team"                    # the roster's column that says who works together: one submission is all of theirs
  names = '(?P<student>[^/]+)/try(?P<attempt>\\d+)'    # as --names
  times = "files"                    # when it was handed in, where nothing else says so: the newest file's time
  [late]
  per_day = 10                       # percent of the points earned for each day begun
  of = "earned"                      # or "possible"
  grace_minutes = 15
  free_days = 2                      # for each assignment
  term_days = 5                      # for all assignments together, in the order of their due dates
  last_day = 5                       # later is worth nothing
  [students.jdoe]                    # what was agreed with one student, by the roster's or the platform's id
  extra_days = 3
  extra_term_days = 2
  extra_attempts = 1
  late_days = 0                      # whatever the times say
  take = 2                           # this attempt counts
"""


EPILOG = f"""\
{RULES}
exit codes: 0 done, whatever the scores are; 2 usage error; 4 a fault of the grader or the assignment met some
submission; 130 interrupted"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("source", metavar="DIR", type=Path, help="a folder, or a platform's archive")
    add_store(parser)
    what = parser.add_argument_group("what is graded")
    what.add_argument(
        "--assignment", metavar="ID", help="which assignment all of them are (default: found out for each)"
    )
    add_course(what)
    what.add_argument("--no-hidden", action="store_false", dest="hidden", help="run the public checks only")
    what.add_argument("--data", metavar="FOLDER", type=Path, help="data folder to use instead of the assignment's")
    what.add_argument("--seed", metavar="N", type=seed_number, help="seed of the test data, or `recorded`")
    what.add_argument("--force", action="store_true", help="regrade everything, even if unchanged")
    what.add_argument("--again", action="store_true", dest="force", help=argparse.SUPPRESS)  # its former name
    who = parser.add_argument_group("students, deadlines and penalties")
    who.add_argument(
        "--names",
        metavar="REGEX",
        help="how the path of a submission below DIR says whose it is: '(?P<student>[^/]+)/try(?P<attempt>\\d+)';"
        " further groups: name, file, submitted, late",
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
    how = parser.add_argument_group("how it is run")
    how.add_argument("-j", "--jobs", metavar="N", type=count, help="submissions at a time (default: one for each core)")
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
    parser.add_argument("--html", metavar="FILE", type=Path, help="write the summary as a page too")
    parser.add_argument(
        "--feedback",
        metavar="FOLDER",
        type=Path,
        help="write a page for each student, as `grade -o html` does: FOLDER/<path of the submission>.html, so that the"
        " platform takes them back",
    )


def _shard(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise argparse.ArgumentTypeError(f"{text!r} is not I/N with I from 1 to N, such as 2/8")
    return int(match[1]), int(match[2])


def run(args: argparse.Namespace) -> int:
    """Grade many submissions into a store."""
    from grader.cohort.pool import started

    with scratch() as folder, started(0 if args.cluster else 1) as ahead:
        return _run(args, folder, ahead)


def _run(args: argparse.Namespace, folder: Path, ahead: list[SlotProcess]) -> int:
    import msgspec

    from grader.assignment.loading.course import find_course
    from grader.cohort.batch import in_shard, run_batch
    from grader.cohort.discover import find
    from grader.cohort.feedback_files import put_marks_in
    from grader.cohort.late_policy import Rules, compiled, read_rules
    from grader.cohort.pool import in_slots
    from grader.cohort.progress import Progress
    from grader.cohort.records import Setup
    from grader.cohort.roster import read_roster
    from grader.cohort.store import Store
    from grader.marking.log import log_path
    from grader.marking.totals import results

    source: Path = args.source
    rules = read_rules(args.rules) if args.rules else Rules()
    pattern = args.names or rules.names
    rule = compiled(pattern) if pattern else None
    roster = read_roster(args.roster) if args.roster else None
    if rules.groups and not (roster and any(rules.groups in one.columns for one in roster.students)):
        raise UsageError(f"--rules {args.rules}: groups = {rules.groups!r} is no column of the roster (--roster)")
    if args.data is not None and not args.data.is_dir():
        raise UsageError(f"--data {args.data}: no such folder")
    if not source.exists():
        raise UsageError(f"{source}: no such file or folder")
    if args.feedback is not None:
        _make_pages(args)
    if args.html is not None and not os.access(args.html.absolute().parent, os.W_OK):
        raise UsageError(f"--html {args.html}: cannot be written there; name another file")
    if args.cluster and not source.is_dir():
        raise UsageError(f"{source}: --cluster needs a folder that the workers see too; unpack the archive there first")
    course = find_course(Path.cwd(), args.course, submission=source)
    setup = Setup(
        root=str(course.root),
        single=course.single,
        seed=args.seed,
        hidden=args.hidden,
        data=None if args.data is None else str(args.data.absolute()),
        require=args.require_sandbox,
        unsafe=args.unsafe,
        pages=None if args.feedback is None else str(args.feedback.absolute()),
    )
    jobs = args.jobs or os.cpu_count() or 1
    runner: Runner = partial(in_slots, slots=jobs, ahead=ahead)
    if args.cluster:
        from grader.cohort.cluster import on_cluster

        runner = partial(on_cluster, address=args.cluster)
    discovered = find(
        source,
        folder / "all",
        rule=rule,
        roster=roster,
        file_times=rules.times == "files",
        zone=rules.zone,
        groups=rules.groups,
    )
    submissions = in_shard(discovered.submissions, *args.shard) if args.shard else list(discovered.submissions)
    _say_found(source, discovered, args.store.name)
    for remark in rules.remarks(
        discovered.submissions, (s.key for s in roster.students) if roster else (), course.ids()
    ):
        stdio.tell(remark)
    progress = Progress(
        sys.stderr, terminal=sys.stderr.isatty() and os.environ.get("TERM") != "dumb", width=stdio.width()
    )
    options = {
        "assignment": args.assignment,
        "seed": args.seed,
        "hidden": args.hidden,
        "data": setup.data,
        "shard": args.shard,
        "names": pattern,
        "rules": msgspec.json.decode(msgspec.json.encode(rules)),
    }
    signal.signal(signal.SIGTERM, _stop)  # a queue's time limit: as Ctrl-C
    with Store.open(args.store, create=True) as store:
        try:
            number = run_batch(
                store,
                str(source.resolve()),
                submissions,
                setup=setup,
                runner=runner,
                options=options,
                rules=rules,
                assignment=args.assignment,
                again=args.force,
                planned=progress.plan,
                tell=progress.tell,
                people=roster.students if roster else (),
            )
        except KeyboardInterrupt:
            progress.close()
            stdio.tell("interrupted; what is done is kept; run the same command again to resume")
            raise
        finally:
            progress.close()
        _say_students(discovered)
        if args.feedback is not None and log_path(args.store).exists():
            put_marks_in(args.feedback, (r for r in results(store, number) if r.status == "graded"))
        return show_run(store, number, args.html, args.feedback)


def _make_pages(args: argparse.Namespace) -> None:
    """The folder of the students' pages, before minutes of grading."""
    if args.cluster:
        raise UsageError("--feedback writes on the machine that grades; give it without --cluster")
    if args.feedback.resolve().is_relative_to(args.source.resolve()):
        raise UsageError(f"--feedback {args.feedback}: lies among the submissions; name a folder beside {args.source}")
    try:
        args.feedback.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise UsageError(f"--feedback {args.feedback}: cannot be made ({problem.strerror})") from problem


def _stop(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _say_found(source: Path, discovered: Discovered, store: str) -> None:
    if discovered.title:
        stdio.tell(f"{source} is {discovered.title}")
    for remark in discovered.remarks:
        stdio.tell(remark)
    ignored = [name for name in discovered.ignored if not name.startswith(store)]  # ours, with what SQLite adds
    if ignored:
        stdio.tell(f"no submissions and left out: {listed(ignored)}")


def _say_students(discovered: Discovered) -> None:
    if discovered.strangers:
        stdio.tell(f"not in the roster: {listed(discovered.strangers)}")
    if discovered.absent:
        stdio.tell(f"in the roster, without a submission: {listed(discovered.absent)}")


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for this process; those of processes that are no more are removed first."""
    for left in Path(tempfile.gettempdir()).glob(f"{SCRATCH_PREFIX}*-*"):
        pid = left.name.removeprefix(SCRATCH_PREFIX).partition("-")[0]
        if pid.isdecimal() and not _alive(int(pid)):
            shutil.rmtree(left, ignore_errors=True)  # another user's stays: it cannot be removed
    with tempfile.TemporaryDirectory(prefix=f"{SCRATCH_PREFIX}{os.getpid()}-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
