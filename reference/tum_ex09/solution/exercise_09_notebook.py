# %%
import matplotlib.pyplot as plt
import numpy as np
from scipy.special import softmax
from sklearn.datasets import load_digits
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import label_binarize

# %%
X, y = load_digits(return_X_y=True)
# One row per image, with a single 1 in the column of its digit: shape (N, K)
Y = label_binarize(y, classes=np.unique(y)).astype(np.float64)

np.random.seed(123)
X_train, X_test, Y_train, Y_test = train_test_split(X, Y, test_size=0.25)

# %%
N, K = Y.shape  # images, classes
D = X.shape[1]  # pixels of an image

# %% [markdown]
# Two rules for everything below:
#
# 1. Work on whole arrays: matrix products and broadcasting take the place of loops.
# 2. Keep it finite: `exp` overflows for large logits, and a probability that has become 0 has no logarithm.

# %%
import nn_utils  # compares a layer's gradients with centred differences

# %% [markdown]
# ## Task 1: Affine layer
# Write `forward` and `backward` of the fully connected layer.


# %%
class Affine:
    def forward(self, inputs, weight, bias):
        """Output of a fully connected layer, inputs · weight + bias.

        Parameters
        ----------
        inputs : array, shape (N, D)
        weight : array, shape (D, H)
        bias : array, shape (H,)

        Returns
        -------
        out : array, shape (N, H)
        """
        self.cache = (inputs, weight, bias)
        ### BEGIN SOLUTION
        out = inputs @ weight + bias
        ### END SOLUTION
        assert out.shape == (inputs.shape[0], weight.shape[1]), "out: one row per input, one column per unit"
        return out

    def backward(self, d_out):
        """Gradients of the latest `forward`.

        Parameters
        ----------
        d_out : array, shape (N, H)
            Derivative of the loss with respect to `out`.

        Returns
        -------
        d_inputs : array, shape (N, D)
        d_weight : array, shape (D, H)
        d_bias : array, shape (H,)
        """
        inputs, weight, bias = self.cache
        ### BEGIN SOLUTION
        d_inputs = d_out @ weight.T
        d_weight = inputs.T @ d_out
        d_bias = d_out.sum(axis=0)
        ### END SOLUTION
        assert d_inputs.shape == inputs.shape, "d_inputs: shape of the inputs"
        assert d_weight.shape == weight.shape, "d_weight: shape of the weight"
        assert d_bias.shape == bias.shape, "d_bias: shape of the bias"
        return d_inputs, d_weight, d_bias


# %%
affine = Affine()
nn_utils.check_affine(affine)

# %% [markdown]
# ## Task 2: ReLU layer
# Write `forward` and `backward` of the rectifier.


# %%
class ReLU:
    def forward(self, inputs):
        """The inputs where they are positive, 0 elsewhere.

        Parameters
        ----------
        inputs : array of any shape

        Returns
        -------
        out : array of the same shape
        """
        self.cache = inputs
        ### BEGIN SOLUTION
        out = np.maximum(inputs, 0)
        ### END SOLUTION
        assert out.shape == inputs.shape, "out: shape of the inputs"
        return out

    def backward(self, d_out):
        """Gradient of the latest `forward`.

        Parameters
        ----------
        d_out : array, shape of the inputs
            Derivative of the loss with respect to `out`.

        Returns
        -------
        d_inputs : array of the same shape
        """
        inputs = self.cache
        ### BEGIN SOLUTION
        d_inputs = d_out * (inputs > 0)
        ### END SOLUTION
        assert d_inputs.shape == inputs.shape, "d_inputs: shape of the inputs"
        return d_inputs


# %%
relu = ReLU()
nn_utils.check_relu(relu)

# %% [markdown]
# ## Task 3: CategoricalCrossEntropy layer
# Write `forward` and `backward` of the loss. It takes logits, so the softmax is part of it.


# %%
class CategoricalCrossEntropy:
    def forward(self, logits, labels):
        """Cross-entropy between the softmax of the logits and the labels, averaged over the samples.

        Parameters
        ----------
        logits : array, shape (N, K)
        labels : array, shape (N, K)
            One-hot rows.

        Returns
        -------
        loss : float
        """
        ### BEGIN SOLUTION
        shifted = logits - logits.max(axis=1, keepdims=True)
        log_probs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        probs = np.exp(log_probs)
        loss = -np.sum(labels * log_probs) / len(labels)
        ### END SOLUTION
        # backward needs the class probabilities `probs`, shape (N, K)
        self.cache = (probs, labels)
        assert isinstance(loss, float), "loss: one float"
        return loss

    def backward(self, d_out=1.0):
        """Gradient of the latest `forward`.

        Parameters
        ----------
        d_out : float
            Derivative with respect to the loss; 1 where the loss is the last node of the graph, as in this notebook.

        Returns
        -------
        d_logits : array, shape (N, K)
        d_labels : None
            Nobody asks for the gradient of the labels; it is returned so that the layers look alike.
        """
        probs, labels = self.cache
        ### BEGIN SOLUTION
        d_logits = d_out * (probs - labels) / len(labels)
        ### END SOLUTION
        d_labels = None
        assert d_logits.shape == probs.shape == labels.shape, "d_logits: shape of the logits"
        return d_logits, d_labels


# %%
cross_entropy = CategoricalCrossEntropy()
nn_utils.check_cross_entropy(cross_entropy)

# %% [markdown]
# # Logistic regression (with backpropagation): nothing to do in this section


