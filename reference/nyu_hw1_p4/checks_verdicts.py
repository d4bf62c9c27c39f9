"""Judges of the arrays, of one sample's loss and guess, and of a training step.

They know the state that the probe has written from its key, and compute what is right by themselves. An array that
could not be set (the number 0 for a bias, another size) comes along and takes part as it is.
"""

import numpy as np
from checks_calls import DEFAULT_RATE, sums
from checks_network import (
    BIAS_SUMMED,
    INSTEAD,
    LARGEST,
    MISTAKES,
    NAMES,
    RATE,
    SIZES,
    absurd,
    called,
    forward,
    gradients,
    loss_of,
    softmax,
)
from checks_points import drawn_points, drawn_state

from grader import Verdict

FEW_WEIGHTS, UNIFORM = 200, 1.85  # of 200 normal numbers one is farther out, but for one sample in a million
LIMIT, LIMIT_SINGLE = 1e-5, 1e-3  # of the largest entry; in single precision a small step costs digits
LOSS_LIMIT = 1e-4  # an epsilon of 1e-7 inside the logarithm is no mistake
GIVEN_RATE = 0.05  # 1/20 and 17 times the default: neither is mistaken for the size of a wrong gradient
Z_LIMIT = 5.0  # right code exceeds it once in two million draws; Glorot's deviation lies 5.8 off in the last layer
UNSCALED = "1, of numbers that are not scaled"
# Other rules for the deviation of the weights n_in -> n_out, told where all three matrices follow them
RULES = {
    "sqrt(2 / (n_in + n_out)), Xavier's": lambda n_in, n_out: np.sqrt(2 / (n_in + n_out)),
    "sqrt(2 / n_in), He's": lambda n_in, n_out: np.sqrt(2 / n_in),
    "1/sqrt(n_out)": lambda n_in, n_out: 1 / np.sqrt(n_out),
    "1/sqrt(n_in + n_out)": lambda n_in, n_out: 1 / np.sqrt(n_in + n_out),
    UNSCALED: lambda n_in, n_out: 1.0,
}
RATE_TWICE = "the learning rate is multiplied in twice"
DIVIDED = "your function divides the pixels by 255, which it may"


class Unusable(Exception):
    """Why no answer of the student's network can be judged."""


class Network(dict):
    """The six arrays by name, and by what the pixels may be divided so that its answers tell one image from another."""

    scales = (1, 255)


def guarded(judge):
    """A judge that finds arrays which do not fit together wrong, whatever it meets on computing with them."""

    def judge_(seen, given, *arguments, **named):
        try:
            return list(judge(seen, given, *arguments, **named))
        except Unusable as reason:
            return [Verdict("arrays", False, str(reason))]
        except (ValueError, IndexError, TypeError, OverflowError):
            return [Verdict("arrays", False, "the arrays in `weights` and `biases` do not make up this network")]

    return judge_


def state_of(seen, given, prefix="", shift=0.0, sharp=1.0):
    """The state that the probe has written, with the arrays that could not be set as they were.

    These must be such that right answers have to be computed.
    """
    kept = {n: seen[f"{prefix}kept_{n}"] for n in NAMES if f"{prefix}kept_{n}" in seen}
    if name := absurd(kept):
        raise Unusable(f"{name} holds numbers beyond {LARGEST:g}, or nan: no network begins with those")
    if any(name[0] == "W" and not np.ptp(array) > 0 for name, array in kept.items()):
        raise ValueError("a layer of one and the same weight passes nothing on")
    key, limit = given.golden[f"{prefix}key"], LIMIT_SINGLE if seen.get(f"{prefix}single") else LOSS_LIMIT
    state = Network(drawn_state(key, shift, sharp) | kept)
    if kept:
        is_own = any(name[0] == "W" for name in kept)  # else pixels over 255 count little in any state of these weights
        state.scales = tuple(k for k in (1, 255) if tells_apart(state, key, k if is_own else 1, limit))
    if not state.scales:
        raise Unusable("the network of your arrays, which could not be set, answers every image alike")
    return state


