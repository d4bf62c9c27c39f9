"""How a batch grows: hand-ins of mixed kinds for a tiny assignment, graded, graded again, shown and sent on.

    python benchmarks/cohort/grow.py FOLDER 100 500 2000

For each size: seconds and memory of the batch, of the same once more (nothing changed) and of a batch with one file
changed, the store's size, seconds and size of the summary page and of an export. Nothing is graded twice: stopped and
called again, it goes on. The assignment has three parts and takes a fraction of a second, so what grows here is the
batch and not the notebooks; `run.py` has the five courses' own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from run import ROOT, batch, graded  # noqa: E402

CHANGED = "# changed\n"


def course(folder: Path) -> None:
    """The toy course of the tests, recorded and released."""
    from grader import cli
    from tests.assignment.conftest import FILES, write

    if not (folder / "course/assignments").exists():
        write(folder / "course/reference/toy", FILES)
        for words in (("golden", "record"), ("release",)):
            assert cli.main([*words, "--course", str(folder / "course")]) == 0


def hand_ins(folder: Path, count: int) -> Path:
    """So many hand-ins: right, wrong, half done, broken and hostile ones, as notebooks, folders and zips."""
    from grader.assignment.loading.course import Course
    from tests.cohort.generate import make_cohort

    target = folder / f"in-{count}"
    if not target.exists():
        make_cohort(Course(root=folder / "course"), target, {"toy": count})
    return target


def timed(*words: str) -> float:
    started = time.monotonic()
    subprocess.run([sys.executable, "-m", "grader", *words], cwd=ROOT, check=True, capture_output=True)
    return round(time.monotonic() - started, 1)


def measure(folder: Path, count: int) -> dict[str, Any]:
    """Everything about one size."""
    source, store = hand_ins(folder, count), f"{count}.sqlite"
    more = ("--assignment", "toy")
    first = batch(folder, store, *more, hand_ins=source)
    again = batch(folder, store, *more, hand_ins=source)
    one = next(path for path in sorted(source.iterdir()) if path.is_dir())
    module = next(one.rglob("*.py"))
    module.write_text(module.read_text() + CHANGED)
    changed = batch(folder, store, *more, hand_ins=source)
    page, sheet = folder / f"{count}.html", folder / f"{count}.csv"
    seconds = {
        "page": timed("summary", "--store", str(folder / store), "--html", str(page)),
        "csv": timed("export", "csv", str(folder / store), "-o", str(sheet)),
    }
    size = sum(path.stat().st_size for path in folder.glob(f"{count}.sqlite*"))
    return {
        "hand-ins": count,
        "graded": graded(folder / store),
        "batch": first,
        "again": again["seconds"],
        "one changed": changed["seconds"],
        "store": size,
        "page": page.stat().st_size,
        **{f"{name} seconds": value for name, value in seconds.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("sizes", type=int, nargs="+")
    args = parser.parse_args()
    folder = args.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    course(folder)
    for count in args.sizes:
        found = measure(folder, count)
        (folder / f"{count}.json").write_text(json.dumps(found, indent=1))
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
