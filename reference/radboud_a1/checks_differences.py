"""Finite differences that the student's cells take: they run once more, and what they ask of the function is noted.

The hand-out leaves open how a difference is written, so no variable that holds one is read: a quotient counts as
computed where a result is near the slope of the student's own function.
"""

import contextlib
import io
import re
from functools import update_wrapper, wraps
from types import BuiltinFunctionType, FunctionType

import numpy as np

from grader import ForPerson, Verdict

MOST_NOTES = 20_000
MOST_POINTS = 4  # at which differences are looked for in turn
TO_FILL = (
    "zeros",
    "zeros_like",
    "empty",
    "empty_like",
    "ones",
    "ones_like",
    "full",
    "full_like",
)  # by answers, perhaps
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?")
NEAR = 0.05  # further away from its points a function was not asked for a finite difference


def run_again(student, space, mention, *kept, numpy=np, cells=None):
    """Run once more, in `space`, those of the `cells` (all so far) whose text holds a pattern, without defining `kept`.

    `numpy` is what they get for NumPy where they import it. Returns what was raised.
    """
    raised = []

    class Names(dict):
        def __setitem__(self, name, value):
            if name not in kept:
                space[name] = numpy if value is np else value

        def __delitem__(self, name):
            space.pop(name, None)

    for source in list(student.notebook["In"]) if cells is None else cells:
        if re.search(mention, source):
            try:
                exec(source, space, Names())
            except (Exception, KeyboardInterrupt, SystemExit) as error:  # in the notebook too, and reported there
                raised.append(error)
    return raised


def left_to_a_library(student, name):
    """Leave to a person whether differences that SciPy takes of the student's function are what was asked for."""
    tools = ("approx_fprime", "check_grad", "approx_derivative", "derivative(", "numdifftools")
    if any(name in cell and tool in cell for cell in student.notebook["In"] for tool in tools):
        raise ForPerson(f"the finite differences of `{name}` seem to be taken by a library")


def listen(student, name, base):
    """What the cells ask of the student's function, around the variable `base` or the points its derivative is given.

    Returns for each of the n points at which it was asked most, all of shape (n,): how far `below` and `above` the
    nearest other calls were, the derivative `own` of the student's function, and the result nearest to it.
    """
    cells = list(student.notebook["In"])
    last = next((i for i, cell in enumerate(cells) if re.search(r"^(def )?bce_loss\b", cell, re.MULTILINE)), len(cells))
    heard = listen_in(student, name, base, cells if name == "bce_loss" else cells[:last])
    if not is_near(heard) and not (heard["lost"] > 0).all():  # some make all three comparisons in one cell
        below = listen_in(student, name, base, cells)
        heard = below if is_near(below) and is_slope(below["result"], below["own"]) else heard
    if not is_near(heard):
        left_to_a_library(student, name)
    return heard


def listen_in(student, name, base, cells):
    """As `listen`, in these cells alone."""
    heard, points = listen_at(student, name, lambda space: space.get(base), cells)
    for point in [] if is_near(heard) else points:
        elsewhere, _ = listen_at(student, name, lambda space, point=point: point, cells)
        if is_near(elsewhere):
            return elsewhere
    return heard


def is_near(heard):
    """Whether the function was asked close to every point, and not only at it."""
    return any((np.abs(heard[side]) <= NEAR).all() for side in ("below", "above"))


