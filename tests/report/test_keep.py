"""What grading keeps for the formats that show the hand-in itself."""

from __future__ import annotations

import json
from pathlib import Path

from grader.api import grade
from grader.report.json_report import dump

EXAMPLES = Path(__file__).parents[2] / "examples"

PLOT = {
    "cell_type": "code",
    "metadata": {},
    "execution_count": None,
    "outputs": [],
    "source": "import matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.title('Loss')\nplt.figure()\nprint('drawn')",
}


def test_kept_report_has_the_students_code_and_pictures_and_the_same_json(tmp_path: Path) -> None:
    notebook = json.loads((EXAMPLES / "tum_ex09/two_mistakes.ipynb").read_text(encoding="utf-8"))
    notebook["cells"].append(PLOT)
    path = tmp_path / "hand_in.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    kept = grade(path, "tum_ex09", course=EXAMPLES.parent, keep=True)
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
    plain = grade(path, "tum_ex09", course=EXAMPLES.parent)
    assert plain.work is None
    assert not plain.cells[-1].pictures
    without_times = [json.loads(dump(r)) | {"timings": None} for r in (kept, plain)]
    assert without_times[0] == without_times[1]
