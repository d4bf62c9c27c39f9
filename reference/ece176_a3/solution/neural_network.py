# %% [markdown]
# # ECE176 Assignment 3: Neural Network in NumPy
#
# You write the layers of a small network by hand and train it on ten made-up points. The code goes into four files
# of the folder `layers`; this notebook only calls it:
#
# | file | what you write |
# |---|---|
# | `linear.py` | `Linear.forward`, `Linear.backward` |
# | `relu.py` | `ReLU.forward`, `ReLU.backward` |
# | `softmax.py` | `Softmax.forward` |
# | `loss_func.py` | `CrossEntropyLoss.forward`, `CrossEntropyLoss.backward` |
#
# Everything else is provided. Hand in this notebook, with its outputs, together with the four files.

# %%
import matplotlib.pyplot as plt
import numpy as np

# %matplotlib inline
plt.rcParams["figure.figsize"] = (10, 8)

# %% [markdown]
# With `autoreload`, an edit in one of the files counts as soon as you run the next cell.

# %%
from layers.linear import Linear
from layers.loss_func import CrossEntropyLoss
from layers.relu import ReLU
from layers.sequential import Sequential
from layers.softmax import Softmax
from utils.optimizer import SGD

# %load_ext autoreload
# %autoreload 2

# %% [markdown]
# `Sequential` (see `layers/sequential.py`) chains layers to a network. The next cell makes the network and the data
# of this assignment. It seeds the random numbers, so your results can be compared with printed ones.

# %%
input_size, hidden_size, num_classes = 4, 10, 3
num_inputs = 10


def init_toy_model():
    """Linear, ReLU, Linear, Softmax with small random weights."""
    np.random.seed(0)
    first = Linear(input_size, hidden_size)
    second = Linear(hidden_size, num_classes)
    return Sequential([first, ReLU(), second, Softmax()])


def init_toy_data():
    """Ten points in four dimensions, and a class from 0 to 2 for each."""
    np.random.seed(0)
    points = 10 * np.random.randn(num_inputs, input_size)
    return points, np.random.randint(num_classes, size=num_inputs)


net = init_toy_model()
X, y = init_toy_data()

# %% [markdown]
# ### Forward Pass: Compute Scores (20%)
#
# Write `forward` of `Linear`, `ReLU` and `Softmax`. The scores of the toy data must be the printed ones: the
# difference, added up over all entries, is less than 1e-7.

# %%
scores = net.forward(X)
print("scores\n", scores)

# The right answer to eight decimals, class by class
columns = [
    [33333514, 33333510, 33333510, 33333510, 33333509, 33333508, 33333511, 33333512, 33333508, 33333511],
    [33333826, 33333828, 33333828, 33333828, 33333829, 33333829, 33333828, 33333827, 33333829, 33333828],
    [33332661, 33332661, 33332662, 33332662, 33332662, 33332662, 33332661, 33332661, 33332662, 33332662],
]
correct_scores = np.transpose(columns) / 1e8
print("should be\n", correct_scores)
print("difference", np.abs(scores - correct_scores).sum())

# %% [markdown]
# ### Forward Pass: Compute Loss (10%)
#
# Write `CrossEntropyLoss.forward`. It gets the scores from above and the labels. The difference to the printed loss
# is less than 1e-12.

# %%
Loss = CrossEntropyLoss()
loss = Loss.forward(scores, y)
correct_loss = 1.098612723362578
print("loss", loss)
print("difference", abs(loss - correct_loss))

# %% [markdown]
# ### Backward Pass (40%)
#
# Write `backward` of `Linear`, `ReLU` and `CrossEntropyLoss`. `Sequential` hands the gradient from layer to layer,
# last layer first: each `backward` multiplies the gradient that it receives, `dout`, by its own derivative.
# `Softmax.backward` is given and passes on what it gets, because `CrossEntropyLoss.backward` returns the derivative
# of softmax and cross-entropy together.
#
# The next cell (20% of the 40%) looks at whether the four gradients are there and have the shapes of their
# parameters: (4, 10), (10,), (10, 3) and (3,).

# %%
net.backward(Loss.backward())

