"""Right rewrites of the solution, which must get full marks: other ways to do the same, other names, other editions.

Each changes many places at once, so that many ways are tried by few runs.
"""

from collections.abc import Mapping

from grader.model import Change, Edit

STEP = "        x = x - step_size * slope_x\n        y = y - step_size * slope_y\n"
DECAYED = "        x = x - step_size * decay**t * slope_x\n        y = y - step_size * decay**t * slope_y\n"
TUNED = "results = optimize_f(x=3, y=2, step_size=0.5, steps=100, decay=0.95)\n"
SIGMOID = "    return 1 / (1 + np.exp(-x))\n"
SIGMOID_GRAD = "    s = sigmoid(x)\n    return s * (1 - s)\n"
SIGMOID_NUMERICAL = """\
epsilon = 1e-5
numerical = (sigmoid(x + epsilon / 2) - sigmoid(x - epsilon / 2)) / epsilon
print("Numerical", numerical)
"""
RELU = "    return np.maximum(0, x)\n"
RELU_GRAD = "    return np.where(x > 0, 1.0, 0.0)\n"
RELU_NUMERICAL = """\
print("Symbolic ", relu_grad(x))
print("Numerical", (relu(x + epsilon / 2) - relu(x - epsilon / 2)) / epsilon)
"""
BCE = "    return -(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))\n"
BCE_GRAD = "    return (1 - y) / (1 - y_hat) - y / y_hat\n"
BCE_NUMERICAL = """\
print("Symbolic ", bce_loss_grad(y, y_hat))
print("Numerical", (bce_loss(y, y_hat + epsilon / 2) - bce_loss(y, y_hat - epsilon / 2)) / epsilon)
"""
MODEL = """\
    h = x @ w + b
    y_hat = sigmoid(h)
    loss = bce_loss(y, y_hat)

    grad_y_hat = bce_loss_grad(y, y_hat)
    grad_h = grad_y_hat * sigmoid_grad(h)
    grad_x = grad_h * w
"""
INIT = """\
    def __init__(self, n_in, n_out, rng=None):
        if rng is None:
            rng = np.random.default_rng(12345)
"""
LINEAR = "        return x @ self.W + self.b\n"
BACKWARD = "        dx = dy @ self.W.T\n        self.dW = x.T @ dy\n        self.db = dy.sum(axis=0)\n"
MOVE = "        self.W = self.W - step_size * self.dW\n        self.b = self.b - step_size * self.db\n"
SIGMOID_FORWARD = "        return sigmoid(x)\n"
SIGMOID_BACK = "        return dy * sigmoid_grad(x)\n"
RELU_FORWARD = "        return relu(x)\n"
RELU_BACK = "        return dy * relu_grad(x)\n"
FIT = "fit(net, x, y, epochs=15, learning_rate=0.01, mb_size=20)\n"
FIRST = "net = Net([Linear(64, 32, rng=rng), ReLU(), Linear(32, 1, rng=rng), Sigmoid()])\n"
TWO = "### STUB: fit(net, x, y, epochs=25, learning_rate=0, mb_size=10)\n"
ONE = "net = Net([Linear(64, 1, rng=rng), Sigmoid()])\n"
LINES = "net = Net([Linear(64, 32, rng=rng), Linear(32, 1, rng=rng), Sigmoid()])\n"
DEEP = """\
net = Net(
    [
        *(Linear(64, 32, rng=rng), ReLU()),
        *(Linear(32, 32, rng=rng), ReLU()),
        *(Linear(32, 16, rng=rng), ReLU()),
        *(Linear(16, 1, rng=rng), Sigmoid()),
    ]
)
"""
RELU_CLASS = '        return "ReLU"\n'


def edit(name: str, texts: Mapping[str, str]) -> Edit:
    """An edit of the solution's notebook that replaces texts."""
    return Edit(name=name, changes=tuple(Change("assignment_1.py", old, new) for old, new in texts.items()))


