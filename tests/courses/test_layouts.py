"""Right work in the layouts that students, courses and platforms give it: graded right, or refused for a plain reason.

`LAYOUTS` maps a layout to its assignment and its files; a file's text is made of the correct example's.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import grader
from grader.cohort.discover import fingerprint_of
from grader.cohort.records import BatchResult, CohortEntry, Job, Setup
from grader.cohort.slot import Slot
from tests.support import one_in

ROOT = Path(__file__).parents[2]
Notebook = dict[str, Any]
Files = Mapping[str, "str | bytes | Notebook"]


def read(name: str) -> Notebook:
    """A correct example's notebook."""
    notebook: Notebook = json.loads((ROOT / "examples" / name).read_text())
    notebook["metadata"].pop("grader", None)
    return notebook


def sources(*names: str) -> dict[str, str]:
    return {path.rpartition("/")[2]: (ROOT / path).read_text() for path in names}


def code(source: str, **metadata: Any) -> dict[str, Any]:
    return {"cell_type": "code", "execution_count": None, "metadata": metadata, "outputs": [], "source": source}


def after(notebook: Notebook, *cells: str) -> Notebook:
    """The notebook below more cells of code."""
    return notebook | {"cells": [*map(code, cells), *notebook["cells"]]}


def edited(notebook: Notebook, *pairs: tuple[str, str]) -> Notebook:
    """The notebook with texts replaced, each of which is there."""
    text = json.dumps(notebook)
    for old, new in pairs:
        inner = json.dumps(old)[1:-1]
        assert inner in text, old
        text = text.replace(inner, json.dumps(new)[1:-1])
    changed: Notebook = json.loads(text)
    return changed


def below(folder: str, files: Files) -> Files:
    return {f"{folder}/{name}": content for name, content in files.items()}


def renamed(files: Files, change: Callable[[str], str]) -> Files:
    return {change(name): content for name, content in files.items()}


def replaced(files: Mapping[str, str], old: str, new: str) -> dict[str, str]:
    return {name: text.replace(old, new) for name, text in files.items()}


def zipped(files: Files) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, json.dumps(content) if isinstance(content, dict) else content)
    return whole.getvalue()


def text_of(cell: Mapping[str, Any]) -> str:
    return "".join(cell["source"])


def saved_as(notebook: Notebook, head: str, code_mark: str, text: Callable[[str], str]) -> str:
    """The notebook as a Python file of some tool's."""
    pieces = [code_mark + text_of(c) if c["cell_type"] == "code" else text(text_of(c)) for c in notebook["cells"]]
    return head + "\n\n".join(pieces) + "\n"


def commented(text: str) -> str:
    return "\n".join(f"# {line}" for line in text.split("\n"))


# ---------------------------------------------------------------- ece176_a3: four modules and a notebook

NB = "neural_network.ipynb"
E = read("ece176_a3/correct/neural_network.ipynb")
FLAT = sources(*(f"examples/ece176_a3/correct/layers/{n}.py" for n in ("linear", "relu", "softmax", "loss_func")))
OWN = {f"layers/{name}": text for name, text in FLAT.items()}
GIVEN = {
    name: (ROOT / "assignments/ece176_a3" / name).read_text()
    for name in ("layers/__init__.py", "layers/base_layer.py", "layers/sequential.py", "utils/optimizer.py")
}
ALL = {**OWN, **GIVEN, "utils/__init__.py": ""}
LOADS = ("from layers.", "from utils.")


def with_helper(module: str) -> Files:
    """The modules, of which one needs a function of the student's own from `module`."""
    linear = OWN["layers/linear.py"].replace("self.x.T @ dout", "outer(self.x, dout)")
    return {
        NB: E,
        **OWN,
        "layers/linear.py": linear.replace("import numpy", f"from {module} import outer\nimport numpy"),
    }


OUTER = "def outer(x, d):\n    return x.T @ d\n"

