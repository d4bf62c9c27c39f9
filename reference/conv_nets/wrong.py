"""Wrong rewrites of the solution, each with exactly the checks that must not pass."""

from grader import Change, Edit

CONV, POOL, NORM, NOTEBOOK = "layers/conv.py", "layers/pool.py", "layers/norm.py", "conv_nets.py"
FORWARD = ("conv_forward", "conv_forward_both")
BACKWARD = ("conv_backward", "conv_backward_both")
NORMED = ("norm_backward", "norm_backward_two")


def edit(name: str, file: str, old: str, new: str, *fails: str) -> Edit:
    return Edit(name=name, changes=(Change(file, old, new),), fails=fails)


SUM = 'np.einsum("ncyxij,fcij->nfyx", self.windows, self.weight)'
SCALE = "self.scale = 1 / np.sqrt(var + self.eps)"
RETURN = "return (centred - self.normed * along) * self.scale[:, None, None]"
STEP = 'setattr(layer, name, getattr(layer, name) - rate * getattr(layer, f"d_{name}"))'

WRONG = [
    edit("the padding is left out of the size", NOTEBOOK, "n + 2 * pad - kernel", "n - kernel", "sizes", "sizes_none"),
    edit("padding on one side only", NOTEBOOK, "n + 2 * pad", "n + pad", "sizes", "sizes_none"),
    edit("the size is rounded up", NOTEBOOK, "// stride + 1)", "/ stride + 1)", "sizes"),
    edit("sizes below zero", NOTEBOOK, "max(0, (n + 2 * pad - kernel) // stride + 1)",
         "(n + 2 * pad - kernel) // stride + 1", "sizes_none"),
    edit("the filters are flipped", CONV, SUM, SUM.replace("self.weight", "self.weight[:, :, ::-1, ::-1]"),
         *FORWARD, "training"),
    edit("the bias is left out", CONV, " + self.bias[:, None, None]", "", *FORWARD),
    edit("the stride is ignored", CONV, "self.weight.shape[2:], self.stride)", "self.weight.shape[2:])",
         *FORWARD, "conv_backward_both"),
    edit("the images are padded with their edge", CONV, "sides, sides))", 'sides, sides), mode="edge")',
         *FORWARD, "conv_backward_both"),
    edit("the bias gradient is the mean over the batch", CONV, "self.d_bias = d_out.sum(axis=(0, 2, 3))",
         "self.d_bias = d_out.sum(axis=(2, 3)).mean(axis=0)", *BACKWARD),
    edit("overlapping windows overwrite each other's gradient", CONV, "+= d_windows[:, :, y, x]",
         "= d_windows[:, :, y, x]", *BACKWARD),
    edit("the gradient keeps the padding", CONV, "return d_padded[:, :, self.pad : height, self.pad : width]",
         "return d_padded", "conv_backward_both"),
    edit("gradients add up over calls", CONV, 'self.d_weight = np.einsum("nfyx,ncyxij->fcij", d_out, self.windows)',
         'self.d_weight = self.d_weight + np.einsum("nfyx,ncyxij->fcij", d_out, self.windows)',
         "conv_backward_both", "training"),
    edit("the filter gradient is the mean over the batch", CONV,
         'self.d_weight = np.einsum("nfyx,ncyxij->fcij", d_out, self.windows)',
         'self.d_weight = np.einsum("nfyx,ncyxij->fcij", d_out, self.windows) / len(d_out)', *BACKWARD, "training"),
    edit("the mean of a block, not its largest entry", POOL, "return flat.max(axis=-1)", "return flat.mean(axis=-1)",
         "pool_forward", "training"),
    edit("rows and columns of a block change places", POOL, "self.largest // self.size, self.largest % self.size",
         "self.largest % self.size, self.largest // self.size", "pool_backward", "pool_ties", "training"),
    edit("the last of several largest entries has the gradient", POOL, "flat.argmax(axis=-1)",
         "flat.shape[-1] - 1 - flat[..., ::-1].argmax(axis=-1)", "pool_ties"),
    edit("the gradient goes to every entry of a block", POOL,
         "d_x[n, c, y * self.size + below, x * self.size + right] = d_out",
         "d_x = np.kron(d_out, np.ones((1, 1, self.size, self.size)))",
         "pool_backward", "pool_ties", "training"),
    edit("the variance with n - 1", NORM, "x.var(axis=(0, 2, 3))", "x.var(axis=(0, 2, 3), ddof=1)",
         "norm_training", "norm_momentum", *NORMED, "training"),
    edit("eps outside of the root", NORM, SCALE, "self.scale = 1 / (np.sqrt(var) + self.eps)",
         "norm_training", "norm_after", "norm_momentum", *NORMED, "training"),
    edit("old and new change places in the running estimates", NORM,
         "(1 - self.momentum) * self.running_mean + self.momentum * mean",
         "self.momentum * self.running_mean + (1 - self.momentum) * mean", "norm_training", "norm_momentum"),
    edit("the running variance is not kept", NORM,
         "self.running_var = (1 - self.momentum) * self.running_var + self.momentum * var", "pass",
         "norm_training", "norm_momentum"),
    edit("the batch's own mean after training, too", NORM, "mean, var = self.running_mean, self.running_var",
         "mean, var = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))", "norm_after"),
    edit("beta is left out", NORM, " + self.beta[:, None, None]", "", "norm_training", "norm_after", "norm_momentum",
         "training"),
    edit("the variance is that of the mean image", NORM, "mean, var = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))",
         "mean, var = x.mean(axis=(0, 2, 3)), x.mean(axis=0).var(axis=(1, 2))",
         "norm_training", "norm_momentum", *NORMED, "training"),
    edit("the mean is taken for a constant in backward", NORM,
         "centred = d_normed - d_normed.mean(axis=axes, keepdims=True)",
         "centred = d_normed", *NORMED, "training"),
    edit("mean and variance are taken for constants in backward", NORM, RETURN,
         "return d_normed * self.scale[:, None, None]", *NORMED, "training"),
    edit("backward forgets gamma", NORM, "d_normed = d_out * self.gamma[:, None, None]", "d_normed = d_out", *NORMED,
         "training"),
    edit("the gradient of gamma uses the output before it is normalised", NORM,
         "self.d_gamma = (d_out * self.normed).sum(axis=axes)",
         "self.d_gamma = (d_out * self.normed / self.scale[:, None, None]).sum(axis=axes)",
         "norm_backward", "training"),
    edit("gradient ascent", NOTEBOOK, STEP, STEP.replace("- rate", "+ rate"), "training", "training_given_layers"),
    edit("only the weights are trained", NOTEBOOK, '("weight", "bias", "gamma", "beta")', '("weight",)',
         "training", "training_given_layers"),
    edit("gamma and beta are not trained", NOTEBOOK, '("weight", "bias", "gamma", "beta")', '("weight", "bias")',
         "training"),
    edit("losses from after the step", NOTEBOOK, "return losses", "return losses[1:] + losses[:1]",
         "training", "training_given_layers"),
]  # fmt: skip
