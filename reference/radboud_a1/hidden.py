"""Hidden checks: other sizes, repeated calls, and the trained networks, found by their layers whatever their names."""

import re

import numpy as np
from checks import (
    BCE,
    DECAY,
    DECAYING,
    DESCENT,
    FUNCTIONS,
    LAYERS,
    LINEAR,
    LINEAR_CLASS,
    ONE_LAYER,
    PLAIN,
    PROBABILITY,
    RELU,
    RELU_CLASS,
    RELU_LAYER,
    SIGMOID,
    SIGMOID_CLASS,
    SIGMOID_LAYER,
    agree,
    begun,
    decaying,
    gradients,
    height,
    layer,
    linear,
    moved,
    off_zero,
    one_layer,
    predictions,
    shrinking,
)
from checks_differences import run_again

from grader import Part, Uses, Verdict, check, fail

ONE_LAYER_NUMERICAL = Part("1.3b", "One-layer model: finite differences (no points)")
TWO_LAYERS = Part("1.6b", "Two-layer network, trained")
SINGLE = Part("1.6d", "Network of one linear layer")
NO_ACTIVATION = Part("1.6f", "Network of two linear layers without activation between")
DEEP = Part("1.6h", "Deeper network")

# ---------------------------------------------------------------- 1.1 to 1.4 at other points


def path(ended):
    """What optimize_f returns, as arrays."""
    if len(set(ended[3])) == len(set(ended[4])) == 1:
        raise NotImplementedError("optimize_f leaves x and y where they start")
    return {"value": ended[2], "x_hist": np.array(ended[3]), "y_hist": np.array(ended[4])}


@check(DESCENT, points="1/2", uses=[PLAIN])
def descent_path(student, rng):
    """Every point of a path of six steps, and the height at its end; also with steps that go up, from whole numbers"""
    first = path(student.optimize_f(*rng.uniform(-3, 3, size=2), rng.uniform(0.02, 0.1), 6))
    x, y, *rest = student.optimize_f(3, 2, rng.uniform(0.37, 0.44), 3)  # whose last point is never the lowest
    return first | {"end": np.array([x, y]), "x_up": np.array(rest[1]), "y_up": np.array(rest[2])}


def judge_decayed_path(seen, given):
    *start, step_size, decay = given.golden["given"]
    paths = [shrinking(*start, step_size, 6, decay, first) for first in (0, 1)]
    yield from agree(seen, [{"value": height(*p[:, -1]), "x_hist": p[0], "y_hist": p[1]} for p in paths])


@check(DECAY, points="1/2", uses=[DECAYING], judge=judge_decayed_path)
def decayed_path(student, rng):
    """Every point of a path of six steps that get shorter, and the height at its end"""
    start, step_size, decay = rng.uniform(-3, 3, size=2), rng.uniform(0.05, 0.1), rng.uniform(0.6, 0.9)
    ended = path(decaying(student)(*start, step_size, 6, decay))
    return ended | {"given": np.array([*start, step_size, decay])}


@check(SIGMOID, points="1/2", uses=["sigmoid"])
def sigmoid_shapes(student, rng):
    """Sigmoid of a number, of a matrix and of whole numbers"""
    sigmoid, matrix = student.sigmoid, 8 * rng.normal(size=(4, 3))
    return {"number": sigmoid(rng.uniform(0.5, 2)), "matrix": sigmoid(matrix), "whole": sigmoid(np.arange(-3, 4))}


@check(SIGMOID, points="1/2", uses=["sigmoid_grad"])
def sigmoid_gradient_shapes(student, rng):
    """Derivative of the sigmoid at a number and at the entries of a matrix"""
    grad = student.sigmoid_grad
    return {"number": grad(rng.uniform(0.5, 2)), "matrix": grad(4 * rng.normal(size=(4, 3)))}


@check(RELU, points="1/4", uses=["relu", "relu_grad"])
def relu_shapes(student, rng):
    """ReLU of a matrix and of its negative, which is another one if the first call has changed it; derivative"""
    x = off_zero(rng, 4, 3)
    return {"relu": np.stack([student.relu(x), student.relu(-x)]), "relu_grad": student.relu_grad(x)}


