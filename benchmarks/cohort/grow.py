"""How a batch grows: hand-ins of mixed kinds for a tiny assignment, graded, graded again, shown and sent on.

    python benchmarks/cohort/grow.py FOLDER 100 500 2000

For each size: seconds and memory of the batch, of the same once more (nothing changed) and of a batch with one file
changed, the store's size, seconds and size of the summary page and of an export. Nothing is graded twice: stopped and
called again, it goes on. The assignment is two functions in a module, so what grows here is the batch and not the
notebooks; `run.py` has the five courses' own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from run import ROOT, batch, graded  # noqa: E402

from tests.cohort.tiny import KINDS, make_course  # noqa: E402

CHANGED = "# changed\n"


def hand_ins(folder: Path, count: int) -> Path:
    """So many hand-ins of every kind, no two alike, as folders, files and zips; one of twenty is a useless file."""
    target = folder / f"in-{count}"
    if target.exists():
        return target
    target.mkdir()
    kinds = list(KINDS)
    for n in range(count):
        text = f"{KINDS[kinds[n % len(kinds)]][0]}# student {n}\n"
        if n % 20 == 7:
            (target / f"s{n:04}.zip").write_bytes(b"PK\x03\x04 damaged %d" % n)
        elif n % 3 == 0:
            with zipfile.ZipFile(target / f"s{n:04}.zip", "w") as archive:
                archive.writestr("layers.py", text)
        else:
            (target / f"s{n:04}").mkdir()
            (target / f"s{n:04}" / "layers.py").write_text(text)
    return target


def timed(*words: str) -> float:
    started = time.monotonic()
    subprocess.run([sys.executable, "-m", "grader", *words], cwd=ROOT, check=True, capture_output=True)
    return round(time.monotonic() - started, 1)


def measure(folder: Path, count: int) -> dict[str, Any]:
    """Everything about one size."""
    source, store = hand_ins(folder, count), f"{count}.sqlite"
    more = ("--assignment", "tiny")
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
    if not (folder / "course").exists():
        make_course(folder / "course")
    for count in args.sizes:
        found = measure(folder, count)
        (folder / f"{count}.json").write_text(json.dumps(found, indent=1))
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
