"""Wrong rewrites of the solution, each with exactly the checks that must not pass.

Most were seen in hand-ins. That a step is wrong does not always show in the accuracy: with wrong gradients of the
hidden layers the last layer alone learns enough, which is why most points are for the gradients.
"""

from grader.model import Change, Edit

NOTEBOOK = "hw1_s24_p4.py"

SPREAD = "rng.normal(0, 1 / np.sqrt(max(n_in, n_out)), size=(n_in, n_out))"
BIAS = "    biases.append(np.zeros(n_out))\n"
HIDDEN_OUT = "        out = sigmoid(out @ weights[layer] + biases[layer])\n"
PROBABILITIES = "    probabilities = softmax(out @ weights[2] + biases[2])\n"
LOSS = "    loss = cross_entropy_loss(integer_to_one_hot(y), probabilities)\n"
GUESS = "    one_hot_guess = integer_to_one_hot(np.argmax(probabilities))\n"
DATA_LOOP = "    for i in range(len(x)):\n"
FILL = "losses[i], one_hot_guesses[i] = feed_forward_sample(x[i].flatten(), y[i])"
STEP_OUT = "activations.append(softmax(before[layer]) if layer == 2 else sigmoid(before[layer]))"
SAMPLE_INPUT = "    out = sample\n"
STEP_INPUT = "    a = sample.flatten()\n"
STEP_LOSS = "    loss = cross_entropy_loss(one_hot_label, activations[-1])\n"
DELTA = "    delta = activations[-1] - one_hot_label\n"
OUTER = "        weight_gradients.insert(0, np.outer(activations[layer], delta))\n"
BIAS_GRADIENT = "        bias_gradients.insert(0, delta)\n"
BACK = "            delta = (weights[layer] @ delta) * dsigmoid(before[layer - 1])\n"
MOVE_WEIGHTS = "        weights[layer] -= learning_rate * weight_gradients[layer]\n"
MOVE_BIASES = "        biases[layer] -= learning_rate * bias_gradients[layer]\n"
EPOCH_LOOP = "    for i in range(len(x_train)):\n        train_one_sample"
EPOCHS = "for _ in range(3):\n"

SAMPLES = ("sample_forward", "sample_forward_others")
PRINTED = ("dataset_printed", "dataset_printed_sizes")
GRADIENTS = ("step_gradients", "step_gradients_others", "step_gradients_large")
STEPS = ("step_loss", *GRADIENTS, "step_update")


def edit(name: str, fails: tuple[str, ...], lines: dict[str, str], may_fail: tuple[str, ...] = ()) -> Edit:
    changes = tuple(Change(NOTEBOOK, old, new) for old, new in lines.items())
    return Edit(name=name, changes=changes, fails=fails, may_fail=may_fail)


