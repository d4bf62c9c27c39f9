"""How often `hints = "line"` points at the right line of a wrong solution, and what the search takes.

    python benchmarks/diagnosis/hints.py [ID ...]

Of the wrong solutions of `ASSIGNMENT.py` here those that change one definition; each is searched for the first three
checks that it fails, as in grading. A line is right if it is one that differs from the reference: where a case writes
several lines anew and only one of them is wrong, any of them counts, so these are counted apart.
"""

from __future__ import annotations

import argparse
import difflib
import re
import time
from collections import Counter
from statistics import median

from run import HERE, WRONG, of
from table import Table

from grader.assignment.loading.course import find_course
from grader.diagnosis.fix_search import Source, line_hint, working
from grader.grading.evaluate import HINTED
from grader.reference.variants import Definitions, definitions
from grader.worker.experiments.fingerprints import fingerprints


def differing(table: Table, changed: Definitions) -> set[int]:
    """Lines of a changed definition that the reference's does not have."""
    ((module, name, text),) = changed
    files = {**dict.fromkeys(table.assignment.student_files)}
    if table.assignment.notebook:
        files[table.assignment.notebook.rpartition(".")[0] + ".py"] = None
    originals = {(m, n): source for m, n, source in definitions(table.assignment, files) or ()}
    before, after = originals[module, name].split("\n"), text.split("\n")
    blocks = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return {line + 1 for kind, _, _, begin, end in blocks if kind != "equal" for line in range(begin, end)}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("ids", nargs="*")
    args = parser.parse_args()
    course = find_course(HERE, None)
    print("| assignment | lines that differ | cases | right line | wrong line | none | seconds of a search, median |")
    print("|---|---|---|---|---|---|---|")
    for id in args.ids or WRONG:
        table = Table(course.load(id), [], None)
        variants, _, _ = of(table.assignment, WRONG[id])
        single = [(name, changed) for name, changed in variants if len(changed) == 1]
        counts: dict[str, Counter[str]] = {"one": Counter(), "several": Counter()}
        spent: list[float] = []
        for (_, changed), tried in zip(single, table.cases(single), strict=True):
            lines = differing(table, changed)
            pointed = set()
            ((module, name, text),) = changed
            asked = [c for c in tried if c.wrong and not c.innocent and c.check.judge is None]
            for case in asked[:HINTED]:
                if name not in {use.name for use in case.check.uses}:
                    continue
                expected = table.golden[case.check.id]
                source = Source(where="it", module=module, text=text, names=(name,))
                wanted = {table.assignment.seed: fingerprints(expected, expected)}
                started = time.perf_counter()
                hint = line_hint(working(case.check, [source], wanted, list(expected), table.live) or ())
                spent.append(time.perf_counter() - started)
                pointed |= {int(n) for n in re.findall(r"line (\d+)", hint)}
            result = "none" if not pointed else "right" if pointed <= lines else "wrong"
            counts["one" if len(lines) == 1 else "several"][result] += 1
        table.close()
        for lines_, count in counts.items():
            cells = [id, lines_, count.total(), count["right"], count["wrong"], count["none"]]
            print("|", " | ".join(map(str, cells)), f"| {median(spent or [0.0]):.2f} |", flush=True)


if __name__ == "__main__":
    main()
