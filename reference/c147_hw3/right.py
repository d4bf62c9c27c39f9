"""Correct rewrites: other ways of writing the same layers and networks, all of which must get full marks."""

from grader.model import Change, Edit

LAYERS, NETS, NOTEBOOK = "nndl/layers.py", "nndl/fc_net.py", "FC_nets.py"

AFFINE_OUT = "    out = x.reshape(x.shape[0], -1) @ w + b  # equivalent: NumPy takes -2 for -1\n"
AFFINE_CACHE = "    cache = (x, w, b)\n    return out, cache\n"
AFFINE_UNPACK = "    x, w, _ = cache\n"
AFFINE_BACKWARD = """    dx = (dout @ w.T).reshape(x.shape)
    dw = x.reshape(x.shape[0], -1).T @ dout  # equivalent: as above; all have as many rows
    db = dout.sum(axis=0)
"""
RELU_OUT = "    out = np.maximum(x, 0)\n"
RELU_CACHE = "    cache = x\n    return out, cache\n"
RELU_DX = "    return np.where(x > 0, dout, 0)  # equivalent: x is cache\n"
SOFTMAX = """    shifted = x - x.max(axis=1, keepdims=True)
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_probabilities[rows, y].mean()
    dx = np.exp(log_probabilities)
    dx[rows, y] -= 1
    return loss, dx / x.shape[0]
"""

TWO_SIGNATURE = (
    "input_dim=3072, hidden_dims=100, num_classes=10, dropout=0, weight_scale=1e-3, reg=0.0):\n"
    '        """Set up the parameters.\n'
)
TWO_START = """        self.params["W1"] = weight_scale * np.random.randn(input_dim, hidden_dims)  # equivalent: -noise
        self.params["b1"] = np.zeros(hidden_dims)  # equivalent: zeros
        self.params["W2"] = weight_scale * np.random.randn(hidden_dims, num_classes)  # equivalent: -noise
        self.params["b2"] = np.zeros(num_classes)  # equivalent: zeros
"""
TWO_FORWARD = """        hidden, hidden_cache = affine_relu_forward(X, self.params["W1"], self.params["b1"])
        scores, scores_cache = affine_forward(hidden, self.params["W2"], self.params["b2"])
"""
TWO_BACKWARD = """        loss, dscores = softmax_loss(scores, y)
        grads = {}
        dhidden, grads["W2"], grads["b2"] = affine_backward(dscores, scores_cache)
        _, grads["W1"], grads["b1"] = affine_relu_backward(dhidden, hidden_cache)
        for name in ("W1", "W2"):
            loss += 0.5 * self.reg * np.sum(self.params[name] ** 2)
            grads[name] += self.reg * self.params[name]
"""

DEEP_START = """        sizes = [input_dim, *hidden_dims, num_classes]
        for i in range(1, self.num_layers + 1):
            self.params[f"W{i}"] = weight_scale * np.random.randn(sizes[i - 1], sizes[i])  # equivalent: -noise
            self.params[f"b{i}"] = np.zeros(sizes[i])  # equivalent: zeros
"""
DEEP_FORWARD = """        caches = []
        hidden = X
        for i in range(1, self.num_layers):
            hidden, cache = affine_relu_forward(hidden, self.params[f"W{i}"], self.params[f"b{i}"])
            caches.append(cache)
        last = self.num_layers
        scores, last_cache = affine_forward(hidden, self.params[f"W{last}"], self.params[f"b{last}"])
"""
DEEP_BACKWARD = """        loss, dscores = softmax_loss(scores, y)
        grads = {}
        dhidden, grads[f"W{last}"], grads[f"b{last}"] = affine_backward(dscores, last_cache)
        for i in range(last - 1, 0, -1):
            dhidden, grads[f"W{i}"], grads[f"b{i}"] = affine_relu_backward(dhidden, caches[i - 1])
        for i in range(1, last + 1):
            weight = self.params[f"W{i}"]
            loss += 0.5 * self.reg * np.sum(weight**2)
            grads[f"W{i}"] += self.reg * weight
"""
SOLVER_CELL = """small = len(data["X_train"]) < 10000  # equivalent: free
model = TwoLayerNet(hidden_dims=200)  # equivalent: free
solver = Solver(
    model,
    data,
    optim_config={"learning_rate": 1e-3},  # equivalent: free
    lr_decay=0.95,  # equivalent: free
    num_epochs=3 if small else 10,  # equivalent: free
    batch_size=200,  # equivalent: free
    print_every=10 if small else 100,  # equivalent: free
)
solver.train()
"""
OVERFIT_SETTINGS = "weight_scale = 2e-2  # equivalent: free\nlearning_rate = 5e-3  # equivalent: free\n"

