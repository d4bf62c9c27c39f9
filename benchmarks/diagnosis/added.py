"""What diagnosis adds to a submission with exactly three failed checks, and to one that passes.

    python benchmarks/diagnosis/added.py [--runs N] [ID ...]

Every edit of `wrong.py` that is to fail three checks is run as a hand-in, warm, and its checks are evaluated with and
without diagnoses, one after the other, N times. Printed are the medians of the difference: wall time, and CPU time of
this process and of all processes below it. For wall time the machine must be quiet. A right solution is evaluated as
well, in a process that has not diagnosed anything: nothing of `grader.diagnosis` may be imported.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from statistics import median

from run import HERE, WRONG

from grader.assignment.loading.course import find_course
from grader.assignment.release.edits import wrong_edits
from grader.execution.scheduler import Prober
from grader.grading.evaluate import evaluate
from grader.model import Assignment
from grader.reference.session import ReferenceSession, live


def cpu_seconds() -> float:
    """CPU time so far of this process and of all below it, ended ones that were waited for among them."""
    parents, used = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        pid = int(stat.parent.name)
        parents[pid] = int(fields[1])
        used[pid] = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    below = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in below} - below:
        below |= more
    return sum(used.get(pid, 0.0) for pid in below)


def added(assignment: Assignment, runs: int) -> Iterable[tuple[str, float, float]]:
    """For each edit its name, and what diagnosis adds: wall seconds, CPU seconds."""
    golden = live(assignment, [assignment.seed])[assignment.seed]
    for edit in wrong_edits(assignment):
        if len(edit.fails) != 3 or any(c.seconds is not None for c in assignment.checks if c.id in edit.fails):
            continue
        with ReferenceSession(assignment, edit=edit) as session:
            seconds: dict[bool, list[tuple[float, float]]] = {False: [], True: []}
            for _ in range(runs):
                for explain in (False, True):
                    prober = Prober(session.session, seed=assignment.seed, width=1)
                    prober.finish()
                    for check in assignment.checks:
                        prober.observe(check)
                    wall, cpu = time.perf_counter(), cpu_seconds()
                    evaluate(prober, golden, follow_through=False, explain=explain)
                    seconds[explain].append((time.perf_counter() - wall, cpu_seconds() - cpu))
                    prober.close()
            wall, cpu = (median([t[i] for t in seconds[True]]) - median([t[i] for t in seconds[False]]) for i in (0, 1))
            yield edit.name, wall, cpu


def imported_by_a_right_solution(id: str) -> str:
    """The modules of `grader.diagnosis` that evaluating the reference imports, in a new process."""
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from grader.assignment.loading.course import find_course\n"
        "from grader.grading.evaluate import evaluate\n"
        "from grader.execution.scheduler import Prober\n"
        "from grader.reference.session import ReferenceSession, live\n"
        f"assignment = find_course(Path({str(HERE)!r}), None).load({id!r})\n"
        "golden = live(assignment, [assignment.seed])[assignment.seed]\n"
        "with ReferenceSession(assignment) as session:\n"
        "    prober = Prober(session.session, seed=assignment.seed)\n"
        "    done = evaluate(prober, golden)\n"
        "    prober.close()\n"
        "assert all(o.status == 'passed' for o in done.outcomes)\n"
        "print(*[m for m in sys.modules if m.startswith('grader.diagnosis')])\n"
    )
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("ids", nargs="*")
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    course = find_course(HERE, None)
    every: list[tuple[float, float]] = []
    for id in args.ids or WRONG:
        for name, wall, cpu in added(course.load(id), args.runs):
            every.append((wall, cpu))
            print(f"{id:12} {wall:6.2f} s wall {cpu:6.2f} s CPU  {name}", flush=True)
    if every:
        wall, cpu = (median([e[i] for e in every]) for i in (0, 1))
        print(f"median of {len(every)}: {wall:.2f} s wall, {cpu:.2f} s CPU")
    print(f"imported by a right solution: {imported_by_a_right_solution('tum_ex09') or 'nothing of grader.diagnosis'}")


if __name__ == "__main__":
    main()
