"""The cells of the student's notebook, and running them once more."""

import ast
import contextlib
import inspect
import io
import re
import sys
from typing import Any, NamedTuple

import numpy as np

from grader import ForPerson

DATA = ("x_train", "y_train", "x_test", "y_test")
COUNTERS = ("range", "arange", "permutation", "choice", "integers", "randint")


def cells_of(student):
    """The source of every cell that has run, magics translated; of a cell under `%%time` and the like what is in it."""
    shell, cells = student.notebook["get_ipython"](), []
    for cell in shell.user_ns["In"]:
        if re.match(r"get_ipython\(\)\.run_cell_magic\(['\"](time|timeit|capture|prun)\b", cell):
            cell = ast.parse(cell).body[0].value.args[2].value
        cells.append(shell.transform_cell(cell))
    return cells


class Training(NamedTuple):
    """What running the training once more has shown."""

    visits: list[list[Any]]
    """The arguments of each step: of those in `train_one_epoch`, where that makes any."""
    error: Exception | None
    """What ended it while it was making steps; or before any, in a cell that goes on to make them."""
    statement: str
    """Where it ended before any step: the first line of the statement."""


def train_again(student, few=None, few_tests=None):
    """Run the cells from `train_one_sample` on once more.

    With `few` on that many images for training, and `few_tests` for testing. Raises NotImplementedError where what is
    still to be written stops it before any step.
    """
    shell = student.notebook["get_ipython"]()
    space, visits, within, stopped, unwritten = shell.user_ns, [], [], None, None
    before, statement = None, ""
    cells, whole = cells_of(student), {name: shell.user_ns[name] for name in DATA}
    if not inspect.ismodule(space.get("np", np)):  # some count parameters in a variable of that name, in the last cell
        space["np"] = np
    first = max(
        (i for i, cell in enumerate(cells) if re.search(r"^def train_one_sample\b", cell, re.MULTILINE)), default=None
    )
    if first is None:
        raise ForPerson("the cell that defines train_one_sample was not found, and the training could not be repeated")
    train = student.train_one_sample

    def counted(*arguments, **named):
        if few is not None:
            values = (*arguments, *named.values())
            visits.append([value.copy() if isinstance(value, np.ndarray) else value for value in values])
        else:
            visits.append([])
        within.append(called_by("train_one_epoch"))
        try:
            return train(*arguments, **named)
        except Exception:  # what it does is judged elsewhere; here only how often it is asked
            return 0.0

    space["train_one_sample"] = counted
    if few is not None:
        # fewer test images than training images, so that an epoch over the wrong set shows
        space.update({name: space[name][: few if "train" in name else few_tests] for name in DATA})
    with contextlib.redirect_stdout(io.StringIO()):
        for cell in cells[first:]:
            begun, left = len(visits), []
            try:
                left = ast.parse(cell).body
                while left:
                    node = left[0]
                    if not bound(node) & {"train_one_sample", *DATA}:
                        exec(compile(ast.Module([node], []), "<training>", "exec"), space)
                    left.pop(0)
            except NotImplementedError as error:
                unwritten = error
            except (Exception, KeyboardInterrupt, SystemExit) as error:  # as in a notebook: a cell ends, the next runs
                stopped = stopped or (error if len(visits) > begun else None)
                if before is None and isinstance(error, Exception) and makes_steps(left, space):
                    before, statement = error, ast.unparse(left[0]).splitlines()[0]
    space.update(whole | {"train_one_sample": train})
    if unwritten is not None and not visits:
        raise unwritten
    found = [v for v, inside in zip(visits, within, strict=True) if inside] or visits
    return Training(found, stopped or (None if visits else before), "" if visits else statement)


def makes_steps(statements, space):
    """Whether statements at top level call `train_one_sample`, perhaps by way of functions of the notebook."""
    run = (n for node in statements if not isinstance(node, ast.FunctionDef | ast.ClassDef) for n in ast.walk(node))
    waiting, seen = [n.id for n in run if isinstance(n, ast.Name)], set()
    while waiting:
        name = waiting.pop()
        if name == "train_one_sample":
            return True
        if name not in seen:
            seen.add(name)
            waiting += getattr(getattr(inspect.unwrap(space.get(name)), "__code__", None), "co_names", ())
    return False


def called_by(name):
    """Whether a function of this name is running."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_code.co_name != name:
        frame = frame.f_back
    return frame is not None


def written_counts(student):
    """The numbers to which `train_one_epoch` counts, by a `range` or by random indices, perhaps with a name."""
    text = "\n".join(cell for cell in cells_of(student) if re.search(r"^def train_one_epoch\b", cell, re.MULTILINE))
    with contextlib.suppress(SyntaxError):
        body = next(
            n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef) and n.name == "train_one_epoch"
        )
        calls = [n for n in ast.walk(body) if isinstance(n, ast.Call) and n.args]
        calls = [n for n in calls if ast.unparse(n.func).split(".")[-1] in COUNTERS]
        given = [n for n in ast.walk(body) if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name)]
        called = {node.targets[0].id: node.value for node in given}
        ends = [call.args[min(1, len(call.args) - 1)] for call in calls]
        ends = [called.get(end.id, end) if isinstance(end, ast.Name) else end for end in ends]
        return [end.value for end in ends if isinstance(end, ast.Constant) and isinstance(end.value, int)]
    return []


def one_epoch(student, names):
    """The steps of `train_one_epoch` on all images, and whether it hands the learning rate that it is given on to them.

    It is called once, with a rate under whichever of `names` it takes, beside a step that only notes its arguments.
    None stands for each of the two that does not show.
    """
    space, rate, steps, noted = student.notebook["get_ipython"]().user_ns, 0.7713, 0, []
    epoch, train = space.get("train_one_epoch"), space["train_one_sample"]
    if not inspect.isfunction(epoch):
        return None, None
    taken = [name for name in inspect.signature(epoch).parameters if name.lower() in names]

    def note(*arguments, **named):
        nonlocal steps
        steps += 1
        noted.extend(float(v) for v in (*arguments, *named.values()) if isinstance(v, float | np.floating))
        return 0.0

    space["train_one_sample"] = note
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            epoch(**dict.fromkeys(taken[:1], rate))
    except Exception:  # it takes something else too, or needs what a step returns
        return None, None
    finally:
        space["train_one_sample"] = train
    # a number that decays with the steps or epochs counts as the rate too
    passed_on = any(rate / 2 < number <= rate * (1 + 1e-6) for number in noted)
    return steps, passed_on if taken and steps else None


def bound(node):
    """Names that a statement at top level binds."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return names | {a.asname or a.name for n in ast.walk(node) if isinstance(n, ast.Import) for a in n.names}


def changed(node):
    """Names whose entries, attributes or methods a statement at top level uses."""
    held = (n.value for n in ast.walk(node) if isinstance(n, ast.Attribute | ast.Subscript))
    return {value.id for value in held if isinstance(value, ast.Name)}
