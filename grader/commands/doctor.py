"""`grade doctor`: which layers of the sandbox work here, which do not and why, and what would help."""

from __future__ import annotations

import argparse
import json

from grader.commands import stdio
from grader.report.sanitize import one_line
from grader.report.terminal.layout import table

FINE, FOUND = 0, 1
"""Exit codes: tier C at least, or nothing that keeps student code from reading what you can read."""
WORDS = {True: "works", False: "no", None: "-"}


DESCRIPTION = """\
Try every layer of the sandbox on this machine, each in a process of its own, and say which work, why the
others do not, and what would help. Exit 1 if student code could read what you can read."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("--json", action="store_true", help="write it as JSON")


def run(args: argparse.Namespace) -> int:
    """Try every layer and show what came of it."""
    from grader.sandbox import doctor as trying
    from grader.sandbox import tiers

    findings = trying.try_everything()
    if args.json:
        trials = [{"layer": t.layer, "works": t.works, "detail": t.detail} for t in findings.trials]
        stdio.emit_utf8(
            json.dumps({"tier": findings.tier, "layers": trials, "advice": list(findings.advice)}, indent=2) + "\n"
        )
    else:
        rows: list[tuple[str, ...]] = [(t.layer, WORDS[t.works], one_line(t.detail)) for t in findings.trials]
        lines = [*table(rows), "", f"tier {findings.tier}: {tiers.PROMISES[findings.tier]}"]
        lines += [f"to do better: {line}" for line in findings.advice]
        stdio.emit("\n".join(lines) + "\n")
    return FINE if findings.tier in tiers.TIERS else FOUND