RIGHT = [
    Edit(
        name="loops over samples and units",
        changes=(
            Change(
                LAYERS,
                AFFINE_OUT,
                """    out = np.zeros((len(x), len(b)))
    for n in range(len(x)):
        out[n] = x[n].ravel() @ w
        for m in range(len(b)):
            out[n, m] += b[m]
""",
            ),
            Change(
                LAYERS,
                AFFINE_BACKWARD,
                """    dx, dw, db = np.zeros(x.shape), np.zeros(w.shape), np.zeros(w.shape[1])
    for n in range(len(x)):
        dx[n] = np.sum(w * dout[n], axis=1).reshape(x[n].shape)
        dw += np.outer(x[n], dout[n])
        db += dout[n]
""",
            ),
            Change(
                LAYERS,
                RELU_OUT,
                "    out = np.array([value if value > 0 else 0.0 for value in x.ravel()]).reshape(x.shape)\n",
            ),
            # thousands of images to measure accuracies on would take minutes
            Change(
                NOTEBOOK,
                "num_epochs=3 if small else 10,  # equivalent: free\n    batch_size=200",
                "num_epochs=1,\n    num_train_samples=100,\n    num_val_samples=100,\n    batch_size=100",
            ),
            Change(NOTEBOOK, "    batch_size=25,\n", "    num_val_samples=10,\n    batch_size=25,\n"),
        ),
    ),
    Edit(
        name="sums by einsum and tensordot",
        changes=(
            Change(
                LAYERS,
                AFFINE_OUT,
                "    out = np.tensordot(x, w.reshape(*x.shape[1:], -1), axes=x.ndim - 1)\n    out += b[None, :]\n",
            ),
            Change(
                LAYERS,
                AFFINE_BACKWARD,
                """    dx = np.einsum("nm,dm->nd", dout, w, optimize=True).reshape(x.shape)
    dw = np.einsum("nd,nm->dm", np.reshape(x, (len(x), -1)), dout, optimize=True)
    db = np.einsum("nm->m", dout)
""",
            ),
        ),
    ),
    Edit(
        name="caches of another make: the flattened input and its shape; a mask",
        changes=(
            Change(LAYERS, AFFINE_OUT, "    rows = np.reshape(x, (len(x), -1))\n    out = rows.dot(w)\n    out += b\n"),
            Change(LAYERS, AFFINE_CACHE, '    return out, {"rows": rows, "shape": x.shape, "w": w}\n'),
            Change(LAYERS, AFFINE_UNPACK, ""),
            Change(
                LAYERS,
                AFFINE_BACKWARD,
                """    dx = dout.dot(cache["w"].T).reshape(cache["shape"])
    dw = cache["rows"].T.dot(dout)
    db = np.ones(len(dout)).dot(dout)
""",
            ),
            Change(LAYERS, RELU_OUT, "    out = x * (x > 0)\n"),
            Change(LAYERS, RELU_CACHE, "    return out, x > 0\n"),
            Change(LAYERS, RELU_DX, "    return dout * cache\n"),
        ),
    ),
    Edit(
        name="copies, changed in place; the gradient at 0 is 1",
        changes=(
            Change(LAYERS, RELU_OUT, "    out = x.copy()\n    out[out < 0] = 0\n"),
            Change(LAYERS, RELU_DX, "    dx = np.array(dout)\n    dx[x < 0] = 0\n    return dx\n"),
        ),
    ),
    Edit(
        name="softmax loss by probabilities",
        changes=(
            Change(
                LAYERS,
                SOFTMAX,
                """    top = np.max(x, axis=1)
    probabilities = np.exp(x - top[:, None])
    total = probabilities.sum(axis=1)
    probabilities /= total[:, None]
    loss = np.sum(np.log(total) + top - x[rows, y]) / len(x)
    return loss, (probabilities - np.eye(x.shape[1])[y]) / len(x)
""",
            ),
        ),
    ),
    Edit(
        name="TwoLayerNet in plain NumPy, without the layers",
        changes=(
            Change(
                NETS,
                TWO_FORWARD,
                """        W1, b1, W2, b2 = (self.params[name] for name in ("W1", "b1", "W2", "b2"))
        rows = X.reshape(X.shape[0], -1)
        before = rows.dot(W1) + b1
        hidden = np.clip(before, 0, None)
        scores = hidden.dot(W2) + b2
""",
            ),
            Change(
                NETS,
                TWO_BACKWARD,
                """        count = len(y)
        probabilities = np.exp(scores - scores.max(1)[:, None])
        probabilities /= probabilities.sum(1)[:, None]
        loss = -np.log(probabilities[range(count), y]).sum() / count
        loss = loss + self.reg / 2 * (np.linalg.norm(W1) ** 2 + (W2 * W2).sum())
        probabilities[range(count), y] -= 1
        probabilities /= count
        back = (probabilities @ W2.T) * np.heaviside(before, 0.5)
        grads = {
            "b2": probabilities.sum(0),
            "W2": hidden.T @ probabilities + self.reg * W2,
            "b1": back.sum(0),
            "W1": rows.T @ back + self.reg * W1,
        }
""",
            ),
        ),
    ),
    Edit(
        name="TwoLayerNet is a FullyConnectedNet with one hidden layer",
        changes=(
            Change(
                NETS,
                TWO_START,
                """        self.net = FullyConnectedNet(
            [hidden_dims], input_dim, num_classes, reg=reg, weight_scale=weight_scale, dtype=np.float64
        )
        self.params = self.net.params
""",
            ),
            Change(
                NETS,
                TWO_FORWARD,
                "        self.net.params, self.net.reg = self.params, self.reg\n        scores = self.net.loss(X)\n",
            ),
            Change(NETS, TWO_BACKWARD, "        loss, grads = self.net.loss(X, y)\n"),
        ),
    ),
    Edit(
        name="CS231n's interface: hidden_dim, and no dropout",
        changes=(
            Change(NETS, TWO_SIGNATURE, TWO_SIGNATURE.replace("hidden_dims", "hidden_dim").replace("dropout=0, ", "")),
            Change(NETS, TWO_START, TWO_START.replace("hidden_dims", "hidden_dim")),
            Change(
                NOTEBOOK,
                "input_dim=D, hidden_dims=H, num_classes=C, weight_scale=std",
                "input_dim=D, hidden_dim=H, num_classes=C, weight_scale=std",
            ),
            Change(NOTEBOOK, "TwoLayerNet(hidden_dims=200)", "TwoLayerNet(hidden_dim=200)"),
        ),
    ),
    Edit(
        name="TwoLayerNet in single precision",
        changes=(
            Change(
                NETS,
                TWO_START,
                TWO_START + "        self.params = {k: np.float32(v) for k, v in self.params.items()}\n",
            ),
            Change(
                NETS,
                TWO_FORWARD,
                "        self.params = {k: np.float32(v) for k, v in self.params.items()}\n"
                + TWO_FORWARD.replace("(X,", "(np.float32(X),"),
            ),
        ),
    ),
    Edit(
        name="FullyConnectedNet: layers apart, caches in a dictionary, gradients by recursion",
        changes=(
            Change(
                NETS,
                DEEP_START,
                """        fan_in = input_dim
        for i, fan_out in enumerate(list(hidden_dims) + [num_classes]):
            self.params["W" + str(i + 1)] = np.random.normal(0, weight_scale, (fan_in, fan_out))
            self.params["b" + str(i + 1)] = np.zeros((fan_out,))
            fan_in = fan_out
""",
            ),
            Change(
                NETS,
                DEEP_FORWARD,
                """        caches = {}
        scores = X
        for i in range(1, self.num_layers + 1):
            if i > 1:
                scores, caches["relu", i] = relu_forward(scores)
            scores, caches["affine", i] = affine_forward(
                scores, self.params["W" + str(i)], self.params["b" + str(i)]
            )
""",
            ),
            Change(
                NETS,
                DEEP_BACKWARD,
                """        loss, dscores = softmax_loss(scores, y)
        grads = {}

        def back(dout, i):
            dx, grads[f"W{i}"], grads[f"b{i}"] = affine_backward(dout, caches["affine", i])
            if i > 1:
                back(relu_backward(dx, caches["relu", i]), i - 1)

        back(dscores, self.num_layers)
        for name in self.params:
            if name[0] == "W":
                loss = loss + self.reg * np.sum(np.square(self.params[name])) / 2
                grads[name] = grads[name] + self.reg * self.params[name]
""",
            ),
        ),
    ),
    Edit(
        name="FullyConnectedNet: one seeded generator, a new list of sizes, layers sorted by their number",
        changes=(
            Change(LAYERS, RELU_OUT, "    out = np.empty(x.shape, x.dtype)\n    np.maximum(x, 0, out=out)\n"),
            Change(
                NETS,
                DEEP_START,
                """        rng = np.random.default_rng(0 if seed is None else seed)
        hidden_dims = hidden_dims + [num_classes]
        hidden_dims.insert(0, input_dim)
        for i in range(self.num_layers):
            weight = rng.normal(0, weight_scale, hidden_dims[i : i + 2]).astype(dtype)
            self.params.update({f"W{i + 1}": weight, f"b{i + 1}": np.zeros((1, weight.shape[1]))[0]})
""",
            ),
            Change(
                NETS,
                DEEP_FORWARD,
                """        caches = []
        *firsts, last = sorted({int(name[1:]) for name in self.params})
        hidden = X
        for i in firsts:
            hidden, cache = affine_relu_forward(hidden, self.params[f"W{i}"], self.params[f"b{i}"])
            caches.append(cache)
        scores, last_cache = affine_forward(hidden, self.params[f"W{last}"], self.params[f"b{last}"])
""",
            ),
        ),
    ),
    Edit(
        name="weights from a generator of their own",
        changes=(
            Change(
                NETS,
                TWO_START,
                """        rng = np.random.default_rng()
        shapes = {"W1": (input_dim, hidden_dims), "W2": (hidden_dims, num_classes)}
        self.params = {name: rng.normal(scale=weight_scale, size=shape) for name, shape in shapes.items()}
        self.params.update(b1=np.zeros((hidden_dims)), b2=np.full(num_classes, 0.0))
""",
            ),
        ),
    ),
    Edit(
        name="a search over settings that keeps the best network",
        changes=(
            Change(
                NOTEBOOK,
                SOLVER_CELL,
                """results = {}
best_model, best_acc = None, -1
for lr in [1e-4, 2e-3]:
    for reg in [0.1]:
        model = TwoLayerNet(hidden_dims=200, reg=reg)
        solver = Solver(
            model,
            data,
            update_rule="sgd",
            optim_config={"learning_rate": lr},
            lr_decay=0.9,
            num_epochs=2,
            batch_size=250,
            verbose=False,
        )
        solver.train()
        results[lr, reg] = solver.best_val_acc
        if solver.best_val_acc > best_acc:
            best_model, best_acc = model, solver.best_val_acc
model = TwoLayerNet()
""",
            ),
            Change(NOTEBOOK, OVERFIT_SETTINGS, "weight_scale = 3e-2\nlearning_rate = 2e-3\n"),
        ),
    ),
    Edit(
        name="training without the Solver",
        changes=(
            Change(
                NOTEBOOK,
                SOLVER_CELL,
                """model = TwoLayerNet(hidden_dims=200)  # equivalent: free
for step in range(60):
    chosen = np.random.choice(len(data["X_train"]), 200)
    loss, grads = model.loss(data["X_train"][chosen], data["y_train"][chosen])
    for name in model.params:
        model.params[name] -= 1e-3 * grads[name]
""",
            ),
        ),
    ),
    Edit(
        name="an edited Solver, which is replaced by the course's own",
        changes=(
            Change(
                "utils/solver.py",
                "        return float(np.mean(np.concatenate(guesses) == y))\n",
                "        return 1.0\n",
            ),
        ),
    ),
]