def tells_apart(state, key, scale, limit):
    """Whether no class has a loss that is the same for all images within what a loss may be off."""
    images = drawn_points(key, 16)[0].reshape(16, -1)
    scores = forward(state, images / scale)[0][2]
    losses = np.logaddexp.reduce(scores, axis=1, keepdims=True) - scores
    middle = losses.mean(axis=0)
    return bool((np.abs(losses - middle).max(axis=0) > limit * np.maximum(middle, 0.1)).all())


def scales(state, x, label, loss):
    """Pixels as the student's function takes them: as they are, or divided by 255 where its loss is right for those."""
    wanted = {scale: loss_of(state, x / scale, label) for scale in state.scales}
    scale, want = min(wanted.items(), key=lambda one: abs(loss - one[1]))  # both may be near, and one is right
    if abs(loss - want) <= LIMIT_SINGLE * max(abs(want), 0.1):
        return x / scale, DIVIDED if scale > 1 else ""
    return x / state.scales[0], ""  # a wrong loss tells nothing of the pixels


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
        "the loss is not finite" if not np.isfinite(got) else f"the loss is {got:.5g}; {want:.5g} is right"
    )
    return Verdict(name, False, message, error=error, tolerance=limit)


def is_after_step(loss, state, pixels, label):
    """Whether this is the loss of the network after one right step, for pixels as they are or divided by 255."""
    for x in (pixels / scale for scale in state.scales):
        slopes = gradients(state, x, label)
        after = loss_of({name: state[name] - RATE * slopes[name] for name in NAMES}, x, label)
        if np.allclose(loss, after, rtol=LIMIT_SINGLE, atol=0):
            return True
    return False


def own_network(name):
    return f"right for a network with {name} in the place of the sigmoid, which yours is"


def own_loss(got, state, pixels, label, limit):
    """The name of the function from INSTEAD with which a network has this loss; empty if none has."""
    for name, (hidden, _) in INSTEAD.items():
        for scale in state.scales:
            want = float(loss_of(state, pixels / scale, label, hidden))
            if got.size == 1 and abs(got.item() - want) <= limit * max(want, 0.1):
                return name
    return ""


@guarded
def judge_sample(seen, given, prefix="", which=0):
    """Loss and guess, by the form of the sample that fits best."""
    state = state_of(seen, given, prefix=prefix)
    images, labels = drawn_points(given.golden[f"{prefix}key"], which + 1)
    label, losses = labels[which], np.ravel(seen[f"{prefix}loss"])
    errors = [abs(losses - loss_of(state, images[which].ravel() / k, label)).tolist() for k in state.scales]
    form = int(np.argmin(np.nan_to_num(np.min(errors, axis=0), nan=np.inf)))
    x, remark = scales(state, images[which].ravel().astype(float), label, losses[form])
    limit = LIMIT_SINGLE if seen[f"{prefix}single"] else LOSS_LIMIT
    yield loss_verdict(losses[form], state, x, label, limit, f"{prefix}loss")
    guess, best = seen[f"{prefix}guess"].reshape(3, 10)[form], int(forward(state, x)[1][2].argmax())
    right, number = np.array_equal(guess, np.eye(10)[best]), bool((guess == best).all())
    message = ""
    if number and not right and best:  # ten zeros may be an array as well as the number 0
        message = "the guess is a number where a one-hot vector belongs, which costs nothing"
    if not (right or number):
        got = np.flatnonzero(guess) if np.isfinite(guess).all() else []
        told = f"has {len(got)} numbers that are not 0" if len(got) != 1 else f"is for class {got[0]}"
        message = f"the guess {told}; the one-hot vector of class {best}, the most likely, is asked for"
        if not len(got) and forward(state, x)[1][2].max() < 0.5:
            message += ", though its probability is below one half"
    yield Verdict(f"{prefix}guess", right or number, message or remark)


