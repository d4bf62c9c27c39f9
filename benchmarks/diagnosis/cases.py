"""Wrong solutions written by hand, in other words than the reference and with one or two mistakes in them.

None is an edit of `wrong.py`. `says` is what a right diagnosis must say: a pattern on its code and its text, written
before the first run; what else is said counts as named wrongly.
"""

from __future__ import annotations

from textwrap import dedent, indent
from typing import NamedTuple

from grader.model import Change, Edit


class Wrong(NamedTuple):
    """One wrong solution and the pattern that a right name matches."""

    edit: Edit
    says: str


TUM = "exercise_09_notebook.py"
OUT = "out = inputs @ weight + bias"
BACK = "d_inputs = d_out @ weight.T\nd_weight = inputs.T @ d_out\nd_bias = d_out.sum(axis=0)"
RELU = "out = np.maximum(inputs, 0)"
RELU_BACK = "d_inputs = d_out * (inputs > 0)"
CE = """\
shifted = logits - logits.max(axis=1, keepdims=True)
log_probs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
probs = np.exp(log_probs)
loss = -np.sum(labels * log_probs) / len(labels)"""
CE_BACK = "d_logits = d_out * (probs - labels) / len(labels)"
PREDICT = "Y_pred = softmax(logits, axis=1)"
UPDATE = """\
for name in self.params:
    self.params[name] = self.params[name] - self.learning_rate * grads[name]"""
THROUGH = "d_before_relu = self.relu.backward(d_hidden)"
HIDDEN_STEP = 'd_hidden, grads["W2"], grads["b2"] = self.affine2.backward(d_logits)'


def tum(name: str, says: str, *changes: tuple[str, str]) -> Wrong:
    """Lines in method bodies, written without their indentation."""

    def body(text: str) -> str:
        return indent(dedent(text).strip("\n"), " " * 8) + "\n"

    return Wrong(Edit(name=name, changes=tuple(Change(TUM, body(a), body(b)) for a, b in changes)), says)


def back(d_inputs: str, d_weight: str, d_bias: str) -> tuple[str, str]:
    return BACK, f"d_inputs = {d_inputs}\nd_weight = {d_weight}\nd_bias = {d_bias}"


GOOD = ("np.dot(d_out, weight.transpose())", "np.einsum('nd,nh->dh', inputs, d_out)", "np.add.reduce(d_out)")
SOFT = "e = np.exp(logits - np.max(logits, 1)[:, None])\nprobs = e / np.sum(e, 1)[:, None]\n"

