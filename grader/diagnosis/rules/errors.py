"""What the line of an exception shows: which product or sum does not fit, and what would; what has no value. Pure.

The names and shapes come from the worker, the line's text from this side; only operands are mentioned whose
shapes are known, and none of it reaches a hidden check, whose errors carry no shapes.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator, Mapping

from grader.diagnosis.codes import Candidate
from grader.diagnosis.evidence import Evidence
from grader.diagnosis.rules.source import (
    Function,
    ParsedDefinition,
    arguments_of,
    definitions_of,
    functions_of,
    is_name,
    methods_of,
    own_attributes,
    short,
)
from grader.model import Excerpt, Frame
from grader.worker.syntax import names_in, parse_tree

LOCAL = re.compile(r"local variable '(\w+)'")
OF_AN_OBJECT = re.compile(r"object has no attribute '(\w+)'$")
OF_ANOTHER_KIND = re.compile(r"object is not callable$|object has no attribute '")
Shape = tuple[int, ...]
PRODUCTS = frozenset({"dot", "matmul"})
REDUCTIONS = frozenset({"sum", "mean", "max", "min", "argmax", "std", "var"})


def shapes_that_do_not_fit(evidence: Evidence) -> Candidate | None:
    """A matrix product or a sum of two arrays whose shapes do not go together, if none of them comes from elsewhere."""
    error = evidence.case.observation.error
    if error is None or error.type != "ValueError" or not error.frames or not error.shapes or evidence.inherited:
        return None
    tree = _parsed(error.frames[-1].text)
    if tree is None:
        return None
    results = {array.shape for array in evidence.expected.values()}
    for node in ast.walk(tree):
        for left, right in _products(node):
            candidate = _product(node, left, right, error.shapes, results)
            if candidate is not None:
                return candidate
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.Div):
            candidate = _entry_by_entry(node, error.shapes)
            if candidate is not None:
                return candidate
    return None


def missing_return(evidence: Evidence) -> Candidate | None:
    """A line that computes with None, after an earlier function whose own check got None from it."""
    error = evidence.case.observation.error
    if error is None or error.type not in ("TypeError", "AttributeError") or "NoneType" not in error.message:
        return None
    function, array = evidence.returned_none or ("", "")
    if not function:
        return None
    text = f"This computes with None, and `{array}` of `{function}` is None: is a `return` missing in `{function}`?"
    return Candidate("missing-return", text, f"`{array}` of `{function}` is None", evidence={"arrays": [array]})


def local_without_value(evidence: Evidence) -> Candidate | None:
    """A name that the function gives a value further down, so that it is local and has none yet."""
    error, at = evidence.case.observation.error, evidence.case.frame
    name = LOCAL.search(error.message) if error is not None and error.type == "UnboundLocalError" else None
    if name is None or at is None:
        return None
    for definition, called, function in functions_of(evidence):
        stores = [n for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        lines = [definition.line(n) for n in stores if n.id == name[1]]
        if not lines or definition.excerpt.file != at.file:
            continue
        text = (
            f"`{called}` gives `{name[1]}` a value in line {min(lines)}, which makes it a name of that function alone"
        )
        if min(lines) < at.line:
            text += ". Here no line that gives it one has run."
        else:
            text += f", in all its lines: in line {at.line} it has none yet, also if there is a `{name[1]}` outside."
            text += " Change what is in that one, or use another name."
        return Candidate("no-value-yet", text, f"`{name[1]}` is local and has no value yet")
    return None


def overwritten_name(evidence: Evidence) -> Candidate | None:
    """A function or module that the student's own line uses, and whose name a cell has given to something else."""
    error, at = evidence.case.observation.error, evidence.case.frame
    if error is None or error.type not in ("TypeError", "AttributeError"):
        return None
    if error.message and not OF_ANOTHER_KIND.search(error.message):
        return None
    for definition in (*definitions_of(evidence, beside=True), *_around(evidence, at)):
        if not definition.excerpt.file.startswith("cell ") or (at is not None and at.file != definition.excerpt.file):
            continue
        for called, function in definition.functions():
            local = arguments_of(function) | set(names_in(function, ast.Store))
            for node in ast.walk(function):
                name = _used(node, error.type)
                last = definition.line(node) + int(getattr(node, "end_lineno", 0)) - int(getattr(node, "lineno", 0))
                if not name or name in local or (at is not None and not definition.line(node) <= at.line <= last):
                    continue
                calls = error.type == "TypeError"
                if taken := _taken(evidence, name, certain=bool(error.message), called=calls):
                    verb = "calls" if calls else "uses"
                    text = f"{taken}, which `{called}` {verb} {definition.at(node)}: choose another name there."
                    return Candidate("overwritten-name", text, f"`{name}` has been given another value")
    return None