MODULES: dict[str, Files] = {
    "as handed out": {NB: E, **OWN},
    "wrapped in folders by a zip and by macOS": {**below("hw3 (1)/hw3", {NB: E, **OWN}), "__MACOSX/hw3/._x": ""},
    "notebook in a folder, path of the folder above": {
        f"nb/{NB}": after(E, "import sys\nsys.path.append('..')"),
        **ALL,
    },
    "notebook among the layers": {f"layers/{NB}": after(E, "import sys\nsys.path.append('..')"), **ALL},
    "modules in src on the path": {NB: after(E, "import sys\nsys.path.append('src')"), **below("src", ALL)},
    "modules in src, imported from it": {
        NB: edited(E, *((load, load.replace("from ", "from src.")) for load in LOADS)),
        **below("src", replaced(ALL, "from layers.", "from src.layers.")),
    },
    "folder named by cd": {NB: after(E, "%cd hw3"), **below("hw3", ALL)},
    "Google Drive": {
        NB: after(E, "from google.colab import drive\ndrive.mount('/content/drive')\n%cd /content/drive"),
        **OWN,
    },
    "another edition's package": {
        NB: edited(E, *((load, load.replace("from ", "from ece285.")) for load in LOADS)),
        **below("ece285", replaced(ALL, "from layers.", "from ece285.layers.")),
    },
    "relative imports": {NB: E, **replaced(OWN, "from layers.base_layer", "from .base_layer")},
    "side by side": {NB: E, **FLAT},
    "side by side with imports to match": {
        NB: edited(E, *((load, "from ") for load in LOADS)),
        **replaced(FLAT, "from layers.", "from "),
    },
    "side by side with Canvas's numbers": renamed({NB: E, **FLAT}, lambda n: n.replace(".", "-2.")),
    "side by side with Canvas's names": renamed({NB: E, **FLAT}, lambda n: f"doejane_LATE_123_4567_{n}"),
    "side by side with Moodle's names": renamed({NB: E, **FLAT}, lambda n: f"Jane Doe_123_assignsubmission_file_{n}"),
    "a second download": renamed({NB: E, **OWN}, lambda n: n.replace("linear.py", "linear (1).py")),
    "a copy from Colab": {f"Copy of {NB}": E, **OWN},
    "files in capitals": {
        NB: edited(E, ("layers.linear", "layers.Linear"), ("layers.relu", "layers.ReLU")),
        **renamed(OWN, lambda n: n.replace("linear", "Linear").replace("relu", "ReLU")),
    },
    "folder in capitals": {
        NB: edited(E, ("from layers.", "from Layers.")),
        **renamed(OWN, lambda n: n.replace("l", "L", 1)),
    },
    "one module under a name of the student's": {
        NB: edited(E, ("layers.linear", "layers.linear_solution")),
        **renamed(OWN, lambda n: n.replace("linear.py", "linear_solution.py")),
    },
    "all layers in one module": {
        NB: edited(E, *((f"from layers.{n} ", "from my_layers ") for n in ("linear", "relu", "softmax", "loss_func"))),
        "my_layers.py": "\n\n".join(FLAT.values()),
    },
    "helper beside the layers": {**with_helper("layers.tools"), "layers/tools.py": OUTER},
    "helper beside the notebook": {**with_helper("my_tools"), "my_tools.py": OUTER},
    "helper among the course's": {**with_helper("utils.tools"), "utils/tools.py": OUTER},
    "helper called grader": {**with_helper("grader"), "grader.py": OUTER},
    "helper called checks": {**with_helper("checks"), "checks.py": OUTER},
    "helper called as one of Python's modules": {**with_helper("test"), "test.py": OUTER},
    "an older version in a folder": {NB: E, **OWN, **below("old", {NB: E, **replaced(OWN, "sum(axis=0)", "mean(0)")})},
    "tests and settings beside": {
        NB: E,
        **OWN,
        "test_linear.py": "raise SystemExit(1)\n",
        "setup.py": "raise SystemExit\n",
    },
    "another notebook beside": {NB: E, "plots.ipynb": E | {"cells": [code("print(1)")]}, **OWN},
    "a file from Windows": {NB: E, **OWN, "layers/relu.py": ("# größer\n" + OWN["layers/relu.py"]).encode("cp1252")},
    "a zip in a zip": {"hand_in.zip": zipped({"inner/hw3.zip": zipped({NB: E, **OWN})})},
    "the modules in a zip beside the notebook": {NB: E, "layers.zip": zipped(OWN)},
    "modules without a notebook": OWN,
    "modules without a notebook, side by side": FLAT,
    "classes in the notebook": {
        NB: after(
            edited(E, *((f"from layers.{n} import", "pass #") for n in ("linear", "relu", "softmax", "loss_func"))),
            *FLAT.values(),
        )
    },
}

# ---------------------------------------------------------------- tum_ex09: a notebook, some of it moved elsewhere

