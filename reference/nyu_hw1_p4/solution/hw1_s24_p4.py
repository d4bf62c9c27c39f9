# %% [markdown]
# # A neural network in plain NumPy
#
# You train a network on handwritten digits with nothing but NumPy: no TensorFlow, no PyTorch, no automatic
# differentiation. You work out every gradient yourself.
#
# The data are MNIST's images of 28 × 28 pixels, values 0 to 255, used as they are or divided by 255.

# %%
import matplotlib.pyplot as plt
import tensorflow as tf

(x_train, y_train), (x_test, y_test) = tf.keras.datasets.mnist.load_data(path="mnist.npz")

plt.imshow(x_train[0], cmap="gray")

# %% [markdown]
# That was all that TensorFlow is for. The next cell is given: the activations, the loss and one-hot vectors.

# %%
import numpy as np


def sigmoid(x):
    """1 / (1 + exp(-x)), written so that exp never overflows."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + small), small / (1 + small))


def dsigmoid(x):
    """Derivative of `sigmoid` at x."""
    return sigmoid(x) * (1 - sigmoid(x))


def softmax(x):
    """Probabilities for the scores of one sample; the largest is taken off first, so that exp never overflows."""
    powers = np.exp(x - np.max(x))
    return powers / np.sum(powers)


def cross_entropy_loss(y, yHat):
    """Loss of the probabilities yHat where the truth is the one-hot vector y."""
    return -np.sum(y * np.log(yHat))


def integer_to_one_hot(x, max: int = 10):
    """A vector of `max` zeros with a one at position x."""
    one_hot = np.zeros(max)
    one_hot[x] = 1
    return one_hot


# %% [markdown]
# ## Q1. Initialisation
# The network has two hidden layers of 32 neurons: 784 -> 32 -> 32 -> 10. Put the three weight matrices into a list
# `weights` and the three bias vectors into a list `biases`. Draw each matrix from a normal distribution with mean 0
# and variance 1 / max(n_in, n_out).

# %%
from numpy.random import default_rng

rng = default_rng(80085)

### BEGIN SOLUTION
### STUB: # Q1: fill both lists, three arrays each
### STUB: weights = []
### STUB: biases = []
sizes = [784, 32, 32, 10]
weights = []
biases = []
for layer in range(3):  # equivalent: range(6) raises only when both lists hold all three
    n_in, n_out = sizes[layer], sizes[layer + 1]
    weights.append(rng.normal(0, 1 / np.sqrt(max(n_in, n_out)), size=(n_in, n_out)))
    biases.append(np.zeros(n_out))
### END SOLUTION

# %% [markdown]
# ## Q2. Forward pass
# Sigmoids in the hidden layers, softmax at the end. Write the pass for one sample and then for a whole data set.
#
# The weights are still random: the accuracy that the last line prints should be that of guessing, about one in ten.


# %%
def feed_forward_sample(sample, y):
    """Send one image through the network.

    Parameters
    ----------
    sample : array, shape (784,)
        Its pixels.
    y : int
        Its label, 0 to 9.

    Returns
    -------
    loss : float
        The cross-entropy.
    one_hot_guess : array, shape (10,)
        A one at the most likely class.
    """
    ### BEGIN SOLUTION
    out = sample
    for layer in range(2):
        out = sigmoid(out @ weights[layer] + biases[layer])
    probabilities = softmax(out @ weights[2] + biases[2])
    loss = cross_entropy_loss(integer_to_one_hot(y), probabilities)
    one_hot_guess = integer_to_one_hot(np.argmax(probabilities))
    ### END SOLUTION
    return loss, one_hot_guess


def feed_forward_dataset(x, y):
    """Print the average loss and the accuracy for images x, shape (N, 28, 28), with labels y, shape (N,)."""
    losses = np.empty(len(x))
    one_hot_guesses = np.empty((len(x), 10))

    # Fill both, sample by sample
    ### BEGIN SOLUTION
    for i in range(len(x)):
        losses[i], one_hot_guesses[i] = feed_forward_sample(x[i].flatten(), y[i])
    ### END SOLUTION

    correct_guesses = one_hot_guesses[np.arange(len(y)), y].sum()

    print("\nAverage loss:", np.round(np.mean(losses), decimals=2))
    print(f"Correct guesses: {correct_guesses} of {len(y)} ({100 * correct_guesses / len(y):.2f} %)")


def feed_forward_training_data():
    print("All training data:")
    feed_forward_dataset(x_train, y_train)


def feed_forward_test_data():
    print("All test data:")
    feed_forward_dataset(x_test, y_test)


feed_forward_test_data()

# %% [markdown]
# ## Q3. Backward pass
# Train on one sample at a time. Repeat the forward pass, then go backwards through the layers to the gradient of the
# loss with respect to every weight and every bias, and only then move them all.


# %%
def train_one_sample(sample, y, learning_rate=0.003):
    """Move all weights and biases once against the gradient of one sample's loss.

    Parameters
    ----------
    sample : array, shape (28, 28)
        The image.
    y : int
        Its label, 0 to 9.
    learning_rate : float
        Each array changes by this times its gradient.

    Returns
    -------
    loss : float
        From before the move.
    """
    a = sample.flatten()

    # Forward, keeping what the way back needs
    ### BEGIN SOLUTION
    before, activations = [], [a]
    for layer in range(3):
        before.append(activations[layer] @ weights[layer] + biases[layer])
        activations.append(softmax(before[layer]) if layer == 2 else sigmoid(before[layer]))
    one_hot_label = integer_to_one_hot(y)
    loss = cross_entropy_loss(one_hot_label, activations[-1])
    ### END SOLUTION

    # Backward: two lists of gradients, first layer first
    ### BEGIN SOLUTION
    weight_gradients, bias_gradients = [], []
    delta = activations[-1] - one_hot_label
    for layer in (2, 1, 0):
        weight_gradients.insert(0, np.outer(activations[layer], delta))
        bias_gradients.insert(0, delta)
        if layer > 0:
            delta = (weights[layer] @ delta) * dsigmoid(before[layer - 1])
    ### END SOLUTION

    # Move every array
    ### BEGIN SOLUTION
    for layer in range(3):
        weights[layer] -= learning_rate * weight_gradients[layer]
        biases[layer] -= learning_rate * bias_gradients[layer]
    ### END SOLUTION

    return loss


# %% [markdown]
# ## Q4. Training
# Go three times through the training data. If everything is right, the accuracy climbs from about 10 % to about 70 %.


# %%
def train_one_epoch(learning_rate=0.003):
    """Train on every sample of the training set once."""
    print("Training for one epoch ...")

    ### BEGIN SOLUTION
    for i in range(len(x_train)):
        train_one_sample(x_train[i], y_train[i], learning_rate)
    ### END SOLUTION

    print("Finished.\n")


feed_forward_test_data()


def test_and_train():
    train_one_epoch()
    feed_forward_test_data()


for _ in range(3):
    test_and_train()
