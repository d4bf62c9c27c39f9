"""Public checks: 15 of the 20 points. The course's own run adds other samples, data sets and large scores.

A probe writes a state of ordinary scale into the student's arrays, in place, whichever way round they lie, and lets
the student's functions work on it; gradients are what a step has changed. The judges know the state from its key and
compute what is right by themselves. An array that cannot be set (the number 0 for a bias, another size) comes along
and takes part as it is. Weights are (n_in, n_out) here, biases (n,).
"""

import ast
import contextlib
import inspect
import io
import re

import numpy as np

from grader import Part, Tolerance, Verdict, check

INITIAL = Part("Q1", "Initialisation")
SAMPLE = Part("Q2a", "Forward pass of one sample")
DATASET = Part("Q2b", "Forward pass of a data set")
BACKWARD = Part("Q3", "Backward pass")
TRAINING = Part("Q4", "Training")
STATE = ("weights", "biases")

SIZES = ((784, 32), (32, 32), (32, 10))
NAMES = ("W1", "W2", "W3", "b1", "b2", "b3")
SPREADS = (1 / 2000, 0.3, 0.3)  # inputs of all neurons of order 1, for images whose pixels have the norm 2000
LIMIT, LIMIT_SINGLE = 1e-5, 1e-3  # of the largest entry; in single precision a small step costs digits
DEFAULT_RATE = 0.003
GIVEN_RATE = 0.05  # 1/20 and 17 times the default: neither is mistaken for the size of a wrong gradient
RATE = 0.5  # so large that dividing the change of an array by it costs no digits
Z_LIMIT = 5.0  # right code exceeds it once in two million draws; Glorot's deviation lies 5.8 off in the last layer
EPOCHS, FEW = 3, 7  # the training is run again on so few images, to count its steps
UNTRAINED = 0.02, 0.25  # accuracy of guessing; 0.033 to 0.169 at 200 seeds on the small data set, 0.0998 on average
# Accuracy after training. For MNIST the hand-out's own; for the small data set from right solutions at twenty seeds.
# These reach 0.804 to 0.874 at a learning rate of 0.001, 0.821 to 0.884 at 0.003 and 0.594 to 0.829 at 0.01.
GOAL, GOAL_SMALL = 0.60, 0.55
CUT, PEAK, TOP = 0.4, 90, 126  # of the small data set's ink, as in standins/tensorflow/keras/datasets/mnist.py


# ---------------------------------------------------------------- the network, by the grader itself


def sigmoid(z):
    return np.exp(-np.logaddexp(0, -z))


def forward(state, x):
    """Inputs and outputs of the three layers, for pixels x of shape (784,) or (N, 784)."""
    z1 = x @ state["W1"] + state["b1"]
    z2 = sigmoid(z1) @ state["W2"] + state["b2"]
    z3 = sigmoid(z2) @ state["W3"] + state["b3"]
    return (z1, z2, z3), (sigmoid(z1), sigmoid(z2), softmax(z3))


def softmax(z):
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def loss_of(state, x, label):
    p = forward(state, x)[1][2]
    return -np.log(p[..., label] if p.ndim == 1 else p[np.arange(len(p)), label])


def gradients(state, x, label, mistake=""):
    """The six gradients; with `mistake` those of a way to get them wrong."""
    a1, a2, p = forward(state, x)[1]
    out = softmax(p) if mistake == "twice" else p
    d3 = out - np.eye(len(p))[label]
    W2, W3 = state["W2"], state["W3"]
    if mistake == "updated":
        W2, W3 = W2 - RATE * np.outer(a1, (W3 @ d3) * a2 * (1 - a2)), W3 - RATE * np.outer(a2, d3)
    slope = {"activations": lambda a: sigmoid(a) * sigmoid(-a), "none": lambda a: 1.0}.get(
        mistake, lambda a: a * (1 - a)
    )
    d2 = (W3 @ d3) * slope(a2)
    back = {"turned": W2.T @ d2, "diagonal": W2.diagonal() * d2}
    d1 = back.get(mistake, W2 @ d2) * slope(a1)
    found = (np.outer(x, d1), np.outer(a1, d2), np.outer(a2, d3), d1, d2, d3)
    return dict(zip(NAMES, found, strict=True))


