"""Wrong rewrites of the solution, each with exactly the checks that it fails.

Most were seen in real hand-ins. The lists say what a mistake costs: a new check that turns up in one of them asks for
the same thing twice.
"""

from grader.model import Change, Edit

LINEAR, RELU = "layers/linear.py", "layers/relu.py"
SOFTMAX, LOSS = "layers/softmax.py", "layers/loss_func.py"
NOTEBOOK = "neural_network.py"

LINEAR_FORWARD = "        return x @ self.W + self.b\n"
RELU_FORWARD = "        self.positive = x > 0\n        return np.maximum(x, 0)\n"
RELU_BACKWARD = "        return dout * self.positive\n"
SHIFTED = "np.exp(x - x.max(axis=1, keepdims=True))"
SOFTMAX_OUT = "        return shifted / shifted.sum(axis=1, keepdims=True)"
BIAS = "        self.db = dout.sum(axis=0)\n"
LOSS_CHOSEN = (
    "        chosen = probabilities[np.arange(len(labels)), labels]  # equivalent: there are as many rows as labels\n"
)
LOSS_OUT = "        return -np.log(chosen).mean()\n"
LOSS_BACKWARD = """        dlogits = self.probabilities.copy()
        dlogits[np.arange(len(self.labels)), self.labels] -= 1
        return dlogits / len(self.labels)
"""

SOFTMAX_ALONE = ("softmax_forward", "softmax_forward_sizes")
SOFTMAX_USERS = (
    *("scores_toy", "net_forward", "loss_toy", "loss_net", "gradients_toy"),
    *("training_loss", "training_elsewhere"),
)
LINEAR_GRADIENTS = ("linear_backward", "linear_backward_sizes", "gradients_toy", "gradients_net")
NETWORK_GRADIENTS = ("gradients_toy", "gradients_net", "training_loss", "training_elsewhere")
LOSSES = ("loss_toy", "loss_net", "loss_forward", "loss_forward_sizes")
SHAPES = ("gradients_exist", "gradients_exist_sizes")
LOSS_GRADIENTS = ("loss_backward", "loss_backward_sizes", *NETWORK_GRADIENTS)
TRAINING = ("training_loss", "training_elsewhere")