class Fit:
    """How the six changes of a step compare with the gradients: pixels, factor and limits that fit them best.

    All arrays may be multiplied by one factor, since direction and size of the step have a check of their own, and a
    function may divide the pixels by 255 itself.
    """

    def __init__(self, seen, given, rate, prefix="", which=0, shift=0.0, limits=(LIMIT, LIMIT_SINGLE)):
        self.state = state_of(seen, given, prefix, shift)
        images, labels = drawn_points(given.golden[f"{prefix}key"], which + 1)
        self.label, self.rate = labels[which], rate
        self.limit = limits[int(seen[f"{prefix}single"])]
        # what subtracting two arrays leaves where nothing has changed
        self.floor = {name: 1e-13 * np.abs(array).max() / rate for name, array in self.state.items()}
        self.got = {name: seen[f"{prefix}{name}"] for name in NAMES}
        self.factor, self.count = 1.0, -1
        for scale in self.state.scales:
            x = images[which].ravel() / scale
            want = {n: sums(g) for n, g in gradients(self.state, x, self.label).items()}
            for factor in (1, -1, 1 / rate, -1 / rate, DEFAULT_RATE / rate, -DEFAULT_RATE / rate, rate, -rate):
                count = sum(self.matches(name, want, factor) for name in NAMES)
                if count > self.count:
                    self.x, self.want, self.factor, self.count, self.scale = x, want, factor, count, scale
            bias, whole = want["b3"], self.got["b3"]
            factor = float(whole @ bias / (bias @ bias)) if whole.shape == bias.shape and bias.any() else 0.0
            # any other factor must hold for all six, or chance finds one
            if self.count < 6 and factor and all(self.matches(name, want, factor) for name in NAMES):
                self.x, self.want, self.factor, self.count, self.scale = x, want, factor, 6, scale
        self.remark = "" if self.scale == 1 else DIVIDED
        if self.count < 6:
            self.look_for_another_network(images[which].ravel())

    def look_for_another_network(self, pixels):
        """Take the gradients of a network with another function in its hidden layers, where all six are right for it.

        That the function is another is what the forward pass has paid for.
        """
        for scale, name in ((scale, name) for scale in self.state.scales for name in INSTEAD):
            want = {n: sums(g) for n, g in gradients(self.state, pixels / scale, self.label, name).items()}
            for factor in (1, -1):
                if all(self.matches(n, want, factor) for n in NAMES):
                    self.want, self.factor, self.count = want, factor, 6
                    self.remark = own_network(name)

    def matches(self, name, want, factor=None):
        got, wanted = self.got[name], want[name] * (self.factor if factor is None else factor)
        if got.shape != wanted.shape:
            return False
        size, floor = np.abs(wanted).max(), self.floor[name]
        return bool(
            size > floor and np.abs(got - wanted).max() <= self.limit * size + floor
        )  # to do nothing is no step

    def sums_to_nothing(self, name, summed):
        """Whether a gradient that is summed over the neurons is 0, and the array stays as it is."""
        got, tiny = self.got[name], 1e-12 + self.floor[name]
        return got.shape == summed[name].shape and max(np.abs(got).max(), np.abs(summed[name]).max()) <= tiny

    def mistake(self, wrong):
        """The mistake, in words, that explains every wrong array; empty if none does."""
        if self.rate != 1 and all(self.matches(name, self.want, self.factor * self.rate) for name in wrong):
            return f": {RATE_TWICE}"
        for mistake, text in {"": "", **MISTAKES}.items():
            would = {n: sums(g) for n, g in gradients(self.state, self.x, self.label, mistake).items()}
            if all(self.matches(name, would) for name in wrong):
                return f": {text}"
            summed = {n: np.full_like(g, g.sum()) if n[0] == "b" else g for n, g in would.items()}
            moves = {name for name in wrong if self.matches(name, summed)}
            if self.sums_to_nothing("b3", summed) and moves & {"b1", "b2"}:
                moves.add("b3")  # probabilities less a one-hot vector
            if moves == set(wrong):
                return ": " + "; ".join(filter(None, (text, BIAS_SUMMED)))
        return ""