@check(RELU, points="1/4", uses=["relu", "relu_grad"])
def relu_numbers(student, rng):
    """ReLU and its derivative of whole numbers; its derivative at 0, and twice of one array"""
    at, whole, x = rng.uniform(0.5, 2), np.array([-3, 2, -1, 4]), off_zero(rng, 6)
    zero = np.array(student.relu_grad(np.array([0.0, at])), dtype=float)
    if not (0 <= zero[0] <= 1):
        fail("`relu_grad` of exactly 0 is not a number from 0 to 1, as in 0 / 0; any of these will do")
    return {
        "whole": student.relu(whole),
        "whole_grad": student.relu_grad(whole),
        "twice": np.stack([student.relu_grad(x), student.relu_grad(-x)]),
    }


@check(BCE, points="1/2", uses=["bce_loss"], tolerance=PROBABILITY)
def bce_column(student, rng):
    """Losses of a column of predictions, as in training"""
    return {"bce_loss": student.bce_loss(*predictions(rng, 6, 1))}


@check(BCE, points="1/2", uses=["bce_loss_grad"], tolerance=PROBABILITY)
def bce_gradient_column(student, rng):
    """Gradients of the losses of a column of predictions"""
    return {"bce_loss_grad": student.bce_loss_grad(*predictions(rng, 6, 1))}


@check(ONE_LAYER, points=1, uses=["fn"], builds_on=FUNCTIONS, tolerance=PROBABILITY)
def one_layer_both(student, rng):
    """Losses and gradients at inputs with the labels 0 and 1"""
    return one_layer(student, rng, [0, 1, 0])


def judge_numerical(seen, given):
    got, want = seen["numerical_grad"].astype(float), seen["own"].astype(float)
    right = got.shape == want.shape and got.size > 0 and bool(np.abs(got - want).max() <= 1e-3 * np.abs(want).max())
    told = f"shape {got.shape}; the gradient of your `fn` has shape {want.shape}"
    if got.shape == want.shape and got.size:
        worst = int(np.nan_to_num(np.abs(got - want), nan=np.inf).argmax())
        told = f"{got.flat[worst]:.5g} at [{worst}]; the finite difference of your `fn` is {want.flat[worst]:.5g}"
    yield Verdict("numerical_grad", right, "" if right else told)


@check(ONE_LAYER_NUMERICAL, points=0, uses=["numerical_grad", "fn"], builds_on=["fn"], judge=judge_numerical)
def one_layer_numerical(student, rng):
    """The finite differences that the notebook prints are those of its fn"""
    x, fn = np.array(student.notebook["x"], dtype=float), student.fn
    steps = 1e-5 * np.eye(x.size)
    own = [(fn(x + step, student.notebook["y"])[0] - fn(x - step, student.notebook["y"])[0]) / 2e-5 for step in steps]
    return {"numerical_grad": student.numerical_grad, "own": np.array(own)}


@check(LINEAR, points="1/2", uses=[LINEAR_CLASS])
def linear_forward_sizes(student, rng):
    """Linear: outputs of a narrow layer for one sample and of a wide one"""
    narrow, wide = linear(student, rng, 6, 2), linear(student, rng, 3, 9)
    found = {"narrow": narrow.forward(rng.normal(size=(1, 6))), "wide": wide.forward(rng.normal(size=(4, 3)))}
    return begun(found, "what forward returns")


@check(LINEAR, points="1/2", uses=[LINEAR_CLASS])
def linear_backward_again(student, rng):
    """Linear: gradients of two layers in turn, the first asked twice"""
    one, other = linear(student, rng, 3, 8), linear(student, rng, 3, 8)
    x, dy = rng.normal(size=(6, 3)), rng.normal(size=(6, 8))
    dx = one.backward(x, dy)
    second = gradients(other, rng.normal(size=(4, 3)), rng.normal(size=(4, 8)))
    first = {"dx": np.array(dx), "dW": np.array(one.dW), "db": np.array(one.db)}
    return {"first": first, "second": second, "again": gradients(one, x, dy)}


@check(LINEAR, points="1/2", uses=[LINEAR_CLASS])
def linear_steps(student, rng):
    """Linear: W and b after two steps, each along its own gradients"""
    made = linear(student, rng, 3, 7)
    return {"first": moved(rng, made, 0.2), "second": moved(rng, made, rng.uniform(0.5, 2))}