RIGHT = [
    edit(
        "np.dot, expit, masks; step sizes multiplied up; parameters moved in place",
        {
            STEP: "        x, y = x - step_size * slope_x, y - step_size * slope_y\n",
            DECAYED: "        x -= step_size * slope_x\n        y -= step_size * slope_y\n        step_size *= decay\n",
            SIGMOID: "    from scipy.special import expit\n\n    return expit(x)\n",
            SIGMOID_GRAD: "    return np.exp(-x) / (1 + np.exp(-x)) ** 2\n",
            RELU: "    return x * (x > 0)\n",
            RELU_GRAD: "    return (np.asarray(x) > 0).astype(int)\n",
            BCE: "    return np.where(np.equal(y, 1), -np.log(y_hat), -np.log1p(-y_hat))\n",
            BCE_GRAD: "    return (y_hat - y) / (y_hat * (1 - y_hat))\n",
            MODEL: "    y_hat = sigmoid(np.dot(x, w.T) + b)\n    loss, grad_x = bce_loss(y, y_hat), (y_hat - y) * w\n",
            LINEAR: "        return np.add(np.dot(x, self.W), self.b)\n",
            BACKWARD: """\
        self.db = np.sum(dy, axis=0)
        self.dW = np.dot(x.T, dy)
        dx = np.dot(dy, np.transpose(self.W))
""",
            MOVE: "        self.W -= step_size * self.dW\n        self.b -= step_size * self.db\n",
        },
    ),
    edit(
        "einsum; a sigmoid that overflows far out; layers that compute for themselves",
        {
            SIGMOID: "    return np.exp(x) / (1 + np.exp(x))\n",
            RELU: "    return (np.abs(x) + x) / 2\n",
            RELU_GRAD: "    return np.heaviside(x, 0.5)\n",
            LINEAR: '        return np.einsum("ni,ij->nj", x, self.W) + self.b[None, :]\n',
            BACKWARD: """\
        dx = np.einsum("nj,ij->ni", dy, self.W)
        self.dW, self.db = np.einsum("ni,nj->ij", x, dy), np.einsum("nj->j", dy)
""",
            SIGMOID_FORWARD: "        return np.exp(x) / (np.exp(x) + 1.0)\n",
            SIGMOID_BACK: "        y = self.forward(x)\n        return y * (1 - y) * dy\n",
            RELU_FORWARD: "        return np.where(x < 0, 0, x)\n",
            RELU_BACK: "        dx = dy.copy()\n        dx[x <= 0] = 0\n        return dx\n",
        },
    ),
    edit(
        "sums over the samples in loops, biases first; steps counted from 1",
        {
            DECAYED: DECAYED.replace("**t", "**(t + 1)"),
            LINEAR: """\
        y = np.tile(self.b, (len(x), 1))
        for i in range(x.shape[1]):
            y += np.outer(x[:, i], self.W[i])
        return y
""",
            BACKWARD: """\
        dx = np.zeros(x.shape)
        self.dW, self.db = np.zeros(self.W.shape), np.zeros(self.b.shape)
        for n in range(len(x)):
            dx[n] = self.W @ dy[n]
            self.dW += np.outer(x[n], dy[n])
            self.db += dy[n]
""",
            TWO + FIT: TWO + FIT.replace("25", "5"),
            ONE + FIT: ONE + FIT.replace("25", "5"),
            LINES + FIT: LINES + FIT.replace("25", "5"),
            DEEP + FIT: DEEP + FIT.replace("25", "5"),
        },
    ),
    edit(
        "layers in single precision",
        {
            LINEAR: "        return (x.astype(np.float32) @ self.W.astype(np.float32) + self.b).astype(np.float32)\n",
            BACKWARD: """\
        dy = dy.astype(np.float32)
        dx = dy @ self.W.T.astype(np.float32)
        self.dW, self.db = x.T.astype(np.float32) @ dy, dy.sum(0)
""",
            # the sigmoid in double precision: in single precision it reaches 1, and the loss is infinite there
            SIGMOID_FORWARD: "        return sigmoid(x.astype(np.float64))\n",
            RELU_FORWARD: "        return relu(x.astype(np.float32))\n",
        },
    ),
    edit(
        "finite differences by one function, entry by entry",
        {
            SIGMOID_NUMERICAL: """\
def difference(g, at, h=1e-6):
    slopes = []
    for value in at:
        slopes.append((g(value + h) - g(value - h)) / (2 * h))
    return slopes


print("Numerical", difference(sigmoid, x))
""",
            RELU_NUMERICAL: 'print("Greatest error:", np.max(np.abs(difference(relu, x) - relu_grad(x))))\n',
            BCE_NUMERICAL: """\
for i in range(5):
    up, down = y_hat.copy(), y_hat.copy()
    up[i] += 5e-4
    down[i] -= 5e-4
    print((bce_loss(y, up)[i] - bce_loss(y, down)[i]) / 1e-3, bce_loss_grad(y, y_hat)[i])
""",
        },
    ),
    edit(
        "finite differences inside other expressions, some to one side",
        {
            SIGMOID_NUMERICAL: """\
e = 2.0**-10
print(f"Numerical {(sigmoid(x + e) - sigmoid(x - e)) / e / 2}")
""",
            RELU_NUMERICAL: """\
for i in range(len(x)):
    assert abs((relu(x[i] + epsilon) - relu(x[i])) / epsilon - relu_grad(x)[i]) < 1e-6
""",
            BCE_NUMERICAL: """\
forward = (bce_loss(y_hat=y_hat + 1e-7, y=y) - bce_loss(y, y_hat)) / 1e-7
print(np.allclose(forward, bce_loss_grad(y, y_hat), rtol=1e-3))
""".replace("y_hat=y_hat + 1e-7, y=y", "y=y, y_hat=y_hat + 1e-7"),
        },
    ),
    edit(
        "finite differences in cells of their own",
        {
            SIGMOID_NUMERICAL: 'print("Numerical: see below")\n',
            "# **(d) Is the gradient**": """\
# A try of my own:

# %%
delta = 1e-4
above, below = sigmoid(x + delta / 2), sigmoid(x - delta / 2)
print((above - below) / delta)

# %% [markdown]
# **(d) Is the gradient**""",
            BCE_NUMERICAL: """\
relative = np.zeros(5)
for i, h in enumerate(1e-6 * np.eye(5)):
    relative[i] = (bce_loss(y, y_hat + h) - bce_loss(y, y_hat - h)).sum() / 2e-6
relative -= bce_loss_grad(y, y_hat)
""",
        },
    ),
    edit(
        "finite differences at points of one's own, of functions whose parameter has another name",
        {
            "def sigmoid(x):\n": "def sigmoid(z):\n",
            SIGMOID: "    return 1 / (1 + np.exp(-z))\n",
            SIGMOID_NUMERICAL: """\
def slope(func, at, h=1e-5):
    return (func(at + h) - func(at - h)) / (2 * h)


pts = np.linspace(-3, 3, 8)
print(np.abs(slope(sigmoid, pts) - sigmoid_grad(pts)).max())
""",
            RELU_NUMERICAL: "pts = np.array([-2.0, -0.5, 0.7, 3.0])\n"
            "assert np.allclose(slope(relu, pts), relu_grad(pts))\n",
            BCE_NUMERICAL: """\
p = np.linspace(0.1, 0.9, 9)
for t in (0, 1):
    numerical = (bce_loss(t, p + 1e-5) - bce_loss(t, p - 1e-5)) / 2e-5
    print(np.abs(numerical - bce_loss_grad(t, p)).max())
""",
        },
    ),
    edit(
        "finite differences of a list, divided as a whole; parameters in a dictionary behind properties",
        {
            SIGMOID_NUMERICAL: """\
width = 1e-3
numeric = np.array([sigmoid(at + width / 2) - sigmoid(at - width / 2) for at in x]) / width
print("Numerical", numeric)
""",
            RELU_NUMERICAL: 'print("Greatest error:", np.max(np.abs(relu_grad(x) - relu_grad(x))))\n'
            "up, down = [relu(at + epsilon) for at in x], [relu(at - epsilon) for at in x]\n"
            "print((np.asarray(up) - np.array(down)) / (2 * epsilon))\n",
            BACKWARD: BACKWARD.replace(
                "self.dW = x.T @ dy", 'self.slopes = {"W": x.T @ dy, "b": dy.sum(axis=0)}'
            ).replace("        self.db = dy.sum(axis=0)\n", ""),
            MOVE: MOVE
            + """
    @property
    def dW(self):
        return self.slopes["W"]

    @property
    def db(self):
        return self.slopes["b"]
""",
        },
    ),
    edit(
        "logarithms kept from zero, functions as lambda expressions",
        {
            "def sigmoid(x):\n": "sigmoid = lambda x: np.reciprocal(1.0 + np.exp(-x))\n\n\ndef unused(x):\n",
            BCE: "    y_hat = np.clip(y_hat, 1e-7, 1 - 1e-7)\n" + BCE,
            BCE_GRAD: "    return -y / (y_hat + 1e-8) + (1 - y) / (1 - y_hat + 1e-8)\n",
            "x = np.random.default_rng(12345).uniform(-10, 10, size=5)\n"
            'for label, value in {"x": x, "relu(x)"': "relu = lambda x: np.clip(x, 0, None)\n"
            "x = np.random.default_rng(12345).uniform(-10, 10, size=5)\n"
            'for label, value in {"x": x, "relu(x)"',
        },
    ),
    edit(
        "Linear of the edition of 2020, which takes no generator",
        {
            INIT: "    def __init__(self, n_in, n_out):\n        rng = np.random\n",
            "Linear(5, 7, rng=rng)\n": "Linear(5, 7)\n",
            "layer = Linear(5, 7, rng)\n": "layer = Linear(5, 7)\n",
            FIRST: "np.random.seed(1)\n" + FIRST.replace(", rng=rng", ""),
            ONE: ONE.replace(", rng=rng", ""),
            LINES: LINES.replace(", rng=rng", ""),
            DEEP: DEEP.replace(", rng=rng", ""),
        },
    ),
    edit(
        "one object of each activation in the place of its class",
        {
            RELU_CLASS: RELU_CLASS + "\n\nReLU = ReLU()\n",
            ", ReLU()\ny = ": ", ReLU\ny = ",
            "layer = ReLU()\nx = ": "layer = ReLU\nx = ",
            FIRST: "sigmoid_layer = Sigmoid()\n"
            + FIRST.replace("ReLU()", "ReLU").replace("Sigmoid()", "sigmoid_layer"),
            DEEP: DEEP.replace("ReLU()", "ReLU"),
        },
    ),
    edit(
        "one name for every network, none of them `net` after the first, and one of them kept in a list",
        {
            ONE + FIT: (ONE + FIT).replace("net", "model"),
            LINES + FIT: (LINES + FIT).replace("net", "model"),
            DEEP + FIT: (DEEP + FIT).replace("net", "model") + "models = [model]\ndel model\n",
        },
    ),
    edit(
        "several trainings of each network, the last not the best",
        {
            TWO + FIT: TWO + FIT + f"good = net\n{FIRST}{FIT.replace('0.01', '1e-6')}",
            ONE + FIT: "for rate in (0.01, 1e-5):\n    " + ONE + "    " + FIT.replace("0.01", "rate"),
            DEEP + FIT: DEEP + "fit(net, x, y, 10, 1e-3)\n" + DEEP + "fit(net, x, y, 10, 0.02, 20)\n",
        },
    ),
    edit(
        "a training loop of one's own; a deep network without activations between",
        {
            ONE + FIT: ONE
            + """\
for _ in range(40):
    for part in np.array_split(rng.permutation(len(x["train"])), 50):
        out, trace = net.forward(x["train"][part])
        net.backward(trace, bce_loss_grad(y["train"][part, None], out))
        net.step(0.01)
""",
            DEEP: "net = Net([*[Linear(64, 64, rng=rng) for _ in range(3)], Linear(64, 1, rng=rng), Sigmoid()])\n",
            FIT + "### END SOLUTION\n\n# %% [markdown]\n# **(i)": FIT.replace("0.01", "0.002")
            + "### END SOLUTION\n\n# %% [markdown]\n# **(i)",
        },
    ),
    edit(
        "decay in the first definition already, the second taken out; questions that are not bold; w and b as defaults",
        {
            "def fn(x, y):\n": "def fn(x, y, w=w, *, b=b):\n",
            "def optimize_f(x, y, step_size, steps):\n": "def optimize_f(x, y, step_size, steps, decay=1):\n",
            STEP: STEP.replace("step_size", "step_size * decay ** (len(path) - 1)"),
            "def optimize_f(x, y, step_size, steps, decay=1.0):\n": "def unused(x, y, step_size, steps, decay=1.0):\n",
            TUNED: "results = optimize_f(3.0, 2.0, 0.15, 200)\n",
            "# **(b) Train the network**": "# (b) Train the network",
            "# **(d) Create and train**": "# (d) Create and train",
            "# **(f) Repeat the experiment**": "# (f) Repeat the experiment",
            "# **(h) One way to improve**": "# (h) One way to improve",
        },
    ),
    edit(
        "both sides of each difference in one call; ReLU by the type of its argument; w and b held by an object; a "
        "function of its own with the decay",
        {
            "def optimize_f(x, y, step_size, steps, decay=1.0):\n": "def optimize_f_decay(x, y, size, steps, decay):\n",
            DECAYED: DECAYED.replace("step_size", "size"),
            "np.abs(np.diff(optimize_f(0.123": "np.abs(np.diff(optimize_f_decay(0.123",
            TUNED: "results2 = optimize_f_decay(3, 2, 0.5, 100, 0.95)\n",
            'assert results[2] < -2, "not there yet"\n': 'assert results2[2] < -2, "not there yet"\n',
            "numerical = (sigmoid(x + epsilon / 2) - sigmoid(x - epsilon / 2)) / epsilon\n": """\
above, below = sigmoid(x + np.array([[0.5], [-0.5]]) * epsilon)
numerical = (above - below) / epsilon
""",
            "def relu(x):\n": "from functools import singledispatch\n\n\n@singledispatch\ndef relu(x):\n",
            "def relu_grad(x):\n": "@relu.register(float)\ndef _(x):\n    return max(0.0, x)\n\n\ndef relu_grad(x):\n",
            'print("Numerical", (relu(x + epsilon / 2) - relu(x - epsilon / 2)) / epsilon)\n': """\
print("Numerical", np.diff(relu(np.stack([x - epsilon / 2, x + epsilon / 2])), axis=0)[0] / epsilon)
""",
            '"Numerical", (bce_loss(y, y_hat + epsilon / 2) - bce_loss(y, y_hat - epsilon / 2)) / epsilon)\n': """"")
sides = bce_loss(y[:, None], y_hat[:, None] + epsilon / 2 * np.array([-1, 0, 1]))
print("Numerical", np.gradient(sides, epsilon / 2, axis=1)[:, 1])
""",
            "def fn(x, y):\n": """\
class Parameters:
    def __init__(self, w, b):
        self.w, self.b = w, b


held = Parameters(w, b)


def fn(x, y):
    w, b = held.w, held.b
""",
        },
    ),
    edit(
        "answers put into lists, arrays and tables before they are subtracted",
        {
            SIGMOID_NUMERICAL: """\
def slope_of(fun, at, width=1e-6):
    left, right = at - width / 2, at + width / 2
    return np.diff([fun(left), fun(right)], axis=0)[0] / width


print("Numerical", slope_of(sigmoid, x))
""",
            RELU_NUMERICAL: """\
plus, minus = np.zeros_like(x), np.zeros_like(x)
for i in range(len(x)):
    plus[i] = relu(x[i] + 1e-6)
    minus[i] = relu(x[i] - 1e-6)
print("Numerical", (plus - minus) / 2e-6)
""",
            BCE_NUMERICAL: """\
sides = {s: bce_loss(y, y_hat + s * epsilon) for s in (-0.5, 0.5)}
print("Numerical", np.dot([1, -1], [sides[0.5], sides[-0.5]]) / epsilon)
""",
        },
    ),
    edit(
        "differences of numbers of Python's, kept in lists or printed",
        {
            SIGMOID_NUMERICAL: """\
numerical = [(float(sigmoid(v + 1e-5)) - float(sigmoid(v - 1e-5))) / 2e-5 for v in x]
""",
            RELU_NUMERICAL: """\
def show(v):
    print(v, (float(relu(v + 1e-5)) - float(relu(v - 1e-5))) / 2e-5)


for v in x:
    show(float(v))
""",
            BCE_NUMERICAL: """\
pairs = np.array([bce_loss(y, y_hat - epsilon), bce_loss(y, y_hat + epsilon)])
numerical = (pairs[1] - pairs[0]) / (2 * epsilon)
""",
        },
    ),
    edit(
        "all three comparisons in one loop below the last of the functions",
        {
            SIGMOID_NUMERICAL: "",
            RELU_NUMERICAL: "",
            BCE_NUMERICAL: """\
for name, fun, slope, at in (
    ("sigmoid", sigmoid, sigmoid_grad, x),
    ("relu", relu, relu_grad, x),
    ("bce_loss", lambda p: bce_loss(y, p), lambda p: bce_loss_grad(y, p), y_hat),
):
    print(name, (fun(at + 5e-6) - fun(at - 5e-6)) / 1e-5, slope(at))
""",
        },
    ),
    edit(
        "the derivative of a grid, read off at the points",
        {
            RELU_NUMERICAL: """\
grid = np.linspace(-10, 10, 100_001)
print("Numerical", np.interp(x, grid, np.gradient(relu(grid), grid)))
""",
        },
    ),
]