TUM = "exercise_09_notebook.ipynb"
T = read("tum_ex09/correct.ipynb")
NAMES = ("Affine", "ReLU", "CategoricalCrossEntropy")
MOVED = [c for c in T["cells"] if text_of(c).startswith(tuple(f"class {name}" for name in NAMES))]
REST = T | {"cells": [c for c in T["cells"] if c not in MOVED]}
LAYERS = "import numpy as np\n\n\n" + "\n\n\n".join(map(text_of, MOVED)) + "\n"
IMPORT = f"from my_layers import {', '.join(NAMES)}"
LAYERS_NB = T | {"cells": [code(LAYERS)]}
FOREIGN = [code("SELECT * FROM images;", vscode={"languageId": "sql"})]

NOTEBOOKS: dict[str, Files] = {
    "a helper module": {TUM: after(REST, IMPORT), "my_layers.py": LAYERS},
    "a module in other letters": {TUM: after(REST, "from layers import *"), "Layers.py": LAYERS},
    "a module with a platform's number": {TUM: after(REST, IMPORT), "my_layers-1.py": LAYERS},
    "a module with a browser's number": {TUM: after(REST, IMPORT), "my_layers (1).py": LAYERS},
    "a module in a folder beside": {
        f"nb/{TUM}": after(REST, "import sys\nsys.path.append('../src')", IMPORT),
        "src/my_layers.py": LAYERS,
    },
    "a module called grader": {TUM: after(REST, IMPORT.replace("my_layers", "grader")), "grader.py": LAYERS},
    "a package called grader": {
        TUM: after(REST, IMPORT.replace("my_layers", "grader.layers")),
        "grader/__init__.py": "",
        "grader/layers.py": LAYERS,
    },
    "a package that gives its module's names": {
        TUM: after(REST, "from nn import *"),
        "nn/__init__.py": "from .layers import *\n",
        "nn/layers.py": LAYERS,
    },
    "a folder without __init__": {TUM: after(REST, IMPORT.replace("my_layers", "a.b")), "a/b.py": LAYERS},
    "another notebook by import_ipynb": {TUM: after(REST, "import import_ipynb", IMPORT), "my_layers.ipynb": LAYERS_NB},
    "another notebook by nbimporter": {TUM: after(REST, f"import nbimporter\n{IMPORT}"), "my_layers.ipynb": LAYERS_NB},
    "another notebook by ipynb.fs": {
        TUM: after(REST, IMPORT.replace("my_layers", "ipynb.fs.full.my_layers")),
        "my_layers.ipynb": LAYERS_NB,
    },
    "another notebook by %run": {TUM: after(REST, "%run my_layers.ipynb"), "my_layers.ipynb": LAYERS_NB},
    "saved by VS Code": {"hw.py": saved_as(T, "", "# %%\n", lambda t: "# %% [markdown]\n" + commented(t))},
    "saved by nbconvert": {
        "hw.py": saved_as(T, "#!/usr/bin/env python\n# coding: utf-8\n\n", "# In[1]:\n\n\n", commented)
    },
    "saved by Colab": {
        "hw.py": saved_as(T, '# -*- coding: utf-8 -*-\n"""hw.ipynb"""\n\n', "", lambda t: f'"""{t}\n"""')
    },
    "saved by Databricks": {
        "hw.py": saved_as(
            T,
            "# Databricks notebook source\n",
            "# COMMAND ----------\n\n",
            lambda t: "# COMMAND ----------\n\n" + "\n".join(f"# MAGIC {line}" for line in f"%md\n{t}".split("\n")),
        )
    },
    "typed as a script": {"hw.py": saved_as(T, "", "", commented)},
    "a notebook in Windows' encoding": {
        TUM: json.dumps(
            T | {"cells": [{"cell_type": "markdown", "metadata": {}, "source": "Größe – ‘x’"}, *T["cells"]]},
            ensure_ascii=False,
        ).encode("cp1252")
    },
    "cells of another language": {TUM: T | {"cells": FOREIGN + T["cells"]}},
    "cell magics of another machine": {TUM: edited(T, ("class ReLU:", "%%wandb -p hw\nclass ReLU:"))},
    "an import that lacks a name": {TUM: edited(T, ("import softmax", "import no_such_function, softmax"))},
    "a setting that is gone": {TUM: edited(T, ("import numpy as np\n", "import numpy as np\nnp.set_gone(1)\n"))},
    "a machine's names, and half a letter printed": {
        TUM: after(T, "import getpass\nprint(getpass.getuser())", "print('\\ud800')", "raise ValueError('\\udc80')")
    },
    "a stream set to None": {TUM: after(T, "import sys\nsys.stdout = sys.stderr = None")},
}

# ---------------------------------------------------------------- c147_hw3: a notebook, two modules, given helpers

