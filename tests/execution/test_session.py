"""What student code does to a session: each broken cell or probe costs only itself."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs

from grader.execution.observe import observe
from grader.execution.process import RootProcess
from grader.execution.session import Session
from grader.model import Anchor, Check, Limits, NotArray, Observation, StudentError
from grader.sandbox.watchdog import descendants
from grader.submission.source.cell_safety import is_harmless
from grader.worker.messages import Replacement
from tests.support import after, make_assignment, make_check, make_submission

END = Anchor(when="end")
BEFORE = Anchor(when="before")
LIMITS = Limits(cell=1.0, check=1.0, submission=60.0)


class Runner:
    """Runs cells in one warm worker for the module's tests."""

    def __init__(self) -> None:
        self.root = RootProcess()
        self.session: Session | None = None

    def __call__(
        self,
        folder: Path,
        cells: Sequence[str],
        checks: Sequence[Check],
        anchors: Sequence[Anchor],
        *,
        modules: dict[str, str] | None = None,
        names: dict[str, str] | None = None,
        limits: Limits = LIMITS,
    ) -> Session:
        assignment = make_assignment(folder, checks, names or {"f": ""}, limits)
        submission = make_submission(folder, cells, modules)
        by_check = {c.id: a for c, a in zip(checks, anchors, strict=True)}
        self.end()
        self.session = session = Session(self.root, assignment, submission, by_check, seed=5)
        session.run_cells()
        return session

    def end(self) -> None:
        """End the session before: one at a time is in a slot."""
        if self.session is not None:
            self.session.close()

    def observe(
        self, folder: Path, cells: Sequence[str], body: str, anchor: Anchor = END, **more: object
    ) -> Observation:
        check = make_check(body, uses=["f"])
        session = self(folder, cells, [check], [anchor], **more)  # type: ignore[arg-type]
        return observe(session, check, seed=5)


@pytest.fixture(scope="module")
def run() -> Iterator[Runner]:
    runner = Runner()
    yield runner
    runner.end()
    runner.root.close()


GOOD = "def f(x):\n    return 2 * x"
DOUBLE = "return {'y': student.f(np.arange(3.0))}"


@pytest.mark.parametrize(
    ("cell", "status"),
    [
        ("1 / 0", "error"),
        ("def broken(:", "error"),
        ("import sys; sys.exit(3)", "error"),
        ("raise KeyboardInterrupt", "error"),
        ("import os; os._exit(0)", "crashed"),
        ("import os; os.kill(os.getpid(), 9)", "crashed"),
        ("while True:\n    pass", "timeout"),
        ("while True:\n    try:\n        while True: pass\n    except BaseException:\n        pass", "timeout"),
        ("import ctypes; ctypes.string_at(0)", "crashed"),
        ("def g():\n    return g()\ng()", "error"),
        ("x = 'y' * 2_000_000\nfor i in range(100):\n    print(x)", "ok"),
        ("input('your name? ')", "error"),
        ("!pip install something", "ok"),
        ("%pip install something", "ok"),
        ("from google.colab import drive; drive.mount('/content/drive')", "ok"),
        ("%load_ext autoreload\n%autoreload 2\n%matplotlib inline", "ok"),
        ("%%time\nx = 1", "ok"),
        ("%%wandb --height 400\n%%memit\nx = 1", "ok"),
        ("%%wandb\nx = 1 / 0", "error"),
        ("exit()", "ok"),
        ("import numpy as np\nnp.random.seed = None\nnp.asarray = None", "ok"),
        ("bytearray(20 * 10**9)", "error"),
    ],
)
def test_a_broken_cell_costs_only_itself(run: Runner, tmp_path: Path, cell: str, status: str) -> None:
    check = make_check(DOUBLE, uses=["f"])
    session = run(tmp_path, [GOOD, "kept = 7", cell, "later = kept + 1"], [check], [END])
    assert [c.status for c in session.cells] == ["ok", "ok", status, "ok"]
    seen = observe(session, check, seed=1)
    assert seen.ended == "returned"
    np.testing.assert_array_equal(seen.values["y"], [0, 2, 4])