@check(SIGMOID_LAYER, points="1/2", uses=[SIGMOID_CLASS], builds_on=FUNCTIONS)
def sigmoid_layer_again(student, rng):
    """Sigmoid: outputs and gradients of several calls at another size, after a step"""
    return after_step(layer(student.Sigmoid), 2 * rng.normal(size=(3, 7)), rng.normal(size=(3, 7)))


@check(RELU_LAYER, points="1/2", uses=[RELU_CLASS], builds_on=FUNCTIONS)
def relu_layer_again(student, rng):
    """ReLU: outputs and gradients of several calls at another size, after a step"""
    return after_step(layer(student.ReLU), off_zero(rng, 3, 7), rng.normal(size=(3, 7)))


def after_step(made, x, dy):
    """Outputs for x and -x / 2 and the gradients at x, -x and x, after a step.

    The second and third are others if an earlier one changed x or dy; all are if they belong to the latest output.
    """
    try:
        made.step(0.1)
    except NotImplementedError:
        made.forward(x), made.backward(x, dy)  # which raise it too where the layer is not begun
        fail("`step` raises NotImplementedError; a layer without parameters has nothing to move, and a `step` to call")
    y = np.stack([made.forward(x), made.forward(-x / 2)])
    return {"y": y, "dx": np.stack([made.backward(at, dy).copy() for at in (x, -x, x)])}


# Points from -8e4 to 8e4 with 0 among them, at which a layer without weights is written down
GRID = np.sinh(np.linspace(-12, 12, 201))
FAR = 100  # what enters an activation in training stays well below
TRAININGS = 4  # repeated at most, of the notebook's that could be the one that is asked for
GIVEN = {"epochs": 25, "learning_rate": 0, "mb_size": 10}  # of the call that the hand-out has under (b)
UNKNOWN, NEVER, RATE_OF_0, STILL = (
    "",
    "`fit` was called with no such network when the cells ran once more",
    "`fit` was called with a learning rate of 0, so that no weight moved",
    "`fit` was called, and no weight moved",
)
UNWRITTEN = {
    (layer, method): f"`{layer}.{method}` raises NotImplementedError, which ends the training"
    for layer in LAYERS
    for method in ("forward", "backward", "step")
}
STOPPED = "`fit` was called, and the training ended with an error"
ERRORS = ("ValueError", "TypeError", "IndexError", "AttributeError", "NameError", "NotImplementedError")
STOPPED_BY = {name: f"`fit` was called, and the training ended with the error {name}" for name in ERRORS}
NOT_FINITE, NO_BETTER = (
    "`fit` was called, and the weights are not finite after it, as after steps that are too large or lead uphill",
    "`fit` was called, and no more digits are right after it than before",
)
STATES = (UNKNOWN, NEVER, RATE_OF_0, STILL, STOPPED, *STOPPED_BY.values(), *UNWRITTEN.values(), NOT_FINITE, NO_BETTER)
"""What a repeated training may be found to be; the judge is told the index."""


def described(layers):
    """A network as three arrays: `sizes` (k, 2), zeros for a layer without weights; all `weights` in a row; and
    `curves` (m, 201), the values of each layer without weights at GRID."""
    sizes, weights, curves = [], [np.zeros(0)], [np.zeros((0, GRID.size))]
    for made in layers:
        if hasattr(made, "W"):
            sizes.append(np.shape(made.W))
            weights += [np.ravel(made.W), np.reshape(made.b, sizes[-1][1])]
        else:
            sizes.append((0, 0))
            curves.append(curve(made)[None])
    # float32: the golden file then holds half the digits, and no accuracy depends on more
    flat = np.concatenate(weights).astype(np.float32)
    return {"sizes": np.array(sizes, dtype=float).reshape(-1, 2), "weights": flat, "curves": np.concatenate(curves)}


def curve(made):
    """The values at GRID of a layer without weights; nan far out, where `math.exp` raises."""
    grid = GRID[:, None].copy()
    try:
        return np.ravel(made.forward(grid)).astype(float)
    except ArithmeticError:
        near, values = np.abs(GRID) <= FAR, np.full(GRID.size, np.nan)
        grid = GRID[near, None]
        values[near] = np.ravel(made.forward(grid))
        return values