# %%
class LogisticRegression:
    def __init__(self, num_features, num_classes, learning_rate=1e-2):
        """Softmax regression whose gradients come from the layers above: input, affine, softmax."""
        self.learning_rate = learning_rate

        # Zeros are a fine start here, since the loss is convex in these parameters
        self.params = {"W": np.zeros([num_features, num_classes]), "b": np.zeros([num_classes])}

        self.affine = Affine()
        self.cross_entropy = CategoricalCrossEntropy()

    def predict(self, X):
        """Class probabilities, shape (N, K), for the rows of X, shape (N, D)."""
        return softmax(self.affine.forward(X, self.params["W"], self.params["b"]), axis=1)

    def step(self, X, Y):
        """Move the parameters once against the gradient; return the loss from before the move, a float.

        X has shape (N, D), the one-hot labels Y have shape (N, K).
        """
        # Forwards, up to the loss
        logits = self.affine.forward(X, self.params["W"], self.params["b"])
        loss = self.cross_entropy.forward(logits, Y)

        # Backwards, one gradient for each parameter
        grads = {}
        d_logits, _ = self.cross_entropy.backward()
        _, grads["W"], grads["b"] = self.affine.backward(d_logits)

        for name, grad in grads.items():
            self.params[name] = self.params[name] - self.learning_rate * grad
        return loss


# %%
# How to train
learning_rate = 1e-2
max_epochs = 501
report_frequency = 50

# %%
log_reg = LogisticRegression(num_features=D, num_classes=K)

# %%
for epoch in range(max_epochs):
    loss = log_reg.step(X_train, Y_train)
    if epoch % report_frequency == 0:
        print(f"Epoch {epoch:4d}, loss = {loss:.4f}")

# %%
y_test_pred = log_reg.predict(X_test).argmax(1)
y_test_true = Y_test.argmax(1)

# %%
print(f"test set accuracy = {accuracy_score(y_test_true, y_test_pred):.3f}")

# %% [markdown]
# # Feed-forward neural network (with backpropagation)


# %%
def xavier_init(shape):
    """Random weight matrix whose entries keep the variance of what passes through it (Glorot and Bengio 2010).

    Uniform between -a and a, with a = sqrt(6 / (rows + columns)).
    """
    a = np.sqrt(6.0 / float(np.sum(shape)))
    return np.random.uniform(low=-a, high=a, size=shape)


# %% [markdown]
# ## Task 4: Two-layer FeedforwardNeuralNet
# Write the layers, `predict` and `step`. `LogisticRegression` shows the way.


# %%
class FeedforwardNeuralNet:
    def __init__(self, input_size, hidden_size, output_size, learning_rate=1e-2):
        """Network with one hidden layer: input, affine, ReLU, affine, softmax."""
        self.learning_rate = learning_rate

        # Keep these four names: the grader sets and reads them
        self.params = {
            "W1": xavier_init([input_size, hidden_size]),
            "b1": np.zeros([hidden_size]),
            "W2": xavier_init([hidden_size, output_size]),
            "b2": np.zeros([output_size]),
        }

        # The layers
        ### BEGIN SOLUTION
        self.affine1 = Affine()
        self.relu = ReLU()
        self.affine2 = Affine()
        self.cross_entropy = CategoricalCrossEntropy()
        ### END SOLUTION

    def predict(self, X):
        """Class probabilities for a batch.

        Parameters
        ----------
        X : array, shape (N, D)

        Returns
        -------
        Y_pred : array, shape (N, K)
            Y_pred[n, k] is the probability that row n belongs to class k.
        """
        ### BEGIN SOLUTION
        hidden = self.relu.forward(self.affine1.forward(X, self.params["W1"], self.params["b1"]))
        logits = self.affine2.forward(hidden, self.params["W2"], self.params["b2"])
        Y_pred = softmax(logits, axis=1)
        ### END SOLUTION
        assert Y_pred.shape == (X.shape[0], self.params["W2"].shape[1]), (
            "Y_pred: one row per sample, one column per class"
        )
        return Y_pred

    def step(self, X, Y):
        """Move the parameters once against the gradient of the loss.

        Parameters
        ----------
        X : array, shape (N, D)
        Y : array, shape (N, K)
            One-hot labels.

        Returns
        -------
        loss : float
            From before the move.
        """
        ### BEGIN SOLUTION
        hidden = self.relu.forward(self.affine1.forward(X, self.params["W1"], self.params["b1"]))
        logits = self.affine2.forward(hidden, self.params["W2"], self.params["b2"])
        loss = self.cross_entropy.forward(logits, Y)

        grads = {}
        d_logits, _ = self.cross_entropy.backward()
        d_hidden, grads["W2"], grads["b2"] = self.affine2.backward(d_logits)
        d_before_relu = self.relu.backward(d_hidden)
        _, grads["W1"], grads["b1"] = self.affine1.backward(d_before_relu)

        for name in self.params:
            self.params[name] = self.params[name] - self.learning_rate * grads[name]
        ### END SOLUTION
        return loss


# %%
H = 32  # hidden units

# How to train
learning_rate = 1e-2
max_epochs = 501
report_frequency = 50

# %%
model = FeedforwardNeuralNet(input_size=D, hidden_size=H, output_size=K, learning_rate=learning_rate)

# %%
for epoch in range(max_epochs):
    loss = model.step(X_train, Y_train)
    if epoch % report_frequency == 0:
        print(f"Epoch {epoch:4d}, loss = {loss:.4f}")

# %%
y_test_pred = model.predict(X_test).argmax(1)
y_test_true = Y_test.argmax(1)

# %%
print(f"test set accuracy = {accuracy_score(y_test_true, y_test_pred):.3f}")
