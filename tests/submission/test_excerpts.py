"""What of a submission is shown and read for a check: its own definitions and the helpers that they call."""

from __future__ import annotations

from pathlib import Path

from grader.submission.source.excerpts import excerpts
from tests.submission.building import make_assignment, make_check, make_notebook, make_submission

HELPERS = "import numpy as np\n\n\ndef shifted(x):\n    return x - top(x)\n\n\ndef top(x):\n    return x.max()\n"
SOFTMAX = "def softmax(x):\n    z = np.exp(shifted(x))\n    return z / z.sum()"


def found(folder: Path, *cells: str, modules: dict[str, str] | None = None) -> dict[str, list[tuple[str, str, int]]]:
    checks = [make_check("probabilities", "softmax"), make_check("value", "loss")]
    where = {"softmax": "", "loss": ""}
    assignment = make_assignment(folder / "handout", names=where, checks=checks)
    submission = make_submission(folder, make_notebook(*cells), modules)
    return {id: [(e.name, e.file, e.line) for e in es] for id, es in excerpts(assignment, submission).items()}


def test_a_helper_comes_after_what_calls_it_with_its_own_place(tmp_path: Path) -> None:
    assert found(tmp_path, HELPERS, SOFTMAX)["probabilities"] == [
        ("softmax", "cell 1", 1),
        ("shifted", "cell 0", 4),
        ("top", "cell 0", 8),
    ]


def test_what_a_cell_imports_stands_in_its_module(tmp_path: Path) -> None:
    modules = {"mine.py": f"{HELPERS}\n\n{SOFTMAX}\n"}
    assert found(tmp_path, "from mine import softmax", modules=modules)["probabilities"] == [
        ("softmax", "mine.py", 12),
        ("shifted", "mine.py", 4),
        ("top", "mine.py", 8),
    ]


def test_what_another_check_asks_for_and_what_is_called_in_a_circle_comes_once(tmp_path: Path) -> None:
    loss = "def loss(x):\n    return rest(softmax(x), 3)\n\n\ndef rest(x, n):\n    return rest(x, n - 1) if n else x"
    assert [name for name, *_ in found(tmp_path, HELPERS, SOFTMAX, loss)["value"]] == ["loss", "rest"]


def test_what_is_put_on_a_class_is_a_part_of_it(tmp_path: Path) -> None:
    layer = "class softmax:\n    def forward(self, x): raise NotImplementedError"
    put = "def add_to(owner):\n    return lambda f: setattr(owner, f.__name__, f)"
    forward = "@add_to(softmax)\ndef forward(self, x):\n    return x"
    other = "@add_to(loss)\ndef forward(self, x):\n    return -x"
    cells = [layer, put, "class loss: pass", forward, other, "def back(self): ...\nsoftmax.backward = back"]
    assert found(tmp_path, *cells)["probabilities"][:3] == [
        ("softmax", "cell 0", 1),
        ("softmax", "cell 3", 2),
        ("softmax", "cell 5", 1),
    ]


def test_what_a_module_puts_on_its_class_stands_there(tmp_path: Path) -> None:
    text = "class softmax:\n    pass\n\n\ndef forward(self, x):\n    return x\n\n\nsoftmax.forward = forward\n"
    listed = found(tmp_path, "from mine import softmax", modules={"mine.py": text})["probabilities"]
    assert listed == [("softmax", "mine.py", 1), ("softmax", "mine.py", 5)]