def listen_at(student, name, base, cells):
    """As `listen`, around what `base` finds in the notebook, and some points at which the derivative was asked.

    The cells that name the function run once more, in the probe's own child, with a stand-in that notes its last
    argument and the base at that moment, and whose answers are arrays that note every result computed from them.
    """
    function, calls, results, points = getattr(student, name), [], [], []

    def note(notes, value, *more, x=None):
        array, x = np.asarray(value), np.asarray(base(space) if x is None else x)
        which = entries(array, x) if array.dtype.kind in "fiub" and x.dtype.kind == "f" else None
        if which is None and more and array.ndim == 1 and array.size > x.size and array.dtype.kind == "f":
            # a grid: of its points those on both sides of each entry
            grid, entry = np.sort(array), x.ravel()
            below, above = np.searchsorted(grid, entry) - 1, np.searchsorted(grid, entry, side="right")
            around = [grid[np.clip(side, 0, grid.size - 1)] for side in (below, above)]
            notes += [(x.copy(), row, more[0], row.reshape(x.shape)) for row in around]
        if which is not None and len(notes) < MOST_NOTES:
            rows = array.ravel()[np.argsort(which, axis=None, kind="stable")]
            rows = rows.reshape(x.size, -1).T if array.shape else rows
            notes += [(x.copy(), np.broadcast_to(row, x.size).astype(float), *more) for row in rows]

    def hear(result):
        if result.dtype.kind == "f":  # to print an array, NumPy asks where it is not 0: ReLU's derivative
            note(results, result)

    listening = Listening(hear)

    def stand_in(*args, **named):
        *rest, point = [*args, *named.values()]
        note(calls, point, rest, np.asarray(point))
        return listening.heard(np.asarray(function(*args, **named)), noted=False)

    def derivative(*args, **named):
        point = np.array([*args, *named.values()][-1])
        new = point.dtype.kind == "f" and not any(np.array_equal(point, known) for known in points)
        if new and len(points) < MOST_POINTS:
            points.append(point)
        slope = student.notebook[f"{name}_grad"](*args, **named)
        return np.asarray(slope).view(Analytic) if isinstance(slope, np.ndarray | float) else slope

    for made, original in ((stand_in, function), (derivative, student.notebook.get(f"{name}_grad"))):
        update_wrapper(made, original)  # cells may use what it has: `register` of a singledispatch
    own_names, printed = {name: stand_in, f"{name}_grad": derivative}, io.StringIO()
    space = {key: listening if value is np else value for key, value in student.notebook.items()} | own_names
    before = dict(space)
    with contextlib.redirect_stdout(printed):
        raised = run_again(student, space, name, *own_names, numpy=listening, cells=cells)
    absent = any(isinstance(error, ModuleNotFoundError) for error in raised)
    if absent and not (calls and is_near(nearest(function, calls, results))):
        raise ForPerson(f"a cell that names `{name}` needs a package that is not installed where this was graded")
    if not calls:
        function(*[np.full(3, 0.5)] * (2 if name == "bce_loss" else 1))  # tells a function that is not implemented
        return dict.fromkeys(("below", "above", "own", "result", "lost"), np.array([np.inf])), points
    heard, kept = nearest(function, calls, results), []
    if is_near(heard) and not is_slope(heard["result"], heard["own"]) and not multiple(heard["result"], heard["own"]):
        # what went through a number of Python's is in a variable or printed
        new = [v for key, v in space.items() if v is not before.get(key) and not holds(v, Analytic)]
        for x in {x.tobytes(): x for x, *_ in calls}.values():  # the base at each time
            for value in new:
                with contextlib.suppress(ValueError, TypeError, OverflowError):
                    note(kept, value, x=x)
            kept += [(x, np.full(x.size, float(n))) for n in NUMBER.findall(printed.getvalue())[:MOST_NOTES]]
        others = nearest(function, calls, kept)["result"]
        heard["result"] = others if is_slope(others, heard["own"]) else heard["result"]
        if not np.isfinite(heard["result"]).any():
            raise ForPerson(f"the difference quotient of `{name}` is computed in a way that could not be followed")
    return heard, points


class Marked(np.ndarray):
    """An array of which it matters where its numbers come from."""


class Analytic(Marked):
    """What comes from the derivative: what is computed with it is a comparison, and no difference quotient.

    Printed, it shows no numbers, among which a quotient is looked for.
    """

    def __getitem__(self, key):
        return np.asarray(np.asarray(self)[key]).view(Analytic)

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __repr__(self):
        return "the derivative"

    def __format__(self, form):
        return repr(self)

    __str__ = __repr__


class Listening(type(np)):
    """NumPy as the cells get it: what is computed from the function's answers, perhaps in lists, goes on being heard.

    `hear` is called with each result.
    """

    def __init__(self, hear):
        super().__init__("numpy")

        class Heard(Marked):
            def __array_ufunc__(array, ufunc, method, *inputs, out=(), **options):
                compared = any(isinstance(value, Analytic) for value in inputs)
                if out:
                    options["out"] = tuple(np.asarray(value) for value in out)
                result = getattr(ufunc, method)(*(np.asarray(value) for value in inputs), **options)
                return np.asarray(result) if compared else self.heard(result)

            def __getitem__(array, key):  # a single entry goes on being heard
                return np.asarray(np.asarray(array)[key]).view(Heard)

        self.hear, self.kind = hear, Heard

    def __getattr__(self, key):
        tool = getattr(np, key)
        if not isinstance(tool, FunctionType | BuiltinFunctionType | type(np.mean)):
            return tool

        @wraps(tool)
        def told(*args, **named):
            given = [*args, *named.values()]
            result = tool(*map(without, args), **{name: without(value) for name, value in named.items()})
            if holds(given, Analytic):
                return result.view(Analytic) if isinstance(result, np.ndarray) else result
            if not (key in TO_FILL or holds(given, self.kind)):
                return result
            return self.heard(result, noted=key not in TO_FILL)

        return told

    def heard(self, result, noted=True):
        """The same result, as an array that is heard where it is one of numbers."""
        if isinstance(result, tuple | list):
            return type(result)(self.heard(value, noted) for value in result)
        if not isinstance(result, np.ndarray | np.number):
            return result
        result = np.asarray(result)
        if noted:
            self.hear(result)
        return result.view(self.kind)


def holds(value, kind):
    """Whether a value is an array of the kind, or a list in which there is one."""
    return isinstance(value, kind) or (isinstance(value, list | tuple) and any(holds(entry, kind) for entry in value))


