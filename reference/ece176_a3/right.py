"""Correct rewrites: other ways of writing the same layers, all of which must get full marks."""

from grader.model import Change, Edit

LINEAR, RELU = "layers/linear.py", "layers/relu.py"
SOFTMAX, LOSS = "layers/softmax.py", "layers/loss_func.py"
NOTEBOOK = "neural_network.py"
RAND, SINGLE = "np.random.rand", ".astype(np.float32)"

LINEAR_LOOPS = """import numpy as np

from layers.base_layer import BaseLayer


class Linear(BaseLayer):
    def __init__(self, n, m):
        self.W = 1e-4 * np.random.rand(n, m)
        self.b = 1e-4 * np.random.rand(m)
        self.zero_grad()

    parameters = property(lambda self: [self.W, self.b])
    grads = property(lambda self: [self.dW, self.db])

    def zero_grad(self):
        self.dW = self.db = None

    def forward(self, batch):
        self.batch = batch
        out = np.empty((len(batch), len(self.b)))
        for i, row in enumerate(batch):
            for j in range(len(self.b)):
                out[i, j] = sum(a * w for a, w in zip(row, self.W[:, j])) + self.b[j]
        return out

    def backward(self, upstream):
        self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b)
        down = np.zeros(self.batch.shape)
        for i, (row, up) in enumerate(zip(self.batch, upstream)):
            self.dW += np.outer(row, up)
            self.db += up
            down[i] = self.W.dot(up)
        return down
"""

LINEAR_LISTS = """import numpy as np

from layers.base_layer import BaseLayer


class Linear(BaseLayer):
    def __init__(self, in_features, out_features):
        super().__init__()
        w = np.random.rand(in_features, out_features) * 1e-4
        self.parameters = [w, np.random.rand(out_features) * 1e-4]
        self.grads = [None, None]

    def forward(self, x):
        w, b = self.parameters
        self.cache = (x, w)
        return np.add(np.matmul(x, w), b)

    def backward(self, dout):
        x, w = self.cache
        self.grads = [np.matmul(np.transpose(x), dout), np.sum(dout, 0)]
        return np.matmul(dout, np.transpose(w))
"""

LINEAR_APPENDED = """import numpy as np

from .base_layer import BaseLayer


class Linear(BaseLayer):
    def __init__(self, in_dim, out_dim):
        self.weight, self.bias = 1e-4 * np.random.rand(in_dim, out_dim), 1e-4 * np.random.rand(out_dim)
        self.parameters.append(self.weight)
        self.parameters.append(self.bias)
        self.grads.extend([None, None])

    def forward(self, x):
        self.x = x.copy()
        return np.einsum("ni,ij->nj", x, self.weight) + self.bias[None, :]

    def backward(self, dout):
        self.grads[0] = np.einsum("ni,nj->ij", self.x, dout)
        self.grads[1] = np.einsum("nj->j", dout)
        return np.einsum("nj,ij->ni", dout, self.weight)
"""

LINEAR_HOMOGENEOUS = """import numpy as np


class Linear:
    def __init__(self, rows, columns):
        weight = 1e-4 * np.random.rand(rows, columns)
        bias = 1e-4 * np.random.rand(columns)
        self._both = np.vstack([weight, bias])
        self._slope = None

    @property
    def parameters(self):
        return [self._both[:-1], self._both[-1]]

    @property
    def grads(self):
        return [None, None] if self._slope is None else [self._slope[:-1], self._slope[-1]]

    def zero_grad(self):
        self._slope = None

    def forward(self, x):
        self._x = np.hstack([x, np.ones((x.shape[0], 1))])
        return self._x.dot(self._both)

    def backward(self, dout):
        self._slope = self._x.T.dot(dout)
        return dout.dot(self._both.T)[:, :-1]
"""

SOFTMAX_ROWS = """import numpy as np

from layers.base_layer import BaseLayer


class Softmax(BaseLayer):
    def forward(self, x):
        rows = []
        for z in x:
            e = np.exp(z - max(z))
            rows.append(e / np.sum(e))
        return np.array(rows)

    def backward(self, dout):
        return dout
"""

LOSS_ONE_HOT = """import numpy as np


class CrossEntropyLoss:
    def forward(self, p, y):
        self.n, k = p.shape
        self.t = np.eye(k)[y]
        self.p = p
        return -np.sum(self.t * np.log(p)) / self.n

    def backward(self):
        return (self.p - self.t) / self.n
"""

LOSS_EPSILON = """import numpy as np


class CrossEntropyLoss:
    def __init__(self):
        self.x = None
        self.y = None

    def forward(self, x, y):
        self.x, self.y = np.array(x), np.array(y)
        total = 0.0
        for i in range(len(y)):
            total -= np.log(x[i][y[i]] + 1e-12)
        return total / len(y)

    def backward(self):
        grad = np.zeros_like(self.x)
        for i, label in enumerate(self.y):
            for c in range(self.x.shape[1]):
                grad[i, c] = (self.x[i, c] - (1 if c == label else 0)) / len(self.y)
        return grad
"""

