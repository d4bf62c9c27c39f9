"""This project beside what people use today, on the same notebook with the same checks, in turn.

    python benchmarks/speed/peers.py --output benchmarks/speed/results.md [--runs N] [--environments DIR]

Bare Python runs the notebook's cells as a script: no checks. `nbconvert --execute` runs them in a kernel: no checks.
nbgrader 0.9.6 and otter-grader 7 run and check them; each is installed into an environment of its own, thrown away
unless `--environments` names where to keep them. Every command runs with one BLAS thread, and each round runs all of
them once, so that a busy machine slows all alike: read the ratios, which are taken round by round. Peak memory is that
of all processes of a command together (`memory.py`), in one further run that is not timed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import memory
from memory import Cost

ROOT = Path(__file__).resolve().parents[2]
TOY = Path(__file__).resolve().parent / "toy"
COHORT = 20
NEEDED = ("numpy", "matplotlib", "ipykernel", "nbconvert")
PEERS = {"nbgrader": ("nbgrader==0.9.6", "pandas<3"), "otter": ("otter-grader>=7,<8",)}
ENVIRONMENT = {
    **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MPLBACKEND": "Agg",
    "PYTHONWARNINGS": "ignore",
}
OPENING = "import numpy as np\nrng = np.random.default_rng(1)\n"
TESTS = {
    "forward": (
        3,
        "x, w, b = rng.normal(size=(7, 5)), rng.normal(size=(5, 3)), rng.normal(size=3)\n"
        "assert np.allclose(affine_forward(x, w, b), x @ w + b)",
    ),
    "backward": (
        3,
        "d, x, w = rng.normal(size=(7, 3)), rng.normal(size=(7, 5)), rng.normal(size=(5, 3))\n"
        "dx, dw, db = affine_backward(d, x, w)\n"
        "assert np.allclose(dx, d @ w.T) and np.allclose(dw, x.T @ d) and np.allclose(db, d.sum(axis=0))",
    ),
    "training": (
        4,
        "x, y, w1, w2 = (rng.normal(size=s) for s in ((6, 5), (6, 2), (5, 4), (4, 2)))\n"
        "losses = train(x, y, w1, np.zeros(4), w2, np.zeros(2), 20, 0.01)\n"
        "assert losses.shape == (20,) and losses[-1] < losses[0]",
    ),
}


Costs = dict[tuple[str, int], list[float]]
"""Seconds of each round by contestant and number of submissions."""


class Run(NamedTuple):
    """One thing to time: `prepare` is not timed."""

    name: str
    many: int
    command: list[str]
    where: Path
    prepare: Callable[[], object] = lambda: None


def cells() -> list[str]:
    """The solution's code cells."""
    text = (TOY / "reference" / "toy" / "solution" / "toy.py").read_text()
    pieces = [piece for piece in text.split("# %%") if piece.strip() and not piece.startswith(" [markdown]")]
    lines = ["\n".join(line for line in piece.splitlines() if "### " not in line).strip() for piece in pieces]
    return [line for line in lines if line]


def notebook(sources: list[str], metadata: list[dict[str, object]] | None = None) -> str:
    told = metadata or [{} for _ in sources]
    return json.dumps(
        {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
            "cells": [
                {"cell_type": "code", "id": f"c{n}", "metadata": m, "execution_count": None, "outputs": [], "source": s}
                for n, (s, m) in enumerate(zip(sources, told, strict=True))
            ],
        }
    )


def installed(name: str, folder: Path) -> Path:
    """The `bin` of an environment with a peer in it."""
    place = folder / name
    if not (place / "done").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=True)
        words = [str(place / "bin" / "pip"), "install", "-q", "--disable-pip-version-check", *NEEDED, *PEERS[name]]
        subprocess.run(words, check=True)
        (place / "done").touch()
    return place / "bin"


def plain_runs(work: Path, bin: Path) -> list[Run]:
    folder = work / "plain"
    folder.mkdir()
    (folder / "toy.py").write_text("\n\n".join(cells()) + "\n")
    (folder / "toy.ipynb").write_text(notebook(cells()))
    convert = [str(bin / "jupyter"), "nbconvert", "--to", "notebook", "--execute", "--output", "out.ipynb", "toy.ipynb"]
    return [
        Run("bare Python", 1, [sys.executable, "toy.py"], folder),
        Run("nbconvert --execute", 1, convert, folder),
    ]