MISTAKES = {
    "activations": "the derivative of the sigmoid is taken at the activations, not at what went into the sigmoid",
    "none": "the derivative of the sigmoid is left out on the way back",
    "updated": "weights are moved before the gradient has passed through them",
    "turned": "the gradient passes a weight matrix that is not transposed",
    "diagonal": "the gradient passes only the diagonal of a weight matrix",
    "twice": "the softmax is applied twice",
}


# ---------------------------------------------------------------- points, made from a key


def drawn_state(key, shift=0.0, sharp=1.0):
    """Six arrays; the ten scores are multiplied by `sharp`, and all moved alike by `shift` in the last weights."""
    stream, state = np.random.default_rng([int(key), 1]), {}
    for i, (size, spread) in enumerate(zip(SIZES, SPREADS, strict=True), 1):
        state[f"W{i}"], state[f"b{i}"] = spread * stream.normal(size=size), stream.normal(size=size[1])
    state["W3"], state["b3"] = sharp * state["W3"] + shift, sharp * state["b3"]
    return state


def drawn_points(key, count):
    """Images uint8 (count, 28, 28), a quarter of whose pixels hold ink, and labels uint8; two in five are guessed."""
    stream = np.random.default_rng([int(key), 2])
    shape = (count, 28, 28)
    images = np.where(stream.random(shape) < 0.25, stream.integers(1, 256, shape), 0).astype(np.uint8)
    guesses = forward(drawn_state(key), images.reshape(count, -1))[1][2].argmax(axis=1)
    labels = np.where(stream.random(count) < 0.4, guesses, stream.integers(10, size=count))
    return images, labels.astype(np.uint8)


def new_key(rng):
    return int(rng.integers(2**31))


# ---------------------------------------------------------------- the student's arrays and functions


def slots(student):
    """Name, container and place of each of the six."""
    found = []
    for kind, container in (("W", student.weights), ("b", student.biases)):
        if not isinstance(container, list | tuple | dict | np.ndarray) or len(container) != 3:
            raise NotImplementedError("`weights` and `biases` do not hold three arrays each")
        places = list(container) if isinstance(container, dict) else range(3)
        found += [(f"{kind}{i}", container, place) for i, place in enumerate(places, 1)]
    return found


def others(student, name, value):
    """Further globals for the same array: `b1` for `biases[0]`."""
    space = student.notebook
    same = [n for n, v in space.items() if v is value] if isinstance(value, np.ndarray) else []
    named = [n for n in (name, name.lower()) if n in space and np.size(space[n]) in (np.size(value), SIZES[0][1], 10)]
    return [n for n in dict.fromkeys(same + named) if isinstance(space[n], np.ndarray)]


def turned(student):
    """Whether weights lie as (n_out, n_in): the first tells, the second is square."""
    _, container, place = slots(student)[0]
    return np.ndim(container[place]) == 2 and container[place].shape[0] < container[place].shape[1]


def upright(name, value, is_turned):
    """The array as (n_in, n_out) or (n,), as a view where that is possible."""
    value, size = np.asarray(value), SIZES[int(name[1]) - 1]
    if name[0] == "b":
        flat = value.reshape(-1) if value.ndim < 2 or max(value.shape) == value.size else value
        return np.broadcast_to(flat, (size[1],)) if flat.shape == (1,) else flat
    told = value.shape != size if value.shape in (size, size[::-1]) and size[0] != size[1] else is_turned
    return value.T if told else value


def put(student, state):
    """Write `state` into the student's arrays; returns those that could not be set, as they are."""
    kept, is_turned = {}, turned(student)
    for name, container, place in slots(student):
        done = False
        for value in [container[place], *(student.notebook[n] for n in others(student, name, container[place]))]:
            if isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.flags.writeable:
                target = upright(name, value, is_turned)
                if target.shape == state[name].shape and np.shares_memory(target, value):
                    target[...] = state[name]
                    done = done or value is container[place]
        if not done:
            kept[name] = np.array(upright(name, container[place], is_turned), dtype=float)
    lend(student)
    return kept


def is_the_courses(student, name):
    """Whether the course's own function has been put in the place of the student's (follow-through)."""
    return getattr(getattr(student, name, None), "__globals__", {}).get("__name__") == "__reference__"