@pytest.mark.parametrize(
    ("body", "ended"),
    [
        ("raise ValueError('no')", "error"),
        ("import sys; sys.exit()", "error"),
        ("import os; os._exit(0)", "crashed"),
        ("import os; os.kill(os.getpid(), 9)", "crashed"),
        ("while True: pass", "timeout"),
        ("import ctypes; ctypes.string_at(0)", "crashed"),
        ("return student.f()", "error"),
        ("return None", "returned"),
        ("return 3", "error"),
        ("return student.nothing", "missing"),
        ("return {'x': student.notebook['nothing']}", "missing"),
        ("raise NotImplementedError", "missing"),
        ("from grader import ForPerson\nraise ForPerson('no list `weights`')", "unclear"),
        ("class A: pass\nA().forward", "missing"),
    ],
)
def test_each_end_of_a_probe_is_told_apart_and_the_next_one_runs(
    run: Runner, tmp_path: Path, body: str, ended: str
) -> None:
    bad, good = make_check(body, name="bad", uses=["f"]), make_check(DOUBLE, name="good", uses=["f"])
    session = run(tmp_path, [GOOD], [bad, good], [END, END])
    assert observe(session, bad, seed=1).ended == ended
    assert observe(session, good, seed=1).ended == "returned"


def test_values_that_are_no_arrays_cost_their_own_name(run: Runner, tmp_path: Path) -> None:
    seen = run.observe(tmp_path, ["def f(): return object(), 1.5"], "a, b = student.f()\nreturn {'a': a, 'b': b}")
    assert isinstance(seen.values["a"], NotArray)
    assert seen.values["b"] == 1.5


def test_each_probe_sees_the_state_of_its_own_anchor(run: Runner, tmp_path: Path) -> None:
    first, second = make_check("return {'y': student.f()}", name="a"), make_check("return {'y': student.f()}", name="b")
    cells = ["def f(): return 1", "x = 1", "def f(): return 2", "del f"]
    session = run(tmp_path, cells, [first, second], [after(0, "f"), after(2, "f")])
    assert observe(session, first, seed=1).values["y"] == 1
    assert observe(session, second, seed=1).values["y"] == 2


def test_a_helper_file_fails_in_its_own_words_and_no_student_code_can_import_it(run: Runner, tmp_path: Path) -> None:
    helper = "# a file of its own\ndef same(x, y):\n    assert x == y, f'{x} is not {y}'\n"
    body = "from checks_same import same\nsame(student.f(), 'found')\nsame(1, 2)"
    check = structs.replace(make_check(body, uses=["f"]), helpers={"checks_same.py": helper})
    cell = "def f():\n    try:\n        import checks_same\n    except ModuleNotFoundError:\n        return 'found'"
    session = run(tmp_path, [cell], [check], [END])
    seen = observe(session, check, seed=1)
    assert (seen.ended, seen.error and seen.error.message) == ("failed", "1 is not 2")
    assert seen.at == ("checks_same.py", 3)


def test_a_probe_changes_nothing_for_the_next(run: Runner, tmp_path: Path) -> None:
    body = (
        "student.f.__dict__['n'] = student.f.__dict__.get('n', 0) + 1\nreturn {'n': student.f.n, 'r': np.random.rand()}"
    )
    check = make_check(body)
    session = run(tmp_path, [GOOD], [check], [END])
    one, two = observe(session, check, seed=1), observe(session, check, seed=1)
    assert one.values["n"] == two.values["n"] == 1
    assert one.values["r"] == two.values["r"]


def test_the_seed_decides_the_points(run: Runner, tmp_path: Path) -> None:
    check = make_check("return {'x': rng.normal(size=3)}")
    session = run(tmp_path, [GOOD], [check], [END])
    a, b, c = (observe(session, check, seed=s).values["x"] for s in (1, 1, 2))
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)


def test_an_input_changed_in_place_is_named(run: Runner, tmp_path: Path) -> None:
    body = "data = rng.normal(size=4)\nkept = rng.normal(size=4)\nstudent.f(data)\nreturn {'y': 1.0}"
    seen = run.observe(tmp_path, ["def f(x):\n    x *= 2"], body)
    assert seen.changed == ("data",)


def test_a_cell_that_dies_still_gives_its_definitions(run: Runner, tmp_path: Path) -> None:
    cell = "import os\nos._exit(1)\ndef f(x):\n    return 2 * x"
    seen = run.observe(tmp_path, [cell], DOUBLE, after(0, "f"))
    assert seen.ended == "returned"


