"""Whether the network is trained on pixels of the same range as those that it is tested on.

Two places may divide by 255 on either way: the function itself, and whoever calls it. What counts is the range of the
numbers that go into the first layer in the end.
"""

import contextlib
import io

import numpy as np
from checks_arrays import FUNCTIONS, function, is_the_courses, put, single
from checks_calls import call, leaves
from checks_network import INSTEAD, RATE, SIZES, loss_of, sigmoid
from checks_points import drawn_points, drawn_state

KEY, EXACT, EXACT_SINGLE = 1, 1e-4, 1e-3
BROUGHT_DOWN = 2.0  # images whose pixels are less far apart have been divided, by 255 or by the largest
FEW = 5  # test images that are handed to the function
LEAST, MOST = 64, 1024  # how many times the one range is the other where one is divided by 255 and the other is not


def pixels_ranges(student, visits):
    """Range of the pixels that go into the network in a training step and in the pass that tests, where they differ.

    Empty where they do not, or where it cannot be told. `visits` holds the arguments of some training steps.
    """
    with contextlib.suppress(Exception):  # whatever the student's functions raise, their own checks tell
        if not any(is_the_courses(student, name) for name in FUNCTIONS):
            x, y = (student.notebook[name][:FEW] for name in ("x_test", "y_test"))
            tested = range_of(student, "feed_forward_sample", handed_on(student, x, y))
            trained = range_of(student, "train_one_sample", visits)
            if differ(trained, tested):
                return {"ranges": np.array([trained, tested])}
    return {}


def handed_on(student, x, y):
    """The arguments of each call of `feed_forward_sample` in a `feed_forward_dataset`."""
    space, noted = student.notebook["get_ipython"]().user_ns, []
    own = space["feed_forward_sample"]

    def note(*arguments, **named):
        noted.append([*arguments, *named.values()])
        return own(*arguments, **named)

    space["feed_forward_sample"] = note
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            function(student, "feed_forward_dataset")(x, y)
    finally:
        space["feed_forward_sample"] = own
    return noted


def range_of(student, name, calls):
    """The range of the pixels that a function gets, by what it divides them; nan if either cannot be told."""
    images = [a for arguments in calls for a in arguments if isinstance(a, np.ndarray) and a.size == SIZES[0][0]]
    range_ = max((float(np.ptp(image)) for image in images), default=0.0)
    if not range_ > 0:
        return np.nan
    return range_ / divisor(student, name, 255 if range_ <= BROUGHT_DOWN else 1)


def divisor(student, name, before):
    """By what a function divides the pixels of an image that has been divided by `before`: 1 or 255, else nan.

    It is what its loss is right for, and wrong with the other.
    """
    state, (images, labels) = drawn_state(KEY), drawn_points(KEY, 1)
    exact = EXACT_SINGLE if single(student) else EXACT
    ready = {n: v * before if n == "W1" else v for n, v in state.items()}  # so that the scores are of ordinary size
    pixels, losses = images[0].ravel().astype(float), []
    image = images[0] if before == 1 else images[0] / before
    for shape in ((784,), (28, 28), (784, 1)):
        if put(student, ready):
            return np.nan
        with contextlib.suppress(ValueError, TypeError, IndexError):
            result = call(student, function(student, name), image.reshape(shape).copy(), labels[0], RATE)
            losses += [float(np.ravel(v)[0]) for v in leaves(result) if np.size(v) == 1][:1]
    fits = set()
    for scale in (1, 255):
        for hidden in (sigmoid, *(own for own, _ in INSTEAD.values())):
            want = float(loss_of(state, pixels / scale, labels[0], hidden))
            if any(abs(loss - want) <= exact * max(want, 0.1) for loss in losses):
                fits.add(scale)
    return fits.pop() if len(fits) == 1 else np.nan


def differ(trained, tested):
    """Whether one range is that of pixels divided by 255 and the other is not; nan is no range."""
    return LEAST <= max(trained, tested) / min(trained, tested) <= MOST


def both(seen):
    """The two ranges in words, as the one pair of a list; none where nothing is wrong with them."""
    trained, tested = (float(r) for r in seen.get("ranges", np.ones(2)))
    return [tuple(f"{r:.0f}" if r > 10 else f"{r:.2g}" for r in (trained, tested))] if differ(trained, tested) else []


def judge_pixels(seen):
    """What is wrong with the two ranges, in words; empty if nothing is."""
    for trained, tested in both(seen):
        told = f"the network is trained on pixels from 0 to {trained} and tested on pixels from 0 to {tested}"
        return f"{told}: divide them by 255 in `train_one_sample` and `feed_forward_sample` alike, or in neither"
    return ""
