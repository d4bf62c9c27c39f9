"""Other correct ways of writing the solution: each must get full marks."""

from grader import Change, Edit

CONV, POOL, NORM, NOTEBOOK = "layers/conv.py", "layers/pool.py", "layers/norm.py", "conv_nets.py"
EVALUATION = "evaluation.py"

CONV_FORWARD = """\
        sides = (self.pad, self.pad)
        padded = np.pad(x, ((0, 0), (0, 0), sides, sides))
        self.shape = padded.shape
        self.windows = windows_of(padded, self.weight.shape[2:], self.stride)
        return np.einsum("ncyxij,fcij->nfyx", self.windows, self.weight) + self.bias[:, None, None]
"""
CONV_LOOPS = """\
        n, c, height, width = x.shape
        pad, stride = self.pad, self.stride
        padded = np.zeros((n, c, height + 2 * pad, width + 2 * pad))
        padded[:, :, pad : pad + height, pad : pad + width] = x
        filters, _, rows, columns = self.weight.shape
        down = (padded.shape[2] - rows) // stride + 1
        across = (padded.shape[3] - columns) // stride + 1
        out = np.zeros((n, filters, down, across))
        for i in range(down):
            for j in range(across):
                window = padded[:, :, i * stride : i * stride + rows, j * stride : j * stride + columns]
                for f in range(filters):
                    out[:, f, i, j] = (window * self.weight[f]).sum(axis=(1, 2, 3)) + self.bias[f]
        self.padded = padded
        return out
"""
CONV_BACKWARD = """\
        self.d_weight = np.einsum("nfyx,ncyxij->fcij", d_out, self.windows)
        self.d_bias = d_out.sum(axis=(0, 2, 3))
        d_windows = np.einsum("nfyx,fcij->ncyxij", d_out, self.weight)
        d_padded = np.zeros(self.shape)
        rows, columns = self.weight.shape[2:]
        for y in range(d_out.shape[2]):
            for x in range(d_out.shape[3]):
                top, left = y * self.stride, x * self.stride
                d_padded[:, :, top : top + rows, left : left + columns] += d_windows[:, :, y, x]
        height, width = self.shape[2] - self.pad, self.shape[3] - self.pad
        return d_padded[:, :, self.pad : height, self.pad : width]
"""
CONV_BACKWARD_LOOPS = """\
        stride = self.stride
        filters, _, rows, columns = self.weight.shape
        self.d_weight, self.d_bias = np.zeros_like(self.weight), np.zeros_like(self.bias)
        d_padded = np.zeros_like(self.padded)
        for i in range(d_out.shape[2]):
            for j in range(d_out.shape[3]):
                at = np.s_[:, :, i * stride : i * stride + rows, j * stride : j * stride + columns]
                for f in range(filters):
                    self.d_weight[f] += np.tensordot(d_out[:, f, i, j], self.padded[at], 1)
                    self.d_bias[f] += d_out[:, f, i, j].sum()
                    d_padded[at] += d_out[:, f, i, j][:, None, None, None] * self.weight[f]
        if self.pad:
            d_padded = d_padded[:, :, self.pad : -self.pad, self.pad : -self.pad]
        return d_padded
"""
CONV_COLUMNS = """\
        self.input = x
        p = self.pad
        padded = np.pad(x, [(0, 0), (0, 0), (p, p), (p, p)])
        rows, columns = self.weight.shape[2:]
        windows = windows_of(padded, (rows, columns), self.stride)
        n, c, down, across = windows.shape[:4]
        self.matrix = windows.transpose(0, 2, 3, 1, 4, 5).reshape(n * down * across, c * rows * columns)
        out = self.matrix @ self.weight.reshape(len(self.weight), -1).T + self.bias
        return out.reshape(n, down, across, -1).transpose(0, 3, 1, 2)
"""
CONV_BACKWARD_COLUMNS = """\
        n, filters, down, across = d_out.shape
        flat = d_out.transpose(0, 2, 3, 1).reshape(-1, filters)
        self.d_weight = (flat.T @ self.matrix).reshape(self.weight.shape)
        self.d_bias = flat.sum(axis=0)
        c, rows, columns = self.weight.shape[1:]
        patches = (flat @ self.weight.reshape(filters, -1)).reshape(n, down, across, c, rows, columns)
        p, stride = self.pad, self.stride
        height, width = self.input.shape[2:]
        grown = np.zeros((n, c, height + 2 * p, width + 2 * p))
        for i in range(rows):
            for j in range(columns):
                last_y, last_x = i + stride * (down - 1) + 1, j + stride * (across - 1) + 1
                grown[:, :, i:last_y:stride, j:last_x:stride] += patches[..., i, j].transpose(0, 3, 1, 2)
        return grown[:, :, p : p + height, p : p + width]
"""
POOL_FORWARD = """\
        n, c, height, width = x.shape
        rows, columns = height // self.size, width // self.size
        blocks = x[:, :, : rows * self.size, : columns * self.size]
        blocks = blocks.reshape(n, c, rows, self.size, columns, self.size).transpose(0, 1, 2, 4, 3, 5)
        flat = blocks.reshape(n, c, rows, columns, self.size * self.size)
        self.shape, self.largest = x.shape, flat.argmax(axis=-1)
        return flat.max(axis=-1)
"""
POOL_LOOPS = """\
        size = self.size
        self.x = x
        out = np.empty((*x.shape[:2], x.shape[2] // size, x.shape[3] // size))
        for i in range(out.shape[2]):
            for j in range(out.shape[3]):
                out[:, :, i, j] = x[:, :, i * size : (i + 1) * size, j * size : (j + 1) * size].max(axis=(2, 3))
        return out
"""
POOL_BACKWARD = """\
        d_x = np.zeros(self.shape)
        n, c, y, x = np.indices(d_out.shape)
        below, right = self.largest // self.size, self.largest % self.size
        d_x[n, c, y * self.size + below, x * self.size + right] = d_out
        return d_x
"""
POOL_BACKWARD_LOOPS = """\
        size = self.size
        d_x = np.zeros_like(self.x, dtype=float)
        for n, c, i, j in np.ndindex(*d_out.shape):
            block = self.x[n, c, i * size : (i + 1) * size, j * size : (j + 1) * size]
            row, column = np.unravel_index(block.argmax(), block.shape)
            d_x[n, c, i * size + row, j * size + column] += d_out[n, c, i, j]
        return d_x
"""
NORM_FORWARD = """\
        self.scale = 1 / np.sqrt(var + self.eps)
        self.normed = (x - mean[:, None, None]) * self.scale[:, None, None]
        return self.gamma[:, None, None] * self.normed + self.beta[:, None, None]
"""
NORM_FORWARD_STEPS = """\
        shape = (1, -1, 1, 1)
        self.std = np.sqrt(var + self.eps).reshape(shape)
        self.deviation = x - mean.reshape(shape)
        return self.gamma.reshape(shape) * (self.deviation / self.std) + self.beta.reshape(shape)
"""
NORM_BACKWARD = """\
        axes = (0, 2, 3)
        self.d_gamma = (d_out * self.normed).sum(axis=axes)
        self.d_beta = d_out.sum(axis=axes)
        d_normed = d_out * self.gamma[:, None, None]
        centred = d_normed - d_normed.mean(axis=axes, keepdims=True)
        along = (d_normed * self.normed).mean(axis=axes, keepdims=True)
        return (centred - self.normed * along) * self.scale[:, None, None]
"""
NORM_BACKWARD_STEPS = """\
        axes = (0, 2, 3)
        count = d_out.shape[0] * d_out.shape[2] * d_out.shape[3]
        self.d_beta = np.sum(d_out, axis=axes)
        self.d_gamma = np.sum(d_out * self.deviation / self.std, axis=axes)
        d_normed = d_out * self.gamma.reshape(1, -1, 1, 1)
        d_var = np.sum(d_normed * self.deviation, axis=axes, keepdims=True) * -0.5 * self.std**-3
        d_mean = -np.sum(d_normed / self.std, axis=axes, keepdims=True)
        return d_normed / self.std + d_var * 2 * self.deviation / count + d_mean / count
"""
TRAIN = """\
        loss, grad = softmax_cross_entropy(x, labels)
        losses.append(loss)
        for layer in reversed(layers):
            grad = layer.backward(grad)
        for layer in layers:
            for name in ("weight", "bias", "gamma", "beta"):
                if hasattr(layer, name):
                    setattr(layer, name, getattr(layer, name) - rate * getattr(layer, f"d_{name}"))
"""
TRAIN_BY_KIND = """\
        loss, grad = softmax_cross_entropy(x, labels)
        losses += [float(loss)]
        for layer in layers[::-1]:
            grad = layer.backward(grad)
            if isinstance(layer, (Conv2d, Dense)):
                layer.weight = layer.weight - rate * layer.d_weight
                layer.bias = layer.bias - rate * layer.d_bias
            elif isinstance(layer, BatchNorm2d):
                layer.gamma = layer.gamma - rate * layer.d_gamma
                layer.beta = layer.beta - rate * layer.d_beta
"""


