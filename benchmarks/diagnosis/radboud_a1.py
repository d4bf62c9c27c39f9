"""Wrong solutions of radboud_a1 that were seen while the rules were made, and right ones."""

from __future__ import annotations

from edits import RAD, at

WRONG = [
    at(RAD, 4, "sigmoid of the wrong sign", r"sign|minus", ("return 1 / (1 + np.exp(-x))", "return np.power(1 + np.exp(x), -1.0)")),
    at(RAD, 4, "sigmoid of base 2", r"powers of 2|function", ("return 1 / (1 + np.exp(-x))", "return 1.0 / (2.0 ** (-x) + 1)")),
    at(RAD, 4, "derivative s squared", r"factor|term|operat|subtract|1",
       ("s = sigmoid(x)\nreturn s * (1 - s)", "return sigmoid(x) ** 2")),
    at(RAD, 4, "derivative without the factor", r"factor|missing", ("s = sigmoid(x)\nreturn s * (1 - s)", "return 1 - sigmoid(x)")),
    at(RAD, 4, "relu as absolute value", r"absolute", ("return np.maximum(0, x)", "return np.sqrt(np.square(x))")),
    at(RAD, 4, "relu leaks", r"leak|mask|let|0\.01", ("return np.maximum(0, x)", "return np.where(x < 0, x / 100, x)")),
    at(RAD, 4, "relu_grad turned round", r"mask|compar|wrong way|turned|constant|swap",
       ("return np.where(x > 0, 1.0, 0.0)", "return (x < 0).astype(float)")),
    at(RAD, 4, "loss without the second half", r"term|missing|label 1 alone",
       ("return -(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))", "return np.negative(y) * np.log(y_hat)")),
    at(RAD, 4, "loss positive", r"sign|minus",
       ("return -(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))", "return y * np.log(y_hat) + (1 - y) * np.log1p(-y_hat)")),
    at(RAD, 4, "loss gradient turned round", r"sign|wrong way",
       ("return (1 - y) / (1 - y_hat) - y / y_hat", "return np.divide(y, y_hat) - (1 - y) / (1 - y_hat)")),
    at(RAD, 4, "one layer without the sigmoid's derivative", r"sigmoid_grad|factor|derivative|before the sigmoid",
       ("grad_h = grad_y_hat * sigmoid_grad(h)", "grad_h = 1.0 * grad_y_hat")),
    at(RAD, 8, "Linear without bias", r"bias|`b`|self\.b|row-offset|term", ("return x @ self.W + self.b", "return np.einsum('ni,io->no', x, self.W)")),
    at(RAD, 8, "Linear db averaged", r"mean|averag|count|number of rows", ("self.db = dy.sum(axis=0)", "self.db = np.ones(len(dy)) @ dy / dy.shape[0]")),
    at(RAD, 8, "Linear step uphill", r"sign|added", ("self.W = self.W - step_size * self.dW", "self.W = np.add(self.W, step_size * self.dW)")),
    at(RAD, 8, "Sigmoid layer ignores dy", r"dy|upstream", ("return dy * sigmoid_grad(x)", "return np.multiply(1.0, sigmoid_grad(x))")),
    at(RAD, 8, "ReLU layer lets everything through", r"relu_grad|factor|mask|through", ("return dy * relu_grad(x)", "return np.array(dy)")),
    at(RAD, 4, "sigmoid stretched", r"2|factor|constant|scale", ("return 1 / (1 + np.exp(-x))", "return 2 / (1 + np.exp(-x))")),
    at(RAD, 4, "tanh for sigmoid", r"tanh|function", ("return 1 / (1 + np.exp(-x))", "return np.tanh(x)")),
    at(RAD, 4, "derivative of the wrong sign", r"sign|subtract|wrong way", ("s = sigmoid(x)\nreturn s * (1 - s)", "t = sigmoid(x)\nreturn t * t - t")),
    at(RAD, 4, "relu is the smaller", r"smaller|mask|wrong way|negat", ("return np.maximum(0, x)", "return (x - np.abs(x)) / 2")),
    at(RAD, 4, "relu_grad is one", r"mask|let|through|ones|1|not-zero", ("return np.where(x > 0, 1.0, 0.0)", "return np.ones(np.shape(x))")),
    at(RAD, 4, "loss to base 2", r"base 2", ("return -(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))", "return -(y * np.log2(y_hat) + (1 - y) * np.log2(1 - y_hat))")),
    at(RAD, 4, "loss averaged", r"mean|averag|reduc", ("return -(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))", "return -np.mean(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))")),
    at(RAD, 4, "loss gradient without its second term", r"term|missing|label", ("return (1 - y) / (1 - y_hat) - y / y_hat", "return -np.divide(y, y_hat)")),
    at(RAD, 8, "Linear dW transposed", r"transpos|swapped|axes", ("self.dW = x.T @ dy", "self.dW = np.dot(dy.T, x)")),
    at(RAD, 8, "Linear dW averaged", r"mean|averag|number of rows|count|divi", ("self.dW = x.T @ dy", "self.dW = np.einsum('ni,no->io', x, dy) / len(x)")),
    at(RAD, 8, "Linear step of b only", r"W|step|left|missing", ("self.W = self.W - step_size * self.dW", "self.W = self.W * 1.0")),
]  # fmt: skip

RIGHT = [
    at(RAD, 4, "sigmoid by logaddexp", "", ("return 1 / (1 + np.exp(-x))", "return np.exp(-np.logaddexp(0, -x))")),
    at(RAD, 4, "sigmoid by tanh", "", ("return 1 / (1 + np.exp(-x))", "return 0.5 * (1 + np.tanh(x / 2))")),
    at(RAD, 4, "derivative by the exponential", "", ("s = sigmoid(x)\nreturn s * (1 - s)", "e = np.exp(-np.abs(x))\nreturn e / (1 + e) ** 2")),
    at(RAD, 4, "relu by product", "", ("return np.maximum(0, x)", "return x * (x > 0)")),
    at(RAD, 4, "relu_grad by heaviside", "", ("return np.where(x > 0, 1.0, 0.0)", "return np.heaviside(x, 0.0)")),
    at(RAD, 4, "loss by cases", "",
       ("return -(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))", "return np.where(np.equal(y, 1), -np.log(y_hat), -np.log1p(-y_hat))")),
    at(RAD, 4, "loss gradient as one fraction", "", ("return (1 - y) / (1 - y_hat) - y / y_hat", "return (y_hat - y) / (y_hat * (1 - y_hat))")),
    at(RAD, 4, "one layer in short", "", ("grad_h = grad_y_hat * sigmoid_grad(h)", "grad_h = y_hat - y")),
    at(RAD, 8, "Linear by einsum", "", ("return x @ self.W + self.b", "return np.einsum('ni,io->no', x, self.W) + self.b")),
    at(RAD, 8, "Linear db by a product", "", ("self.db = dy.sum(axis=0)", "self.db = np.ones(len(dy)) @ dy")),
]  # fmt: skip
