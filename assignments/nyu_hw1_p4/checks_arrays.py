"""The student's six arrays, wherever and whichever way round they lie: found, read and written in place.

Where there are no lists `weights` and `biases`, the six are found by their shapes among the globals that the student's
functions use; what cannot be told goes to a person.
"""

import ast
import contextlib
import functools
import inspect
import io
import re

import numpy as np
from checks_cells import DATA, bound, cells_of, changed
from checks_network import NAMES, SIZES

from grader import ForPerson

STATE = ("weights", "biases")
FUNCTIONS = ("feed_forward_sample", "train_one_sample", "feed_forward_dataset")


def slots(student):
    """Name, container and place of each of the six."""
    lists = [numbered(student.notebook.get(name)) for name in STATE]
    if all(len(found) == 3 for found in lists):
        return [(f"{kind}{i}", *at) for kind, three in zip("Wb", lists, strict=True) for i, at in enumerate(three, 1)]
    if (held := other_network(student)) is not None:
        name, count = next((name, len(found)) for name, found in zip(STATE, held, strict=True) if len(found) != 3)
        raise ValueError(f"`{name}` holds {count} arrays, 3 are expected")
    found = elsewhere(student)
    if found:
        return [(name, container, place) for name, (container, place, _) in found.items()]
    if any(lists):
        raise ForPerson("`weights` and `biases` do not hold three arrays each")
    raise NotImplementedError("no weights of the layers 784 -> 32 -> 32 -> 10 are there")


def other_network(student):
    """Weights and biases of a network with another number of layers, in the lists asked for; None for anything else."""
    weights, biases = ([np.asarray(c[p]) for c, p in numbered(student.notebook.get(name))] for name in STATE)
    begins = bool(weights and biases) and 784 in weights[0].shape and weights[0].ndim == 2
    return (weights, biases) if begins and (len(weights), len(biases)) != (3, 3) else None


def numbered(container):
    """(container, place) of each array or number in it; what else it holds may fill the place of the input layer."""
    if not isinstance(container, list | tuple | dict | np.ndarray):
        return []
    places = list(container) if isinstance(container, dict) else range(len(container))
    numbers = np.ndarray | np.number | float | int
    return [(container, place) for place in places if isinstance(container[place], numbers)]


def function(student, name):
    """A student's function, or the method of that name of one of the objects."""
    if name in student.notebook:
        return getattr(student, name)
    objects = [v for v in student.notebook.values() if not isinstance(v, type) and callable(getattr(v, name, None))]
    return getattr(objects[0], name) if objects else getattr(student, name)


def used(student):
    """Names of the globals that the student's functions use, by way of their own functions too; all without any."""
    space, names, codes = student.notebook, {}, []
    for name in FUNCTIONS:
        if name in space and not is_the_courses(student, name):
            codes.append(getattr(space[name], "__code__", None))
    while codes:
        code = codes.pop(0)
        for name in getattr(code, "co_names", ()):
            if name in space and name not in names:
                names[name] = None
                codes.append(getattr(space[name], "__code__", None))
        codes += [constant for constant in getattr(code, "co_consts", ()) if hasattr(constant, "co_names")]
    return [name for name in names or space if not name.startswith("_") and name not in ("In", "Out", *DATA)]


def arrays_in(container, place, path, depth=0):
    """(container, place, path) of every array below a global: in lists, dictionaries and objects, three deep."""
    value = container[place]
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        yield container, place, path
    elif depth < 3 and isinstance(value, list | tuple | dict | np.ndarray) and len(value) <= 20:
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from arrays_in(value, key, (*path, str(key)), depth + 1)
    elif depth < 3 and isinstance(getattr(value, "__dict__", None), dict) and not hasattr(value, "__name__"):
        for key in vars(value):
            yield from arrays_in(vars(value), key, (*path, key), depth + 1)


def elsewhere(student):
    """The six arrays by name, each as (container, place, path), where they are not in `weights` and `biases`.

    None if no array is the first layer's weight. The two biases of 32 are told by the order of their names; where an
    object holds more arrays of a bias's size, what its layers put out perhaps, by a name that begins with b.
    """
    if (lists := attributes(student)) is not None:
        return lists
    found, seen = {"W1": [], "W2": [], "W3": [], "b": [], "b3": []}, set()
    for name in used(student):
        for container, place, path in arrays_in(student.notebook, name, (name,)):
            value, kind = container[place], None
            if value.ndim == 2 and min(value.shape) > 1:
                kind = {(32, 784): "W1", (32, 32): "W2", (10, 32): "W3"}.get(tuple(sorted(value.shape)))
            elif value.ndim in (1, 2):
                kind = {32: "b", 10: "b3"}.get(value.size)
            if kind and id(value) not in seen:
                seen.add(id(value))
                found[kind].append((container, place, path))
    if not found["W1"]:
        return None
    for kind, count in (("b", 2), ("b3", 1)):
        named = [at for at in found[kind] if word(at[2]).lower().startswith("b")]
        if len(found[kind]) > count == len(named):
            found[kind] = named
    by_name = sorted(found.pop("b"), key=lambda at: [re.sub(r"\d+", lambda m: m[0].zfill(4), key) for key in at[2]])
    found["b1"], found["b2"] = (by_name[:1], by_name[1:])
    if any(len(found[name]) != 1 for name in NAMES):
        raise ForPerson("which arrays are the weights and biases could not be told: there are no such lists")
    return {name: found[name][0] for name in NAMES}


def attributes(student):
    """The six in the lists `weights` and `biases` of one of the student's objects; None without such an object."""
    for name in used(student):
        held = getattr(student.notebook[name], "__dict__", None)
        lists = [numbered(held.get(kind)) for kind in STATE] if isinstance(held, dict) else []
        if lists and all(len(found) == 3 for found in lists):
            whole = [(kind, at) for kind, three in zip(STATE, lists, strict=True) for at in three]
            return {n: (*at, (name, kind, str(at[1]))) for n, (kind, at) in zip(NAMES, whole, strict=True)}
    return None