def kinds(seen):
    """A letter for each layer: Linear, ReLU, Sigmoid, or ? for another."""
    curves, text = iter(seen["curves"]), ""
    for n_in, _ in seen["sizes"]:
        values = None if n_in else next(curves)
        known = {"R": np.maximum(GRID, 0), "S": (1 + np.tanh(GRID / 2)) / 2}
        text += "L" if n_in else next((k for k, curve in known.items() if alike(values, curve)), "?")
    return text


def alike(values, curve):
    """Whether these are the values at GRID; far out, where exp(x) overflows, there may be none."""
    there = np.isfinite(values) | (np.abs(GRID) <= FAR)
    return np.allclose(values[there], curve[there])


def accuracy(seen, x, y):
    """Share of the rows of x, with the labels y of 0 and 1, that a described network classifies right."""
    out = outputs_of(seen, x)
    return float(np.mean((out[:, 0] > 0.5) == (y > 0.5))) if out.shape[1] == 1 else 0.0


def outputs_of(seen, x):
    """What a described network makes of the rows of x."""
    curves, at = iter(seen["curves"]), 0
    for n_in, n_out in seen["sizes"].astype(int):
        if n_in:
            size = n_in * n_out
            x = x @ seen["weights"][at : at + size].reshape(n_in, n_out) + seen["weights"][at + size :][:n_out]
            at += size + n_out
        else:
            x = np.interp(x, GRID, next(curves))
    return x


def weights_of(net):
    """All weights and biases in a row; none where they cannot be read."""
    try:
        own = [(made.W, made.b) for made in net.layers if hasattr(made, "W")]
        return np.concatenate([np.zeros(0), *(np.ravel(array).astype(float) for pair in own for array in pair)])
    except Exception:
        return np.zeros(0)


def stopped_by(error):
    """The one of STATES for a training that raised: of a method that is not written, its name."""
    if isinstance(error, NotImplementedError):
        entry, place = error.__traceback__, None
        while entry is not None:
            owner = type(entry.tb_frame.f_locals.get("self")).__name__
            place = UNWRITTEN.get((owner, entry.tb_frame.f_code.co_name), place)
            entry = entry.tb_next
        if place:
            return place
    return next((STOPPED_BY[kind.__name__] for kind in type(error).__mro__ if kind.__name__ in ERRORS), STOPPED)


def network(student, fits, goal):
    """The best network in the notebook whose layers are those asked for, as `described` puts it.

    Where none is there, or the best misses the goal, the trainings of such networks run once more: a name may have
    been used again, and with layers that have been put right a training may succeed. `training` (3,) is what came of
    them: the index of one of STATES, whether the best network is as it was drawn, and whether one whose layers are
    called as asked cannot be read.
    """
    best, reached, trainings = described([]), -1.0, []
    met, called, unread = set(), False, False
    names = dict(student.notebook)

    def look(net):
        nonlocal best, reached, unread
        try:
            seen = described(net.layers)
            met.add(kinds(seen))
            if not fits(kinds(seen)):
                if reached < 0:
                    best = seen
                return False
            share = accuracy(seen, names["x"]["test"], names["y"]["test"]) if isinstance(names.get("x"), dict) else 0.0
        except Exception:  # no network, or one whose layers do not work
            letters = "".join(type(made).__name__[0] for made in getattr(net, "layers", ()))
            met.add(letters)
            unread = unread or fits(letters)
            return fits(letters)
        if share > reached:
            best, reached = seen, share
        return True

    def look_around(space):
        for value in [*space.values(), space.get("net")]:  # most are called that: it is looked at last
            for net in value if isinstance(value, list | tuple) else [value]:
                if isinstance(getattr(net, "layers", None), list | tuple):
                    look(net)

    def fit(net, *args, **named):
        nonlocal called
        if reached < goal and look(net):
            called = True
            if len(trainings) < TRAININGS:
                train(net, args, named)
                look(net)

    def train(net, args, named):
        drawn = weights_of(net)
        rate = named.get("learning_rate", args[3] if len(args) > 3 else None)
        state = RATE_OF_0 if isinstance(rate, int | float) and rate == 0 else STILL
        try:
            names["fit"](net, *args, **named)
        except (Exception, KeyboardInterrupt, SystemExit) as error:
            state = stopped_by(error)
            raise
        finally:
            after = weights_of(net)
            moved = not np.array_equal(drawn, after)
            if fits("LRLS") and named == GIVEN and not moved:
                state = None  # the student has not begun
            elif moved and state in (RATE_OF_0, STILL):
                state = UNKNOWN
            trainings.append((state, moved, drawn.astype(np.float32), after.astype(np.float32)))

    look_around(names)
    if reached < goal:
        again = {**names, "fit": fit}
        # perhaps in a function of the student's own, whose networks have no name out here
        run_again(student, again, r"\bNet\(|\bfit\(|[\[(]\s*\[?\s*Linear\(", "fit")
        look_around(again)
    own = [training for training in trainings if training[0] is not None]
    # a network of other layers, made in the cell under the heading
    written = len(best["sizes"]) and re.search(r"\bNet\(", (student.notebook["In"] or [""])[-1])
    if reached < 0 and not written and not own and all(any(asked(kind) for asked in ASKED) for kind in met):
        raise NotImplementedError("no network of these layers was found")
    as_drawn = any(np.array_equal(best["weights"], drawn) for _, _, drawn, _ in trainings)
    as_drawn = as_drawn and not any(moved for _, moved, _, _ in trainings)
    if as_drawn and not own:
        raise NotImplementedError("the network is as it was drawn: its training is the one that the hand-out has")
    states = {state_for(best, training) for training in own} - {None} or {state for state, *_ in own}
    if states == {NOT_FINITE, NO_BETTER}:
        states = {NO_BETTER}
    state = states.pop() if len(states) == 1 else UNKNOWN
    if 0 <= reached < goal and not called:
        state = NEVER
    return best | {"training": np.array([STATES.index(state), as_drawn, reached < 0 and unread])}


