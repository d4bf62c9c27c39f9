# %% [markdown]
# # Fully connected networks
#
# The two-layer network of the last homework was one piece: another depth or another loss would have meant writing it
# anew. Here you write layers that can be combined, and build networks of any depth from them.
#
# ### Modular layers
#
# Each layer is a pair of functions. The forward function returns its output and a *cache* of what the backward
# function will need; the backward function turns the gradient with respect to the output into gradients with respect
# to everything that went in:
#
#     out, cache = layer_forward(x, w)
#     dx, dw = layer_backward(dout, cache)
#
# You write the missing parts of `nndl/layers.py` and `nndl/fc_net.py`; this notebook tries them out.

# %%
import matplotlib.pyplot as plt
import numpy as np
from nndl.fc_net import FullyConnectedNet, TwoLayerNet
from nndl.layers import affine_backward, affine_forward, relu_backward, relu_forward, softmax_loss
from utils.data_utils import get_CIFAR10_data
from utils.gradient_check import eval_numerical_gradient, eval_numerical_gradient_array
from utils.solver import Solver

# %matplotlib inline
plt.rcParams["figure.figsize"] = (10.0, 8.0)

# An edited module counts as soon as the next cell is run
# %load_ext autoreload
# %autoreload 2


def rel_error(x, y):
    """Largest relative difference of two arrays."""
    return np.max(np.abs(x - y) / np.maximum(1e-8, np.abs(x) + np.abs(y)))


def loss_of_model(_):
    """Loss of whatever network is called `model`, on X and y."""
    return model.loss(X, y)[0]


# %%
data = get_CIFAR10_data()
for name, array in data.items():
    print(f"{name}: {array.shape}")

# %% [markdown]
# ### Linear layers
#
# #### Affine layer forward pass
#
# Write `affine_forward`. The difference below is about 1e-9, which is what the printed numbers leave open.

# %%
num_inputs, input_shape, output_dim = 2, (4, 5, 6), 3
input_dim = int(np.prod(input_shape))

x = np.linspace(-0.1, 0.5, num=num_inputs * input_dim).reshape(num_inputs, *input_shape)
w = np.linspace(-0.2, 0.3, num=input_dim * output_dim).reshape(input_dim, output_dim)
b = np.linspace(-0.3, 0.1, num=output_dim)
correct_out = np.array([[1.49834967, 1.70660132, 1.91485297], [3.25553199, 3.5141327, 3.77273342]])

out, _ = affine_forward(x, w, b)
print("affine_forward, difference:", rel_error(out, correct_out))

# %% [markdown]
# #### Affine layer backward pass
#
# Write `affine_backward`. The errors are below 1e-8.

# %%
x, w, b = np.random.randn(10, 2, 3), np.random.randn(6, 5), np.random.randn(5)
dout = np.random.randn(10, 5)

dx_num = eval_numerical_gradient_array(lambda x: affine_forward(x, w, b)[0], x, dout)
dw_num = eval_numerical_gradient_array(lambda w: affine_forward(x, w, b)[0], w, dout)
db_num = eval_numerical_gradient_array(lambda b: affine_forward(x, w, b)[0], b, dout)

_, cache = affine_forward(x, w, b)
dx, dw, db = affine_backward(dout, cache)
print("affine_backward, dx error:", rel_error(dx_num, dx))
print("affine_backward, dw error:", rel_error(dw_num, dw))
print("affine_backward, db error:", rel_error(db_num, db))

# %% [markdown]
# ### Activation layers
#
# #### ReLU forward pass
#
# Write `relu_forward`. The difference is about 5e-8.

# %%
x = np.linspace(-0.5, 0.5, num=12).reshape(3, 4)
correct_out = np.array([[0, 0, 0, 0], [0, 0, 0.04545455, 0.13636364], [0.22727273, 0.31818182, 0.40909091, 0.5]])