def lend(student):
    """Give the arrays to the course's functions, where these stand in for the student's and know no globals."""
    arrays = None
    for name in ("feed_forward_sample", "feed_forward_dataset", "train_one_sample"):
        if is_the_courses(student, name):
            space = getattr(student, name).__globals__
            if arrays is None:
                is_turned = turned(student)
                arrays = [upright(n, container[place], is_turned) for n, container, place in slots(student)]
            space["weights"], space["biases"] = arrays[:3], arrays[3:]


def take(student):
    """The six arrays as they are now, copied; one that a function has bound anew is taken from where it is."""
    now, is_turned = {}, turned(student)
    for name, container, place in slots(student):
        now[name] = [np.array(upright(name, container[place], is_turned), dtype=float)]
        for other in others(student, name, container[place]):
            now[name].append(np.array(upright(name, student.notebook[other], is_turned), dtype=float))
    return now


ROLES = {
    "sample": {"sample", "x", "image", "img", "input", "inp", "data", "a", "a0"},
    "label": {"y", "label", "target", "y_true", "t"},
    "rate": {"learning_rate", "lr", "eta", "alpha", "rate", "step_size", "learningrate"},
    "weights": {"weights", "w", "ws"},
    "biases": {"biases", "b", "bs", "bias"},
}


