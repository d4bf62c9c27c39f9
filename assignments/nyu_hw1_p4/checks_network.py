"""The network 784 -> 32 -> 32 -> 10 by the grader itself: its loss and gradients, and ways to get them wrong.

Weights are (n_in, n_out) here, biases (n,).
"""

import numpy as np

SIZES = ((784, 32), (32, 32), (32, 10))
NAMES = ("W1", "W2", "W3", "b1", "b2", "b3")
LARGEST = 1e3  # number that a network may begin with
RATE = 0.5  # so large that dividing the change of an array by it costs no digits


def called(name):
    """What a student calls the array: `biases[0]` for b1."""
    return f"`{'weights' if name[0] == 'W' else 'biases'}[{int(name[1]) - 1}]`"


def absurd(state):
    """What a student calls the first array with numbers that no network begins with; empty if there is none."""
    names = [name for name, array in state.items() if not np.abs(array).max(initial=0) <= LARGEST]
    return called(names[0]) if names else ""


def sigmoid(z):
    return np.exp(-np.logaddexp(0, -z))


# Other functions of the hidden layers: the function, and its derivative by what it puts out.
INSTEAD = {
    "ReLU": (lambda z: np.maximum(z, 0), lambda a: 1.0 * (a > 0)),
    "tanh": (np.tanh, lambda a: 1 - a * a),
}


def forward(state, x, hidden=sigmoid):
    """Inputs and outputs of the three layers, for pixels x of shape (784,) or (N, 784)."""
    z1 = x @ state["W1"] + state["b1"]
    z2 = hidden(z1) @ state["W2"] + state["b2"]
    z3 = hidden(z2) @ state["W3"] + state["b3"]
    return (z1, z2, z3), (hidden(z1), hidden(z2), softmax(z3))


def softmax(z):
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def loss_of(state, x, label, hidden=sigmoid):
    p = forward(state, x, hidden)[1][2]
    return -np.log(p[..., label] if p.ndim == 1 else p[np.arange(len(p)), label])


def gradients(state, x, label, mistake=""):
    """The six gradients; with `mistake` those of a way to get them wrong, or of a function from INSTEAD."""
    hidden, own_slope = INSTEAD.get(mistake, (sigmoid, lambda a: a * (1 - a)))
    a1, a2, p = forward(state, x, hidden)[1]
    out = softmax(p) if mistake == "twice" else p
    truth = np.eye(len(p))[label]
    d3 = {"own entry": (p - 1) * truth, "slope of p": (p - truth) * p * (1 - p)}.get(mistake, out - truth)
    W2, W3 = state["W2"], state["W3"]
    if mistake == "updated":
        W3 = W3 - RATE * np.outer(a2, d3)
    slope = {"activations": lambda a: sigmoid(a) * sigmoid(-a), "none": lambda a: 1.0}.get(mistake, own_slope)
    d2 = (W3 @ d3) * slope(a2)
    if mistake == "updated":
        W2 = W2 - RATE * np.outer(a1, d2)
    back = {"turned": W2.T @ d2, "diagonal": W2.diagonal() * d2}
    d1 = back.get(mistake, W2 @ d2) * slope(a1)
    if mistake == "overwritten":
        a1, a2 = own_slope(a1), own_slope(a2)
    found = (np.outer(x, d1), np.outer(a1, d2), np.outer(a2, d3), d1, d2, d3)
    return dict(zip(NAMES, found, strict=True))


MISTAKES = {
    "activations": "the derivative of the sigmoid is taken at the activations, not at what went into the sigmoid",
    "none": "the derivative of the sigmoid is left out on the way back",
    "updated": "weights are moved before the gradient has passed through them",
    "turned": "the gradient passes a square weight matrix the wrong way round: `W` for `W.T`, or `W.T` for `W`",
    "diagonal": "the gradient passes only the diagonal of a weight matrix",
    "overwritten": "`a * (1 - a)` stands where the activations `a` belong: is `a` changed in place, as by `d = a`?",
    "twice": "the softmax is applied twice",
    "own entry": "of the scores only that of the right class gets a gradient; all ten get `p - one_hot`",
    "slope of p": "`p - one_hot`, the whole gradient of softmax and loss, is multiplied by `p * (1 - p)` as well",
}
BIAS_SUMMED = (
    "the gradient of the biases is summed over the neurons of a layer, so that all of them move by the same number"
)
