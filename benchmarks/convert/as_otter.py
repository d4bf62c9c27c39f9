"""A source notebook of nbgrader as one of otter assign, to count what an author writes there.

    python benchmarks/convert/as_otter.py SOURCE.ipynb RESULT.ipynb

Each test cell becomes a question with one test case. Otter has no share of the points of a test case: a cell that ends
in its points in nbgrader asserts all of them. Solutions stay where they are; to be cleared they would have to stand
inside the questions.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ASSIGNMENT = "# ASSIGNMENT CONFIG\nfiles: []\nexport_cell: false\ngenerate: true\nrun_tests: true\nsolutions_pdf: false"
QUESTION = "# BEGIN QUESTION\nname: {name}\npoints: {points}\nmanual: false"
POINTS = "\n_points"


def raw(text: str) -> dict[str, object]:
    return {"cell_type": "raw", "metadata": {}, "source": text}


def code(text: str) -> dict[str, object]:
    return {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": text}


def question(name: str, points: float, test: str, *, hidden: bool) -> list[dict[str, object]]:
    if test.endswith(POINTS):
        test = test.removesuffix("_points") + f"assert abs(_points - {points}) < 1e-9"
    head = QUESTION.format(name=name.replace("-", "_"), points=points)
    begin = [raw(head), raw("# BEGIN SOLUTION"), code("pass  # SOLUTION"), raw("# END SOLUTION")]
    return [*begin, raw("# BEGIN TESTS"), code("# HIDDEN\n" * hidden + test), raw("# END TESTS"), raw("# END QUESTION")]


def lines(cells: list[dict[str, object]]) -> int:
    return sum(bool(line.strip()) for cell in cells for line in str(cell["source"]).splitlines())


def main(source: Path, result: Path) -> None:
    notebook = json.loads(source.read_text())
    cells, tests = [raw(ASSIGNMENT)], []
    for cell in notebook["cells"]:
        text, told = "".join(cell["source"]), cell["metadata"].get("nbgrader") or {}
        if told.get("grade") and not told.get("solution"):
            hidden = "### BEGIN HIDDEN TESTS" in text
            text = "\n".join(line for line in text.splitlines() if "HIDDEN TESTS" not in line).strip()
            tests.append(code(text))
            cells += question(told["grade_id"], told["points"], text, hidden=hidden)
        else:
            cells.append({**(code(text) if cell["cell_type"] == "code" else raw(text)), "cell_type": cell["cell_type"]})
    notebook["cells"] = [{**cell, "id": f"c{number}"} for number, cell in enumerate(cells)]
    result.write_text(json.dumps(notebook))
    configuration = [cell for cell in cells if cell["cell_type"] == "raw"]
    print(f"{lines(tests)} lines in {len(tests)} test cells, {lines(configuration)} of configuration")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
