"""Public checks of Assignment 1: every function and layer at random points, against the reference.

Inputs are of ordinary size, all dimensions differ, gradients from above are random, and nothing lies near the kink of
ReLU. A numerical gradient has no fixed name: it is found by the points at which the student's function is asked.
"""

import re
from copy import copy
from inspect import signature
from types import CellType, FunctionType, MethodType, ModuleType

import numpy as np
from checks_differences import judge_quotient, listen, run_again

from grader import ForPerson, Part, Uses, Verdict, check, fail, gradient_check

DESCENT = Part("1.1a", "Gradient descent step")
DECAY = Part("1.1g", "Decreasing step size")
GLOBAL = Part("1.1h", "Tuned to reach the global minimum")
SIGMOID = Part("1.2b", "Sigmoid and its gradient")
SIGMOID_NUMERICAL = Part("1.2c", "Sigmoid: central differences")
RELU = Part("1.2f", "ReLU, its gradient, finite differences")
BCE = Part("1.2k", "Binary cross-entropy, its gradient, finite differences")
ONE_LAYER = Part("1.3a", "One-layer model")
LINEAR = Part("1.4a", "Linear layer")
SIGMOID_LAYER = Part("1.4b", "Sigmoid layer")
RELU_LAYER = Part("1.4c", "ReLU layer")

FUNCTIONS = ("sigmoid", "sigmoid_grad", "relu", "relu_grad", "bce_loss", "bce_loss_grad")
LAYERS = ("Linear", "Sigmoid", "ReLU")
# The hand-out defines these twice: a check belongs to the definition under its own heading.
PLAIN = Uses(name="optimize_f", under="Implement gradient descent")
DECAYING = Uses(name="optimize_f", under="Implement a decreasing step size")
TUNED = Uses(name="results", under="Implement a decreasing step size")
# Some hand-ins define a layer again among their experiments.
LINEAR_CLASS, SIGMOID_CLASS, RELU_CLASS = (Uses(name=name, under="Implement a linear layer") for name in LAYERS)
PROBABILITY = 1e-5  # limit for the BCE: an epsilon of 1e-7 inside its logarithms is no mistake


def off_zero(rng, *shape):
    """Numbers of both signs, none within 0.1 of 0."""
    return rng.choice([-1.0, 1.0], size=shape) * rng.uniform(0.1, 3.0, size=shape)


def predictions(rng, *shape):
    """Labels 0.0 and 1.0, both of them there, and predictions that keep away from 0 and 1."""
    y = rng.permutation(np.arange(np.prod(shape)) % 2).reshape(shape).astype(float)
    return y, rng.uniform(0.05, 0.95, size=shape)


def layer(kind):
    """A new layer of a student's class; a hand-in may have one object in its place."""
    return kind() if isinstance(kind, type) else kind


def linear(student, rng, n_in, n_out):
    """A Linear with random parameters, built without the argument `rng`, which the edition of 2020 does not have."""
    made = student.Linear(n_in, n_out)
    # copies: a layer may move its own parameters in place, and is told of what is not its own
    made.W, made.b = rng.normal(size=(n_in, n_out)).copy(), rng.normal(size=n_out).copy()
    return made


def begun(found, what):
    """The values, unless all of them still are the number 0 that the hand-out has in their place."""
    if all(np.ndim(value) == 0 and np.array_equal(value, 0) for value in found.values()):
        raise NotImplementedError(f"{what} still is 0")
    return found


def gradients(made, x, dy):
    """What the backward of a Linear returns and stores."""
    dx = made.backward(x, dy)
    return begun({"dx": dx, "dW": made.dW, "db": made.db}, "what backward returns and stores")


def moved(rng, made, step_size):
    """The parameters of a Linear after one step along random gradients, whatever its backward computes."""
    dW, db = rng.normal(size=made.W.shape), rng.normal(size=made.b.shape)
    try:
        made.dW, made.db = dW, db
    except AttributeError:  # properties without a setter: a backward with these gradients
        x = np.eye(len(dW) + 1, len(dW))
        made.backward(x, np.vstack([dW, db - dW.sum(axis=0)]))
    before = np.array(made.W), np.array(made.b)
    made.step(step_size)
    if np.array_equal(made.W, before[0]) and np.array_equal(made.b, before[1]):
        code = getattr(getattr(type(made), "step", None), "__code__", None)
        if code is None or not {"W", "b"}.issuperset(code.co_names):  # more than the hand-out's `self.W = self.W`
            fail("`step` leaves W and b as they are, whatever dW and db are")
        raise NotImplementedError("step leaves W and b as they are")
    return {"W": np.array(made.W), "b": np.array(made.b)}


