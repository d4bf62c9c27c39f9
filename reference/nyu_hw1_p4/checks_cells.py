"""The cells of the student's notebook, and running them once more."""

import ast
import contextlib
import inspect
import io
import re

import numpy as np

from grader import ForPerson

DATA = ("x_train", "y_train", "x_test", "y_test")


def cells_of(student):
    """The source of every cell that has run, magics translated; of a cell under `%%time` and the like what is in it."""
    shell, cells = student.notebook["get_ipython"](), []
    for cell in shell.user_ns["In"]:
        if re.match(r"get_ipython\(\)\.run_cell_magic\(['\"](time|timeit|capture|prun)\b", cell):
            cell = ast.parse(cell).body[0].value.args[2].value
        cells.append(shell.transform_cell(cell))
    return cells


def train_again(student, few=None, few_tests=None, visits=None):
    """Run the cells from `train_one_sample` on once more; returns the steps, counted.

    With `few` on that many images for training, and `few_tests` for testing; the list `visits` gets the arrays of each
    step's arguments. Raises NotImplementedError where what is still to be written stops it before any step.
    """
    shell = student.notebook["get_ipython"]()
    space, steps, unwritten = shell.user_ns, 0, None
    cells = cells_of(student)
    first = max(
        (i for i, cell in enumerate(cells) if re.search(r"^def train_one_sample\b", cell, re.MULTILINE)), default=None
    )
    if first is None:
        raise ForPerson("the cell that defines train_one_sample was not found, and the training could not be repeated")
    train = student.train_one_sample

    def counted(*arguments, **named):
        nonlocal steps
        steps += 1
        if visits is not None:
            visits.append([value.copy() for value in (*arguments, *named.values()) if isinstance(value, np.ndarray)])
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
            try:
                for node in ast.parse(cell).body:
                    if not bound(node) & {"train_one_sample", *DATA}:
                        exec(compile(ast.Module([node], []), "<training>", "exec"), space)
            except NotImplementedError as error:
                unwritten = error
            except Exception:  # as in a notebook, a cell ends where it fails and the next one runs
                continue
    space["train_one_sample"] = train
    if unwritten is not None and not steps:
        raise unwritten
    return steps


def passes_rate_on(student, names):
    """Whether `train_one_epoch` gives the learning rate that it is given to `train_one_sample`; None where none shows.

    It is called once, with a rate under whichever of `names` it takes, beside a step that only notes its arguments.
    """
    space, rate, noted = student.notebook["get_ipython"]().user_ns, 0.7713, []
    epoch = space.get("train_one_epoch")
    taken = [name for name in getattr(getattr(epoch, "__code__", None), "co_varnames", ()) if name.lower() in names]
    if not taken or taken[0] not in inspect.signature(epoch).parameters:
        return None

    def note(*arguments, **named):
        noted.extend([*arguments, *named.values()])
        return 0.0

    space["train_one_sample"] = note
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            epoch(**{taken[0]: rate})
    except Exception:  # it takes something else too, or needs what a step returns
        return None
    # a number that decays with the steps or epochs counts as the rate too
    numbers = [float(value) for value in noted if isinstance(value, float | np.floating)]
    return any(rate / 2 < number <= rate * (1 + 1e-6) for number in numbers) if noted else None


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
