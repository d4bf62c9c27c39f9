"""What a student's own lines show: each rule on code that has the mistake, and on like code that has not."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs

from grader.diagnosis.evidence import Case
from grader.diagnosis.explain import explain
from grader.grading.scoring import outcome
from grader.model import Check, Excerpt, Frame, Given, Observation, Part, StudentError, Uses
from grader.submission.source.definitions import definitions
from grader.submission.source.excerpts import Bound

EXPECTED = {"a": np.array([1.0, 2.0, 4.0, -7.0])}


def check_of(id: str) -> Check:
    return Check(
        id=id, part=Part("1", "P"), title="T", points=Fraction(1), visibility="hidden",
        source=f"def {id}(s, r): ...", uses=(Uses(name="own"),),
    )  # fmt: skip


def case_of(id: str, seen: Observation) -> Case:
    given = Given(golden=EXPECTED, rng=np.random.default_rng(0), data=Path())
    return Case(outcome(check_of(id), seen, given), seen)


def said(code: str, *cases: Case, cells: Sequence[str] | None = None) -> str:
    """The diagnosis of the first case, where `code` stands in cell 4 from its third line on, and `cells` in others."""
    text = textwrap.dedent(code).strip()
    excerpt = Excerpt(name="own", file="cell 4", line=3, text=text)
    silent = lambda check, seed: Observation(check=check.id, ended="error")  # noqa: E731
    golden = {case.check.id: EXPECTED for case in cases}
    bound: dict[str, list[Bound]] = {}
    for number, cell in enumerate(cells or ()):
        for one in definitions(cell).found:
            bound.setdefault(one.name, []).append(Bound(one, f"cell {number}", number))
    own = {case.check.id: (excerpt,) for case in cases}
    names = None if cells is None else bound
    found = explain(cases, golden, None, 1, silent, code=lambda: own, names=lambda: names).found
    return found[cases[0].check.id].text if cases[0].check.id in found else ""


def wrong(code: str, cells: Sequence[str] | None = None) -> str:
    values = {"a": np.array([3.0, 1.0, -2.0, 5.5])}
    return said(code, case_of("first", Observation(check="first", ended="returned", values=values)), cells=cells)


def raising(code: str, *others: Case, type: str = "ValueError") -> str:
    error = StudentError(type=type, message="m")
    return said(code, case_of("first", Observation(check="first", ended="error", error=error)), *others)


TOTAL = "def total(values):\n    return sum(values) / np.sqrt(2)"


def misses(cells: Sequence[str], message: str = "'float' object is not callable", line: int = 4, last: int = 9) -> str:
    """What is said of `TOTAL`, asked after cell `last`, where line `line` of cell 4 raised."""
    type = "AttributeError" if "attribute" in message else "TypeError"
    frames = (Frame("cell 4", line, "return sum(values) / np.sqrt(2)"),) if message else ()
    error = StudentError(type=type, message=message, frames=frames)
    case = case_of("first", Observation(check="first", ended="error", error=error))
    return said(TOTAL, structs.replace(case, last_cell=last), cells=cells)


@pytest.mark.parametrize(
    ("cells", "message", "said"),
    [
        (
            ["", "a = 1\nsum = 0.0"],
            "'float' object is not callable",
            "`sum = 0.0` (cell 1, line 2) takes the name of Py",
        ),
        (
            ["", "for sum in losses:\n    pass"],
            "'float' object is not callable",
            "`sum` (cell 1, line 1) takes the name",
        ),
        (
            ["from numpy import sum", "sum = f()"],
            "'float' object is not callable",
            "what was imported as `sum` (cell 0)",
        ),
        (["def sum(x):\n    return x", "sum = sum(3)"], "'int' object is not callable", "the function `sum` (cell 0)"),
        (
            ["import numpy as np", "np = 3"],
            "'int' object has no attribute 'sqrt'",
            "was imported as `np` (cell 0), which",
        ),
        (["", "sum = 0.0"], "", "which `total` calls (cell 4, line 4): choose another name there."),
    ],
)
def test_a_function_whose_name_a_cell_has_taken_is_named(cells: Sequence[str], message: str, said: str) -> None:
    assert said in misses(cells, message)


def test_a_name_that_a_cell_has_taken_is_named_for_a_helper_too() -> None:
    cells = ["import numpy as np", "def draw(n):\n    a = np.sqrt(n)\n    return a", "np = 3"]
    error = StudentError(
        type="AttributeError",
        message="'int' object has no attribute 'sqrt'",
        frames=(Frame("cell 4", 4, "draw(3)"), Frame("cell 1", 2, "a = np.sqrt(n)")),
    )
    case = case_of("first", Observation(check="first", ended="error", error=error))
    told = said("def f(x):\n    return draw(3)", structs.replace(case, last_cell=9), cells=cells)
    assert "`np = 3` (cell 2, line 1) takes the name of what was imported as `np` (cell 0), which `draw` uses" in told
    assert said("def f(x):\n    return draw(3)", structs.replace(case, last_cell=1), cells=cells) == ""


@pytest.mark.parametrize(
    ("cells", "message", "line", "last"),
    [
        (["", "sum = 0.0"], "'float' object is not callable", 4, 0),  # asked before it
        (["", "sum = 0.0"], "'float' object is not callable", 7, 9),  # another line
        (["", "sum = 0.0"], "unsupported operand type(s) for +: 'int' and 'str'", 4, 9),
        (["sum = 0.0", "from numpy import sum"], "'float' object is not callable", 4, 9),
        (["", "total_of = 0.0"], "'float' object is not callable", 4, 9),
        (["", "sum = lambda v: v"], "", 4, 9),
        (["", "def f():\n    sum = 0.0"], "'float' object is not callable", 4, 9),
        (["def np():\n    pass", "np = 3"], "'int' object has no attribute 'sqrt'", 4, 9),
    ],
)
def test_a_name_that_nothing_has_taken_is_not_named(cells: Sequence[str], message: str, line: int, last: int) -> None:
    assert misses(cells, message, line, last) == ""


LEFT = """
def step(w, d_out):
    return None
    return w - d_bias
