"""How often a wrong solution is caught and its mistake named, rightly or wrongly.

    python benchmarks/diagnosis/run.py [--seeds N] [--only GROUP] [--show 1|2] [--without-bank] [--stored DIR]
                                      [--sentences FILE] [ID ...]

Wrong solutions come from four places: the assignments' own `wrong.py`, whose names the grader has prepared (`named`);
those of `ASSIGNMENT.py` here (`working`) and of `cases/seen.toml.xz` (`seen`), which were seen while the rules were
made; and `cases/holdout.toml.xz`, written after that (`holdout`). Each function or class is put in the place of the
reference's in one reference session of its assignment, its checks are observed at the assignment's seed and N - 1
others by one child, scored, and diagnosed by the code that grades students. Right solutions (`right`) are those of
`right.py` and of `ASSIGNMENT.py`; they must fail no check. Results are printed as rows of `results.md`. `--stored`
keeps observations from run to run, for work on the rules.

What a sentence is worth is told by the case's pattern, or by `cases/read.json.xz`: by somebody who has read the wrong
solution and the sentence, and not the rules; it is kept by the mistake that is named, in any words. A sentence
*names* the mistake, is *vague* (true, and does not tell it), or is *wrong*. A wrong solution is *named rightly* where
some failed check gets a sentence that names it and none gets a wrong one, *named wrongly* where any gets a wrong one,
else *described* only. `--sentences` writes what is to be read. Follow-through counts as in grading: a check whose only
wrong code is an earlier part's is explained by what explains that part.
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
import re
import sys
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

import c147_hw3
import ece176_a3
import nyu_hw1_p4
import radboud_a1
import tum_ex09
from edits import Wrong, cases_of
from table import Table, Tried

from grader.assignment.loading.course import find_course
from grader.assignment.release.edits import edited, right_edits, wrong_edits
from grader.diagnosis.codes import CODES
from grader.model import Assignment, Diagnosis
from grader.reference.variants import Definitions, definitions

MODULES = (tum_ex09, ece176_a3, c147_hw3, radboud_a1, nyu_hw1_p4)
WRONG = {module.__name__: module.WRONG for module in MODULES}
RIGHT = {module.__name__: [case.edit for case in module.RIGHT] for module in MODULES}
HERE = Path(__file__).resolve().parent
SEEN = ("seen",)
"""Files of `cases/` that were hold-outs once."""
ALSO = (
    (r"shared|on the class|in the class|latest forward", r"shared-state|second-call"),
    (r"ignores|ignored", r"upstream-ignored"),
    (r"maximum|largest|smallest|shift|in place of", r"overflow|underflow|log\(0\)"),
    (r"in place|adds|again|twice", r"second-call|changed-input|shared-state"),
    (r"mask", r"not-a-factor|wrong-mask"),
    (r"bias", r"bias"),
    (r"shape", r"shape"),
    (r"sign", r"sign"),
    (r"transpose", r"transpose|axes"),
)
"""Where the name of a mistake of `wrong.py` says the first, a diagnosis that says the second is right as well: it was
found by another way than the prepared name."""


NAMES = re.compile(r"`[^`]*`(?:, `[^`]*`)*(?: and `[^`]*`)?")
"""The arrays that a sentence speaks of."""


def said(diagnosis: Diagnosis) -> str:
    """What a sentence is worth by: its mistake, or what it describes, whichever arrays show it."""
    return diagnosis.mistake or NAMES.sub("`…`", diagnosis.text)


class Reader:
    """Who says what a sentence is worth: somebody who has read it, or the case's pattern."""

    def __init__(self) -> None:
        self._read = json.loads(lzma.decompress((HERE / "cases" / "read.json.xz").read_bytes()))
        self.told: list[dict[str, Any]] = []
        """For somebody to read: each case, its changes and what was said of it."""

    def tell(self, assignment: str, cases: list[Wrong], tried: list[Tried]) -> None:
        for case in cases:
            said = {d.text: d.code for t in tried if t.name == case.edit.name for d in t.said.values()}
            changes = [{"file": c.file, "right": c.old, "wrong": c.new} for c in case.edit.changes]
            sentences = [text for text, code in said.items() if CODES[code].names_a_mistake]
            self.told.append(
                {"assignment": assignment, "case": case.edit.name, "changes": changes, "sentences": sentences}
            )

    def worth(self, case: str, pattern: str, diagnosis: Diagnosis) -> str:
        """`names`, `vague` or `wrong`; `unread` where there is no pattern and nobody has read it."""
        if not pattern:
            return self._read.get(case, {}).get(said(diagnosis), "unread")
        found = re.search(pattern, f"{diagnosis.code} {diagnosis.text}", re.IGNORECASE | re.DOTALL)
        return "names" if found else "wrong"

    def verdict(self, tried: Tried, pattern: str) -> str:
        """What became of one wrong solution at one seed."""
        if not tried.failed:
            return "not caught"
        if not tried.arrays:
            return "raised"
        named = [d for d in tried.said.values() if CODES[d.code].names_a_mistake]
        worth = {self.worth(tried.name, pattern, d) for d in named}
        if "unread" in worth:
            return "unread"
        return "wrongly" if "wrong" in worth else "rightly" if "names" in worth else "described"