def without(value):
    """A value for NumPy itself: arrays that are heard as plain ones, in lists too."""
    if type(value) in (list, tuple):
        return type(value)(without(entry) for entry in value)
    return value.view(np.ndarray) if isinstance(value, Marked) else value


def multiple(result, own):
    """How many times the slope a result is, if it is as many times everywhere, more than a tenth and below ten; else 0.

    Results beyond that are steps on the way to the quotient.
    """
    at = np.abs(own).argmax()
    times = result.flat[at] / own.flat[at] if own.flat[at] else 0.0
    return times if 0.1 < abs(times) < 10 and is_slope(result, times * own) else 0.0


def is_slope(result, own):
    """Whether a result is the slope of the student's function, as far as a finite difference tells."""
    return bool(np.abs(result - own).max() <= 1e-3 * np.abs(own).max())


def nearest(function, calls, results):
    """What `listen` returns, of the base at which the function was asked most."""
    times = [x.tobytes() for x, *_ in calls]
    most = max(times, key=times.count)
    calls = [call for call in calls if call[0].tobytes() == most]
    x = calls[0][0]
    own = slopes(function, x, calls)
    steps = np.array([row for _, row, *_ in calls]) - x.ravel()
    lost = np.full(x.size, len(steps) - 1.0 if len(steps) > 1 and not steps.any() else 0.0)
    found = np.array([row for at, row in results if at.tobytes() == most] or [np.full(x.size, np.inf)])
    if not lost.any() and (found == 0).any(axis=0).all():  # entry by entry: differences of 0 were computed
        lost = np.maximum(np.count_nonzero(steps == 0, axis=0) - 1.0, 0.0)
    return {
        "below": np.where(steps < 0, steps, -np.inf).max(axis=0),
        "above": np.where(steps > 0, steps, np.inf).min(axis=0),
        "own": own,
        "result": found[unlike_by(found, own).argmin(axis=0), np.arange(x.size)],
        "lost": lost,
    }


def entries(array, x):
    """The entry of `x` that each number of an array stands for: it is like `x`, or made of several such arrays.

    Of a number the nearest; None for another array.
    """
    places = np.arange(x.size).reshape(x.shape)
    if not array.shape and x.size:
        return np.abs(x - array).argmin()
    joined = array.ndim == x.ndim == 1 and x.size and array.size % x.size == 0
    for like in (places, places[..., None], *([np.tile(places, array.size // x.size)] if joined else [])):
        try:
            return np.broadcast_to(like, array.shape)
        except ValueError:
            continue
    return None


def slopes(function, x, calls):
    """The derivative of the student's function at each entry of `x`, asked as it was around it."""
    own = np.full(x.size, np.nan)
    for *_, rest, point in sorted(calls, key=lambda call: not 0 < np.abs(call[1] - x.ravel()).min() <= NEAR):
        which = entries(point, x)
        if np.isnan(own[which]).any():
            above, below = (np.asarray(function(*rest, x.ravel()[which] + step)) for step in (1e-4, -1e-4))
            own[which if point.shape else x.ravel() == x.ravel()[which]] = (above - below) / 2e-4
    return own


def unlike_by(found, own):
    """How far numbers are apart as factors; an opposite sign counts as a factor of e."""
    tiny = np.finfo(float).tiny
    return np.abs(np.log(np.abs(found) + tiny) - np.log(np.abs(own) + tiny)) + (found * own < 0)


def judge_quotient(argument, central):
    """A judge: was the function asked around every point of the argument, and was the difference quotient computed?"""

    def judge(seen, given):
        seen = {name: array.ravel() for name, array in seen.items()}
        sizes, text = {array.size for array in seen.values()}, ""
        below, above = (len(sizes) == 1 and (np.abs(seen[name]) <= NEAR).all() for name in ("below", "above"))
        if len(sizes) != 1 or 0 in sizes or not (below or above):
            text = f"no finite difference in `{argument}` was seen: call the function within {NEAR} of each entry"
            if np.isfinite(seen["lost"]).all() and (seen["lost"] > 0).all():
                text = f"the step is so small that `{argument}` plus the step is `{argument}`: the difference is 0"
        elif central and not (below and above):
            text = "a difference to one side of x was seen; the central one is around x"
        elif not is_slope(seen["result"], seen["own"]):
            worst = int(np.nan_to_num(np.abs(seen["result"] - seen["own"]), nan=np.inf).argmax())
            got, own = seen["result"][worst], seen["own"][worst]
            text = f"the quotient is {got:.5g} at [{worst}], where your function has the slope {own:.5g}"
            times = got / own if own else 0.0
            if times and np.abs(seen["result"] - times * seen["own"]).max() <= 1e-3 * np.abs(got):
                text += f": {times:.3g} times as much, as everywhere"
                apart = (seen["above"][worst] if above else 0) - (seen["below"][worst] if below else 0)
                if 0.1 < times < 10:
                    text += f". The points are {apart:.3g} apart, and the difference is divided by {apart / times:.3g}"
        yield Verdict("numerical", not text, text)

    return judge