def word(path):
    """The last name in a path, without the places in lists below it."""
    return next((key for key in reversed(path) if not key.isdigit()), "")


def drawn_again(student):
    """The six arrays as the cells that define them draw them, for what is found when the training is over.

    None where they are in `weights` and `biases`, after whose definition a check is asked at once.
    """
    slots(student)
    if all(len(numbered(student.notebook.get(name))) == 3 for name in STATE):
        return None
    paths = [path for _, _, path in elsewhere(student).values()]
    roots = {path[0] for path in paths}
    space = {name: value for name, value in student.notebook.items() if name not in roots}
    for cell in cells_of(student):
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception, KeyboardInterrupt, SystemExit):
            for node in ast.parse(cell).body:
                if roots & (bound(node) | changed(node)):
                    exec(compile(ast.Module([node], []), "<again>", "exec"), space)
                with contextlib.suppress(KeyError, IndexError, TypeError, AttributeError):
                    return {name: at(space, path) for name, path in zip(NAMES, paths, strict=True)}
    raise ForPerson("the weights as they were first drawn could not be told: there are no lists of them")


def at(space, path):
    """A copy of the array at a path from `arrays_in`."""
    value = space
    for key in path:
        if isinstance(value, dict):
            value = {str(k): v for k, v in value.items()}[key]
        else:
            value = value[int(key)] if isinstance(value, list | tuple | np.ndarray) else getattr(value, key)
    return np.array(value)


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


def separate(student):
    """Give each of the six an array of its own where one serves as two; returns the names of each such two."""
    found, pairs = {}, []
    for name, container, place in slots(student):
        value = container[place]
        if isinstance(value, np.ndarray):
            twin = next((other for other, array in found.items() if np.shares_memory(value, array)), None)
            if twin is not None:
                pairs.append((twin, name))
            if twin is not None and not isinstance(container, tuple):
                container[place] = value.copy()
            found[name] = container[place]
    return pairs


def put(student, state):
    """Write `state` into the student's arrays; returns those that could not be set, as they are.

    An array of another size is among them, with numbers like those of `state`.
    """
    separate(student)
    kept, is_turned = {}, turned(student)
    for name, container, place in slots(student):
        for value in [container[place], *(student.notebook[n] for n in others(student, name, container[place]))]:
            if isinstance(value, np.ndarray) and value.base is None:
                value.flags.writeable = True  # an array of the student's own, whatever it was made
            if isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.flags.writeable:
                target = upright(name, value, is_turned)
                if target.flags.writeable and np.shares_memory(target, value):
                    alike = target.shape == state[name].shape
                    drawn = np.random.default_rng(target.size).normal(size=target.shape)
                    target[...] = state[name] if alike else state[name].std() * drawn
    for name, container, place in slots(student):
        now = upright(name, container[place], is_turned)
        as_kept = state[name].astype(now.dtype) if now.dtype.kind == "f" else state[name]  # 0 is 0.3 as an integer
        if not np.array_equal(now, as_kept):
            kept[name] = np.array(now, dtype=float)
    lend(student)
    return kept


def is_the_courses(student, name):
    """Whether the course's own function has been put in the place of the student's (follow-through)."""
    value = inspect.unwrap(student.notebook.get(name))
    return getattr(value, "__globals__", {}).get("__name__") == "__reference__"


def lend(student):
    """Give the arrays to the course's functions, where these stand in for the student's and know no globals."""
    arrays = None
    for name in FUNCTIONS:
        if is_the_courses(student, name):
            own = inspect.unwrap(student.notebook[name])
            student.notebook["get_ipython"]().user_ns[name] = told_by_kind(own)
            space = own.__globals__
            if arrays is None:
                is_turned = turned(student)
                arrays = [upright(n, container[place], is_turned) for n, container, place in slots(student)]
            space["weights"], space["biases"] = arrays[:3], arrays[3:]


def told_by_kind(function):
    """A course's function for callers that hand over the arrays too: image, label and rate are told by their kind."""

    @functools.wraps(function)
    def called(*arguments, **named):
        if not all(isinstance(v, np.ndarray | np.number | float | int | list | tuple | dict) for v in arguments):
            return function(*arguments, **named)
        values = [*arguments, *named.values()]
        images = [v for v in values if isinstance(v, np.ndarray) and v.size == SIZES[0][0]]
        labels = [v for v in values if np.ndim(v) == 0 and np.asarray(v).dtype.kind in "iu"]
        rates = [v for v in values if np.ndim(v) == 0 and np.asarray(v).dtype.kind == "f"]
        if not images or not labels:
            return function(*arguments, **named)
        return function(images[0], labels[0], *rates[:1])

    return called


def take(student):
    """The six arrays as they are now, copied; one that a function has bound anew is taken from where it is."""
    now, is_turned = {}, turned(student)
    for name, container, place in slots(student):
        now[name] = [np.array(upright(name, container[place], is_turned), dtype=float)]
        for other in others(student, name, container[place]):
            now[name].append(np.array(upright(name, student.notebook[other], is_turned), dtype=float))
    return now


def moved(before, after):
    """Whether any of the arrays that `take` has taken is another now."""
    return any(not np.array_equal(a, b) for n in before for a, b in zip(before[n], after[n], strict=False))


def single(student):
    """1 if any of the six arrays is in single precision or less, else 0."""
    held = [container[place] for _, container, place in slots(student)]
    return np.array(int(any(isinstance(v, np.ndarray) and v.dtype.itemsize < 8 for v in held)))
