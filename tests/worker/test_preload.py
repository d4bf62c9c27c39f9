"""Libraries loaded ahead are as student code would find them after its own import."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

TOLD = """
import json, sys
print(json.dumps({
    "figures": plt.get_fignums(),
    "settings": {name: str(value) for name, value in plt.rcParams.items()},
    "plot": plt.plot([1, 2])[0].get_color(),
    "number": plt.gcf().number,
    "finders": [str(finder).partition(" at ")[0] for finder in sys.meta_path],
    "help": plt.Line2D.__init__.__doc__ or "",
    "tables": "antialiased or aa" in (plt.plot.__doc__ or ""),
}))
"""


def after(preparation: str) -> dict[str, Any]:
    code = f"{preparation}\nimport matplotlib.pyplot as plt\n{TOLD}"
    environment = {**os.environ, "MPLBACKEND": "agg"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("draw", [True, False])
def test_pyplot_is_the_same_but_for_the_tables_in_its_help(draw: bool) -> None:
    plain = after("")
    quick = after(f"from grader.worker.preload import hurry, load\nhurry()\nload(['matplotlib.pyplot'], draw={draw})")

    assert plain.pop("tables")
    assert not quick.pop("tables")
    assert quick.pop("help").partition("\n")[0] == plain.pop("help").partition("\n")[0]
    assert quick == plain


def test_what_is_not_installed_is_passed_over() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from grader.worker.preload import load\nload(['no_such_package', 'fractions'])"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_what_looks_for_an_optional_package_at_its_import_finds_the_stand_in() -> None:
    code = "import sys; from grader.worker.preload import STAND_INS, load; load(['tqdm.notebook']); "
    code += "from tqdm.notebook import trange; print(STAND_INS in sys.path, sum(trange(4)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.endswith("False 6\n"), done.stderr
