"""`grade similar`: show which students of a batch wrote alike."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from grader.commands import stdio
from grader.commands.shared import add_course, writing
from grader.commands.stores import DONE, STORE
from grader.errors import UsageError

if TYPE_CHECKING:
    from grader.similarity.pairs import Similarity
    from grader.similarity.prints import Writing

LISTED = 20
"""Pairs in the terminal."""

DESCRIPTION = """\
Compare what the students of a batch wrote: their code without the hand-out's, and their answers in words. Pairs that
are more alike than this cohort makes likely are listed, with the rare wrong results that both have. It accuses nobody:
a short function has one natural form."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument(
        "store", nargs="?", metavar="STORE", type=Path, default=Path(STORE), help=f"a batch's store (default: {STORE})"
    )
    parser.add_argument("--run", metavar="N", type=int, help="number of a batch (default: the last finished)")
    parser.add_argument("--assignment", metavar="ID", help="which one, where the batch has several")
    parser.add_argument(
        "--submissions", metavar="DIR", type=Path, help="where they are now (default: where the batch had them)"
    )
    add_course(parser)
    parser.add_argument("--html", metavar="FILE", type=Path, help="write the pairs side by side as a page")
    parser.add_argument("--dolos", metavar="ZIP", type=Path, help="write what dolos.ugent.be takes")
    parser.add_argument("--jplag", metavar="FOLDER", type=Path, help="write what JPlag takes")


def run(args: argparse.Namespace) -> int:
    """Compare the submissions of a run."""
    from grader.similarity.others import write_dolos, write_jplag
    from grader.similarity.page import render_similarity
    from grader.similarity.pairs import FEWEST, similarity

    writings, handout, title = read(args.store, args.run, args.assignment, args.submissions, args.course)
    result = similarity(writings, handout)
    if len(writings) < FEWEST:
        stdio.tell(f"{len(writings)} submissions: fewer than {FEWEST} say nothing about what is usual")
    stdio.emit(_listed(result))
    with writing():
        if args.html is not None:
            args.html.write_text(render_similarity(result, title), encoding="utf-8")
        if args.dolos is not None:
            write_dolos(writings, handout, args.dolos)
        if args.jplag is not None:
            write_jplag(writings, handout, args.jplag)
    for path in filter(None, (args.html, args.dolos, args.jplag)):
        stdio.tell(f"wrote {path}")
    return DONE


def read(
    path: Path, run: int | None, wanted: str | None = None, submissions: Path | None = None, course: Path | None = None
) -> tuple[list[Writing], list[str], str]:
    """Everybody's work that counts in a run, the hand-out's code, and the assignment's title.

    Raises UsageError if there is no graded submission, or several assignments and none named, or the submissions are
    somewhere else now.
    """
    from grader.assignment.loading.course import find_course
    from grader.cohort.discover import find
    from grader.cohort.late_policy import compiled
    from grader.cohort.outcome import chosen_assignment
    from grader.cohort.store import Store
    from grader.commands.batch import scratch
    from grader.similarity.read import handout_sources, writing_of

    with Store.open(path) as store:
        last = store.run(run)
        results = [r for r in store.results(last.id) if r.counts and r.status == "graded"]
    if not results:
        raise UsageError(f"run {last.id} in {path}: no graded submission")
    wanted = chosen_assignment(results, wanted)
    results = [r for r in results if r.assignment == wanted]
    source = submissions or Path(last.source)
    if not source.exists():
        raise UsageError(f"{source}: the submissions are not there any more; --submissions says where they are")
    assignment = find_course(Path.cwd(), course, submission=source).load(wanted)
    writings = []
    with scratch() as folder:
        rule = compiled(last.options["names"]) if last.options.get("names") else None
        there = find(source, folder / "all", rule=rule, roster=None, file_times=False).submissions
        entries = {entry.path: entry for entry in there}
        for number, result in enumerate(results):
            entry = entries.get(result.path)
            if entry is not None and (writing := writing_of(entry, result, assignment, folder / str(number))):
                writings.append(writing)
    if len(writings) < len(results):
        stdio.tell(f"{len(results) - len(writings)} of {len(results)} submissions could not be read in {source}")
    return writings, handout_sources(assignment), assignment.title


def _listed(result: Similarity) -> str:
    usual = f"the median pair agrees in {result.usual_code:.0%} of its code and {result.usual_words:.0%} of its answers"
    lines = [f"{result.students} students; {usual}"]
    for pair in result.pairs[:LISTED]:
        rare = f"  {len(pair.results)} rare wrong results" if pair.results else ""
        lines.append(f"code {pair.code:4.0%}  answers {pair.words:4.0%}{rare}  {pair.left.name} and {pair.right.name}")
    if len(result.pairs) > LISTED:
        lines.append(f"and {len(result.pairs) - LISTED} more pairs")
    if not result.pairs:
        lines.append("no pair is more alike than this cohort makes likely")
    return "\n".join([*lines, "Alike is not copied: read both before you talk to anybody (--html shows them)."]) + "\n"
