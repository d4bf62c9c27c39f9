"""Wrong rewrites of the solution, each with exactly the checks that must not pass.

Most were seen in hand-ins of courses like this one. A mistake in a layer also fails the checks of the network that is
built from it; follow-through gives those points back, the checks stay failed.
"""

from collections.abc import Mapping
from textwrap import dedent, indent

from grader.model import Change, Edit

AFFINE_OUT = "out = inputs @ weight + bias"
D_INPUTS = "d_inputs = d_out @ weight.T"
D_WEIGHT = "d_weight = inputs.T @ d_out"
D_BIAS = "d_bias = d_out.sum(axis=0)"
AFFINE_CACHE = "self.cache = (inputs, weight, bias)"
AFFINE_READ = "inputs, weight, bias = self.cache"
RELU_OUT = "out = np.maximum(inputs, 0)"
RELU_CACHE = "self.cache = inputs"
RELU_READ = "inputs = self.cache"
RELU_BACK = "d_inputs = d_out * (inputs > 0)"
SHIFTED = "shifted = logits - logits.max(axis=1, keepdims=True)"
LOG_PROBS = "log_probs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))"
PROBS = "probs = np.exp(log_probs)"
LOSS = "loss = -np.sum(labels * log_probs) / len(labels)"
CE_CACHE = "self.cache = (probs, labels)"
CE_READ = "probs, labels = self.cache"
CE_BACK = "d_logits = d_out * (probs - labels) / len(labels)"
CE_JACOBIAN = """\
d_probs = -d_out * labels / probs / len(labels)
d_logits = probs * (d_probs - (d_probs * probs).sum(axis=1, keepdims=True))
"""
LAYERS = "self.affine2 = Affine()"
RELU_LAYER = "self.relu = ReLU()"
PREDICTION = "Y_pred = softmax(logits, axis=1)"
STEP_LOSS = "loss = self.cross_entropy.forward(logits, Y)\n\ngrads = {}"
THROUGH_RELU = "d_before_relu = self.relu.backward(d_hidden)"
LAYER_2_BACK = 'd_hidden, grads["W2"], grads["b2"] = self.affine2.backward(d_logits)'
STEP_BACK = f"d_logits, _ = self.cross_entropy.backward()\n{LAYER_2_BACK}"
UPDATE = """\
for name in self.params:
    self.params[name] = self.params[name] - self.learning_rate * grads[name]
"""
LOSS_AGAIN = """\
hidden = self.relu.forward(self.affine1.forward(X, self.params["W1"], self.params["b1"]))
loss = self.cross_entropy.forward(self.affine2.forward(hidden, self.params["W2"], self.params["b2"]), Y)
"""

CONSISTENT = ("network_loss", "network_gradients", "network_gradients_sizes")
"""Of a network whose gradients are the derivatives of its own loss."""
STEPS = (*CONSISTENT, "network_derivative")
GRADIENTS = ("network_gradients", "network_gradients_sizes", "network_derivative")
PREDICTIONS = ("network_predict", "network_predict_sizes")
AFFINE_FORWARD = ("affine_forward", "affine_forward_sizes")
AFFINE_BACKWARD = ("affine_backward", "affine_two_layers")
RELU_BACKWARD = ("relu_backward", "relu_two_layers")
VALUES = ("cross_entropy_value", "cross_entropy_value_sizes", "cross_entropy_large_logits")
D_LOGITS = ("cross_entropy_gradient", "cross_entropy_upstream", "cross_entropy_two_layers")


def edit(name: str, fails: tuple[str, ...], lines: Mapping[str, str], may_fail: tuple[str, ...] = ()) -> Edit:
    """An edit of whole lines in the bodies of the solution's methods, written without their indentation."""

    def in_method(text: str) -> str:
        return indent(dedent(text).strip("\n"), " " * 8) + "\n"

    changes = (Change("exercise_09_notebook.py", in_method(old), in_method(new)) for old, new in lines.items())
    return Edit(name=name, changes=tuple(changes), fails=fails, may_fail=may_fail)


