"""Wrong rewrites of the solution, each with exactly the checks that must not pass."""

from grader import Change, Edit

CONV, POOL, NORM, NOTEBOOK = "layers/conv.py", "layers/pool.py", "layers/norm.py", "conv_nets.py"
EVALUATION = "evaluation.py"
SIZES = ("sizes", "sizes_none")
FORWARD = ("conv_forward", "conv_forward_both")
LEFT_OVER = "conv_backward_left_over"
STRIDED = ("conv_backward_both", LEFT_OVER)
BACKWARD = ("conv_backward", *STRIDED)
POOLED = ("pool_backward", "pool_ties")
STATISTICS = ("norm_training", "norm_momentum")
NORMED = ("norm_backward", "norm_backward_two")
TRAINED = ("training", "training_given_layers")
PREDICTED = ("predictions", "predictions_alone")
COUNTED = ("counts", "counts_none")


def edit(name: str, file: str, old: str, new: str, *fails: str) -> Edit:
    return Edit(name=name, changes=(Change(file, old, new),), fails=fails)


def edits(name: str, file: str, *changes: tuple[str, str], fails: tuple[str, ...]) -> Edit:
    return Edit(name=name, changes=tuple(Change(file, *change) for change in changes), fails=fails)


SIZE = "max(0, (n + 2 * pad - kernel) // stride + 1)"
WINDOWS = "self.windows = windows_of(padded, self.weight.shape[2:], self.stride)"
NEAR = "windows_of(padded, self.weight.shape[2:])[:, :, ::1][:, :, : self.windows.shape[2], : self.windows.shape[3]]"
SUM = 'np.einsum("ncyxij,fcij->nfyx", self.windows, self.weight)'
BIAS = " + self.bias[:, None, None]"
PADDED = "np.pad(x, ((0, 0), (0, 0), sides, sides))"
D_WEIGHT = 'self.d_weight = np.einsum("nfyx,ncyxij->fcij", d_out, self.windows)'
DILATED = """\
n, f, down, across = d_out.shape
        dilated = np.zeros((n, f, (down - 1) * self.stride + 1, (across - 1) * self.stride + 1))
        dilated[:, :, :: self.stride, :: self.stride] = d_out
        seen = windows_of(self.padded, dilated.shape[2:])
        """
D_BIAS = "self.d_bias = d_out.sum(axis=(0, 2, 3))"
D_WINDOWS = 'd_windows = np.einsum("nfyx,fcij->ncyxij", d_out, self.weight)'
CORNER = "top, left = y * self.stride, x * self.stride"
REACHED = "rows, columns = ((d_out.shape[k] - 1) * self.stride + self.weight.shape[k] for k in (2, 3))\n        "
CUT = "return d_padded[:, :, self.pad : height, self.pad : width]"
LARGEST = "return flat.max(axis=-1)"
CHOSEN = "d_x[n, c, y * self.size + below, x * self.size + right] = d_out"
KEPT = "self.shape, self.largest = x.shape, flat.argmax(axis=-1)"
MOMENTS = "mean, var = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))"
MEAN = "self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mean"
VAR = "self.running_var = (1 - self.momentum) * self.running_var + self.momentum * var"
AFTER = "mean, var = self.running_mean, self.running_var"
SCALE = "self.scale = 1 / np.sqrt(var + self.eps)"
CENTRED = "self.normed = (x - mean[:, None, None]) * self.scale[:, None, None]"
OUT = "return self.gamma[:, None, None] * self.normed + self.beta[:, None, None]"
D_GAMMA = "self.d_gamma = (d_out * self.normed).sum(axis=axes)"
D_BETA = "self.d_beta = d_out.sum(axis=axes)"
D_NORMED = "d_normed = d_out * self.gamma[:, None, None]"
D_MEAN = "centred = d_normed - d_normed.mean(axis=axes, keepdims=True)"
ALONG = "along = (d_normed * self.normed).mean(axis=axes, keepdims=True)"
RETURN = "return (centred - self.normed * along) * self.scale[:, None, None]"
STEP = 'setattr(layer, name, getattr(layer, name) - rate * getattr(layer, f"d_{name}"))'
NAMES = '("weight", "bias", "gamma", "beta")'
LOSS = "loss, grad = softmax_cross_entropy(x, labels)"
MOVED = 'setattr(layer, name, getattr(layer, name) - rate * getattr(layer, f"d_{name}"))\n'
AGAIN = """\
        x = images
        for layer in layers:
            x = layer.forward(x)
        losses.append(softmax_cross_entropy(x, labels)[0])
"""
PREDICT = "layer.forward(x, training=False) if isinstance(layer, BatchNorm2d) else layer.forward(x)"
CLASS = "return x.argmax(axis=1)"
COUNT = "matrix[label, guess] += 1"


def scrambled(name: str, product: str, bias: str) -> Edit:
    """A product of matrices that takes the shape of the output with its axes in another order."""
    reshaped = f"{product}.reshape(len(x), -1, *self.windows.shape[2:4]){bias}"
    return edit(name, CONV, SUM + BIAS, reshaped, *FORWARD, "training")


