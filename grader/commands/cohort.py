"""`grade batch`, `summary`, `diff` and `merge`: many hand-ins and the store that keeps them.

Owns the words around a run; the arguments are `cohort_arguments`', the work is done in `grader.cohort`.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.commands import stdio as output
from grader.errors import UsageError

if TYPE_CHECKING:
    from grader.cohort.batch import Runner
    from grader.cohort.discover import Found
    from grader.cohort.store import Store

DONE, MOVED, FAULTS = 0, 1, 4
"""Exit codes: done (whatever the scores are), `diff` found something, some hand-in met a fault of ours."""
LISTED = 10
"""Names in a message."""


def run(words: Sequence[str]) -> int:
    """Run one of the commands and return its exit code."""
    from grader.commands.cohort_arguments import parser

    args = parser().parse_args(words)
    return int({"batch": batch, "summary": summary, "diff": diff, "merge": merge}[args.command](args))


def batch(args: argparse.Namespace) -> int:
    """Grade many hand-ins into a store."""
    from grader.assignment.loading.course import find_course
    from grader.cohort.batch import in_shard, run_batch
    from grader.cohort.discover import find
    from grader.cohort.late_policy import Rules, compiled, read_rules
    from grader.cohort.pool import in_slots
    from grader.cohort.progress import Progress
    from grader.cohort.roster import read_roster
    from grader.cohort.scratch import scratch
    from grader.cohort.slot_process import Setup
    from grader.cohort.store import Store

    source: Path = args.source
    rules = read_rules(args.rules) if args.rules else Rules()
    pattern = args.names or rules.names
    rule = compiled(pattern) if pattern else None
    roster = read_roster(args.roster) if args.roster else None
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
    runner: Runner = partial(in_slots, slots=jobs)
    if args.cluster:
        from grader.cohort.cluster import on_cluster

        runner = partial(on_cluster, address=args.cluster)
    with scratch() as folder:
        found = find(source, folder / "all", rule=rule, roster=roster, file_times=rules.times == "files")
        hand_ins = in_shard(found.hand_ins, *args.shard) if args.shard else list(found.hand_ins)
        _say_found(source, found, args.store.name)
        for remark in rules.remarks(found.hand_ins, (s.key for s in roster.students) if roster else (), course.ids()):
            output.tell(remark)
        progress = Progress(
            sys.stderr, terminal=sys.stderr.isatty() and os.environ.get("TERM") != "dumb", width=output.width()
        )
        options = {
            "assignment": args.assignment,
            "seed": args.seed,
            "hidden": args.hidden,
            "data": setup.data,
            "shard": args.shard,
            "names": pattern,
        }
        signal.signal(signal.SIGTERM, _stop)  # a queue's time limit: as Ctrl-C
        with Store.open(args.store, create=True) as store:
            try:
                number = run_batch(
                    store,
                    str(source.resolve()),
                    hand_ins,
                    setup=setup,
                    runner=runner,
                    options=options,
                    rules=rules,
                    assignment=args.assignment,
                    again=args.again,
                    planned=progress.plan,
                    tell=progress.tell,
                )
            except KeyboardInterrupt:
                progress.close()
                output.tell("interrupted; what is done is kept, and the same command goes on")
                raise
            finally:
                progress.close()
            _say_students(found)
            return _show(store, number, args.html)


def _make_pages(args: argparse.Namespace) -> None:
    """The folder of the students' pages, before minutes of grading."""
    if args.cluster:
        raise UsageError("--feedback writes on the machine that grades; give it without --cluster")
    if args.feedback.resolve().is_relative_to(args.source.resolve()):
        raise UsageError(f"--feedback {args.feedback}: lies among the hand-ins; name a folder beside {args.source}")
    try:
        args.feedback.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise UsageError(f"--feedback {args.feedback}: cannot be made ({problem.strerror})") from problem


def _stop(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _say_found(source: Path, found: Found, store: str) -> None:
    kinds = {"canvas": "a Canvas download", "moodle": "a Moodle download", "gradescope": "a Gradescope export"}
    if found.platform in kinds:
        output.tell(f"{source} is {kinds[found.platform]}")
    ignored = [name for name in found.ignored if not name.startswith(store)]  # ours, with what SQLite adds
    if ignored:
        output.tell(f"no hand-ins and left out: {_listed(ignored)}")


def _say_students(found: Found) -> None:
    if found.strangers:
        output.tell(f"not in the roster: {_listed(found.strangers)}")
    if found.absent:
        output.tell(f"in the roster, without a hand-in: {_listed(found.absent)}")


def _show(store: Store, number: int, page: Path | None) -> int:
    from grader.cohort.summary.summary import summarise
    from grader.cohort.summary.text import render

    summaries = summarise(store.results(number))
    output.emit(render(summaries, width=output.width(), ascii_only=output.ascii_only()))
    if page is not None:
        _write_page(store, number, page)
    output.tell(f"run {number} in {store.path}")
    return FAULTS if any(u.status == "fault" for s in summaries for u in s.unresolved) else DONE


def summary(args: argparse.Namespace) -> int:
    """Show a run's summary."""
    from grader.cohort.store import Store
    from grader.cohort.summary.summary import summarise
    from grader.cohort.summary.text import render

    with Store.open(args.store) as store:
        number = store.run(args.number).id
        if args.html is not None:
            _write_page(store, number, args.html)
        else:
            text = render(summarise(store.results(number)), width=output.width(), ascii_only=output.ascii_only())
            output.emit(text)
    return DONE


def _write_page(store: Store, number: int, page: Path) -> None:
    from grader.cohort.summary.page import render_page
    from grader.cohort.summary.summary import summarise

    try:
        page.write_text(render_page(summarise(store.results(number)), store.run(number)), encoding="utf-8")
    except OSError as problem:
        raise UsageError(f"--html {page}: cannot be written ({problem.strerror})") from problem
    output.tell(f"wrote {page}")


def diff(args: argparse.Namespace) -> int:
    """Say what moved between two runs."""
    from grader.cohort.diff import differences, render
    from grader.cohort.store import Store

    with Store.open(args.store) as store:
        finished = [r.id for r in store.runs() if r.finished is not None]
        numbers = args.runs or finished[-2:]
        if len(numbers) != 2:
            raise UsageError(
                f"{args.store}: give two runs to compare; finished: {_listed(map(str, finished)) or 'none'}"
            )
        before, after = (store.run(number) for number in numbers)
        found = differences(store.results(before.id), store.results(after.id))
    output.emit(render(found, before, after, width=output.width()))
    return MOVED if found.moved or found.gone or found.new else DONE


def merge(args: argparse.Namespace) -> int:
    """Join the stores of shards."""
    from grader.cohort.merge import join
    from grader.cohort.store import Store

    for shard in args.shards:
        if shard.resolve() == args.into.resolve():
            raise UsageError(f"{shard}: is the store to write to; name another one first")
    with Store.open(args.into, create=True) as store:
        number = join(store, args.shards)
        return _show(store, number, None)


def _listed(names: Any) -> str:
    all_names = list(names)
    more = f" and {len(all_names) - LISTED} more" if len(all_names) > LISTED else ""
    return ", ".join(all_names[:LISTED]) + more
