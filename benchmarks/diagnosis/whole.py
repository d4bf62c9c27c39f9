"""Wrong solutions graded as whole submissions: what each failed check says, to be read.

    python benchmarks/diagnosis/whole.py [--jobs N] [--json FILE] [ID or ASSIGNMENT ...]

Each case of `cases/whole.toml.xz` puts functions of its own in the place of those of an assignment's correct example,
and is graded in the course's folder by the code that grades students. Printed are the case, its score, the sentences
with the checks that show them (a star: hidden), and the share of the run that diagnosis took.
"""

from __future__ import annotations

import argparse
import ast
import json
import lzma
import shutil
import tempfile
import time
import tomllib
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

from grader.engine import grade
from grader.grading import evaluate

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def cases() -> list[dict[str, Any]]:
    """`id`, `assignment`, `mistakes` and `changes`: for each function by its dotted name the new source."""
    packed = (HERE / "cases" / "whole.toml.xz").read_bytes()
    found: list[dict[str, Any]] = tomllib.loads(lzma.decompress(packed).decode())["case"]
    return found


def replaced(source: str, name: str, new: str) -> str | None:
    """`source` with the last definition of `name` replaced; None where it has none."""
    *owners, last = name.split(".")
    try:
        bodies = [ast.parse(source).body]
    except SyntaxError:  # a cell that only a notebook can read
        return None
    for owner in owners:
        bodies = [n.body for body in bodies for n in body if isinstance(n, ast.ClassDef) and n.name == owner]
    found = [n for body in bodies for n in body if isinstance(n, ast.FunctionDef) and n.name == last]
    if not found:
        return None
    lines, node = source.split("\n"), found[-1]
    text = indent(dedent(new).strip("\n"), " " * node.col_offset)
    return "\n".join([*lines[: node.lineno - 1], text, *lines[node.end_lineno :]])


def made(case: dict[str, Any], folder: Path) -> Path:
    """The submission of a case."""
    example = next(p for p in sorted((ROOT / "examples" / case["assignment"]).glob("correct*")) if p.suffix != ".json")
    to = folder / example.name
    shutil.copytree(example, to) if example.is_dir() else shutil.copy(example, to)
    for name, new in case["changes"].items():
        done = False
        for path in sorted(to.rglob("*.py")) if to.is_dir() else [to]:
            if path.suffix == ".py":
                text = replaced(path.read_text(), name, new)
                path.write_text(text or path.read_text())
                done = done or text is not None
                continue
            notebook = json.loads(path.read_text())
            for cell in notebook["cells"]:
                text = replaced("".join(cell["source"]), name, new) if cell["cell_type"] == "code" else None
                cell["source"] = text or cell["source"]
                done = done or text is not None
            path.write_text(json.dumps(notebook))
        if not done:
            raise SystemExit(f"{case['id']}: the correct example has no {name}")
    return to


def graded(case: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """What is said of a case, to be printed and as data; `share` is what diagnosis took of the run."""
    spent, explain = 0.0, evaluate._diagnoses

    def timed(*args: Any, **options: Any) -> Any:
        nonlocal spent
        begun = time.perf_counter()
        try:
            return explain(*args, **options)
        finally:
            spent += time.perf_counter() - begun

    evaluate._diagnoses = timed
    try:
        with tempfile.TemporaryDirectory() as folder:
            begun = time.perf_counter()
            report = grade(made(case, Path(folder)), case["assignment"], course=ROOT)
            seconds = time.perf_counter() - begun
    finally:
        evaluate._diagnoses = explain
    said: dict[str, list[str]] = {}
    for outcome in (o for part in report.parts for o in part.outcomes if o.status not in ("passed", "pending")):
        found = outcome.diagnosis
        text = f"{found.code}: {found.text}" if found is not None else f"-: {outcome.message[:200]}"
        said.setdefault(text, []).append(outcome.check.id + "*" * (outcome.check.visibility == "hidden"))
    score = report.reason or f"{float(report.score):g} of {float(report.max_score):g}"
    lines = [f"{case['id']} {case['assignment']}: {' + '.join(case['mistakes'])} [{score}]"]
    lines += [f"    {text} <{', '.join(checks)}>" for text, checks in said.items()]
    lines += [f"    diagnosis {spent:.2f} s of {seconds:.1f} s, {100 * spent / seconds:.1f} %"]
    data = {"id": case["id"], "mistakes": case["mistakes"], "score": score, "said": said, "share": spent / seconds}
    return "\n".join(lines), data


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("ids", nargs="*")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    chosen = [case for case in cases() if not args.ids or {case["id"], case["assignment"]} & set(args.ids)]
    found = []
    with ProcessPoolExecutor(args.jobs) as pool:
        for text, data in pool.map(graded, chosen):
            print(text, flush=True)
            found.append(data)
    shares = sorted(data["share"] for data in found)
    if shares:
        at = [f"{100 * shares[round(p * (len(shares) - 1))]:.1f} %" for p in (0.5, 0.9, 1.0)]
        print(f"diagnosis, of the run: {', '.join(at)} (median, 90 %, largest)")
    if args.json:
        args.json.write_text(json.dumps(found, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
