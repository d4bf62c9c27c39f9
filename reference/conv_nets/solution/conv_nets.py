# %% [markdown]
# # Convolutional networks from their layers
#
# You write a convolution, max pooling and batch normalisation in the modules below `layers/`, and train a small
# network of them in this notebook. It learns whether an image holds a horizontal or a vertical bar.
#
# Images have shape (N, C, H, W): N images of C channels, each H rows by W columns. NumPy is all you need.

# %%
import matplotlib.pyplot as plt
import numpy as np
from layers.conv import Conv2d
from layers.dense import Dense, Flatten, ReLU, softmax_cross_entropy
from layers.norm import BatchNorm2d
from layers.pool import MaxPool2d

# %% [markdown]
# ## 1 Size of the output
#
# How many windows of `kernel` entries fit into a row of `n` entries with `pad` zeros on both ends, `stride` entries
# from one to the next?


# %%
def output_size(n, kernel, stride=1, pad=0):
    """Number of windows, an integer; 0 where not one fits."""
    ### BEGIN SOLUTION
    return max(0, (n + 2 * pad - kernel) // stride + 1)
    ### END SOLUTION


# %%
print([output_size(7, 3), output_size(7, 3, stride=2), output_size(7, 3, stride=2, pad=1), output_size(2, 3)])

# %% [markdown]
# ## 2 Convolution
#
# Write `Conv2d` in `layers/conv.py`: (2a) `forward`, (2b) `backward`. Restart the kernel after a change of a module.

# %%
rng = np.random.default_rng(0)
images = rng.normal(size=(2, 3, 7, 6))
layer = Conv2d(rng.normal(size=(4, 3, 3, 2)), rng.normal(size=4), stride=2, pad=1)
out = layer.forward(images)
print(out.shape, layer.backward(np.ones_like(out)).shape)

# %% [markdown]
# ## 3 Max pooling
#
# Write `MaxPool2d` in `layers/pool.py`.

# %%
pool = MaxPool2d(2)
print(pool.forward(images).shape)

# %% [markdown]
# ## 4 Batch normalisation
#
# Write `BatchNorm2d` in `layers/norm.py`: (4a) `forward` in training, (4b) `forward` after it, (4c) `backward`.

# %%
norm = BatchNorm2d(3)
print(norm.forward(5 + 2 * images).std(axis=(0, 2, 3)))

# %% [markdown]
# ## 5 Training
#
# `layers` is a list. `train` takes `epochs` steps of gradient descent on all images at once: forward through the
# layers, the loss and its gradient by `softmax_cross_entropy`, backward through the layers, and then for each layer
# that has them `weight -= rate * d_weight` and `bias -= rate * d_bias`, in a batch normalisation `gamma` and `beta`.


# %%
def train(layers, images, labels, epochs, rate):
    """Train the layers that are handed in; returns the list of losses, each from before its step."""
    ### BEGIN SOLUTION
    losses = []
    for _ in range(epochs):
        x = images
        for layer in layers:
            x = layer.forward(x)
        loss, grad = softmax_cross_entropy(x, labels)
        losses.append(loss)
        for layer in reversed(layers):
            grad = layer.backward(grad)
        for layer in layers:
            for name in ("weight", "bias", "gamma", "beta"):
                if hasattr(layer, name):
                    setattr(layer, name, getattr(layer, name) - rate * getattr(layer, f"d_{name}"))
    return losses
    ### END SOLUTION


# %%
def bars(rng, count, side=8):
    """Images of one bar with noise, and whether it is vertical."""
    images = 0.3 * rng.normal(size=(count, 1, side, side))
    labels = rng.integers(2, size=count)
    for image, vertical in zip(images, labels, strict=True):
        at = rng.integers(1, side - 1)
        if vertical:
            image[0, :, at] += 1
        else:
            image[0, at] += 1
    return images, labels


rng = np.random.default_rng(1)
images, labels = bars(rng, 60)
conv = Conv2d(0.3 * rng.normal(size=(6, 1, 3, 3)), np.zeros(6), pad=1)
network = [
    conv,
    BatchNorm2d(6),
    ReLU(),
    MaxPool2d(4),
    Flatten(),
    Dense(0.1 * rng.normal(size=(24, 2)), np.zeros(2)),
]
losses = train(network, images, labels, epochs=60, rate=0.2)
print(losses[0], losses[-1])

# %% [markdown]
# ## 6 What the filters see
#
# Draw the six trained filters `conv.weight[:, 0]` as images with one common colour scale, and say in the title of the
# figure what they respond to.

# %%
### BEGIN SOLUTION
largest = abs(conv.weight).max()
figure, axes = plt.subplots(1, 6, figsize=(9, 2))
for filter, ax in zip(conv.weight[:, 0], axes, strict=True):
    shown = ax.imshow(filter, vmin=-largest, vmax=largest, cmap="RdBu")
    ax.axis("off")
figure.colorbar(shown, ax=list(axes))
figure.suptitle("Each filter responds to lines in one direction")
### END SOLUTION
