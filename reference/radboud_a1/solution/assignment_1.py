# %% [markdown]
# # Deep Learning: Assignment 1
# Radboud University, NWI-IMC070
#
# ### Names and group
# Names:
#
# Group:
#
# ### Before you hand in
# - Write your names and your group above.
# - Fill in every answer and every piece of code that is marked with TODO. One or two sentences are enough for most
#   answers.
# - Run the notebook once more from the top, save it, and make a PDF of it (print it to a file).
# - Hand in the notebook together with the PDF.

# %% [markdown]
# ## Objectives
# You will
#
# 1. follow gradient descent over a function with several minima;
# 2. work out the gradients of the sigmoid, of ReLU, of the binary cross-entropy and of a linear layer, and code them;
# 3. test them with finite differences;
# 4. put them together to a network that you train.

# %%
# %matplotlib inline
import matplotlib.pyplot as plt
import numpy as np
import scipy.optimize
import sklearn.datasets

np.set_printoptions(precision=6, suppress=True, linewidth=200)
plt.style.use("ggplot")

# %% [markdown]
# ## 1.1 Gradient descent optimization (6 points)
# This function of two parameters has more than one minimum:
#
# $$f(x, y) = x^2 + y^2 + x(y + 2) + \cos(3x)$$
#
# $$\frac{\partial f}{\partial x} = 2x - 3 \sin(3x) + y + 2
# \qquad
# \frac{\partial f}{\partial y} = x + 2y$$


# %%
def f(x, y):
    """Height at (x, y); numbers or arrays of one shape."""
    return x**2 + x * y + 2 * x + y**2 + np.cos(3 * x)


def grad_x_f(x, y):
    """Slope of f along x."""
    return 2 * (x + 1) + y - 3 * np.sin(3 * x)


def grad_y_f(x, y):
    """Slope of f along y."""
    return 2 * y + x


# %%
def plot_f_contours():
    """Draw f over the square from -5 to 5."""
    ticks = np.linspace(-5, 5)
    height = f(ticks[None, :], ticks[:, None])
    plt.contourf(ticks, ticks, height, 50)
    plt.contour(ticks, ticks, height, 50, colors="black", linestyles="solid", alpha=0.2)
    plt.gca().set(xlabel="x", ylabel="y")


plt.figure(figsize=(10, 7))
plot_f_contours()

# %% [markdown]
# ### Implement gradient descent
# **(a) Complete the loop** with one step downhill in x and in y: (1 point)
#
# Both slopes belong to the point that the step starts from.


# %%
def optimize_f(x, y, step_size, steps):
    """Walk downhill from (x, y).

    Returns the last x, the last y, the height there, and all x and all y that were passed, the start included.
    """
    path = [(x, y)]

    for _ in range(steps):
        slope_x, slope_y = grad_x_f(x, y), grad_y_f(x, y)

        ### BEGIN SOLUTION
        ### STUB: x = x  # TODO: the step in x
        ### STUB: y = y  # TODO: the step in y
        x = x - step_size * slope_x
        y = y - step_size * slope_y
        ### END SOLUTION

        path.append((x, y))

    return x, y, f(x, y), [point[0] for point in path], [point[1] for point in path]


# %%
# One step from (3, 2) should change both parameters, by less than 1 each, and lead downhill.
_start, _step = np.array([3.0, 2.0]), optimize_f(3.0, 2.0, 0.1, 1)
_moved = np.abs(np.array(_step[:2]) - _start)
assert _moved.all(), "x or y is still where it was"
assert _moved.max() < 1, "the step is far too long"
assert _step[2] < f(*_start), "the step leads uphill"

# %% [markdown]
# ### Tune the parameters
# This helper draws the path beside the heights that it passes:


# %%
def plot_gradient_descent_results(x, y, val, x_hist, y_hist):
    """Draw what optimize_f returned."""
    fig = plt.figure(figsize=(20, 7))
    fig.add_subplot(121)
    plot_f_contours()
    plt.plot(x_hist, y_hist, ".-")

    heights = f(np.asarray(x_hist, dtype=float), np.asarray(y_hist, dtype=float))
    curve = fig.add_subplot(122)
    curve.plot(heights, "r.-")
    curve.set_title(f"Minimum value: {heights[-1]:f}")


