"""Public checks of exercise 9: each layer and the network at one random point, against the reference.

Twelve of the twenty points. The rest, at other sizes and in the situations where layers go wrong, is in the
course's hidden checks. All dimensions differ, so that a transposed or misplaced axis shows, and every incoming
derivative is random, so that one which is not used shows. No point lies on the kink of ReLU, where its gradient is
a matter of choice.
"""

import numpy as np

from grader import Part, Tolerance, check, gradient_check

AFFINE = Part("1", "Affine layer")
RELU = Part("2", "ReLU layer")
CROSS_ENTROPY = Part("3", "Categorical cross-entropy layer")
NETWORK = Part("4", "Two-layer network")
LAYERS = ("Affine", "ReLU", "CategoricalCrossEntropy")

# A gradient read off the change of float64 parameters may have passed through float32 layers, 3e-7 each, without
# its dtype telling; the smallest error that a real mistake has made is 8e-4.
THROUGH_THE_NETWORK = Tolerance(limit=1e-5)
# Of the order of the parameters, so that dividing their change by it costs no digits.
LEARNING_RATE = 0.5
KINK = 1e-3  # no closer to 0 than this, in units of the pre-activations, which are of order 1


def off_zero(rng, *shape):
    """Random numbers of both signs, none within 0.1 of 0."""
    return rng.choice([-1.0, 1.0], size=shape) * rng.uniform(0.1, 2.0, size=shape)


def one_hot(rng, samples, classes):
    """Random labels, shape (samples, classes), in which the classes take turns, so that no class is left out."""
    return np.eye(classes)[rng.permutation(np.arange(samples) % classes)]


def network(student, rng, inputs, hidden, outputs):
    """A student's network with random parameters, and these parameters.

    The first biases are small, so that hardly a hidden unit is on or off for a whole batch; the second ones have mean
    0, so that there are logits of both signs.
    """
    arguments = {"input_size": inputs, "hidden_size": hidden, "output_size": outputs, "learning_rate": LEARNING_RATE}
    try:
        net = student.FeedforwardNeuralNet(**arguments)
    except TypeError as error:
        if "keyword argument" not in str(error):
            raise
        net = student.FeedforwardNeuralNet(*arguments.values())  # under names of the student's own
    b2 = rng.normal(size=outputs)
    values = {
        "W1": rng.normal(size=(inputs, hidden)) / np.sqrt(inputs),
        "b1": rng.normal(size=hidden) / 4,
        "W2": rng.normal(size=(hidden, outputs)) / np.sqrt(hidden),
        "b2": b2 - b2.mean(),
    }
    for name, value in values.items():
        put(net, name, value)
    return net, values


def put(net, name, value):
    """Give a network a parameter, in place where it can be: the network may hold the array under another name too."""
    held = net.params.get(name)
    if isinstance(held, np.ndarray) and held.shape == value.shape and held.dtype.kind == "f":
        held[...] = value
    else:
        net.params[name] = value.copy()


def batch(rng, values, samples):
    """Inputs, shape (samples, D), that put no hidden unit of the network on its kink, and one-hot labels."""
    candidates = rng.normal(size=(3 * samples, len(values["W1"])))
    nearest = np.abs(candidates @ values["W1"] + values["b1"]).min(axis=1)
    return candidates[nearest > KINK][:samples], one_hot(rng, samples, len(values["b2"]))


def gradients(net, x, y):
    """What one step subtracts from each parameter, divided by the learning rate: the gradients."""
    before = {name: np.array(net.params[name]) for name in ("W1", "b1", "W2", "b2")}
    net.step(x, y)
    return {name: (old - net.params[name]) / LEARNING_RATE for name, old in before.items()}


@check(AFFINE, points=1, uses=["Affine"])
def affine_forward(student, rng):
    """Output of the affine layer"""
    return {"out": student.Affine().forward(rng.normal(size=(7, 5)), rng.normal(size=(5, 3)), rng.normal(size=3))}