C = read("c147_hw3/correct/FC_nets.ipynb")
NETS = {f"nndl/{n}.py": (ROOT / f"examples/c147_hw3/correct/nndl/{n}.py").read_text() for n in ("layers", "fc_net")}
HELPERS = {n: (ROOT / "assignments/c147_hw3" / n).read_text() for n in ("utils/optim.py", "utils/solver.py")}
SIGN = "\n\nimport numpy as np\n\n\ndef signs(w, dw, config=None):\n    return w - 1e-3 * np.sign(dw), config or {}\n"
SIGNED = edited(C, ('update_rule="sgd"', 'update_rule="signs"'))

NETWORKS: dict[str, Files] = {
    "a rule of the student's in a provided module": {
        "FC_nets.ipynb": SIGNED,
        **NETS,
        "utils/optim.py": HELPERS["utils/optim.py"] + SIGN,
    },
    "the same in another package than its Solver": {
        "FC_nets.ipynb": SIGNED,
        **NETS,
        "nndl/optim.py": HELPERS["utils/optim.py"] + SIGN,
    },
    "Solver and rules of another edition": {
        "FC_nets.ipynb": edited(SIGNED, ("from utils.solver", "from nndl.solver")),
        **NETS,
        "nndl/optim.py": HELPERS["utils/optim.py"] + SIGN,
        "nndl/solver.py": HELPERS["utils/solver.py"].replace("from utils", "from nndl"),
    },
    "a provided module from a package that lacks it": {
        "FC_nets.ipynb": C,
        "nndl/layers.py": NETS["nndl/layers.py"],
        "nndl/fc_net.py": NETS["nndl/fc_net.py"].replace("from .layer_utils", "from cs231n.layer_utils"),
    },
}

LAYOUTS = one_in(
    12,
    (
        *((name, ("ece176_a3", files)) for name, files in MODULES.items()),
        *((name, ("tum_ex09", files)) for name, files in NOTEBOOKS.items()),
        *((name, ("c147_hw3", files)) for name, files in NETWORKS.items()),
    ),
)
REFUSED: dict[str, tuple[str, Files, str]] = {
    "the notebook alone, its modules left out": ("ece176_a3", {NB: E}, "the work is in the modules beside it"),
    "a PDF of the notebook": ("tum_ex09", {"hw.pdf": b"%PDF-1.4"}, "holds a PDF and no notebook"),
    "notebooks of other homework": (
        "tum_ex09",
        {"hw7.ipynb": T | {"cells": [code("a = 1")]}, "hw8.ipynb": T | {"cells": [code("b = 1")]}},
        "none is clearly that of tum_ex09",
    ),
}


def hand_in(folder: Path, files: Files) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, dict):
            content = json.dumps(content)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


@pytest.fixture(scope="module")
def slot() -> Iterator[Slot]:
    """One worker for all of them, as in a batch."""
    with Slot(Setup(root=str(ROOT), seed="recorded")) as slot:
        yield slot


def graded(slot: Slot, folder: Path, assignment: str, files: Files) -> BatchResult:
    place = hand_in(folder / "in", files)
    entry = CohortEntry(path="in", place=str(place), student="s", content=fingerprint_of({"in": place})[0])
    return slot.grade(Job(number=0, submission=entry, assignment=assignment))


@pytest.mark.parametrize(("assignment", "files"), LAYOUTS)
def test_right_work_is_right_in_any_layout(assignment: str, files: Files, slot: Slot, tmp_path: Path) -> None:
    result = graded(slot, tmp_path, assignment, files)
    assert result.status == "graded", result.reason
    checks = [check for part in result.report["parts"] for check in part["checks"]]
    assert [(check["id"], check["message"]) for check in checks if check["status"] != "passed"] == []
    assert result.score == result.max_score


@pytest.mark.parametrize(("assignment", "files", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_graded_is_refused_with_its_reason(
    assignment: str, files: Files, reason: str, slot: Slot, tmp_path: Path
) -> None:
    result = graded(slot, tmp_path, assignment, files)
    assert result.status == "ungradable"
    assert reason in result.reason


@pytest.mark.slow
def test_a_notebook_named_by_itself_brings_the_modules_that_it_imports(tmp_path: Path) -> None:
    folder = hand_in(tmp_path, {TUM: after(REST, IMPORT), "my_layers.py": LAYERS, "other.py": "raise SystemExit\n"})
    report = grader.grade(folder / TUM, course=ROOT, seed="recorded")
    assert report.score == report.max_score
    assert any("my_layers.py" in note for note in report.notes)
    assert not any("other.py" in note for note in report.notes)