TUM_WRONG = [
    tum("bias twice", r"bias|row-offset|constant", (OUT, "out = np.dot(inputs, weight)\nout = out + 2 * bias")),
    tum("bias subtracted", r"bias|row-offset", (OUT, "out = np.matmul(inputs, weight)\nout -= bias")),
    tum("mean by hand", r"mean|count", back(GOOD[0], GOOD[1], "np.ones(len(d_out)) @ d_out / d_out.shape[0]")),
    tum(
        "bias summed over units",
        r"axis|reduc",
        (
            BACK,
            "d_inputs = np.dot(d_out, weight.T)\nd_weight = np.dot("
            "inputs.T, d_out)\nd_bias = np.array([row.sum() for row in d_out])[: d_out.shape[1]]",
        ),
    ),
    tum(
        "both averaged",
        r"mean|count|divi",
        back(GOOD[0], "np.dot(inputs.T, d_out) / inputs.shape[0]", "np.average(d_out, axis=0)"),
    ),
    tum("weight gradient negative", r"sign", back(GOOD[0], "-np.einsum('nd,nh->dh', inputs, d_out)", GOOD[2])),
    tum("bias left out of gradient", r"zero", back(GOOD[0], GOOD[1], "np.zeros(weight.shape[1])")),
    tum(
        "last sample forgotten",
        r"sample|row|term",
        back(GOOD[0], GOOD[1], "sum(d_out[i] for i in range(len(d_out)-1))"),
    ),
    tum(
        "twice as much", r"factor 2|twice|scaled", back(GOOD[0], "2.0 * np.einsum('nd,nh->dh', inputs, d_out)", GOOD[2])
    ),
    tum(
        "ReLU inverted", r"mask|smaller|wrong way|compar|negat|sign", (RELU, "out = np.where(inputs < 0, inputs, 0.0)")
    ),
    tum("ReLU as absolute value", r"absolute", (RELU, "out = np.sqrt(inputs**2)")),
    tum("leaky", r"leak|mask|let", (RELU, "out = np.where(inputs > 0, inputs, 0.01 * inputs)")),
    tum("mask forgotten, by indexing", r"mask|passed through", (RELU_BACK, "d_inputs = np.array(d_out, copy=True)")),
    tum("mask inverted, by indexing", r"mask|compar", (RELU_BACK, "d_inputs = d_out.copy()\nd_inputs[inputs > 0] = 0")),
    tum(
        "times the activation",
        r"mask|factor|function|variable|let",
        (RELU_BACK, "d_inputs = d_out * np.maximum(inputs, 0.0)"),
    ),
    tum("mask from d_out", r"mask|d_out", (RELU_BACK, "d_inputs = np.where(d_out > 0.0, d_out, 0.0)")),
    tum(
        "loss over all entries",
        r"class|count|mean|averag|log\(0\)",
        (CE, SOFT + "log_probs = np.log(probs)\nloss = float(-np.mean(labels * log_probs))"),
        (CE_BACK, "d_logits = (probs - labels) / probs.shape[0] * d_out"),
    ),
    tum("loss summed", r"sum|count|log\(0\)", (CE, SOFT + "loss = float(-(labels * np.log(probs)).sum())")),
    tum(
        "loss to base 2", r"base 2|log\(0\)", (CE, SOFT + "loss = float(-(labels * np.log2(probs)).sum() / len(probs))")
    ),
    tum(
        "loss positive",
        r"sign|minus|log\(0\)",
        (CE, SOFT + "loss = float((labels * np.log(probs)).sum() / probs.shape[0])"),
    ),
    tum("no logarithm", r"log", (CE, SOFT + "loss = float(-(labels * probs).sum() / probs.shape[0])")),
    tum(
        "no shift",
        r"overflow|maximum|largest",
        (
            CE,
            "e = np.exp(logits)\nprobs = e / np.sum(e, 1)[:, None]\nloss = "
            "float(-(labels * np.log(probs)).sum() / probs.shape[0])",
        ),
    ),
    tum(
        "softmax along samples",
        r"axis|softmax",
        (
            CE,
            "e = np.exp(logits - logits.max())\nprobs = e / e.sum(0)\nloss = "
            "float(-(labels * np.log(probs)).sum() / probs.shape[0])",
        ),
    ),
    tum(
        "gradient not averaged",
        r"sum|divi|count",
        (CE_BACK, "d_logits = probs.copy()\nd_logits[labels == 1] -= 1\nd_logits *= d_out"),
    ),
    tum("labels not subtracted", r"label|term", (CE_BACK, "d_logits = np.multiply(d_out, probs) / probs.shape[0]")),
    tum(
        "divided before subtracting",
        r"divi|label|term|operat",
        (CE_BACK, "d_logits = d_out * (probs / probs.shape[0] - labels)"),
    ),
    tum("d_out added", r"d_out|add|operat", (CE_BACK, "d_logits = d_out + (probs - labels) / probs.shape[0]")),
    tum(
        "d_out ignored and summed",
        r"d_out|sum|divi|count",
        (CE_BACK, "d_logits = probs - labels"),
    ),
    tum(
        "labels minus probabilities",
        r"sign|wrong way",
        (CE_BACK, "d_logits = d_out * np.subtract(labels, probs) / probs.shape[0]"),
    ),
    tum("predict along samples", r"axis", (PREDICT, "e = np.exp(logits - logits.max())\nY_pred = e / e.sum(0)")),
    tum(
        "predict scaled logits",
        r"factor|constant|scale|2",
        (PREDICT, "e = np.exp(2 * (logits - logits.max(1)[:, None]))\nY_pred = e / e.sum(1)[:, None]"),
    ),
    tum("no ReLU on the way back", r"ReLU.*back|ReLU", (THROUGH, "d_before_relu = np.array(d_hidden)")),
    tum(
        "uphill",
        r"sign",
        (
            UPDATE,
            "for name, g in grads.items():\n    self.params[name] = self.params[name] + g * self.learning_rate",
        ),
    ),
    tum(
        "only weights",
        r"bias",
        (
            UPDATE,
            'for name in ("W1", "W2"):\n    self.params[name] = self.params[name] - self.learning_rate * grads[name]',
        ),
    ),
    tum(
        "half the step",
        r"half|factor|scaled",
        (
            UPDATE,
            "for name in grads:\n    self.params[name] = self.params[name] - 0.5 * self.learning_rate * grads[name]",
        ),
    ),
]