# %% [markdown]
# **(b) Run the gradient descent** from (3, 2) for ten steps of size 0.1:

# %%
results = optimize_f(x=3, y=2, step_size=0.1, steps=10)
plot_gradient_descent_results(*results)

# %% [markdown]
# **(c) Does it find the minimum?** Describe where it goes. (1 point)

# %% [markdown]
# TODO: Your answer here.

# %% [markdown]
# **(d) Try a few different values** of `step_size` and `steps` until the path ends close to the lowest point:

# %%
# TODO: other values
### BEGIN SOLUTION
### STUB: results = optimize_f(x=3, y=2, step_size=0.1, steps=10)
results = optimize_f(x=3, y=2, step_size=0.15, steps=30)
### END SOLUTION
plot_gradient_descent_results(*results)

# %% [markdown]
# **(e) What happens if** the steps are too short? And if they are too long? (1 point)
#
# **(f) Were you able,** with one fixed step size, to reach the global minimum? If not, what was in the way? (1 point)

# %% [markdown]
# TODO: Your answer here.

# %% [markdown]
# ### Implement a decreasing step size
# Long steps at first, to get out of a poor valley, and short ones later, to settle: let the size of step t, counted
# from 0, be
#
# $$\eta_t = \eta_0 d^t$$
#
# with a decay parameter d. Count the steps from 0 or from 1, as you like.
#
# **(g) Update your optimization** to this schedule: (1 point)


# %%
def optimize_f(x, y, step_size, steps, decay=1.0):
    """Walk downhill as before, with steps that shrink by the factor `decay` each time."""
    path = [(x, y)]

    for t in range(steps):
        slope_x, slope_y = grad_x_f(x, y), grad_y_f(x, y)

        ### BEGIN SOLUTION
        ### STUB: x = x  # TODO: the step in x, with the size that belongs to this step
        ### STUB: y = y  # TODO: the step in y
        x = x - step_size * decay**t * slope_x
        y = y - step_size * decay**t * slope_y
        ### END SOLUTION

        path.append((x, y))

    return x, y, f(x, y), [point[0] for point in path], [point[1] for point in path]


# %%
# With a decay of 0.1 the second step should be much shorter than the first.
_first, _second = np.abs(np.diff(optimize_f(0.123, 0.456, 0.01, 2, 0.1)[3]))
assert _first > 5 * _second, "the steps do not get shorter"

# %% [markdown]
# **(h) Tune** `step_size`, `steps` and `decay` so that the path from (3, 2) ends below -2: (1 point)

# %%
# TODO: other values
### BEGIN SOLUTION
### STUB: results = optimize_f(x=3, y=2, step_size=0.1, steps=10, decay=1)
results = optimize_f(x=3, y=2, step_size=0.5, steps=100, decay=0.95)
### END SOLUTION
plot_gradient_descent_results(*results)

# %%
assert results[2] < -2, "not there yet"

# %% [markdown]
# ## 1.2 Neural network components (16 points)
# The network needs a sigmoid, a ReLU, a binary cross-entropy and a linear layer. For each of them you need what goes
# forward and what comes back; for the linear layer also the update of its parameters.

# %% [markdown]
# ### Sigmoid non-linearity
#
# $$\sigma(x) = \frac{1}{1 + e^{-x}}$$
#
# **(a) Give the derivative of the sigmoid:** (1 point)

# %% [markdown]
# $$\frac{\partial \sigma(x)}{\partial x} = \text{TODO: Your answer here.}$$

# %% [markdown]
# **(b) Write the sigmoid** and its derivative for arrays of any shape, entry by entry: (2 points)


# %%
def sigmoid(x):
    """The sigmoid of each entry of x."""
    ### BEGIN SOLUTION
    return 1 / (1 + np.exp(-x))
    ### END SOLUTION


def sigmoid_grad(x):
    """The derivative of the sigmoid at each entry of x."""
    ### BEGIN SOLUTION
    s = sigmoid(x)
    return s * (1 - s)
    ### END SOLUTION