def edit(name: str, *changes: tuple[str, str, str]) -> Edit:
    return Edit(name=name, changes=tuple(Change(*change) for change in changes))


RIGHT = [
    edit("convolution in loops", (CONV, CONV_FORWARD, CONV_LOOPS), (CONV, CONV_BACKWARD, CONV_BACKWARD_LOOPS)),
    edit(
        "convolution as one matrix product",
        (CONV, CONV_FORWARD, CONV_COLUMNS),
        (CONV, CONV_BACKWARD, CONV_BACKWARD_COLUMNS),
    ),
    edit("pooling in loops", (POOL, POOL_FORWARD, POOL_LOOPS), (POOL, POOL_BACKWARD, POOL_BACKWARD_LOOPS)),
    edit(
        "batch normalisation step by step",
        (NORM, NORM_FORWARD, NORM_FORWARD_STEPS),
        (NORM, NORM_BACKWARD, NORM_BACKWARD_STEPS),
    ),
    edit("each kind of layer is updated by itself", (NOTEBOOK, TRAIN, TRAIN_BY_KIND)),
    edit(
        "windows are counted",
        (
            NOTEBOOK,
            "return max(0, (n + 2 * pad - kernel) // stride + 1)",
            "return len(range(0, n + 2 * pad - kernel + 1, stride))",
        ),
    ),
    edit(
        "all layers are asked for the flag, and counts by `np.add.at`",
        (
            EVALUATION,
            "x = layer.forward(x, training=False) if isinstance(layer, BatchNorm2d) else layer.forward(x)",
            "x = layer.forward(x, False) if hasattr(layer, 'running_mean') else layer.forward(x)",
        ),
        (EVALUATION, "return x.argmax(axis=1)", "return np.array([int(np.argmax(row)) for row in x])"),
        (
            EVALUATION,
            """\
    for label, guess in zip(labels, predicted, strict=True):
        matrix[label, guess] += 1
""",
            "    np.add.at(matrix, (labels, predicted), 1)\n",
        ),
    ),
    edit(
        "a normalisation that is not learning is a scale and a shift",
        (
            EVALUATION,
            "        x = layer.forward(x, training=False) if isinstance(layer, BatchNorm2d) else layer.forward(x)\n",
            """\
        if isinstance(layer, BatchNorm2d):
            scale = layer.gamma / np.sqrt(layer.running_var + layer.eps)
            x = scale[:, None, None] * (x - layer.running_mean[:, None, None]) + layer.beta[:, None, None]
        else:
            x = layer.forward(x)
""",
        ),
    ),
    edit(
        "counts by `np.bincount`",
        (
            EVALUATION,
            "    matrix = np.zeros((classes, classes), dtype=int)\n",
            "    pairs = np.bincount(labels * classes + predicted, minlength=classes**2)\n"
            "    return pairs.reshape(classes, classes)\n"
            "    matrix = np.zeros((classes, classes), dtype=int)\n",
        ),
    ),
]