LINEAR, ECE_RELU, SOFTMAX, LOSS = (f"layers/{n}.py" for n in ("linear", "relu", "softmax", "loss_func"))
L_OUT = "        return x @ self.W + self.b\n"
L_BACK = """        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T
"""
R_OUT = "        self.positive = x > 0\n        return np.maximum(x, 0)\n"
R_BACK = "        return dout * self.positive\n"
S_OUT = """        shifted = np.exp(x - x.max(axis=1, keepdims=True))  # equivalent: what a row has in common cancels; -1 is axis 1
        return shifted / shifted.sum(axis=1, keepdims=True)  # equivalent: -1 is axis 1
"""
C_OUT = "        return -np.log(chosen).mean()\n"
C_BACK = """        dlogits = self.probabilities.copy()
        dlogits[np.arange(len(self.labels)), self.labels] -= 1
        return dlogits / len(self.labels)
"""


def ece(name: str, says: str, *changes: tuple[str, str, str]) -> Wrong:
    return Wrong(
        Edit(
            name=name, changes=tuple(Change(f, a, indent(dedent(b).strip("\n"), " " * 8) + "\n") for f, a, b in changes)
        ),
        says,
    )


def linear_back(dw: str, db: str, dx: str) -> tuple[str, str, str]:
    return LINEAR, L_BACK, f"self.dW = {dw}\nself.db = {db}\nreturn {dx}"


FINE = ("np.dot(self.x.T, dout)", "np.einsum('no->o', dout)", "np.dot(dout, self.W.T)")
ONE_HOT = "hot = np.eye(self.probabilities.shape[1])[self.labels]\n"

