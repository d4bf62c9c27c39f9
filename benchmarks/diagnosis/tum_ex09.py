"""Wrong solutions of tum_ex09 that were seen while the rules were made, and right ones."""

from __future__ import annotations

from edits import BACK, CE, CE_BACK, GOOD, OUT, PREDICT, RELU, RELU_BACK, SOFT, THROUGH, UPDATE, back, tum

WRONG = [
    tum("bias twice", r"bias|row-offset|constant", (OUT, "out = np.dot(inputs, weight)\nout = out + 2 * bias")),
    tum("bias subtracted", r"bias|row-offset", (OUT, "out = np.matmul(inputs, weight)\nout -= bias")),
    tum("mean by hand", r"mean|count", back(GOOD[0], GOOD[1], "np.ones(len(d_out)) @ d_out / d_out.shape[0]")),
    tum(
        "bias summed over units",
        r"axis|reduc",
        (
            BACK,
            "d_inputs = np.dot(d_out, weight.T)\nd_weight = np.dot("
            "inputs.T, d_out)\nd_bias = np.array([row.sum() for row in d_out])[: d_out.shape[1]]",
        ),
    ),
    tum(
        "both averaged",
        r"mean|count|divi",
        back(GOOD[0], "np.dot(inputs.T, d_out) / inputs.shape[0]", "np.average(d_out, axis=0)"),
    ),
    tum("weight gradient negative", r"sign", back(GOOD[0], "-np.einsum('nd,nh->dh', inputs, d_out)", GOOD[2])),
    tum("bias left out of gradient", r"zero", back(GOOD[0], GOOD[1], "np.zeros(weight.shape[1])")),
    tum(
        "last sample forgotten",
        r"sample|row|term",
        back(GOOD[0], GOOD[1], "sum(d_out[i] for i in range(len(d_out)-1))"),
    ),
    tum(
        "twice as much", r"factor 2|twice|scaled", back(GOOD[0], "2.0 * np.einsum('nd,nh->dh', inputs, d_out)", GOOD[2])
    ),
    tum(
        "ReLU inverted", r"mask|smaller|wrong way|compar|negat|sign", (RELU, "out = np.where(inputs < 0, inputs, 0.0)")
    ),
    tum("ReLU as absolute value", r"absolute", (RELU, "out = np.sqrt(inputs**2)")),
    tum("leaky", r"leak|mask|let", (RELU, "out = np.where(inputs > 0, inputs, 0.01 * inputs)")),
    tum("mask forgotten, by indexing", r"mask|passed through", (RELU_BACK, "d_inputs = np.array(d_out, copy=True)")),
    tum("mask inverted, by indexing", r"mask|compar", (RELU_BACK, "d_inputs = d_out.copy()\nd_inputs[inputs > 0] = 0")),
    tum(
        "times the activation",
        r"mask|factor|function|variable|let",
        (RELU_BACK, "d_inputs = d_out * np.maximum(inputs, 0.0)"),
    ),
    tum("mask from d_out", r"mask|d_out", (RELU_BACK, "d_inputs = np.where(d_out > 0.0, d_out, 0.0)")),
    tum(
        "loss over all entries",
        r"class|count|mean|averag|log\(0\)",
        (CE, SOFT + "log_probs = np.log(probs)\nloss = float(-np.mean(labels * log_probs))"),
        (CE_BACK, "d_logits = (probs - labels) / probs.shape[0] * d_out"),
    ),
    tum("loss summed", r"sum|count|log\(0\)", (CE, SOFT + "loss = float(-(labels * np.log(probs)).sum())")),
    tum(
        "loss to base 2", r"base 2|log\(0\)", (CE, SOFT + "loss = float(-(labels * np.log2(probs)).sum() / len(probs))")
    ),
    tum(
        "loss positive",
        r"sign|minus|log\(0\)",
        (CE, SOFT + "loss = float((labels * np.log(probs)).sum() / probs.shape[0])"),
    ),
    tum("no logarithm", r"log", (CE, SOFT + "loss = float(-(labels * probs).sum() / probs.shape[0])")),
    tum(
        "no shift",
        r"overflow|maximum|largest",
        (
            CE,
            "e = np.exp(logits)\nprobs = e / np.sum(e, 1)[:, None]\nloss = "
            "float(-(labels * np.log(probs)).sum() / probs.shape[0])",
        ),
    ),
    tum(
        "softmax along samples",
        r"axis|softmax",
        (
            CE,
            "e = np.exp(logits - logits.max())\nprobs = e / e.sum(0)\nloss = "
            "float(-(labels * np.log(probs)).sum() / probs.shape[0])",
        ),
    ),
    tum(
        "gradient not averaged",
        r"sum|divi|count",
        (CE_BACK, "d_logits = probs.copy()\nd_logits[labels == 1] -= 1\nd_logits *= d_out"),
    ),
    tum("labels not subtracted", r"label|term", (CE_BACK, "d_logits = np.multiply(d_out, probs) / probs.shape[0]")),
    tum(
        "divided before subtracting",
        r"divi|label|term|operat",
        (CE_BACK, "d_logits = d_out * (probs / probs.shape[0] - labels)"),
    ),
    tum("d_out added", r"d_out|add|operat", (CE_BACK, "d_logits = d_out + (probs - labels) / probs.shape[0]")),
    tum(
        "d_out ignored and summed",
        r"d_out|sum|divi|count",
        (CE_BACK, "d_logits = probs - labels"),
    ),
    tum(
        "labels minus probabilities",
        r"sign|wrong way",
        (CE_BACK, "d_logits = d_out * np.subtract(labels, probs) / probs.shape[0]"),
    ),
    tum("predict along samples", r"axis", (PREDICT, "e = np.exp(logits - logits.max())\nY_pred = e / e.sum(0)")),
    tum(
        "predict scaled logits",
        r"factor|constant|scale|2",
        (PREDICT, "e = np.exp(2 * (logits - logits.max(1)[:, None]))\nY_pred = e / e.sum(1)[:, None]"),
    ),
    tum("no ReLU on the way back", r"ReLU.*back|ReLU", (THROUGH, "d_before_relu = np.array(d_hidden)")),
    tum(
        "uphill",
        r"sign",
        (
            UPDATE,
            "for name, g in grads.items():\n    self.params[name] = self.params[name] + g * self.learning_rate",
        ),
    ),
    tum(
        "only weights",
        r"bias",
        (
            UPDATE,
            'for name in ("W1", "W2"):\n    self.params[name] = self.params[name] - self.learning_rate * grads[name]',
        ),
    ),
    tum(
        "half the step",
        r"half|factor|scaled",
        (
            UPDATE,
            "for name in grads:\n    self.params[name] = self.params[name] - 0.5 * self.learning_rate * grads[name]",
        ),
    ),
    tum("product without bias, by einsum", r"bias", (OUT, "out = np.einsum('nd,dh->nh', inputs, weight)")),
    tum("output doubled", r"twice|factor 2|2", (OUT, "out = (np.dot(inputs, weight) + bias) * 2")),
    tum("weight gradient per sample", r"mean|number of rows|batch size|averag|count|divi",
            (BACK, "d_inputs = np.dot(d_out, weight.T)\nd_weight = np.tensordot(inputs, d_out, (0, 0)) / len(d_out)\n"
                   "d_bias = np.sum(d_out, 0)")),
    tum("input gradient of the wrong sign", r"sign",
            (BACK, "d_inputs = -np.dot(d_out, weight.T)\nd_weight = np.dot(inputs.T, d_out)\nd_bias = np.sum(d_out, 0)")),
    tum("two signs", r"sign",
            (BACK, "d_inputs = np.dot(d_out, weight.T)\nd_weight = -np.dot(inputs.T, d_out)\nd_bias = -np.sum(d_out, 0)")),
    tum("first sample forgotten", r"first|left out|row",
            (BACK, "d_inputs = np.dot(d_out, weight.T)\nd_weight = np.dot(inputs.T, d_out)\nd_bias = np.sum(d_out[1:], axis=0)")),
    tum("bias gradient of ones", r"d_out|upstream",
            (BACK, "d_inputs = np.dot(d_out, weight.T)\nd_weight = np.dot(inputs.T, d_out)\nd_bias = np.ones(d_out.shape[1]) * len(d_out)")),
    tum("ReLU capped at 1", r"1|clip|cap|cut", (RELU, "out = np.clip(inputs, 0.0, 1.0)")),
    tum("ReLU of the other half, by product", r"mask|smaller|wrong way|compar|negat", (RELU, "out = inputs * (inputs < 0)")),
    tum("step for ReLU", r"mask", (RELU, "out = np.heaviside(inputs, 0.0)")),
    tum("ReLU and its gradient leak", r"leak|multiplied by 0|right derivative|let",
            (RELU, "out = np.maximum(inputs, 0.1 * inputs)"),
            (RELU_BACK, "d_inputs = d_out * np.where(inputs > 0, 1.0, 0.1)")),
    tum("gradient twice averaged", r"twice|divi|count|mean|number of rows",
            (CE_BACK, "d_logits = np.multiply(d_out, probs - labels) / len(probs) ** 2")),
    tum("gradient over all entries", r"divi|count|mean|entries|class",
            (CE_BACK, "d_logits = (probs - labels) * d_out / labels.size")),
    tum("d_out ignored, by hand", r"d_out", (CE_BACK, "d_logits = np.subtract(probs, labels) * (1.0 / probs.shape[0])")),
    tum("d_out ignored and turned round", r"d_out|sign|wrong way", (CE_BACK, "d_logits = (labels - probs) / len(probs)")),
    tum("predict without normalising", r"normal|softmax|row|divi|exp", (PREDICT, "Y_pred = np.exp(logits)")),
    tum("predict logits", r"softmax", (PREDICT, "Y_pred = logits.copy()")),
    tum("predict twice softmax", r"softmax|twice",
            (PREDICT, "e = np.exp(logits)\ne = np.exp(e / e.sum(1)[:, None])\nY_pred = e / e.sum(1)[:, None]")),
    tum("step ten times too short", r"0\.1|factor|learning|step",
            (UPDATE, "for k in grads:\n    self.params[k] = self.params[k] - grads[k] * self.learning_rate / 10")),
]  # fmt: skip