AFFINE = [
    edit("bias left out", (*AFFINE_FORWARD, *PREDICTIONS, *STEPS), {AFFINE_OUT: "out = inputs @ weight"}),
    edit(
        "answer of the public point learnt by heart",
        ("affine_forward_sizes", *PREDICTIONS, *STEPS),
        {AFFINE_OUT: "out = (inputs @ weight + bias) * (inputs.shape == (7, 5))"},
    ),
    edit(
        "bias gradient is the mean over the batch, not the sum",
        (*AFFINE_BACKWARD, *GRADIENTS),
        {D_BIAS: "d_bias = d_out.mean(axis=0)"},
    ),
    edit(
        "bias gradient of shape (1, H)",
        (*AFFINE_BACKWARD, *STEPS),
        {D_BIAS: "d_bias = d_out.sum(axis=0, keepdims=True)"},
    ),
    edit("bias gradient not summed over the batch", (*AFFINE_BACKWARD, *STEPS), {D_BIAS: "d_bias = d_out"}),
    edit(
        "diagonal of the weight taken for its transpose",
        (*AFFINE_BACKWARD, *STEPS),
        {D_INPUTS: "d_inputs = np.dot(d_out, weight.diagonal())"},
    ),
    edit(
        "weight gradient divided by the batch size once more",
        (*AFFINE_BACKWARD, *GRADIENTS),
        {D_WEIGHT: "d_weight = inputs.T @ d_out / len(inputs)"},
    ),
    edit(
        "affine layer keeps the first batch's inputs and weight for all later ones",
        ("affine_two_layers", "network_gradients_sizes"),
        {AFFINE_CACHE: "self.cache = self.__dict__.get('cache', (inputs, weight, bias))"},
    ),
    edit(
        "affine cache in the class, shared by all layers",
        ("affine_two_layers", *STEPS),
        {
            AFFINE_CACHE: "Affine.cache = (inputs, weight, bias)",
            AFFINE_READ: "inputs, weight, bias = Affine.cache",
        },
    ),
    edit(
        "affine backward scales d_out in place",
        ("affine_two_layers",),
        {D_BIAS: "d_bias = d_out.sum(axis=0)\nd_out /= len(d_out)"},
    ),
]

RELU = [
    edit(
        "ReLU passed through, forward and backward",
        ("relu_forward", *RELU_BACKWARD, *PREDICTIONS, *CONSISTENT),
        {RELU_OUT: "out = inputs", RELU_BACK: "d_inputs = d_out"},
    ),
    edit("ReLU passed through on the way back", (*RELU_BACKWARD, *GRADIENTS), {RELU_BACK: "d_inputs = d_out"}),
    edit("ReLU mask taken from d_out", (*RELU_BACKWARD, *GRADIENTS), {RELU_BACK: "d_inputs = d_out * (d_out > 0)"}),
    edit(
        "ReLU backward returns the mask and ignores d_out",
        (*RELU_BACKWARD, *GRADIENTS),
        {RELU_BACK: "d_inputs = (inputs > 0).astype(float)"},
    ),
    edit(
        "absolute value for ReLU, forward and backward",
        ("relu_forward", *RELU_BACKWARD, *PREDICTIONS, *CONSISTENT),
        {RELU_OUT: "out = np.abs(inputs)", RELU_BACK: "d_inputs = d_out * np.sign(inputs)"},
    ),
    edit("ReLU cuts its inputs in place", ("relu_two_layers",), {RELU_OUT: "inputs[inputs < 0] = 0\nout = inputs"}),
    edit(
        "ReLU backward masks d_out in place",
        ("relu_two_layers",),
        {RELU_BACK: "d_out[inputs <= 0] = 0\nd_inputs = d_out"},
    ),
    edit(
        "ReLU keeps the first batch's mask for all later ones",
        ("relu_two_layers", "network_gradients_sizes"),
        {RELU_CACHE: "self.cache = self.__dict__.get('cache', inputs)"},
    ),
    edit(
        "ReLU cache in the class, shared by all layers",
        ("relu_two_layers",),
        {RELU_CACHE: "ReLU.cache = inputs", RELU_READ: "inputs = ReLU.cache"},
    ),
]

