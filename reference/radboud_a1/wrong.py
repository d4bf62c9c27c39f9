"""Wrong rewrites of the solution, each with exactly the checks that must not pass.

Most were seen in hand-ins of courses like this one. A mistake in a function also fails the checks of what is built
from it; follow-through gives those points back, the checks stay failed.
"""

from collections.abc import Mapping

from grader.model import Change, Edit

STEP = "        x = x - step_size * slope_x\n        y = y - step_size * slope_y\n"
LAST = "        ### END SOLUTION\n\n        path.append((x, y))\n\n    return x, y"
DECAYED = "        x = x - step_size * decay**t * slope_x\n        y = y - step_size * decay**t * slope_y\n"
TUNED = "results = optimize_f(x=3, y=2, step_size=0.5, steps=100, decay=0.95)"
SIGMOID = "    return 1 / (1 + np.exp(-x))\n"
SIGMOID_GRAD = "    return s * (1 - s)\n"
CENTRAL = "numerical = (sigmoid(x + epsilon / 2) - sigmoid(x - epsilon / 2)) / epsilon\n"
RELU = "    return np.maximum(0, x)\n"
RELU_GRAD = "    return np.where(x > 0, 1.0, 0.0)\n"
RELU_NUMERICAL = 'print("Numerical", (relu(x + epsilon / 2) - relu(x - epsilon / 2)) / epsilon)\n'
BCE = "    return -(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))\n"
BCE_GRAD = "    return (1 - y) / (1 - y_hat) - y / y_hat\n"
BCE_NUMERICAL = "(bce_loss(y, y_hat + epsilon / 2) - bce_loss(y, y_hat - epsilon / 2)) / epsilon"
H = "    h = x @ w + b\n"
GRAD_H = "    grad_h = grad_y_hat * sigmoid_grad(h)\n"
GRAD_X = "    grad_x = grad_h * w\n"
LINEAR = "        return x @ self.W + self.b\n"
DX = "        dx = dy @ self.W.T\n"
DW = "        self.dW = x.T @ dy\n"
DB = "        self.db = dy.sum(axis=0)\n"
W_STEP = "        self.W = self.W - step_size * self.dW\n"
B_STEP = "        self.b = self.b - step_size * self.db\n"
SIGMOID_FORWARD = "        return sigmoid(x)\n"
SIGMOID_BACK = "        return dy * sigmoid_grad(x)\n"
RELU_FORWARD = "        return relu(x)\n"
RELU_BACK = "        return dy * relu_grad(x)\n"
NO_STEP = "        pass  # nothing to move\n        ### END SOLUTION\n\n    def __str__(self):\n        return "
FIT = "fit(net, x, y, epochs=15, learning_rate=0.01, mb_size=20)\n"
TWO = "### STUB: fit(net, x, y, epochs=25, learning_rate=0, mb_size=10)\n"
ONE = "net = Net([Linear(64, 1, rng=rng), Sigmoid()])\n"
LINES = "net = Net([Linear(64, 32, rng=rng), Linear(32, 1, rng=rng), Sigmoid()])\n"
DEEP = """\
        *(Linear(64, 32, rng=rng), ReLU()),
        *(Linear(32, 32, rng=rng), ReLU()),
        *(Linear(32, 16, rng=rng), ReLU()),
        *(Linear(16, 1, rng=rng), Sigmoid()),
"""

DESCENTS = ("descent_step", "descent_path")
DECAYS = ("decayed_steps", "decayed_path")
SIGMOIDS = ("sigmoid_value", "sigmoid_shapes")
SIGMOID_GRADS = ("sigmoid_derivative", "sigmoid_gradient", "sigmoid_gradient_shapes")
RELU_GRADS = ("relu_derivative", "relu_gradient", "relu_shapes", "relu_numbers")
SIGMOID_LAYERS = ("sigmoid_layer", "sigmoid_layer_again")
RELU_LAYERS = ("relu_layer", "relu_layer_again")
BCES = ("bce_value", "bce_column")
BCE_GRADS = ("bce_derivative", "bce_gradient", "bce_gradient_column")
MODELS = ("one_layer_positive", "one_layer_both")
LINEARS = ("linear_forward", "linear_forward_sizes")
BACKWARDS = ("linear_derivative", "linear_backward", "linear_backward_again")
STEPS = ("linear_step", "linear_steps")
WITH_RELU = ("network_two_layers", "network_deeper")
WITHOUT_RELU = ("network_single", "network_no_activation")
NETWORKS = (*WITH_RELU, *WITHOUT_RELU)