def _around(evidence: Evidence, at: Frame | None) -> Iterator[ParsedDefinition]:
    """The functions and classes of the submission in which a line stands: a helper, or one that the course gave."""
    for bound in (b for bounds in (evidence.bound or {}).values() for b in bounds):
        node = bound.definition.node
        if at is None or bound.file != at.file or bound.definition.kind not in ("def", "class"):
            continue
        if node.lineno <= at.line <= (node.end_lineno or node.lineno):
            yield ParsedDefinition(
                Excerpt(name=bound.definition.name, file=bound.file, line=1, text=""), ast.Module([node], [])
            )


def _used(node: ast.AST, type: str) -> str:
    """The name that a node calls, or of which it takes an attribute, after an error of this type."""
    match node:
        case ast.Call(func=ast.Name(id=name)) if type == "TypeError":
            return name
        case ast.Attribute(value=ast.Name(id=name)) if type == "AttributeError":
            return name
    return ""


def _taken(evidence: Evidence, name: str, *, certain: bool, called: bool) -> str:
    """The beginning of a sentence on the cell that gave `name` to a value last; empty if none did before the check.

    `certain`: that it is no function any more is known from the error, so that only the place is to be found. What is
    not `called` was a module.
    """
    every = (evidence.bound or {}).get(name, ())
    cells = [bound for bound in every if bound.cell is not None and bound.cell <= evidence.case.last_cell]
    if not cells or cells[-1].definition.kind != "assign":
        return ""
    node, last = cells[-1].definition.node, cells[-1]
    before = next((b for b in reversed(cells[:-1]) if b.definition.kind != "assign"), None)
    if not certain and not _is_plain_value(node):
        return ""
    if before is not None and before.definition.kind == "import":
        what = f"what was imported as `{name}` ({before.file})"
    elif before is not None:
        what = f"the {'class' if before.definition.kind == 'class' else 'function'} `{name}` ({before.file})"
    elif hasattr(builtins, name):
        what = f"Python's own `{name}`"
    else:
        return ""
    if not called and (before is None or before.definition.kind != "import"):
        return ""
    text = short(node.target) if isinstance(node, ast.For) else short(node)
    return f"`{text}` ({last.file}, line {last.definition.line}) takes the name of {what}"


def _is_plain_value(node: ast.stmt) -> bool:
    """Whether a statement gives a name what cannot be called, whatever its parts are."""
    match node:
        case ast.Assign(targets=[ast.Name()], value=value) | ast.AnnAssign(value=value):
            plain = ast.Constant | ast.BinOp | ast.List | ast.Tuple | ast.Dict | ast.ListComp | ast.JoinedStr
            return isinstance(value, plain)
    return False


def not_kept_in_the_object(evidence: Evidence) -> Candidate | None:
    """`cache = x` in one method, where another one reads `self.cache`."""
    error = evidence.case.observation.error
    if error is None or error.type != "AttributeError":
        return None
    missing = OF_AN_OBJECT.search(error.message)  # nothing is said of a hidden check's
    for definition in definitions_of(evidence):
        for node in definition.classes():
            kept = {n.attr for n in own_attributes(node, ast.Store)}
            asked = (n for n in own_attributes(node) if missing is None or missing[1] == n.attr)
            for read in (n for n in asked if n.attr not in kept):
                for function in methods_of(node):
                    names = (n for n in ast.walk(function) if is_name(n, read.attr))
                    for at in (n for n in names if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)):
                        text = (
                            f"`{node.name}.{function.name}` gives `{read.attr}` a value {definition.at(at)}, a name of"
                            f" that call alone, and `self.{read.attr}` is read {definition.at(read)}: only what is"
                            f" given to `self.{read.attr}` is kept in the object."
                        )
                        return Candidate("no-value-yet", text, f"`{read.attr}` is not kept in the object")
    return None


