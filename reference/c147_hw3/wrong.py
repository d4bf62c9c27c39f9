"""Wrong rewrites of the solution, each with exactly the checks that it fails.

Most were seen in real hand-ins. Follow-through is not part of this: a wrong layer fails the networks made of it too.
"""

from grader.model import Change, Edit

LAYERS, NETS, NOTEBOOK = "nndl/layers.py", "nndl/fc_net.py", "FC_nets.py"

AFFINE_OUT = "    out = x.reshape(x.shape[0], -1) @ w + b  # equivalent: NumPy takes -2 for -1\n"
DX = "    dx = (dout @ w.T).reshape(x.shape)\n"
DW = "    dw = x.reshape(x.shape[0], -1).T @ dout  # equivalent: as above; all have as many rows\n"
DB = "    db = dout.sum(axis=0)\n"
RELU_OUT = "    out = np.maximum(x, 0)\n"
RELU_DX = "    return np.where(x > 0, dout, 0)  # equivalent: x is cache\n"
SOFTMAX_LOSS = "    loss = -log_probabilities[rows, y].mean()\n"
SOFTMAX_DX = "    return loss, dx / x.shape[0]\n"

W1 = '        self.params["W1"] = weight_scale * np.random.randn(input_dim, hidden_dims)  # equivalent: -noise\n'
B1 = '        self.params["b1"] = np.zeros(hidden_dims)  # equivalent: zeros\n'
W2 = '        self.params["W2"] = weight_scale * np.random.randn(hidden_dims, num_classes)  # equivalent: -noise\n'
B2 = '        self.params["b2"] = np.zeros(num_classes)  # equivalent: zeros\n'
TWO_FORWARD = '        hidden, hidden_cache = affine_relu_forward(X, self.params["W1"], self.params["b1"])\n'
TWO_SCORES = '        scores, scores_cache = affine_forward(hidden, self.params["W2"], self.params["b2"])\n'
TWO_BACKWARD = '        _, grads["W1"], grads["b1"] = affine_relu_backward(dhidden, hidden_cache)\n'
TWO_L2 = """        for name in ("W1", "W2"):
            loss += 0.5 * self.reg * np.sum(self.params[name] ** 2)
            grads[name] += self.reg * self.params[name]
"""
TWO_L2_LOSS = "            loss += 0.5 * self.reg * np.sum(self.params[name] ** 2)\n"
TWO_L2_GRADIENT = "            grads[name] += self.reg * self.params[name]\n"

DEEP_WEIGHT = (
    '            self.params[f"W{i}"] = weight_scale * np.random.randn(sizes[i - 1], sizes[i])  # equivalent: -noise\n'
)
DEEP_SIZES = "        sizes = [input_dim, *hidden_dims, num_classes]\n"
DEEP_FORWARD = """            hidden, cache = affine_relu_forward(hidden, self.params[f"W{i}"], self.params[f"b{i}"])
            caches.append(cache)
"""
DEEP_SCORES = """        scores, last_cache = affine_forward(hidden, self.params[f"W{last}"], self.params[f"b{last}"])
"""
DEEP_LAST = """        dhidden, grads[f"W{last}"], grads[f"b{last}"] = affine_backward(dscores, last_cache)
"""
DEEP_BACKWARD = """            dhidden, grads[f"W{i}"], grads[f"b{i}"] = affine_relu_backward(dhidden, caches[i - 1])
"""
DEEP_L2 = """            loss += 0.5 * self.reg * np.sum(weight**2)
            grads[f"W{i}"] += self.reg * weight
"""