WRONG = [
    # ---- Q1
    edit(
        "deviation 1/sqrt(n_out)",
        ("initial_spread",),
        {SPREAD: "rng.normal(0, 1 / np.sqrt(n_out), size=(n_in, n_out))"},
    ),
    edit(
        "variance given where the deviation is asked for",
        ("initial_spread", "training_accuracy"),
        {SPREAD: "rng.normal(0, 1 / max(n_in, n_out), size=(n_in, n_out))"},
    ),
    edit(
        "uniform numbers from 0 to 1/sqrt(n)",
        ("initial_spread", "training_accuracy"),
        {SPREAD: "rng.uniform(0, 1 / np.sqrt(max(n_in, n_out)), size=(n_in, n_out))"},
    ),
    edit(
        "uniform numbers of the right variance",
        ("initial_spread",),
        {SPREAD: "rng.uniform(-1, 1, size=(n_in, n_out)) * np.sqrt(3 / max(n_in, n_out))"},
    ),
    edit(
        "deviation given where `normal` takes the mean",
        ("initial_spread",),
        {SPREAD: "rng.normal(1 / np.sqrt(max(n_in, n_out)), size=(n_in, n_out))"},
        may_fail=("training_accuracy",),
    ),
    edit(
        "Xavier's deviation",
        ("initial_spread",),
        {SPREAD: "rng.normal(0, np.sqrt(2 / (n_in + n_out)), size=(n_in, n_out))"},
    ),
    edit(
        "hidden layers of 64 neurons", ("initial_shapes", "initial_spread"), {"[784, 32, 32, 10]": "[784, 64, 64, 10]"}
    ),
    # ---- Q2
    edit(
        "softmax applied twice",
        (*SAMPLES, *PRINTED),
        {PROBABILITIES: "    probabilities = softmax(softmax(out @ weights[2] + biases[2]))\n"},
    ),
    edit(
        "integer label where its one-hot vector belongs",
        (*SAMPLES, *PRINTED),
        {LOSS: "    loss = cross_entropy_loss(y, probabilities)\n"},
    ),
    edit(
        "loss averaged over the ten classes",
        (*SAMPLES, *PRINTED),
        {LOSS: "    loss = -np.mean(integer_to_one_hot(y) * np.log(probabilities))\n"},
    ),
    edit(
        "biases left out of the hidden layers",
        (*SAMPLES, *PRINTED),
        {HIDDEN_OUT: "        out = sigmoid(out @ weights[layer])\n"},
    ),
    edit(
        "guess of the least likely class",
        (*SAMPLES, *PRINTED, "untrained_accuracy"),
        {GUESS: "    one_hot_guess = integer_to_one_hot(np.argmin(probabilities))\n"},
    ),
    edit(
        "probabilities returned for the guess",
        (*SAMPLES, *PRINTED, "untrained_accuracy"),
        {GUESS: "    one_hot_guess = probabilities\n"},
    ),
    edit(
        "number of a class written into its whole row",
        (*PRINTED, "untrained_accuracy"),
        {GUESS: "    one_hot_guess = np.argmax(probabilities)\n"},
    ),
    edit(
        "last sample of a data set left out",
        PRINTED,
        {DATA_LOOP: "    losses[:], one_hot_guesses[:] = 0, 0\n    for i in range(len(x) - 1):\n"},
    ),
    edit(
        "only the losses of a data set are filled in",
        (*PRINTED, "untrained_accuracy"),
        {FILL: "losses[i], one_hot_guesses[:] = feed_forward_sample(x[i].flatten(), y[i])[0], 0"},
    ),
    edit(
        "samples of a data set handed over as images, which raises",
        (*PRINTED, "untrained_accuracy", "training_epochs"),  # its cell ends after the first epoch
        {FILL: "losses[i], one_hot_guesses[i] = feed_forward_sample(x[i], y[i])"},
        may_fail=("training_accuracy",),
    ),
    edit(
        "the test set of the notebook read in the place of the arguments",
        PRINTED,
        {
            DATA_LOOP: DATA_LOOP.replace("(x)", "(x_test)"),
            FILL: FILL.replace("(x[i].flatten(), y[i])", "(x_test[i].flatten(), y_test[i])"),
        },
    ),
    edit(
        "labels of the notebook's test set read in the place of the arguments",
        PRINTED,
        {FILL: FILL.replace("y[i]", "y_test[i]")},
    ),
    # ---- Q3
    edit(
        "derivative of the sigmoid taken at the activations",
        GRADIENTS,
        {BACK: BACK.replace("before[layer - 1]", "activations[layer]")},
    ),
    edit("derivative of the sigmoid left out", GRADIENTS, {BACK: "            delta = weights[layer] @ delta\n"}),
    edit(
        "weights moved before the gradient passes through them",
        GRADIENTS,
        {BIAS_GRADIENT: BIAS_GRADIENT + MOVE_WEIGHTS.replace("_gradients[layer]", "_gradients[0]"), MOVE_WEIGHTS: ""},
    ),
    edit(
        "diagonal of a weight matrix taken for its transpose",
        (*GRADIENTS, "training_accuracy"),
        {
            BACK: BACK.replace(
                "(weights[layer] @ delta)", "(weights[1].diagonal() * (weights[2] @ delta if layer == 2 else delta))"
            )
        },
    ),
    edit(
        "square weight matrix used the wrong way round",
        GRADIENTS,
        {BACK: BACK.replace("weights[layer] @", "(weights[layer].T if layer == 1 else weights[layer]) @")},
    ),
    edit(
        "softmax applied twice in the training step",
        ("step_loss", *GRADIENTS),
        {STEP_OUT: STEP_OUT.replace("softmax(before[layer])", "softmax(softmax(before[layer]))")},
        may_fail=("training_accuracy",),  # 51 % on one processor, just over the 55 asked for on another
    ),
    edit(
        "nothing is subtracted before `exp` (no maximum is taken, or into a name that is never used)",
        ("step_gradients_large",),
        {
            DELTA: """\
    shifted = before[-1] - before[-1].max()
    delta = np.exp(before[-1]) / np.exp(before[-1]).sum() - one_hot_label
"""
        },
    ),
    edit(
        "one weight gradient for all layers, of the outputs instead of the inputs",
        GRADIENTS,
        {OUTER: "        weight_gradients.insert(0, np.outer(activations[layer] if layer else a / 255, delta))\n"},
    ),
    edit(
        "of the scores only that of the right class gets a gradient",
        GRADIENTS,
        {DELTA: DELTA.replace("activations[-1] - one_hot_label", "(activations[-1] - 1) * one_hot_label")},
        may_fail=("training_accuracy",),
    ),
    edit(
        "a gradient for one score alone, and bias gradients summed over the neurons",
        GRADIENTS,
        {
            DELTA: DELTA.replace("activations[-1] - one_hot_label", "(activations[-1] - 1) * one_hot_label"),
            BIAS_GRADIENT: "        bias_gradients.insert(0, np.sum(delta))\n",
        },
        may_fail=("training_accuracy",),
    ),
    edit(
        "bias gradients summed over the neurons, so that all biases of a layer move by the same number",
        GRADIENTS,
        {BIAS_GRADIENT: "        bias_gradients.insert(0, np.sum(delta))\n"},
        may_fail=("training_accuracy",),
    ),
    edit(
        "`a * (1 - a)` in the place of the activations, in the gradient of the last weights",
        GRADIENTS,
        {
            OUTER: OUTER.replace(
                "activations[layer]", "a if layer == 0 else a_2 * (1 - a_2) if layer == 2 else a_1"
            ).replace("        weight", "        a_1, a_2 = activations[1:3]\n        weight")
        },
        may_fail=("training_accuracy",),
    ),
    edit("biases never moved", GRADIENTS, {MOVE_BIASES: ""}),
    edit(
        "update with the wrong sign",
        ("step_update", "training_accuracy"),
        {MOVE_WEIGHTS: MOVE_WEIGHTS.replace("-=", "+="), MOVE_BIASES: MOVE_BIASES.replace("-=", "+=")},
    ),
    edit(
        "update without the step size",
        ("step_update", "training_accuracy"),
        {
            MOVE_WEIGHTS: MOVE_WEIGHTS.replace("learning_rate * ", ""),
            MOVE_BIASES: MOVE_BIASES.replace("learning_rate * ", ""),
        },
    ),
    edit(
        "learning rate multiplied in twice",
        ("step_update", "training_accuracy"),
        {DELTA: "    delta = learning_rate * (activations[-1] - one_hot_label)\n"},
    ),
    edit(
        "learning rate multiplied into the weights twice",
        (*GRADIENTS, "training_accuracy"),
        {MOVE_WEIGHTS: MOVE_WEIGHTS.replace("learning_rate", "learning_rate**2")},
    ),
    edit(
        "steps twice as long as the learning rate says",
        ("step_update",),
        {
            MOVE_WEIGHTS: MOVE_WEIGHTS.replace("learning_rate", "2 * learning_rate"),
            MOVE_BIASES: MOVE_BIASES.replace("learning_rate", "2 * learning_rate"),
        },
    ),
    edit(
        "learning rate fixed at 0.003",
        ("step_update",),
        {
            MOVE_WEIGHTS: MOVE_WEIGHTS.replace("learning_rate", "0.003"),
            MOVE_BIASES: MOVE_BIASES.replace("learning_rate", "0.003"),
        },
    ),
    edit(
        "loss of the moved network",
        ("step_loss",),
        {MOVE_BIASES: MOVE_BIASES + "    loss, _ = feed_forward_sample(a, y)\n"},
    ),
    # ---- Q4
    edit("a single epoch", ("training_epochs",), {EPOCHS: "for _ in range(1):\n"}),
    edit(
        "an epoch as long as the test set",
        ("training_epochs",),
        {EPOCH_LOOP: EPOCH_LOOP.replace("x_train)", "x_test)")},
        may_fail=("training_accuracy",),  # a fourteenth of the steps, on the small data set
    ),
    edit(
        "the learning rate of an epoch is not handed on",
        ("training_epochs",),
        {EPOCH_LOOP + "(x_train[i], y_train[i], learning_rate)": EPOCH_LOOP + "(x_train[i], y_train[i])"},
    ),
    edit(
        "the same sample over and over",
        ("training_epochs", "training_accuracy"),
        {EPOCH_LOOP + "(x_train[i], y_train[i]": EPOCH_LOOP + "(x_train[0], y_train[0]"},
    ),
    edit(
        "samples drawn with replacement",
        ("training_epochs",),
        {
            EPOCH_LOOP: EPOCH_LOOP.replace(
                "range(len(x_train))", "np.random.default_rng(3).integers(len(x_train), size=len(x_train))"
            )
        },
    ),
    edit(
        "an epoch of the first 1000 images",
        ("training_epochs",),
        {EPOCH_LOOP: EPOCH_LOOP.replace("range(len(x_train))", "range(len(x_train[:1000]))")},
        may_fail=("training_accuracy",),
    ),
    edit(
        "an epoch whose number of images is written down",
        ("training_epochs",),
        {EPOCH_LOOP: EPOCH_LOOP.replace("range(len(x_train))", "range(1000)")},
        may_fail=("training_accuracy",),
    ),
    edit(
        "an epoch without the first image",
        ("training_epochs",),
        {EPOCH_LOOP: EPOCH_LOOP.replace("range(", "range(1, ")},
    ),
    edit(
        "images shuffled without their labels",
        ("training_epochs", "training_accuracy"),
        {
            EPOCH_LOOP: "    shuffled = rng.permutation(x_train)\n" + EPOCH_LOOP,
            "train_one_sample(x_train[i], y_train[i]": "train_one_sample(shuffled[i], y_train[i]",
        },
    ),
    edit(
        "pixels divided by 255 in the training step and not in the sample's pass",
        ("training_epochs",),
        {STEP_INPUT: "    a = sample.flatten() / 255\n"},
        may_fail=("training_accuracy",),  # small pixels need more steps
    ),
    edit(
        "pixels divided by 255 in the sample's pass and not in the training step",
        ("training_epochs",),
        {SAMPLE_INPUT: "    out = sample / 255\n"},
    ),
    edit(
        "training images divided by 255 in the epoch, test images not",
        ("training_epochs",),
        {EPOCH_LOOP + "(x_train[i]": EPOCH_LOOP + "(x_train[i] / 255"},
        may_fail=("training_accuracy",),
    ),
    edit("no training", ("training_epochs", "training_accuracy"), {EPOCHS: "for _ in range(0):\n"}),
]