x = np.random.default_rng(12345).uniform(-10, 10, size=5)
for label, value in {"x": x, "sigmoid(x)": sigmoid(x), "sigmoid_grad(x)": sigmoid_grad(x)}.items():
    print(f"{label}:", value)

# %% [markdown]
# A derivative can be tested without knowing its formula. It is the limit of a difference quotient
#
# $$f'(x) = \lim_{\epsilon \rightarrow 0} \frac{f(x + \epsilon) - f(x)}{\epsilon},$$
#
# so a small $\epsilon$ gives nearly the derivative. The quotient around the point is closer than the one to its side:
#
# $$f'(x) \approx \frac{f(x + \frac{1}{2}\epsilon) - f(x - \frac{1}{2}\epsilon)}{\epsilon}$$
#
# Do not take $\epsilon$ too small: the two values of f then agree in nearly all the digits that a float has.
#
# **(c) Use the central difference** to compute the derivative of your sigmoid at x, and see that it is close to what
# `sigmoid_grad` gives: (1 point)

# %%
x = np.random.default_rng(12345).uniform(-2, 2, size=5)

print("Symbolic ", sigmoid_grad(x))

# TODO: print the numerical derivative below the symbolic one
### BEGIN SOLUTION
### STUB:
epsilon = 1e-5
numerical = (sigmoid(x + epsilon / 2) - sigmoid(x - epsilon / 2)) / epsilon
print("Numerical", numerical)
### END SOLUTION

# %% [markdown]
# **(d) Is the gradient** that you get from finite differences the analytic one to the last digit? Why, or why not?
# (1 point)

# %% [markdown]
# TODO: Your answer here.

# %% [markdown]
# ### Rectified linear units (ReLU)
#
# $$f(x) = \max(0, x)$$
#
# **(e) Give the derivative of the ReLU,** with a choice of your own where there is none: (1 point)

# %% [markdown]
# $$\frac{\partial f(x)}{\partial x} = \text{TODO: Your answer here.}$$

# %% [markdown]
# **(f) Implement the ReLU** and its derivative, and compare the derivative with finite differences: (2 points)


# %%
def relu(x):
    """The rectified entries of x."""
    ### BEGIN SOLUTION
    return np.maximum(0, x)
    ### END SOLUTION


def relu_grad(x):
    """The derivative of the ReLU at each entry of x."""
    ### BEGIN SOLUTION
    return np.where(x > 0, 1.0, 0.0)
    ### END SOLUTION


x = np.random.default_rng(12345).uniform(-10, 10, size=5)
for label, value in {"x": x, "relu(x)": relu(x), "relu_grad(x)": relu_grad(x)}.items():
    print(f"{label}:", value)

# TODO: print the symbolic and the numerical derivative at x
### BEGIN SOLUTION
### STUB:
epsilon = 1e-5
print("Symbolic ", relu_grad(x))
print("Numerical", (relu(x + epsilon / 2) - relu(x - epsilon / 2)) / epsilon)
### END SOLUTION

# %% [markdown]
# ### Comparing sigmoid and ReLU
# **(g) Run the code below,** which draws both functions above their derivatives:

# %%
x = np.linspace(-10, 10, 100)
curves = [
    ("Sigmoid", sigmoid),
    ("ReLU", relu),
    ("Sigmoid gradient", sigmoid_grad),
    ("ReLU gradient", relu_grad),
]

plt.figure(figsize=(15, 8))
for place, (label, function) in enumerate(curves, start=1):
    ax = plt.subplot(2, 2, place)
    ax.plot(x, function(x), label=label)
    ax.set_xlabel("x")
    ax.legend(loc="upper left")

# %% [markdown]
# **(h) Which activation function** belongs at the end of a network whose output is a probability, and why? (1 point)

# %% [markdown]
# TODO: Your answer here.

# %% [markdown]
# **(i) Compare the gradients** of the two functions. What speaks for each of them, and what against it? (1 point)

# %% [markdown]
# TODO: Your answer here.

