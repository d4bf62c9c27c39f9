"""How cost grows: with the submissions of a batch, with the checks of an assignment, with what a check returns.

    python benchmarks/speed/growth.py [--output FILE] [--submissions 10,100,1000] [--checks 5,50,500] [--bytes 1e3,1e6]

Submissions are the toy notebook, each a little different, graded in one slot; checks are as many of its affine layer,
graded singly; arrays go through the wire alone, from a check's process to the grader. Memory is that of all processes
together at its peak (`memory.py`), sampled in the same run. Read the ratios, which are to the smallest case of the run.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import memory
import msgspec
from peers import ENVIRONMENT, TOY, cells, notebook

from grader.assignment.loading.course import Course
from grader.execution.observe import observe
from grader.reference.session import ReferenceSession

GRADE = str(Path(sys.executable).with_name("grade"))
REPEATED = 5
"""Observations of each size; the median counts."""
ROOM = 512 << 20
"""Bytes that a probe may return here; 64 MB is what assignments get."""
CHECKS = '''"""As many checks as wanted."""

from grader import Part, check

PART = Part("1", "Affine forward")


def probe(number):
    def values(student, rng):
        """Output of the affine layer"""
        x, w, b = rng.normal(size=(7, 5)), rng.normal(size=(5, 3)), rng.normal(size=3)
        return {{"out": student.affine_forward(x, w, b)}}

    values.__name__ = f"values_{{number}}"
    return check(PART, points=1, uses=["affine_forward"])(values)


'''
ARRAYS = '''"""One check, which returns as much as its seed says."""

import numpy as np

from grader import Part, check


@check(Part("1", "Affine forward"), points=1, uses=["affine_forward"])
def much(student, rng):
    """An array"""
    return {{"much": student.affine_forward(np.zeros(({size}, 1)), np.ones((1, 1)), np.ones(1))}}
'''


def course(folder: Path, checks: str, points: int) -> Path:
    """The toy's course with other checks."""
    shutil.copytree(TOY, folder)
    toy = folder / "reference" / "toy"
    shutil.rmtree(toy / "golden")
    (toy / "checks.py").write_text(checks)
    text = (toy / "assignment.toml").read_text()
    (toy / "assignment.toml").write_text(text.replace("points = 10", f"points = {points}"))
    return folder


def rows(title: str, head: str, found: list[tuple[str, float, float, str]], unit: str = "") -> str:
    """A table: what, seconds, × the first, each, megabytes, × the first."""
    lines = [f"## {title}\n", f"| {head} | seconds | × | {unit} | peak memory, MB | × |", "|---|---|---|---|---|---|"]
    _, seconds, megabytes, _ = found[0]
    lines += [
        f"| {name} | {s:.3g} | {s / seconds:.3g} | {each} | {mb:.0f} | {mb / megabytes:.2f} |"
        for name, s, mb, each in found
    ]
    return "\n".join(lines) + "\n"


def submissions(work: Path, counts: list[int]) -> str:
    found = []
    for count in counts:
        folder = work / f"batch-{count}"
        (folder / "many").mkdir(parents=True)
        for number in range(count):  # each differs, or a batch would grade one of them
            (folder / "many" / f"s{number:04}.ipynb").write_text(notebook([*cells(), f"student = {number}"]))
        words = [GRADE, "batch", str(folder / "many"), "--store", str(folder / "s.sqlite"), "-j", "1"]
        cost = memory.run([*words, "--course", str(TOY), "--assignment", "toy"], folder, ENVIRONMENT, memory=True)
        size = sum(path.stat().st_size for path in folder.glob("s.sqlite*")) / count / 1024
        each = f"{cost.seconds / count:.3f} s, {size:.0f} kB of store"
        found.append((f"{count:,}", cost.seconds, cost.megabytes, each))
    return rows("Submissions, in a batch of one slot", "submissions", found, "each")


def checks(work: Path, counts: list[int]) -> str:
    found = []
    (work / "toy.ipynb").write_text(notebook(cells()))
    for count in counts:
        probes = "".join(f"values_{n} = probe({n})\n" for n in range(count))
        root = course(work / f"checks-{count}", CHECKS.format() + probes, count)
        subprocess.run([GRADE, "golden", "record", "toy", "--course", str(root)], check=True, capture_output=True)
        words = [GRADE, str(work / "toy.ipynb"), "--course", str(root), "--assignment", "toy"]
        memory.run(words, work, ENVIRONMENT)  # caches, not counted
        cost = memory.run(words, work, ENVIRONMENT, memory=True)
        found.append((f"{count:,}", cost.seconds, cost.megabytes, f"{1000 * cost.seconds / count:.1f} ms"))
    return rows("Checks, of one submission", "checks", found, "each")


def arrays(work: Path, sizes: list[int]) -> str:
    found = []
    for size in sizes:
        root = course(work / f"arrays-{size}", ARRAYS.format(size=max(1, size // 8)), 1)
        assignment = Course(root=root).load("toy")
        limits = msgspec.structs.replace(assignment.limits, observation=ROOM)
        assignment = msgspec.structs.replace(assignment, limits=limits)
        with memory.Peak(own=True, pause=0.01) as peak, ReferenceSession(assignment) as reference:
            seconds = []
            for _ in range(REPEATED):
                observation = observe(reference.session, assignment.checks[0], seed=1)
                assert observation.ended == "returned", observation.error
                seconds.append(observation.seconds)
        middle = statistics.median(seconds)
        found.append((shown(size), middle, peak.megabytes, f"{size / middle / 1e6:.3g} MB/s"))
    return rows("Arrays, from a check's process to the grader, the process's start included", "size", found, "rate")


def shown(size: int) -> str:
    return next(f"{size / unit:g} {name}" for unit, name in ((10**6, "MB"), (10**3, "kB"), (1, "B")) if size >= unit)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=numbers, default=[10, 100, 1000], help="sizes of a batch")
    parser.add_argument("--checks", type=numbers, default=[5, 50, 500], help="numbers of checks")
    parser.add_argument("--bytes", type=numbers, default=[10**n for n in range(3, 9)], help="sizes of an array")
    parser.add_argument("--output", type=Path, help="write the tables there as well")
    options = parser.parse_args()
    os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        wanted = ((submissions, options.submissions), (checks, options.checks), (arrays, options.bytes))
        tables = [table(work, counts) for table, counts in wanted if counts]
    cores, load = os.cpu_count(), os.getloadavg()[0]
    tables.append(f"Python {platform.python_version()}, {cores} cores, load {load:.1f}.\n")
    text = "\n".join(tables)
    print(text)
    if options.output:
        options.output.write_text("# How cost grows\n\nOne run of `benchmarks/speed/growth.py`.\n\n" + text)


def numbers(text: str) -> list[int]:
    """`5,50` or `1e3,1e8`."""
    return [int(float(word)) for word in text.split(",") if word]


if __name__ == "__main__":
    main()