def test_cells_that_use_up_their_time_leave_the_checks_theirs_and_no_processes(
    run: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forks: list[object] = []
    fork = Session._fork_snapshot
    monkeypatch.setattr(Session, "_fork_snapshot", lambda self, process: forks.append(process) or fork(self, process))
    hang = "import time\nwhile True:\n    try:\n        time.sleep(9)\n    except BaseException: pass"
    cells = [GOOD, *[hang] * 4, *["x = [1]\nx.sort()"] * 20]  # more than enough, whatever else the machine does
    seen = run.observe(tmp_path, cells, DOUBLE, limits=Limits(cell=20.0, submission=4.0))
    assert seen.ended == "returned"
    assert run.session is not None
    assert [cell.status for cell in run.session.cells[5:]] == ["skipped"] * 20
    assert run.session.cells[-1].error == StudentError(
        type="NotRun", message="the time for all cells, 3.2 s, was used up"
    )
    assert len(forks) < 20
    run.session.close()
    assert not [note for note in run.session.notes if "what came after" in note]


def test_a_definition_below_a_failing_line_is_taken(run: Runner, tmp_path: Path) -> None:
    seen = run.observe(tmp_path, ["1 / 0\ndef f(x):\n    return 2 * x"], DOUBLE, after(0, "f"))
    assert seen.ended == "returned"


def test_a_definition_above_a_failing_line_is_not_made_again(run: Runner, tmp_path: Path) -> None:
    cell = "def f(x):\n    return 2 * x\nf.mark = 1\n1 / 0"
    seen = run.observe(tmp_path, [cell], "return {'m': student.f.mark}", after(0, "f"))
    assert seen.values["m"] == 1


def test_what_a_slow_cell_has_computed_is_kept(run: Runner, tmp_path: Path) -> None:
    search = "import time\nbest = 0\nfor trial in range(1000):\n    best = trial\n    time.sleep(0.1)\nbest = -1"
    seen = run.observe(tmp_path, ["import numpy as np", search, "f = best"], 'return {"best": student.f}')
    assert run.session is not None
    assert [cell.status for cell in run.session.cells] == ["ok", "timeout", "ok"]
    assert run.session.cells[1].error is not None
    assert "within 1 s" in run.session.cells[1].error.message
    assert run.session.cells[1].error.frames == ()  # or no two reports of it were the same
    assert 0 < seen.values["best"] < 20


def test_a_cell_that_catches_the_interrupt_is_ended(run: Runner, tmp_path: Path) -> None:
    stubborn = "import time\nf = 1\nwhile True:\n    try:\n        time.sleep(9)\n    except BaseException: pass"
    seen = run.observe(tmp_path, ["f = 2", stubborn], 'return {"f": student.f}')
    assert run.session is not None
    assert [cell.status for cell in run.session.cells] == ["ok", "timeout"]
    assert seen.values["f"] == 2


def test_one_hang_after_another_is_ended_each_time(run: Runner, tmp_path: Path) -> None:
    hang = "while True:\n    pass"
    check = make_check(DOUBLE, uses=["f"])
    session = run(tmp_path, [GOOD, hang, hang, "x = 1"], [check], [END])
    assert [c.status for c in session.cells] == ["ok", "timeout", "timeout", "ok"]
    assert session.cells[2].error is not None
    assert "did not finish" in session.cells[2].error.message
    time.sleep(0.1)
    assert _busy(run.root.pid) == 0


def test_closing_the_workers_socket_ends_in_skipped_cells(run: Runner, tmp_path: Path) -> None:
    check = make_check(DOUBLE, uses=["f"])
    session = run(tmp_path, [GOOD, "import os\nos.closerange(3, 256)", "x = 1"], [check], [END])
    assert session.cells[1].status in ("ok", "crashed")
    assert observe(session, check, seed=1).ended in ("returned", "crashed")


def test_modules_are_probed_without_the_notebook(run: Runner, tmp_path: Path) -> None:
    seen = run.observe(tmp_path, ["while True: pass"], DOUBLE, BEFORE, modules={"layer.py": GOOD}, names={"f": "layer"})
    assert seen.ended == "returned"


def test_a_module_that_hangs_at_import_times_out_once(run: Runner, tmp_path: Path) -> None:
    modules = {"slow.py": "while True: pass\ndef f(x): return x"}
    seen = run.observe(tmp_path, ["x = 1"], DOUBLE, BEFORE, modules=modules, names={"f": "slow"})
    assert seen.ended == "timeout"
    assert seen.seconds < 0.5


def test_a_module_that_raises_at_import_is_an_error_with_its_line(run: Runner, tmp_path: Path) -> None:
    modules = {"bad.py": "x = 1\ny = x / 0\n"}
    seen = run.observe(tmp_path, ["x = 1"], DOUBLE, BEFORE, modules=modules, names={"f": "bad"})
    assert seen.ended == "error"
    assert seen.error is not None
    assert (seen.error.type, seen.error.frames[-1].file, seen.error.frames[-1].line) == (
        "ZeroDivisionError",
        "bad.py",
        2,
    )


def test_a_module_that_is_absent_is_missing(run: Runner, tmp_path: Path) -> None:
    assert run.observe(tmp_path, ["x = 1"], DOUBLE, BEFORE, names={"f": "nowhere"}).ended == "missing"


def test_an_error_quotes_the_line_of_the_cell(run: Runner, tmp_path: Path) -> None:
    seen = run.observe(tmp_path, ["x = 1", "def f(x):\n    return x.nothing"], DOUBLE)
    assert seen.error is not None
    assert seen.error.frames[-1].file == "cell 1"
    assert seen.error.frames[-1].text == "return x.nothing"


def test_a_hidden_checks_error_carries_no_message(run: Runner, tmp_path: Path) -> None:
    cell = "def f(x):\n    raise type('Secret' + str(x[1]), (ValueError,), {})('told: ' + str(x))"
    check = make_check(DOUBLE, uses=["f"], visibility="hidden")
    seen = observe(run(tmp_path, [cell], [check], [END]), check, seed=1)
    assert seen.error is not None
    assert (seen.error.type, seen.error.message) == ("ValueError", "")


def test_the_students_name_for_an_output_cannot_forge_a_frame(run: Runner, tmp_path: Path) -> None:
    cell = "def f(x):\n    exec(compile('raise ValueError', 'cell 99', 'exec'))"
    seen = run.observe(tmp_path, [cell], DOUBLE)
    assert seen.error is not None
    assert all(frame.file == "cell 0" for frame in seen.error.frames)


def test_follow_through_replaces_bindings_and_instances(run: Runner, tmp_path: Path) -> None:
    cells = [
        "class Layer:\n    def go(self): return 1",
        "made = [Layer()]\nAlias = Layer\ndef f(): return made[0].go() + Alias().go()",
    ]
    check = make_check("return {'y': student.f()}")
    session = run(tmp_path, cells, [check], [END], names={"f": "", "Layer": ""})
    reference = Replacement("Layer", "class Layer:\n    def go(self): return 10\n", "")
    assert observe(session, check, seed=1).values["y"] == 2
    again = observe(session, check, seed=1, replacements=[reference])
    assert again.values["y"] == 20
    assert again.replaced["Layer"] == 1  # how many bindings there were is the child's word


def test_follow_through_replaces_an_import_in_another_module(run: Runner, tmp_path: Path) -> None:
    modules = {"low.py": "def g(): return 1\n", "high.py": "from low import g\ndef f(): return g()\n"}
    check = make_check("return {'y': student.f()}")
    session = run(tmp_path, [], [check], [BEFORE], modules=modules, names={"f": "high", "g": "low"})
    again = observe(session, check, seed=1, replacements=[Replacement("g", "def g(): return 5\n", "low")])
    assert again.values["y"] == 5


def test_follow_through_replaces_a_module_that_cannot_be_imported(run: Runner, tmp_path: Path) -> None:
    modules = {
        "low.py": "def g(: return 1\ndef h(): return 2\n",
        "high.py": "from low import *\ndef f(): return g() + h()\n",
    }
    check = make_check("return {'y': student.f()}")
    session = run(tmp_path, [], [check], [BEFORE], modules=modules, names={"f": "high", "g": "low", "h": "low"})
    low = "def g(): return 5\ndef h(): return 6\n"
    assert observe(session, check, seed=1).ended == "error"
    again = observe(session, check, seed=1, replacements=[Replacement("g", low, "low"), Replacement("h", low, "low")])
    assert again.values["y"] == 11
    assert all(again.replaced.values())


def test_follow_through_gives_the_notebook_what_its_failed_import_was_to_bring(run: Runner, tmp_path: Path) -> None:
    cells = ["from low import Layer", "def f(thing): return isinstance(thing, Layer)"]
    check = make_check("return {'y': student.f(student.Layer())}")
    names = {"f": "", "Layer": "low"}
    session = run(tmp_path, cells, [check], [END], modules={"low.py": "class Layer(: pass\n"}, names=names)
    assert observe(session, check, seed=1).ended == "error"
    again = observe(session, check, seed=1, replacements=[Replacement("Layer", "class Layer: pass\n", "low")])
    assert again.values["y"]


def test_what_cannot_be_replaced_is_told(run: Runner, tmp_path: Path) -> None:
    check = make_check("return {'y': student.f()}")
    session = run(tmp_path, ["def f(): return 1\nLayer = len"], [check], [END], names={"f": "", "Layer": ""})
    again = observe(session, check, seed=1, replacements=[Replacement("Layer", "class Layer: pass\n", "")])
    assert again.replaced == {"Layer": 0}


def test_what_is_missing_is_put_where_it_belongs(run: Runner, tmp_path: Path) -> None:
    check = make_check("return {'y': student.f()}")
    session = run(tmp_path, ["def f(): return g() + 1"], [check], [END], names={"f": "", "g": ""})
    assert observe(session, check, seed=1).ended != "returned"
    again = observe(session, check, seed=1, replacements=[Replacement("g", "def g(): return 5\n", "")])
    assert again.values["y"] == 6


def test_the_environment_of_student_code_holds_nothing_of_the_callers(
    run: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "abc")
    root = RootProcess()
    check = make_check("import os\nreturn {'n': 'SECRET_TOKEN' in os.environ, 'argv': 1}")
    assignment = make_assignment(tmp_path, [check], {"f": ""}, LIMITS)
    session = Session(root, assignment, make_submission(tmp_path, []), {"probe": END}, seed=1)
    session.run_cells()
    seen = observe(session, check, seed=1)
    root.close()
    assert not seen.values["n"]


def test_figures_are_described_and_closed(run: Runner, tmp_path: Path) -> None:
    cells = [
        "import matplotlib.pyplot as plt",
        "plt.plot(range(30))\nplt.title('Loss')\nplt.show()\nplt.figure()\nplt.imshow([[1]])",
        "len(plt.get_fignums())",
    ]
    session = run(tmp_path, cells, [], [], limits=Limits(cell=20.0))
    assert session.cells[1].figures == ("a line of 30 points, title 'Loss'", "1 image")
    assert session.cells[2].text.strip() == "0"


def test_a_figure_that_is_saved_and_closed_or_cleared_counts(run: Runner, tmp_path: Path) -> None:
    cells = [
        "import matplotlib.pyplot as plt",
        "plt.plot(range(30))\nplt.savefig('loss.png')\nplt.savefig('loss.pdf')\nplt.close()",
        "for n in (2, 3):\n    plt.plot(range(n))\n    plt.savefig('one.pdf')\n    plt.clf()\nplt.imshow([[1]])",
        "plt.plot(range(4))\nplt.savefig('shown.png')\nplt.show()",
        "fig, axes = plt.subplots()\nfig.savefig('empty.png')\nplt.close()",
    ]
    session = run(tmp_path, cells, [], [], limits=Limits(cell=20.0))
    assert [cell.figures for cell in session.cells[1:]] == [
        ("a line of 30 points",),
        ("a line of 2 points", "a line of 3 points", "1 image"),
        ("a line of 4 points",),
        (),
    ]


@pytest.mark.parametrize(
    "cell",
    [
        "import seaborn_of_old as sns\nsns.set()\nimport math as m\nx = m.pi",
        "from seaborn_of_old import heatmap\nimport math as m\nx = m.pi",
        "import seaborn_of_old.utils\nimport math as m\nx = m.pi",
        "%matplotlib inline\nimport seaborn_of_old\nseaborn_of_old.style.use('dark')\nimport math as m\nx = m.pi",
        "try:\n    import seaborn_of_old\nexcept ImportError:\n    import math as m\nx = m.pi",
        "from seaborn_of_old import njit\nimport math as m\n@njit(parallel=True)\ndef f():\n    return m.pi\nx = f()",
    ],
)
def test_a_package_that_is_not_here_costs_only_what_needs_it(run: Runner, tmp_path: Path, cell: str) -> None:
    seen = run.observe(
        tmp_path, [cell, "def f():\n    return x"], "return {'y': student.f()}", limits=Limits(cell=20.0)
    )
    assert seen.values["y"] == pytest.approx(3.14159265)


@pytest.mark.parametrize(
    "cell",
    [
        "import matplotlib.pyplot as plt\nplt.style.use('seaborn')\nx = 1",
        "import matplotlib\nmatplotlib.use('NoSuchBackend')\nx = 1",
        "%tensorflow_version 2.x\nx = 1",
        "%load_ext tensorboard_of_old\nx = 1",
        "get_ipython().magic('matplotlib inline')\nx = 1",
        "from tqdm import tqdm_notebook\nfor x in tqdm_notebook(range(2), desc='epoch', leave=False): pass",
        "from tqdm.notebook import tqdm, trange\nfor x in trange(2): pass\nwith tqdm(total=5) as bar: bar.update(2)",
        "from ipywidgets import interact, IntSlider\ninteract(print, x=IntSlider(min=0, max=3))\nx = 1",
    ],
)
def test_what_only_shows_something_costs_only_itself(run: Runner, tmp_path: Path, cell: str) -> None:
    session = run(tmp_path, [cell, "assert x == 1"], [], [], limits=Limits(cell=20.0))
    assert session.cells[1].status == "ok"


@pytest.mark.parametrize(
    "cell",
    [
        "import os\nos.chdir(r'C:\\Users\\J\\course')\nx = 1",
        "import os; os.chdir('/content/drive/MyDrive'); x = 1",
        "from os import chdir\nchdir('/content/drive/MyDrive/course')\nx = 1",
        "import os\nif True:\n    y = 1\n    os.chdir('/home/me/course')\n    x = y",
        "import os\nif os.sep == '?':\n    pass\nelif os.sep:\n    os.makedirs('/home/me/course')\nx = 1",
        "import shutil\nshutil.copy('/home/me/data.csv', '.')\nx = 1",
        "import matplotlib.pyplot as plt\nfigure = plt.figure()\nfigure.savefig('/home/me/figure.png')\nx = 1",
    ],
)
def test_a_folder_of_the_students_machine_costs_only_its_line(run: Runner, tmp_path: Path, cell: str) -> None:
    session = run(tmp_path, [cell, "assert x == 1"], [], [], limits=Limits(cell=20.0))
    assert session.cells[1].status == "ok"
    assert [n for n in session.notes if "asks for a folder or a file that is not here" in n]


@pytest.mark.parametrize(
    "cell", ["x = open('/home/me/data.csv').read()\ny = 1", "import os\nif os.listdir('/home/me'):\n    x = 1\ny = 1"]
)
def test_a_cell_ends_where_it_needs_a_file_that_is_not_here(run: Runner, tmp_path: Path, cell: str) -> None:
    session = run(tmp_path, [cell, "y"], [], [], limits=Limits(cell=20.0))
    assert [cell.status for cell in session.cells] == ["error", "error"]


def test_a_package_that_is_not_here_is_named(run: Runner, tmp_path: Path) -> None:
    session = run(tmp_path, ["import seaborn_of_old", GOOD], [], [])
    assert session.cells[0].status == "ok"
    assert [n for n in session.notes if "`seaborn_of_old` is neither a module that was handed in" in n]


@pytest.mark.parametrize(
    "line",
    [
        "import pdb; pdb.set_trace()",
        "from pdb import set_trace; set_trace()",
        "import pdb; pdb.Pdb().set_trace()",
        "import ipdb; ipdb.set_trace()",
        "breakpoint()",
        "from IPython.core.debugger import set_trace; set_trace()",
    ],
)
def test_a_breakpoint_is_passed_over(run: Runner, tmp_path: Path, line: str) -> None:
    cell = f"def f():\n    {line}\n    return np.array(3.0)\nf()\nafter = 4.0"
    seen = run.observe(
        tmp_path, ["import numpy as np", cell], 'return {"f": student.f(), "a": student.notebook["after"]}'
    )
    assert run.session is not None
    assert [cell.status for cell in run.session.cells] == ["ok", "ok"]
    assert seen.values["f"] == 3.0
    assert seen.values["a"] == 4.0


def test_what_calls_an_absent_package_fails_there(run: Runner, tmp_path: Path) -> None:
    session = run(tmp_path, ["import seaborn_of_old as sns\ny = sns.color_palette()\nz = 1", "y", "z"], [], [])
    error = session.cells[0].error
    assert error is not None
    assert (error.type, error.message) == ("ModuleNotFoundError", "No module named 'seaborn_of_old'")
    assert [cell.status for cell in session.cells] == ["error", "error", "ok"]


@pytest.mark.parametrize(
    "use", ["print(y(1))", "z = y + 1\nprint(z)", "for a in y:\n    pass", "if True:\n    y.use()\n    b = 1"]
)
def test_a_name_that_an_absent_package_would_have_made_is_no_error_of_its_own(
    run: Runner, tmp_path: Path, use: str
) -> None:
    session = run(tmp_path, [f"import seaborn_of_old as sns\ny = sns.color_palette()\n{use}", "undefined"], [], [])
    errors = [cell.error for cell in session.cells]
    assert [e and e.message for e in errors] == ["No module named 'seaborn_of_old'", "name 'undefined' is not defined"]


def test_a_module_of_the_students_that_was_not_handed_in_stays_missing(run: Runner, tmp_path: Path) -> None:
    session = run(tmp_path, ["from helper import g\nx = 1", "y = x"], [], [], names={"g": "helper"})
    assert [c.status for c in session.cells] == ["error", "ok"]
    assert not session.notes


def test_a_module_with_an_absent_package_is_imported_without_it(run: Runner, tmp_path: Path) -> None:
    module = "from past_of_old.builtins import xrange\nimport seaborn_of_old as sns\ndef f(x):\n    return 2 * x"
    seen = run.observe(tmp_path, [], DOUBLE, BEFORE, modules={"m.py": module}, names={"f": "m"})
    assert seen.ended == "returned"


def test_imports_below_a_failing_line_are_made(run: Runner, tmp_path: Path) -> None:
    session = run(tmp_path, ["1 / 0\nimport math as m", "m.pi"], [], [])
    assert [c.status for c in session.cells] == ["error", "ok"]


def test_an_import_that_hangs_below_a_failing_line_costs_no_later_cell(run: Runner, tmp_path: Path) -> None:
    cells = ["x = 1", "1 / 0\nimport slow", "x"]
    session = run(tmp_path, cells, [], [], modules={"slow.py": "while True: pass"})
    assert [c.status for c in session.cells] == ["ok", "error", "ok"]


@pytest.mark.parametrize(("load", "seen"), [("%load_ext autoreload\n%autoreload 2", "2"), ("", "1")])
def test_a_module_that_a_cell_writes_anew_is_reloaded_where_the_notebook_asks_for_it(
    run: Runner, tmp_path: Path, load: str, seen: str
) -> None:
    cells = [
        load,
        "%%writefile helper.py\ndef f(): return 1",
        "from helper import f",
        "%%writefile helper.py\ndef f():\n    return 2",
        "print(f())",
    ]
    session = run(tmp_path, cells, [], [])
    assert session.cells[4].text.strip() == seen


@pytest.mark.parametrize(("between", "seen"), [("", "True 1"), ("%%writefile helper.py\nclass A: n = 2", "False 2")])
def test_a_reload_of_an_unchanged_module_makes_no_second_class(
    run: Runner, tmp_path: Path, between: str, seen: str
) -> None:
    cells = [
        "import importlib, helper\nfrom helper import A\na = A()",
        between,
        "importlib.reload(helper)\nprint(isinstance(a, helper.A), helper.A.n)",
    ]
    session = run(tmp_path, cells, [], [], modules={"helper.py": "class A: n = 1"})
    assert session.cells[2].text.strip() == seen


def test_a_reload_that_fails_keeps_the_old_module(run: Runner, tmp_path: Path) -> None:
    cells = [
        "%load_ext autoreload\n%autoreload 2",
        "%%writefile helper.py\ndef f(): return 1",
        "import helper",
        "%%writefile helper.py\ndef f( return 2",
        "print(helper.f())",
    ]
    text = run(tmp_path, cells, [], []).cells[4].text
    assert "[autoreload of helper failed: SyntaxError" in text
    assert text.strip().endswith("1")


def test_all_answers_together_have_bounds(run: Runner, tmp_path: Path) -> None:
    checks = [
        make_check(f"return {{'y': np.ones({n}, bool), 'z': student.f(1)}}", uses=["f"], name=f"c{n}")
        for n in (900_000, 800_000, 400_000, 200_000)
    ]
    limits = structs.replace(LIMITS, observation=1_000_000)
    session = run(tmp_path, [GOOD], checks, [END] * 4, limits=limits)
    seen = [observe(session, check, seed=5) for check in checks]
    assert [o.ended for o in seen] == ["returned", "returned", "crashed", "returned"]  # of two million bytes


@pytest.mark.parametrize(
    ("body", "said"),
    [("import time; time.sleep(60)", "it waits for something"), ("while True: pass", "a loop does not end")],
)
def test_code_that_waits_is_not_told_to_compute(run: Runner, tmp_path: Path, body: str, said: str) -> None:
    check = make_check(DOUBLE, uses=["f"])
    seen = observe(run(tmp_path, [f"def f(x):\n    {body}"], [check], [END]), check, seed=1)
    assert seen.error is not None
    assert said in seen.error.message


def test_a_pool_of_threads_that_the_notebook_has_used_works_in_a_probe(run: Runner, tmp_path: Path) -> None:
    cells = [
        "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(2)",
        "def f(x):\n    return np.array(list(pool.map(float, x)))",
        "import numpy as np\nf([1, 2, 3, 4])",
    ]
    check = make_check(DOUBLE, uses=["f"])
    seen = observe(run(tmp_path, cells, [check], [END]), check, seed=1)
    assert seen.ended == "returned", seen.error


def test_what_is_displayed_is_text_that_a_probe_can_hear(run: Runner, tmp_path: Path) -> None:
    cells = [
        "from IPython.display import Markdown, HTML, display\n"
        "def f(x):\n    display(Markdown('**7** right'), HTML('<b>8</b>'), 9)",
        "f(0)",
    ]
    body = """
        import contextlib, io, re
        with contextlib.redirect_stdout(io.StringIO()) as heard:
            student.f(0)
        return {"y": np.array(re.findall(r"\\d", heard.getvalue()), dtype=int)}
    """
    check = make_check(body, uses=["f"])
    session = run(tmp_path, cells, [check], [END])
    assert session.cells[1].text.split("\n")[0] == "**7** right"
    np.testing.assert_array_equal(observe(session, check, seed=1).values["y"], [7, 8, 9])


def test_no_process_is_left_behind(tmp_path: Path) -> None:
    root = RootProcess()
    assignment = make_assignment(tmp_path, [], {}, LIMITS)
    cells = ["import os\nif os.fork() == 0:\n    while True: pass", "x = 1"]
    session = Session(root, assignment, make_submission(tmp_path, cells), {}, seed=1)
    session.run_cells()
    processes = descendants(root.pid)
    assert any(_state(pid) == "R" for pid in processes)  # the loop, as a child of the notebook's process
    root.close()
    time.sleep(0.1)
    assert not [pid for pid in processes if _state(pid)]


def _busy(root: int) -> int:
    """How many processes below `root` are computing; each is in a session of its own."""
    return [_state(pid) for pid in descendants(root)].count("R")


def _state(pid: int) -> str:
    """As in `ps`; empty where it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


@pytest.mark.parametrize(
    ("source", "harmless"),
    [
        ("def f(x, y=1):\n    while True: pass", True),
        ("class A:\n    '''doc'''\n    def f(self): pass", True),
        ("", True),
        ("x = 1", False),
        ("def f(x=g()): pass", False),
        ("@deco\ndef f(): pass", False),
        ("class A(B): pass", False),
        ("%%bash\nkill", False),
    ],
)
def test_only_plain_definitions_are_run_without_a_spare(source: str, harmless: bool) -> None:
    assert is_harmless(source) is harmless


def test_a_module_that_cannot_be_read_is_where_the_error_is(run: Runner, tmp_path: Path) -> None:
    modules = {"helper.py": "def g():\n\treturn 1\n        return 2\n"}
    session = run(tmp_path, ["x = 1\nfrom helper import g"], [], [], names={"g": "helper"}, modules=modules)
    error = session.cells[0].error
    assert error is not None
    assert (error.type, [(f.file, f.line) for f in error.frames]) == ("TabError", [("cell 0", 2), ("helper.py", 3)])