RIGHT = [
    tum("affine by tensordot", "", (OUT, "out = np.tensordot(inputs, weight, axes=1) + bias.reshape(1, -1)")),
    tum("bias as one more row of the weight", "",
        (OUT, "out = np.hstack([inputs, np.ones((len(inputs), 1))]) @ np.vstack([weight, bias])")),
    tum("output column by column", "",
        (OUT, "out = np.column_stack([inputs @ weight[:, j] + bias[j] for j in range(len(bias))])")),
    tum("weight and bias gradient in one product", "",
        (BACK, "both = np.hstack([inputs, np.ones((len(inputs), 1))]).T @ d_out\nd_weight, d_bias = both[:-1], both[-1]\n"
               "d_inputs = (weight @ d_out.T).T")),
    tum("inner and tensordot", "",
        (BACK, "d_inputs = np.inner(d_out, weight)\nd_weight = np.tensordot(inputs, d_out, (0, 0))\nd_bias = np.add.reduce(d_out)")),
    tum("negative entries overwritten in a copy", "", (RELU, "out = inputs.copy()\nout[out < 0] = 0")),
    tum("select", "", (RELU, "out = np.select([inputs > 0], [inputs], 0.0)")),
    tum("half the derivative and half of its sign", "",
        (RELU_BACK, "d_inputs = 0.5 * d_out + np.copysign(0.5, inputs) * d_out")),
    tum("loss from the norm and the label's logit", "",
        (CE, "low = logits - logits.max(1)[:, None]\ne = np.exp(low)\ns = e.sum(1)\nprobs = e / s[:, None]\n"
             "loss = float(np.mean(np.log(s) - (low * labels).sum(1)))")),
    tum("divide and multiply", "", (CE_BACK, "d_logits = np.divide(np.multiply(probs - labels, d_out), float(probs.shape[0]))")),
    tum("predict by the logarithm", "",
        (PREDICT, "low = logits - np.max(logits, axis=1)[:, None]\nY_pred = np.exp(low - np.log(np.exp(low).sum(axis=1))[:, None])")),
    tum("gradients added with a negative rate, last first", "",
        (UPDATE, "for name, grad in reversed(list(grads.items())):\n    self.params[name] = self.params[name] + (-self.learning_rate) * grad")),
]  # fmt: skip
