"""The training loop for any model with `params` and `loss`. Provided, and not to be edited."""

import pickle

import numpy as np

from utils import optim


class Solver:
    """Train a model by minibatches and keep the parameters that do best on the validation set.

        solver = Solver(model, data, optim_config={"learning_rate": 1e-3}, num_epochs=5, batch_size=100)
        solver.train()

    Parameters
    ----------
    model : object
        `model.params` is a dictionary of arrays; `model.loss(X, y)` returns the loss and a dictionary of gradients
        under the same names, `model.loss(X)` the scores, shape (N, classes).
    data : dict
        `X_train`, `y_train`, `X_val`, `y_val`.
    update_rule : str
        Name of a function in `utils/optim.py`.
    optim_config : dict
        Settings of the update rule; each parameter gets its own copy.
    lr_decay : float
        The learning rate is multiplied by this after every epoch.
    batch_size : int
        Samples in a minibatch, drawn with replacement.
    num_epochs : int
        How often as many samples are drawn as there are in the training set.
    num_train_samples, num_val_samples : int or None
        How many samples the accuracies are measured on; None is all of them.
    checkpoint_name : str or None
        Write the state after every epoch to `<checkpoint_name>_epoch_<n>.pkl`.
    print_every : int
        Print the loss every so many iterations.
    verbose : bool
        False prints nothing.

    Attributes
    ----------
    loss_history : list of float
        The loss of every minibatch.
    train_acc_history, val_acc_history : list of float
        Before the first epoch's end and after each epoch.
    best_val_acc, best_params
        The best validation accuracy and the parameters that had it; `train` leaves them in `model.params`.
    first_params, last_params : dict
        The parameters before training, and at its end.
    started : bool
        Whether `train` has been called.
    """

    def __init__(
        self,
        model,
        data,
        update_rule="sgd",
        optim_config=None,
        lr_decay=1.0,
        batch_size=100,
        num_epochs=10,
        num_train_samples=1000,
        num_val_samples=None,
        checkpoint_name=None,
        print_every=10,
        verbose=True,
    ):
        if not hasattr(optim, update_rule):
            raise ValueError(f"utils/optim.py has no update rule {update_rule!r}")
        self.model = model
        self.X_train, self.y_train = data["X_train"], data["y_train"]
        self.X_val, self.y_val = data["X_val"], data["y_val"]
        self.update_rule = getattr(optim, update_rule)
        self.optim_config = dict(optim_config or {})
        self.lr_decay = lr_decay
        self.batch_size = batch_size
        self.num_epochs = num_epochs
        self.num_train_samples = num_train_samples
        self.num_val_samples = num_val_samples
        self.checkpoint_name = checkpoint_name
        self.print_every = print_every
        self.verbose = verbose

        self.started = False
        self.epoch = 0
        self.best_val_acc = 0
        self.best_params = {}
        self.first_params = self.last_params = _copied(model.params)
        self.loss_history = []
        self.train_acc_history = []
        self.val_acc_history = []
        self.optim_configs = {name: dict(self.optim_config) for name in model.params}

    def train(self):
        """Train for `num_epochs` epochs."""
        self.started = True
        per_epoch = max(len(self.X_train) // self.batch_size, 1)
        iterations = self.num_epochs * per_epoch
        for i in range(iterations):
            self._step()
            self._tell(i % self.print_every == 0, f"(Iteration {i + 1} / {iterations}) loss: {self.loss_history[-1]:f}")
            ended = (i + 1) % per_epoch == 0
            if ended:
                self.epoch += 1
                for config in self.optim_configs.values():
                    config["learning_rate"] *= self.lr_decay
            if i == 0 or ended:
                self._measure()
        self.last_params = _copied(self.model.params)
        if self.best_params:
            self.model.params = self.best_params

    def check_accuracy(self, X, y, num_samples=None, batch_size=100):
        """Share of samples whose highest score is that of their class.

        Parameters
        ----------
        X : array, shape (N, ...)
        y : integer array, shape (N,)
        num_samples : int or None
            Measure on so many samples, drawn at random.
        batch_size : int
            How many go through the model at a time.

        Returns
        -------
        float
        """
        if num_samples is not None and len(X) > num_samples:
            chosen = np.random.choice(len(X), num_samples)
            X, y = X[chosen], y[chosen]
        guesses = [np.argmax(self.model.loss(X[i : i + batch_size]), axis=1) for i in range(0, len(X), batch_size)]
        return float(np.mean(np.concatenate(guesses) == y))

    def _step(self):
        """One update of every parameter on a random minibatch."""
        chosen = np.random.choice(len(self.X_train), self.batch_size)
        loss, grads = self.model.loss(self.X_train[chosen], self.y_train[chosen])
        self.loss_history.append(loss)
        for name, value in self.model.params.items():
            moved, config = self.update_rule(value, grads[name], self.optim_configs[name])
            self.model.params[name], self.optim_configs[name] = moved, config

    def _measure(self):
        """Measure both accuracies and remember the parameters if they are the best so far."""
        train_acc = self.check_accuracy(self.X_train, self.y_train, num_samples=self.num_train_samples)
        val_acc = self.check_accuracy(self.X_val, self.y_val, num_samples=self.num_val_samples)
        self.train_acc_history.append(train_acc)
        self.val_acc_history.append(val_acc)
        self._tell(True, f"(Epoch {self.epoch} / {self.num_epochs}) train acc: {train_acc:f}; val_acc: {val_acc:f}")
        if val_acc > self.best_val_acc:
            self.best_val_acc = val_acc
            self.best_params = _copied(self.model.params)
        self._save()

    def _tell(self, when, text):
        if self.verbose and when:
            print(text)

    def _save(self):
        if self.checkpoint_name is None:
            return
        kept = ("model", "epoch", "loss_history", "train_acc_history", "val_acc_history", "optim_configs")
        with open(f"{self.checkpoint_name}_epoch_{self.epoch}.pkl", "wb") as file:
            pickle.dump({name: getattr(self, name) for name in kept}, file)


def _copied(params):
    return {name: np.array(value) for name, value in params.items()}
