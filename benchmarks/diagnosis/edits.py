"""What a wrong or right solution of the benchmark is, and the places of the references that they change.

A place is given by its lines in the solution, without their indentation; `tum`, `ece` and `at` put new lines there.
"""

from __future__ import annotations

import lzma
import tomllib
from pathlib import Path
from textwrap import dedent, indent
from typing import NamedTuple

from grader.model import Change, Edit


class Wrong(NamedTuple):
    """One wrong solution and the pattern that a right name matches; empty where somebody reads what is said."""

    edit: Edit
    says: str


def cases_of(name: str) -> dict[str, list[Wrong]]:
    """The wrong solutions of `cases/NAME.toml.xz` by assignment, empty where there is no such file."""
    path = Path(__file__).resolve().parent / "cases" / f"{name}.toml.xz"
    found: dict[str, list[Wrong]] = {}
    for case in tomllib.loads(lzma.decompress(path.read_bytes()).decode())["case"] if path.is_file() else ():
        changes = tuple(Change(c["file"], c["old"], c["new"]) for c in case["changes"])
        wrong = Wrong(Edit(name=case["name"], changes=changes), case.get("says", ""))
        found.setdefault(case["assignment"], []).append(wrong)
    return found


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
RAD = "assignment_1.py"
NYU = "hw1_s24_p4.py"
N_DELTA = "delta = activations[-1] - one_hot_label"
N_UPDATE = """\
for layer in range(3):
    weights[layer] -= learning_rate * weight_gradients[layer]
    biases[layer] -= learning_rate * bias_gradients[layer]"""