out, _ = relu_forward(x)
print("relu_forward, difference:", rel_error(out, correct_out))

# %% [markdown]
# #### ReLU backward pass
#
# Write `relu_backward`. The error is below 1e-10.

# %%
x, dout = np.random.randn(10, 10), np.random.randn(10, 10)

dx_num = eval_numerical_gradient_array(lambda x: relu_forward(x)[0], x, dout)

_, cache = relu_forward(x)
dx = relu_backward(dout, cache)
print("relu_backward, dx error:", rel_error(dx_num, dx))

# %% [markdown]
# ### Combining the affine and ReLU layers
#
# #### Affine-ReLU layers
#
# An affine layer is often followed by a ReLU, so `nndl/layer_utils.py` has the two in one. Nothing to write here: look
# at them, and see that they work with your layers.

# %%
from nndl.layer_utils import affine_relu_backward, affine_relu_forward

x, w, b = np.random.randn(2, 3, 4), np.random.randn(12, 10), np.random.randn(10)
dout = np.random.randn(2, 10)

_, cache = affine_relu_forward(x, w, b)
dx, dw, db = affine_relu_backward(dout, cache)

dx_num = eval_numerical_gradient_array(lambda x: affine_relu_forward(x, w, b)[0], x, dout)
dw_num = eval_numerical_gradient_array(lambda w: affine_relu_forward(x, w, b)[0], w, dout)
db_num = eval_numerical_gradient_array(lambda b: affine_relu_forward(x, w, b)[0], b, dout)
print("affine_relu, dx error:", rel_error(dx_num, dx))
print("affine_relu, dw error:", rel_error(dw_num, dw))
print("affine_relu, db error:", rel_error(db_num, db))

# %% [markdown]
# #### Softmax loss
#
# You wrote it in the last homework, so `nndl/layers.py` has it. The loss of ten classes that are all equally likely is
# the logarithm of ten, about 2.3.

# %%
num_classes, num_inputs = 10, 50
x = 0.001 * np.random.randn(num_inputs, num_classes)
y = np.random.randint(num_classes, size=num_inputs)

dx_num = eval_numerical_gradient(lambda x: softmax_loss(x, y)[0], x, verbose=False)
loss, dx = softmax_loss(x, y)
print("softmax_loss, loss:", loss)
print("softmax_loss, dx error:", rel_error(dx_num, dx))

# %% [markdown]
# ### Implementation of a two-layer NN
#
# Write the class `TwoLayerNet` in `nndl/fc_net.py` from the layers above.

# %%
N, D, H, C = 3, 5, 50, 7
std = 1e-2
model = TwoLayerNet(input_dim=D, hidden_dims=H, num_classes=C, weight_scale=std)

print("Initialization")
for name in ("W1", "W2"):
    # With 250 weights the estimate is good to 4.5 %, so a fifth is out of reach of chance
    assert abs(model.params[name].std() - std) < std / 5, f"{name} does not have the standard deviation {std}"
for name in ("b1", "b2"):
    assert np.all(model.params[name] == 0), f"{name} is not zero"

print("Scores")
model.params["W1"] = np.linspace(-0.7, 0.3, num=D * H).reshape(D, H)
model.params["b1"] = np.linspace(-0.1, 0.9, num=H)
model.params["W2"] = np.linspace(-0.3, 0.4, num=H * C).reshape(H, C)
model.params["b2"] = np.linspace(-0.9, 0.1, num=C)
X = np.linspace(-5.5, 4.5, num=N * D).reshape(D, N).T
correct_scores = np.array(
    [
        [11.53165108, 12.2917344, 13.05181771, 13.81190102, 14.57198434, 15.33206765, 16.09215096],
        [12.05769098, 12.74614105, 13.43459113, 14.1230412, 14.81149128, 15.49994135, 16.18839143],
        [12.58373087, 13.20054771, 13.81736455, 14.43418138, 15.05099822, 15.66781506, 16.2846319],
    ]
)
scores = model.loss(X)
assert np.abs(scores - correct_scores).sum() < 1e-6, "the scores are not the expected ones"