def state_for(best, training):
    """The one of STATES that a training gives the network which it began with or came to; None for another network.

    Where the best is the one that it began with, what the best puts out tells nothing of the training.
    """
    state, moved, drawn, after = training
    if state == UNKNOWN and moved and np.array_equal(best["weights"], drawn):
        return NO_BETTER if np.isfinite(after).all() else NOT_FINITE
    return state if any(np.array_equal(best["weights"], weights) for weights in (drawn, after)) else None


def repeats(seen):
    """Whether two layers with weights have the same, entry by entry: one object in two places of the network."""
    at, met = 0, set()
    for n_in, n_out in seen["sizes"].astype(int):
        size = (n_in + 1) * n_out
        own = (n_in, n_out, seen["weights"][at : at + size].tobytes())
        if size and own in met:
            return True
        met.add(own)
        at += size
    return False


def judge_network(fits, goal, layers, chosen=True):
    """A judge: accuracy on the test half of the grader's own digits; and the layers, where they were to be chosen."""

    def judge(seen, given):
        met = ""
        try:
            met = kinds(seen)
            right, share = fits(met), test_accuracy(seen, given.data)
            outputs = int(seen["sizes"][:, 1][seen["sizes"][:, 0] > 0][-1]) if right else 1
        except (ValueError, IndexError, TypeError, StopIteration):  # weights and biases that do not fit together
            right, share, outputs = False, 0.0, 1
        if outputs != 1:
            yield Verdict("layers", False, f"the network has {outputs} outputs for an image; one is asked for")
            return
        state, as_drawn, unread = training_of(seen)
        if right and as_drawn:
            yield Verdict("accuracy", False, state)
            return
        if right and repeats(seen):
            text = "two layers of the network have the same weights, entry by entry: they are one object"
            yield Verdict("layers", False, f"{text}, as `[layer] * 2` makes them")
        elif chosen or not right:
            text = f"no network of {layers} was found"
            if unread and state:
                text = f"a network of {layers} is there by the names of its layers"
                text += f", but what they compute cannot be read: {state}"
            elif met:
                text += f"; one of [{', '.join(KINDS.get(kind, 'another layer') for kind in met)}] was"
            yield Verdict("layers", right, "" if right else text)
        if right:
            low = f"the best of these networks classifies {share:.1%} of the test digits right"
            low += ", no more than an untrained one" if share < UNTRAINED else ""
            low += f"; {goal:.0%} is asked for"
            if share < goal:
                low += f". {state}" if state else state_of_outputs(seen, given.data)
            yield Verdict("accuracy", share >= goal, "" if share >= goal else low)

    return judge


