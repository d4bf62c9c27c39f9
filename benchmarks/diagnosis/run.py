"""How often a wrong solution is caught and its mistake named, rightly or wrongly.

    python benchmarks/diagnosis/run.py [--right] [--one-seed] [ID ...]

Every hand-written wrong solution of `holdout.py` is graded at the assignment's seed and at a fresh one; with `--right`
every rewrite of `right.py` as well, which must fail no check and get no diagnosis. A solution counts as named rightly
if some failed check has a diagnosis and every diagnosis says what `says` asks for; wrongly if any says something else;
else as not named. Writes `results-<id>.md` beside itself.
"""

from __future__ import annotations

import os
import re
import sys
import time
from pathlib import Path
from statistics import median

from holdout import WRONG

from grader.assignment.course import find_course
from grader.assignment.edits import right_edits
from grader.diagnosis.bank import read_bank
from grader.grading import GoldenTable, evaluate
from grader.model import Assignment, Diagnosis, Edit
from grader.prober import Prober
from grader.reference import ReferenceSession, live

HERE = Path(__file__).resolve().parent
FRESH = 4242
COURSE = Path(os.environ["GRADE_COURSE"]) if "GRADE_COURSE" in os.environ else None
"""Another course than this project's: sources that nobody changes while this runs."""


def graded(
    assignment: Assignment, edit: Edit, golden: dict[int, GoldenTable]
) -> list[tuple[int, int, list[Diagnosis], float]]:
    """For each seed: the seed, how many checks failed, the diagnoses and the seconds that they took."""
    found = []
    with ReferenceSession(assignment, edit=edit) as session:
        for seed, expected in golden.items():
            prober = Prober(session.session, seed=seed)
            plain = evaluate(prober, expected, explain=False)
            between = time.perf_counter()
            told = evaluate(prober, expected)
            seconds = time.perf_counter() - between
            prober.close()
            failed = sum(o.status != "passed" for o in plain.outcomes)
            found.append((seed, failed, [o.diagnosis for o in told.outcomes if o.diagnosis], seconds))
    return found


def verdict(failed: int, said: list[Diagnosis], pattern: str) -> str:
    if not failed:
        return "not caught"
    if not said:
        return "caught, not named"
    right = all(re.search(pattern, f"{d.code} {d.text}", re.IGNORECASE | re.DOTALL) for d in said)
    return "named rightly" if right else "named wrongly"


def run(id: str, *, right: bool, seeds: int) -> str:
    assignment = find_course(HERE, COURSE).load(id)
    if read_bank(assignment) is None:
        raise SystemExit(f"{id}: its prepared mistakes are missing or out of date; run `grade lint --mutants {id}`")
    golden = live(assignment, [assignment.seed, FRESH][:seeds])
    rows, seconds = [], []
    counts: dict[str, int] = {}
    for wrong in WRONG[id]:
        for seed, failed, said, took in graded(assignment, wrong.edit, golden):
            result = verdict(failed, said, wrong.says)
            counts[result] = counts.get(result, 0) + 1
            if failed:
                seconds.append(took)
            text = " / ".join(dict.fromkeys(f"{d.code}: {d.text}" for d in said))
            rows.append(f"| {wrong.edit.name} | {seed} | {failed} | {result} | {text.replace('|', '/')} |")
            print(rows[-1], flush=True)
    alarms = []
    tried = 0
    for edit in right_edits(assignment) if right else ():
        for seed, failed, said, _ in graded(assignment, edit, golden):
            tried += 1
            if failed or said:
                alarms.append(f"{edit.name} at seed {seed}")
    total = sum(counts.values())
    lines = [
        f"# {id}: {len(WRONG[id])} wrong solutions at {seeds} seed{'s' if seeds > 1 else ''} each",
        "",
        *(f"- {name}: {number} of {total} ({100 * number / total:.0f} %)" for name, number in sorted(counts.items())),
        f"- false alarms on right solutions: {len(alarms)} of {tried}" + (f" ({'; '.join(alarms)})" if alarms else "")
        if right
        else "- right solutions: not run",
        f"- seconds added by the diagnosis, on the machine of the run: median {median(seconds):.2f}, most "
        f"{max(seconds):.2f}",
        "",
        "| wrong solution | seed | failed checks | result | said |",
        "|---|---|---|---|---|",
        *rows,
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    asked = [word for word in sys.argv[1:] if not word.startswith("--")]
    for id in asked or WRONG:
        text = run(id, right="--right" in sys.argv, seeds=1 if "--one-seed" in sys.argv else 2)
        (HERE / f"results-{id}.md").write_text(text, encoding="utf-8")