@guarded
def judge_gradients(seen, given, prefix="", which=0, shift=0.0):
    """One verdict for each of the six arrays."""
    fit = Fit(seen, given, RATE, prefix, which, shift)
    wrong = [name for name in NAMES if not fit.matches(name, fit.want)]
    twins = {NAMES[second]: NAMES[first] for first, second in seen.get(f"{prefix}twins", ())}
    told = fit.mistake(wrong) if wrong else ""
    for name in NAMES:
        got, want = fit.got[name], fit.factor * fit.want[name]
        message = fit.remark
        if got.shape != want.shape:
            message = f"{called(name)} has another shape after the step than before: is its gradient of another shape?"
            yield Verdict(f"{prefix}{name}", False, message)
            continue
        if name in twins:
            message = (
                f"{called(twins[name])} and {called(name)} are one and the same array: your step changes both at once"
            )
        elif name in wrong and not np.isfinite(got).all():
            message = f"the gradient of {name} is not finite"
            message += ": `exp` of the scores overflows unless their maximum is subtracted first" if shift else ""
        elif name in wrong:
            off = min(np.abs(got - want).max() / max(np.abs(want).max(), 1e-300), 1e6)
            size = f": it is off by {off:.2g} times the largest entry asked for, {fit.limit:g} times is allowed"
            message = f"{name} does not change" if not got.any() else f"the gradient of {name} is wrong{told or size}"
        error = float(np.abs(got - want).max() / np.abs(want).max()) if want.any() else None
        right = name not in wrong and name not in twins
        yield Verdict(f"{prefix}{name}", right, message, error=error, tolerance=fit.limit)


def size_told(factor, rate):
    """What is wrong with the size of a step that is `factor` times what it should be."""
    if abs(factor - rate) < 1e-3 * rate:
        return RATE_TWICE
    if abs(factor * rate - 1) < 1e-3:
        return "the step does not take the learning rate that it is given: it is the whole gradient"
    return f"the step is {factor:.3g} times the learning rate {rate:g} times the gradient"


@guarded
def judge_update(seen, given):
    """Direction and size of the step, for a given learning rate and for the default."""
    for prefix, rate in (("given_", GIVEN_RATE), ("default_", DEFAULT_RATE)):
        # a step of 0.003 leaves fewer digits, and a factor is no near miss
        fit = Fit(seen, given, rate, prefix, limits=(1e-4, 1e-2))
        factor, got, want = fit.factor, fit.got["b3"], fit.want["b3"]
        if not fit.count and got.shape == want.shape:  # gradients that are wrong themselves still have a direction
            pairs = [(fit.got[n], fit.want[n]) for n in ("b3", "W3") if fit.got[n].shape == fit.want[n].shape]
            ratios = [float((a * b).sum() / (b * b).sum()) for a, b in pairs]
            factor = 1 if any(0.1 < ratio < 10 for ratio in ratios) else ratios[0]
        right = (fit.count > 0 or got.shape == want.shape) and factor == 1
        message = "no array changes by the learning rate times its gradient"
        if fit.count:
            sign = "the step goes up the gradient, not down" if factor < 0 else ""
            size = "" if abs(factor) == 1 else size_told(abs(factor), rate)
            message = "; ".join(filter(None, (sign, size)))
        yield Verdict(f"{prefix}step", right, "" if right else message)


@guarded
def judge_shapes(seen, given):
    for i, size in enumerate(SIZES, 1):
        got = tuple(int(n) for n in np.ravel(seen[f"shape_W{i}"]))
        right = got in (size, size[::-1])
        if got == (0, 0):
            yield Verdict(f"W{i}", False, f"`weights` ends before weights[{i - 1}]; three layers are expected")
            continue
        yield Verdict(
            f"W{i}", right, "" if right else f"weights[{i - 1}] has shape {got}, the layer {size[0]} -> {size[1]}"
        )
    for i, (_, size) in enumerate(SIZES, 1):
        got = int(seen[f"size_b{i}"])
        if not got:
            yield Verdict(f"b{i}", False, f"`biases` ends before biases[{i - 1}]; three layers are expected")
            continue
        right = got in (1, size)  # a single 0 is broadcast, until the first step makes an array of it
        yield Verdict(f"b{i}", right, "" if right else f"biases[{i - 1}] has {got} entries, the layer {size} neurons")