print("Loss without regularization")
y = np.array([0, 5, 1])
loss, grads = model.loss(X, y)
assert abs(loss - 3.4702243556) < 1e-10, "the loss is not the expected one"

print("Loss with regularization")
model.reg = 1.0
loss, grads = model.loss(X, y)
assert abs(loss - 26.5948426952) < 1e-10, "the regularized loss is not the expected one"

for reg in (0.0, 0.7):
    print(f"Gradients, reg = {reg}")
    model.reg = reg
    loss, grads = model.loss(X, y)
    for name in sorted(grads):
        grad_num = eval_numerical_gradient(loss_of_model, model.params[name], verbose=False)
        print(f"{name} relative error:", rel_error(grad_num, grads[name]))

# %% [markdown]
# ### Solver
#
# `utils/solver.py` has a `Solver` that trains any such model; read how it is used. Train a `TwoLayerNet` with 200
# hidden units so that it gets at least 50 % of the validation images right.

# %%
model = TwoLayerNet()
solver = None

### BEGIN SOLUTION
### STUB: # Your code here: a TwoLayerNet with 200 hidden units, and a Solver that trains it.
small = len(data["X_train"]) < 10000  # equivalent: free
model = TwoLayerNet(hidden_dims=200)  # equivalent: free
solver = Solver(
    model,
    data,
    optim_config={"learning_rate": 1e-3},  # equivalent: free
    lr_decay=0.95,  # equivalent: free
    num_epochs=3 if small else 10,  # equivalent: free
    batch_size=200,  # equivalent: free
    print_every=10 if small else 100,  # equivalent: free
)
solver.train()
### END SOLUTION

# %% [markdown]
# # Multilayer Neural Network
#
# Write the class `FullyConnectedNet` in `nndl/fc_net.py`: its initialization, its scores, its loss and its gradients,
# for any number of hidden layers. Dropout and batch normalization are for the next homework.

# %%
N, D, H1, H2, C = 2, 15, 20, 30, 10
X = np.random.randn(N, D)
y = np.random.randint(C, size=N)

for reg in (0, 3.14):
    print(f"Loss and gradients, reg = {reg}")
    model = FullyConnectedNet([H1, H2], input_dim=D, num_classes=C, reg=reg, weight_scale=5e-2, dtype=np.float64)
    loss, grads = model.loss(X, y)
    print("Initial loss:", loss)
    for name in sorted(grads):
        grad_num = eval_numerical_gradient(loss_of_model, model.params[name], verbose=False)
        print(f"{name} relative error:", rel_error(grad_num, grads[name]))

# %% [markdown]
# A network that cannot learn fifty images by heart has a mistake in it, or the wrong settings. Change `weight_scale`
# and `learning_rate` until the accuracy on the fifty training images is 1.0.

# %%
num_train = 50
small_data = {
    "X_train": data["X_train"][:num_train],
    "y_train": data["y_train"][:num_train],
    "X_val": data["X_val"],
    "y_val": data["y_val"],
}

### BEGIN SOLUTION
### STUB: # TODO: other values
### STUB: weight_scale = 1e-2
### STUB: learning_rate = 1e-4
weight_scale = 2e-2  # equivalent: free
learning_rate = 5e-3  # equivalent: free
### END SOLUTION

model = FullyConnectedNet([100, 100], weight_scale=weight_scale, dtype=np.float64)
solver = Solver(
    model,
    small_data,
    print_every=10,
    num_epochs=20,
    batch_size=25,
    update_rule="sgd",
    optim_config={"learning_rate": learning_rate},
)
solver.train()

plt.plot(solver.loss_history, "o")
plt.title("Training loss history")
plt.xlabel("Iteration")
plt.ylabel("Training loss")
plt.show()