def edit(name: str, fails: tuple[str, ...], lines: Mapping[str, str], may_fail: tuple[str, ...] = ()) -> Edit:
    """An edit of the solution's notebook that replaces texts."""
    changes = tuple(Change("assignment_1.py", old, new) for old, new in lines.items())
    return Edit(name=name, changes=changes, fails=fails, may_fail=may_fail)


DESCENT = [
    edit("y is never moved", DESCENTS, {STEP: STEP.replace("y - step_size * slope_y", "y")}),
    edit("y moved with the slope at the new x", DESCENTS, {STEP: STEP.replace("slope_y", "grad_y_f(x, y)")}),
    edit(
        "y moved with the slope at the new x, in the steps that get shorter",
        (*DECAYS, "tuned_descent"),
        {DECAYED: DECAYED.replace("slope_y", "grad_y_f(x, y)")},
    ),
    edit(
        "x and y exchanged in the call of grad_y_f",
        DESCENTS,
        {STEP: "        slope_y = grad_y_f(y, x)\n" + STEP},
    ),
    edit(
        "x and y exchanged in the call of grad_y_f, in the steps that get shorter",
        (*DECAYS, "tuned_descent"),
        {DECAYED: "        slope_y = grad_y_f(y, x)\n" + DECAYED},
    ),
    edit(
        "y moved with the slope along x",
        DESCENTS,
        {STEP: STEP.replace("slope_y", "slope_x")},
    ),
    edit("step uphill", DESCENTS, {STEP: STEP.replace("-", "+")}),
    edit("step without the step size", DESCENTS, {STEP: STEP.replace("step_size * ", "")}),
    edit("the same fixed step everywhere", DESCENTS, {STEP: "        x = x - 0.5\n        y = y - 0.5\n"}),
    edit(
        "points cut to whole numbers where the start is given in whole numbers",
        ("descent_path",),
        {
            STEP: "        x = type(path[0][0])(x - step_size * slope_x)\n"
            "        y = type(path[0][1])(y - step_size * slope_y)\n"
        },
    ),
    edit(
        "the lowest point of the path returned instead of the last",
        ("descent_path",),
        {STEP + LAST: STEP + LAST.replace("return x, y", "x, y = min(path, key=lambda p: f(*p))\n    return x, y")},
    ),
    edit("step size does not decay", (*DECAYS, "tuned_descent"), {DECAYED: DECAYED.replace(" * decay**t", "")}),
    edit(
        "the step size is overwritten, so that the decays multiply up",
        DECAYS,
        {DECAYED: "        step_size = step_size * decay**t\n" + STEP},
        may_fail=("tuned_descent",),
    ),
    edit("decay in x alone", (*DECAYS, "tuned_descent"), {DECAYED: DECAYED.replace("decay**t * slope_y", "slope_y")}),
    edit(
        "step size of y decayed once more than that of x",
        (*DECAYS, "tuned_descent"),
        {DECAYED: DECAYED.replace("decay**t * slope_y", "decay**(t + 1) * slope_y")},
    ),
    edit(
        "step size divided by the decay",
        (*DECAYS, "tuned_descent"),
        {DECAYED: DECAYED.replace("* decay**t", "/ decay**t")},
    ),
    edit(
        "schedule left as it was given",
        ("tuned_descent",),
        {TUNED: "results = optimize_f(x=3, y=2, step_size=0.1, steps=10, decay=1)"},
    ),
    edit(
        "minimum written down instead of reached",
        ("tuned_descent",),
        {TUNED: "results = -1.0882, 0.5441, -2.28071, [-1.0882], [0.5441]"},
    ),
    edit(
        "the cell that tunes fails, the path of an earlier cell is left",
        ("tuned_descent",),
        {TUNED: TUNED.replace("decay=", "rate=")},
    ),
    edit(
        "descent started beside the minimum",
        ("tuned_descent",),
        {TUNED: TUNED.replace("x=3, y=2", "x=-1, y=0.5")},
    ),
]