ECE_WRONG = [
    ece("bias subtracted", r"bias|`b`|row-offset|subtract", (LINEAR, L_OUT, "return np.dot(x, self.W) - self.b")),
    ece("bias forgotten", r"bias|`b`|row-offset", (LINEAR, L_OUT, "return np.einsum('ni,io->no', x, self.W)")),
    ece(
        "db averaged by hand", r"mean|count", linear_back(FINE[0], "np.einsum('no->o', dout) / dout.shape[0]", FINE[2])
    ),
    ece(
        "dW averaged by hand",
        r"mean|count|averag|divi",
        linear_back("np.dot(self.x.T, dout) / self.x.shape[0]", FINE[1], FINE[2]),
    ),
    ece(
        "both averaged",
        r"(mean|averag|count|divi)",
        linear_back("np.dot(self.x.T, dout) / len(dout)", "np.average(dout, axis=0)", FINE[2]),
    ),
    ece("db as a row", r"axis|shape", linear_back(FINE[0], "dout.sum(0).reshape(1, -1)", FINE[2])),
    ece("dW transposed", r"transpos|swapped|axes", linear_back("np.dot(dout.T, self.x)", FINE[1], FINE[2])),
    ece("dx negative", r"sign", linear_back(FINE[0], FINE[1], "np.dot(-dout, self.W.T)")),
    ece("dW twice", r"twice|factor 2", linear_back("np.dot(self.x.T, 2 * dout)", FINE[1], FINE[2])),
    ece("db of absolute values", r"absolute|sign", linear_back(FINE[0], "np.abs(dout.sum(0))", FINE[2])),
    ece("ReLU as absolute value", r"absolute", (ECE_RELU, R_OUT, "self.positive = x > 0\nreturn np.abs(x)")),
    ece("ReLU leaks", r"leak|mask|let", (ECE_RELU, R_OUT, "self.positive = x > 0\nreturn np.where(x > 0, x, x / 10)")),
    ece("ReLU cut at 1", r"constant|mask|1", (ECE_RELU, R_OUT, "self.positive = x > 0\nreturn np.where(x > 1, x, 0)")),
    ece("mask forgotten", r"mask|through", (ECE_RELU, R_BACK, "return 1.0 * dout")),
    ece("mask inverted", r"mask|compar|wrong way", (ECE_RELU, R_BACK, "return np.where(self.positive, 0.0, dout)")),
    ece("dout ignored", r"dout", (ECE_RELU, R_BACK, "return np.where(self.positive, 1.0, 0.0)")),
    ece("softmax along samples", r"axis", (SOFTMAX, S_OUT, "e = np.exp(x - np.max(x))\nreturn e / np.sum(e, 0)")),
    ece(
        "softmax of everything",
        r"axis|whole batch",
        (SOFTMAX, S_OUT, "e = np.exp(x - np.max(x))\nreturn e / np.sum(e)"),
    ),
    ece("no shift", r"overflow|largest|max", (SOFTMAX, S_OUT, "e = np.exp(x)\nreturn e / np.sum(e, 1).reshape(-1, 1)")),
    ece(
        "not normalised",
        r"row-factor|divi|normal|factor",
        (SOFTMAX, S_OUT, "return np.exp(x - np.max(x, 1).reshape(-1, 1))"),
    ),
    ece(
        "powers of 2",
        r"powers of 2|base|function",
        (SOFTMAX, S_OUT, "e = 2.0 ** (x - np.max(x, 1).reshape(-1, 1))\nreturn e / e.sum(1)[:, None]"),
    ),
    ece("loss summed", r"sum|count", (LOSS, C_OUT, "return float(np.sum(np.log(1 / chosen)))")),
    ece("loss positive", r"sign|minus", (LOSS, C_OUT, "return np.average(np.log(chosen))")),
    ece("loss to base 10", r"base 10", (LOSS, C_OUT, "return np.average(-np.log10(chosen))")),
    ece("loss without logarithm", r"log", (LOSS, C_OUT, "return -np.average(chosen)")),
    ece("gradient not averaged", r"divi|sum|count", (LOSS, C_BACK, ONE_HOT + "return self.probabilities - hot")),
    ece(
        "gradient averaged over all",
        r"count|divi|class",
        (LOSS, C_BACK, ONE_HOT + "return (self.probabilities - hot) / hot.size"),
    ),
    ece(
        "labels not subtracted",
        r"label|term|constant|step|0 stands",
        (LOSS, C_BACK, "return self.probabilities / len(self.probabilities)"),
    ),
    ece(
        "divided before subtracting",
        r"divi|operat|term",
        (LOSS, C_BACK, ONE_HOT + "return self.probabilities / len(hot) - hot"),
    ),
    ece(
        "gradient turned round",
        r"sign|wrong way",
        (LOSS, C_BACK, ONE_HOT + "return (hot - self.probabilities) / len(hot)"),
    ),
    ece("p(1-p)", r"p\(1|diagonal", (LOSS, C_BACK, "p = self.probabilities\nreturn p * (1 - p) / len(p)")),
]


def at(file: str, width: int, name: str, says: str, *changes: tuple[str, str]) -> Wrong:
    """Lines indented by `width` in a file, written without their indentation."""

    def body(text: str) -> str:
        return indent(dedent(text).strip("\n"), " " * width) + "\n"

    return Wrong(Edit(name=name, changes=tuple(Change(file, body(a), body(b)) for a, b in changes)), says)


NN, NETS = "nndl/layers.py", "nndl/fc_net.py"
A_OUT = "out = x.reshape(x.shape[0], -1) @ w + b  # equivalent: NumPy takes -2 for -1"
A_DX = "dx = (dout @ w.T).reshape(x.shape)"
A_DW = "dw = x.reshape(x.shape[0], -1).T @ dout  # equivalent: as above; all have as many rows"
A_DB = "db = dout.sum(axis=0)"
RL_OUT = "out = np.maximum(x, 0)"
RL_DX = "return np.where(x > 0, dout, 0)  # equivalent: x is cache"
L2_LINES = """\
for name in ("W1", "W2"):
    loss += 0.5 * self.reg * np.sum(self.params[name] ** 2)
    grads[name] += self.reg * self.params[name]"""
DEEP_L2 = """\
for i in range(1, last + 1):
    weight = self.params[f"W{i}"]
    loss += 0.5 * self.reg * np.sum(weight**2)
    grads[f"W{i}"] += self.reg * weight"""

