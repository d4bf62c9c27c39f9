"""Calls of the student's functions, whatever their arguments are called, and what comes out of them."""

import contextlib
import inspect
import io
import re

import numpy as np
from checks_arrays import STATE, function, moved, put, single, slots, take, turned, upright
from checks_cells import DATA
from checks_network import NAMES, SIZES
from checks_points import drawn_points, drawn_state

from grader import ForPerson, fail

DEFAULT_RATE = 0.003
ROLES = {
    "sample": {"sample", "x", "image", "img", "input", "inp", "data", "a", "a0"},
    "label": {"y", "label", "target", "y_true", "t"},
    "rate": {"learning_rate", "lr", "eta", "alpha", "rate", "step_size", "learningrate"},
    "weights": {"weights", "w", "ws"},
    "biases": {"biases", "b", "bs", "bias"},
}


def role_of(student, name):
    """What a parameter called so wants: one of ROLES, an array by its name, or the global that is called the same."""
    plain = name.lower().replace("_", "")
    role = next((role for role, names in ROLES.items() if name.lower() in names), None)
    array = next((n for n in NAMES if n.lower() == plain), None)
    return role or array or (f"global {name}" if name in student.notebook else None)


def call(student, function, sample, label, rate=None):
    """Call a student's function, its arguments told by their names, or the two that it asks for by their order."""
    values = {"sample": sample, "label": label, "rate": rate}
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        raise ForPerson("what the arguments of the function are could not be told") from None
    told = {p.name: role_of(student, p.name) for p in parameters}
    asked = [p.name for p in parameters if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    if len(asked) == 2 and {told[n] for n in asked} != {"sample", "label"}:
        told.update(zip(asked, ("sample", "label"), strict=True))
    if not all(told[n] for n in asked) or not {"sample", "label"} <= set(told.values()):
        signature = f"{getattr(function, '__name__', 'function')}({', '.join(told)})"
        raise ForPerson(f"what the arguments of {signature} are could not be told")
    given = {}
    for name, role in told.items():
        if role in STATE or role in NAMES:
            here = {n: container[place] for n, container, place in slots(student)}
            lists = {"weights": [here[n] for n in NAMES[:3]], "biases": [here[n] for n in NAMES[3:]]}
            given[name] = here[role] if role in NAMES else student.notebook.get(role, lists[role])
        elif role and role.startswith("global "):
            if name in asked:
                given[name] = student.notebook[name]
        elif role and (name in asked or values[role] is not None):
            given[name] = values[role] if values[role] is not None else DEFAULT_RATE
    return function(**given)


def scored(student, image, label):
    """Loss and guess of `feed_forward_sample` for the sample as a row, a column and an image; nan where it raises."""
    losses, guesses, shapes, first, forward_sample = [], [], [], None, function(student, "feed_forward_sample")
    for shape in ((784,), (784, 1), (28, 28)):
        try:
            returned = call(student, forward_sample, image.reshape(shape).copy(), label)
            if returned is None:
                raise TypeError("`feed_forward_sample` returned None; the loss and the guess are expected")
            loss, guess, *_ = returned
            loss, guess = np.asarray(loss, dtype=float), np.asarray(guess, dtype=float)
            losses.append(loss.item() if loss.size == 1 else np.nan)
            shapes.append((loss.shape, guess.shape))
            guesses.append(
                guess.ravel() if guess.size == 10 else np.full(10, guess.item() if guess.size == 1 else np.nan)
            )
        except (ValueError, TypeError, IndexError) as error:
            first = first or error
    if not losses:
        raise first
    if all(np.prod(loss) != 1 for loss, _ in shapes):
        loss, guess = shapes[0]
        swapped = np.prod(guess) == 1 and np.prod(loss) == 10
        fail(
            f"the first value that `feed_forward_sample` returns is the loss, one number; yours has shape {loss}"
            + (", and the second is one number: are loss and guess in the wrong order?" if swapped else "")
        )
    fill = 3 - len(losses)
    return np.array(losses + [np.nan] * fill), np.array(guesses + [np.full(10, np.nan)] * fill)


def stepped(student, key, which, rate=None, shift=0.0):
    """One step of `train_one_sample` from the state of `key`: its loss, and each array's change per learning rate.

    Of a change (n_in, n_out) three random sums over its rows stand for the whole; nothing wrong cancels in them.
    """
    images, labels = drawn_points(key, which + 1)
    first, step = None, function(student, "train_one_sample")
    for shape in ((28, 28), (784,), (784, 1)):
        kept, before = put(student, drawn_state(key, shift)), take(student)
        try:
            result = call(student, step, images[which].reshape(shape).copy(), labels[which], rate)
            break
        except (ValueError, TypeError, IndexError) as error:
            first = first or error
    else:
        raise first
    seen = {"key": np.array(key), "single": single(student)}
    after, loss, returned = take(student), result, None
    if isinstance(result, list | tuple | dict):  # the loss, and perhaps the new arrays or their gradients
        loss = next((v for v in leaves(result) if np.size(v) == 1), None)
        if not moved(before, after):
            returned = returned_arrays(result, turned(student))
    seen["loss"] = np.array(np.nan if loss is None else loss, dtype=float)
    for name, olds in before.items():
        if returned and not is_state(returned, before):
            seen[name], seen["returned"] = sums(returned[name]), np.array(1)
            continue
        news = [returned[name]] if returned else after[name]
        changes = [old - new if old.shape == new.shape else new for old, new in zip(olds, news, strict=False)]
        changed = next((c for c in changes if c.any()), changes[0])
        seen[name] = sums(changed) / (rate or DEFAULT_RATE)
    if loss is None:  # older hand-outs do not ask for it; the last biases' gradient, p - one_hot, holds it
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.ravel(seen["b3"])[labels[which]] if np.size(seen["b3"]) == SIZES[-1][1] else np.nan
            seen |= {"loss": -np.log1p(share), "silent": np.array(1)}
    return seen | {f"kept_{name}": value for name, value in kept.items()}


def leaves(value):
    """The arrays and numbers in nested lists, tuples and dictionaries, in order."""
    if isinstance(value, list | tuple | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from leaves(item)
    elif isinstance(value, np.ndarray | np.number | float | int):
        yield value


def returned_arrays(result, is_turned):
    """The six arrays that a step returns instead of changing them, by their sizes; None if there are no arrays."""
    found = [v for v in leaves(result) if np.size(v) > 1]
    sizes = [SIZES[int(n[1]) - 1] if n[0] == "W" else SIZES[int(n[1]) - 1][1:] for n in NAMES]
    picked = {}
    for name, size in zip(NAMES, sizes, strict=True):
        fits = [v for v in found if np.size(v) == np.prod(size) and (np.ndim(v) == 2 or name[0] == "b")]
        if len(fits) > len(set(sizes)) or (found and not fits):
            raise ForPerson("what train_one_sample returns could not be told; it changes no array")
        if fits:
            picked[name] = np.array(upright(name, fits[0], is_turned), dtype=float)
            found = [v for v in found if v is not fits[0]]
    return picked or None


def is_state(arrays, before):
    """Whether these are the arrays after the step, which still look like those before; gradients do not."""
    old, new = before["W3"][0], arrays["W3"]
    return old.shape == new.shape and np.corrcoef(old.ravel(), new.ravel())[0, 1] > 0.5


def sums(array):
    return np.random.default_rng(len(array)).normal(size=(3, len(array))) @ array if array.ndim == 2 else array


def handed_over(student):
    """How many dimensions the images have that the notebook itself hands to `feed_forward_dataset`; 0 if unknown."""
    seen, space = [], student.notebook["get_ipython"]().user_ns
    own = space.get("feed_forward_dataset")
    space["feed_forward_dataset"] = lambda x, *_, **__: seen.append(np.ndim(x))
    try:
        for name in ("feed_forward_test_data", "feed_forward_training_data"):
            if callable(space.get(name)):
                with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()):
                    space[name]()
    finally:
        space["feed_forward_dataset"] = own
    return max(seen, default=0)


def global_data(function):
    """Names of the notebook's data that a function reads itself."""
    codes, names = [getattr(inspect.unwrap(function), "__code__", None)], set()
    while codes:
        code = codes.pop()
        names |= set(getattr(code, "co_names", ()))
        codes += [constant for constant in getattr(code, "co_consts", ()) if hasattr(constant, "co_names")]
    return [name for name in DATA if name in names]


def printed(student, x, y):
    """The numbers that `feed_forward_dataset` prints (or returns), with how many decimals each has.

    Where they are others, or are there at all, only with the arguments in the place of the notebook's own data, that is
    what it works on.
    """
    instead = global_data(function(student, "feed_forward_dataset"))
    if not instead:
        return printed_once(student, x, y)
    found, meant, space = None, None, student.notebook["get_ipython"]().user_ns
    own = {name: space[name] for name in instead if name in space}
    with contextlib.suppress(Exception):
        found = printed_once(student, x, y)
    space.update({name: x if name[0] == "x" else y for name in instead})
    with contextlib.suppress(Exception):
        meant = printed_once(student, x, y)
    space.update(own)
    if meant and not (found and np.array_equal(meant["numbers"], found["numbers"])):
        fail("`feed_forward_dataset` works on the data of the notebook, not on its arguments")
    return found or printed_once(student, x, y)


def printed_once(student, x, y):
    """What `printed` returns, of a single call."""
    text, pass_ = io.StringIO(), function(student, "feed_forward_dataset")
    like = student.notebook.get("x_test")
    flat = isinstance(like, np.ndarray) and like.ndim == 2  # the student has flattened the data before
    try:
        with contextlib.redirect_stdout(text):
            returned = pass_(x.reshape(len(x), -1) if flat else x, y)
    except (ValueError, TypeError, IndexError):
        if x.ndim == 2 or flat or handed_over(student) > 2:
            raise
        with contextlib.redirect_stdout(text):
            returned = pass_(x.reshape(len(x), -1), y)
    words = re.findall(r"(?<![\w.])-?\d+(?:\.\d*)?(?:e[+-]?\d+)?", text.getvalue())[-200:]
    words += [w.replace(",", ".") for w in re.findall(r"(?<![\w.,])\d+,\d+(?![.,]?\d)", text.getvalue())[-50:]]
    more = [
        float(v)
        for v in (returned if isinstance(returned, tuple | list) else [returned])
        if np.ndim(v) == 0 and v is not None
    ]
    numbers = [float(w) for w in words] + more
    decimals = [len(w.partition("e")[0].partition(".")[2]) for w in words] + [9] * len(more)
    return {"numbers": np.array(numbers, dtype=float), "decimals": np.array(decimals, dtype=int)}