def training_of(seen):
    """What the probe found of a training, from STATES, and its two other findings, whatever was sent as such."""
    numbers = [int(number) if np.isfinite(number) else 0 for number in np.ravel(seen["training"])[:3]]
    state, as_drawn, unread = [*numbers, 0, 0, 0][:3]
    return STATES[state] if 0 <= state < len(STATES) else UNKNOWN, bool(as_drawn), bool(unread)


def test_half(data):
    """Images and labels of the half of the digits that the hand-out's shuffling leaves for testing."""
    with np.load(data / "digits.npz") as digits:
        x, y = digits["images"].astype(float), digits["digits"] < 5
    test = np.random.default_rng(12345).permutation(len(x))[len(x) // 2 :]
    return ((x - x.mean()) / x.std())[test], y[test]


def test_accuracy(seen, data):
    """Accuracy on the test half."""
    return accuracy(seen, *test_half(data))


def state_of_outputs(seen, data):
    """What the outputs on the test half tell of a training that missed its goal; empty where they tell nothing."""
    x, y = test_half(data)
    out = outputs_of(seen, x)[:, 0]
    if not np.isfinite(out).all():
        return ". Its outputs are not finite, as after steps that are too large or lead uphill"
    if np.unique(out.round(6), return_counts=True)[1].max() > len(out) / 5:  # units that are 0 wherever one looks
        return ". It gives many digits the same output, as after steps that are too large or lead uphill"
    right = np.clip(np.where(y, out, 1 - out), 1e-12, 1)
    loss = -np.log(right).mean()
    if 0.5 < loss < np.log(2) and np.abs(out - 0.5).max() < 0.4:
        return ". None of its outputs comes near 0 or 1, as after few or small steps"
    if np.log(2) <= loss < 1.5:
        return ". Its loss is no better than that of guessing"
    return ""


def only(wanted):
    """Whether the layers are these."""
    return lambda layers: layers == wanted


def deeper(layers):
    """Three or more linear layers, and a sigmoid at the end."""
    return layers.count("L") >= 3 and layers.endswith("S")


ASKED = [only("LRLS"), only("LS"), only("LLS"), deeper]
"""The networks of all four parts: beside these alone, one that no cell makes was not begun."""
KINDS = {"L": "Linear", "R": "ReLU", "S": "Sigmoid"}


def trained(part, heading, judge):
    """The decorator of a check of the network that was trained under a heading; most are called `net`.

    A layer that changes its `grid` may be one of another network: all are looked at. Its own part tells it.
    """
    uses, below = [Uses(name="net", under=heading)], (*FUNCTIONS, *LAYERS)
    return check(part, points=1, uses=uses, builds_on=below, judge=judge, seconds=60.0, changes=["grid"])


# Goals: on the test half right solutions reach 94 to 98 % with ReLU, 80 to 90 % without, and 49 to 59 % untrained.
UNTRAINED = 0.6
LRLS = "[Linear, ReLU, Linear, Sigmoid]"


@trained(TWO_LAYERS, "(b) Train the network", judge_network(only("LRLS"), 0.92, LRLS, chosen=False))
def network_two_layers(student, rng):
    """The network with one hidden layer classifies 92 % of the test digits right"""
    return network(student, only("LRLS"), 0.92)


@trained(SINGLE, "(d) Create and train", judge_network(only("LS"), 0.8, "[Linear, Sigmoid]"))
def network_single(student, rng):
    """A network of one linear layer and a sigmoid classifies 80 % of the test digits right"""
    return network(student, only("LS"), 0.8)


@trained(NO_ACTIVATION, "(f) Repeat the experiment", judge_network(only("LLS"), 0.8, "[Linear, Linear, Sigmoid]"))
def network_no_activation(student, rng):
    """A network of two linear layers and a sigmoid classifies 80 % of the test digits right"""
    return network(student, only("LLS"), 0.8)


@trained(DEEP, "(h) One way to improve", judge_network(deeper, 0.85, "three or more linear layers"))
def network_deeper(student, rng):
    """A network of at least three linear layers classifies 85 % of the test digits right"""
    return network(student, deeper, 0.85)