SCORES = ("two_layer_scores", "two_layer_scores_sizes")
TWO_LOSS, L2 = ("two_layer_loss", "two_layer_loss_sizes"), ("two_layer_l2", "two_layer_l2_sizes")
TWO_PLAIN = ("two_layer_gradients", "two_layer_gradients_sizes")
TWO_WITH_L2 = ("two_layer_gradients_l2", "two_layer_gradients_l2_sizes")
DEEP_LOSS = ("deep_loss", "deep_loss_depths")
DEEP_PLAIN = ("deep_gradients", "deep_gradients_depths", "deep_gradients_third")
DEEP_WITH_L2 = ("deep_gradients_l2", "deep_gradients_l2_depths")
# Finite differences of a network's own loss find fault with the gradients alone
TWO_OWN = ("two_layer_derivative",)
DEEP_OWN, DEEP_OWN_L2 = ("deep_derivative",), ("deep_derivative_l2",)
OWN = (*TWO_OWN, *DEEP_OWN, *DEEP_OWN_L2)
OWN_LOSS = ("two_layer_loss_of_scores", "two_layer_loss_of_scores_sizes")
TWO, DEEP = (*SCORES, *TWO_LOSS, *TWO_PLAIN, *TWO_WITH_L2), (*DEEP_LOSS, *DEEP_PLAIN, *DEEP_WITH_L2)
GRADIENTS = (*TWO_PLAIN, *TWO_WITH_L2, *DEEP_PLAIN, *DEEP_WITH_L2, *OWN)
RAISED = (*TWO_LOSS, *OWN_LOSS, *L2, *DEEP_LOSS, *GRADIENTS)
"""Where a backward pass raises, the loss does not come back either."""
AFFINE_GRADIENTS = ("affine_backward", "affine_backward_shapes", "affine_relu")
RELU_GRADIENTS = ("relu_backward", "relu_backward_shapes", "affine_relu")
TRAINED = ("solver_accuracy", "fifty_by_heart")

