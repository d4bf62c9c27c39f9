"""Wrong solutions of nyu_hw1_p4 that were seen while the rules were made, and right ones."""

from __future__ import annotations

from edits import N_DELTA, N_UPDATE, NYU, at

WRONG = [
    at(NYU, 4, "labels minus probabilities", r"sign|wrong way", (N_DELTA, "delta = np.subtract(one_hot_label, activations[-1])")),
    at(NYU, 4, "uphill", r"sign|added|uphill", (N_UPDATE, "for k in (0, 1, 2):\n    weights[k] += learning_rate * weight_gradients[k]\n    biases[k] += learning_rate * bias_gradients[k]")),
    at(NYU, 4, "biases stay", r"bias", (N_UPDATE, "for k in (0, 1, 2):\n    weights[k] -= learning_rate * weight_gradients[k]")),
    at(NYU, 4, "learning rate forgotten", r"learning_rate|factor|rate|step size", (N_UPDATE, "for k in (0, 1, 2):\n    weights[k] -= weight_gradients[k]\n    biases[k] -= bias_gradients[k]")),
    at(NYU, 4, "one layer left out", r"left|layer|loop|begin", (N_UPDATE, "for k in (1, 2):\n    weights[k] -= learning_rate * weight_gradients[k]\n    biases[k] -= learning_rate * bias_gradients[k]")),
    at(NYU, 4, "least likely class", r"smallest|argmin|likely",
       ("one_hot_guess = integer_to_one_hot(np.argmax(probabilities))", "one_hot_guess = integer_to_one_hot(np.argsort(probabilities)[0])")),
    at(NYU, 4, "loss positive", r"sign|minus",
       ("loss = cross_entropy_loss(integer_to_one_hot(y), probabilities)", "loss = np.log(probabilities[y])")),
    at(NYU, 4, "twice the step", r"twice|factor 2|2|constant", (N_UPDATE, "for k in (0, 1, 2):\n    weights[k] -= 2 * learning_rate * weight_gradients[k]\n    biases[k] -= 2 * learning_rate * bias_gradients[k]")),
    at(NYU, 4, "weights stay", r"weight", (N_UPDATE, "for k in (0, 1, 2):\n    biases[k] -= learning_rate * bias_gradients[k]")),
    at(NYU, 4, "last layer stays", r"last|layer|loop|too early|left", (N_UPDATE, "for k in (0, 1):\n    weights[k] -= learning_rate * weight_gradients[k]\n    biases[k] -= learning_rate * bias_gradients[k]")),
    at(NYU, 4, "labels not subtracted", r"label|term|missing", (N_DELTA, "delta = 1.0 * activations[-1]")),
    at(NYU, 4, "loss to base 2", r"base 2", ("loss = cross_entropy_loss(integer_to_one_hot(y), probabilities)", "loss = -np.log2(probabilities[y])")),
]  # fmt: skip

RIGHT = [
    at(NYU, 4, "one taken from the label's entry", "", (N_DELTA, "delta = activations[-1].copy()\ndelta[y] -= 1")),
    at(NYU, 4, "all six arrays in one loop", "",
       (N_UPDATE, "for array, gradient in zip(weights + biases, weight_gradients + bias_gradients):\n    array -= learning_rate * gradient")),
    at(NYU, 4, "guess by a row of the identity", "",
       ("one_hot_guess = integer_to_one_hot(np.argmax(probabilities))", "one_hot_guess = np.eye(10)[probabilities.argmax()]")),
    at(NYU, 4, "loss of the label's probability", "",
       ("loss = cross_entropy_loss(integer_to_one_hot(y), probabilities)", "loss = -np.log(probabilities[y])")),
]  # fmt: skip
