"""Judges of the training: how many steps it took, and what its weights do on images that the grader holds."""

from pathlib import Path

import numpy as np
from checks_arrays import slots
from checks_calls import stepped, sums
from checks_network import NAMES, RATE, forward, gradients
from checks_pixels import judge_pixels
from checks_points import drawn_points, drawn_state
from checks_verdicts import guarded

from grader import Verdict

EPOCHS, FEW, FEW_TESTS = 3, 7, 5  # the training is run again on so few images, to count its steps
# Accuracy after training. For MNIST the hand-out's own; for the small data set from right solutions at twenty seeds.
# These reach 0.804 to 0.874 at a learning rate of 0.001, 0.821 to 0.884 at 0.003 and 0.594 to 0.829 at 0.01.
GOAL, GOAL_SMALL = 0.60, 0.55
GUESSED = 0.15  # one of ten classes, with what chance adds on 397 images
CUT, PEAK, TOP = 0.4, 90, 126  # of the small data set's ink, as in standins/tensorflow/keras/datasets/mnist.py


@guarded
def judge_epochs(seen, given):
    steps = int(seen["steps"])
    whole, rest = divmod(steps, FEW)
    right = steps >= EPOCHS * FEW
    message = f"more than {EPOCHS} epochs: {steps / FEW:g}" if steps > EPOCHS * FEW else ""
    if not right:
        message = f"the training makes {whole} of {EPOCHS} epochs"
        if rest:
            message = f"the training takes {steps} steps for {FEW} images; {EPOCHS} epochs take {EPOCHS * FEW}"
        if rest and steps % EPOCHS == 0:
            left_out, never = FEW - steps // EPOCHS, np.flatnonzero(seen["visits"] == 0)
            message = f"an epoch leaves out {left_out} of {FEW} images"
            if len(never) == FEW and left_out == FEW - FEW_TESTS:
                message = "an epoch is as long as the test set, and no image of the training set was seen in it"
            elif left_out == FEW - FEW_TESTS:
                message += ": it is as long as the test set"
            elif len(never) == left_out == 1 and never[0] in (0, FEW - 1):
                message += f": the {'last' if never[0] else 'first'}"
    elif seen["visits"].sum() == steps and np.ptp(seen["visits"]):
        right, most = False, int(seen["visits"].max())
        message = f"of {FEW} images, in {whole} epochs, one is used {most} times"
        message += f" and another {int(seen['visits'].min())} times: an epoch uses every image once"
    elif seen["rate"] == 0:
        right, message = False, "`train_one_epoch` does not hand its learning rate on to `train_one_sample`"
    yield Verdict("epochs", right, message)
    if message := judge_pixels(seen):
        yield Verdict("pixels", False, message)


def shown_in(arguments, images):
    """Which of the images (N, pixels) are among a step's arguments, whatever their pixels are scaled by."""
    for one in (a for a in arguments if isinstance(a, np.ndarray) and a.size == images.shape[1]):
        match = np.abs(np.corrcoef(one.ravel().astype(float), images)[0, 1:])
        if (match > 1 - 1e-9).sum() == 1:
            yield int(match.argmax())


def times_seen(visits, images):
    """How often each of the images is among the arguments of a step."""
    times = np.zeros(len(images))
    for arguments in visits:
        for at in shown_in(arguments, images):
            times[at] += 1
    return times


def mislabelled(visits, images, labels):
    """How many steps get one of the images with another label, a whole number or a one-hot vector, than its own."""
    wrong = 0
    for arguments in visits:
        single = [a for a in arguments if isinstance(a, int | np.integer | np.ndarray)]
        told = [int(np.ravel(a)[0]) for a in single if np.size(a) == 1 and np.asarray(a).dtype.kind in "iu"]
        told += [
            int(np.argmax(a)) for a in single if np.size(a) == 10 and np.sort(a, axis=None).tolist() == [0] * 9 + [1]
        ]
        shown = list(shown_in(arguments, images))
        wrong += len(told) == len(shown) == 1 and told[0] != int(labels[shown[0]])
    return wrong


