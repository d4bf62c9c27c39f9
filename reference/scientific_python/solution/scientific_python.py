# %% [markdown]
# # Scientific Python: five small algorithms
#
# Each function below is a few lines of NumPy once the algorithm is clear. Do not call a routine that does the whole
# task (`np.linalg.qr`, `np.linalg.solve`, `np.fft`): write it.

# %%
import matplotlib.pyplot as plt
import numpy as np

# %% [markdown]
# ## 1 QR factorisation
#
# Factor `a` of shape (m, n), m >= n, of full rank: `q` of shape (m, n) has orthonormal columns, `r` of shape (n, n) is
# upper triangular with a *positive* diagonal, `q @ r` is `a`, and `a` stays as it is. The columns may be nearly
# parallel: one pass of Gram-Schmidt loses their orthogonality. Two or more passes keep it (`r` is then the product of
# their factors), and so do Householder's reflections and Givens' rotations; take which you like.


# %%
def qr(a):
    """Factors (q, r)."""
    ### BEGIN SOLUTION
    q = np.array(a, dtype=float)
    n = q.shape[1]
    r = np.zeros((n, n))
    for _ in range(2):
        step = np.eye(n)
        for j in range(n):
            step[j, j] = np.sqrt(q[:, j] @ q[:, j])
            q[:, j] /= step[j, j]
            step[j, j + 1 :] = q[:, j] @ q[:, j + 1 :]
            q[:, j + 1 :] -= np.outer(q[:, j], step[j, j + 1 :])
        r = step if not r.any() else step @ r
    return q, r
    ### END SOLUTION


# %%
q, r = qr(np.array([[1.0, 2.0], [2.0, 1.0], [2.0, 3.0]]))
print(np.round(q.T @ q, 12), np.round(r, 6))

# %% [markdown]
# ## 2 Conjugate gradients
#
# `product(v)` gives A v for a symmetric positive definite A that you never see as a matrix. Start at x = 0 and take
# `steps` steps; stop before only if the residual is exactly 0, not where it is small. Each step calls `product` once.


# %%
def conjugate_gradients(product, b, steps):
    """The last x, and the norms of the residuals b - A x, the first before any step."""
    ### BEGIN SOLUTION
    x = np.zeros(len(b))
    residual = np.array(b, dtype=float)
    direction = residual.copy()
    squares = residual @ residual
    norms = [np.sqrt(squares)]
    for _ in range(steps):
        if squares == 0:
            break
        image = product(direction)
        length = squares / (direction @ image)
        x = x + length * direction
        residual = residual - length * image
        before, squares = squares, residual @ residual
        direction = residual + squares / before * direction
        norms.append(np.sqrt(squares))
    return x, np.array(norms)
    ### END SOLUTION


# %%
x, norms = conjugate_gradients(lambda v: np.array([4.0, 1.0, 0.5]) * v, np.ones(3), 3)
print(x, norms)

# %% [markdown]
# ## 3 The classical Runge-Kutta method
#
# Solve y' = f(t, y) from `y0` at `times[0]`; one step of order four from each time to the next. The times need not be
# evenly spaced.


# %%
def rk4(f, y0, times):
    """Values at all times, shape (len(times), len(y0)); the first row is y0."""
    ### BEGIN SOLUTION
    values = [np.array(y0, dtype=float)]
    for i in range(len(times) - 1):
        t, after = times[i], times[i + 1]
        h, y = after - t, values[-1]
        k1 = f(t, y)
        k2 = f(t + h / 2, y + h / 2 * k1)
        k3 = f(t + h / 2, y + h / 2 * k2)
        k4 = f(after, y + h * k3)
        values.append(y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4))
    return np.array(values)
    ### END SOLUTION


# %%
turn = rk4(lambda t, y: np.array([y[1], -y[0]]), [1.0, 0.0], np.linspace(0, 2 * np.pi, 41))
print(turn[-1])

# %% [markdown]
# ## 4 The fast Fourier transform
#
# `x` has a length that is a power of 2; entry k of the result is the sum over n of x[n] exp(-2 pi i k n / N). Split
# into even and odd entries: 2^15 entries take a blink, where the sum as it stands takes minutes.


# %%
def fft(x):
    """Transform of a real or complex array, complex."""
    ### BEGIN SOLUTION
    x = np.asarray(x, dtype=complex)
    if len(x) == 1:
        return x
    even, odd = fft(x[::2]), fft(x[1::2])
    turned = np.exp(-2j * np.pi * np.arange(len(odd)) / len(x)) * odd
    return np.concatenate([even + turned, even - turned])
    ### END SOLUTION


# %%
print(np.round(fft(np.array([1.0, 2.0, 0.0, -1.0])), 6))

# %% [markdown]
# ## 5 Sampling
#
# Draw `count` points that are spread evenly over the disc of radius 1 around 0. Use only the generator that is handed
# in.


# %%
def disc(rng, count):
    """Points of shape (count, 2)."""
    ### BEGIN SOLUTION
    radius = np.sqrt(rng.random(count))
    angle = 2 * np.pi * rng.random(count)
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    ### END SOLUTION


# %%
points = disc(np.random.default_rng(0), 1000)
print(points.mean(axis=0))

# %% [markdown]
# ## 6 The order of the method
#
# Show in one figure that the error of `rk4` falls with the fourth power of the step: logarithmic axes, both labelled,
# and a line of slope 4 beside the errors.

# %%
### BEGIN SOLUTION
counts = np.array([10, 20, 40, 80, 160])
errors = []
for count in counts:
    last = rk4(lambda t, y: np.array([y[1], -y[0]]), [1.0, 0.0], np.linspace(0, 1, count + 1))[-1]
    errors.append(np.hypot(last[0] - np.cos(1), last[1] + np.sin(1)))
plt.loglog(1 / counts, errors, "o", label="rk4")
plt.loglog(1 / counts, errors[0] * (counts[0] / counts) ** 4.0, label="slope 4")
plt.xlabel("step")
plt.ylabel("error at t = 1")
plt.legend()
### END SOLUTION

# %% [markdown]
# ## 7 The order in numbers
#
# From steps h and errors e of a method: a table with a row for each step, one line of text about it, and a figure of
# it. Between two rows the order is log(e[i - 1] / e[i]) / log(h[i - 1] / h[i]); the first row has none.


# %%
def order_table(steps, errors):
    """A list of dictionaries, one for each step: "step", "error", and "order", which is None in the first."""
    ### BEGIN SOLUTION
    rows = []
    for i, (h, e) in enumerate(zip(steps, errors, strict=True)):
        order = None if i == 0 else np.log(errors[i - 1] / e) / np.log(steps[i - 1] / h)
        rows.append({"step": h, "error": e, "order": order})
    return rows
    ### END SOLUTION


def order_text(table):
    """The text "order P after N rows": P is the median of the orders with one decimal, N the number of rows."""
    ### BEGIN SOLUTION
    orders = [row["order"] for row in table if row["order"] is not None]
    return f"order {np.median(orders):.1f} after {len(table)} rows"
    ### END SOLUTION


def draw_table(table):
    """A new figure: the errors over the steps, on two logarithmic axes that are both labelled."""
    ### BEGIN SOLUTION
    figure, axes = plt.subplots()
    axes.loglog([row["step"] for row in table], [row["error"] for row in table], "o-")
    axes.set_xlabel("step")
    axes.set_ylabel("error")
    return figure
    ### END SOLUTION


# %%
table = order_table([0.4, 0.2, 0.1], [2e-3, 1.3e-4, 8e-6])
print(order_text(table))
draw_table(table)