def refuse_leftover(student, name):
    """Let the last cell that sets a name raise once more what it raised: then the name still holds what was there."""
    cells = [cell for cell in student.notebook["In"] if re.search(rf"^{name}\b[^=\n]*=(?!=)", cell, re.MULTILINE)]
    space, held = dict(student.notebook), student.notebook[name]
    try:
        for cell in cells[-1:]:
            exec(student.notebook["get_ipython"]().transform_cell(cell), space)
    except (Exception, KeyboardInterrupt, SystemExit):
        if space[name] is held:
            raise


def height(x, y):
    """The function that is descended."""
    return x**2 + y**2 + x * (y + 2) + np.cos(3 * x)


def ends(optimize_f, rng, steps, *decay):
    """Where three descents end, and what they were given."""
    given = [(*rng.uniform(-3, 3, size=2), rng.uniform(0.02, 0.1)) for _ in range(3)]
    last = [optimize_f(*start, steps, *decay)[:2] for start in given]
    if all(end == start[:2] for start, end in zip(given, last, strict=True)):
        raise NotImplementedError("optimize_f leaves x and y where they start")
    return {"x": np.array([x for x, _ in last]), "y": np.array([y for _, y in last]), "given": np.array(given)}


def shrinking(x, y, step_size, steps, decay, first):
    """Every point (2, steps + 1) of a descent whose n-th step, from 0, is step_size * decay ** (n + first)."""
    path = [(x, y)]
    for n in range(steps):
        size = step_size * decay ** (n + first)
        x, y = x - size * (2 * x - 3 * np.sin(3 * x) + y + 2), y - size * (x + 2 * y)
        path.append((x, y))
    return np.array(path).T


def agree(got, want, entry="at [{}]"):
    """Verdicts on arrays by name, against the one of several sets of right ones that fits best."""
    close = [
        {n: got[n].shape == e[n].shape and bool((np.abs(got[n] - e[n]) <= 1e-6 * np.abs(e[n]).max()).all()) for n in e}
        for e in want
    ]
    best = max(range(len(want)), key=lambda i: sum(close[i].values()))
    for name, right in close[best].items():
        yield Verdict(name, right, "" if right else unlike(name, got[name], want[best][name], entry))


def unlike(name, got, want, entry):
    """What was got and what is asked for, at the entry that is furthest off; `entry` words its place."""
    steps = "steps of eta_0, eta_0 d, eta_0 d^2, ..."
    if got.shape != np.shape(want):
        return f"{name} has shape {got.shape}; {np.shape(want)} is asked for, one entry for each point"
    at = np.unravel_index(np.argmax(np.nan_to_num(np.abs(got - want), nan=np.inf)), got.shape)
    place = f" {entry.format(*at)}" if at else ""
    return f"{name} is {got[at]:.5g}{place}; {steps} lead to {np.asarray(want)[at]:.5g}"


def judge_decayed(seen, given):
    """The first step may be counted as step 0 or as step 1: the formula does not say."""
    want = []
    for first in (0, 1):
        last = [shrinking(*row, 4, given.golden["decay"].item(), first)[:, -1] for row in given.golden["given"]]
        want.append({"x": np.array(last)[:, 0], "y": np.array(last)[:, 1]})
    yield from agree(seen, want, "at the end of descent [{}]")


@check(DESCENT, points="1/2", uses=[PLAIN])
def descent_step(student, rng):
    """Both parameters after one step, from three starts"""
    ended = ends(student.optimize_f, rng, 1)
    return {"x": ended["x"], "y": ended["y"]}


def decaying(student):
    """The student's optimize_f; where that takes no decay, another that was written beside it and does."""

    def takes_decay(function):
        try:
            signature(function).bind(1.0, 1.0, 0.1, 4, 0.5)
        except (TypeError, ValueError):
            return False
        return True

    own = student.optimize_f
    others = [value for name, value in student.notebook.items() if name.startswith("optimize") and callable(value)]
    return next((function for function in (own, *reversed(others)) if takes_decay(function)), own)


