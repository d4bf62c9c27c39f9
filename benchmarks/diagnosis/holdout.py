"""Wrong solutions by a writer who had read neither the rules nor any result, as different students would write them.

Written in one go, committed after the rules were frozen and before any of them was run. Neither a rule nor a pattern is
changed for a result.
"""

from __future__ import annotations

from edits import (
    A_DB,
    A_DW,
    A_DX,
    A_OUT,
    BACK,
    C_BACK,
    C_OUT,
    CE,
    CE_BACK,
    DEEP_L2,
    ECE_RELU,
    L2_LINES,
    L_BACK,
    L_OUT,
    LINEAR,
    LOSS,
    N_UPDATE,
    NETS,
    NN,
    NYU,
    OUT,
    PREDICT,
    R_BACK,
    R_OUT,
    RAD,
    RELU,
    RELU_BACK,
    RL_DX,
    RL_OUT,
    S_OUT,
    SOFTMAX,
    UPDATE,
    Wrong,
    at,
    ece,
    tum,
)

HIDDEN = 'hidden = self.relu.forward(self.affine1.forward(X, self.params["W1"], self.params["b1"]))'
LOGITS = 'logits = self.affine2.forward(hidden, self.params["W2"], self.params["b2"])'
PREDICTING = f"{HIDDEN}\n{LOGITS}\n{PREDICT}"

TWO_HIDDEN = 'hidden, hidden_cache = affine_relu_forward(X, self.params["W1"], self.params["b1"])'
TWO_SCORES = 'scores, scores_cache = affine_forward(hidden, self.params["W2"], self.params["b2"])'
TWO_BACK = '_, grads["W1"], grads["b1"] = affine_relu_backward(dhidden, hidden_cache)'
DEEP_SCORES = 'scores, last_cache = affine_forward(hidden, self.params[f"W{last}"], self.params[f"b{last}"])'

R_SIGMOID = "return 1 / (1 + np.exp(-x))"
R_SIGMOID_GRAD = "s = sigmoid(x)\nreturn s * (1 - s)"
R_BCE = "return -(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))"
R_BCE_GRAD = "return (1 - y) / (1 - y_hat) - y / y_hat"
R_LINEAR_BACK = "dx = dy @ self.W.T\nself.dW = x.T @ dy\nself.db = dy.sum(axis=0)"
R_LINEAR_STEP = "self.W = self.W - step_size * self.dW\nself.b = self.b - step_size * self.db"

N_FORWARD = """\
out = sample
for layer in range(2):
    out = sigmoid(out @ weights[layer] + biases[layer])
probabilities = softmax(out @ weights[2] + biases[2])"""
N_KEEPING = """\
before, activations = [], [a]
for layer in range(3):
    before.append(activations[layer] @ weights[layer] + biases[layer])
    activations.append(softmax(before[layer]) if layer == 2 else sigmoid(before[layer]))"""
N_BACKWARD = """\
for layer in (2, 1, 0):
    weight_gradients.insert(0, np.outer(activations[layer], delta))
    bias_gradients.insert(0, delta)
    if layer > 0:
        delta = (weights[layer] @ delta) * dsigmoid(before[layer - 1])"""

