"""Right rewrites of the solution, which must get full marks: other ways to write the same mathematics.

Each replaces the bodies of several methods at once, so that many ways are tried by few runs.
"""

from collections.abc import Mapping
from textwrap import dedent, indent

from grader.model import Change, Edit

AFFINE_OUT = "out = inputs @ weight + bias"
AFFINE_BACK = """\
d_inputs = d_out @ weight.T
d_weight = inputs.T @ d_out
d_bias = d_out.sum(axis=0)
"""
RELU_OUT = "out = np.maximum(inputs, 0)"
RELU_BACK = "d_inputs = d_out * (inputs > 0)"
CE_VALUE = """\
shifted = logits - logits.max(axis=1, keepdims=True)
log_probs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
probs = np.exp(log_probs)
loss = -np.sum(labels * log_probs) / len(labels)
"""
CE_BACK = "d_logits = d_out * (probs - labels) / len(labels)"
LAYERS = """\
self.affine1 = Affine()
self.relu = ReLU()
self.affine2 = Affine()
self.cross_entropy = CategoricalCrossEntropy()
"""
PREDICT = """\
hidden = self.relu.forward(self.affine1.forward(X, self.params["W1"], self.params["b1"]))
logits = self.affine2.forward(hidden, self.params["W2"], self.params["b2"])
Y_pred = softmax(logits, axis=1)
"""
FORWARD = """\
hidden = self.relu.forward(self.affine1.forward(X, self.params["W1"], self.params["b1"]))
logits = self.affine2.forward(hidden, self.params["W2"], self.params["b2"])
loss = self.cross_entropy.forward(logits, Y)

"""
BACKWARD = """\
grads = {}
d_logits, _ = self.cross_entropy.backward()
d_hidden, grads["W2"], grads["b2"] = self.affine2.backward(d_logits)
d_before_relu = self.relu.backward(d_hidden)
_, grads["W1"], grads["b1"] = self.affine1.backward(d_before_relu)

"""
UPDATE = """\
for name in self.params:
    self.params[name] = self.params[name] - self.learning_rate * grads[name]
"""
STEP = FORWARD + BACKWARD + UPDATE

FIRST_TRAINING = "max_epochs = 501\nreport_frequency = 50\n\n# %%\nlog_reg"


def edit(name: str, bodies: Mapping[str, str]) -> Edit:
    """An edit of the solution: whole lines in the bodies of methods, written without their indentation, or a cell's."""

    def in_method(text: str) -> str:
        return text if "# %%" in text else indent(dedent(text).strip("\n"), " " * 8) + "\n"

    changes = (Change("exercise_09_notebook.py", in_method(old), in_method(new)) for old, new in bodies.items())
    return Edit(name=name, changes=tuple(changes))


