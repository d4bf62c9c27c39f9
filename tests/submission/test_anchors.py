"""After which cell a check is probed, for hand-ins as students write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from grader.model import Anchor, Notebook, Uses
from grader.submission.source.anchors import find_anchors
from tests.submission.building import make_assignment, make_check, make_notebook, make_submission


def anchor(
    folder: Path,
    notebook: Notebook | None,
    *uses: str | Uses,
    names: Mapping[str, str | Sequence[str]] | None = None,
    modules: Mapping[str, str] | None = None,
) -> Anchor:
    check = make_check("probe", *uses)
    where = names or {(u if isinstance(u, str) else u.name): "" for u in uses}
    assignment = make_assignment(folder / "handout", names=where, checks=[check])
    return find_anchors(assignment, make_submission(folder, notebook, modules))["probe"]


def cell_of(folder: Path, notebook: Notebook, *uses: str | Uses) -> int:
    found = anchor(folder, notebook, *uses)
    assert found.when == "after"
    return found.cell


def test_a_check_is_probed_after_the_cell_that_defines_its_name(tmp_path: Path) -> None:
    found = anchor(tmp_path, make_notebook("import numpy", "class Affine: pass", "Affine()"), "Affine")
    assert found == Anchor(when="after", cell=1, bindings={"Affine": 1})


def test_the_last_of_several_names_decides(tmp_path: Path) -> None:
    found = anchor(tmp_path, make_notebook("def g(): pass", "x = 1", "def f(): pass"), "f", "g")
    assert (found.cell, found.bindings) == (2, {"f": 2, "g": 0})


def test_cells_are_counted_among_all_cells(tmp_path: Path) -> None:
    assert cell_of(tmp_path, make_notebook(("markdown", "# A"), "x = 1", ("raw", "x = 2")), "x") == 1


def test_the_last_definition_counts(tmp_path: Path) -> None:
    assert cell_of(tmp_path, make_notebook("def f(): pass", "f()", "def f(): return 1", "f()"), "f") == 2


@pytest.mark.parametrize(
    "later", ["Affine = Affine()", "Affine = other", "for Affine in x: pass", "from torch import Affine"]
)
def test_a_definition_outranks_a_later_assignment(tmp_path: Path, later: str) -> None:
    assert cell_of(tmp_path, make_notebook("class Affine: pass", later), "Affine") == 0


def test_an_instance_of_another_name_moves_nothing(tmp_path: Path) -> None:
    assert cell_of(tmp_path, make_notebook("class ReLU: pass", "relu = ReLU()"), "ReLU") == 0


@pytest.mark.parametrize(
    ("later", "counts"),
    [
        ("Net.predict = predict", True),
        ("Net.predict = staticmethod(predict)", True),
        ("Net.predict = lambda self: 1", True),
        ("def step(self): pass\nNet.step = step\ndel step", True),
        ("setattr(Net, 'predict', predict)", True),
        ("for one in (predict,):\n    setattr(Net, one.__name__, one)", True),
        ("@add_to_class(Net)\ndef step(self): pass", True),
        ("@patch\ndef step(self: Net): pass", True),
        ("rate = 1\nNet.rate = rate", False),
        ("Net.rate = 0.1", False),
        ("Other.predict = predict", False),
        ("def make(net: Net): pass", False),
    ],
)
def test_a_method_that_is_put_on_a_class_below_it_is_a_part_of_it(tmp_path: Path, later: str, counts: bool) -> None:
    notebook = make_notebook("class Net: pass", "def predict(self): pass", later, "net = Net()")
    assert cell_of(tmp_path, notebook, "Net") == (2 if counts else 0)


def test_a_method_of_a_later_class_of_the_name_moves_nothing(tmp_path: Path) -> None:
    notebook = make_notebook("class Net: pass", "class Net: done = 1", "Net.f = lambda self: 1")
    assert cell_of(tmp_path, notebook, Uses(name="Net", occurrence=0)) == 0
    assert cell_of(tmp_path, notebook, Uses(name="Net", occurrence=1)) == 2


def test_what_the_method_calls_is_waited_for(tmp_path: Path) -> None:
    notebook = make_notebook("class Net: pass", "def f(self): return g()\nNet.f = f", "def g(): pass", "x = 1")
    assert cell_of(tmp_path, notebook, "Net") == 2


def test_a_class_of_a_module_is_probed_after_the_cell_that_puts_a_method_on_it(tmp_path: Path) -> None:
    modules = {"layers/net.py": "class Net: pass"}
    notebook = make_notebook("from layers.net import Net", "Net.f = lambda self: 1", "x = 1")
    found = anchor(tmp_path / "a", notebook, "Net", names={"Net": "layers.net"}, modules=modules)
    assert found == Anchor(when="after", cell=1)
    untouched = make_notebook("from layers.net import Net", "Net.rate = 1")
    found = anchor(tmp_path / "b", untouched, "Net", names={"Net": "layers.net"}, modules=modules)
    assert found == Anchor(when="before")


def test_a_lambda_that_replaces_a_stub_is_a_definition(tmp_path: Path) -> None:
    assert cell_of(tmp_path, make_notebook("def relu(x): raise NotImplementedError", "relu = lambda x: x"), "relu") == 1


@pytest.mark.parametrize(
    "later", ["weights = [w - g for w, g in zip(weights, grads)]", "for i in range(3):\n    weights = [i]"]
)
def test_an_update_in_training_is_no_definition(tmp_path: Path, later: str) -> None:
    assert cell_of(tmp_path, make_notebook("weights = [1]", "weights = [2]", later), "weights") == 1


@pytest.mark.parametrize(
    "later",
    [
        "ckpt = np.load('trained.npz')\nweights = [ckpt['W1'], ckpt['W2']]",
        "if there:\n    weights, biases = pickle.load(open('trained.pkl', 'rb'))\nelse:\n    train()",
        "with np.load('trained.npz') as saved:\n    weights = list(saved.values())",
    ],
)
def test_weights_that_are_loaded_after_a_training_are_no_definition(tmp_path: Path, later: str) -> None:
    assert cell_of(tmp_path, make_notebook("weights = [draw(), draw()]", later), "weights") == 0
    assert cell_of(tmp_path, make_notebook("import numpy as np", later), "weights") == 1


def test_magics_try_and_if_do_not_hide_a_definition(tmp_path: Path) -> None:
    notebook = make_notebook("%%time\ndef f(): pass", "try:\n    import torch\nexcept ImportError:\n    def g(): pass")
    assert anchor(tmp_path, notebook, "f", "g").bindings == {"f": 0, "g": 1}


def test_a_cell_with_a_syntax_error_defines_nothing(tmp_path: Path) -> None:
    assert cell_of(tmp_path, make_notebook("def f(): pass", "def f(:"), "f") == 0


def test_a_name_that_is_nowhere_is_looked_for_at_the_end(tmp_path: Path) -> None:
    found = anchor(tmp_path, make_notebook("x = 1", "exec('y = 2')"), "x", "y")
    assert found == Anchor(when="end", bindings={"x": 0})


def test_a_check_without_names_is_probed_at_the_end(tmp_path: Path) -> None:
    assert anchor(tmp_path, make_notebook("x = 1")).when == "end"


# ---------------------------------------------------------------- one of several definitions

TWICE = make_notebook(
    ("markdown", "## Implement gradient descent"),
    "def optimize_f(x, y, step_size, steps): pass",
    ("markdown", "## Decreasing step size\n\n**(g)** Update your function"),
    "def optimize_f(x, y, step_size, steps, decay=1.0): pass",
    ("markdown", "# The end"),
    "optimize_f = None",
)


@pytest.mark.parametrize(
    ("uses", "cell"),
    [
        (Uses(name="optimize_f"), 3),
        (Uses(name="optimize_f", under="gradient DESCENT"), 1),
        (Uses(name="optimize_f", under="decreasing"), 3),
        (Uses(name="optimize_f", under="(g) Update"), 3),
        (Uses(name="optimize_f", signature=("x", "y", "step_size", "steps")), 1),
        (Uses(name="optimize_f", occurrence=0), 1),
        (Uses(name="optimize_f", occurrence=1), 3),
        (Uses(name="optimize_f", occurrence=-2), 1),
        (Uses(name="optimize_f", under="The end"), 5),
    ],
)
def test_a_check_can_ask_for_one_of_several_definitions(tmp_path: Path, uses: Uses, cell: int) -> None:
    assert cell_of(tmp_path, TWICE, uses) == cell


@pytest.mark.parametrize(
    "uses",
    [
        Uses(name="optimize_f", under="nowhere"),
        Uses(name="optimize_f", signature=("x",)),
        Uses(name="optimize_f", occurrence=2),
        Uses(name="optimize_f", under="gradient descent", occurrence=1),
    ],
)
def test_a_definition_that_was_asked_for_and_is_not_there_means_the_end(tmp_path: Path, uses: Uses) -> None:
    assert anchor(tmp_path, TWICE, uses).when == "end"


def test_a_cell_with_two_definitions_is_one_occurrence(tmp_path: Path) -> None:
    notebook = make_notebook("def f(): pass\ndef f(): return 1", "def f(): return 2")
    assert cell_of(tmp_path, notebook, Uses(name="f", occurrence=0)) == 0
    assert cell_of(tmp_path, notebook, Uses(name="f", occurrence=1)) == 1


# ---------------------------------------------------------------- modules

LINEAR = {"Linear": ["layers.linear", "ece285.layers.linear"]}


def test_names_of_modules_are_probed_before_the_first_cell(tmp_path: Path) -> None:
    notebook = make_notebook("from layers.linear import Linear", "Linear()")
    found = anchor(tmp_path, notebook, "Linear", names=LINEAR, modules={"layers/linear.py": "class Linear: pass"})
    assert found == Anchor(when="before")


def test_the_first_place_that_has_the_name_wins(tmp_path: Path) -> None:
    modules = {"layers/linear.py": "x = 1", "ece285/layers/linear.py": "class Linear: pass"}
    assert anchor(tmp_path, make_notebook("x"), "Linear", names=LINEAR, modules=modules).when == "before"


def test_a_module_that_cannot_be_parsed_still_holds_its_names(tmp_path: Path) -> None:
    found = anchor(tmp_path, make_notebook("x"), "Linear", names=LINEAR, modules={"layers/linear.py": "class Linear(:"})
    assert found.when == "before"


def test_an_import_from_its_module_does_not_make_a_notebook_name(tmp_path: Path) -> None:
    names = {"Linear": ["", "layers.linear"]}
    modules = {"layers/linear.py": "class Linear: pass", "layers/__init__.py": "from .linear import *"}
    for line in ("from layers.linear import Linear", "from layers.linear import *", "from layers import *"):
        assert anchor(tmp_path, make_notebook(line), "Linear", names=names, modules=modules).when == "before"


def test_a_notebook_name_next_to_a_module_name_is_waited_for(tmp_path: Path) -> None:
    names = {"Linear": "layers.linear", "net": ""}
    modules = {"layers/linear.py": "class Linear: pass"}
    found = anchor(tmp_path, make_notebook("x = 1", "net = 1"), "Linear", "net", names=names, modules=modules)
    assert found == Anchor(when="after", cell=1, bindings={"net": 1})


def test_without_a_notebook_everything_is_before(tmp_path: Path) -> None:
    assert anchor(tmp_path, None, "Linear", names=LINEAR, modules={"layers/linear.py": ""}).when == "before"


@pytest.mark.parametrize(
    "line", ["from mine import *", "from mine import Affine", "from mine import A as Affine", "from package import *"]
)
def test_a_notebook_name_can_come_from_a_module_of_the_students_own(tmp_path: Path, line: str) -> None:
    modules = {
        "mine.py": "class Affine: pass\nclass A: pass",
        "package/__init__.py": "from .inner import *",
        "package/inner.py": "from mine import Affine",
    }
    notebook = make_notebook("x = 1", line, "Affine = Affine()")
    assert anchor(tmp_path, notebook, "Affine", modules=modules).cell == 1


def test_a_star_import_gives_what_all_lists(tmp_path: Path) -> None:
    modules = {"a.py": "__all__ = ['_f']\ndef _f(): pass\ndef g(): pass", "b.py": "def _h(): pass"}
    notebook = make_notebook("from a import *", "from b import *")
    assert anchor(tmp_path, notebook, "_f", modules=modules).cell == 0
    assert anchor(tmp_path, notebook, "g", modules=modules).when == "end"
    assert anchor(tmp_path, notebook, "_h", modules=modules).when == "end"


def test_modules_that_import_each_other_in_a_circle_are_read(tmp_path: Path) -> None:
    modules = {
        "a.py": "from b import *\nfrom b import x as y\ndef f(): pass",
        "b.py": "from a import *\nfrom a import y as x\ndef g(): pass",
    }
    assert anchor(tmp_path, make_notebook("from a import *"), "f", "g", "y", modules=modules).cell == 0


def test_modules_are_looked_for_beside_the_notebook_first(tmp_path: Path) -> None:
    modules = {"work/mine.py": "def f(): pass", "mine.py": "x = 1"}
    notebook = make_notebook("from mine import *", name="work/hw.ipynb")
    assert anchor(tmp_path, notebook, "f", modules=modules).cell == 0


def test_many_star_imports_of_many_are_read_once_each(tmp_path: Path) -> None:
    modules = {f"m{n}.py": f"from m{n + 1} import *\nfrom m{n + 2} import *\nv{n} = 1" for n in range(60)}
    assert anchor(tmp_path, make_notebook("from m0 import *"), "v0", "v5", modules=modules).cell == 0


# ---------------------------------------------------------------- cells that were run in another order


def test_a_helper_that_is_defined_below_is_waited_for(tmp_path: Path) -> None:
    net = "class Net:\n    def __init__(self): self.w = xavier(3)"
    assert (
        cell_of(tmp_path, make_notebook(net, "x = 1", "def xavier(n): return draw(n)", "def draw(n): pass"), "Net") == 3
    )
    assert cell_of(tmp_path, make_notebook("def f(a): return a + np.e", "x = 1", "import numpy as np"), "f") == 2


def test_what_is_there_already_or_only_assigned_later_moves_nothing(tmp_path: Path) -> None:
    assert cell_of(tmp_path, make_notebook("def g(): pass", "def f(): g()", "def g(): return 1"), "f") == 1
    assert cell_of(tmp_path, make_notebook("def f(): return w", "w = 1"), "f") == 0
    assert cell_of(tmp_path, make_notebook("def f(g): return g()", "def g(): pass"), "f") == 0


def test_a_check_stays_with_its_definition_when_a_helper_comes_after_the_next(tmp_path: Path) -> None:
    book = make_notebook("def f(): return g()", "def f(): return 2", "def g(): pass")
    assert cell_of(tmp_path, book, Uses(name="f", occurrence=0)) == 0