CROSS_ENTROPY = [
    edit(
        "cross-entropy backward ignores d_out",
        ("cross_entropy_upstream",),
        {CE_BACK: "d_logits = (probs - labels) / len(labels)"},
    ),
    edit(
        "cross-entropy backward divides by a probability, which may have become 0",
        ("cross_entropy_two_layers",),
        {CE_BACK: CE_JACOBIAN},
    ),
    edit(
        "cross-entropy backward divides by a probability kept from 0 by clipping",
        ("cross_entropy_two_layers",),
        {CE_BACK: CE_JACOBIAN.replace("labels / probs", "labels / np.clip(probs, 1e-12, 1)")},
    ),
    edit(
        "log(0): the logarithm is taken after the softmax, of a probability that has become 0",
        ("cross_entropy_large_logits",),
        {
            LOG_PROBS: "probs = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)",
            PROBS: "log_probs = np.log(probs)",
        },
    ),
    edit(
        "nothing is subtracted from the logits (no maximum is taken, or into a name that is never used)",
        ("cross_entropy_large_logits",),
        {
            LOG_PROBS: "probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)",
            PROBS: "log_probs = np.log(probs)",
        },
    ),
    edit(
        "maximum of the whole batch subtracted, not of each row",
        ("cross_entropy_large_logits",),
        {SHIFTED: "shifted = logits - logits.max()"},
    ),
    edit(
        "probabilities kept away from 0 before the logarithm, by a clip or a small number added to them",
        ("cross_entropy_large_logits",),
        {LOSS: "loss = -np.sum(labels * np.log(np.clip(probs, 1e-12, 1))) / len(labels)"},
    ),
    edit("loss summed, not averaged", (*VALUES, "network_loss"), {LOSS: "loss = -np.sum(labels * log_probs)"}),
    edit(
        "loss averaged over samples and classes",
        (*VALUES, "network_loss"),
        {LOSS: "loss = float(-np.mean(labels * log_probs))"},
    ),
    edit(
        "divided by the notebook's N, the size of the whole data set",
        (*VALUES, *D_LOGITS, *CONSISTENT),
        {LOSS: "loss = -np.sum(labels * log_probs) / N", CE_BACK: "d_logits = d_out * (probs - labels) / N"},
    ),
    edit(
        "gradient of the summed loss beside the averaged loss",
        (*D_LOGITS, *GRADIENTS),
        {CE_BACK: "d_logits = d_out * (probs - labels)"},
    ),
    edit(
        "softmax without axis inside the loss",
        (*VALUES, *D_LOGITS, *STEPS),
        {SHIFTED: "shifted = logits - logits.max()", LOG_PROBS: "log_probs = shifted - np.log(np.exp(shifted).sum())"},
    ),
    edit(
        "softmax applied twice inside the loss",
        (*VALUES, *D_LOGITS, *STEPS),
        {SHIFTED: "shifted = softmax(logits, axis=1)"},
    ),
    edit(
        "labels subtracted from the cached probabilities in place",
        ("cross_entropy_two_layers",),
        {CE_BACK: "probs -= labels\nd_logits = d_out * probs / len(labels)"},
    ),
    edit(
        "maximum subtracted from the logits in place",
        ("cross_entropy_two_layers",),
        {SHIFTED: "logits -= logits.max(axis=1, keepdims=True)\nshifted = logits"},
    ),
    edit(
        "cross-entropy keeps the first batch's probabilities and labels for all later ones",
        ("cross_entropy_two_layers", "network_gradients_sizes"),
        {CE_CACHE: "self.cache = self.__dict__.get('cache', (probs, labels))"},
    ),
    edit(
        "cross-entropy cache in the class, shared by all layers",
        ("cross_entropy_two_layers",),
        {
            CE_CACHE: "CategoricalCrossEntropy.cache = (probs, labels)",
            CE_READ: "probs, labels = CategoricalCrossEntropy.cache",
        },
    ),
]