@check(DECAY, points="1/2", uses=[DECAYING], judge=judge_decayed)
def decayed_steps(student, rng):
    """Both parameters after four steps that get shorter, from three starts"""
    decay = rng.uniform(0.5, 0.9)
    return ends(decaying(student), rng, 4, decay) | {"decay": np.array(decay)}


def leaves_descent(path):
    """The first point of a path (2, n) that is no step down the slope from the one before; None where there is none."""
    before, steps = path[:, :-1], np.diff(path)
    x, y = before
    slopes = np.array([2 * x - 3 * np.sin(3 * x) + y + 2, x + 2 * y])
    sizes = -(steps * slopes).sum(axis=0) / np.maximum((slopes**2).sum(axis=0), np.finfo(float).tiny)
    apart = np.abs(steps + sizes * slopes).max(axis=0)
    down = (apart <= 1e-3 * np.abs(steps).max(axis=0) + 1e-6) & (sizes > -1e-6)
    return None if down.all() else int(np.argmin(down)) + 1


def judge_end(seen, given):
    """The height at the end of a path that is computed here, and whether it is a descent from (3, 2)."""
    path = seen["path"]
    known = path.dtype.kind in "fiu" and path.ndim == 2 and len(path) == 2 and path.shape[1] >= 2
    if not known or not np.array_equal(path[:, -1], seen["end"]):
        asked = "an x_hist and a y_hist of one length that end at its x and y"
        yield Verdict("end", False, f"`results` is not what optimize_f returns: {asked}")
        return
    start, path = path[:, 0], path.astype(float)
    text, last = "", float(height(*path[:, -1]))
    if not np.allclose(start, [3, 2], rtol=1e-6):  # which an optimize_f may leave out of the path
        path = np.column_stack([[3.0, 2.0], path])
    left = leaves_descent(path)
    if not last < -2:
        text = f"the path of `results` ends at height {last:.4g}, not below -2"
    elif left == 1 and not np.allclose(start, [3, 2], rtol=1e-6):
        text = f"the path of `results` starts at ({start[0]:g}, {start[1]:g}); a descent from (3, 2) is asked for"
    elif left is not None:
        text = f"point {left} of the path of `results`, counted from 0, is no step down the slope from the one before"
    yield Verdict("end", not text, text, last, -2.0)


@check(GLOBAL, points=1, uses=[TUNED], builds_on=["optimize_f"], judge=judge_end)
def tuned_descent(student, rng):
    """The path that was tuned is a descent from (3, 2) that ends below -2"""
    space = dict(student.notebook)
    lists = {name: value for name, value in space.items() if isinstance(value, tuple | list) and len(value) == 5}
    held = {name: value for name, value in lists.items() if name.startswith("results")}
    name = next((name for name, value in held.items() if descends(value)), "results")
    refuse_leftover(student, name)
    if not descends(
        space[name] if name in held else student.results
    ):  # it may with an optimize_f that has been put right
        run_again(student, space, r"optimize_f\(", "optimize_f")
    x, y, _, x_hist, y_hist = space[name]
    return {"end": np.array([x, y]), "path": np.array([x_hist, y_hist])}


def descends(results):
    """Whether what optimize_f returned is a descent that ends below -2, as far as its path can be read."""
    try:
        path = np.array(results[3:5])
        known = path.ndim == 2 and path.dtype.kind in "fiu"
        return height(*results[:2]) < -2 and not (known and leaves_descent(path))
    except (TypeError, ValueError, IndexError):
        return False


@check(SIGMOID, points="1/2", uses=["sigmoid"])
def sigmoid_value(student, rng):
    """Sigmoid of nine numbers"""
    return {"sigmoid": student.sigmoid(rng.uniform(-6, 6, size=9))}


@gradient_check(SIGMOID, points="1/4", uses=["sigmoid", "sigmoid_grad"], own_forward=1)
def sigmoid_derivative(student, rng):
    """Derivative of your own sigmoid at nine numbers, by finite differences"""
    x = rng.uniform(-4, 4, size=9)
    return student.sigmoid, lambda d_out: d_out * student.sigmoid_grad(x), {"x": x}