def set_by_another_method(evidence: Evidence) -> Candidate | None:
    """`self.x` in `backward`, where `forward` alone sets it and this object has not been through that."""
    error, at = evidence.case.observation.error, evidence.case.frame
    missing = OF_AN_OBJECT.search(error.message) if error is not None and error.type == "AttributeError" else None
    if missing is None or at is None:
        return None
    name = missing[1]
    for definition in definitions_of(evidence):
        for node in definition.classes() if definition.excerpt.file == at.file else ():
            places = [(f, n) for f in methods_of(node) for n in own_attributes(f) if n.attr == name]
            setting = [(f, n) for f, n in places if not isinstance(n.ctx, ast.Load)]
            reading = [f for f, n in places if isinstance(n.ctx, ast.Load) and definition.line(n) == at.line]
            if len(setting) == 1 and reading and _in_every_call(*setting[0]):
                ((other, line),) = setting
                if other.name in ("__init__", reading[0].name):
                    continue
                text = f"`self.{name}` is given a value in `{other.name}` alone {definition.at(line)}, and"
                text += f" `{other.name}` of this object was not called before this `{reading[0].name}`"
                if name in arguments_of(reading[0]):
                    text += f", which is given `{name}` as an argument"
                return Candidate("no-value-yet", text + ".", f"`self.{name}` is set in `{other.name}` alone")
    return None


def _in_every_call(function: Function, node: ast.AST) -> bool:
    """Whether a call that returns has been through this node: it is in no branch, and below no `return`."""
    for statement in function.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and node in ast.walk(statement):
            return True
        if any(isinstance(inner, ast.Return) for inner in ast.walk(statement)):
            return False
    return False


def none_left(evidence: Evidence) -> Candidate | None:
    """A line that computes with what was None at first and was not filled."""
    error, at = evidence.case.observation.error, evidence.case.frame
    if error is None or error.type != "TypeError" or "NoneType" not in error.message or at is None:
        return None
    for definition, _, function in functions_of(evidence):
        first = definition.line(function)
        last = first + (function.end_lineno or function.lineno) - function.lineno
        if definition.excerpt.file != at.file or not first <= at.line <= last:
            continue
        there = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and definition.line(n) == at.line}
        there |= _gone_over(function, there)
        for node in ast.walk(function):
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in there and _is_none(value):
                    text = f"`{short(node)}` {definition.at(node)}: what no later line fills is still None here."
                    return Candidate("no-value-yet", text, f"an entry of `{name}` is still None")
    return None


def _gone_over(function: ast.AST, names: set[str]) -> set[str]:
    """What the loops go over whose variables are among `names`."""
    loops = [n for n in ast.walk(function) if isinstance(n, ast.For | ast.comprehension)]
    over = (loop.iter for loop in loops if not names.isdisjoint(names_in(loop.target)))
    return {name for values in over for name in names_in(values)}


def _is_none(value: ast.expr) -> bool:
    """Whether it is None, or a list of nothing but None."""
    match value:
        case ast.Constant(value=None):
            return True
        case ast.List(elts=[_, *_] as entries):
            return all(_is_none(entry) for entry in entries)
        case ast.BinOp(left=ast.List() as entries, op=ast.Mult()):
            return _is_none(entries)
        case ast.ListComp(elt=element):
            return _is_none(element)
    return False


def _parsed(line: str) -> ast.AST | None:
    """The statement of one line; None for a part of one."""
    try:
        return parse_tree(line.strip())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _products(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    match node:
        case ast.BinOp(left=left, op=ast.MatMult(), right=right):
            yield left, right
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np" | "numpy"), attr=name), args=[left, right]) if (
            name in PRODUCTS
        ):
            yield left, right
        case ast.Call(func=ast.Attribute(value=left, attr="dot"), args=[right]):
            yield left, right


