# %% [markdown]
# # A small network

# %%
import matplotlib.pyplot as plt
import numpy as np

# %% [markdown]
# ## Part 1: Affine layer, forward


# %%
def affine_forward(x, w, b):
    ### BEGIN SOLUTION
    return x @ w + b
    ### END SOLUTION


# %% [markdown]
# ## Part 2: Affine layer, backward


# %%
def affine_backward(d_out, x, w):
    ### BEGIN SOLUTION
    return d_out @ w.T, x.T @ d_out, d_out.sum(axis=0)
    ### END SOLUTION


# %% [markdown]
# ## Part 3: Training


# %%
def train(x, y, w1, b1, w2, b2, epochs, rate):
    """Losses of a two-layer network with ReLU, mean squared error and gradient descent."""
    ### BEGIN SOLUTION
    losses = []
    for _ in range(epochs):
        z = affine_forward(x, w1, b1)
        h = np.maximum(z, 0)
        out = affine_forward(h, w2, b2)
        losses.append(np.mean((out - y) ** 2))
        d_out = 2 * (out - y) / out.size
        d_h, d_w2, d_b2 = affine_backward(d_out, h, w2)
        _, d_w1, d_b1 = affine_backward(d_h * (z > 0), x, w1)
        w1, b1 = w1 - rate * d_w1, b1 - rate * d_b1
        w2, b2 = w2 - rate * d_w2, b2 - rate * d_b2
    return np.array(losses)
    ### END SOLUTION


# %%
rng = np.random.default_rng(0)
x, y = rng.normal(size=(64, 10)), rng.normal(size=(64, 3))
w1, w2 = 0.3 * rng.normal(size=(10, 32)), 0.3 * rng.normal(size=(32, 3))
losses = train(x, y, w1, np.zeros(32), w2, np.zeros(3), 1000, 0.05)
plt.plot(losses)
plt.xlabel("epoch")
plt.ylabel("loss")
plt.show()