@check(SIGMOID, points="1/4", uses=["sigmoid_grad"])
def sigmoid_gradient(student, rng):
    """Derivative of the sigmoid at nine numbers"""
    return {"sigmoid_grad": student.sigmoid_grad(rng.uniform(-6, 6, size=9))}


@check(RELU, points="1/2", uses=["relu"])
def relu_value(student, rng):
    """ReLU of nine numbers of both signs"""
    return {"relu": student.relu(off_zero(rng, 9))}


@gradient_check(RELU, points="1/4", uses=["relu", "relu_grad"], own_forward=1)
def relu_derivative(student, rng):
    """Derivative of your own ReLU at nine numbers of both signs, by finite differences"""
    x = 4 * off_zero(rng, 9)
    return student.relu, lambda d_out: d_out * student.relu_grad(x), {"x": x}


@check(RELU, points="1/4", uses=["relu_grad"])
def relu_gradient(student, rng):
    """Derivative of the ReLU at nine numbers of both signs"""
    return {"relu_grad": student.relu_grad(off_zero(rng, 9))}


@check(BCE, points="1/2", uses=["bce_loss"], tolerance=PROBABILITY)
def bce_value(student, rng):
    """Loss of each of eight predictions"""
    return {"bce_loss": student.bce_loss(*predictions(rng, 8))}


@gradient_check(BCE, points="1/4", uses=["bce_loss", "bce_loss_grad"], own_forward=1, tolerance=PROBABILITY)
def bce_derivative(student, rng):
    """Gradient of your own loss with respect to each of eight predictions, by finite differences"""
    y = rng.permutation(np.arange(8) % 2).astype(float)
    y_hat = rng.uniform(0.3, 0.7, size=8)

    def forward(y_hat):
        loss = student.bce_loss(y, y_hat)
        # that it is averaged, the loss itself has paid for
        return np.full(8, loss) if isinstance(loss, float) else loss

    return forward, lambda d_out: d_out * student.bce_loss_grad(y, y_hat), {"y_hat": y_hat}


@check(BCE, points="1/4", uses=["bce_loss_grad"], tolerance=PROBABILITY)
def bce_gradient(student, rng):
    """Gradient of each of eight losses with respect to the prediction"""
    return {"bce_loss_grad": student.bce_loss_grad(*predictions(rng, 8))}


# Below the last cell that may hold a comparison, whatever its variables are called there: some make all three in one.
COMPARED = Uses(name="w", under="Implement a one-layer model")


@check(SIGMOID_NUMERICAL, points=1, uses=[COMPARED], judge=judge_quotient("x", central=True))
def sigmoid_numerical(student, rng):
    """Central differences of your sigmoid give its derivative"""
    return listen(student, "sigmoid", "x")


@check(RELU, points="1/2", uses=[COMPARED], judge=judge_quotient("x", central=False))
def relu_numerical(student, rng):
    """Finite differences of your ReLU give its derivative"""
    return listen(student, "relu", "x")


@check(BCE, points=1, uses=[COMPARED], judge=judge_quotient("y_hat", central=False))
def bce_numerical(student, rng):
    """Finite differences of your loss give its derivative with respect to the prediction"""
    return listen(student, "bce_loss", "y_hat")


def with_parameters(student, **values):
    """The student's `fn` with other values for variables of the notebook, also where they are its defaults, lie in its
    closure, or are held by an object that it uses."""
    spaces = student.notebook, getattr(student.fn, "__globals__", {})
    held = [(space[name], value) for space in spaces for name, value in values.items() if name in space]
    fn = renewed(student.fn, held)
    for space in spaces:
        code = getattr(fn, "__code__", None)
        space.update({name: renewed(space[name], held) for name in code.co_names if name in space} if code else {})
        space.update(values)
    return fn