def follows(seen, law):
    """Whether the deviations of all three weight matrices are those of a rule."""
    drawn = [(seen[f"W{i}"].ravel().astype(float), law(*size)) for i, size in enumerate(SIZES, 1)]
    return all(w.size and abs(w.std() / wanted - 1) * np.sqrt(2 * w.size) <= 4 for w, wanted in drawn)


def means_are_deviations(seen):
    """The means of numbers of deviation 1, in words, where they are the deviations asked for, not 0; else empty."""
    means = np.array([seen[f"moments_W{i}"][0] for i in (1, 2, 3)], dtype=float)
    root = np.array([np.sqrt(n_in * n_out) for n_in, n_out in SIZES])
    wanted = np.array([1 / np.sqrt(max(size)) for size in SIZES])
    if (
        not (np.abs(means - wanted) * root <= 4).all() or ((means * root) ** 2).sum() < 40
    ):  # 3 on average for means of 0
        return ""
    return ", ".join(f"{mean:.2g}" for mean in means)


@guarded
def judge_spread(seen, given):
    """z-tests of mean and standard deviation: those of n normal numbers scatter by 1/sqrt(n) and 1/sqrt(2n)."""
    rule = next((text for text, law in RULES.items() if follows(seen, law)), "")
    if rule == UNSCALED and (means := means_are_deviations(seen)):
        rule += f", and their means are {means}: `normal` takes the mean first, then the deviation"
    for i, size in enumerate(SIZES, 1):
        w, wanted = seen[f"W{i}"].ravel().astype(float), 1 / np.sqrt(max(size))
        if not w.size:
            yield Verdict(f"W{i}", False, f"`weights` ends before weights[{i - 1}]")
            continue
        n = w.size
        ratio = float(w.std() / wanted) if n else np.nan
        z_spread, z_mean = abs(ratio - 1) * np.sqrt(2 * n), abs(w.mean()) * np.sqrt(n) / wanted if n else np.nan
        message = ""
        if not z_spread <= Z_LIMIT:
            asked = f"1/sqrt({max(size)}) = {wanted:.3g}"
            own = float(seen[f"moments_W{i}"][1])  # of all entries, as `.std()` shows it
            message = f"weights[{i - 1}] has the standard deviation {own:.3g}; {asked} is asked for"
            others = [
                k for k, other in enumerate(SIZES) if abs(w.std() * np.sqrt(max(other)) - 1) * np.sqrt(2 * n) <= 3
            ]
            if rule:
                message += f". Yours follow {rule}"
            elif w.min() >= 0 and np.allclose([w.mean(), w.std()], w.max() / np.array([2, 12**0.5]), rtol=0.1):
                message += f". The numbers are spread evenly from 0 to {w.max():.2g}, as by `rand`; `randn` is normal"
            elif others:
                message += f", and not that of weights[{others[0]}]"
            elif abs(w.std() / wanted**2 - 1) * np.sqrt(2 * n) <= Z_LIMIT:
                message += f". {wanted**2:.3g} is its square, the variance: the deviation is the root of that"
            elif abs(ratio * np.sqrt(3) - 1) * np.sqrt(2 * n) <= Z_LIMIT and np.abs(w).max() <= wanted * 1.001:
                message += (
                    f". All numbers lie between -{wanted:.3g} and {wanted:.3g}: `normal` is asked for, not `uniform`"
                )
        elif not z_mean <= Z_LIMIT:
            message = f"the mean of weights[{i - 1}] is {float(seen[f'moments_W{i}'][0]):.2g}, not 0"
        elif n >= FEW_WEIGHTS and (farthest := np.abs(w - w.mean()).max() / w.std()) < UNIFORM:
            message = (
                f"no number in weights[{i - 1}] is farther from 0 than {farthest:.2f} standard deviations, as none of"
            )
            message += " a uniform distribution is; a normal distribution is asked for"
        yield Verdict(f"W{i}", not message, message, error=abs(ratio - 1), tolerance=Z_LIMIT / np.sqrt(2 * max(n, 1)))