@guarded
def judge_accuracy(seen, given):
    """Accuracy of the trained weights on the test set, both as the grader holds them."""
    images, labels, name = held_data(given.data, len(seen["W1"]))
    best = 0.0
    for prefix in ("", "other_"):
        state = {name: seen.get(f"{prefix}{name}", seen[name]).astype(float) for name in NAMES}
        for scale in (1, 255):  # a training function that divides the pixels has weights for such pixels
            guesses = forward(state, images / scale)[1][2].argmax(axis=1)
            best = max(best, float((guesses == labels).mean()))
    text = f"{best:.1%} of the {len(labels)} test images of {name} are right"
    if seen["repeated"]:
        text += f", also after training was repeated {int(seen['repeated'])} more times, as small pixels need"
    goal = GOAL if name == "MNIST" else GOAL_SMALL
    short = "" if best >= goal else f", not {goal:.0%}"
    if best < GUESSED:
        short = f", about as many as guessing gives; {goal:.0%} are asked for"
    yield Verdict("accuracy", not short, text + short, error=best, tolerance=goal)


def held_data(folder, inputs):
    """Test images (N, inputs), labels (N,) and the data set's name.

    Of the small data set 64 inputs are one pixel for each 2 x 2, without the frame. It takes MNIST's place where that
    is not in the folder, and what comes with these checks the place of a folder that lacks it too.
    """
    if inputs == 784 and (folder / "mnist.npz").is_file():
        with np.load(folder / "mnist.npz", allow_pickle=False) as arrays:
            return arrays["x_test"].reshape(-1, 784).astype(float), arrays["y_test"], "MNIST"
    if not (folder / "digits.npz").is_file():
        folder = Path(__file__).parent / "data"
    with np.load(folder / "digits.npz", allow_pickle=False) as arrays:
        ink = np.clip((arrays["images"][:397] / 16 - CUT) / (1 - CUT), 0, 1) ** 2
        labels = arrays["labels"][:397]
    grey = np.round(PEAK * ink)
    if inputs == 784:
        grey = np.pad(grey.repeat(2, axis=1).repeat(2, axis=2), ((0, 0), (6, 6), (6, 6)))
    return grey.reshape(len(grey), -1), labels, "the small data set"


def divides(student):
    """Whether the training step divides the pixels by 255 itself, by the change of the first weights."""
    saved = [(container, place, np.array(container[place])) for _, container, place in slots(student)]
    try:
        seen = stepped(student, 1, 0, RATE)
    except Exception:  # whatever a wrong step raises: then no more training is worth anything
        return False
    finally:
        for container, place, value in saved:
            if isinstance(container[place], np.ndarray) and container[place].shape == value.shape:
                container[place][...] = value
    images, labels = drawn_points(1, 1)
    wanted = sums(gradients(drawn_state(1), images[0].ravel() / 255, labels[0])["W1"])
    return seen["W1"].shape == wanted.shape and bool(np.abs(seen["W1"] - wanted).max() < 0.01 * np.abs(wanted).max())


def as_served(state, x, real):
    """The state for pixels as they come, whatever range the student has brought them to: x' = low + slope x.

    For the small data set the weights of each 2 x 2 pixels, which are equal, are summed, and those of the empty frame
    left out: (64, n). In single precision, which is less to record.
    """
    low, slope = x.min(), (x.max() - x.min()) / (255 if real else TOP)
    W1 = state["W1"]
    state = state | {"b1": state["b1"] + low * W1.sum(axis=0), "W1": slope * W1}
    if not real and len(W1) == 784:
        blocks = state["W1"].reshape(28, 28, -1)[6:22, 6:22].reshape(8, 2, 8, 2, -1)
        state["W1"] = blocks.sum(axis=(1, 3)).reshape(64, -1)
    return {name: value.astype(np.float32) for name, value in state.items()}