HOLDOUT: dict[str, list[Wrong]] = {
    "tum_ex09": [
        tum("bias for the first sample only", r"bias|row-offset|first (row|sample)",
            (OUT, "scores = np.dot(inputs, weight)\nscores[0, :] = scores[0, :] + bias\nout = scores")),
        tum("affine with an activation", r"ReLU|rectif|activation|negative|clip|below 0|cut",
            (OUT, "pre = np.matmul(inputs, weight) + bias[None, :]\nout = np.where(pre > 0, pre, 0)")),
        tum("weight gradient from ones", r"d_out|upstream",
            (BACK, "dY = d_out\nd_inputs = dY.dot(weight.T)\n"
                   "d_weight = np.repeat(inputs.sum(axis=0)[:, np.newaxis], weight.shape[1], axis=1)\nd_bias = dY.sum(axis=0)")),
        tum("largest instead of sum", r"\bmax|largest|greatest",
            (BACK, "d_inputs = d_out.dot(weight.T)\nd_weight = inputs.T.dot(d_out)\nd_bias = d_out.max(axis=0)")),
        tum("divided by the number of units", r"units|columns|outputs|classes|hidden|shape\[1\]|\bH\b",
            (BACK, "n, h = d_out.shape\nd_inputs = np.einsum('nh,dh->nd', d_out, weight)\n"
                   "d_weight = np.einsum('nd,nh->dh', inputs, d_out) / h\nd_bias = np.einsum('nh->h', d_out)")),
        tum("bias gradient times the bias", r"(multipl|times|factor|product|scaled)\W.{0,60}\bbias|\bbias`?.{0,40}(multipl|factor|times|product)",
            (BACK, "d_inputs = d_out @ np.transpose(weight)\nd_weight = np.transpose(inputs) @ d_out\n"
                   "d_bias = bias * np.sum(d_out, axis=0)")),
        tum("gradients of inputs and bias averaged", r"mean|averag|number of rows|batch size|count|divi|number of samples",
            (BACK, "m = inputs.shape[0]\nd_inputs = (1 / m) * d_out.dot(weight.T)\nd_weight = inputs.T.dot(d_out)\n"
                   "d_bias = (1 / m) * np.sum(d_out, axis=0)")),
        tum("softplus", r"softplus|\blog\b|log\(1|logarithm|smooth|\bexp\b|exponential", (RELU, "out = np.log(1.0 + np.exp(inputs))")),
        tum("threshold at a half", r"threshold|compar|mask|0\.5|1/2|half|constant|greater|above",
            (RELU, "keep = inputs > 0.5\nout = inputs * keep")),
        tum("mask of both", r"d_out|upstream|not.a.factor|linear|guided",
            (RELU_BACK, "both = np.logical_and(inputs > 0, d_out > 0)\nd_inputs = np.where(both, d_out, 0.0)")),
        tum("sign for step", r"\bsign\b|negative|minus|-1|absolute|mask", (RELU_BACK, "d_inputs = np.sign(inputs) * d_out")),
        tum("loss of the winner", r"\bmax|largest|label|predict|most likely|argmax|winner",
            (CE, "z = logits - np.max(logits, axis=1).reshape(-1, 1)\nprobs = np.exp(z)\nprobs = probs / probs.sum(axis=1).reshape(-1, 1)\n"
                 "rows = np.arange(probs.shape[0])\nloss = float(np.mean(-np.log(probs[rows, np.argmax(probs, axis=1)])))")),
        tum("squared error", r"squar|quadratic|\bMSE|\blog\b|logarithm",
            (CE, "ez = np.exp(logits - logits.max(1)[:, None])\nprobs = ez / ez.sum(1)[:, None]\n"
                 "loss = float(np.sum((labels - probs) ** 2) / logits.shape[0])")),
        tum("constant inside the logarithm", r"\beps|added (to|in)|constant|0\.01|1e-0?2|inside",
            (CE, "ez = np.exp(logits - logits.max(1)[:, None])\nprobs = ez / ez.sum(1)[:, None]\nloss = 0.0\n"
                 "for p_row, y_row in zip(probs, labels):\n    loss -= float(y_row @ np.log(p_row + 0.01))\nloss = loss / len(probs)")),
        tum("gradient over the classes", r"class|column|shape\[1\]|\bK\b|wrong (count|number|axis)",
            (CE_BACK, "grad = probs - labels\nd_logits = d_out * grad / grad.shape[1]")),
        tum("softmax derived once more", r"softmax|jacobian|1 ?[-−] ?`?p|probs`? ?\*|twice",
            (CE_BACK, "diff = (probs - labels) / len(probs)\nd_logits = diff * probs * (1 - probs) * d_out")),
        tum("predict over the samples", r"axis|across|over the (samples|batch|rows)|samples|columns? add",
            (PREDICT, "e = np.exp(logits - logits.max())\nY_pred = e / np.sum(e, axis=0, keepdims=True)")),
        tum("predict without ReLU", r"ReLU|activation|linear|negative",
            (PREDICTING, "z1 = X @ self.params['W1'] + self.params['b1']\nz2 = z1 @ self.params['W2'] + self.params['b2']\n"
                         "Y_pred = softmax(z2, axis=1)")),
        tum("step with weight decay", r"L2|decay|regulari|term|shrink|parameters? (itself|themselves)|weights? (itself|themselves)|proportional",
            (UPDATE, "lr = self.learning_rate\nfor key, value in self.params.items():\n"
                     "    self.params[key] = value - lr * (grads[key] + 0.1 * value)")),
        tum("loss after the move", r"after|moved|updated|new parameters|later",
            (UPDATE, "for key in ['W1', 'b1', 'W2', 'b2']:\n    self.params[key] = self.params[key] - self.learning_rate * grads[key]\n"
                     "a1 = np.maximum(X @ self.params['W1'] + self.params['b1'], 0)\n"
                     "loss = self.cross_entropy.forward(a1 @ self.params['W2'] + self.params['b2'], Y)")),
    ],
    "ece176_a3": [
        ece("bias as a factor", r"bias|`b`|`self\.b`|multipl|product|factor", (LINEAR, L_OUT, "z = np.dot(x, self.W)\nreturn z * self.b")),
        ece("input remembered in the class", r"shared|class|other (object|layer)|latest|state|objects",
            (LINEAR, "        self.x = x\n" + L_OUT, "Linear.seen = x\nreturn np.dot(x, self.W) + self.b"),
            (LINEAR, L_BACK, "seen = Linear.seen\nself.dW = np.dot(seen.T, dout)\nself.db = np.sum(dout, axis=0)\nreturn np.dot(dout, self.W.T)")),
        ece("input gradient lies on its side", r"transpos|shape|swap|axes",
            (LINEAR, L_BACK, "self.dW = np.dot(self.x.T, dout)\nself.db = np.sum(dout, axis=0)\ndx = np.dot(self.W, dout.T)\nreturn dx")),
        ece("outer product of sums", r"outer|averag|mean|separately|per.sample|each sample|samples|before the product|rank",
            (LINEAR, L_BACK, "n = len(dout)\nself.dW = np.outer(self.x.sum(axis=0), dout.sum(axis=0)) / n\nself.db = dout.sum(axis=0)\nreturn dout.dot(self.W.T)")),
        ece("db with a row too many", r"shape|axis|keepdims|dimension|\(1,",
            (LINEAR, L_BACK, "self.dW = np.dot(self.x.T, dout)\nself.db = np.sum(dout, axis=0, keepdims=True)\nreturn np.dot(dout, self.W.T)")),
        ece("mean for db and a minus for dx", r"mean|averag|number of rows|count|batch|divi|sign|minus|negat|wrong way",
            (LINEAR, L_BACK, "self.dW = np.einsum('ni,no->io', self.x, dout)\nself.db = np.mean(dout, axis=0)\nreturn -np.einsum('no,io->ni', dout, self.W)")),
        ece("exponential unit", r"\bexp\b|exponential|expm1|\bELU|negative|leak|mask|let|below",
            (ECE_RELU, R_OUT, "self.positive = x > 0\nout = x.copy()\nout[~self.positive] = np.expm1(x[~self.positive])\nreturn out")),
        ece("ReLU gradient of ones", r"dout|upstream", (ECE_RELU, R_BACK, "grad = np.zeros(dout.shape)\ngrad[self.positive] = 1\nreturn grad")),
        ece("ReLU gradient leaks a tenth", r"leak|let|mask|0\.1|1/10|through",
            (ECE_RELU, R_BACK, "slope = np.full(dout.shape, 0.1)\nslope[self.positive] = 1.0\nreturn slope * dout")),
        ece("softmax over the whole batch", r"axis|whole|entire|all (entries|rows|samples)|per row|each row|keepdims|batch|row by row",
            (SOFTMAX, S_OUT, "num = np.exp(x - np.max(x))\nreturn num / np.sum(num)")),
        ece("softmax to base 2", r"base 2|2 ?\*\*|power|ln ?2|log ?2|scal|factor|temperature|constant",
            (SOFTMAX, S_OUT, "num = np.power(2.0, x - np.max(x, axis=1, keepdims=True))\nreturn num / num.sum(axis=1, keepdims=True)")),
        ece("sigmoid for softmax", r"sigmoid|normali|add up|sum to|function",
            (SOFTMAX, S_OUT, "scores = np.clip(x, -500, 500)\nreturn 1.0 / (1.0 + np.exp(-scores))")),
        ece("mean over all entries", r"class|entries|columns|size|elements|number of",
            (LOSS, C_OUT, "target = np.zeros(probabilities.shape)\ntarget[np.arange(len(labels)), labels] = 1\n"
                          "picked = np.where(target == 1, np.log(probabilities), 0.0)\nreturn -picked.mean()")),
        ece("decimal logarithm", r"base 10|log10|\b10\b", (LOSS, C_OUT, "return -np.sum(np.log10(chosen)) / len(labels)")),
        ece("no logarithm", r"\blog\b|logarithm", (LOSS, C_OUT, "wrong = 1.0 - chosen\nreturn float(wrong.mean())")),
        ece("gradient for the probabilities", r"with respect|softmax|logit|1 ?/ ?`?p|(for|of) the probabilit",
            (LOSS, C_BACK, "n = self.probabilities.shape[0]\ng = np.zeros(self.probabilities.shape)\n"
                           "for i in range(n):\n    g[i, self.labels[i]] = -1.0 / self.probabilities[i, self.labels[i]]\nreturn g / n")),
        ece("divided by the classes", r"class|column|shape\[1\]|wrong (count|number|axis)",
            (LOSS, C_BACK, "n, c = self.probabilities.shape\ny = np.zeros((n, c))\ny[np.arange(n), self.labels] = 1\nreturn (self.probabilities - y) / c")),
        ece("only the right class has a gradient", r"(other|wrong|remaining) (class|column|entr)|right class|only|left out|missing|zero",
            (LOSS, C_BACK, "n = len(self.labels)\nrows = range(n)\ng = np.zeros_like(self.probabilities)\n"
                           "g[rows, self.labels] = (self.probabilities[rows, self.labels] - 1) / n\nreturn g")),
    ],
    "c147_hw3": [
        at(NN, 4, "one bias for all", r"bias|`b`|row-offset|mean of|averag",
           (A_OUT, "N = x.shape[0]\nX_row = x.reshape(N, -1)\nout = np.dot(X_row, w) + np.mean(b)")),
        at(NN, 4, "flattened column by column", r"order|flatten|reshape|axes|permut|transpos",
           (A_OUT, "N = x.shape[0]\nX_row = np.reshape(x, (N, -1), order='F')\nout = X_row.dot(w) + b")),
        at(NN, 4, "dx put back column by column", r"order|flatten|reshape|axes|permut|transpos",
           (A_DX, "dx = dout.dot(w.T)\ndx = np.reshape(dx, x.shape, order='F')")),
        at(NN, 4, "dw of the square", r"squar|dout|upstream|not.a.factor|linear",
           (A_DW, "X_row = x.reshape(x.shape[0], -1)\ndw = X_row.T.dot(dout ** 2)")),
        at(NN, 4, "dw with the weights in it", r"`w`|L2|regulari|decay|term|added|weights? (itself|themselves)",
           (A_DW, "X_row = x.reshape(x.shape[0], -1)\ndw = X_row.T.dot(dout)\ndw = dw + w")),
        at(NN, 4, "db halved", r"half|halv|1/2|0\.5", (A_DB, "db = 0.5 * np.ones(len(dout)).dot(dout)")),
        at(NN, 4, "db of every other row", r"every (second|other)|half of|left out|(some|other|odd|even|alternate) (rows|samples)|\b(rows?|samples?) \d|stride|::2",
           (A_DB, "db = np.zeros(dout.shape[1])\nfor n in range(0, dout.shape[0], 2):\n    db += dout[n]")),
        at(NN, 4, "never below a tenth", r"0\.1|1/10|floor|constant|threshold|at least|below|minimum|clip",
           (RL_OUT, "floor = 0.1\nout = np.where(x > floor, x, floor)")),
        at(NN, 4, "negatives turned in the gradient", r"\bsign|negat|mask|minus|-1|let",
           (RL_DX, "dx = np.array(dout)\ndx[x < 0] = -dx[x < 0]\nreturn dx")),
        at(NN, 4, "mask compares with dout", r"dout|upstream|mask|compar|not.a.factor",
           (RL_DX, "mask = x > dout\nreturn mask * dout")),
        at(NETS, 8, "no ReLU in the two-layer net", r"ReLU|activation|linear|negative",
           (TWO_HIDDEN, "hidden, fc_cache = affine_forward(X, self.params['W1'], self.params['b1'])\n"
                        "hidden_cache = (fc_cache, np.ones_like(hidden))")),
        at(NETS, 8, "ReLU behind the scores", r"ReLU|activation|negative|clip|cut|below 0",
           (TWO_SCORES, "scores, scores_cache = affine_forward(hidden, self.params['W2'], self.params['b2'])\n"
                        "scores, last_relu = relu_forward(scores)")),
        at(NETS, 8, "hidden gradient around the ReLU", r"ReLU|mask|activation|through",
           (TWO_BACK, "fc_cache, _ = hidden_cache\n_, grads['W1'], grads['b1'] = affine_backward(dhidden, fc_cache)")),
        at(NETS, 8, "L1 in the loss", r"absolute|\bL1|\babs|squar",
           (L2_LINES, "W1, W2 = self.params['W1'], self.params['W2']\nloss = loss + 0.5 * self.reg * (np.abs(W1).sum() + np.abs(W2).sum())\n"
                      "grads['W1'] = grads['W1'] + self.reg * W1\ngrads['W2'] = grads['W2'] + self.reg * W2")),
        at(NETS, 8, "mean of the squares", r"mean|averag|count|divi|size|number of",
           (L2_LINES, "W1, W2 = self.params['W1'], self.params['W2']\nloss = loss + 0.5 * self.reg * (np.mean(W1 ** 2) + np.mean(W2 ** 2))\n"
                      "grads['W1'] = grads['W1'] + self.reg * W1\ngrads['W2'] = grads['W2'] + self.reg * W2")),
        at(NETS, 8, "L2 gradient with a 2 left over", r"twice|factor 2|double|2 ?\*|\b2 times|L2|regulari|1/2|0\.5|half",
           (L2_LINES, "W1, W2 = self.params['W1'], self.params['W2']\nloss += self.reg / 2 * (np.sum(W1 * W1) + np.sum(W2 * W2))\n"
                      "grads['W1'] += 2 * self.reg * W1\ngrads['W2'] += 2 * self.reg * W2")),
        at(NETS, 8, "L2 on the biases too", r"bias|L2|regulari",
           (L2_LINES, "for p in self.params:\n    loss += 0.5 * self.reg * np.sum(np.square(self.params[p]))\n"
                      "    grads[p] = grads[p] + self.reg * self.params[p]")),
        at(NETS, 8, "ReLU behind the last layer", r"ReLU|activation|negative|clip|cut|below 0",
           (DEEP_SCORES, "W_last, b_last = self.params['W%d' % last], self.params['b%d' % last]\n"
                         "scores, last_cache = affine_forward(hidden, W_last, b_last)\nscores = np.maximum(scores, 0)")),
        at(NETS, 8, "deep L2 begins with the second weight", r"first|L2|regulari|left out|loop|begin|start|too late|skip",
           (DEEP_L2, "k = 2\nwhile k <= self.num_layers:\n    Wk = self.params['W' + str(k)]\n    loss += 0.5 * self.reg * np.sum(Wk * Wk)\n"
                     "    grads['W' + str(k)] += self.reg * Wk\n    k += 1")),
        at(NETS, 8, "deep L2 only in the loss", r"L2|regulari|\breg\b|term|left out|missing",
           (DEEP_L2, "penalty = 0\nfor k in range(self.num_layers):\n    penalty += np.sum(self.params['W' + str(k + 1)] ** 2)\n"
                     "loss += 0.5 * self.reg * penalty")),
    ],
    "radboud_a1": [
        at(RAD, 8, "sigmoid layer without dy", r"\bdy\b|upstream",
           ("return dy * sigmoid_grad(x)", "y = sigmoid(x)\nreturn y - y ** 2")),
        at(RAD, 8, "ReLU layer hands dy on", r"mask|through|ReLU|passed|let|unchanged|handed",
           ("return dy * relu_grad(x)", "dx = np.array(dy, dtype=float)\nreturn dx")),
        at(RAD, 4, "model without b", r"bias|`b`|\bb\b|constant|offset",
           ("h = x @ w + b", "h = sum(x_i * w_i for x_i, w_i in zip(x, w))")),
        at(RAD, 4, "sigmoid the other way round", r"sign|minus|negat|mirror|revers|1 ?[-−]|decreas|fall",
           (R_SIGMOID, "z = np.exp(x)\nreturn 1 / (1 + z)")),
        at(RAD, 4, "derivative at the activation", r"activation|twice|applied|sigmoid of|output|sigmoid\(sigmoid",
           (R_SIGMOID_GRAD, "act = sigmoid(x)\nreturn sigmoid(act) * (1.0 - sigmoid(act))")),
        at(RAD, 4, "derivative with the argument in it", r"1 ?[-−] ?x|variable|in place of|instead|argument|swapped|other name",
           (R_SIGMOID_GRAD, "out = sigmoid(x)\nreturn out * (1.0 - x)")),
        at(RAD, 4, "derivative of the ReLU from the sign", r"\bsign\b|-1|negative|mask|minus",
           ("return np.where(x > 0, 1.0, 0.0)", "return np.sign(x)")),
        at(RAD, 4, "half of the cross-entropy", r"term|missing|left out|1 ?[-−] ?`?y",
           (R_BCE, "loss = -y * np.log(y_hat)\nreturn loss")),
        at(RAD, 4, "gradient for the logit", r"logit|sigmoid|divi|denominator|with respect",
           (R_BCE_GRAD, "diff = y_hat - y\nreturn diff")),
        at(RAD, 4, "chain without the sigmoid", r"sigmoid|chain|left out|missing",
           ("grad_h = grad_y_hat * sigmoid_grad(h)", "grad_h = 1.0 * grad_y_hat")),
        at(RAD, 4, "chain with the sigmoid of the output", r"activation|twice|applied|y_hat|output|in place of|instead",
           ("grad_h = grad_y_hat * sigmoid_grad(h)", "grad_h = sigmoid_grad(y_hat) * grad_y_hat")),
        at(RAD, 4, "x for w", r"in place of|instead|variable|swap|confus|mixed|`x`.{0,40}`w`|`w`.{0,40}`x`",
           ("grad_x = grad_h * w", "grad_x = x * grad_h")),
        at(RAD, 8, "uphill", r"sign|added|uphill|wrong way|ascent|wrong direction",
           (R_LINEAR_STEP, "self.W += step_size * self.dW\nself.b += step_size * self.db")),
        at(RAD, 8, "db averaged and dW of the wrong sign", r"mean|averag|number of rows|count|batch|divi|sign|minus|negat|wrong way",
           (R_LINEAR_BACK, "n = x.shape[0]\ndx = np.dot(dy, self.W.T)\nself.dW = np.dot(-x.T, dy)\nself.db = np.sum(dy, axis=0) / n")),
    ],
    "nyu_hw1_p4": [
        at(NYU, 4, "derivative at the activations", r"activation|twice|applied|sigmoid of|dsigmoid",
           (N_BACKWARD, "for k in (2, 1, 0):\n    weight_gradients.insert(0, np.outer(activations[k], delta))\n    bias_gradients.insert(0, delta)\n"
                        "    if k > 0:\n        delta = np.dot(weights[k], delta) * dsigmoid(activations[k])")),
        at(NYU, 4, "no derivative of the sigmoid", r"sigmoid|chain|left out|missing",
           (N_BACKWARD, "for k in (2, 1, 0):\n    weight_gradients.insert(0, np.outer(activations[k], delta))\n    bias_gradients.insert(0, delta)\n"
                        "    delta = np.dot(weights[k], delta)")),
        at(NYU, 4, "weights multiplied with what was before the sigmoid", r"before|pre-?activation|activation|sigmoid|in place of|instead",
           (N_BACKWARD, "inputs = [a, before[0], before[1]]\nfor k in (2, 1, 0):\n    weight_gradients.insert(0, np.outer(inputs[k], delta))\n"
                        "    bias_gradients.insert(0, delta)\n    if k > 0:\n        delta = np.dot(weights[k], delta) * dsigmoid(before[k - 1])")),
        at(NYU, 4, "moved before the way back went on", r"already|moved|updated|new weights|order|too early|after",
           (N_BACKWARD, "for k in (2, 1, 0):\n    grad = np.outer(activations[k], delta)\n    bias_gradients.insert(0, delta)\n"
                        "    weights[k] -= learning_rate * grad\n    if k > 0:\n        delta = np.dot(weights[k], delta) * dsigmoid(before[k - 1])"),
           (N_UPDATE, "for k in range(3):\n    biases[k] -= learning_rate * bias_gradients[k]")),
        at(NYU, 4, "square layer transposed", r"transpos|swap|axes",
           (N_BACKWARD, "d3 = delta\nd2 = weights[2].dot(d3) * dsigmoid(before[1])\nd1 = weights[1].dot(d2) * dsigmoid(before[0])\n"
                        "weight_gradients = [np.outer(activations[0], d1), np.outer(d2, activations[1]), np.outer(activations[2], d3)]\n"
                        "bias_gradients = [d1, d2, d3]")),
        at(NYU, 4, "hidden biases get no gradient", r"zero|not (moved|updated|changed)|stay|left out|only the last|missing|never|unchanged",
           (N_BACKWARD, "for k in (2, 1, 0):\n    weight_gradients.insert(0, np.outer(activations[k], delta))\n"
                        "    bias_gradients.insert(0, delta if k == 2 else 0 * delta)\n"
                        "    if k > 0:\n        delta = np.dot(weights[k], delta) * dsigmoid(before[k - 1])")),
        at(NYU, 4, "softmax of the softmax", r"softmax|twice",
           (N_KEEPING, "z1 = a @ weights[0] + biases[0]\nh1 = sigmoid(z1)\nz2 = h1 @ weights[1] + biases[1]\nh2 = sigmoid(z2)\n"
                       "z3 = h2 @ weights[2] + biases[2]\nbefore, activations = [z1, z2, z3], [a, h1, h2, softmax(softmax(z3))]")),
        at(NYU, 4, "sigmoid at the output", r"sigmoid|softmax|normali|add up",
           (N_FORWARD, "z = sample\nfor W, b in zip(weights, biases):\n    z = sigmoid(z @ W + b)\nprobabilities = z")),
        at(NYU, 4, "tanh in the hidden layers", r"tanh|sigmoid|activation",
           (N_FORWARD, "h1 = np.tanh(sample @ weights[0] + biases[0])\nh2 = np.tanh(h1 @ weights[1] + biases[1])\n"
                       "probabilities = softmax(h2 @ weights[2] + biases[2])")),
        at(NYU, 4, "output without bias", r"bias|offset",
           (N_FORWARD, "h1 = sigmoid(np.dot(sample, weights[0]) + biases[0])\nh2 = sigmoid(np.dot(h1, weights[1]) + biases[1])\n"
                       "probabilities = softmax(np.dot(h2, weights[2]))")),
        at(NYU, 4, "the label as guess", r"label|guess|argmax|predict|truth|most likely",
           ("one_hot_guess = integer_to_one_hot(np.argmax(probabilities))", "one_hot_guess = np.zeros(10)\none_hot_guess[y] = 1.0")),
        at(NYU, 4, "loss after the move", r"after|moved|updated|later|new weights",
           (N_UPDATE, "for k in range(3):\n    weights[k] -= learning_rate * weight_gradients[k]\n    biases[k] -= learning_rate * bias_gradients[k]\n"
                      "loss, _ = feed_forward_sample(a, y)")),
    ],
}  # fmt: skip