C147_WRONG = [
    at(NN, 4, "bias subtracted", r"bias|`b`|subtract|row-offset",
       (A_OUT, "out = np.dot(x.reshape(len(x), w.shape[0]), w) - b")),
    at(NN, 4, "samples along the wrong axis", r"order|reorder|axis|reshape",
       (A_OUT, "out = np.dot(x.reshape(w.shape[0], -1).T, w) + b")),
    at(NN, 4, "db averaged by hand", r"mean|count|number of rows|averag", (A_DB, "db = np.ones(len(dout)) @ dout / len(dout)")),
    at(NN, 4, "db of the first sample", r"left|sum|row|reduc|first", (A_DB, "db = dout[0] * 1.0")),
    at(NN, 4, "dw not transposed back", r"transpos|swapped|axes",
       (A_DW, "dw = np.dot(dout.T, x.reshape(len(x), -1))")),
    at(NN, 4, "dw and db averaged", r"mean|averag|count|number of rows|divi",
       (A_DW, "dw = np.dot(x.reshape(len(x), -1).T, dout) / len(x)"), (A_DB, "db = np.average(dout, axis=0)")),
    at(NN, 4, "dx negative", r"sign", (A_DX, "dx = -np.dot(dout, w.T).reshape(x.shape)")),
    at(NN, 4, "dx flat", r"shape", (A_DX, "dx = np.einsum('nm,dm->nd', dout, w)")),
    at(NN, 4, "ReLU leaks a fifth", r"leak|mask|0\.2|let", (RL_OUT, "out = np.where(x < 0, x / 5, x)")),
    at(NN, 4, "ReLU backward with zeros and ones", r"dout|upstream", (RL_DX, "return 1.0 * (cache > 0)")),
    at(NN, 4, "ReLU backward turned round", r"mask|compar|wrong way|turned", (RL_DX, "dx = dout.copy()\ndx[cache > 0] = 0\nreturn dx")),
    at(NN, 4, "ReLU backward times the output", r"mask|factor|numbers themselves",
       (RL_DX, "return dout * np.clip(cache, 0, None)")),
    at(NETS, 8, "L2 twice as strong", r"factor|0\.5|1/2|twice|constant|L2|regulari|squar",
       (L2_LINES, "for k in ('W1', 'W2'):\n    loss = loss + self.reg * (self.params[k] ** 2).sum()\n    grads[k] = grads[k] + self.reg * self.params[k]")),
    at(NETS, 8, "L2 on the first weight only", r"L2|W2|regulari|left|term|loop",
       (L2_LINES, "loss += 0.5 * self.reg * (self.params['W1'] ** 2).sum()\ngrads['W1'] = grads['W1'] + self.reg * self.params['W1']")),
    at(NETS, 8, "deep L2 without the last weight", r"L2|last|regulari|left|too early|term|right derivative of what",
       (DEEP_L2, "for i in range(1, last):\n    loss += 0.5 * self.reg * (self.params['W%d' % i] ** 2).sum()\n    grads['W%d' % i] = grads['W%d' % i] + self.reg * self.params['W%d' % i]")),
]  # fmt: skip

RAD = "assignment_1.py"
RADBOUD_WRONG = [
    at(RAD, 4, "sigmoid of the wrong sign", r"sign|minus", ("return 1 / (1 + np.exp(-x))", "return np.power(1 + np.exp(x), -1.0)")),
    at(RAD, 4, "sigmoid of base 2", r"powers of 2|function", ("return 1 / (1 + np.exp(-x))", "return 1.0 / (2.0 ** (-x) + 1)")),
    at(RAD, 4, "derivative s squared", r"factor|term|operat|subtract|1",
       ("s = sigmoid(x)\nreturn s * (1 - s)", "return sigmoid(x) ** 2")),
    at(RAD, 4, "derivative without the factor", r"factor|missing", ("s = sigmoid(x)\nreturn s * (1 - s)", "return 1 - sigmoid(x)")),
    at(RAD, 4, "relu as absolute value", r"absolute", ("return np.maximum(0, x)", "return np.sqrt(np.square(x))")),
    at(RAD, 4, "relu leaks", r"leak|mask|let|0\.01", ("return np.maximum(0, x)", "return np.where(x < 0, x / 100, x)")),
    at(RAD, 4, "relu_grad turned round", r"mask|compar|wrong way|turned|constant|swap",
       ("return np.where(x > 0, 1.0, 0.0)", "return (x < 0).astype(float)")),
    at(RAD, 4, "loss without the second half", r"term|missing|label 1 alone",
       ("return -(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))", "return np.negative(y) * np.log(y_hat)")),
    at(RAD, 4, "loss positive", r"sign|minus",
       ("return -(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))", "return y * np.log(y_hat) + (1 - y) * np.log1p(-y_hat)")),
    at(RAD, 4, "loss gradient turned round", r"sign|wrong way",
       ("return (1 - y) / (1 - y_hat) - y / y_hat", "return np.divide(y, y_hat) - (1 - y) / (1 - y_hat)")),
    at(RAD, 4, "one layer without the sigmoid's derivative", r"sigmoid_grad|factor|derivative|before the sigmoid",
       ("grad_h = grad_y_hat * sigmoid_grad(h)", "grad_h = 1.0 * grad_y_hat")),
    at(RAD, 8, "Linear without bias", r"bias|`b`|self\.b|row-offset|term", ("return x @ self.W + self.b", "return np.einsum('ni,io->no', x, self.W)")),
    at(RAD, 8, "Linear db averaged", r"mean|averag|count|number of rows", ("self.db = dy.sum(axis=0)", "self.db = np.ones(len(dy)) @ dy / dy.shape[0]")),
    at(RAD, 8, "Linear step uphill", r"sign|added", ("self.W = self.W - step_size * self.dW", "self.W = np.add(self.W, step_size * self.dW)")),
    at(RAD, 8, "Sigmoid layer ignores dy", r"dy|upstream", ("return dy * sigmoid_grad(x)", "return np.multiply(1.0, sigmoid_grad(x))")),
    at(RAD, 8, "ReLU layer lets everything through", r"relu_grad|factor|mask|through", ("return dy * relu_grad(x)", "return np.array(dy)")),
]  # fmt: skip

