"""What grading keeps for the formats that show the hand-in itself, and the page made of it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from grader.engine import grade
from grader.model import Report
from grader.report.html import html
from grader.report.json_report import to_json
from tests.report.test_html import Reader

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples/tum_ex09/two_mistakes"
PLOT = {
    "cell_type": "code",
    "metadata": {},
    "execution_count": None,
    "outputs": [],
    "source": "import matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.title('Loss')\nplt.figure()\nprint('drawn')",
}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """An example with a plot at its end, graded once."""
    notebook = json.loads(EXAMPLE.with_suffix(".ipynb").read_text(encoding="utf-8"))
    notebook["cells"].append(PLOT)
    path = tmp_path_factory.mktemp("hand_in") / "hand_in.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return grade(path, "tum_ex09", course=ROOT, keep=True)


def test_kept_report_has_the_students_code_and_pictures(kept: Report) -> None:
    assert kept.work is not None
    assert kept.work.notebook is not None
    failed = next(o for p in kept.parts for o in p.outcomes if o.status == "failed")
    (code,) = kept.work.code[failed.check.id]
    cell = kept.work.notebook.cells[int(code.file.removeprefix("cell "))]
    lines = code.text.splitlines()
    assert cell.source.splitlines()[code.line - 1 :][: len(lines)] == lines
    assert f" {code.name}" in lines[0]
    (picture,) = kept.cells[-1].pictures  # the empty figure is none
    assert picture.startswith(b"\x89PNG")


def test_keeping_changes_nothing_of_the_result(kept: Report) -> None:
    stored = json.loads(EXAMPLE.with_suffix(".json").read_text(encoding="utf-8"))
    results = [
        [
            # without the errors: those of right arrays are rounding, which another processor does otherwise
            (c["id"], c["status"], c["score"], [{**a, "error": None} for a in c["arrays"]])
            for part in made["parts"]
            for c in part["checks"]
        ]
        for made in (to_json(kept), stored)
    ]
    assert results[0] == results[1]
    assert "drawn" not in json.dumps(to_json(kept))


def test_page_shows_no_hidden_source_and_no_hidden_value(kept: Report) -> None:
    page = html.render(kept)
    text = Reader(page).text
    hidden = (ROOT / "reference/tum_ex09/hidden.py").read_text()
    code = [line.strip() for line in hidden.splitlines() if len(line.strip()) > 25 and '"""' not in line]
    assert len(code) > 20
    assert not [line for line in code if line in text]
    block = text[text.index("as far apart as 1000 and 0") :]
    assert not re.search(r"expected -?\d", block[: block.index("Your code")])
    assert "class CategoricalCrossEntropy:" in text
    assert 'alt="a line of 2 points, title &#39;Loss&#39;"' in page.replace("'", "&#39;")
    assert len(re.sub('base64,[^"]*', "", page).encode()) < 300_000