FUNCTIONS = [
    edit(
        "sigmoid without the minus in the exponent",
        (*SIGMOIDS, *MODELS, *SIGMOID_LAYERS, *NETWORKS),
        {SIGMOID: "    return 1 / (1 + np.exp(x))\n"},
    ),
    edit(
        "derivative of the sigmoid as if x were the activation",
        (*SIGMOID_GRADS, *MODELS, *SIGMOID_LAYERS, *NETWORKS),
        {SIGMOID_GRAD: "    return x * (1 - x)\n"},
    ),
    edit(
        "derivative of the sigmoid without the factor 1 - s",
        (*SIGMOID_GRADS, *MODELS, *SIGMOID_LAYERS, *NETWORKS),
        {SIGMOID_GRAD: "    return s\n"},
    ),
    edit(
        "derivative of the sigmoid without the square of its denominator",
        (*SIGMOID_GRADS, *MODELS, *SIGMOID_LAYERS),
        {SIGMOID_GRAD: "    return np.exp(-x) / (1 + np.exp(-x))\n"},
        may_fail=NETWORKS,
    ),
    edit(
        "derivative of the sigmoid, from exp(-|x|), without the square of its denominator",
        (*SIGMOID_GRADS, *MODELS, *SIGMOID_LAYERS),
        {SIGMOID_GRAD: "    return np.exp(-abs(x)) / (1 + np.exp(-abs(x)))\n"},
        may_fail=NETWORKS,
    ),
    edit(
        "one-sided difference where the central one is asked for",
        ("sigmoid_numerical",),
        {CENTRAL: "numerical = (sigmoid(x + epsilon) - sigmoid(x)) / epsilon\n"},
    ),
    edit(
        "central difference divided by half its width",
        ("sigmoid_numerical",),
        {CENTRAL: CENTRAL.replace("epsilon / 2)) / epsilon", "epsilon / 2)) / (epsilon / 2)")},
    ),
    edit(
        "differences of answers kept in arrays, divided by half their width",
        ("sigmoid_numerical",),
        {
            CENTRAL: """\
sides = np.zeros((2, len(x)))
for i, v in enumerate(x):
    sides[:, i] = sigmoid(v - epsilon), sigmoid(v + epsilon)
numerical = (sides[1] - sides[0]) / epsilon
"""
        },
    ),
    edit(
        "the sigmoid is not asked around its points, as a finite difference does",
        ("sigmoid_numerical",),
        {CENTRAL: "numerical = sigmoid_grad(x)\n"},
    ),
    edit(
        "ReLU passed through, forward and backward",
        ("relu_value", "relu_gradient", "relu_shapes", "relu_numbers", *RELU_LAYERS, "network_two_layers"),
        {RELU: "    return x\n", RELU_GRAD: "    return np.ones_like(x)\n"},
    ),
    edit(
        "sigmoid written into an array of the input's type, which cuts it to 0 for whole numbers",
        ("sigmoid_shapes",),
        {SIGMOID: "    s = np.zeros_like(x)\n    s[...] = 1 / (1 + np.exp(-x))\n    return s\n"},
    ),
    edit(
        "derivative of the ReLU is 1 everywhere",
        (*RELU_GRADS, *RELU_LAYERS, *WITH_RELU),
        {RELU_GRAD: "    return np.ones_like(x)\n"},
    ),
    edit(
        "derivative of the ReLU is its value",
        (*RELU_GRADS, *RELU_LAYERS, "network_deeper"),
        {RELU_GRAD: "    return np.maximum(0, x)\n"},
    ),
    edit(
        "ReLU cuts its input in place",
        ("relu_shapes", "relu_layer_again"),
        {RELU: "    x[x < 0] = 0\n    return x\n"},
    ),
    edit(
        "derivative of the ReLU by a division, 0 / 0 at 0",
        ("relu_numbers",),
        {RELU_GRAD: "    return relu(x) / x\n"},
    ),
    edit(
        "derivative of the ReLU written into its input",
        ("relu_numbers",),
        {RELU_GRAD: "    x = np.asarray(x)\n    x[...] = x > 0\n    return x\n"},
        may_fail=(*RELU_GRADS[:3], *RELU_LAYERS, *WITH_RELU),
    ),
    edit("ReLU is not asked around its points, as a finite difference does", ("relu_numerical",), {RELU_NUMERICAL: ""}),
    edit(
        "ReLU: difference multiplied by epsilon, not divided",
        ("relu_numerical",),
        {"(relu(x + epsilon / 2) - relu(x - epsilon / 2)) / epsilon": "(relu(x + epsilon) - relu(x)) * epsilon"},
    ),
    edit(
        "binary cross-entropy without its minus",
        (*BCES, *MODELS),
        {BCE: BCE.replace("-(y *", "(y *")},
    ),
    edit("binary cross-entropy averaged over its samples", BCES, {BCE: BCE.replace("-(", "-np.mean(", 1)}),
    edit(
        "binary cross-entropy of the label 1 alone",
        (*BCES, "one_layer_both"),
        {BCE: "    return -y * np.log(y_hat)\n"},
    ),
    edit(
        "gradient of the binary cross-entropy with the wrong sign",
        (*BCE_GRADS, *MODELS, *NETWORKS),
        {BCE_GRAD: "    return y / y_hat - (1 - y) / (1 - y_hat)\n"},
    ),
    edit(
        "gradient of the averaged binary cross-entropy beside the loss of each sample",
        (*BCE_GRADS, *WITH_RELU),
        {BCE_GRAD: "    return ((1 - y) / (1 - y_hat) - y / y_hat) / np.size(y)\n"},
    ),
    edit(
        "gradient of cross-entropy and sigmoid together taken for that of the cross-entropy",
        (*BCE_GRADS, *MODELS),
        {BCE_GRAD: "    return y_hat - y\n"},
    ),
    edit(
        "finite differences of the loss in the label instead of the prediction",
        ("bce_numerical",),
        {BCE_NUMERICAL: "(bce_loss(y + epsilon / 2, y_hat) - bce_loss(y - epsilon / 2, y_hat)) / epsilon"},
    ),
]