def own_runs(work: Path) -> list[Run]:
    folder = work / "own"
    (folder / "many").mkdir(parents=True)
    (folder / "toy.ipynb").write_text(notebook(cells()))
    for number in range(COHORT):  # each differs, or a batch would grade one of them
        (folder / "many" / f"s{number:02}.ipynb").write_text(notebook([*cells(), f"student = {number}"]))
    grade = [str(Path(sys.executable).with_name("grade"))]
    course = ["--course", str(TOY), "--assignment", "toy"]
    store = folder / "store.sqlite"

    def forget() -> None:
        for path in folder.glob("store.sqlite*"):
            path.unlink()

    many = [*grade, "batch", str(folder / "many"), "--store", str(store), "-j", "1", *course]
    return [
        Run("this project", 1, [*grade, str(folder / "toy.ipynb"), *course], folder),
        Run("this project", COHORT, many, folder, forget),
    ]


def nbgrader_runs(work: Path, bin: Path) -> list[Run]:
    folder = work / "nbgrader"
    parts = cells()
    sources, told = [parts[0]], [{}]
    for name, source, test in zip(TESTS, parts[1:4], TESTS.values(), strict=True):
        common = {"schema_version": 3, "locked": False, "task": False}
        answer = {"grade": False, "solution": True, "grade_id": name, **common}
        points = {"grade": True, "solution": False, "grade_id": f"test_{name}", "points": test[0], **common}
        sources += [source, OPENING + test[1]]
        told += [{"nbgrader": answer}, {"nbgrader": {**points, "locked": True}}]
    sources.append(parts[4])
    told.append({})
    text = notebook(sources, told)
    (folder / "source" / "toy").mkdir(parents=True)
    (folder / "source" / "toy" / "toy.ipynb").write_text(text)
    (folder / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'toy'\n")
    words = [str(bin / "nbgrader"), "generate_assignment", "toy", "--create", "--force"]
    subprocess.run(words, cwd=folder, env=with_bin(bin), check=True, capture_output=True)
    for number in range(COHORT):
        place = folder / "submitted" / f"s{number:02}" / "toy"
        place.mkdir(parents=True)
        (place / "toy.ipynb").write_text(text)
    autograde = [str(bin / "nbgrader"), "autograde", "toy", "--force"]

    def forget() -> None:
        shutil.rmtree(folder / "autograded", ignore_errors=True)

    return [
        Run("nbgrader 0.9.6", 1, [*autograde, "--student", "s00"], folder, forget),
        Run("nbgrader 0.9.6", COHORT, autograde, folder, forget),
    ]


def otter_runs(work: Path, bin: Path) -> list[Run]:
    folder = work / "otter"
    (folder / "tests").mkdir(parents=True)
    for name, (points, code) in TESTS.items():
        body = "".join(f"    {line}\n" for line in (OPENING + code).splitlines())
        uses = {"forward": "affine_forward", "backward": "affine_backward", "training": "train"}[name]
        (folder / "tests" / f"{name}.py").write_text(
            "from otter.test_files import test_case\n\nOK_FORMAT = False\n"
            f"name = {name!r}\npoints = {points}\n\n@test_case()\ndef check({uses}):\n{body}"
        )
    (folder / "requirements.txt").write_text("numpy\nmatplotlib\n")
    generate = [str(bin / "otter"), "generate", "-t", "tests", "-r", "requirements.txt", "-o", "autograder.zip"]
    subprocess.run(generate, cwd=folder, env=with_bin(bin), check=True, capture_output=True)
    with zipfile.ZipFile(folder / "autograder.zip") as made:
        assert made.namelist()
    (folder / "toy.ipynb").write_text(notebook(cells()))
    many = f"from otter.api import grade_submission\nfor _ in range({COHORT}):\n" \
           "    grade_submission('toy.ipynb', 'autograder.zip', quiet=True)\n"  # fmt: skip
    run = [str(bin / "otter"), "run", "-a", "autograder.zip", "toy.ipynb"]
    return [
        Run("otter-grader 7", 1, run, folder),
        Run("otter-grader 7", COHORT, [str(bin / "python"), "-c", many], folder),
    ]


def with_bin(bin: Path) -> dict[str, str]:
    return {**ENVIRONMENT, "PATH": f"{bin}:{ENVIRONMENT['PATH']}"}


def cost(run: Run, *, measured: bool = False) -> Cost:
    """Its seconds, or with `measured` its peak memory."""
    run.prepare()
    try:
        return memory.run(run.command, run.where, with_bin(Path(run.command[0]).parent), memory=measured)
    except RuntimeError as problem:
        sys.exit(str(problem))


def ratios(costs: Costs, run: tuple[str, int], others: Sequence[tuple[str, int]]) -> list[float]:
    """Seconds for each submission against those of the fastest other in the same round; empty where none was run."""
    rounds = zip(*(costs.get(key, []) for key in (run, *others)), strict=False)
    many = [key[1] for key in (run, *others)]
    each = [[seconds / n for seconds, n in zip(found, many, strict=True)] for found in rounds]
    return [own / min(rest) for own, *rest in each]


def targets(costs: Costs) -> str:
    """What was aimed at, line by line, with what came out."""
    one, batch = ("this project", 1), ("this project", COHORT)
    peers = [(name, 1) for name in ("nbgrader 0.9.6", "otter-grader 7")]
    aims = [
        ("one submission, of the bare script's time", ratios(costs, one, [("bare Python", 1)]), 1.5),
        ("one submission, of the faster peer's time", ratios(costs, one, peers), 1 / 3),
        (f"{COHORT} in a batch, of nbgrader's time each", ratios(costs, batch, [("nbgrader 0.9.6", COHORT)]), 0.1),
        (f"{COHORT} in a batch, seconds each", [seconds / COHORT for seconds in costs[batch]], 0.25),
    ]
    lines = ["| target | at most | median | round by round | |", "|---|---|---|---|---|"]
    for what, found, most in aims:
        if found:
            middle = statistics.median(found)
            rounds = ", ".join(f"{value:.2f}" for value in found)
            lines.append(f"| {what} | {most:.2f} | {middle:.2f} | {rounds} | {'met' if middle <= most else 'missed'} |")
    return "\n".join(lines) + "\n"


def table(runs: list[Run], costs: Costs, peaks: dict[tuple[str, int], float]) -> str:
    lines = ["| | seconds each | × bare Python | of nbgrader's | peak memory, MB |", "|---|---|---|---|---|"]
    for run in runs:
        key = (run.name, run.many)
        own = [seconds / run.many for seconds in costs[key]]
        to_bare = statistics.median(ratios(costs, key, [("bare Python", 1)]))
        nbgrader = ratios(costs, key, [("nbgrader 0.9.6", run.many)])
        part = f"{statistics.median(nbgrader):.2f}" if nbgrader else ""
        name = run.name + (f", {run.many} one after another" if run.many > 1 else "")
        spread = f"{statistics.median(own):.2f} ({min(own):.2f} to {max(own):.2f})"
        lines.append(f"| {name} | {spread} | {to_bare:.2f} | {part} | {peaks[key]:.0f} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="rounds of the single runs; those of many get a third")
    parser.add_argument("--environments", type=Path, help="where peers are installed, and kept")
    parser.add_argument("--output", type=Path, help="write the table there as well")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        environments = (options.environments or work / "environments").absolute()
        environments.mkdir(parents=True, exist_ok=True)
        nbgrader, otter = installed("nbgrader", environments), installed("otter", environments)
        runs = [*plain_runs(work, nbgrader), *own_runs(work), *nbgrader_runs(work, nbgrader), *otter_runs(work, otter)]
        for run in runs:
            cost(run)  # fills every cache: fonts, and the expected values, for which the reference runs once
        peaks = {(run.name, run.many): cost(run, measured=True).megabytes for run in runs}
        costs: Costs = {}
        for number in range(options.runs):
            for run in runs:
                if run.many == 1 or number < max(1, options.runs // 3):
                    costs.setdefault((run.name, run.many), []).append(cost(run).seconds)
        text = table(runs, costs, peaks) + "\n" + targets(costs)
    cores, load = os.cpu_count(), os.getloadavg()[0]
    text += f"\nPython {platform.python_version()}, {cores} cores, load {load:.1f}, {options.runs} rounds; medians.\n"
    print(text)
    if options.output:
        options.output.write_text("# Speed\n\nOne run of `benchmarks/speed/peers.py`.\n\n" + text)


if __name__ == "__main__":
    main()