def call(student, function, sample, label, rate=None):
    """Call a student's function, its arguments told by their names, or the two that it asks for by their order."""
    values = {"sample": sample, "label": label, "rate": rate}
    parameters = list(inspect.signature(function).parameters.values())
    told = {p.name: next((r for r, names in ROLES.items() if p.name.lower() in names), None) for p in parameters}
    asked = [p.name for p in parameters if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    if len(asked) == 2 and {told[n] for n in asked} != {"sample", "label"}:
        told.update(zip(asked, ("sample", "label"), strict=True))
    if not all(told[n] for n in asked):
        signature = f"{getattr(function, '__name__', 'function')}({', '.join(told)})"
        raise NotImplementedError(f"what the arguments of {signature} are could not be told; a person has to look")
    given = {}
    for name, role in told.items():
        if role in STATE:
            given[name] = getattr(student, role)
        elif role and (name in asked or values[role] is not None):
            given[name] = values[role] if values[role] is not None else DEFAULT_RATE
    return function(**given)


def scored(student, image, label):
    """Loss and guess of `feed_forward_sample` for the sample as a row, a column and an image; nan where it raises."""
    losses, guesses, first = [], [], None
    for shape in ((784,), (784, 1), (28, 28)):
        try:
            loss, guess = call(student, student.feed_forward_sample, image.reshape(shape).copy(), label)
            loss, guess = np.asarray(loss, dtype=float), np.asarray(guess, dtype=float)
            losses.append(loss.item() if loss.size == 1 else np.nan)
            guesses.append(
                guess.ravel() if guess.size == 10 else np.full(10, guess.item() if guess.size == 1 else np.nan)
            )
        except (ValueError, TypeError, IndexError) as error:
            first = first or error
    if not losses:
        raise first
    fill = 3 - len(losses)
    return np.array(losses + [np.nan] * fill), np.array(guesses + [np.full(10, np.nan)] * fill)


def stepped(student, key, which, rate=None, shift=0.0):
    """One step of `train_one_sample` from the state of `key`: its loss, and each array's change per learning rate.

    Of a change (n_in, n_out) three random sums over its rows stand for the whole; nothing wrong cancels in them.
    """
    images, labels = drawn_points(key, which + 1)
    first = None
    for shape in ((28, 28), (784,), (784, 1)):
        kept, before = put(student, drawn_state(key, shift)), take(student)
        try:
            loss = call(student, student.train_one_sample, images[which].reshape(shape).copy(), labels[which], rate)
            break
        except (ValueError, TypeError, IndexError) as error:
            first = first or error
    else:
        raise first
    seen = {"key": np.array(key), "single": single(student)}
    seen["loss"] = np.array(np.nan if loss is None else loss, dtype=float)
    after = take(student)
    for name, olds in before.items():
        changes = [old - new if old.shape == new.shape else new for old, new in zip(olds, after[name], strict=False)]
        changed = next((c for c in changes if c.any()), changes[0])
        seen[name] = sums(changed) / (rate or DEFAULT_RATE)
    return seen | {f"kept_{name}": value for name, value in kept.items()}


def single(student):
    """1 if any of the six arrays is in single precision or less, else 0."""
    held = [container[place] for _, container, place in slots(student)]
    return np.array(int(any(isinstance(v, np.ndarray) and v.dtype.itemsize < 8 for v in held)))


def sums(array):
    return np.random.default_rng(len(array)).normal(size=(3, len(array))) @ array if array.ndim == 2 else array


# ---------------------------------------------------------------- judging

DIVIDED = "your function divides the pixels by 255; the homework uses them as they are"


def guarded(judge):
    """A judge that finds arrays which do not fit together wrong, whatever it meets on computing with them."""

    def judge_(seen, given, *arguments, **named):
        try:
            return list(judge(seen, given, *arguments, **named))
        except (ValueError, IndexError, TypeError):
            return [Verdict("arrays", False, "the arrays in `weights` and `biases` do not make up this network")]

    return judge_


def state_of(seen, given, prefix="", shift=0.0, sharp=1.0):
    """The state that the probe has written, with the arrays that could not be set as they were."""
    state = drawn_state(given.golden[f"{prefix}key"], shift, sharp)
    return state | {n: seen[f"{prefix}kept_{n}"] for n in NAMES if f"{prefix}kept_{n}" in seen}


def scales(state, x, label, loss):
    """Pixels as the student's function takes them: as they are, or, where its loss says so, divided by 255."""
    best = min((1, 255), key=lambda k: np.nan_to_num(abs(loss_of(state, x / k, label) - loss), nan=np.inf))
    return x / best, DIVIDED if best != 1 else ""


def loss_verdict(got, state, x, label, limit, name="loss"):
    """A loss, one number, against what it is; some ways to get it wrong have a name."""
    if got.size != 1:
        return Verdict(name, False, "the loss is not one number")
    got, want, p = float(got.reshape(())), float(loss_of(state, x, label)), forward(state, x)[1][2]
    bare = {n: v * (n[0] != "b") for n, v in state.items()}
    wrong = {
        "the softmax is applied twice": -np.log(softmax(p)[label]),
        "the label is used as a number where its one-hot vector belongs": -float(label) * np.log(p).sum(),
        "it is averaged over the ten classes": want / 10,
        "its sign is wrong": -want,
        "the biases are left out": float(loss_of(bare, x, label)),
    }
    error = abs(got - want) / max(abs(want), 0.1)
    if error <= limit:
        return Verdict(name, True, "", error=error, tolerance=limit)
    told = next((text for text, value in wrong.items() if abs(got - value) <= limit * abs(value)), "")
    message = told or (
        "the loss is not finite" if not np.isfinite(got) else f"the loss is off by {error:.2g} of itself"
    )
    return Verdict(name, False, message, error=error, tolerance=limit)


@guarded
def judge_sample(seen, given, prefix="", which=0):
    """Loss and guess, by the form of the sample that fits best."""
    state = state_of(seen, given, prefix=prefix)
    images, labels = drawn_points(given.golden[f"{prefix}key"], which + 1)
    label, losses = labels[which], np.ravel(seen[f"{prefix}loss"])
    errors = [abs(losses - loss_of(state, images[which].ravel() / k, label)).tolist() for k in (1, 255)]
    form = int(np.argmin(np.nan_to_num(np.min(errors, axis=0), nan=np.inf)))
    x, remark = scales(state, images[which].ravel().astype(float), label, losses[form])
    limit = LIMIT_SINGLE if seen[f"{prefix}single"] else LIMIT
    yield loss_verdict(losses[form], state, x, label, limit, f"{prefix}loss")
    guess, best = seen[f"{prefix}guess"].reshape(3, 10)[form], int(forward(state, x)[1][2].argmax())
    right, number = np.array_equal(guess, np.eye(10)[best]), bool((guess == best).all())
    message = "" if right else "the guess is a number, not its one-hot vector; it counts" if number else ""
    if not (right or number):
        message = "the guess is no one-hot vector of the most likely class"
    yield Verdict(f"{prefix}guess", right or number, message or remark)


class Fit:
    """How the six changes of a step compare with the gradients: pixels, factor and limits that fit them best.

    All arrays may be multiplied by one factor, since direction and size of the step have a check of their own, and a
    function may divide the pixels by 255 itself.
    """

    def __init__(self, seen, given, rate, prefix="", which=0, shift=0.0, limits=(LIMIT, LIMIT_SINGLE)):
        self.state = state_of(seen, given, prefix, shift)
        images, labels = drawn_points(given.golden[f"{prefix}key"], which + 1)
        self.label = labels[which]
        self.limit = limits[int(seen[f"{prefix}single"])]
        # what subtracting two arrays leaves where nothing has changed
        self.floor = 1e-13 * max(np.abs(v).max() for v in self.state.values()) / rate
        self.got = {name: seen[f"{prefix}{name}"] for name in NAMES}
        self.factor, self.count = 1.0, -1
        for scale in (1, 255):
            x = images[which].ravel() / scale
            want = {n: sums(g) for n, g in gradients(self.state, x, self.label).items()}
            for factor in (1, -1, 1 / rate, -1 / rate, DEFAULT_RATE / rate, -DEFAULT_RATE / rate):
                count = sum(self.matches(name, want, factor) for name in NAMES)
                if count > self.count:
                    self.x, self.want, self.factor, self.count, self.scale = x, want, factor, count, scale

    def matches(self, name, want, factor=None):
        got, wanted = self.got[name], want[name] * (self.factor if factor is None else factor)
        return got.shape == wanted.shape and bool(
            np.abs(got - wanted).max() <= self.limit * np.abs(wanted).max() + self.floor
        )

    def mistake(self, wrong):
        """The mistake, in words, that explains every wrong array; empty if none does."""
        for mistake, text in MISTAKES.items():
            would = {n: sums(g) for n, g in gradients(self.state, self.x, self.label, mistake).items()}
            if all(self.matches(name, would) for name in wrong):
                return f": {text}"
        return ""


@guarded
def judge_gradients(seen, given, prefix="", which=0, shift=0.0):
    """One verdict for each of the six arrays."""
    fit = Fit(seen, given, RATE, prefix, which, shift)
    wrong = [name for name in NAMES if not fit.matches(name, fit.want)]
    told = fit.mistake(wrong) if wrong else ""
    for name in NAMES:
        got, want = fit.got[name], fit.factor * fit.want[name]
        message = "" if fit.scale == 1 else DIVIDED
        if got.shape != want.shape:
            yield Verdict(f"{prefix}{name}", False, f"{name} has another shape after the step")
            continue
        if name in wrong and not np.isfinite(got).all():
            message = f"the gradient of {name} is not finite"
        elif name in wrong:
            message = f"{name} does not change" if not got.any() else f"the gradient of {name} is wrong{told}"
        error = float(np.abs(got - want).max() / np.abs(want).max()) if want.any() else None
        yield Verdict(f"{prefix}{name}", name not in wrong, message, error=error, tolerance=fit.limit)


@guarded
def judge_update(seen, given):
    """Direction and size of the step, for a given learning rate and for the default."""
    for prefix, rate in (("given_", GIVEN_RATE), ("default_", DEFAULT_RATE)):
        # a step of 0.003 leaves fewer digits, and a factor is no near miss
        fit = Fit(seen, given, rate, prefix, limits=(1e-4, 1e-2))
        factor, got, want = fit.factor, fit.got["b3"], fit.want["b3"]
        if not fit.count and got.shape == want.shape:  # gradients that are wrong themselves still have a direction
            ratio = float(got @ want / (want @ want))
            factor = 1 if 0.1 < ratio < 10 else ratio
        right = (fit.count > 0 or got.shape == want.shape) and factor == 1
        message = "no array changes by the learning rate times its gradient"
        if fit.count:
            sign = "the step goes up the gradient, not down" if factor < 0 else ""
            size = "the step does not take the learning rate that it is given" if abs(factor) != 1 else ""
            message = "; ".join(filter(None, (sign, size)))
        yield Verdict(f"{prefix}step", right, "" if right else message)


# ---------------------------------------------------------------- Q1


def initial(student):
    """The weights as the student has drawn them, a copy of each, however they lie."""
    return [np.array(container[place]) for name, container, place in slots(student) if name[0] == "W"]


@guarded
def judge_shapes(seen, given):
    for i, size in enumerate(SIZES, 1):
        got = tuple(int(n) for n in np.ravel(seen[f"shape_W{i}"]))
        right = got in (size, size[::-1])
        yield Verdict(
            f"W{i}", right, "" if right else f"weights[{i - 1}] has shape {got}, the layer {size[0]} -> {size[1]}"
        )
    for i, (_, size) in enumerate(SIZES, 1):
        got = int(seen[f"size_b{i}"])
        right = got in (1, size)  # a single 0 is broadcast, until the first step makes an array of it
        yield Verdict(f"b{i}", right, "" if right else f"biases[{i - 1}] has {got} entries, the layer {size} neurons")


@check(INITIAL, points=1, uses=STATE, judge=judge_shapes)
def initial_shapes(student, rng):
    """Shapes of the weights and biases: 784 -> 32 -> 32 -> 10"""
    seen = {f"shape_W{i}": np.array(w.shape) for i, w in enumerate(initial(student), 1)}
    return seen | {f"size_{n}": np.array(np.size(c[p])) for n, c, p in slots(student) if n[0] == "b"}


@guarded
def judge_spread(seen, given):
    """z-tests of mean and standard deviation: those of n normal numbers scatter by 1/sqrt(n) and 1/sqrt(2n)."""
    for i, size in enumerate(SIZES, 1):
        w, wanted = seen[f"W{i}"].ravel().astype(float), 1 / np.sqrt(max(size))
        n = w.size
        ratio = float(w.std() / wanted) if n else np.nan
        z_spread, z_mean = abs(ratio - 1) * np.sqrt(2 * n), abs(w.mean()) * np.sqrt(n) / wanted if n else np.nan
        message = ""
        if not z_spread <= Z_LIMIT:
            message = (
                f"weights[{i - 1}] has a standard deviation {ratio:.2f} times the one asked for, 1/sqrt({max(size)})"
            )
        elif not z_mean <= Z_LIMIT:
            message = f"the mean of weights[{i - 1}] is not 0"
        yield Verdict(f"W{i}", not message, message, error=abs(ratio - 1), tolerance=Z_LIMIT / np.sqrt(2 * max(n, 1)))


@check(INITIAL, points=2, uses=["weights"], judge=judge_spread)
def initial_spread(student, rng):
    """Standard deviation of the weights, 1/sqrt(max(n_in, n_out)), and their mean, 0"""
    samples = {}
    for i, w in enumerate(initial(student), 1):
        picked = rng.choice(w.size, size=min(600, w.size), replace=False)  # enough to tell, and few enough to record
        samples[f"W{i}"] = w.ravel()[picked]
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


def printed(student, x, y):
    """The numbers that `feed_forward_dataset` prints (or returns), with how many decimals each has."""
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        returned = student.feed_forward_dataset(x, y)
    words = re.findall(r"(?<![\w.])-?\d+(?:\.\d*)?(?:e[+-]?\d+)?", text.getvalue())[-200:]
    more = [
        float(v)
        for v in (returned if isinstance(returned, tuple | list) else [returned])
        if np.ndim(v) == 0 and v is not None
    ]
    numbers = [float(w) for w in words] + more
    decimals = [len(w.partition("e")[0].partition(".")[2]) for w in words] + [9] * len(more)
    return {"numbers": np.array(numbers, dtype=float), "decimals": np.array(decimals, dtype=int)}


def shown(seen, value, at_least=1, prefix=""):
    """Whether `value` is among the printed numbers, to the digits that they have."""
    half = 0.5 * 10.0 ** -seen[f"{prefix}decimals"] * (1 + 1e-6) + 1e-5 * abs(value)
    return bool(((abs(seen[f"{prefix}numbers"] - value) <= half) & (seen[f"{prefix}decimals"] >= at_least)).any())


def count_shown(seen, count, total, prefix=""):
    exact = bool((seen[f"{prefix}numbers"] == count).any())
    return exact or shown(seen, 100 * count / total, 1, prefix) or shown(seen, count / total, 2, prefix)


SHARP = 2.5  # losses far apart, so that a wrong average does not round to the right one
COUNTS = {"first_": 37, "second_": 14}


@guarded
def judge_datasets(seen, given, counts):
    """Whether average loss and number of right guesses are among what is printed for each data set."""
    for prefix, count in counts.items():
        state = state_of(seen, given, prefix, sharp=SHARP)
        images, labels = drawn_points(given.golden[f"{prefix}key"], count)
        pixels, found = images.reshape(count, -1).astype(float), []
        for scale in (1, 255):
            right = int((forward(state, pixels / scale)[1][2].argmax(axis=1) == labels).sum())
            loss = shown(seen, loss_of(state, pixels / scale, labels).mean(), 1, prefix)
            found.append((loss, count_shown(seen, right, count, prefix)))
        loss, right = max(found, key=sum)
        text = f"for {count} images is not among what is printed"
        yield Verdict(f"{prefix}average_loss", loss, "" if loss else f"the average loss {text}")
        yield Verdict(f"{prefix}correct", right, "" if right else f"the number of correct guesses {text}")


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


@guarded
def judge_untrained(seen, given):
    right, total = int(seen["right"]), int(seen["total"])
    share, (low, high) = right / max(total, 1), UNTRAINED
    message = ""
    if not low <= share <= high:
        message = f"{share:.1%} of the test set are right before training; guessing gets about 10 %"
    elif not count_shown(seen, right, total):
        message = f"{right} of {total} are right, which is not among what is printed"
    yield Verdict("accuracy", not message, message)


@check(DATASET, points=1, uses=PASS, builds_on=["feed_forward_sample"], judge=judge_untrained)
def untrained_accuracy(student, rng):
    """Accuracy on the test set before training, printed and near 10 %"""
    lend(student)
    x, y = np.asarray(student.notebook["x_test"]), np.ravel(student.notebook["y_test"])
    state = {name: values[0] for name, values in take(student).items()}
    right = (forward(state, x.reshape(len(x), -1).astype(float))[1][2].argmax(axis=1) == y).sum()
    return printed(student, x, y) | {"right": np.array(right), "total": np.array(len(y))}


# ---------------------------------------------------------------- Q3

STEP = [*STATE, "train_one_sample"]


@guarded
def judge_step_loss(seen, given):
    state = state_of(seen, given)
    images, labels = drawn_points(given.golden["key"], 1)
    x, _ = scales(state, images[0].ravel().astype(float), labels[0], seen["loss"].ravel()[:1].sum())
    yield loss_verdict(seen["loss"], state, x, labels[0], LIMIT_SINGLE if seen["single"] else LIMIT)


@check(BACKWARD, points=1, uses=STEP, builds_on=["feed_forward_sample"], judge=judge_step_loss)
def step_loss(student, rng):
    """Loss that a training step returns: the one from before the step"""
    seen = stepped(student, new_key(rng), 0, RATE)
    return {name: seen[name] for name in seen if name not in NAMES}


@check(BACKWARD, points=3, uses=STEP, judge=judge_gradients)
def step_gradients(student, rng):
    """Gradients of the three weights and the three biases, read off what a step changes"""
    return stepped(student, new_key(rng), 0, RATE)


@check(BACKWARD, points=1, uses=STEP, judge=judge_update)
def step_update(student, rng):
    """Direction and size of a step, for a given learning rate and for the default one"""
    given = stepped(student, new_key(rng), 0, GIVEN_RATE)
    default = stepped(student, new_key(rng), 0)
    return {f"given_{n}": v for n, v in given.items()} | {f"default_{n}": v for n, v in default.items()}


# ---------------------------------------------------------------- Q4

DATA = ("x_train", "y_train", "x_test", "y_test")


def train_again(student, few=None):
    """Run the cells from `train_one_sample` on once more, on `few` images if given; returns the steps, counted."""
    shell = student.notebook["get_ipython"]()
    space, steps = shell.user_ns, 0
    cells = [shell.transform_cell(cell) for cell in space["In"]]
    first = max(
        (i for i, cell in enumerate(cells) if re.search(r"^def train_one_sample\b", cell, re.MULTILINE)), default=None
    )
    if first is None:
        raise NotImplementedError("the cell that defines train_one_sample did not run")
    train = student.train_one_sample

    def counted(*arguments, **named):
        nonlocal steps
        steps += 1
        try:
            return train(*arguments, **named)
        except Exception:  # what it does is judged elsewhere; here only how often it is asked
            return 0.0

    space["train_one_sample"] = counted
    if few is not None:
        space.update({name: space[name][:few] for name in DATA})
    with contextlib.redirect_stdout(io.StringIO()):
        for cell in cells[first:]:
            try:
                for node in ast.parse(cell).body:
                    if not bound(node) & {"train_one_sample", *DATA}:
                        exec(compile(ast.Module([node], []), "<training>", "exec"), space)
            except Exception:  # as in a notebook, a cell ends where it fails and the next one runs
                continue
    return steps


def bound(node):
    """Names that a statement at top level binds."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


@guarded
def judge_epochs(seen, given):
    passes = float(seen["steps"]) / FEW
    right = passes >= EPOCHS
    message = f"more than {EPOCHS} epochs: {passes:g}" if passes > EPOCHS else ""
    yield Verdict(
        "epochs", right, message if right else f"the training makes {passes:g} passes over the data, not {EPOCHS}"
    )


@check(TRAINING, points=1, judge=judge_epochs)
def training_epochs(student, rng):
    """Three epochs: every image of the training set, three times"""
    slots(student)
    return {"steps": np.array(train_again(student, FEW))}


@guarded
def judge_accuracy(seen, given):
    """Accuracy of the trained weights on the test set, both as the grader holds them."""
    real = len(seen["W1"]) == 784
    images, labels = held_data(given.data, real)
    best = 0.0
    for prefix in ("", "other_"):
        state = {name: seen.get(f"{prefix}{name}", seen[name]).astype(float) for name in NAMES}
        for scale in (1, 255):  # a training function that divides the pixels has weights for such pixels
            guesses = forward(state, images / scale)[1][2].argmax(axis=1)
            best = max(best, float((guesses == labels).mean()))
    text = f"{best:.1%} of the {len(labels)} test images of {'MNIST' if real else 'the small data set'} are right"
    goal = GOAL if real else GOAL_SMALL
    short = "" if best >= goal else f", not {goal:.0%}"
    yield Verdict("accuracy", not short, text + short, error=best, tolerance=goal)


def held_data(folder, real):
    """Test images (N, 784), of the small data set one pixel for each 2 x 2 and no frame (N, 64); labels (N,)."""
    with np.load(folder / ("mnist.npz" if real else "digits.npz"), allow_pickle=False) as arrays:
        if real:
            return arrays["x_test"].reshape(-1, 784).astype(float), arrays["y_test"]
        ink = np.clip((arrays["images"][:397] / 16 - CUT) / (1 - CUT), 0, 1) ** 2
        return np.round(PEAK * ink).reshape(-1, 64), arrays["labels"][:397]


# The tolerance is for recording: what is left of a rounding difference after 16,800 steps.
@check(
    TRAINING,
    points=3,
    builds_on=["train_one_sample"],
    judge=judge_accuracy,
    tolerance=Tolerance(limit=0.02),
    seconds=120,
)
def training_accuracy(student, rng):
    """Accuracy on the test set after training, recomputed from the weights"""
    if is_the_courses(student, "train_one_sample"):
        # the course's own step stands in for the student's: what matters is the student's training by it
        stream, start = np.random.default_rng(80085), drawn_state(0)
        spread = {n: stream.normal(size=v.shape) / np.sqrt(len(v)) if n[0] == "W" else 0 * v for n, v in start.items()}
        put(student, spread)
        train_again(student)
    x = np.asarray(student.notebook["x_train"], dtype=float)
    real = max(len(x), len(student.notebook["x_test"])) >= 10_000
    states = take(student)
    seen = as_served({name: values[0] for name, values in states.items()}, x, real)
    if any(len(values) > 1 for values in states.values()):  # the lists may have been left behind in the training
        others_ = as_served({name: values[-1] for name, values in states.items()}, x, real)
        seen |= {f"other_{name}": value for name, value in others_.items()}
    return seen


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