MODEL = [
    edit("bias left out of the one-layer model", MODELS, {H: "    h = x @ w\n"}),
    edit(
        "difference quotient of the one-layer model over half its step",
        ("one_layer_numerical",),
        {"(above - below) / eps": "2 * (above - below) / eps"},
    ),
    edit(
        "derivative of the sigmoid taken at its output",
        MODELS,
        {GRAD_H: GRAD_H.replace("sigmoid_grad(h)", "sigmoid_grad(y_hat)")},
    ),
    edit("chain ended before the sigmoid", MODELS, {GRAD_H: "    grad_h = grad_y_hat\n"}),
    edit("gradient with respect to w for that with respect to x", MODELS, {GRAD_X: "    grad_x = grad_h * x\n"}),
]

LAYERS = [
    edit("bias of Linear not added", LINEARS, {LINEAR: "        return x @ self.W\n"}),
    edit("bias gradient is the mean over the batch, not the sum", BACKWARDS, {DB: DB.replace("sum", "mean")}),
    edit("bias gradient of shape (1, n)", BACKWARDS, {DB: DB.replace("axis=0", "axis=0, keepdims=True")}),
    edit("bias gradient not summed over the batch", (*BACKWARDS, *NETWORKS), {DB: "        self.db = dy\n"}),
    edit("weight gradient is the mean over the batch", (*BACKWARDS, *WITH_RELU), {DW: DW.replace("dy", "dy / len(x)")}),
    edit(
        "diagonal of W taken for its transpose",
        (*BACKWARDS, *WITH_RELU, "network_no_activation"),
        {DX: DX.replace(".T", ".diagonal()")},
    ),
    edit(
        "backward of Linear ignores dy",
        (*BACKWARDS, *WITH_RELU, "network_no_activation"),
        {DX: DX.replace("dy @", "np.ones_like(dy) @")},
    ),
    edit(
        "gradients of Linear added up over the calls",
        ("linear_backward_again", *NETWORKS),
        {DW: '        self.dW = getattr(self, "dW", 0) + x.T @ dy\n'},
    ),
    edit(
        "gradients of Linear kept in the class, shared by all layers",
        ("linear_backward_again", *WITH_RELU, "network_no_activation"),
        {DW: DW.replace("self", "Linear"), DB: DB.replace("self", "Linear")},
    ),
    edit("step of Linear with the wrong sign", (*STEPS, *NETWORKS), {W_STEP: W_STEP.replace("-", "+")}),
    edit("step of Linear without the step size", (*STEPS, *NETWORKS), {W_STEP: W_STEP.replace("step_size * ", "")}),
    edit("step of Linear without the step size in b", STEPS, {B_STEP: B_STEP.replace("step_size * ", "")}, NETWORKS),
    edit("step of Linear with the wrong sign in b", STEPS, {B_STEP: B_STEP.replace("-", "+")}, NETWORKS),
    edit("bias of Linear never moved", STEPS, {B_STEP: ""}),
    edit(
        "b of Linear moved by the column sums of dW, not by db",
        STEPS,
        {B_STEP: B_STEP.replace("self.db", "self.dW.sum(axis=0)")},
        may_fail=NETWORKS,
    ),
    edit(
        "backward of Sigmoid scales dy in place",
        ("sigmoid_layer_again",),
        {SIGMOID_BACK: "        dy *= sigmoid_grad(x)\n        return dy\n"},
    ),
    edit(
        "backward of Sigmoid belongs to the latest output",
        ("sigmoid_layer_again",),
        {
            SIGMOID_FORWARD: "        self.y = sigmoid(x)\n        return self.y\n",
            SIGMOID_BACK: "        return dy * self.y * (1 - self.y)\n",
        },
    ),
    edit(
        "backward of Sigmoid ignores dy",
        (*SIGMOID_LAYERS, *NETWORKS),
        {SIGMOID_BACK: "        return sigmoid_grad(x)\n"},
    ),
    edit(
        "backward of ReLU sets zeros in dy",
        ("relu_layer_again",),
        {RELU_BACK: "        dy[x <= 0] = 0\n        return dy\n"},
    ),
    edit("backward of ReLU returns dy", (*RELU_LAYERS, *WITH_RELU), {RELU_BACK: "        return dy\n"}),
    edit(
        "backward of ReLU masks by dy", (*RELU_LAYERS, *WITH_RELU), {RELU_BACK: "        return dy * relu_grad(dy)\n"}
    ),
    edit("backward of ReLU ignores dy", (*RELU_LAYERS, *WITH_RELU), {RELU_BACK: "        return relu_grad(x)\n"}),
    edit(
        "step of ReLU left unwritten",
        ("relu_layer_again", *WITH_RELU),
        {NO_STEP + '"ReLU"': NO_STEP.replace("pass  # nothing to move", "raise NotImplementedError") + '"ReLU"'},
    ),
]