# %% [markdown]
# ### Binary cross-entropy loss
# The loss of a prediction $\hat{y} \in [0, 1]$ for a label $y \in \{0, 1\}$ is the binary cross-entropy, BCE:
#
# $$\mathcal{L} = -\left(y \log \hat{y} + (1 - y) \log(1 - \hat{y})\right)$$
#
# To lower it step by step, you need to know how it changes with the prediction.
#
# **(j) Derive the gradient** of the BCE with respect to $\hat{y}$: (1 point)

# %% [markdown]
# $$\frac{\partial \mathcal{L}}{\partial \hat{y}} = \text{TODO: Your answer here.}$$

# %% [markdown]
# **(k) Write** `bce_loss(y, y_hat)` with its gradient `bce_loss_grad(y, y_hat)`, one number for each entry, and
# compare the gradient with finite differences: (3 points)


# %%
def bce_loss(y, y_hat):
    """The loss of each prediction in y_hat for the label of the same place in y."""
    ### BEGIN SOLUTION
    return -(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))
    ### END SOLUTION


def bce_loss_grad(y, y_hat):
    """The derivative of each loss with respect to its prediction."""
    ### BEGIN SOLUTION
    return (1 - y) / (1 - y_hat) - y / y_hat
    ### END SOLUTION


rng = np.random.default_rng(12345)
y, y_hat = rng.integers(2, size=5), rng.uniform(0, 1, size=5)
for label, value in {"y": y, "y_hat": y_hat, "bce_loss(y, y_hat)": bce_loss(y, y_hat)}.items():
    print(f"{label}:", value)

# TODO: print the symbolic and the numerical gradient at y_hat
### BEGIN SOLUTION
### STUB:
epsilon = 1e-5
print("Symbolic ", bce_loss_grad(y, y_hat))
print("Numerical", (bce_loss(y, y_hat + epsilon / 2) - bce_loss(y, y_hat - epsilon / 2)) / epsilon)
### END SOLUTION

# %% [markdown]
# ### Linear layer
# A linear layer computes $y = xW + b$ from a vector x with N entries, a matrix W of shape N × M and a vector b with M
# entries; y has M entries:
#
# $$y_j = \sum_{i=1}^N x_i W_{ij} + b_j, \qquad j = 1, \dots, M$$
#
# **(l) Derive the gradients** of y with respect to x, W and b, for single entries or in matrix notation: (1 point)

# %% [markdown]
# TODO: Your answer here.
#
# $$\frac{\partial y_j}{\partial x_i} = \text{TODO} \qquad
# \frac{\partial y_j}{\partial W_{ik}} = \text{TODO} \qquad
# \frac{\partial y_j}{\partial b_k} = \text{TODO}$$

# %% [markdown]
# **(m) Given the gradient** $\nabla_y \mathcal{L}$ of the loss with respect to y, what are those with respect to x, W
# and b, by the chain rule? (1 point)

# %% [markdown]
# TODO: Your answer here.
#
# $$\nabla_x \mathcal{L} = $$
#
# $$\nabla_W \mathcal{L} = $$
#
# $$\nabla_b \mathcal{L} = $$

# %% [markdown]
# ## 1.3 Implement a one-layer model (2 points)
# The smallest network has a single output and a sigmoid behind it:
#
# 1. From an input vector x, a weight vector w and a number b comes $\hat{y} = \sigma(h)$ with $h = x \cdot w + b$.
# 2. The BCE compares $\hat{y}$ with the label y.
# 3. The gradient of this loss is led back to x.
#
# In NumPy the product is `x @ w` or `np.dot(x, w)`.
#
# **(a) Complete the model:** (2 points)

# %%
rng = np.random.default_rng(12345)
w, b = rng.normal(size=5), rng.normal()


def fn(x, y):
    """Loss of the prediction for x, shape (5,), when the label is y; and the gradient of this loss at x."""
    ### BEGIN SOLUTION
    ### STUB: # TODO: forward, from x to the loss
    ### STUB: h = 0
    ### STUB: y_hat = 0
    ### STUB: loss = 0
    ### STUB:
    ### STUB: # TODO: backward, from the loss to x
    ### STUB: grad_y_hat = 0
    ### STUB: grad_h = 0
    ### STUB: grad_x = 0
    h = x @ w + b
    y_hat = sigmoid(h)
    loss = bce_loss(y, y_hat)

    grad_y_hat = bce_loss_grad(y, y_hat)
    grad_h = grad_y_hat * sigmoid_grad(h)
    grad_x = grad_h * w
    ### END SOLUTION
    return loss, grad_x