def of(assignment: Assignment, cases: list[Wrong]) -> tuple[list[tuple[str, Definitions]], dict[str, str], list[str]]:
    """The cases as variants, their patterns, and the names of those that are no change of a definition."""
    variants, says, left = [], {}, []
    for case in cases:
        changed = definitions(assignment, edited(assignment, case.edit))
        if changed:
            variants.append((case.edit.name, changed))
            says[case.edit.name] = case.says
        else:
            left.append(case.edit.name)
    return variants, says, left


def counted(table: Table, title: str, cases: list[Wrong], reader: Reader, *, show: bool) -> str:
    """One row of the results."""
    variants, says, left = of(table.assignment, cases)
    if not variants:
        return ""
    tried = list(table.run(variants))
    counts = Counter(reader.verdict(t, says[t.name]) for t in tried)
    shown: Counter[tuple[str, str]] = Counter()
    for t in tried:
        result = reader.verdict(t, says[t.name])
        shown[t.name, result] += 1
        if show and shown[t.name, result] == 1 and (result != "rightly" or show == 2):
            print(f"  [{result}] {t.name} (seed {t.seed}, {t.failed} failed)", file=sys.stderr)
            for check, d in t.said.items():
                mark = {"names": " ", "vague": "~", "wrong": "!", "unread": "?"}[reader.worth(t.name, says[t.name], d)]
                print(f"    {mark} {check}: {d.code}: {d.text}", file=sys.stderr)
    reader.tell(table.assignment.id, cases, tried)
    total = sum(counts.values())

    def share(word: str) -> str:
        return f"{counts[word]} ({100 * counts[word] / total:.1f} %)"

    caught = total - counts["not caught"]
    spent = median([t.seconds for t in tried])
    note = f"; {len(left)} of `wrong.py` change no definition and are not in it" if left else ""
    cells = [
        table.assignment.id,
        title,
        f"{len(variants)} × {len(table.seeds) + 1}{note}",
        f"{caught} ({100 * caught / total:.1f} %)",
        *(share(word) for word in ("rightly", "described", "raised", "wrongly", "unread")),
        f"{1000 * spent:.0f} ms",
    ]
    return f"| {' | '.join(cells)} |"


def accepted(name: str) -> str:
    """What names a mistake of `wrong.py`: its name, or the same thing found by another way."""
    also = [says for words, says in ALSO if re.search(words, name, re.IGNORECASE)]
    return "|".join([re.escape(name), *also])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("ids", nargs="*")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--only", choices=["named", "working", "seen", "holdout", "right"])
    parser.add_argument("--show", type=int, default=0)
    parser.add_argument("--without-bank", action="store_true")
    parser.add_argument("--stored", type=Path)
    parser.add_argument("--sentences", type=Path)
    args = parser.parse_args()
    course = find_course(HERE, Path(os.environ["GRADE_COURSE"]) if "GRADE_COURSE" in os.environ else None)
    reader = Reader()
    for id in args.ids or WRONG:
        assignment = course.load(id)
        table = Table(assignment, [1000 + i for i in range(args.seeds - 1)], args.stored)
        if args.without_bank:
            table.bank, table.seeds = None, []
        groups = {
            "named": [Wrong(e, accepted(e.name)) for e in wrong_edits(assignment) if "trained" not in e.name],
            "working": WRONG[id],
            "seen": [case for name in SEEN for case in cases_of(name).get(id, [])],
            "holdout": cases_of("holdout").get(id, []),
        }
        for title, cases in groups.items():
            if args.only in (None, title):
                row = counted(table, title, cases, reader, show=args.show)
                if row:
                    print(row, flush=True)
        if args.only in (None, "right"):
            every = [
                (e.name, definitions(assignment, edited(assignment, e))) for e in [*right_edits(assignment), *RIGHT[id]]
            ]
            given = {Path(file).with_suffix("").as_posix().replace("/", ".") for file in assignment.provided_files}
            # what is provided is put back in grading, and not here
            changed = [(name, d) for name, d in every if d and not given & {module for module, _, _ in d}]

            alarms = [f"{t.name} at seed {t.seed}" for t in table.run(changed) if t.failed or t.said]
            size = f"{len(changed)} × {len(table.seeds) + 1}"
            print(f"| {id} | right | {size} | {len(alarms)} {'; '.join(alarms)} |", flush=True)
        table.close()
    if args.sentences:
        args.sentences.write_text(json.dumps(reader.told, indent=1, ensure_ascii=False))
    used = os.times()
    print(f"{(used.user + used.system + used.children_user + used.children_system) / 60:.1f} CPU minutes", flush=True)


if __name__ == "__main__":
    main()