NYU = "hw1_s24_p4.py"
N_DELTA = "delta = activations[-1] - one_hot_label"
N_UPDATE = """\
for layer in range(3):
    weights[layer] -= learning_rate * weight_gradients[layer]
    biases[layer] -= learning_rate * bias_gradients[layer]"""
NYU_WRONG = [
    at(NYU, 4, "labels minus probabilities", r"sign|wrong way", (N_DELTA, "delta = np.subtract(one_hot_label, activations[-1])")),
    at(NYU, 4, "uphill", r"sign|added|uphill", (N_UPDATE, "for k in (0, 1, 2):\n    weights[k] += learning_rate * weight_gradients[k]\n    biases[k] += learning_rate * bias_gradients[k]")),
    at(NYU, 4, "biases stay", r"bias", (N_UPDATE, "for k in (0, 1, 2):\n    weights[k] -= learning_rate * weight_gradients[k]")),
    at(NYU, 4, "learning rate forgotten", r"learning_rate|factor|rate|step size", (N_UPDATE, "for k in (0, 1, 2):\n    weights[k] -= weight_gradients[k]\n    biases[k] -= bias_gradients[k]")),
    at(NYU, 4, "one layer left out", r"left|layer|loop|begin", (N_UPDATE, "for k in (1, 2):\n    weights[k] -= learning_rate * weight_gradients[k]\n    biases[k] -= learning_rate * bias_gradients[k]")),
    at(NYU, 4, "least likely class", r"smallest|argmin|likely",
       ("one_hot_guess = integer_to_one_hot(np.argmax(probabilities))", "one_hot_guess = integer_to_one_hot(np.argsort(probabilities)[0])")),
    at(NYU, 4, "loss positive", r"sign|minus",
       ("loss = cross_entropy_loss(integer_to_one_hot(y), probabilities)", "loss = np.log(probabilities[y])")),
]  # fmt: skip

WRONG = {
    "tum_ex09": TUM_WRONG,
    "ece176_a3": ECE_WRONG,
    "c147_hw3": C147_WRONG,
    "radboud_a1": RADBOUD_WRONG,
    "nyu_hw1_p4": NYU_WRONG,
}
ALSO = (
    (r"shared|on the class|in the class|latest forward", r"shared-state|second-call"),
    (r"ignores|ignored", r"upstream-ignored"),
    (r"maximum|largest|smallest|shift|in place of", r"overflow|underflow|log\(0\)"),
    (r"in place|adds|again|twice", r"second-call|changed-input|shared-state"),
    (r"mask", r"not-a-factor|wrong-mask"),
    (r"bias", r"bias"),
    (r"sign", r"sign"),
    (r"transpose", r"transpose|axes"),
)
"""Where the name of a mistake of `wrong.py` says the first, a diagnosis that says the second is right as well: it was
found by another way than the prepared name."""