x, y = rng.uniform(size=5), 1

loss, grad_x = fn(x, y)
print("Loss:", loss)
print("Gradient:", grad_x)

assert np.ndim(loss) == 0, "the loss is one number"
assert np.shape(grad_x) == x.shape, "the gradient looks like x"

# %% [markdown]
# **(b) Use finite differences** to test this gradient:

# %%
x, y = np.random.default_rng(12345).uniform(size=5), 1

eps = 1e-5
numerical_grad = np.empty_like(x)
for i, shift in enumerate(eps / 2 * np.eye(x.size)):
    above, below = fn(x + shift, y)[0], fn(x - shift, y)[0]
    numerical_grad[i] = (above - below) / eps

loss, symbolic_grad = fn(x, y)
print("Symbolic: ", symbolic_grad)
print("Numerical:", numerical_grad)

# %% [markdown]
# ## 1.4 Implement a linear layer and the sigmoid and ReLU activation functions (5 points)
# A network is a row of layers, and all layers have the same three methods:
#
# - `forward(x)` gives the output y of the layer;
# - `backward(x, dy)` takes the input once more and the gradient of the loss with respect to y, and gives the gradient
#   with respect to x; a layer with parameters also stores the gradients of these;
# - `step(step_size)` moves the parameters, if there are any, against the gradients that `backward` stored.
#
# The rows of x are samples, so the gradients of the parameters are sums over the rows.
#
# **(a) Implement** `Linear`, the layer $y = xW + b$: (3 points)


# %%
class Linear:
    """A layer with weights W, shape (n_in, n_out), and biases b, shape (n_out,)."""

    def __init__(self, n_in, n_out, rng=None):
        if rng is None:
            rng = np.random.default_rng(12345)
        # Random weights by the course's form of Xavier's rule
        largest = np.sqrt(6 / (n_in * n_out))
        self.W = largest * rng.uniform(-1, 1, (n_in, n_out))
        self.b = np.zeros(n_out)

    def forward(self, x):
        ### BEGIN SOLUTION
        ### STUB: # TODO: the output for the rows of x
        ### STUB: return 0
        return x @ self.W + self.b
        ### END SOLUTION

    def backward(self, x, dy):
        ### BEGIN SOLUTION
        ### STUB: # TODO: the gradients with respect to x, W and b
        ### STUB: dx = 0
        ### STUB: self.dW = 0
        ### STUB: self.db = 0
        dx = dy @ self.W.T
        self.dW = x.T @ dy
        self.db = dy.sum(axis=0)
        ### END SOLUTION
        return dx

    def step(self, step_size):
        ### BEGIN SOLUTION
        ### STUB: # TODO: one step of gradient descent
        ### STUB: self.W = self.W
        ### STUB: self.b = self.b
        self.W = self.W - step_size * self.dW
        self.b = self.b - step_size * self.db
        ### END SOLUTION

    def __str__(self):
        return "Linear {}x{}".format(*self.W.shape)


# Three different lengths: a mix-up of two of them then ends in an error instead of in a wrong number.
rng = np.random.default_rng(12345)
x, layer = rng.uniform(size=(3, 5)), Linear(5, 7, rng=rng)
y = layer.forward(x)
dx = layer.backward(x, np.ones((3, 7)))
print("y:", y, "dx:", dx, sep="\n")
assert np.shape(y) == (3, 7)
assert np.shape(dx) == (3, 5)

# Twice the weights and one more in every bias: y doubles and grows by 1, dx doubles.
layer.W = 2 * layer.W
layer.b = 2 * layer.b + 1
assert np.allclose(layer.forward(x), 2 * y + 1)
assert np.allclose(layer.backward(x, np.ones((3, 7))), 2 * dx)

# %% [markdown]
# **(b) Implement** `Sigmoid`, the layer $y = 1 / (1 + \exp(-x))$: (1 point)