def renewed(value, held, depth=4):
    """`value` with each (old, new) of `held` exchanged in it; itself where it holds none."""
    for old, new in held:
        if value is old or (np.size(old) > 1 and type(value) is type(old) and np.array_equal(value, old)):
            return new

    def changed(entries):
        both = ((name, entry, renewed(entry, held, depth - 1)) for name, entry in entries if depth)
        return {name: new for name, entry, new in both if new is not entry}

    if isinstance(value, FunctionType):
        full = [cell for cell in value.__closure__ or () if cell != CellType()]
        own = [("defaults", value.__defaults__), ("named", value.__kwdefaults__)]
        if new := changed([*own, *((cell, cell.cell_contents) for cell in full)]):
            cells = tuple(CellType(new[cell]) if cell in new else cell for cell in value.__closure__ or ())
            made = FunctionType(value.__code__, value.__globals__, value.__name__, None, cells or None)
            made.__defaults__, made.__kwdefaults__ = (new.get(name, as_it_is) for name, as_it_is in own)
            return made
    elif isinstance(value, MethodType):
        return MethodType(value.__func__, renewed(value.__self__, held, depth - 1)) if depth else value
    elif type(value) in (list, tuple, dict):
        entries = dict(value if isinstance(value, dict) else enumerate(value))
        if new := changed(entries.items()):
            return entries | new if isinstance(value, dict) else type(value)((entries | new).values())
    elif (
        hasattr(value, "__dict__")
        and not isinstance(value, ModuleType | type)
        and (new := changed(vars(value).items()))
    ):
        value = copy(value)
        vars(value).update(new)
    return value


def one_layer(student, rng, labels):
    """fn at one random input for each label, with random parameters in the place of the notebook's."""
    fn = with_parameters(student, w=rng.normal(size=5), b=rng.normal())
    answers = [fn(rng.normal(size=5), label) for label in labels]
    begun(dict(enumerate(value for answer in answers for value in answer)), "what fn returns")
    return {"loss": np.array([loss for loss, _ in answers]), "grad_x": np.array([grad_x for _, grad_x in answers])}


@check(ONE_LAYER, points=1, uses=["fn"], builds_on=FUNCTIONS, tolerance=PROBABILITY)
def one_layer_positive(student, rng):
    """Loss and gradient at an input with the label 1"""
    return one_layer(student, rng, [1])


@check(LINEAR, points="1/2", uses=[LINEAR_CLASS])
def linear_forward(student, rng):
    """Linear: output for seven samples"""
    return begun({"y": linear(student, rng, 5, 4).forward(rng.normal(size=(7, 5)))}, "what forward returns")


@gradient_check(LINEAR, points="1/4", uses=[LINEAR_CLASS], own_forward=1)
def linear_derivative(student, rng):
    """Linear: gradients with respect to the input, W and b, by finite differences of your own forward"""
    made, x = linear(student, rng, 3, 2), rng.normal(size=(4, 3))

    def forward(x, W, b):
        made.W, made.b = W, b
        return begun({"y": made.forward(x)}, "what forward returns")["y"]

    return (
        forward,
        lambda d_out: [*gradients(made, x, d_out).values()],
        {"x": x, "W": made.W.copy(), "b": made.b.copy()},
    )


@check(LINEAR, points="1/4", uses=[LINEAR_CLASS])
def linear_backward(student, rng):
    """Linear: gradients with respect to the input, W and b"""
    return gradients(linear(student, rng, 5, 4), rng.normal(size=(7, 5)), rng.normal(size=(7, 4)))


@check(LINEAR, points="1/2", uses=[LINEAR_CLASS])
def linear_step(student, rng):
    """Linear: W and b after one step along given gradients"""
    return moved(rng, linear(student, rng, 5, 4), rng.uniform(0.1, 0.5))


@check(SIGMOID_LAYER, points="1/2", uses=[SIGMOID_CLASS], builds_on=FUNCTIONS)
def sigmoid_layer(student, rng):
    """Sigmoid: output and gradient for six samples"""
    made, x = layer(student.Sigmoid), 2 * rng.normal(size=(6, 5))
    return {"y": made.forward(x), "dx": made.backward(x, rng.normal(size=(6, 5)))}


@check(RELU_LAYER, points="1/2", uses=[RELU_CLASS], builds_on=FUNCTIONS)
def relu_layer(student, rng):
    """ReLU: output and gradient for six samples"""
    made, x = layer(student.ReLU), off_zero(rng, 6, 5)
    return {"y": made.forward(x), "dx": made.backward(x, rng.normal(size=(6, 5)))}