RIGHT = [
    edit(
        "np.dot and np.sum, a mask of zeros and ones, scipy's softmax",
        {
            AFFINE_OUT: "out = np.add(np.dot(inputs, weight), bias)",
            AFFINE_BACK: """
                d_bias = np.sum(d_out, axis=0)
                d_weight = np.dot(inputs.T, d_out)
                d_inputs = np.dot(d_out, np.transpose(weight))
            """,
            RELU_OUT: "out = inputs.clip(min=0)",
            RELU_BACK: "mask = np.zeros(inputs.shape)\nmask[inputs > 0] = 1\nd_inputs = mask * d_out",
            CE_VALUE: """
                from scipy.special import log_softmax
                probs = softmax(logits, axis=-1)
                loss = -(labels * log_softmax(logits, axis=-1)).sum(axis=-1).mean().item()
            """,
            CE_BACK: """
                d_logits = np.subtract(probs, labels)
                d_logits *= d_out / d_logits.shape[0]
            """,
        },
    ),
    edit(
        "einsum",
        {
            AFFINE_OUT: 'out = np.einsum("nd,dh->nh", inputs, weight) + bias[None, :]',
            AFFINE_BACK: """
                d_inputs, d_weight = np.einsum("nh,dh->nd", d_out, weight), np.einsum("nd,nh->dh", inputs, d_out)
                d_bias = np.einsum("nh->h", d_out)
            """,
            RELU_OUT: "out = np.where(inputs < 0, 0, inputs)",
            RELU_BACK: "d_inputs = np.where(inputs < 0, 0, d_out)",
            CE_VALUE: """
                from scipy.special import logsumexp
                log_p = logits - logsumexp(logits, axis=1, keepdims=True)
                probs = np.exp(log_p)
                loss = float(-np.einsum("nk,nk->", labels, log_p) / logits.shape[0])
            """,
        },
    ),
    edit(
        "loops over the samples and the units",
        {
            AFFINE_OUT: """
                out = np.zeros((len(inputs), len(bias)))
                for i, j in np.ndindex(out.shape):
                    out[i, j] = inputs[i] @ weight[:, j] + bias[j]
            """,
            AFFINE_BACK: """
                d_inputs, d_weight, d_bias = (np.zeros_like(array) for array in self.cache)
                for i in range(len(d_out)):
                    d_bias += d_out[i]
                    d_inputs[i] = weight.dot(d_out[i])
                    d_weight += np.outer(inputs[i], d_out[i])
            """,
            RELU_OUT: "out = np.array([max(0.0, v) for v in inputs.ravel()]).reshape(inputs.shape)",
            RELU_BACK: """
                d_inputs = np.zeros_like(d_out)
                for at in zip(*np.nonzero(inputs > 0)):
                    d_inputs[at] = d_out[at]
            """,
            CE_VALUE: """
                loss, rows = 0.0, []
                for z, t in zip(logits, labels):
                    e = np.exp(z - max(z))
                    rows.append(e / sum(e))
                    loss += float(np.log(sum(e)) - (z - max(z))[t.argmax()]) / len(logits)
                probs = np.vstack(rows)
            """,
            FIRST_TRAINING: FIRST_TRAINING.replace("501", "5"),
        },
    ),
    edit(
        "list comprehensions, the label's column picked by its index",
        {
            AFFINE_OUT: "out = np.stack([weight.T @ row for row in inputs]) + bias",
            AFFINE_BACK: """
                d_inputs = np.array([weight @ d for d in d_out])
                d_weight = sum(np.outer(x, d) for x, d in zip(inputs, d_out))
                d_bias = sum(d_out)
            """,
            CE_VALUE: """
                top = logits.max(1)[:, None]
                norm = top + np.log(np.exp(logits - top).sum(1)[:, None])
                probs = np.exp(logits - norm)
                loss = (norm.ravel() - logits[np.arange(len(logits)), labels.argmax(1)]).mean()
            """,
            CE_BACK: """
                d_logits = probs.copy()
                d_logits[np.arange(len(probs)), labels.argmax(1)] -= 1
                d_logits *= d_out / len(probs)
            """,
        },
    ),
    edit(
        "single precision in the layers",
        {
            AFFINE_OUT: "out = (np.float32(inputs) @ np.float32(weight) + np.float32(bias)).astype(np.float32)",
            AFFINE_BACK: """
                d_out = np.float32(d_out)
                d_inputs = d_out @ np.float32(weight).T
                d_weight = np.float32(inputs).T @ d_out
                d_bias = d_out.sum(0)
            """,
            RELU_OUT: "out = self.out = (np.float32(inputs) + np.abs(np.float32(inputs))) / 2",
            RELU_BACK: "d_inputs = np.float32(d_out) * np.sign(self.out)",
        },
    ),
    edit(
        "single precision in the network",
        {
            LAYERS: LAYERS + "self.params = {k: v.astype(np.float32) for k, v in self.params.items()}\n",
            UPDATE: """
                for name, grad in grads.items():
                    self.params[name] -= (self.learning_rate * grad).astype(np.float32)
            """,
        },
    ),
    edit(
        "what backward needs kept under other names, log-sum-exp by np.logaddexp",
        {
            AFFINE_OUT: "self.x, self.w = inputs, weight\nout = self.x.dot(self.w)\nout += bias",
            AFFINE_BACK: """
                d_inputs, d_weight = d_out.dot(self.w.T), (d_out.T.dot(self.x)).T
                d_bias = np.ones(len(d_out)) @ d_out
            """,
            RELU_OUT: "self.mask = inputs > 0\nout = inputs * self.mask",
            RELU_BACK: "d_inputs = d_out.copy()\nd_inputs[~self.mask] = 0",
            CE_VALUE: """
                norm = np.logaddexp.reduce(logits, axis=1)
                loss = float(norm.sum() - np.vdot(labels, logits)) / len(norm)
                probs = softmax(logits, axis=1)
            """,
            CE_BACK: "d_logits = probs * (d_out / len(probs)) - labels * (d_out / len(probs))",
        },
    ),
    edit(
        "inputs copied into the cache, ReLU's gradient at 0 taken as 1, the label's entries picked by a mask",
        {
            AFFINE_OUT: "self.cache = (inputs.copy(), weight.copy(), bias.copy())\nout = inputs @ weight + bias",
            RELU_OUT: "self.cache = np.array(inputs)\nout = np.fmax(inputs, 0.0)",
            RELU_BACK: "d_inputs = d_out * np.heaviside(inputs, 1.0)",
            CE_VALUE: """
                top = np.amax(logits, axis=1)
                exp = np.exp(logits - top[:, None])
                total = np.sum(exp, axis=1)
                probs, loss = exp / total[:, None], float(np.mean(np.log(total) + top - logits[labels == 1]))
            """,
        },
    ),
    edit(
        "one affine layer for both, its first forward repeated before its second backward",
        {
            LAYERS: "self.affine, self.relu, self.loss_layer = Affine(), ReLU(), CategoricalCrossEntropy()",
            PREDICT: """
                z = self.relu.forward(self.affine.forward(X, self.params["W1"], self.params["b1"]))
                z = self.affine.forward(z, self.params["W2"], self.params["b2"])
                Y_pred = np.exp(z - z.max(1)[:, None])
                Y_pred /= Y_pred.sum(1)[:, None]
            """,
            STEP: """
                p, layer = self.params, self.affine
                z1 = layer.forward(X, p["W1"], p["b1"])
                z2 = layer.forward(self.relu.forward(z1), p["W2"], p["b2"])
                loss = self.loss_layer.forward(z2, Y)
                d_a1, d_W2, d_b2 = layer.backward(self.loss_layer.backward()[0])
                layer.forward(X, p["W1"], p["b1"])
                _, d_W1, d_b1 = layer.backward(self.relu.backward(d_a1))
                for name, grad in zip(("W1", "b1", "W2", "b2"), (d_W1, d_b1, d_W2, d_b2)):
                    p[name] -= self.learning_rate * grad
            """,
        },
    ),
    edit(
        "network without the layers: plain NumPy, parameters under other names as well",
        {
            LAYERS: "self.W1, self.b1, self.W2, self.b2 = self.params.values()",
            PREDICT: "Y_pred = softmax(np.maximum(X @ self.W1 + self.b1, 0) @ self.W2 + self.b2, axis=1)",
            STEP: """
                before = X @ self.W1 + self.b1
                after = before.clip(0)
                probs = softmax(after @ self.W2 + self.b2, axis=1)
                loss = -np.log((probs * Y).sum(axis=1)).mean()
                delta2 = (probs - Y) / len(X)
                delta1 = (delta2 @ self.W2.T) * (before > 0)
                for W, b, x, delta in [(self.W1, self.b1, X, delta1), (self.W2, self.b2, after, delta2)]:
                    W -= self.learning_rate * x.T @ delta
                    b -= self.learning_rate * delta.sum(0)
            """,
        },
    ),
    edit(
        "layers made anew in every call, parameters replaced as a whole",
        {
            LAYERS: "",
            PREDICT: """
                first, second, relu = Affine(), Affine(), ReLU()
                W1, b1, W2, b2 = (self.params[k] for k in ("W1", "b1", "W2", "b2"))
                Y_pred = softmax(second.forward(relu.forward(first.forward(X, W1, b1)), W2, b2), -1)
            """,
            STEP: """
                first, second, relu, loss_layer = Affine(), Affine(), ReLU(), CategoricalCrossEntropy()
                W1, b1, W2, b2 = (self.params[k] for k in ("W1", "b1", "W2", "b2"))
                loss = loss_layer.forward(second.forward(relu.forward(first.forward(X, W1, b1)), W2, b2), Y)
                d_hidden, W2, b2 = second.backward(loss_layer.backward(1.0)[0])
                _, W1, b1 = first.backward(relu.backward(d_hidden))
                grads = dict(W1=W1, b1=b1, W2=W2, b2=b2)
                self.params = {k: v - self.learning_rate * grads[k] for k, v in self.params.items()}
            """,
        },
    ),
    edit(
        "W2 moved as soon as it is used up, the rest in place, with printing and assertions",
        {
            BACKWARD: """
                grads = {}
                print(f"loss {loss:.3f}")
                d_logits, _ = self.cross_entropy.backward(d_out=1.0)
                d_hidden, grads["W2"], grads["b2"] = self.affine2.backward(d_logits)
                self.params["W2"] = self.params["W2"] - self.learning_rate * grads.pop("W2")
                _, grads["W1"], grads["b1"] = self.affine1.backward(self.relu.backward(d_hidden))
            """,
            UPDATE: """
                for name, grad in sorted(grads.items()):
                    np.subtract(self.params[name], self.learning_rate * grad, out=self.params[name])
            """,
        },
    ),
    Edit(
        name="arguments of the network's constructor under other names",
        changes=(
            Change(
                "exercise_09_notebook.py",
                "(self, input_size, hidden_size, output_size, learning_rate=1e-2):",
                "(self, D, H, K, eta=1e-2):\n"
                "        input_size, hidden_size, output_size, learning_rate = D, H, K, eta",
            ),
            Change(
                "exercise_09_notebook.py",
                "(input_size=D, hidden_size=H, output_size=K, learning_rate=learning_rate)",
                "(D, H, K, learning_rate)",
            ),
        ),
    ),
]
