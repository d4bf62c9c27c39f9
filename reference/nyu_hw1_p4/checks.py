"""Public checks: 15 of the 20 points. The course's own run adds other samples, data sets and large scores.

A probe writes a state of ordinary scale into the student's arrays, in place, and lets the student's functions work on
it; gradients are what a step has changed. The helper files, each of which stands on those before it: `checks_network`
and `checks_points` compute what is right, `checks_cells`, `checks_arrays` and `checks_calls` deal with the student's
notebook, `checks_pixels` with what goes into the network, `checks_verdicts`, `checks_printed` and `checks_trained`
judge.
"""

import time

import numpy as np
from checks_arrays import (
    STATE,
    drawn_again,
    is_the_courses,
    lend,
    moved,
    other_network,
    put,
    separate,
    single,
    slots,
    take,
    turned,
    upright,
)
from checks_calls import ROLES, printed, scored, stepped
from checks_cells import one_epoch, train_again, written_counts
from checks_network import NAMES, RATE, absurd, forward
from checks_pixels import both, pixels_ranges
from checks_points import drawn_points, drawn_state, new_key
from checks_printed import SHARP, judge_datasets, judge_untrained
from checks_trained import (
    EPOCHS,
    FEW,
    FEW_TESTS,
    GOAL,
    as_served,
    divides,
    judge_accuracy,
    judge_epochs,
    mislabelled,
    times_seen,
)
from checks_verdicts import (
    GIVEN_RATE,
    LIMIT_SINGLE,
    LOSS_LIMIT,
    guarded,
    is_after_step,
    judge_gradients,
    judge_sample,
    judge_shapes,
    judge_spread,
    judge_update,
    loss_verdict,
    own_loss,
    own_network,
    scales,
    state_of,
)

from grader import ForPerson, Part, Verdict, check, fail

INITIAL = Part("Q1", "Initialisation")
SAMPLE = Part("Q2a", "Forward pass of one sample")
DATASET = Part("Q2b", "Forward pass of a data set")
BACKWARD = Part("Q3", "Backward pass")
TRAINING = Part("Q4", "Training")
# MNIST has 180,000 steps in three epochs and the small data set 16,800. With pixels brought to 0..1 a rate of 0.003
# needs 60,000 of them: such a training is repeated, until it has reached the goal or has had as many as on MNIST.
REPEATS, SMALL_PIXELS, PATIENCE = 10, 32, 70  # the last in seconds of CPU time


# ---------------------------------------------------------------- Q1


def initial(student):
    """The weights as the student has drawn them, a copy of each, however they lie."""
    if (held := other_network(student)) is not None:
        return [*held[0], *[np.zeros((0, 0))] * 3][:3]
    drawn = drawn_again(student) or {name: np.array(container[place]) for name, container, place in slots(student)}
    return [drawn[name] for name in NAMES[:3]]


@check(INITIAL, points=1, uses=STATE, judge=judge_shapes)
def initial_shapes(student, rng):
    """Shapes of the weights and biases: 784 -> 32 -> 32 -> 10"""
    seen = {f"shape_W{i}": np.array(w.shape) for i, w in enumerate(initial(student), 1)}
    if (held := other_network(student)) is not None:
        sizes = [b.size for b in held[1]] + [0] * 3
        return seen | {f"size_b{i}": np.array(sizes[i - 1]) for i in (1, 2, 3)}
    return seen | {f"size_{n}": np.array(np.size(c[p])) for n, c, p in slots(student) if n[0] == "b"}


@check(INITIAL, points=2, uses=["weights"], judge=judge_spread)
def initial_spread(student, rng):
    """Standard deviation of the weights, 1/sqrt(max(n_in, n_out)), and their mean, 0"""
    samples = {}
    for i, w in enumerate(initial(student), 1):
        picked = rng.choice(
            max(1, w.size), size=min(600, w.size), replace=False
        )  # enough to tell, and few enough to record
        samples[f"W{i}"] = w.ravel()[picked]
        samples[f"moments_W{i}"] = np.array([w.mean(), w.std()] if w.size else [0.0, 0.0])
    return samples


# ---------------------------------------------------------------- Q2


def one_sample(student, key, which=0):
    images, labels = drawn_points(key, which + 1)
    kept = put(student, drawn_state(key))
    loss, guess = scored(student, images[which], labels[which])
    return {"key": np.array(key), "single": single(student), "loss": loss, "guess": guess} | {
        f"kept_{n}": v for n, v in kept.items()
    }