gradients = []
for module in net._modules:
    for parameter, gradient in zip(module.parameters, module.grads, strict=True):
        assert gradient is not None, f"{type(module).__name__} has no gradient yet"
        print(parameter.shape, gradient.shape)
        gradients.append(gradient)

# %% [markdown]
# The other 20% are for their values: the differences, added up over all four arrays, come to less than 1e-8.


# %%
def numbers(text):
    """The printed numbers of a text as a flat array."""
    return np.array(text.split(), dtype=float)


grad_w1 = numbers("""
    -6.24320917e-05  3.41037180e-06 -1.69125969e-05  2.41514079e-05  3.88697976e-06
     7.63842314e-05 -8.88925758e-05  3.34909890e-05 -1.42758303e-05 -4.74748560e-06
    -7.16182867e-05  4.63270039e-06 -2.20344270e-05 -2.72027034e-06  6.52903437e-07
     8.97294847e-05 -1.05981609e-04  4.15825391e-05 -2.12210745e-05  3.06061658e-05
    -1.69074923e-05 -8.83185056e-06  3.10730840e-05  1.23010428e-05  5.25830316e-05
    -7.82980115e-06  3.02117990e-05 -3.37645284e-05  6.17276346e-05 -1.10735656e-05
    -4.35902272e-05  3.71512704e-06 -1.66837877e-05  2.54069557e-06 -4.33258099e-06
     5.72310022e-05 -6.94881762e-05  2.92408329e-05 -1.89369767e-05  2.01692516e-05
""").reshape(4, 10)
grad_b1 = numbers("""
    -2.27150209e-06  5.14674340e-07 -2.04284403e-06  6.08849787e-07 -1.92177796e-06
     3.92085824e-06 -5.40772636e-06  2.93354593e-06 -3.14568138e-06  5.27501592e-11
""")
grad_w2 = numbers("""
     1.28932983e-04  1.19946731e-04 -2.48879714e-04
     1.08784150e-04  1.55140199e-04 -2.63924349e-04
     6.96017544e-05  1.42748410e-04 -2.12350164e-04
     9.92512487e-05  1.73257611e-04 -2.72508860e-04
     2.05484895e-05  4.96161144e-05 -7.01646039e-05
     8.20539510e-05  9.37063861e-05 -1.75760337e-04
     2.45831715e-05  8.74369112e-05 -1.12020083e-04
     1.34073379e-04  1.86253064e-04 -3.20326443e-04
     8.86473128e-05  2.35554414e-04 -3.24201726e-04
     3.57433149e-05  1.91164061e-04 -2.26907376e-04
""").reshape(10, 3)
grad_b2 = np.array([-0.1666649, 0.13333828, 0.03332662])

difference = 0
for gradient, expected in zip(gradients, (grad_w1, grad_b1, grad_w2, grad_b2), strict=True):
    difference += np.abs(gradient - expected).sum()
print("difference in the gradients", difference)

# %% [markdown]
# ## Train the complete network on the toy data (29%)
#
# Nothing to write from here on, but read the loop: it shows which function is called when. `SGD` takes one step
# against the gradients of the whole batch in each epoch. Leave `lr`, `weight_decay` and the number of epochs as they
# are; when your layers are right, the loss falls below 0.01.

# %%
epochs = 1000
optim = SGD(net, lr=0.1, weight_decay=0.00001)

epoch_loss = []
for epoch in range(epochs):
    loss = Loss.forward(net(X), y)
    optim.zero_grad()
    net.backward(Loss.backward())
    optim.step()
    epoch_loss.append(loss)
    if epoch % 50 == 49:
        print(f"after {epoch + 1:4d} epochs: loss {loss:.6f}")

# %% [markdown]
# The trained network should give every point its own label.

# %%
print("predicted", net.predict(X))
print("labels   ", y)

# %% [markdown]
# 10 of the 29% are for a final loss of less than 0.02.

# %%
print("final loss", epoch_loss[-1])

# %% [markdown]
# The remaining 19 of the 29% are for the curve, which should go down.

# %%
plt.plot(epoch_loss)
plt.title("Training loss")
plt.xlabel("epoch")
plt.ylabel("loss")

# %% [markdown]
# ## Survey (1%)
#
# How many hours did this assignment take you?

# %% [markdown]
# *Write a number here.*