# %%
class Sigmoid:
    """A layer without parameters: the sigmoid of each entry."""

    def forward(self, x):
        ### BEGIN SOLUTION
        return sigmoid(x)
        ### END SOLUTION

    def backward(self, x, dy):
        ### BEGIN SOLUTION
        return dy * sigmoid_grad(x)
        ### END SOLUTION

    def step(self, step_size):
        ### BEGIN SOLUTION
        pass  # nothing to move
        ### END SOLUTION

    def __str__(self):
        return "Sigmoid"


x, layer = np.random.default_rng(12345).normal(size=(3, 5)), Sigmoid()
y = layer.forward(x)
dx = layer.backward(x, np.ones((3, 5)))
print("y:", y, "dx:", dx, sep="\n")
assert np.shape(y) == np.shape(dx) == (3, 5), "y and dx look like x"
assert np.all((y > 0) & (y < 1)), "the sigmoid stays between 0 and 1"

# %% [markdown]
# **(c) Implement** `ReLU`, the layer $y = \max(0, x)$: (1 point)


# %%
class ReLU:
    """A layer without parameters: the ReLU of each entry."""

    def forward(self, x):
        ### BEGIN SOLUTION
        return relu(x)
        ### END SOLUTION

    def backward(self, x, dy):
        ### BEGIN SOLUTION
        return dy * relu_grad(x)
        ### END SOLUTION

    def step(self, step_size):
        ### BEGIN SOLUTION
        pass  # nothing to move
        ### END SOLUTION

    def __str__(self):
        return "ReLU"


x, layer = np.random.default_rng(12345).uniform(-10, 10, size=(3, 5)), ReLU()
y = layer.forward(x)
dx = layer.backward(x, np.ones((3, 5)))
print("y:", y, "dx:", dx, sep="\n")
assert np.shape(y) == np.shape(dx) == (3, 5), "y and dx look like x"

# %% [markdown]
# ### Verify the gradients
# SciPy's `check_grad` compares a gradient with finite differences as you did above. The function below gives it the
# sum of a layer's outputs times random numbers, so that a `backward` that makes nothing of dy is found out.
#
# **(d) Run the code** and see that no error is large:


# %%
def gradient_error(at, output, gradient, shape):
    """How far `gradient(dy)` is from the finite differences of `sum(output() * dy)`, as the array `at` changes."""
    dy = np.random.default_rng(12345).uniform(1, 2, size=shape)
    start = at.copy()

    def put(values):
        at[...] = values.reshape(at.shape)

    def value(values):
        put(values)
        return np.sum(output() * dy)

    def slope(values):
        put(values)
        return np.ravel(gradient(dy))

    error = scipy.optimize.check_grad(value, slope, start.ravel())
    put(start)
    return error


def gradient_of(name):
    """The gradient of the parameter W or b of the layer at hand."""

    def gradient(dy):
        layer.backward(x, dy)
        return getattr(layer, "d" + name)

    return gradient


rng = np.random.default_rng(12345)
layer = Linear(5, 7, rng)
x = rng.uniform(-1, 1, size=(3, 5))

err = gradient_error(x, lambda: layer.forward(x), lambda dy: layer.backward(x, dy), (3, 7))
print("err on dx:", err)
assert err < 1e-5, "the gradient of Linear with respect to x is wrong"
err = gradient_error(layer.W, lambda: layer.forward(x), gradient_of("W"), (3, 7))
print("err on dW:", err)
assert err < 1e-5, "the gradient of Linear with respect to W is wrong"
err = gradient_error(layer.b, lambda: layer.forward(x), gradient_of("b"), (3, 7))
print("err on db:", err)
assert err < 1e-5, "the gradient of Linear with respect to b is wrong"

# %%
layer = Sigmoid()
x = np.random.default_rng(12345).uniform(-5, 5, size=7)
err = gradient_error(x, lambda: layer.forward(x), lambda dy: layer.backward(x, dy), 7)
print("err on dx:", err)
assert err < 1e-5, "the gradient of Sigmoid is wrong"

# %%
layer = ReLU()
x = np.random.default_rng(12345).uniform(1, 10, size=8) * np.array([1, -1] * 4)
err = gradient_error(x, lambda: layer.forward(x), lambda dy: layer.backward(x, dy), 8)
print("err on dx:", err)
assert err < 1e-5, "the gradient of ReLU is wrong"