@check(SAMPLE, points=1, uses=[*STATE, "feed_forward_sample"], judge=judge_sample)
def sample_forward(student, rng):
    """Loss and one-hot guess for a random image, weights and biases"""
    return one_sample(student, new_key(rng))


COUNTS = {"first_": 37, "second_": 14}


@guarded
def judge_printed(seen, given):
    return judge_datasets(seen, given, COUNTS)


def datasets(student, rng, counts):
    """What is printed for data sets of these sizes, each with other weights."""
    seen = {}
    for prefix, count in counts.items():
        key = new_key(rng)
        images, labels = drawn_points(key, count)
        kept = put(student, drawn_state(key, sharp=SHARP))
        found = {"key": np.array(key)} | printed(student, images, labels) | {f"kept_{n}": v for n, v in kept.items()}
        seen |= {f"{prefix}{name}": value for name, value in found.items()}
    return seen


PASS = [*STATE, "feed_forward_sample", "feed_forward_dataset"]


@check(DATASET, points=1, uses=PASS, builds_on=["feed_forward_sample"], judge=judge_printed)
def dataset_printed(student, rng):
    """Average loss and number of correct guesses that are printed for 37 and for 14 random images"""
    return datasets(student, rng, COUNTS)


@check(DATASET, points=1, uses=PASS, builds_on=["feed_forward_sample"], judge=judge_untrained)
def untrained_accuracy(student, rng):
    """Accuracy on the test set before training, printed and near 10 %"""
    lend(student)
    first = drawn_again(student)
    if first:
        put(student, {name: upright(name, first[name], turned(student)) for name in NAMES})
    x, y = np.asarray(student.notebook["x_test"]), np.ravel(student.notebook["y_test"])
    state, pixels = {name: values[0] for name, values in take(student).items()}, x.reshape(len(x), -1).astype(float)
    if name := absurd(state):
        fail(f"{name} holds numbers beyond 1000, or nan: no network begins with those")
    right = [(forward(state, pixels / k)[1][2].argmax(axis=1) == y).sum() for k in (1, 255)]
    return printed(student, x, y) | {"right": np.array(right), "total": np.array(len(y))}


STEP = [*STATE, "train_one_sample"]


@guarded
def judge_step_loss(seen, given):
    state = state_of(seen, given)
    images, labels = drawn_points(given.golden["key"], 1)
    pixels, limit = images[0].ravel().astype(float), LIMIT_SINGLE if seen["single"] else LOSS_LIMIT
    x, _ = scales(state, pixels, labels[0], seen["loss"].ravel()[:1].sum())
    verdict = loss_verdict(seen["loss"], state, x, labels[0], limit)
    if not verdict.earned and (name := own_loss(seen["loss"], state, pixels, labels[0], limit)):
        verdict = Verdict("loss", True, own_network(name))  # that it is another network, the forward pass has paid for
    elif not verdict.earned and is_after_step(seen["loss"], state, pixels, labels[0]):
        verdict = Verdict("loss", False, "the loss is that from after the step; the one from before it is asked for")
    yield verdict


@check(BACKWARD, points=1, uses=STEP, builds_on=["feed_forward_sample"], judge=judge_step_loss)
def step_loss(student, rng):
    """Loss of a training step: the one from before the step"""
    key = new_key(rng)
    seen = stepped(student, key, 0, RATE)
    if seen.pop("silent", None) is not None and not np.isfinite(seen["loss"]):
        raise ForPerson("train_one_sample returns no loss, and none could be told from its step")
    return {name: seen[name] for name in seen if name not in NAMES}


@check(BACKWARD, points=3, uses=STEP, judge=judge_gradients)
def step_gradients(student, rng):
    """Gradients of the three weights and the three biases, read off what a step changes"""
    pairs = separate(student)
    own = {name: container[place] for name, container, place in slots(student)}
    seen = stepped(student, new_key(rng), 0, RATE)
    held = {name: container[place] for name, container, place in slots(student)}  # bound anew, or changed in place
    twins = [[NAMES.index(n) for n in pair] for pair in pairs if held[pair[1]] is own[pair[1]] and seen[pair[1]].any()]
    return seen | ({"twins": np.array(twins)} if twins else {})