@check(AFFINE, points=2, uses=["Affine"])
def affine_backward(student, rng):
    """Gradients of the affine layer with respect to the inputs, the weight and the bias"""
    layer = student.Affine()
    layer.forward(rng.normal(size=(7, 5)), rng.normal(size=(5, 3)), rng.normal(size=3))
    d_inputs, d_weight, d_bias = layer.backward(rng.normal(size=(7, 3)))
    return {"d_inputs": d_inputs, "d_weight": d_weight, "d_bias": d_bias}


@check(RELU, points=1, uses=["ReLU"])
def relu_forward(student, rng):
    """Output of the ReLU layer"""
    return {
        "out": student.ReLU().forward(off_zero(rng, 6, 11)),
        "out_3d": student.ReLU().forward(off_zero(rng, 4, 3, 5)),
    }


@check(RELU, points=1, uses=["ReLU"])
def relu_backward(student, rng):
    """Gradient of the ReLU layer with respect to the inputs"""
    layer = student.ReLU()
    layer.forward(off_zero(rng, 6, 11))
    return {"d_inputs": layer.backward(rng.normal(size=(6, 11)))}


@check(CROSS_ENTROPY, points=1, uses=["CategoricalCrossEntropy"])
def cross_entropy_value(student, rng):
    """Value of the cross-entropy"""
    return {"loss": student.CategoricalCrossEntropy().forward(rng.normal(size=(9, 4)), one_hot(rng, 9, 4))}


@check(CROSS_ENTROPY, points=1, uses=["CategoricalCrossEntropy"])
def cross_entropy_gradient(student, rng):
    """Gradient of the cross-entropy with respect to the logits"""
    layer = student.CategoricalCrossEntropy()
    layer.forward(rng.normal(size=(9, 4)), one_hot(rng, 9, 4))
    d_logits, _ = layer.backward()
    return {"d_logits": d_logits}


@check(CROSS_ENTROPY, points=1, uses=["CategoricalCrossEntropy"])
def cross_entropy_upstream(student, rng):
    """Gradient of the cross-entropy for an incoming derivative other than 1"""
    seen = {}
    for name, d_out in {"d_logits": rng.uniform(2, 3), "d_logits_negative": -rng.uniform(0.2, 0.8)}.items():
        layer = student.CategoricalCrossEntropy()  # a new one: what a second backward does is asked elsewhere
        layer.forward(rng.normal(size=(9, 4)), one_hot(rng, 9, 4))
        seen[name], _ = layer.backward(d_out)
    return seen


@check(NETWORK, points=1, uses=["FeedforwardNeuralNet"], builds_on=LAYERS, tolerance=THROUGH_THE_NETWORK)
def network_predict(student, rng):
    """Class probabilities that the network predicts"""
    net, values = network(student, rng, 5, 7, 3)
    x, _ = batch(rng, values, 25)
    return {"probabilities": net.predict(x)}


@check(NETWORK, points=1, uses=["FeedforwardNeuralNet"], builds_on=LAYERS, tolerance=THROUGH_THE_NETWORK)
def network_loss(student, rng):
    """Loss that a step returns: the one from before the step"""
    net, values = network(student, rng, 5, 7, 3)
    return {"loss": net.step(*batch(rng, values, 25))}


@gradient_check(
    NETWORK,
    points=1,
    uses=["FeedforwardNeuralNet"],
    builds_on=LAYERS,
    own_forward=1,
    tolerance=THROUGH_THE_NETWORK,
    called="what `step` takes off `{name}`, divided by the learning rate,",
)
def network_derivative(student, rng):
    """Gradients of all four parameters, by finite differences of the loss that your own step returns"""
    net, values = network(student, rng, 4, 5, 3)
    x, y = batch(rng, values, 6)

    def forward(**parameters):
        for name, value in parameters.items():
            put(net, name, value)
        return np.sum(net.step(x, y))

    def backward(d_out):
        for name, value in values.items():
            put(net, name, value)
        return gradients(net, x, y)

    return forward, backward, values


@check(NETWORK, points=1, uses=["FeedforwardNeuralNet"], builds_on=LAYERS, tolerance=THROUGH_THE_NETWORK)
def network_gradients(student, rng):
    """Gradients of all four parameters, read off one step's change"""
    net, values = network(student, rng, 5, 7, 3)
    return gradients(net, *batch(rng, values, 25))