LOSS_AT_ONCE = """import numpy as np


class CrossEntropyLoss:
    def forward(self, probs, labels):
        rows = np.arange(probs.shape[0])
        self.grad = probs.copy()
        self.grad[rows, labels] -= 1.0
        self.grad /= probs.shape[0]
        return float(np.mean(-np.log(np.clip(probs[rows, labels], 1e-15, 1.0))))

    def backward(self):
        return self.grad
"""


def whole(name: str, **files: str) -> Edit:
    """A rewrite that replaces whole files of `layers`."""
    return Edit(name=name, changes=tuple(Change(f"layers/{file}.py", "", text) for file, text in files.items()))


RIGHT = [
    whole("loops over points and units", linear=LINEAR_LOOPS, softmax=SOFTMAX_ROWS, loss_func=LOSS_EPSILON),
    whole("parameters and grads as lists that the layer assigns", linear=LINEAR_LISTS),
    whole("einsum, and lists that the base class began", linear=LINEAR_APPENDED),
    whole("weight and bias as views of one array, without the base class", linear=LINEAR_HOMOGENEOUS),
    Edit(
        name="single precision throughout",
        changes=(
            Change(
                LINEAR, "np.random.rand(in_features, out_features)\n", f"{RAND}(in_features, out_features){SINGLE}\n"
            ),
            Change(LINEAR, "np.random.rand(out_features)\n", f"{RAND}(out_features){SINGLE}\n"),
            Change(LINEAR, "        self.x = x\n", f"        self.x = x = x{SINGLE}\n"),
            Change(
                LINEAR,
                "        self.dW = self.x.T @ dout\n",
                f"        dout = dout{SINGLE}\n        self.dW = self.x.T @ dout\n",
            ),
        ),
    ),
    Edit(
        name="softmax by logsumexp",
        changes=(
            Change(SOFTMAX, "import numpy as np\n", "import numpy as np\nfrom scipy.special import logsumexp\n"),
            Change(SOFTMAX, "np.exp(x - x.max(axis=1, keepdims=True))", "x - logsumexp(x, axis=-1)[:, np.newaxis]"),
            Change(SOFTMAX, "return shifted / shifted.sum(axis=1, keepdims=True)", "return np.exp(shifted)"),
        ),
    ),
    whole("one-hot labels, sum divided by the batch size", loss_func=LOSS_ONE_HOT),
    whole("gradient computed in forward already", loss_func=LOSS_AT_ONCE),
    whole("an epsilon inside the logarithm, loops", loss_func=LOSS_EPSILON),
    Edit(
        name="np.where in both directions, the input kept",
        changes=(
            Change(RELU, "        self.positive = x > 0\n", "        self.x = x\n"),
            Change(RELU, "np.maximum(x, 0)", "np.where(x > 0, x, 0.0)"),
            Change(RELU, "dout * self.positive", "np.where(self.x > 0, dout, 0.0)"),
        ),
    ),
    Edit(
        name="ReLU: product with a mask of numbers, at zero the slope is 1",
        changes=(
            Change(
                RELU,
                "        self.positive = x > 0\n        return np.maximum(x, 0)\n",
                "        self.mask = (x >= 0).astype(x.dtype)\n        return x * self.mask\n",
            ),
            Change(RELU, "        return dout * self.positive\n", "        return np.multiply(self.mask, dout)\n"),
        ),
    ),
    Edit(
        name="ReLU: a copy with zeros put in, half of x + |x|",
        changes=(
            Change(RELU, "        return np.maximum(x, 0)\n", "        return (x + abs(x)) / 2\n"),
            Change(
                RELU,
                "        return dout * self.positive\n",
                "        dx = dout.copy()\n        dx[np.logical_not(self.positive)] = 0\n        return dx\n",
            ),
        ),
    ),
    Edit(
        name="softmax shifted by the largest score of the whole batch",
        changes=(Change(SOFTMAX, "x.max(axis=1, keepdims=True)", "np.max(x)"),),
    ),
    Edit(
        name="gradient of the loss through a one-hot matrix by comparison",
        changes=(
            Change(
                LOSS,
                """        dlogits = self.probabilities.copy()
        dlogits[np.arange(len(self.labels)), self.labels] -= 1
        return dlogits / len(self.labels)
""",
                """        onehot = np.arange(self.probabilities.shape[1]) == self.labels.reshape(-1, 1)
        return np.true_divide(self.probabilities - onehot, self.probabilities.shape[0])
""",
            ),
        ),
    ),
    Edit(
        name="notebook: other local names, a while loop, layers in another variable",
        changes=(
            Change(
                NOTEBOOK,
                """for epoch in range(epochs):
    loss = Loss.forward(net(X), y)
""",
                """epoch = -1
while len(epoch_loss) < epochs:
    epoch += 1
    output_x = net.forward(X)
    loss = Loss.forward(output_x, y)
""",
            ),
        ),
    ),
    Edit(
        name="notebook: losses collected in an array",
        changes=(
            Change(NOTEBOOK, "epoch_loss = []\n", "epoch_loss = np.zeros(epochs)\n"),
            Change(NOTEBOOK, "    epoch_loss.append(loss)\n", "    epoch_loss[epoch] = loss\n"),
        ),
    ),
]