# %% [markdown]
# ## 1.5 Construct a neural network with back-propagation
# `Net` holds a row of layers:
#
# 1. `forward` sends a batch through them and keeps, as the trace, what went into each of them.
# 2. `backward` goes back along the trace and hands every layer its input and the gradient of its output.
# 3. `step` lets every layer move its parameters.
#
# **(a) Read the code** below:


# %%
class Net:
    """A row of layers that works as one."""

    def __init__(self, layers):
        self.layers = list(layers)

    def forward(self, x):
        """The last layer's output, and the trace: each layer with its input."""
        passed = [x]
        for each in self.layers:
            passed.append(each.forward(passed[-1]))
        return passed[-1], list(zip(self.layers, passed, strict=False))

    def backward(self, trace, dy):
        """Let every layer compute its gradients; dy belongs to the output of the last."""
        for each, entered in reversed(trace):
            dy = each.backward(entered, dy)

    def step(self, learning_rate):
        """Let every layer move."""
        for each in self.layers:
            each.step(learning_rate)

    def __str__(self):
        return "\n".join(map(str, self.layers))


# %% [markdown]
# ## 1.6 Training the network (10 points)
# The data are 1797 handwritten digits of 8×8 pixels, one row of 64 numbers each. The network has to tell the digits
# from 0 to 4, which get the label 1, from those from 5 to 9, which get the label 0.

# %%
dataset = sklearn.datasets.load_digits()
digits_x = dataset["data"].copy()
digits_y = np.where(dataset["target"] < 5, 1.0, 0.0)

# the first ten, side by side
plt.figure(figsize=(10, 2))
plt.imshow(digits_x[:10].reshape(10, 8, 8).transpose(1, 0, 2).reshape(8, 80), cmap="gray")
plt.axis("off")

# all pixels together get mean 0 and standard deviation 1
digits_x = (digits_x - digits_x.mean()) / digits_x.std()

print("shapes:", digits_x.shape, digits_y.shape)
print("pixels from", digits_x.min(), "to", digits_x.max())
print("labels:", *np.unique(digits_y))

# %% [markdown]
# One half is for training, the other half for testing.

# %%
train_prop = 0.5
n_train = int(train_prop * len(digits_x))

rng = np.random.default_rng(12345)
idxs = rng.permutation(len(digits_x))
parts = {"train": idxs[:n_train], "test": idxs[n_train:]}

x = {phase: digits_x[part] for phase, part in parts.items()}
y = {phase: digits_y[part] for phase, part in parts.items()}
for phase, part in parts.items():
    print(len(part), "samples to", phase)

# %% [markdown]
# `fit` trains a network. In every epoch it goes through the training samples in minibatches, with one step of gradient
# descent after each, then through the test samples without a step, and prints the mean loss and accuracy of both. The
# gradient of a minibatch is the sum over its samples. Samples at the end that do not fill a minibatch are left out. At
# the end it draws the learning curves.
#
# **(a) Read the code:**


# %%
def fit(net, x, y, epochs=25, learning_rate=0.001, mb_size=10):
    """Train `net` on x["train"] and y["train"], and draw loss and accuracy on both parts of the data."""
    history = {(what, phase): [] for what in ("BCE loss", "Accuracy") for phase in ("train", "test")}

    for epoch in range(epochs):
        for phase in ("train", "test"):
            losses, hits = [], []
            for start in range(0, len(x[phase]) - mb_size + 1, mb_size):
                batch = slice(start, start + mb_size)
                target = y[phase][batch].reshape(-1, 1)
                output, trace = net.forward(x[phase][batch])
                losses.append(np.mean(bce_loss(target, output)))
                hits.append(np.mean((output > 0.5) == (target > 0.5)))
                if phase == "train":
                    net.backward(trace, bce_loss_grad(target, output))
                    net.step(learning_rate)
            history["BCE loss", phase].append(np.mean(losses))
            history["Accuracy", phase].append(np.mean(hits))
        line = " ".join(f"{what} ({phase}) {values[-1]:7.4f}" for (what, phase), values in history.items())
        print(f"Epoch {epoch:3d}: {line}")

    plt.figure(figsize=(20, 5))
    for place, what in enumerate(("BCE loss", "Accuracy"), start=1):
        ax = plt.subplot(1, 2, place)
        for phase in ("train", "test"):
            ax.plot(history[what, phase], label=phase)
        ax.set(title=what, xlabel="Epoch")
        ax.legend()


