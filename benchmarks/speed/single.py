"""One submission: `grade DIR` beside the same notebook as a script under bare Python, in turn, as a ratio.

    python benchmarks/speed/single.py [DIR] [--runs N]

The script is the notebook's code cells in order, magics commented out: no checks, no isolation, no figures kept.
Both run with one BLAS thread. Prints the median and range of each and of the ratio pair by pair, and peak memory (the
largest single process of each, as the kernel accounts it).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {
    **os.environ,
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MPLBACKEND": "Agg",
    "PYTHONWARNINGS": "ignore",
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("submission", nargs="?", type=Path, default=ROOT / "examples" / "ece176_a3" / "correct")
    parser.add_argument("--runs", type=int, default=11)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder) / "work"
        script = prepare(options.submission, work)
        bare = [sys.executable, script.name]
        grade = [str(Path(sys.executable).with_name("grade")), str(options.submission), "--json", "--exit-zero"]
        for command, where in ((bare, work), (grade, ROOT)):
            timed(command, where)  # warm-up, not counted
        pairs = [(timed(grade, ROOT), timed(bare, work)) for _ in range(options.runs)]
    show("grade", [a for a, _ in pairs], "s")
    show("bare script", [b for _, b in pairs], "s")
    show("ratio, pair by pair", [a / b for a, b in pairs], "")
    print(f"peak memory of the largest process: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MB")


def prepare(submission: Path, work: Path) -> Path:
    """Lay the submission over the course's files and write its notebook as a script."""
    handout = ROOT / "assignments" / submission.parent.name
    shutil.copytree(handout, work)
    if submission.is_dir():
        shutil.copytree(submission, work, dirs_exist_ok=True)
    else:
        shutil.copy(submission, work)
    notebook = next(iter(work.glob("*.ipynb")))
    if not submission.is_dir():
        notebook = work / submission.name
    lines: list[str] = []
    for cell in json.loads(notebook.read_text())["cells"]:
        if cell["cell_type"] == "code":
            lines += [("# " if line[:1] in "%!" else "") + line for line in "".join(cell["source"]).splitlines()]
    script = work / "bare_script.py"
    script.write_text("\n".join(lines) + "\n")
    return script


def timed(command: list[str], where: Path) -> float:
    begun = time.perf_counter()
    done = subprocess.run(command, cwd=where, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - begun
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return seconds


def show(what: str, values: list[float], unit: str) -> None:
    print(f"{what:<22} median {statistics.median(values):6.2f} {unit:<2} range {min(values):.2f} to {max(values):.2f}")


if __name__ == "__main__":
    main()