def _product(
    node: ast.AST, left: ast.expr, right: ast.expr, shapes: Mapping[str, Shape], results: set[Shape]
) -> Candidate | None:
    one, other = _shape(left, shapes), _shape(right, shapes)
    if one is None or other is None:
        return None
    if len(one) == len(other) == 1 and one != other and isinstance(left, ast.Attribute) and left.attr == "T":
        text = f"`{short(left.value)}` has a single axis, of length {one[0]}: `{short(left)}` is the same array, and no"
        text += f" column. A product of all pairs, of shape {(*one, *other)}, is `np.outer`."
        return Candidate(
            "shapes-do-not-fit", text, f"`{short(left)}` is no column", evidence={"shapes": [*one, *other]}
        )
    if len(one) != 2 or len(other) != 2 or one[1] == other[0]:
        return None
    seen = f"`{short(node)}` multiplies shape {one} by shape {other}:"
    seen += f" {one[1]} columns do not go with {other[0]} rows."
    ways = []
    if one[0] == other[0]:
        ways.append((_transposed(left), (one[1], other[1])))
    if one[1] == other[1]:
        ways.append((_transposed(right), (one[0], other[0])))
    wanted = [way for way in ways if way[1] in results]
    evidence: dict[str, object] = {"shapes": [list(one), list(other)]}
    mistake = f"the shapes in `{short(node)}` do not fit"
    if len(wanted or ways) != 1:
        return Candidate("shapes-do-not-fit", seen, mistake, evidence=evidence)
    ((operand, shape),) = wanted or ways
    text = f"{seen} With `{operand}` they do, and the product has shape {shape}."
    if not wanted:
        return Candidate("shapes-do-not-fit", text, mistake, evidence=evidence)
    return Candidate("missing-transpose", text, f"`{operand}` in `{short(node)}`", evidence=evidence)


def _entry_by_entry(node: ast.BinOp, shapes: Mapping[str, Shape]) -> Candidate | None:
    one, other = _shape(node.left, shapes), _shape(node.right, shapes)
    if one is None or other is None or _broadcasts(one, other):
        return None
    text = f"In `{short(node)}` the shapes {one} and {other} cannot be put together entry by entry."
    evidence: dict[str, object] = {"shapes": [list(one), list(other)]}
    for whole, row, part in ((one, other, node.right), (other, one, node.left)):
        if len(whole) == 2 and row == whole[:1]:
            hint = f" `{short(part)}` has a number for each row; with `keepdims=True` or `[:, None]` its shape is"
            return Candidate(
                "kept-axis", f"{text}{hint} {(row[0], 1)}, and they can.", "an axis is lost", evidence=evidence
            )
    return Candidate("shapes-do-not-fit", text, f"the shapes in `{short(node)}` do not fit", evidence=evidence)


def _broadcasts(one: Shape, other: Shape) -> bool:
    return all(a == b or 1 in (a, b) for a, b in zip(reversed(one), reversed(other), strict=False))


def _transposed(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute) and node.attr == "T":
        return f"{short(node.value)}` without `.T"
    return f"{short(node)}.T"


def _shape(node: ast.expr, shapes: Mapping[str, Shape]) -> Shape | None:
    """The shape of a variable, an attribute or an entry, a transpose or a sum along an axis; None for anything else."""
    match node:
        case ast.Name() | ast.Attribute() | ast.Subscript() if (text := ast.unparse(node)) in shapes:
            return shapes[text]
        case (
            ast.Attribute(value=inner, attr="T") | ast.Call(func=ast.Attribute(value=inner, attr="transpose"), args=[])
        ):
            shape = _shape(inner, shapes)
            return None if shape is None else shape[::-1]
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="np" | "numpy"), attr=name),
            args=[inner],
            keywords=[ast.keyword(arg="axis", value=ast.Constant(value=int() as axis))],
        ) if name in REDUCTIONS:
            return _without(_shape(inner, shapes), axis)
        case ast.Call(
            func=ast.Attribute(value=inner, attr=name),
            args=[],
            keywords=[ast.keyword(arg="axis", value=ast.Constant(value=int() as axis))],
        ) if name in REDUCTIONS:
            return _without(_shape(inner, shapes), axis)
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="exp" | "log" | "abs" | "square"), args=[inner]):
            return _shape(inner, shapes)
    return None


def _without(shape: Shape | None, axis: int) -> Shape | None:
    if shape is None or not -len(shape) <= axis < len(shape):
        return None
    axis %= len(shape)
    return shape[:axis] + shape[axis + 1 :]