# %% [markdown]
# The first network leads from 64 inputs to 32 hidden units with ReLU, and from these to one output with a sigmoid.
#
# **(b) Train the network** and change the hyperparameters until the result is good: (1 point)

# %%
rng = np.random.default_rng(12345)
net = Net([Linear(64, 32, rng=rng), ReLU(), Linear(32, 1, rng=rng), Sigmoid()])

# TODO: better hyperparameters; add cells below for others that you want to keep
### BEGIN SOLUTION
### STUB: fit(net, x, y, epochs=25, learning_rate=0, mb_size=10)
fit(net, x, y, epochs=15, learning_rate=0.01, mb_size=20)
### END SOLUTION

# %% [markdown]
# **(c) How did each** hyperparameter (epochs, learning rate, size of the minibatches) change the result, and how much
# depends on getting it right? (3 points)

# %% [markdown]
# TODO: Your answer here.

# %% [markdown]
# **(d) Create and train** the smallest one, a single linear layer and a sigmoid: (1 point)
#
#     net = Net([Linear(...), Sigmoid()])

# %%
# TODO: Your code here.
### BEGIN SOLUTION
### STUB:
rng = np.random.default_rng(12345)
net = Net([Linear(64, 1, rng=rng), Sigmoid()])
fit(net, x, y, epochs=15, learning_rate=0.01, mb_size=20)
### END SOLUTION

# %% [markdown]
# **(e) Discuss your results** beside those of the first network. (1 point)

# %% [markdown]
# TODO: Your answer here.

# %% [markdown]
# **(f) Repeat the experiment** with two linear layers and one sigmoid, `[Linear, Linear, Sigmoid]`: (1 point)

# %%
# TODO: Your code here.
### BEGIN SOLUTION
### STUB:
rng = np.random.default_rng(12345)
net = Net([Linear(64, 32, rng=rng), Linear(32, 1, rng=rng), Sigmoid()])
fit(net, x, y, epochs=15, learning_rate=0.01, mb_size=20)
### END SOLUTION

# %% [markdown]
# **(g) How does the performance** compare, what explains it, and what do activation functions do in a network?
# (1 point)

# %% [markdown]
# TODO: Your answer here.

# %% [markdown]
# **(h) One way to improve** may be more layers. Train a deeper network, with four linear layers for instance, and see
# whether it beats the others: (1 point)

# %%
# TODO: Your code here.
### BEGIN SOLUTION
### STUB:
rng = np.random.default_rng(12345)
net = Net(
    [
        *(Linear(64, 32, rng=rng), ReLU()),
        *(Linear(32, 32, rng=rng), ReLU()),
        *(Linear(32, 16, rng=rng), ReLU()),
        *(Linear(16, 1, rng=rng), Sigmoid()),
    ]
)
fit(net, x, y, epochs=15, learning_rate=0.01, mb_size=20)
### END SOLUTION

# %% [markdown]
# **(i) Discuss your findings.** Did any network classify everything right? What do the learning curves tell? (1 point)

# %% [markdown]
# TODO: Your answer here.

# %% [markdown]
# ## 1.7 Final questions (6 points)
# **(a) What is the influence** that a learning rate has? Say what a very small and a very large one do. (2 points)

# %% [markdown]
# TODO: Your answer here.

# %% [markdown]
# **(b) What is the role** that minibatches of a certain size play in SGD? What is bad about very small and very large
# ones? (2 points)

# %% [markdown]
# TODO: Your answer here.

# %% [markdown]
# **(c) In the linear layer** W starts from random numbers and b from zeros. What would a W of zeros lead to, and why
# may b be zero? (2 points)

# %% [markdown]
# TODO: Your answer here.

# %% [markdown]
# ## The end
# That was all. Go once more through the list at the top before you hand in.