TRAINING = [
    edit("first network left untrained", ("network_two_layers",), {TWO + FIT: TWO + FIT.replace("0.01", "0")}),
    edit("learning rate far too large", ("network_two_layers",), {TWO + FIT: TWO + FIT.replace("0.01", "1")}),
    edit("single layer built and not trained", ("network_single",), {ONE + FIT: ONE}),
    edit("single layer trained at a rate of 0", ("network_single",), {ONE + FIT: ONE + FIT.replace("0.01", "0")}),
    edit("single layer without its sigmoid", ("network_single",), {ONE: "net = Net([Linear(64, 1, rng=rng)])\n"}),
    edit(
        "ReLU between the two linear layers that should have nothing there",
        ("network_no_activation",),
        {LINES: "net = Net([Linear(64, 32, rng=rng), ReLU(), Linear(32, 1, rng=rng), Sigmoid()])\n"},
    ),
    edit(
        "one linear layer in two places of the deeper network",
        ("network_deeper",),
        {
            DEEP: "        *(Linear(64, 32, rng=rng), ReLU()),\n        *([Linear(32, 32, rng=rng), ReLU()] * 2),\n"
            "        *(Linear(32, 1, rng=rng), Sigmoid()),\n"
        },
    ),
    edit(
        "deeper network no deeper than the first",
        ("network_deeper",),
        {DEEP: "        *(Linear(64, 64, rng=rng), ReLU()),\n        *(Linear(64, 1, rng=rng), Sigmoid()),\n"},
    ),
]

WRONG = [*DESCENT, *FUNCTIONS, *MODEL, *LAYERS, *TRAINING]