def stops(name: str, when: str) -> Edit:
    """A training that ends before its last step."""
    append = "losses.append(loss)"
    return edit(name, NOTEBOOK, append, f"{append}\n        if {when}:\n            break", "training_given_layers")


WRONG = [
    # ---- Size of the output
    edit("the padding is left out of the size", NOTEBOOK, "n + 2 * pad - kernel", "n - kernel", *SIZES),
    edit("padding on one side only", NOTEBOOK, "n + 2 * pad", "n + pad", *SIZES),
    edit("the size is a fraction", NOTEBOOK, "// stride + 1)", "/ stride + 1)", *SIZES),
    edit("the size is rounded up", NOTEBOOK, SIZE, "max(0, -(-(n + 2 * pad - kernel) // stride) + 1)", *SIZES),
    edit("sizes below zero", NOTEBOOK, SIZE, "(n + 2 * pad - kernel) // stride + 1", "sizes_none"),
    edit("the stride divides the 1 as well", NOTEBOOK, SIZE, "max(0, (n + 2 * pad - kernel + 1) // stride)", "sizes"),
    edit("the 1 is forgotten", NOTEBOOK, " // stride + 1)", " // stride)", *SIZES),
    edit("the stride is left out of the size", NOTEBOOK, " // stride + 1)", " + 1)", *SIZES),
    edit("a quotient below zero is cut to 0: a kernel that does not fit counts as one window", NOTEBOOK, SIZE,
         "max(0, int((n + 2 * pad - kernel) / stride) + 1)", "sizes_none"),
    edit("sizes below zero where the quotient is cut", NOTEBOOK, SIZE,
         "int((n + 2 * pad - kernel) / stride + 1)", "sizes_none"),
    # ---- Convolution
    edit("the filters are flipped", CONV, SUM, SUM.replace("self.weight", "self.weight[:, :, ::-1, ::-1]"),
         *FORWARD, "training"),
    edit("the filters are upside down", CONV, SUM, SUM.replace("self.weight", "self.weight[:, :, ::-1]"),
         *FORWARD, "training"),
    edit("the width of the output is computed from the height of the filters", CONV, SUM, SUM.replace(
         "self.windows", "self.windows[..., : (padded.shape[3] - self.weight.shape[2]) // self.stride + 1, :, :]"),
         "conv_forward"),
    edits("the filters are flipped, in backward as well", CONV,
          (SUM, SUM.replace("self.weight", "self.weight[:, :, ::-1, ::-1]")),
          (D_WEIGHT, D_WEIGHT + "[:, :, ::-1, ::-1]"),
          (D_WINDOWS, D_WINDOWS.replace("self.weight", "self.weight[:, :, ::-1, ::-1]")),
          fails=(*FORWARD, *BACKWARD, "training")),
    edit("the bias is left out", CONV, BIAS, "", *FORWARD),
    edit("the bias is added once for every channel", CONV, BIAS, " + x.shape[1] * self.bias[:, None, None]",
         *FORWARD),
    edit("the bias is added once for every entry of a window", CONV, BIAS,
         " + self.weight[0].size * self.bias[:, None, None]", *FORWARD),
    edit("the bias is subtracted", CONV, BIAS, " - self.bias[:, None, None]", *FORWARD),
    edit("the mean over a window, not the sum", CONV, SUM, SUM + " / self.weight[0].size", *FORWARD, "training"),
    edit("the mean over the channels, not the sum", CONV, SUM, SUM + " / x.shape[1]", *FORWARD, "training"),
    edit("the first channel alone", CONV, SUM, 'np.einsum("nyxij,fij->nfyx", self.windows[:, 0], self.weight[:, 0])',
         *FORWARD, "training"),
    edit("the stride is ignored", CONV, "self.weight.shape[2:], self.stride)", "self.weight.shape[2:])",
         *FORWARD, *STRIDED),
    edit("the stride moves down only", CONV, WINDOWS,
         "self.windows = windows_of(padded, self.weight.shape[2:])[:, :, :: self.stride]",
         *FORWARD, *STRIDED),
    edits("the stride counts for the size alone: the windows lie one entry apart", CONV,
          (WINDOWS, WINDOWS + "\n        near = " + NEAR), (SUM, SUM.replace("self.windows", "near")), fails=FORWARD),
    edits("the stride counts for the size alone, in backward as well: the windows lie one entry apart", CONV,
          (WINDOWS, WINDOWS + "\n        self.windows = " + NEAR), (CORNER, "top, left = y, x"),
          fails=(*FORWARD, *STRIDED)),
    edits("the stride counts for the rows of the windows alone, not for their columns", CONV,
          (WINDOWS, WINDOWS + "\n        near = " + NEAR.replace("::1", ":: self.stride")),
          (SUM, SUM.replace("self.windows", "near")), fails=FORWARD),
    scrambled("the product has a column for each filter and is reshaped to the output without a transpose",
              f"({SUM.replace('nfyx', 'nyxf')} + self.bias)", ""),
    scrambled("the product has a column for each filter and is reshaped to the output without a transpose, before the "
              "bias is added", SUM.replace("nfyx", "nyxf"), BIAS),
    scrambled("the product has a row for each filter and is reshaped to the output without a transpose",
              f"({SUM.replace('nfyx', 'fnyx')} + self.bias[:, None, None, None])", ""),
    scrambled("the product has a row for each filter and is reshaped to the output without a transpose, before the "
              "bias is added", SUM.replace("nfyx", "fnyx"), BIAS),
    edit("the padding is forgotten", CONV, PADDED, "x", *FORWARD, *STRIDED),
    edit("the zeros are put before the rows and columns only", CONV, PADDED,
         "np.pad(x, ((0, 0), (0, 0), (2 * self.pad, 0), (2 * self.pad, 0)))", *FORWARD, "conv_backward_both"),
    edit("the zeros are put after the rows and columns only", CONV, PADDED,
         "np.pad(x, ((0, 0), (0, 0), (0, 2 * self.pad), (0, 2 * self.pad)))", *FORWARD, "conv_backward_both"),
    edit("zeros on one side of the rows and columns only", CONV, "sides = (self.pad, self.pad)",
         "sides = (self.pad, 0)", *FORWARD, *STRIDED),
    edit("the images are padded with their edge", CONV, "sides, sides))", 'sides, sides), mode="edge")',
         *FORWARD, "conv_backward_both"),
    edit("the images are padded with their mirror image", CONV, "sides, sides))", 'sides, sides), mode="reflect")',
         *FORWARD, "conv_backward_both"),
    edit("the images are padded with ones", CONV, "sides, sides))", "sides, sides), constant_values=1)",
         *FORWARD, "conv_backward_both"),
    edits("the convolution's backward belongs to the first images that the layer has seen", CONV,
          (WINDOWS, "windows = windows_of(padded, self.weight.shape[2:], self.stride)\n"
                    '        self.windows = getattr(self, "windows", windows)'),
          (SUM, SUM.replace("self.windows", "windows")), fails=("conv_backward_both",)),
    edits("all convolutions share what backward needs", CONV,
          (WINDOWS, WINDOWS.replace("self.windows", "Conv2d.windows")),
          fails=("conv_backward_both",)),
    edit("the bias gradient is the mean over the batch", CONV, D_BIAS,
         "self.d_bias = d_out.sum(axis=(2, 3)).mean(axis=0)",
         *BACKWARD),
    edit("the bias gradient is the mean over images, rows and columns", CONV, D_BIAS,
         "self.d_bias = d_out.mean(axis=(0, 2, 3))", *BACKWARD),
    edit("the bias gradient is the mean over rows and columns", CONV, D_BIAS,
         "self.d_bias = d_out.mean(axis=(2, 3)).sum(axis=0)", *BACKWARD),
    edit("the bias gradient is not summed over rows and columns", CONV, D_BIAS, "self.d_bias = d_out.sum(axis=0)",
         *BACKWARD, "training"),
    edit("the bias gradient is of one image", CONV, D_BIAS, "self.d_bias = d_out[-1].sum(axis=(1, 2))", *BACKWARD),
    edit("overlapping windows overwrite each other's gradient", CONV, "+= d_windows[:, :, y, x]",
         "= d_windows[:, :, y, x]", *BACKWARD),
    edit("the gradient keeps the padding", CONV, CUT, "return d_padded", *STRIDED),
    edit("the padding is cut off at the end only", CONV, CUT,
         "return d_padded[:, :, : self.shape[2] - 2 * self.pad, : self.shape[3] - 2 * self.pad]",
         *STRIDED),
    edit("the padding is cut off by [pad:-pad], which leaves nothing where pad is 0", CONV, CUT,
         "return d_padded[:, :, self.pad : -self.pad, self.pad : -self.pad]", "conv_backward", LEFT_OVER),
    edit("the stride is ignored in backward", CONV, CORNER, "top, left = y, x", *STRIDED),
    edit("the gradient lacks the rows and columns that the stride leaves over", CONV, CUT, REACHED
         + "return d_padded[:, :, self.pad : min(rows, height), self.pad : min(columns, width)]", LEFT_OVER),
    edit("the gradient lacks the rows and columns that the stride leaves over, and padding is cut off in their place",
         CONV, CUT, REACHED + "return d_padded[:, :, self.pad : rows - self.pad, self.pad : columns - self.pad]",
         *STRIDED),
    edit("the rows and columns that the stride leaves over are put before the gradient, not after it", CONV, CUT,
         REACHED + "over = self.shape[2] - rows, self.shape[3] - columns\n        "
         "d_padded = np.roll(d_padded, over, axis=(2, 3))\n        "
         + CUT, *STRIDED),
    edits("the filter gradient has further rows and columns where the stride leaves some over", CONV,
          (WINDOWS, WINDOWS + "\n        self.padded = padded"),
          (D_WEIGHT, DILATED + 'self.d_weight = np.einsum("nfyx,ncijyx->fcij", dilated, seen)'), fails=STRIDED),
    edit("d_out is reshaped to a column for each filter without a transpose", CONV, D_WEIGHT,
         "n, f, down, across = d_out.shape\n        "
         "d_out = d_out.reshape(n, down, across, f).transpose(0, 3, 1, 2)\n        " + D_WEIGHT,
         *BACKWARD, "training"),
    edit("d_out is reshaped to a row for each filter without a transpose", CONV, D_WEIGHT,
         "n, f, down, across = d_out.shape\n        "
         "d_out = d_out.reshape(f, n, down, across).transpose(1, 0, 2, 3)\n        " + D_WEIGHT,
         *BACKWARD, "training"),
    edit("the filters are flipped in backward", CONV, D_WINDOWS,
         D_WINDOWS.replace("self.weight", "self.weight[:, :, ::-1, ::-1]"), *BACKWARD),
    edit("the gradient of the images is divided by their number", CONV, CUT, CUT + " / len(d_out)", *BACKWARD),
    edit("gradients add up over calls", CONV, D_WEIGHT, D_WEIGHT.replace("= np", "= self.d_weight + np"),
         "conv_backward_both", "training"),
    edits("gradients of filters and biases add up over calls", CONV,
          (D_WEIGHT, D_WEIGHT.replace("= np", "= self.d_weight + np")),
          (D_BIAS, D_BIAS.replace("= d_out", "= self.d_bias + d_out")), fails=("conv_backward_both", "training")),
    edit("the filter gradient is the mean over the batch", CONV, D_WEIGHT, D_WEIGHT + " / len(d_out)",
         *BACKWARD, "training"),
    edit("the filter gradient is the mean over images, rows and columns", CONV, D_WEIGHT,
         D_WEIGHT + " / d_out[:, 0].size", *BACKWARD, "training"),
    edits("filter and bias gradients are means over the batch", CONV, (D_WEIGHT, D_WEIGHT + " / len(d_out)"),
          (D_BIAS, D_BIAS + " / len(d_out)"), fails=(*BACKWARD, "training")),
    edit("the filter gradient is flipped", CONV, D_WEIGHT, D_WEIGHT + "[:, :, ::-1, ::-1]", *BACKWARD, "training"),
    edit("the filter gradient is of one image", CONV, D_WEIGHT,
         'self.d_weight = np.einsum("fyx,cyxij->fcij", d_out[-1], self.windows[-1])', *BACKWARD, "training"),
    edit("the convolution's backward ignores d_out: ones in its place", CONV, D_WEIGHT,
         "d_out = np.ones_like(d_out)\n        " + D_WEIGHT,
         *BACKWARD, "training"),
    # ---- Max pooling
    edit("the mean of a block, not its largest entry", POOL, LARGEST, "return flat.mean(axis=-1)",
         "pool_forward", "training"),
    edit("the smallest entry of a block", POOL, LARGEST, "return flat.min(axis=-1)", "pool_forward", "training"),
    edit("the largest absolute value of a block", POOL, LARGEST, "return np.abs(flat).max(axis=-1)", "pool_forward"),
    edits("the largest entry is sought from zero on: a block of negative numbers gives 0", POOL,
          (KEPT, KEPT + "\n        self.positive = flat.max(axis=-1) >= 0"),
          (LARGEST, "return np.maximum(flat.max(axis=-1), 0)"), (CHOSEN, CHOSEN + " * self.positive"),
          fails=("pool_forward", *POOLED)),
    edits("the largest entry is sought from zero on: a block of numbers up to 0 gives 0 and has no gradient", POOL,
          (KEPT, KEPT + "\n        self.positive = flat.max(axis=-1) > 0"),
          (LARGEST, "return np.maximum(flat.max(axis=-1), 0)"), (CHOSEN, CHOSEN + " * self.positive"),
          fails=("pool_forward", *POOLED)),
    edits("the largest entry is sought from zero on: in a block of numbers up to 0 the first has the gradient", POOL,
          (KEPT, "self.shape, self.largest = x.shape, np.maximum(flat, 0).argmax(axis=-1)"),
          (LARGEST, "return np.maximum(flat.max(axis=-1), 0)"), fails=("pool_forward", *POOLED)),
    edit("rows and columns of a block change places", POOL, "self.largest // self.size, self.largest % self.size",
         "self.largest % self.size, self.largest // self.size", *POOLED, "training"),
    edit("the last of several largest entries has the gradient", POOL, "flat.argmax(axis=-1)",
         "flat.shape[-1] - 1 - flat[..., ::-1].argmax(axis=-1)", "pool_ties"),
    edits("every entry that is as large as the largest has the gradient", POOL,
          (KEPT, KEPT + "\n        self.equal = flat == flat.max(axis=-1, keepdims=True)"),
          (CHOSEN, "block = np.indices((self.size, self.size)).reshape(2, -1)\n"
                   "        for k, (below, right) in enumerate(block.T):\n"
                   "            at = (n, c, y * self.size + below, x * self.size + right)\n"
                   "            d_x[at] = d_out * self.equal[..., k]"), fails=("pool_ties",)),
    edits("several largest entries share the gradient", POOL,
          (KEPT, KEPT + "\n        self.equal = flat == flat.max(axis=-1, keepdims=True)"),
          (CHOSEN, "block = np.indices((self.size, self.size)).reshape(2, -1)\n"
                   "        for k, (below, right) in enumerate(block.T):\n"
                   "            at = (n, c, y * self.size + below, x * self.size + right)\n"
                   "            d_x[at] = d_out * self.equal[..., k] / self.equal.sum(axis=-1)"), fails=("pool_ties",)),
    edit("the gradient goes to every entry of a block", POOL, CHOSEN,
         "d_x = np.kron(d_out, np.ones((1, 1, self.size, self.size)))", *POOLED, "training"),
    edit("the gradient is spread evenly over a block, as for a mean", POOL, CHOSEN,
         "d_x = np.kron(d_out, np.ones((1, 1, self.size, self.size))) / self.size**2", *POOLED, "training"),
    edit("the gradient goes to the upper left entry of a block", POOL, CHOSEN,
         "d_x[n, c, y * self.size, x * self.size] = d_out", *POOLED, "training"),
    edits("the gradient is multiplied by the largest entry", POOL,
          (KEPT, KEPT + "\n        self.x_max = flat.max(axis=-1)"),
          (CHOSEN, CHOSEN + " * self.x_max"), fails=(*POOLED, "training")),
    edit("the gradient lacks the rows and columns that fill no block", POOL, "d_x = np.zeros(self.shape)",
         "d_x = np.zeros((*d_out.shape[:2], d_out.shape[2] * self.size, d_out.shape[3] * self.size))", "pool_ties"),
    edit("the pooling's backward ignores d_out: ones in its place", POOL, CHOSEN, CHOSEN.replace("= d_out", "= 1"),
         *POOLED, "training"),
    edits("all pooling layers share what backward needs", POOL,
          (KEPT, "MaxPool2d.shape, MaxPool2d.largest = x.shape, flat.argmax(axis=-1)"), fails=("pool_ties",)),
    # ---- Batch normalisation: forward
    edit("the variance with n - 1", NORM, "x.var(axis=(0, 2, 3))", "x.var(axis=(0, 2, 3), ddof=1)",
         *STATISTICS, *NORMED, "training"),
    edit("the running variance is made of variances with n - 1", NORM, VAR,
         VAR.replace("* var", "* x.var(axis=(0, 2, 3), ddof=1)"), *STATISTICS),
    edit("the standard deviation in the place of the variance", NORM, "x.var(axis=(0, 2, 3))", "x.std(axis=(0, 2, 3))",
         *STATISTICS, *NORMED, "training"),
    edit("the running variance is made of standard deviations", NORM, VAR, VAR.replace("* var", "* np.sqrt(var)"),
         *STATISTICS),
    edit("the mean of the squares in the place of the variance", NORM, "x.var(axis=(0, 2, 3))",
         "(x**2).mean(axis=(0, 2, 3))", *STATISTICS, *NORMED, "training"),
    edit("eps outside of the root", NORM, SCALE, "self.scale = 1 / (np.sqrt(var) + self.eps)",
         *STATISTICS, "norm_after", *NORMED, "training"),
    edit("eps is left out", NORM, SCALE, "self.scale = 1 / np.sqrt(var)", *STATISTICS, "norm_after", *NORMED),
    edit("divided by the variance, not by its root", NORM, SCALE, "self.scale = 1 / (var + self.eps)",
         *STATISTICS, "norm_after", *NORMED, "training"),
    edit("old and new change places in the running estimates", NORM, MEAN,
         "self.running_mean = self.momentum * self.running_mean + (1 - self.momentum) * mean", *STATISTICS),
    edits("momentum is the share of the old running estimates", NORM,
          (MEAN, "self.running_mean = self.momentum * self.running_mean + (1 - self.momentum) * mean"),
          (VAR, "self.running_var = self.momentum * self.running_var + (1 - self.momentum) * var"),
          fails=STATISTICS),
    edits("the running estimates are those of the latest batch alone", NORM, (MEAN, "self.running_mean = mean"),
          (VAR, "self.running_var = var"), fails=STATISTICS),
    edits("the running estimates are added up", NORM,
          (MEAN, "self.running_mean = self.running_mean + self.momentum * mean"),
          (VAR, "self.running_var = self.running_var + self.momentum * var"), fails=STATISTICS),
    edit("the running variance is not kept", NORM, VAR, "pass", *STATISTICS),
    edit("the running mean is not kept", NORM, MEAN, "pass", *STATISTICS),
    edits("the running estimates are not kept", NORM, (MEAN, "pass"), (VAR, "pass"), fails=STATISTICS),
    edits("the running estimates are moved after training, too", NORM,
          (AFTER, "mean, var = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))\n            " + MEAN + "\n            "
                  + VAR + "\n            " + AFTER), fails=("norm_after",)),
    edits("the running estimates are moved after training, too, once the batch is normalised", NORM,
          (AFTER, AFTER + "\n            batch = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))\n            "
                  + MEAN.replace("* mean", "* batch[0]") + "\n            " + VAR.replace("* var", "* batch[1]")),
          fails=("norm_after",)),
    edit("the running estimates in training, too", NORM, VAR, VAR + "\n            " + AFTER,
         *STATISTICS, *NORMED, "training"),
    edit("the batch's own mean after training, too", NORM, AFTER, MOMENTS, "norm_after"),
    edit("the batch's own variance with the running mean after training", NORM, AFTER,
         "mean, var = self.running_mean, x.var(axis=(0, 2, 3))", "norm_after"),
    edit("the running variance is taken for a standard deviation", NORM, AFTER,
         "mean, var = self.running_mean, self.running_var**2 - self.eps", "norm_after"),
    edit("after training the running mean is not multiplied by the scale", NORM, SCALE,
         SCALE + "\n        if not training:\n"
         "            scale = self.gamma * self.scale\n"
         "            return scale[:, None, None] * x + (self.beta - mean)[:, None, None]", "norm_after"),
    edit("after training the running mean is not divided by the standard deviation", NORM, SCALE,
         SCALE + "\n        if not training:\n"
         "            scale, shift = self.gamma * self.scale, self.beta - self.gamma * mean\n"
         "            return scale[:, None, None] * x + shift[:, None, None]", "norm_after"),
    edit("after training gamma and beta are left out", NORM, OUT,
         "if not training:\n            return self.normed\n        " + OUT, "norm_after"),
    edit("gamma is left out", NORM, OUT, "return self.normed + self.beta[:, None, None]",
         *STATISTICS, "norm_after", "training"),
    edit("beta is left out", NORM, " + self.beta[:, None, None]", "", *STATISTICS, "norm_after", "training"),
    edit("gamma and beta change places", NORM, OUT,
         "return self.beta[:, None, None] * self.normed + self.gamma[:, None, None]",
         *STATISTICS, "norm_after", "training"),
    edit("beta is added before gamma multiplies", NORM, OUT,
         "return self.gamma[:, None, None] * (self.normed + self.beta[:, None, None])", *STATISTICS, "norm_after",
         "training"),
    edit("the mean is not subtracted", NORM, CENTRED, "self.normed = x * self.scale[:, None, None]",
         *STATISTICS, "norm_after", *NORMED, "training"),
    edit("not divided by the standard deviation", NORM, CENTRED, "self.normed = x - mean[:, None, None]",
         *STATISTICS, "norm_after", *NORMED, "training"),
    edit("the variance is that of the mean image", NORM, MOMENTS,
         "mean, var = x.mean(axis=(0, 2, 3)), x.mean(axis=0).var(axis=(1, 2))",
         *STATISTICS, *NORMED, "training"),
    edit("one mean and one variance for all channels", NORM, MOMENTS,
         "mean, var = np.full(len(self.gamma), x.mean()), np.full(len(self.gamma), x.var())",
         *STATISTICS, *NORMED, "training"),
    edits("each image is normalised by itself", NORM,
          (CENTRED, "if training:\n"
                    "            each = x.mean(axis=(2, 3), keepdims=True), x.var(axis=(2, 3), keepdims=True)\n"
                    "            self.normed = (x - each[0]) / np.sqrt(each[1] + self.eps)\n"
                    "        else:\n            " + CENTRED), fails=(*STATISTICS, *NORMED, "training")),
    edits("the mean over the batch alone, not over rows and columns", NORM,
          (CENTRED, "if training:\n"
                    "            self.normed = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + self.eps)\n"
                    "        else:\n            " + CENTRED), fails=(*STATISTICS, *NORMED, "training")),
    edit("the images are centred in place", NORM, CENTRED,
         "x -= mean[:, None, None]\n        self.normed = x * self.scale[:, None, None]", "norm_momentum"),
    edit("the images are centred and scaled in place", NORM, CENTRED,
         "x -= mean[:, None, None]\n        x *= self.scale[:, None, None]\n        self.normed = x",
         "norm_momentum", "norm_backward_two"),
    # ---- Batch normalisation: backward
    edit("the mean is taken for a constant in backward", NORM, D_MEAN, "centred = d_normed", *NORMED, "training"),
    edit("the variance is taken for a constant in backward", NORM, RETURN,
         "return centred * self.scale[:, None, None]", *NORMED, "training"),
    edit("mean and variance are taken for constants in backward", NORM, RETURN,
         "return d_normed * self.scale[:, None, None]", *NORMED, "training"),
    edit("backward forgets gamma", NORM, D_NORMED, "d_normed = d_out", *NORMED, "training"),
    edit("backward multiplies by gamma twice", NORM, RETURN,
         RETURN.replace("return", "return self.gamma[:, None, None] *"),
         *NORMED, "training"),
    edit("backward does not divide by the standard deviation", NORM, RETURN, "return centred - self.normed * along",
         *NORMED, "training"),
    edit("backward divides by the variance, not by its root", NORM, RETURN,
         RETURN.replace("self.scale[:, None, None]", "self.scale[:, None, None] ** 2"), *NORMED, "training"),
    edit("the part of the variance has the wrong sign in backward", NORM, RETURN,
         RETURN.replace("centred -", "centred +"), *NORMED, "training"),
    edit("the part of the variance is twice as large in backward", NORM, RETURN,
         RETURN.replace("centred - self", "centred - 2 * self"), *NORMED, "training"),
    edit("the part of the variance is half as large in backward", NORM, RETURN,
         RETURN.replace("centred - self", "centred - 0.5 * self"), *NORMED, "training"),
    edits("sums in backward are not divided by the number of entries", NORM,
          (D_MEAN, D_MEAN.replace(".mean(", ".sum(")), (ALONG, ALONG.replace(".mean(", ".sum(")),
          fails=(*NORMED, "training")),
    edits("sums in backward are divided by the number of images, not of entries", NORM,
          (D_MEAN, D_MEAN.replace(".mean(axis=axes, keepdims=True)", ".sum(axis=axes, keepdims=True) / len(d_out)")),
          (ALONG, ALONG.replace(".mean(axis=axes, keepdims=True)", ".sum(axis=axes, keepdims=True) / len(d_out)")),
          fails=(*NORMED, "training")),
    edits("means in backward are over the batch alone", NORM,
          (D_MEAN, D_MEAN.replace("axis=axes", "axis=0")), (ALONG, ALONG.replace("axis=axes", "axis=0")),
          fails=(*NORMED, "training")),
    edit("the gradient of gamma uses the output before it is normalised", NORM, D_GAMMA,
         "self.d_gamma = (d_out * self.normed / self.scale[:, None, None]).sum(axis=axes)",
         "norm_backward", "training"),
    edits("the gradient of gamma uses the images as they came", NORM, (CENTRED, CENTRED + "\n        self.x = x"),
          (D_GAMMA, "self.d_gamma = (d_out * self.x).sum(axis=axes)"), fails=("norm_backward", "training")),
    edits("the gradient of gamma uses the layer's output", NORM, (OUT, OUT.replace("return", "self.out =")
                                                                 + "\n        return self.out"),
          (D_GAMMA, "self.d_gamma = (d_out * self.out).sum(axis=axes)"), fails=("norm_backward", "training")),
    edit("the gradient of gamma is multiplied by gamma", NORM, D_GAMMA,
         D_GAMMA.replace("(d_out *", "(d_out * self.gamma[:, None, None] *"), "norm_backward", "training"),
    edit("the gradient of gamma is a mean", NORM, D_GAMMA, D_GAMMA.replace(".sum(", ".mean("), "norm_backward",
         "training"),
    edit("the gradient of beta is a mean", NORM, D_BETA, D_BETA.replace(".sum(", ".mean("), "norm_backward",
         "training"),
    edits("the gradients of gamma and beta are means", NORM, (D_GAMMA, D_GAMMA.replace(".sum(", ".mean(")),
          (D_BETA, D_BETA.replace(".sum(", ".mean(")), fails=("norm_backward", "training")),
    edits("the gradients of gamma and beta are divided by the number of images", NORM,
          (D_GAMMA, D_GAMMA + " / len(d_out)"),
          (D_BETA, D_BETA + " / len(d_out)"), fails=("norm_backward", "training")),
    edits("the gradients of gamma and beta change places", NORM, ("self.d_gamma =", "d_beta ="),
          (D_BETA, "self.d_gamma, self.d_beta = d_out.sum(axis=axes), d_beta"), fails=("norm_backward", "training")),
    edit("the normalisation's backward ignores d_out: ones in its place", NORM, D_GAMMA,
         "d_out = np.ones_like(d_out)\n        " + D_GAMMA,
         *NORMED, "training"),
    edits("all normalisations share what backward needs", NORM,
          (SCALE, SCALE.replace("self.scale", "BatchNorm2d.scale")),
          (CENTRED, CENTRED.replace("self.normed", "BatchNorm2d.normed")), fails=("norm_backward_two",)),
    edits("the normalisation's backward belongs to the first images that the layer has seen", NORM,
          (CENTRED, CENTRED.replace("self.normed", "normed")
                    + '\n        self.normed = getattr(self, "normed", normed)'),
          (OUT, OUT.replace("self.normed", "normed")), fails=("training",)),
    # ---- Training
    edit("gradient ascent", NOTEBOOK, STEP, STEP.replace("- rate", "+ rate"), *TRAINED),
    edit("the rate is left out", NOTEBOOK, STEP, STEP.replace("rate * ", ""), *TRAINED),
    edit("the gradients are divided by the number of images once more", NOTEBOOK, STEP,
         STEP.replace("- rate", "- rate / len(images)"), *TRAINED),
    edit("the gradients are multiplied by the number of images", NOTEBOOK, STEP,
         STEP.replace("- rate", "- rate * len(images)"), *TRAINED),
    edit("only the weights are trained", NOTEBOOK, NAMES, '("weight",)', *TRAINED),
    edit("the biases are not trained", NOTEBOOK, NAMES, '("weight", "gamma", "beta")', *TRAINED),
    edit("gamma and beta are not trained", NOTEBOOK, NAMES, '("weight", "bias")', "training"),
    edit("gamma is not trained", NOTEBOOK, NAMES, '("weight", "bias", "beta")', "training"),
    edit("beta is not trained", NOTEBOOK, NAMES, '("weight", "bias", "gamma")', "training"),
    edit("the weights are not trained", NOTEBOOK, NAMES, '("bias", "gamma", "beta")', *TRAINED),
    edit("only the last layer is trained", NOTEBOOK, "for layer in layers:\n            for name",
         "for layer in layers[-1:]:\n            for name", *TRAINED),
    edit("nothing is trained: no step is taken", NOTEBOOK, STEP, "pass", *TRAINED),
    edit("copies of the layers are trained", NOTEBOOK, "losses = []",
         "import copy\n\n    layers, losses = copy.deepcopy(layers), []", *TRAINED),
    edit("the first image of the batch alone", NOTEBOOK, "x = images", "x, labels = images[:1], labels[:1]", *TRAINED),
    edit("one step too few", NOTEBOOK, "for _ in range(epochs):", "for _ in range(epochs - 1):", *TRAINED),
    edit("one step too many", NOTEBOOK, "for _ in range(epochs):", "for _ in range(epochs + 1):", *TRAINED),
    stops("the training stops before its last step, once the loss is small", "loss < 1e-6"),
    stops("the training stops before its last step, once the loss grows", "len(losses) > 1 and loss > losses[-2]"),
    edits("losses from after the step", NOTEBOOK, ("losses.append(loss)", ""), (MOVED, MOVED + AGAIN), fails=TRAINED),
    edit("the loss of the last step alone", NOTEBOOK, "return losses", "return losses[-1:]", *TRAINED),
    edit("sums of all losses so far", NOTEBOOK, "return losses", "return list(np.cumsum(losses))", *TRAINED),
    edit("the losses are summed over the images", NOTEBOOK, "losses.append(loss)", "losses.append(loss * len(labels))",
         *TRAINED),
    edit("softmax applied twice", NOTEBOOK, LOSS,
         "x = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)\n        " + LOSS, *TRAINED),
    # ---- Predicted classes
    edit("predictions by the statistics of the batch", EVALUATION, PREDICT, "layer.forward(x)", *PREDICTED),
    edit("the smallest output is chosen", EVALUATION, CLASS, "return x.argmin(axis=1)", *PREDICTED),
    edit("the first two outputs alone are compared", EVALUATION, CLASS, "return (x[:, 1] > x[:, 0]).astype(int)",
         *PREDICTED),
    edit("the last class is never chosen", EVALUATION, CLASS, "return x[:, :-1].argmax(axis=1)", *PREDICTED),
    edit("the first class is never chosen", EVALUATION, CLASS, "return x[:, 1:].argmax(axis=1) + 1", *PREDICTED),
    edit("the first class is never chosen, and the others are counted from 0", EVALUATION, CLASS,
         "return x[:, 1:].argmax(axis=1)", *PREDICTED),
    edit("the largest absolute value is chosen", EVALUATION, CLASS, "return abs(x).argmax(axis=1)", *PREDICTED),
    edit("the largest outputs in the place of their classes", EVALUATION, CLASS, "return x.max(axis=1)", *PREDICTED),
    edit("for each class the image with the largest output", EVALUATION, CLASS, "return x.argmax(axis=0)", *PREDICTED),
    edit("classes are counted from 1", EVALUATION, CLASS, "return x.argmax(axis=1) + 1", *PREDICTED),
    edit("the network ends before its last layer", EVALUATION, "for layer in layers:", "for layer in layers[:-1]:",
         *PREDICTED),
    edit("the normalisation is left out", EVALUATION, PREDICT,
         "x if isinstance(layer, BatchNorm2d) else layer.forward(x)", *PREDICTED),
    edit("the running estimates move in predictions", EVALUATION, "x = images\n    for layer in layers:",
         "x = images\n    for layer in layers:\n        if isinstance(layer, BatchNorm2d):\n"
         "            layer.forward(x)", "predictions_alone"),
    # ---- Confusion
    edit("labels and predicted classes change places", EVALUATION, COUNT, "matrix[guess, label] += 1", *COUNTED),
    edit("each pair is counted once at most", EVALUATION, COUNT, "matrix[label, guess] = 1", *COUNTED),
    edit("only right ones are counted", EVALUATION, COUNT, "matrix[label, label] += label == guess", *COUNTED),
    edit("only wrong ones are counted", EVALUATION, COUNT, "matrix[label, guess] += label != guess", "counts",
         "counts_none"),
    edit("shares of the images in the place of their number", EVALUATION, "return matrix",
         "return matrix / len(labels)", "counts", "counts_none"),
    edit("shares of each class", EVALUATION, "return matrix",
         "return matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)", "counts", "counts_none"),
    edit("only as many rows as classes occur", EVALUATION, "np.zeros((classes, classes), dtype=int)",
         "np.zeros((max(labels) + 1, max(predicted) + 1), dtype=int)", "counts_none"),
]  # fmt: skip