WRONG = [
    # ---- layers
    Edit(
        name="affine forward without the bias",
        changes=(Change(LAYERS, AFFINE_OUT, AFFINE_OUT.replace(" + b", "")),),
        fails=(
            "affine_forward_printed",
            "affine_forward",
            "affine_forward_shapes",
            "affine_relu",
            "two_layer_scores_printed",
            *TWO,
            *DEEP,
            *OWN,
        ),
    ),
    Edit(
        name="affine forward flattens its input in place",
        changes=(Change(LAYERS, AFFINE_OUT, "    x.shape = (x.shape[0], -1)\n    out = x @ w + b\n"),),
        fails=("affine_forward_keeps", *AFFINE_GRADIENTS),
    ),
    Edit(
        name="affine forward keeps the flattened input in the cache",
        changes=(Change(LAYERS, AFFINE_OUT, "    x = x.reshape(x.shape[0], -1)\n    out = x @ w + b\n"),),
        fails=AFFINE_GRADIENTS,
    ),
    Edit(
        name="affine backward: dx not brought back to the shape of x",
        changes=(Change(LAYERS, DX, "    dx = dout @ w.T\n"),),
        fails=AFFINE_GRADIENTS,
    ),
    Edit(
        name="affine backward: bias gradient is the mean over the batch",
        changes=(Change(LAYERS, DB, "    db = dout.mean(axis=0)\n"),),
        fails=(*AFFINE_GRADIENTS, *GRADIENTS),
    ),
    Edit(
        name="affine backward: bias gradient of shape (1, M)",
        changes=(Change(LAYERS, DB, "    db = dout.sum(axis=0, keepdims=True)\n"),),
        fails=(*AFFINE_GRADIENTS, *GRADIENTS, *TRAINED),
    ),
    Edit(
        name="affine backward: bias gradient not summed over the batch",
        changes=(Change(LAYERS, DB, "    db = dout\n"),),
        fails=(*AFFINE_GRADIENTS, *GRADIENTS, *TRAINED),
    ),
    Edit(
        name="affine backward: weight gradient averaged over the batch",
        changes=(Change(LAYERS, DW, DW.replace("dout", "dout / x.shape[0]")),),
        fails=(*AFFINE_GRADIENTS, *GRADIENTS, *TRAINED),
    ),
    Edit(
        name="affine backward: gradients of the wrong sign",
        changes=(Change(LAYERS, DW, DW.replace("= x", "= -x")), Change(LAYERS, DB, DB.replace("= dout", "= -dout"))),
        fails=(*AFFINE_GRADIENTS, *GRADIENTS, *TRAINED),
    ),
    Edit(
        name="affine backward: the weight itself instead of its transpose",
        changes=(Change(LAYERS, DX, "    dx = (dout @ w).reshape(x.shape)\n"),),
        fails=(*AFFINE_GRADIENTS, "affine_backward_repeated", *RAISED, *TRAINED),
    ),
    Edit(
        name="affine backward uses x and w of the latest forward, not those of its cache",
        changes=(
            Change(LAYERS, AFFINE_OUT, "    global last\n    last = (x, w)\n" + AFFINE_OUT),
            Change(LAYERS, DX, "    x, w = last\n" + DX),
        ),
        fails=("affine_backward_shapes", *RAISED, *TRAINED),
    ),
    Edit(
        name="affine backward adds up the bias gradient in the first row of dout",
        changes=(Change(LAYERS, DB, "    db = dout[0]\n    for row in dout[1:]:\n        db += row\n"),),
        fails=("affine_backward_repeated",),
    ),
    Edit(
        name="affine forward writes its output into an array that the next call overwrites",
        changes=(
            Change(
                LAYERS,
                AFFINE_OUT,
                '    out = globals().setdefault(f"kept {len(x)} {w.shape[1]}", np.zeros((len(x), w.shape[1])))\n'
                "    out[...] = x.reshape(x.shape[0], -1) @ w + b\n",
            ),
        ),
        fails=("affine_forward_keeps",),
    ),
    Edit(
        name="affine backward writes the weight gradient into an array that the next call overwrites",
        changes=(
            Change(
                LAYERS,
                DW,
                '    dw = globals().setdefault(f"kept {w.shape}", np.zeros(w.shape))\n'
                "    dw[...] = x.reshape(x.shape[0], -1).T @ dout\n",
            ),
        ),
        fails=("affine_backward_repeated",),
        may_fail=OWN,  # where a loss of a moved point overwrites the gradients
    ),
    Edit(
        name="ReLU writes its output into an array that the next call overwrites",
        changes=(
            Change(
                LAYERS,
                RELU_OUT,
                '    out = globals().setdefault(f"kept {x.shape}", np.zeros(x.shape))\n    np.maximum(x, 0, out=out)\n',
            ),
        ),
        fails=("relu_forward_keeps",),
    ),
    Edit(
        name="ReLU writes into the array that it is given",
        changes=(Change(LAYERS, RELU_OUT, "    x[x < 0] = 0\n    out = x\n"),),
        fails=("relu_forward_keeps",),
    ),
    Edit(
        name="ReLU is the absolute value",
        changes=(Change(LAYERS, RELU_OUT, "    out = np.abs(x)\n"),),
        fails=("relu_forward", "affine_relu", *TWO, *DEEP, *OWN, "fifty_by_heart"),
    ),
    Edit(
        name="ReLU lets every gradient through",
        changes=(Change(LAYERS, RELU_DX, "    return dout\n"),),
        fails=(*RELU_GRADIENTS, *GRADIENTS, "solver_accuracy"),
    ),
    Edit(
        name="ReLU mask taken from dout",
        changes=(Change(LAYERS, RELU_DX, "    return np.where(dout > 0, dout, 0)\n"),),
        fails=(*RELU_GRADIENTS, *GRADIENTS, "fifty_by_heart"),
        may_fail=("solver_accuracy",),  # some seeds train far enough in spite of it
    ),
    Edit(
        name="ReLU gradient multiplied by the input",
        changes=(Change(LAYERS, RELU_DX, "    return np.maximum(x, 0) * dout\n"),),
        fails=(*RELU_GRADIENTS, *GRADIENTS, *TRAINED),
    ),
    Edit(
        name="ReLU backward writes into dout",
        changes=(Change(LAYERS, RELU_DX, "    dout[x <= 0] = 0\n    return dout\n"),),
        fails=("relu_backward_repeated",),
    ),
    Edit(
        name="relu_backward writes its mask into the cached x",
        changes=(Change(LAYERS, RELU_DX, "    x[x <= 0] = 0\n    x[x > 0] = 1\n    return dout * x\n"),),
        fails=("relu_backward_repeated",),
    ),
    Edit(
        name="ReLU gradient is the mask, the upstream gradient ignored",
        changes=(Change(LAYERS, RELU_DX, "    return (x > 0).astype(float)\n"),),
        fails=(*RELU_GRADIENTS, *GRADIENTS, *TRAINED),
    ),
    Edit(
        name="softmax loss edited: the sum over the batch, not the mean",
        changes=(
            Change(LAYERS, SOFTMAX_LOSS, SOFTMAX_LOSS.replace("mean", "sum")),
            Change(LAYERS, SOFTMAX_DX, "    return loss, dx\n"),
        ),
        fails=(
            "softmax_as_given",
            *TWO_LOSS,
            *DEEP_LOSS,
            *OWN_LOSS,
            *TWO_PLAIN,
            *TWO_WITH_L2,
            *DEEP_PLAIN,
            *DEEP_WITH_L2,
            *TRAINED,
        ),
    ),
    # ---- TwoLayerNet
    Edit(
        name="TwoLayerNet: last weight without weight_scale",
        changes=(Change(NETS, W2, W2.replace("weight_scale * ", "")),),
        fails=("two_layer_start",),
    ),
    Edit(
        name="TwoLayerNet: uniform weights",
        changes=(
            Change(NETS, W1, W1.replace("randn", "rand")),
            Change(NETS, W2, W2.replace("randn", "rand")),
        ),
        fails=("two_layer_start", "solver_accuracy"),
    ),
    Edit(
        name="TwoLayerNet: random biases",
        changes=(
            Change(NETS, B1, B1.replace("np.zeros(hidden_dims)", "weight_scale * np.random.randn(hidden_dims)")),
            Change(NETS, B2, B2.replace("np.zeros(num_classes)", "weight_scale * np.random.randn(num_classes)")),
        ),
        fails=("two_layer_start",),
    ),
    Edit(
        name="TwoLayerNet: biases are the integer 0",
        changes=(
            Change(NETS, B1, B1.replace("np.zeros(hidden_dims)", "0")),
            Change(NETS, B2, B2.replace("np.zeros(num_classes)", "0")),
        ),
        fails=("two_layer_start",),
    ),
    Edit(
        name="TwoLayerNet: biases are rows of shape (1, H), not of one axis",
        changes=(
            Change(NETS, B1, B1.replace("np.zeros(hidden_dims)", "np.zeros((1, hidden_dims))")),
            Change(NETS, B2, B2.replace("np.zeros(num_classes)", "np.zeros((1, num_classes))")),
        ),
        fails=("two_layer_start",),
    ),
    Edit(
        name="TwoLayerNet: uniform weights of the right standard deviation, not normal ones",
        changes=(
            Change(NETS, W1, W1.replace("randn(", "uniform(-(3**0.5), 3**0.5, (").replace(")  #", "))  #")),
            Change(NETS, W2, W2.replace("randn(", "uniform(-(3**0.5), 3**0.5, (").replace(")  #", "))  #")),
        ),
        fails=("two_layer_start",),
    ),
    Edit(
        name="TwoLayerNet: both weights drawn from one seed, so that they start with the same numbers",
        changes=(
            Change(NETS, W1, W1.replace("np.random", "np.random.RandomState(0)")),
            Change(NETS, W2, W2.replace("np.random", "np.random.RandomState(0)")),
        ),
        fails=("two_layer_start",),
    ),
    Edit(
        name="TwoLayerNet: a softmax of its own that overflows where scores are large",
        changes=(
            Change(
                NETS,
                'softmax_loss(scores, y)\n        grads = {}\n        dhidden, grads["W2"]',
                "0.0, np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)\n"
                "        loss = -np.log(dscores[np.arange(len(y)), y]).mean()\n"
                "        dscores[np.arange(len(y)), y] -= 1\n"
                '        grads, dscores = {}, dscores / len(y)\n        dhidden, grads["W2"]',
            ),
        ),
        fails=("two_layer_loss_sizes",),
    ),
    Edit(
        name="TwoLayerNet: no ReLU between the layers",
        changes=(
            Change(NETS, TWO_FORWARD, TWO_FORWARD.replace("affine_relu", "affine")),
            Change(NETS, TWO_BACKWARD, TWO_BACKWARD.replace("affine_relu", "affine")),
        ),
        fails=(*TWO, "solver_accuracy"),
    ),
    Edit(
        name="TwoLayerNet: ReLU after the scores too",
        changes=(
            Change(NETS, TWO_SCORES, TWO_SCORES.replace("affine_forward", "affine_relu_forward")),
            Change(
                NETS,
                '        dhidden, grads["W2"], grads["b2"] = affine_backward(dscores, scores_cache)\n',
                '        dhidden, grads["W2"], grads["b2"] = affine_relu_backward(dscores, scores_cache)\n',
            ),
        ),
        fails=TWO,
        may_fail=("two_layer_derivative",),  # a score can lie on the kink
    ),
    Edit(
        name="TwoLayerNet: the scores are probabilities, so softmax is applied twice",
        changes=(
            Change(
                NETS,
                TWO_SCORES,
                TWO_SCORES
                + "        scores = np.exp(scores - scores.max(axis=1, keepdims=True))\n"
                + "        scores /= scores.sum(axis=1, keepdims=True)\n",
            ),
        ),
        fails=("two_layer_scores_printed", *TWO, *TWO_OWN),
    ),
    Edit(
        name="TwoLayerNet: without labels it returns probabilities",
        changes=(
            Change(
                NETS,
                TWO_SCORES,
                f"{TWO_SCORES}        if y is None:\n"
                "            e = np.exp(scores - scores.max(axis=1, keepdims=True))\n"
                "            return e / e.sum(axis=1, keepdims=True)\n",
            ),
        ),
        fails=("two_layer_scores_printed", *SCORES, *OWN_LOSS),
    ),
    Edit(
        name="TwoLayerNet: the mask of the ReLU's backward pass is taken before the bias is added",
        changes=(
            Change(
                NETS,
                TWO_BACKWARD,
                '        hidden_cache = hidden_cache[0], hidden_cache[1] - self.params["b1"]\n' + TWO_BACKWARD,
            ),
        ),
        fails=(*TWO_PLAIN, *TWO_WITH_L2, *TWO_OWN),
    ),
    Edit(
        name="TwoLayerNet: L2 gradient missing",
        changes=(Change(NETS, TWO_L2_GRADIENT, ""),),
        fails=(*TWO_WITH_L2, *TWO_OWN),
    ),
    Edit(
        name="TwoLayerNet: L2 gradient missing on the last weight",
        changes=(Change(NETS, TWO_L2_GRADIENT, '            if name == "W1":\n    ' + TWO_L2_GRADIENT),),
        fails=(*TWO_WITH_L2, *TWO_OWN),
    ),
    Edit(
        name="TwoLayerNet: L2 loss skips the last weight",
        changes=(Change(NETS, TWO_L2_LOSS, '            if name == "W1":\n    ' + TWO_L2_LOSS),),
        fails=L2,
    ),
    Edit(
        name="TwoLayerNet: L2 missing on the last weight in loss and gradient",
        changes=(Change(NETS, TWO_L2, TWO_L2.replace('("W1", "W2")', '("W1",)')),),
        fails=(*L2, *TWO_WITH_L2),
    ),
    Edit(
        name="TwoLayerNet: L2 without the factor one half",
        changes=(Change(NETS, TWO_L2, TWO_L2.replace("0.5 * ", "").replace("] += self.reg", "] += 2 * self.reg")),),
        fails=(*L2, *TWO_WITH_L2),
    ),
    Edit(
        name="TwoLayerNet: L2 on the biases too",
        changes=(Change(NETS, TWO_L2, TWO_L2.replace('("W1", "W2")', "self.params")),),
        fails=(*L2, *TWO_WITH_L2),
    ),
    Edit(
        name="TwoLayerNet: it goes on with the arrays that it had first, whatever is put into params",
        changes=(
            Change(
                NETS,
                'hidden, hidden_cache = affine_relu_forward(X, self.params["W1"]',
                'params = self.__dict__.setdefault("kept", self.params)\n'
                '        hidden, hidden_cache = affine_relu_forward(X, params["W1"]',
            ),
        ),
        fails=("two_layer_loss_sizes",),
    ),
    # ---- FullyConnectedNet
    Edit(
        name="FullyConnectedNet: last weight without weight_scale",
        changes=(
            Change(
                NETS,
                DEEP_WEIGHT,
                DEEP_WEIGHT.replace("weight_scale *", "(weight_scale if i < self.num_layers else 1) *"),
            ),
        ),
        fails=("deep_start", "fifty_by_heart"),
    ),
    Edit(
        name="FullyConnectedNet: every weight drawn from one seed, so that all start with the same numbers",
        changes=(Change(NETS, DEEP_WEIGHT, DEEP_WEIGHT.replace("np.random", "np.random.RandomState(0)")),),
        fails=("deep_start",),
    ),
    Edit(
        name="FullyConnectedNet: the parameters stay float64, whatever dtype is asked for",
        changes=(
            Change(NETS, "self.params[name] = value.astype(dtype)\n", "self.params[name] = value.astype(np.float64)\n"),
        ),
        fails=("deep_start",),
    ),
    Edit(
        name="FullyConnectedNet: the caller's list hidden_dims gets the sizes of inputs and classes, too",
        changes=(
            Change(
                NETS,
                DEEP_SIZES,
                "        hidden_dims.insert(0, input_dim)\n"
                "        hidden_dims.append(num_classes)\n"
                "        sizes = hidden_dims\n",
            ),
        ),
        fails=("deep_start",),
    ),
    Edit(
        name="FullyConnectedNet: weights in the order of their sorted names, W10 before W2",
        changes=(
            Change(
                NETS,
                "        caches = []\n",
                '        caches, names = [], sorted(name for name in self.params if name[0] == "W")\n',
            ),
            Change(
                NETS,
                DEEP_FORWARD,
                DEEP_FORWARD.replace(
                    'self.params[f"W{i}"], self.params[f"b{i}"]',
                    'self.params[names[i - 1]], self.params["b" + names[i - 1][1:]]',
                ),
            ),
            Change(
                NETS,
                DEEP_SCORES,
                DEEP_SCORES.replace(
                    'self.params[f"W{last}"], self.params[f"b{last}"]',
                    'self.params[names[-1]], self.params["b" + names[-1][1:]]',
                ),
            ),
        ),
        fails=("deep_loss_depths",),
    ),
    Edit(
        name="FullyConnectedNet: no ReLU between the layers",
        changes=(
            Change(NETS, DEEP_FORWARD, DEEP_FORWARD.replace("affine_relu", "affine")),
            Change(NETS, DEEP_BACKWARD, DEEP_BACKWARD.replace("affine_relu", "affine")),
        ),
        fails=(*DEEP, "fifty_by_heart"),
    ),
    Edit(
        name="FullyConnectedNet: without labels it returns probabilities",
        changes=(
            Change(
                NETS,
                DEEP_SCORES,
                f"{DEEP_SCORES}        if y is None:\n"
                "            e = np.exp(scores - scores.max(axis=1, keepdims=True))\n"
                "            return e / e.sum(axis=1, keepdims=True)\n",
            ),
        ),
        fails=("deep_loss_depths",),
    ),
    Edit(
        name="FullyConnectedNet: it goes on with the arrays that it had first, whatever is put into params",
        changes=(
            Change(
                NETS,
                "        caches = []\n",
                '        caches, params = [], self.__dict__.setdefault("kept", self.params)\n',
            ),
            Change(NETS, DEEP_FORWARD, DEEP_FORWARD.replace("self.params", "params")),
        ),
        fails=("deep_loss_depths",),
    ),
    Edit(
        name="FullyConnectedNet: all of it goes on with the arrays that it had first, whatever is put into params",
        changes=(
            Change(
                NETS,
                "        caches = []\n",
                '        caches, params = [], self.__dict__.setdefault("kept", self.params)\n',
            ),
            Change(NETS, DEEP_FORWARD, DEEP_FORWARD.replace("self.params", "params")),
            Change(NETS, DEEP_SCORES, DEEP_SCORES.replace("self.params", "params")),
            Change(NETS, '            weight = self.params[f"W{i}"]\n', '            weight = params[f"W{i}"]\n'),
        ),
        fails=("deep_loss_depths",),
    ),
    Edit(
        name="FullyConnectedNet: caches are kept from call to call, and backward goes through those of the first",
        changes=(
            Change(NETS, "        caches = []\n", '        caches = self.__dict__.setdefault("kept", [])\n'),
            Change(NETS, DEEP_SCORES, DEEP_SCORES + "        caches.append(last_cache)\n"),
            Change(NETS, DEEP_LAST, DEEP_LAST.replace("last_cache", "caches[last - 1]")),
        ),
        fails=("deep_gradients_third", "fifty_by_heart"),
        may_fail=(*DEEP_OWN, *DEEP_OWN_L2),
    ),
    Edit(
        name="FullyConnectedNet: the mask of the ReLU's backward pass is taken before the bias is added",
        changes=(
            Change(
                NETS,
                DEEP_BACKWARD,
                DEEP_BACKWARD.replace("caches[i - 1]", '(caches[i - 1][0], caches[i - 1][1] - self.params[f"b{i}"])'),
            ),
        ),
        fails=(*DEEP_PLAIN, *DEEP_WITH_L2, *DEEP_OWN, *DEEP_OWN_L2),
        may_fail=("fifty_by_heart",),
    ),
    Edit(
        name="FullyConnectedNet: a softmax of its own that overflows where scores are large",
        changes=(
            Change(
                NETS,
                'softmax_loss(scores, y)\n        grads = {}\n        dhidden, grads[f"W{last}"]',
                "0.0, np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)\n"
                "        loss = -np.log(dscores[np.arange(len(y)), y]).mean()\n"
                "        dscores[np.arange(len(y)), y] -= 1\n"
                '        grads, dscores = {}, dscores / len(y)\n        dhidden, grads[f"W{last}"]',
            ),
        ),
        fails=("deep_loss_depths",),
    ),
    Edit(
        name="FullyConnectedNet: ReLU after the scores too",
        changes=(
            Change(NETS, DEEP_SCORES, DEEP_SCORES.replace("affine_forward", "affine_relu_forward")),
            Change(NETS, DEEP_LAST, DEEP_LAST.replace("affine_backward", "affine_relu_backward")),
        ),
        fails=(*DEEP, "fifty_by_heart"),
        may_fail=(*DEEP_OWN, *DEEP_OWN_L2),
    ),
    Edit(
        name="FullyConnectedNet: every layer goes back through the cache of the last hidden one",
        changes=(Change(NETS, DEEP_BACKWARD, DEEP_BACKWARD.replace("caches[i - 1]", "caches[-1]")),),
        fails=(*DEEP, *DEEP_OWN, *DEEP_OWN_L2, "fifty_by_heart"),
    ),
    Edit(
        name="FullyConnectedNet: depth fixed at two hidden layers",
        changes=(
            Change(
                NETS,
                "        for i in range(1, self.num_layers):\n",
                "        self.num_layers = 3\n        for i in range(1, self.num_layers):\n",
            ),
        ),
        fails=("deep_loss_depths", *DEEP_PLAIN[1:], "deep_gradients_l2_depths"),
    ),
    Edit(
        name="FullyConnectedNet: L2 gradient missing on the last weight",
        changes=(
            Change(
                NETS, DEEP_L2, DEEP_L2.replace("            grads", "            if i < last:\n                grads")
            ),
        ),
        fails=(*DEEP_WITH_L2, *DEEP_OWN_L2),
    ),
    Edit(
        name="FullyConnectedNet: L2 loss skips the last weight",
        changes=(
            Change(
                NETS, DEEP_L2, DEEP_L2.replace("            loss", "            if i < last:\n                loss")
            ),
        ),
        fails=DEEP_LOSS,
    ),
    Edit(
        name="FullyConnectedNet: L2 missing on the last weight in loss and gradient",
        changes=(Change(NETS, "        for i in range(1, last + 1):\n", "        for i in range(1, last):\n"),),
        fails=(*DEEP_LOSS, *DEEP_WITH_L2),
    ),
    # ---- notebook
    Edit(
        name="Solver: a learning rate at which nothing is learned",
        changes=(Change(NOTEBOOK, '"learning_rate": 1e-3', '"learning_rate": 1e-6'),),
        fails=("solver_accuracy",),
    ),
    Edit(
        name="Solver never started",
        changes=(Change(NOTEBOOK, ")\nsolver.train()\n### END", ")\n### END"),),
        fails=("solver_accuracy",),
    ),
    Edit(
        name="a leftover cell overwrites the labels",
        changes=(
            Change(
                NOTEBOOK,
                "# %% [markdown]\n# ### Solver\n",
                '# %%\ny = np.random.randint(10, size=3000)\ndata["y_train"] = y\n\n# %% [markdown]\n# ### Solver\n',
            ),
        ),
        fails=TRAINED,
    ),
    Edit(
        name="fifty images: the hand-out's settings, untuned",
        changes=(
            Change(NOTEBOOK, "weight_scale = 2e-2  # equivalent: free\n", "weight_scale = 1e-2\n"),
            Change(NOTEBOOK, "learning_rate = 5e-3  # equivalent: free\n", "learning_rate = 1e-4\n"),
        ),
        fails=("fifty_by_heart",),
    ),
]