@check(BACKWARD, points=1, uses=STEP, judge=judge_update)
def step_update(student, rng):
    """Direction and size of a step, for a given learning rate and for the default one"""
    given = stepped(student, new_key(rng), 0, GIVEN_RATE)
    if "returned" in given:
        raise ForPerson("train_one_sample returns the gradients and leaves the step to whom calls it")
    default = stepped(student, new_key(rng), 0)
    return {f"given_{n}": v for n, v in given.items()} | {f"default_{n}": v for n, v in default.items()}


@check(TRAINING, points=1, builds_on=["feed_forward_dataset"], judge=judge_epochs)
def training_epochs(student, rng):
    """Three epochs: every image of the training set, three times, its pixels as in the test"""
    before, images = take(student), np.array(student.notebook["x_train"][:FEW], dtype=float)
    images, labels = images.reshape(len(images), -1), np.array(np.ravel(student.notebook["y_train"][:FEW]))
    visits, error, statement = train_again(student, FEW, FEW_TESTS)
    steps, total = len(visits), len(student.notebook["x_train"])
    if not steps and moved(before, take(student)):
        raise ForPerson("the training does not call train_one_sample; how often it sees an image could not be counted")
    if error is not None and steps < EPOCHS * FEW:
        kind, left = type(error).__name__, f"run on {FEW} images, the training stops with"
        counted = next((n for n in written_counts(student) if n > FEW), None)
        told = "" if counted is None else f"; `train_one_epoch` counts to {counted}, not to the length of `x_train`"
        if not steps:
            fail(f"no step is made: `{statement}` raises {kind} ({error}) when the cells run on {FEW} images{told}")
        for ours, tested in both(pixels_ranges(student, visits)):
            fail(f"{left} {kind} ({error}){told}. Pixels go up to {ours} in training, up to {tested} in the test")
        fail(f"{left} {kind} ({error}){told}")
    if wrong := mislabelled(visits, images, labels):
        fail(f"{wrong} of {steps} steps get an image with a label that is not its own")
    in_one, passed_on = one_epoch(student, ROLES["rate"])
    if steps == EPOCHS * FEW and in_one is not None and in_one < total:
        fail(f"an epoch makes {in_one} steps where the training set has {total} images")
    seen = {
        "steps": np.array(steps),
        "rate": np.array(np.nan if passed_on is None else passed_on, dtype=float),
        "visits": times_seen(visits, images),
    }
    return seen | pixels_ranges(student, visits)


@check(TRAINING, points=3, builds_on=["feed_forward_dataset", "train_one_sample"], judge=judge_accuracy, seconds=120)
def training_accuracy(student, rng):
    """Accuracy on the test set after training, recomputed from the weights"""
    if is_the_courses(student, "train_one_sample"):
        # the course's own step stands in for the student's: what matters is the student's training by it
        stream, start = np.random.default_rng(80085), drawn_state(0)
        spread = {n: stream.normal(size=v.shape) / np.sqrt(len(v)) if n[0] == "W" else 0 * v for n, v in start.items()}
        put(student, spread)
        train_again(student)
    x, y = np.asarray(student.notebook["x_train"], dtype=float), np.ravel(student.notebook["y_train"])
    real = max(len(x), len(student.notebook["x_test"])) >= 10_000
    repeated, begun, short = 0, time.process_time(), False
    while repeated < REPEATS and not real and time.process_time() - begun < PATIENCE:
        states = {name: values[-1] for name, values in take(student).items()}
        pixels = x.reshape(len(x), -1)[:1000]
        scale = min((1, 255), key=lambda k: -(forward(states, pixels / k)[1][2].argmax(axis=1) == y[:1000]).mean())
        share = (forward(states, pixels / scale)[1][2].argmax(axis=1) == y[:1000]).mean()
        short = share <= GOAL
        if not short or (pixels.max() > SMALL_PIXELS and not divides(student)):
            break
        before = take(student)
        train_again(student)
        if not moved(before, take(student)):
            break
        repeated += 1
    states = take(student)
    seen = as_served({name: values[0] for name, values in states.items()}, x, real) | {"repeated": np.array(repeated)}
    if any(len(values) > 1 for values in states.values()):  # the lists may have been left behind in the training
        others_ = as_served({name: values[-1] for name, values in states.items()}, x, real)
        seen |= {f"other_{name}": value for name, value in others_.items()}
    if short:
        train_again(student, FEW, FEW_TESTS)  # raises where the training is still to be written
    return seen
