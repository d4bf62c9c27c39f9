# %% [markdown]
# # What a network gets right
#
# The second notebook of two. It takes your layers from `layers/` and is run by itself: nothing of the first notebook is
# here. Its network is not trained. Its filters are written by hand, so that there is something to measure before part 5
# of the first notebook is done.

# %%
import numpy as np
from layers.conv import Conv2d
from layers.dense import Dense, Flatten, ReLU
from layers.norm import BatchNorm2d
from layers.pool import MaxPool2d

# %% [markdown]
# ## 7 Predicted classes
#
# `predict` gives each image the class whose output is the largest. Nothing is trained here: a batch normalisation uses
# its running estimates, which stay as they are.


# %%
def predict(layers, images):
    """The class of each image, an integer array of shape (N,)."""
    ### BEGIN SOLUTION
    x = images
    for layer in layers:
        x = layer.forward(x, training=False) if isinstance(layer, BatchNorm2d) else layer.forward(x)
    return x.argmax(axis=1)
    ### END SOLUTION


# %% [markdown]
# ## 8 Which class is taken for which
#
# Entry [i, j] of the matrix is the number of images of class i that were given class j.


# %%
def confusion(labels, predicted, classes):
    """The matrix, an integer array of shape (classes, classes)."""
    ### BEGIN SOLUTION
    matrix = np.zeros((classes, classes), dtype=int)
    for label, guess in zip(labels, predicted, strict=True):
        matrix[label, guess] += 1
    return matrix
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


across = np.array([[-1, -1, -1], [2, 2, 2], [-1, -1, -1]]) / 6
norm = BatchNorm2d(2)
network = [
    Conv2d(np.stack([across, across.T])[:, None], np.zeros(2), pad=1),
    norm,
    ReLU(),
    MaxPool2d(8),
    Flatten(),
    Dense(np.eye(2), np.zeros(2)),
]
rng = np.random.default_rng(2)
for _ in range(50):  # the running estimates settle
    norm.forward(network[0].forward(bars(rng, 40)[0]))
images, labels = bars(rng, 200)
print(confusion(labels, predict(network, images), 2))

# %%
vertical = images[labels == 1]
print("right, by the running estimates:", (predict(network, vertical) == 1).mean())
x = vertical
for layer in network:
    x = layer.forward(x)  # as in training
print("right, by the statistics of the batch:", (x.argmax(axis=1) == 1).mean())

# %% [markdown]
# ## 9 Statistics of the batch
#
# The last cell gives the network vertical bars alone, once by the running estimates and once by the statistics of that
# batch. Why may an image's class change with the images that it comes with in the second way, and why is that no harm
# in training, where batches are drawn at random? Three or four sentences.

# %% [markdown]
# *Your answer here.*