WRONG = [
    # ---- Softmax
    Edit(
        name="softmax applied twice",
        changes=(
            Change(
                SOFTMAX,
                SOFTMAX_OUT,
                """        once = shifted / shifted.sum(axis=1, keepdims=True)
        return np.exp(once) / np.exp(once).sum(axis=1, keepdims=True)""",
            ),
        ),
        fails=(*SOFTMAX_ALONE, "softmax_large", *SOFTMAX_USERS),
    ),
    Edit(
        name="softmax without axis: one sum over the whole batch",
        changes=(Change(SOFTMAX, SOFTMAX_OUT, "        return shifted / shifted.sum()"),),
        fails=(*SOFTMAX_ALONE, "softmax_large", *SOFTMAX_USERS),
    ),
    Edit(
        name="softmax over the batch: axis 0",
        changes=(
            Change(SOFTMAX, SHIFTED, "np.exp(x - x.max(axis=0))"),
            Change(SOFTMAX, SOFTMAX_OUT, "        return shifted / shifted.sum(axis=0)"),
        ),
        fails=(*SOFTMAX_ALONE, "softmax_large", *SOFTMAX_USERS),
    ),
    Edit(
        name="softmax: the largest score of a row is not subtracted",
        changes=(Change(SOFTMAX, SHIFTED, "np.exp(x) + 0 * x.max(axis=1, keepdims=True)"),),
        fails=("softmax_large",),
    ),
    Edit(
        name="softmax shifted by the mean score",
        changes=(Change(SOFTMAX, "x.max(", "x.mean("),),
        fails=("softmax_large",),
    ),
    Edit(
        name="softmax shifted by the smallest score",
        changes=(Change(SOFTMAX, "x.max(", "x.min("),),
        fails=("softmax_large",),
    ),
    Edit(
        name="softmax shifts its input in place",
        changes=(
            Change(
                SOFTMAX,
                f"        shifted = {SHIFTED}",
                "        x -= x.max(axis=1)[:, None]\n        shifted = np.exp(x)",
            ),
        ),
        fails=("forward_keeps_input",),
    ),
    Edit(
        name="softmax derivative taken twice: in Softmax.backward and in the loss",
        changes=(
            Change(SOFTMAX, "        return shifted / shifted.sum(", "        self.p = shifted / shifted.sum("),
            Change(SOFTMAX, "        ### END", "        return self.p\n        ### END"),
            Change(
                SOFTMAX,
                "        return dout\n",
                "        return self.p * (dout - (dout * self.p).sum(axis=1, keepdims=True))\n",
            ),
        ),
        fails=("gradients_toy", *TRAINING),
    ),
    # ---- ReLU
    Edit(
        name="ReLU passes everything through",
        changes=(Change(RELU, "        return np.maximum(x, 0)\n", "        return x\n"),),
        fails=(
            *("relu_forward", "scores_toy", "net_forward", "loss_net"),
            *("gradients_toy", "training_loss", "training_elsewhere"),
        ),
    ),
    Edit(
        name="ReLU changes its input in place",
        changes=(
            Change(RELU, RELU_FORWARD, "        x[x < 0] = 0\n        self.positive = x > 0\n        return x\n"),
        ),
        fails=("forward_keeps_input",),
    ),
    Edit(
        name="ReLU backward changes dout in place",
        changes=(Change(RELU, RELU_BACKWARD, "        dout[~self.positive] = 0\n        return dout\n"),),
        fails=("backward_twice",),
    ),
    Edit(
        name="ReLU backward multiplies by the output instead of the mask of 0 and 1",
        changes=(Change(RELU, "        self.positive = x > 0\n", "        self.positive = np.maximum(x, 0)\n"),),
        fails=("relu_backward", "relu_two_objects", *NETWORK_GRADIENTS),
    ),
    Edit(
        name="ReLU keeps the mask of an earlier batch of the same size",
        changes=(
            Change(
                RELU,
                "        self.positive = x > 0\n",
                '        if np.shape(getattr(self, "positive", 0)) != x.shape:\n            self.positive = x > 0\n',
            ),
        ),
        fails=("relu_two_objects", "training_elsewhere"),
        may_fail=("training_loss",),
    ),
    Edit(
        name="ReLU backward ignores dout",
        changes=(Change(RELU, RELU_BACKWARD, "        return self.positive.astype(float)\n"),),
        fails=("relu_backward", "relu_two_objects", *NETWORK_GRADIENTS),
    ),
    Edit(
        name="ReLU backward passes dout through",
        changes=(Change(RELU, RELU_BACKWARD, "        return dout\n"),),
        fails=("relu_backward", "relu_two_objects", *NETWORK_GRADIENTS),
    ),
    Edit(
        name="ReLU backward takes the mask from dout",
        changes=(Change(RELU, RELU_BACKWARD, "        return dout * (dout > 0)\n"),),
        fails=("relu_backward", "relu_two_objects", *NETWORK_GRADIENTS),
    ),
    Edit(
        name="ReLU mask kept on the class, shared by two layers",
        changes=(
            Change(RELU, "        self.positive = x > 0\n", "        ReLU.positive = x > 0\n"),
            Change(RELU, RELU_BACKWARD, "        return dout * ReLU.positive\n"),
        ),
        fails=("relu_two_objects",),
    ),
    # ---- Linear
    Edit(
        name="Linear forgets the bias",
        changes=(Change(LINEAR, LINEAR_FORWARD, "        return x @ self.W\n"),),
        fails=(
            *("linear_forward", "linear_forward_sizes", "scores_toy", "net_forward", "loss_toy", "loss_net"),
            *("gradients_toy", "training_elsewhere"),
        ),
    ),
    Edit(
        name="bias gradient is the mean over the batch",
        changes=(Change(LINEAR, BIAS, "        self.db = dout.mean(axis=0)\n"),),
        fails=(*LINEAR_GRADIENTS, "training_elsewhere"),
    ),
    Edit(
        name="bias gradient is not summed over the batch",
        changes=(Change(LINEAR, BIAS, "        self.db = dout\n"),),
        fails=(*LINEAR_GRADIENTS, *SHAPES, *TRAINING),
    ),
    Edit(
        name="bias gradient has shape (1, out_features)",
        changes=(Change(LINEAR, BIAS, "        self.db = dout.sum(axis=0, keepdims=True)\n"),),
        fails=(*SHAPES, *TRAINING),
    ),
    Edit(
        name="weight gradient is averaged over the batch a second time",
        changes=(
            Change(LINEAR, "        self.dW = self.x.T @ dout\n", "        self.dW = self.x.T @ dout / len(dout)\n"),
        ),
        fails=(*LINEAR_GRADIENTS, *TRAINING),
    ),
    Edit(
        name="Linear backward keeps its gradients in local names",
        changes=(
            Change(LINEAR, "        self.dW = self.x.T @ dout\n", "        dW = self.x.T @ dout\n"),
            Change(LINEAR, BIAS, "        db = dout.sum(axis=0)\n"),
        ),
        fails=(*SHAPES, *LINEAR_GRADIENTS, "backward_twice", *TRAINING),
    ),
    Edit(
        name="Linear backward adds to the gradients of the call before",
        changes=(
            Change(
                LINEAR,
                "        self.dW = self.x.T @ dout\n" + BIAS,
                """        self.dW = self.x.T @ dout + (0 if self.dW is None else self.dW)
        self.db = dout.sum(axis=0) + (0 if self.db is None else self.db)
""",
            ),
        ),
        fails=("backward_twice",),
    ),
    Edit(
        name="Linear input kept on the class, shared by two layers",
        changes=(
            Change(LINEAR, "        self.x = x\n", "        Linear.x = x\n"),
            Change(LINEAR, "self.x.T", "Linear.x.T"),
        ),
        fails=(*NETWORK_GRADIENTS, *SHAPES),
    ),
    Edit(
        name="Linear keeps the input of an earlier batch of the same size",
        changes=(
            Change(
                LINEAR,
                "        self.x = x\n",
                '        if np.shape(getattr(self, "x", 0)) != x.shape:\n            self.x = x\n',
            ),
        ),
        fails=("linear_backward_sizes", "training_elsewhere"),
        may_fail=("training_loss",),
    ),
    Edit(
        name="Linear hands out copies, so that the optimizer never reaches its parameters",
        changes=(Change(LINEAR, "[self.W, self.b]", "[self.W.copy(), self.b.copy()]"),),
        fails=TRAINING,
    ),
    # ---- CrossEntropyLoss
    Edit(
        name="loss is the sum over the batch",
        changes=(Change(LOSS, LOSS_OUT, "        return -np.log(chosen).sum()\n"),),
        fails=LOSSES,
    ),
    Edit(
        name="loss is a vector, one number for each point",
        changes=(Change(LOSS, LOSS_OUT, "        return -np.log(chosen)\n"),),
        fails=LOSSES,
    ),
    Edit(
        name="loss of the largest probability instead of the right class",
        changes=(Change(LOSS, LOSS_OUT, "        return -np.log(probabilities.max(axis=1)).mean()\n"),),
        fails=LOSSES,
    ),
    Edit(
        name="gradient of the loss is not divided by the batch",
        changes=(Change(LOSS, "        return dlogits / len(self.labels)\n", "        return dlogits\n"),),
        fails=LOSS_GRADIENTS,
    ),
    Edit(
        name="gradient of the loss has the wrong sign",
        changes=(
            Change(LOSS, "        return dlogits / len(self.labels)\n", "        return -dlogits / len(self.labels)\n"),
        ),
        fails=LOSS_GRADIENTS,
    ),
    Edit(
        name="gradient of the loss with respect to the probabilities",
        changes=(
            Change(
                LOSS,
                LOSS_BACKWARD,
                """        rows = np.arange(len(self.labels))
        dprobabilities = np.zeros_like(self.probabilities)
        dprobabilities[rows, self.labels] = -1 / self.probabilities[rows, self.labels]
        return dprobabilities / len(self.labels)
""",
            ),
        ),
        fails=LOSS_GRADIENTS,
    ),
    Edit(
        name="CrossEntropyLoss backward changes the probabilities that it kept",
        changes=(Change(LOSS, "self.probabilities.copy()", "self.probabilities"),),
        fails=("backward_twice",),
    ),
    Edit(
        name="one-hot labels as wide as the largest label of the batch, which need not be the last class",
        changes=(
            Change(LOSS, LOSS_CHOSEN, "        self.one_hot = np.eye(labels.max() + 1)[labels]\n"),
            Change(
                LOSS, LOSS_OUT, "        return -(self.one_hot * np.log(probabilities + 1e-12)).sum(axis=1).mean()\n"
            ),
            Change(LOSS, LOSS_BACKWARD, "        return (self.probabilities - self.one_hot) / len(self.labels)\n"),
        ),
        fails=("loss_backward_sizes",),
    ),
    Edit(
        name="one-hot labels as wide as the number of classes in the batch, in backward alone",
        changes=(
            Change(
                LOSS,
                LOSS_BACKWARD,
                """        classes, which = np.unique(self.labels, return_inverse=True)
        return (self.probabilities - np.eye(len(classes))[which]) / len(self.labels)
""",
            ),
        ),
        fails=("loss_backward_sizes",),
    ),
    # ---- the notebook
    Edit(
        name="step size too small to get anywhere",
        changes=(Change(NOTEBOOK, "lr=0.1,", "lr=0.001,"),),
        fails=("training_loss",),
    ),
    Edit(
        name="no ReLU between the layers of the trained network",
        changes=(Change(NOTEBOOK, "[first, ReLU(), second, Softmax()]", "[first, second, Softmax()]"),),
        fails=("training_loss",),
    ),
    Edit(
        name="a third linear layer in the trained network",
        changes=(
            Change(
                NOTEBOOK,
                "[first, ReLU(), second, Softmax()]",
                "[first, ReLU(), second, Linear(num_classes, num_classes), Softmax()]",
            ),
        ),
        fails=("training_loss",),
    ),
    Edit(
        name="a leftover line overwrites the labels before the training",
        changes=(Change(NOTEBOOK, "epochs = 1000\n", "epochs = 1000\ny = np.zeros(num_inputs, dtype=int)\n"),),
        fails=("training_loss",),
    ),
]