NETWORK = [
    edit("predict returns the logits", PREDICTIONS, {PREDICTION: "Y_pred = logits"}),
    edit("predict takes the softmax without axis", PREDICTIONS, {PREDICTION: "Y_pred = softmax(logits)"}),
    edit(
        "predict divides by the sum over the samples, not over the classes",
        PREDICTIONS,
        {
            PREDICTION: "e = np.exp(logits - logits.max(axis=1, keepdims=True)); Y_pred = e / e.sum(axis=0)",
        },
    ),
    edit(
        "predict takes the softmax twice",
        PREDICTIONS,
        {PREDICTION: "Y_pred = softmax(softmax(logits, axis=1), axis=1)"},
    ),
    edit(
        "predict rectifies the logits too: one layer too many",
        PREDICTIONS,
        {PREDICTION: "Y_pred = softmax(self.relu.forward(logits), axis=1)"},
    ),
    edit(
        "no ReLU between the layers, forward and backward",
        (*PREDICTIONS, *CONSISTENT),
        {RELU_LAYER: "self.relu = Affine()\nself.relu.forward = self.relu.backward = lambda passed: passed"},
    ),
    edit(
        "ReLU after the second layer too, forward and backward",
        CONSISTENT,
        {
            RELU_LAYER: "self.relu, self.last = ReLU(), ReLU()",
            STEP_LOSS: STEP_LOSS.replace("loss =", "logits = self.last.forward(logits)\nloss ="),
            LAYER_2_BACK: f"d_logits = self.last.backward(d_logits)\n{LAYER_2_BACK}",
        },
        may_fail=("network_derivative",),  # a logit can lie on the kink
    ),
    edit(
        "ReLU after the second layer too, in the forward pass alone",
        STEPS,
        {STEP_LOSS: STEP_LOSS.replace("logits, Y", "np.maximum(logits, 0), Y")},
    ),
    edit(
        "the cross-entropy's backward is given the loss as d_out, which multiplies all gradients by it",
        GRADIENTS,
        {STEP_BACK: STEP_BACK.replace("backward()", "backward(loss)")},
    ),
    edit("ReLU left out on the way back", GRADIENTS, {THROUGH_RELU: "d_before_relu = d_hidden"}),
    edit(
        "softmax applied before the loss, which applies it again",
        STEPS,
        {STEP_LOSS: STEP_LOSS.replace("logits", "softmax(logits, axis=1)")},
    ),
    edit(
        "loss from after the move",
        ("network_loss",),
        {UPDATE: UPDATE + LOSS_AGAIN},
    ),
    edit(
        "W2 moved before the gradient has passed through it",
        GRADIENTS,
        {
            LAYER_2_BACK: """
                _, grads["W2"], grads["b2"] = self.affine2.backward(d_logits)
                d_hidden = d_logits @ (self.params["W2"] - self.learning_rate * grads["W2"]).T
            """
        },
    ),
    edit("update with the wrong sign", GRADIENTS, {UPDATE: UPDATE.replace("] - ", "] + ")}),
    edit("update without the step size", GRADIENTS, {UPDATE: UPDATE.replace("self.learning_rate * ", "")}),
    edit("`step` leaves `params` as it is", GRADIENTS, {UPDATE: UPDATE.partition(" - ")[0] + "\n"}),
    edit(
        "learning rate taken from the notebook, not from the network",
        GRADIENTS,
        {UPDATE: UPDATE.replace("self.learning_rate", "learning_rate")},
    ),
    *(
        edit(name, GRADIENTS, {UPDATE: UPDATE.replace("grads[name]", f"(grads[name] if name in {moved} else 0)")})
        for name, moved in {
            "biases never moved": ("W1", "W2"),
            "parameters of the first layer never moved": ("W2", "b2"),
            "parameters of the last layer never moved": ("W1", "b1"),
        }.items()
    ),
    edit(
        "one affine layer used twice, answering for its second use only",
        STEPS,
        {LAYERS: "self.affine2 = self.affine1"},
    ),
    edit(
        "every move made from the parameters at the start",
        ("network_gradients_sizes",),
        {
            RELU_LAYER: "self.relu = ReLU()\nself.start = dict(self.params)",
            UPDATE: UPDATE.replace("self.params[name] - ", "self.start[name] - "),
        },
    ),
]

WRONG = [*AFFINE, *RELU, *CROSS_ENTROPY, *NETWORK]