"""


def test_what_never_runs_shows_nothing() -> None:
    assert wrong(LEFT) == ""
    assert wrong("def f(x):\n    return np.sum(1.0)\n    x == 3").endswith("never reads its argument `x`.")
    assert "compares and keeps nothing" in wrong("def f(x):\n    x == 3\n    return np.sum(x)")
    assert wrong("def f(x):\n    if False:\n        x == 3\n    return np.sum(x)") == ""


def test_a_name_that_is_nowhere_is_not_said_to_be_outside() -> None:
    code = "def step(w, d_out):\n    return w - d_bias"
    assert "it reads `d_bias`, which is outside" in wrong(code, ["d_bias = 3"])
    assert wrong(code, ["d_weight = 3"]).endswith("never reads its argument `d_out`.")


RUNS = case_of("second", Observation(check="second", ended="returned", values=EXPECTED))

MEMORY = """
class Layer:
    memory = {}

    def forward(self, x, w):
        self.memory["x"], self.memory["w"] = x, w
        return x @ w

    def backward(self, d):
        return d @ self.memory["w"].T
"""


def test_what_a_layer_keeps_in_its_class_is_told_where_a_network_raises() -> None:
    network = structs.replace(check_of("network"), uses=(Uses(name="Net"),), builds_on=("own",))
    error = StudentError(type="ValueError", message="m")
    seen = Observation(check="network", ended="error", error=error)
    case = Case(outcome(network, seen, Given(golden=EXPECTED, rng=np.random.default_rng(0), data=Path())), seen)
    net = Excerpt(name="Net", file="cell 9", line=1, text="class Net:\n    pass\n")
    silent = lambda check, seed: Observation(check=check.id, ended="error")  # noqa: E731

    def text(layer: str) -> str:
        code = {"network": (net,), "layer": (Excerpt(name="own", file="cell 4", line=1, text=layer.strip()),)}
        found = explain([case], {"network": EXPECTED}, None, 1, silent, code=lambda: code).found
        return found["network"].text if found else ""

    assert text(MEMORY).startswith("`memory` of `Layer` belongs to the class (cell 4, line 2), not to the object")
    assert text(MEMORY.replace("    memory = {}", "    def __init__(self):\n        self.memory = {}")) == ""


MISTAKES = [
    (
        """
        def step(weights, biases, slopes):
            for k, (dW, db) in enumerate(slopes):
                W, b = weights[k], biases[k]
                W = W - 0.1 * dW
                b = b - 0.1 * db
        """,
        "`W = W - 0.1 * dW` (cell 4, line 6) gives `W` another value, and nothing else: `weights[k]` stays as it",
    ),
    (
        """
        class Linear:
            def step(self, rate):
                W = self.W
                W = W - rate * self.dW
        """,
        "`W = W - rate * self.dW` (cell 4, line 6) gives `W` another value, and nothing else: `self.W` stays as it",
    ),
    (
        """
        def train(layers, rate):
            for layer in layers:
                for name in ("w", "b"):
                    if hasattr(layer, name):
                        value = getattr(layer, name)
                        value = value - rate * getattr(layer, "d" + name)
        """,
        "gives `value` another value, and nothing else: `getattr(layer, name)` stays as it is there.",
    ),
    (
        """
        def step(weights, slopes):
            for w, slope in zip(weights, slopes):
                w = w - 0.1 * slope
        """,
        "`w = w - 0.1 * slope` (cell 4, line 5) gives `w` another value, and nothing else: what the loop takes from"
        " `zip(weights, slopes)` stays as it is there.",
    ),
    (
        "def forward(x, kept=[]):\n    kept.append(x)\n    return kept[0] * 2",
        "The default of `kept` of `forward` (cell 4, line 3) is made once, for all calls",
    ),
    (
        "def forward(x, *, cache={}):\n    cache['x'] = x\n    return cache",
        "The default of `cache` of `forward` (cell 4, line 3) is made once, for all calls",
    ),
    (
        """
        def loss(rows):
            total = 0
            for row in rows:
                total += row @ row
                return total
        """,
        "The `return` of `loss` (cell 4, line 7) stands inside the `for` loop",
    ),
    (
        """
        class Layer:
            def forward(self, x):
                self.x == x
                return x * 2
        """,
        "`self.x == x` (cell 4, line 5) compares and keeps nothing: is `=` meant?",
    ),
    (
        "def relu(x):\n    np.maximum(x, 0)\n    return x",
        "`np.maximum(x, 0)` (cell 4, line 4) is computed and not kept",
    ),
    ("def step(w, g):\n    w - 0.1 * g\n    return w", "`w - 0.1 * g` (cell 4, line 4) is computed and not kept"),
    (
        """
        class Layer:
            cache = []

            def forward(self, x):
                self.cache.append(x)
                return x * 2

            def backward(self, d):
                return d * self.cache.pop()
        """,
        "`cache` of `Layer` belongs to the class (cell 4, line 4), not to the object",
    ),
    (
        "class Layer:\n    def forward(self, x):\n        Layer.x = x\n        return x",
        "`x` of `Layer` belongs to the class (cell 4, line 5)",
    ),
    (
        """
        class Net:
            def __init__(self):
                layer = Linear(3, 3)
                self.layers = [layer, ReLU(), layer]
        """,
        "`[layer, ReLU(), layer]` (cell 4, line 6) puts one object of `Linear` in two places",
    ),
    ("def make():\n    return Net([Linear(3, 3)] * 2)", "`[Linear(3, 3)] * 2` (cell 4, line 4) puts one object"),
    (
        "def make(net):\n    net.a = net.b = Linear(3, 3)",
        "`net.a = net.b = Linear(3, 3)` (cell 4, line 4) puts one object",
    ),
    (
        """
        class Net:
            def step(self, x):
                h = self.affine.forward(x)
                y = self.affine.forward(h)
                return self.affine.backward(self.affine.backward(y))
        """,
        "`Net.step` calls `forward` of `self.affine` twice (cell 4, line 6) before its `backward`",
    ),
    (
        "def backward(d, cache):\n    return d * _masks.pop()",
        "`backward` keeps something in `_masks` (cell 4, line 4), which is outside of the function",
    ),
    ("def step(g):\n    sums[0] += g\n    return sums[0]", "`step` keeps something in `sums` (cell 4, line 4)"),
    (
        """
        class ReLU:
            def forward(self, x):
                if self.mask is None:
                    self.mask = x > 0
                return x * self.mask
        """,
        "`self.mask` is only set while there is none (cell 4, line 6)",
    ),
    (
        """
        class Linear:
            def __init__(self, n):
                self.w = np.zeros((n, n))
                self.t = self.w.T.copy()

            def forward(self, x):
                return x @ self.t
        """,
        "`self.t` is copied from `self.w` once, in `__init__` (cell 4, line 6)",
    ),
    (
        """
        class Linear:
            def __init__(self, n):
                self.w, self.b = np.zeros((n, n)), np.zeros(n)
                self.both = np.vstack((self.w, self.b))

            def forward(self, x):
                return np.column_stack((x, np.ones(len(x)))) @ self.both
        """,
        "`self.both` is copied from `self.w` once, in `__init__` (cell 4, line 6)",
    ),
    (
        """
        class Net:
            def loss(self, x):
                w = self.params["W1"]
                w *= self.reg
                return x @ w
        """,
        "`w *= self.reg` (cell 4, line 6) writes into `self.params['W1']`, of which `w` is another name",
    ),
    (
        """
        class Loss:
            def forward(self, p, y):
                self.p, self.y = p, y
                return -np.log(p[y == 1]).mean()

            def backward(self):
                g = self.p
                g -= self.y
                return g, None
        """,
        "`g -= self.y` (cell 4, line 10) writes into `self.p`, of which `g` is another name",
    ),
    (
        """
        def gradients(product, b, steps):
            r = np.array(b, dtype=float)
            d = r
            for _ in range(steps):
                step = r @ r / (d @ product(d))
                r -= step * product(d)
                d = r + 0.5 * d
            return d
        """,
        "(cell 4, line 8) changes the array in place, and `d` is another name for it and no copy",
    ),
    (
        "def sweep(u):\n    new = u\n    new[1:] = u[:-1]\n    new[0] = u[-1]\n    return new",
        "changes the array in place, and `u` is another name for it and no copy: what is read from `u` below",
    ),
    (
        """
        class Net:
            def forward(self, x):
                return self.affine.forward(self.relu.forward(self.affine.forward(x)))

            def backward(self, d):
                d = self.affine.backward(d)
                return self.affine.backward(self.relu.backward(d))
        """,
        "`Net.forward` calls `forward` of `self.affine` twice (cell 4, line 5) before its `backward`",
    ),
    (
        "def step(w, g, rate=0.003):\n    w -= rate * g\n    return w - 0.003 * g",
        "`0.003` (cell 4, line 5) is the default of `rate` as a number",
    ),
    (
        """
        class Net:
            def __init__(self, n, rate=0.01):
                self.rate = rate

            def step(self, g):
                self.w -= 0.01 * g
        """,
        "`0.01` (cell 4, line 8) is the default of `rate` as a number",
    ),
    (
        "def losses(x):\n    return [loss(x_test[i]) for i in range(len(x))]",
        "`losses` (cell 4, line 3) asks only for the size of its argument `x`; it reads `x_test`, which is outside",
    ),
    (
        "def loss(x, y):\n    return np.mean((x - y_train) ** 2)",
        "`loss` (cell 4, line 3) never reads its argument `y`; it reads `y_train`",
    ),
    (
        "def forward(x):\n    h = x @ weights[0] + biases[0]\n    return h @ weights[1] + biases[0]",
        "`forward` uses `biases[0]` more than once (cell 4, line 5) and `biases[1]` never.",
    ),
    (
        "def forward(x, p):\n    h = x @ p['W1'] + p['b1']\n    return h @ p['W2'] + p['b1']",
        "`forward` uses `p['b1']` more than once (cell 4, line 5) and `p['b2']` never.",
    ),
    (
        "def loss(x, w):\n    penalty = np.sum(w * w)\n    return np.sum(x)",
        "`penalty` in `loss` (cell 4, line 4) is computed",
    ),
    (
        "def step(w, g):\n    g = np.clip(g, -1, 1)\n    return w - g",
        "`np.clip(g, -1, 1)` (cell 4, line 4) changes every",
    ),
    ("def step(w, g):\n    return w - g.clip(None, 1)", "`g.clip(None, 1)` (cell 4, line 4) changes every"),
]

NO_MISTAKES = [
    "def step(p, g):\n    for k in p:\n        w = p[k]\n        w = w - g[k]\n        p[k] = w",
    "def step(p, g):\n    w = p['W']\n    w -= g['W']",
    "def end(p, x):\n    w = p[0]\n    for one in x:\n        w = w @ one\n    return w",
    "def end(p, x):\n    w = p[0]\n    for one in x:\n        print(w)\n        w = w @ one",
    """
    class Net:
        def both(self, x, y):
            return self.norm.forward(x), self.norm.forward(y)

        def backward(self, d):
            return self.norm.backward(d)
    """,
    "def sweep(u):\n    new = u.copy()\n    new[1:] = u[:-1]\n    new[0] = u[-1]\n    return new",
    "def count(n):\n    m = n\n    n -= 1\n    return m + n",  # of numbers
    "def relu(x):\n    out = x\n    out[x < 0] = 0\n    return out",
    "def last(x):\n    best = np.zeros(x.shape)\n    old = best\n    best = x\n    best[0] = 1\n    return old",
    "def moved(x):\n    y = x\n    x[0] = 1\n    y = np.ones(x.shape)\n    return y",
    "def either(x, keep):\n    y = x * 1\n    if keep:\n        y = x\n    y[0] = 1\n    return x + y",
    "def step(ws):\n    new = []\n    for w in ws:\n        w = w - 0.1\n        new.append(w)\n    return new",
    "def step(ws):\n    for w in ws:\n        w -= 0.1",
    "def last(ws):\n    for w in ws:\n        w = w * 2\n    return w",
    "def forward(x, sizes=[3, 4]):\n    return x * sizes[0]",
    "def forward(x, kept=None):\n    kept = [] if kept is None else kept\n    kept.append(x)\n    return kept",
    "def first(rows):\n    for row in rows:\n        if row > 0:\n            return row\n    return 0",
    "def first(rows):\n    for row in rows:\n        if row < 0:\n            continue\n        return row",
    "def relu(x):\n    np.maximum(x, 0, out=x)\n    return x",
    "def relu(x):\n    np.maximum(x, 0, x)\n    return x",
    "def clipped(x):\n    x.clip(0, 1, x)\n    np.clip(x, 0, 1, x)\n    return x",
    "rate = 0.1\nw_rate = 2\ndef step(w, g):\n    w -= rate * g",
    "def show(x):\n    'Words.'\n    print(x.sum())\n    x.sort()\n    return x",
    """
    class A:
        sizes = [1, 2]

        def __init__(self):
            self.kept = []

        def f(self, x):
            self.kept.append(x)
    """,
    "def make():\n    a, b = Linear(3, 3), Linear(3, 3)\n    return [a, ReLU(), b]",
    "def step(net, x):\n    return net.a.backward(net.b.forward(net.a.forward(x)))",
    """
    class Net:
        def step(self, x):
            for layer in self.layers:
                x = layer.forward(x)
            for layer in self.last:
                x = layer.forward(x)
            return layer.backward(x)
    """,
    "class A:\n    def loss(self, j):\n        total = self.b[j]\n        total += 2.0\n        return total",
    """
    class A:
        def forward(self, x, n):
            self.count, self.p = n, x
            return x

        def backward(self, d):
            n = self.count
            n -= 1
            g = self.p * d
            g -= 1
            return g / n
    """,
    """
    def loss(x):
        kept = []

        def back(d, g):
            g["W"] += d
            kept.append(d)
            return g["W"]

        return lambda d, g: back(d * x, g) + kept[0]
    """,
    "def f(names, w):\n    k = {n[0]: n[0] for n in names}\n    return w[0] @ w[1], k",
    "def train(x):\n    losses = []\n    losses.append(x)\n    total = 0\n    total += x\n    return losses",
    "def train(x):\n    history.append(x)\n    return np.add(x, x)",
    """
    class A:
        def step(self, g):
            if self.v is None:
                self.v = np.zeros_like(g)
            self.v += g
    """,
    """
    class A:
        def __init__(self, s):
            self.w = s
            self.start = self.w.copy()

        def f(self):
            return self.w
    """,
    "class A:\n    def step(self, g):\n        w = self.w\n        w *= 0.9\n        w += g",
    "class A:\n    def loss(self, x):\n        s = self.reg\n        s = s + 1\n        s += x\n        return s",
    "def f(x, h=1e-5, n=2):\n    return (x + h) / 2 * n",
    "def loss(x, y):\n    return np.mean((x - y) ** 2) + y_shift",
    "class ReLU:\n    def step(self, rate):\n        'Nothing to move.'\n        pass",
    "def forward(x):\n    return (x @ w[0] + b[0]) @ w[1] + b[1]",
    "def forward(x, p):\n    return (x @ p['W1'] + p['b1']) @ p['W2']",
    "def slope(p, y, eps_=1e-12):\n    return y - np.clip(p, eps_, 1 - eps_)",
    "def slope(p, y, eps_=1e-12):\n    return y - p.clip(eps_, max=1)",
    "def loss(p):\n    rows = p.shape[0]\n    _, kept = p, 1\n    return -np.log(np.clip(p, 1e-12, 1 - 1e-12)).sum()",
]


@pytest.mark.parametrize(("code", "sentence"), MISTAKES)
def test_what_a_line_shows_is_said_with_its_place(code: str, sentence: str) -> None:
    assert sentence in wrong(code)


@pytest.mark.parametrize("code", NO_MISTAKES)
def test_like_code_without_the_mistake_gets_no_such_sentence(code: str) -> None:
    assert "cell 4" not in wrong(code)
    assert "cell 4" not in raising(code, RUNS)


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("def one_hot(y):\n    return np.eye(3)[y]", "`np.eye(3)` (cell 4, line 4) has a size written as a number."),
        ("def f(x):\n    return np.zeros((len(x), 7))", "`np.zeros((len(x), 7))` (cell 4, line 4) has a size"),
        (
            "class Net:\n    def __init__(self, dims):\n        a, b = dims",
            "`a, b = dims` (cell 4, line 5) takes a fixed number of entries.",
        ),
        (
            "def rows(y, n):\n    return np.eye(n)[y]\n\n\ndef f(y):\n    return rows(y, 3)",
            "`rows(y, 3)` (cell 4, line 8) has a size written as a number.",
        ),
        (
            "def f(y):\n    return np.eye(int(1 + y.max()))[y]",
            "`np.eye(int(1 + y.max()))` (cell 4, line 4) takes a size from the entries that are there",
        ),
        (
            "def rows(y, n):\n    return np.eye(n)[y]\n\n\ndef f(y):\n    return rows(y, len(np.unique(y)))",
            "`rows(y, len(np.unique(y)))` (cell 4, line 8) takes a size from the entries that are there",
        ),
    ],
)
def test_an_exception_in_code_that_runs_elsewhere_leads_to_a_size_written_out(code: str, what: str) -> None:
    assert what in raising(code, RUNS)
    assert raising(code) == "" or "cell 4" not in raising(code)
    assert "cell 4" not in raising(code, RUNS, type="KeyError")


@pytest.mark.parametrize(
    "line", ["return rows(3, y.shape[1])", "return rows(y, n=len(y))", "return np.eye(y.max() + w.shape[1])[y]"]
)
def test_a_size_of_the_arrays_and_an_argument_that_is_no_size_are_not_told(line: str) -> None:
    assert "cell 4" not in raising(f"def rows(y, n):\n    return np.eye(n)[y]\n\n\ndef f(y, w):\n    {line}", RUNS)


def test_a_shape_taken_apart_is_told_where_that_raised_and_of_a_hidden_check_where_it_did_so_in_a_public_one() -> None:
    code = "def f(x):\n    n, h = x.shape\n    return x[:n]"
    said_so = "`n, h = x.shape` in `f` (cell 4, line 4) takes 2 axes for granted"
    for line, message, told in (
        (4, "too many values to unpack (expected 2)", True),
        (5, "too many values to unpack (expected 2)", False),
        (4, "operands could not be broadcast", False),
    ):
        error = StudentError(type="ValueError", message=message, frames=(Frame("cell 4", line, ""),))
        shown = Observation(check="third", ended="error", error=error)
        assert (said_so in said(code, case_of("third", shown))) is told
        assert (said_so in raising(code, case_of("third", shown))) is told
    assert "axes" not in raising(code, RUNS)


@pytest.mark.parametrize("test", ["x.shape[0] == 10", "len(x) == 10", "10 == x.size", "x.shape == (10, 4)"])
def test_an_assertion_of_one_size_is_told_where_it_fails_in_code_that_runs_elsewhere(test: str) -> None:
    code = f"def f(x):\n    assert {test}\n    return x"
    assert f"`assert {test}` (cell 4, line 4) holds for one size only" in raising(code, RUNS, type="AssertionError")
    assert "cell 4" not in raising(code, type="AssertionError")
    for other in ("x.shape[1] == w.shape[0]", "x.ndim == 2", "x.shape[4] == n", "np.all(x == 10)", "k == 10"):
        assert "cell 4" not in raising(code.replace(test, other), RUNS, type="AssertionError")


def test_a_size_written_out_is_not_told_where_the_code_raised_in_another_line() -> None:
    code = "def f(x):\n    a = np.zeros((len(x), 7))\n    return a[x]"
    for line, told in ((4, True), (5, False)):
        error = StudentError(type="ValueError", message="m", frames=(Frame("cell 4", line, ""),))
        elsewhere = case_of("third", Observation(check="third", ended="error", error=error))
        assert ("has a size" in raising(code, RUNS, elsewhere)) is told


def test_a_variable_of_the_notebook_is_told_where_it_makes_the_code_raise() -> None:
    code = "def f(x):\n    a = np.zeros((len(x), 7))\n    return [a[i] + x_test[i] for i in range(len(x_test))]"
    assert "asks only for the size of its argument `x`; it reads `x_test`" in raising(code, RUNS)
    assert "x_test" not in raising(code.replace("x_test", "x"), RUNS)


def test_a_missing_key_in_code_that_runs_elsewhere_leads_to_a_layer_taken_by_its_number() -> None:
    code = "class Net:\n    def loss(self, x):\n        return x @ self.params['W1'] @ self.params['W3']"
    assert "`self.params['W3']` (cell 4, line 5) takes layers by their numbers." in raising(code, RUNS, type="KeyError")
    assert "cell 4" not in raising(code.replace("W3", "W2"), RUNS, type="KeyError")
    for over in ("(1, 2, 3)", "('W1', 'W2')", "('W%d' % i for i in ids)"):
        code = f"def loss(params):\n    for i in {over}:\n        total = params[i].sum()\n    return total"
        told = f"`{over}` (cell 4, line 4) takes layers" in raising(code, RUNS, type="KeyError")
        assert told is ("ids" not in over)


def test_a_size_that_the_task_gives_is_none_written_out() -> None:
    code = 'def one_hot(y):\n    """A vector, shape (10,)."""\n    return np.eye(10)[y] + np.zeros(7)'
    assert "`np.zeros(7)`" in raising(code, RUNS)
    assert "cell 4" not in raising(code.replace(" + np.zeros(7)", ""), RUNS)


def test_code_that_cannot_be_parsed_says_nothing() -> None:
    assert "cell 4" not in wrong("def f(:\n    return")
    assert "cell 4" not in wrong("def f(x):\n    return " + "(" * 2000 + "x" + ")" * 2000)


def test_a_name_that_is_local_for_a_later_line_is_told() -> None:
    code = "def step(g):\n    for w in weights:\n        w += g\n    weights = [g]"
    message = "cannot access local variable 'weights' where it is not associated with a value"

    assert "gives `weights` a value in line 6" in stopped(code, 4, message, "UnboundLocalError")
    assert "in line 4 it has none yet" in stopped(code, 4, message, "UnboundLocalError")
    assert "cell 4" not in stopped(code, 4, "local variable of another kind", "UnboundLocalError")


def test_a_name_whose_line_has_not_run_is_told() -> None:
    code = "def step(g):\n    if g > 0:\n        w = g\n    return w"
    message = "cannot access local variable 'w' where it is not associated with a value"

    assert "Here no line that gives it one has run." in stopped(code, 6, message, "UnboundLocalError")


KEEPS = """class Linear:
    def forward(self, x):
        cache = x
        return x

    def backward(self, d):
        return self.cache * d
"""


def test_what_one_method_gives_a_name_of_its_own_is_told_where_another_looks_for_it_in_the_object() -> None:
    told = (
        "`Linear.forward` gives `cache` a value (cell 4, line 5), a name of that call alone, and `self.cache` is read"
    )
    message = "'Linear' object has no attribute 'cache'"

    assert told in stopped(KEEPS, 9, message, "AttributeError")
    assert told in stopped(KEEPS, 9, "", "AttributeError")  # of a hidden check
    assert "alone" not in stopped(KEEPS, 9, "'Linear' object has no attribute 'w'", "AttributeError")
    assert "that call" not in stopped(
        KEEPS.replace("cache = x", "cache = self.cache = x"), 9, message, "AttributeError"
    )


def test_an_attribute_that_only_another_method_sets_is_told_with_the_argument_of_its_name() -> None:
    code = KEEPS.replace("cache = x", "self.cache = x")
    message = "'Linear' object has no attribute 'cache'"
    alone = (
        "`self.cache` is given a value in `forward` alone (cell 4, line 5), and `forward` of this object was not called"
    )

    assert f"{alone} before this `backward`." in stopped(code, 9, message, "AttributeError")
    given = stopped(code.replace("(self, d)", "(self, cache, d)"), 9, message, "AttributeError")
    assert "before this `backward`, which is given `cache` as an argument." in given
    for old, new, line in (
        ("return self.cache", "self.cache = 1\n        return self.cache", 10),
        ("self.cache = x", "if x:\n            self.cache = x", 10),
        ("self.cache = x", "if not x:\n            return 0\n        self.cache = x", 11),
        ("return self.cache * d", "del self.cache\n        return self.cache * d", 10),
    ):
        assert "alone" not in stopped(code.replace(old, new), line, message, "AttributeError")


@pytest.mark.parametrize("made", ["[None] * 3", "[None for _ in w]", "[None, None]", "None"])
def test_what_is_still_none_is_told_by_the_line_that_made_it(made: str) -> None:
    message = "unsupported operand type(s) for *: 'float' and 'NoneType'"
    code = f"def step(w):\n    slopes = {made}\n    for a, s in zip(w, slopes):\n        a -= 0.1 * s"

    assert "(cell 4, line 4): what no later line fills is still None here." in stopped(code, 6, message, "TypeError")
    assert "still None" not in stopped(code.replace(made, "[0]"), 6, message, "TypeError")
    assert "still None" not in stopped(code, 6, "unsupported operand type(s) for *: 'float' and 'str'", "TypeError")


def stopped(code: str, line: int, message: str, type: str) -> str:
    """The diagnosis where the code raised in a line."""
    error = StudentError(type=type, message=message, frames=(Frame("cell 4", line, ""),))
    return said(code, case_of("first", Observation(check="first", ended="error", error=error)))


@pytest.mark.parametrize(
    "body",
    [
        "        if x[i] > 0:\n            out[i] = x[i]",
        "        out[i] = x[i] if 0 < x[i] else 0",
        "        out[i] = 1 / (1 + math.exp(-x[i]))",
        "        out[i] = float(x[i]) ** 2",
    ],
)
def test_a_loop_that_takes_rows_for_numbers_holds_for_one_axis(body: str) -> None:
    code = f"def own(x):\n    out = np.zeros(len(x))\n    for i in range(len(x)):\n{body}\n    return out"
    text = raising(code, RUNS)
    assert "`own` goes over `range(len(x))` (cell 4, line 5) and takes each `x[i]` for a number" in text
    assert "takes each" not in raising(code)
    assert "takes each" not in raising(code.replace("x[i]", "x[i, 0]"), RUNS)
    assert "takes each" not in raising(code.replace("range(len(x))", "range(3)"), RUNS)
