"""What outlives a call, as the student's own lines show it: attributes of a class, one object for two layers, globals.

Rules like those of `source`: what stands in the line is said, and not that numbers prove it. Pure.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence, Set

from grader.diagnosis.codes import Candidate
from grader.diagnosis.evidence import Evidence, names_of
from grader.diagnosis.rules.source import (
    Function,
    arguments_of,
    defaults_of,
    definitions_of,
    is_name,
    loop_variables,
    methods_of,
    names_read,
    own_attributes,
    short,
)
from grader.worker.syntax import names_in

ADDING = frozenset({"append", "extend", "insert", "update"})
TAKING = frozenset({"pop", "popleft"})
COPIES = frozenset({"copy", "deepcopy", "array", "ascontiguousarray"})
STACKS = frozenset({"stack", "vstack", "hstack", "concatenate", "append", "block"})
"""What makes an array of the entries of others, which is a copy too."""
EMPTY = frozenset({"zeros", "zeros_like", "ones", "ones_like", "dict", "list", "empty", "empty_like"})
UPDATES = ("step", "update", "train", "fit", "init")
"""Parts of the names of functions that are to change the arrays of their object."""


def shared_by_objects(evidence: Evidence) -> Candidate | None:
    """A list or dictionary of the class in which methods keep what belongs to one object; one object in two places."""
    for definition in definitions_of(evidence, beside=True):
        for node in definition.classes():
            for attribute, at in _kept_in_class(node):
                text = f"`{attribute}` of `{node.name}` belongs to the class {definition.at(at)}, not to the object:"
                text += f" all objects of `{node.name}` share it, and each finds what another has left."
                text += f" `self.{attribute} = ...` in `__init__` gives each its own."
                return Candidate("shared-state", text, f"`{attribute}` is shared by all objects of `{node.name}`")
    for definition in definitions_of(evidence):
        for at, kind in _in_two_places(definition.tree):
            text = f"`{short(at)}` {definition.at(at)} puts one object of `{kind}` in two places: they share its"
            text += " parameters and what it keeps for the backward pass."
            return Candidate("shared-state", text, f"one object of `{kind}` in two places")
        backward = [c for node in definition.classes() for f in methods_of(node) for c in _passes(f, "backward")]
        for name, function in definition.functions():
            for layer, at in _forward_twice(function, [called for called, _ in backward]):
                text = f"`{name}` calls `forward` of `{layer}` twice {definition.at(at)} before its `backward`, which"
                text += " finds only what the last `forward` kept: two layers of a network are two objects."
                return Candidate("shared-state", text, f"`{layer}` is two layers of the network")
    return None


def shared_by_calls(evidence: Evidence) -> Candidate | None:
    """A variable of the notebook, or an attribute, by which a call finds what an earlier one left."""
    theirs = names_of(evidence.check) | set(evidence.check.builds_on)
    for definition in definitions_of(evidence):
        every = [function for _, function in definition.functions()]
        nested = {id(n) for f in every for n in ast.walk(f) if n is not f and isinstance(n, Function)}
        for name, function in definition.functions():
            for argument, at in _changed_defaults(function):
                text = f"The default of `{argument}` of `{name}` {definition.at(at)} is made once, for all calls: what"
                text += " one call puts into it, the next one finds. `None` as the default, and a new one for each"
                text += " call where it is None, keeps them apart."
                return Candidate("shared-state", text, f"the default of `{argument}` keeps what calls put into it")
            for variable, at in _kept_outside(function) if id(function) not in nested else ():
                if variable not in theirs:
                    text = f"`{name}` keeps something in `{variable}` {definition.at(at)}, which is outside of the"
                    text += " function: what one call leaves there, the next one finds."
                    return Candidate("shared-state", text, f"`{variable}` lives outside of `{name}`")
        for node in definition.classes():
            for attribute, at in _made_once(node):
                text = f"`self.{attribute}` is only set while there is none {definition.at(at)}: a second call goes on"
                return Candidate("second-call", f"{text} with that of the first.", f"`self.{attribute}` is set once")
            for copy, source, at in _copied(node):
                text = f"`self.{copy}` is copied from `self.{source}` once, in `__init__` {definition.at(at)}: when"
                text += f" `self.{source}` gets new values, the copy keeps the old ones."
                return Candidate("second-call", text, f"`self.{copy}` is an old copy of `self.{source}`")
    return None


def written_by_another_name(evidence: Evidence) -> Candidate | None:
    """A change in place of a variable that is another name for an entry of the object, or for what `forward` kept."""
    for definition in definitions_of(evidence):
        forwards = [f for node in definition.classes() for f in methods_of(node) if "forward" in f.name]
        kept = {attribute.attr for f in forwards for attribute in own_attributes(f, ast.Store)}
        for _, function in definition.functions():
            if any(word in function.name for word in UPDATES):
                continue
            for change, whole in _through_other_names(function, kept if "backward" in function.name else frozenset()):
                text = f"`{short(change)}` {definition.at(change)} writes into `{short(whole)}`, of which"
                text += f" `{short(change.target)}` is another name and no copy: the next computation finds it changed."
                return Candidate("changed-input", text, f"`{short(change)}` changes `{short(whole)}`")
    return None


def _kept_in_class(node: ast.ClassDef) -> Iterator[tuple[str, ast.AST]]:
    """Attributes of the class itself that its methods change, with the statement that makes or changes them."""
    made: dict[str, ast.AST] = {}
    for statement in node.body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=value)
            ) if _is_container(value):
                made[name] = statement
    own = {t.attr for t in _targets(node) if isinstance(t, ast.Attribute) and is_name(t.value, "self")}
    for inner in (inner for function in methods_of(node) for inner in ast.walk(function)):
        for target in _targets(inner) if isinstance(inner, ast.Assign) else ():
            match target:
                case ast.Attribute(value=ast.Name(id=holder), attr=name) if holder == node.name:
                    yield name, inner
                case ast.Subscript(value=ast.Attribute(value=ast.Name(), attr=name)) if (
                    name in made and name not in own
                ):
                    yield name, made[name]
        match inner:
            case ast.Call(func=ast.Attribute(value=ast.Attribute(value=ast.Name(), attr=name), attr=verb)) if (
                name in made and name not in own and verb in ADDING | TAKING
            ):
                yield name, made[name]


def _targets(node: ast.AST) -> Iterator[ast.expr]:
    """What the assignments in a node assign to, each of a tuple by itself."""
    for inner in ast.walk(node):
        for target in inner.targets if isinstance(inner, ast.Assign) else ():
            yield from target.elts if isinstance(target, ast.Tuple | ast.List) else [target]


def _is_container(value: ast.expr | None) -> bool:
    match value:
        case ast.List() | ast.Dict() | ast.Set() | ast.Call(func=ast.Name(id="dict" | "list" | "set")):
            return True
    return False


def _class_called(node: ast.AST) -> str:
    """The name of the class that an expression makes an object of, judged by its capital; empty for another."""
    match node:
        case ast.Call(func=ast.Name(id=name)) if name[:1].isupper() and not name.isupper():
            return name
    return ""


def _in_two_places(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Where one object of a class is put twice, with the name of the class."""
    made = {}
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=targets, value=value) if kind := _class_called(value):
                if len(targets) > 1:
                    yield node, kind
                if isinstance(targets[0], ast.Name):
                    made[targets[0].id] = kind
            case ast.BinOp(left=ast.List(elts=[only]), op=ast.Mult()) if kind := _class_called(only):
                yield node, kind
    for node in ast.walk(tree):
        match node:
            case ast.List(elts=elements) | ast.Tuple(elts=elements, ctx=ast.Load()):
                names = [e.id for e in elements if isinstance(e, ast.Name) and e.id in made]
                for name in names:
                    if names.count(name) > 1:
                        yield node, made[name]


def _forward_twice(function: Function, backward: Sequence[str]) -> Iterator[tuple[str, ast.AST]]:
    """Objects whose `forward` a function calls twice before their `backward`, with the second call.

    The `backward` is called below, or twice by methods of the class, of which `backward` has the objects.
    """
    stored, each = names_in(function, ast.Store), loop_variables(function)
    below: dict[str, int] = {}
    for layer, node in _passes(function, "backward"):
        below[layer] = min(node.lineno, below.get(layer, node.lineno))
    calls: dict[str, list[ast.Call]] = {}
    for layer, node in _passes(function, "forward"):
        calls.setdefault(layer, []).append(node)
    for layer, made in calls.items():
        root = layer.split(".")[0].split("[")[0]
        if stored.count(root) > 1 or root in each or layer == "self":
            continue  # another object each time
        if layer in below:
            made = [node for node in made if node.lineno < below[layer]]
        elif backward.count(layer) < 2:
            continue
        if len(made) > 1:
            yield layer, max(made, key=lambda node: (node.lineno, node.end_col_offset or 0))


def _passes(function: Function, verb: str) -> Iterator[tuple[str, ast.Call]]:
    """The calls of this method of other objects, by the object's text."""
    for node in ast.walk(function):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Attribute() | ast.Name() as called, attr=name)) if name == verb:
                yield ast.unparse(called), node


def _through_other_names(function: Function, kept: Set[str]) -> Iterator[tuple[ast.AugAssign, ast.expr]]:
    """Changes in place of a variable that was last given an entry of what the object holds, with that entry.

    Or an attribute in `kept`, whole, where the variable is returned: it is an array then, and no count.
    """
    given: dict[str, list[tuple[int, ast.expr]]] = {}
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                given.setdefault(name, []).append((node.lineno, value))
    returned = {
        value.id
        for node in ast.walk(function)
        if isinstance(node, ast.Return)
        for value in (node.value.elts if isinstance(node.value, ast.Tuple) else [node.value])
        if isinstance(value, ast.Name)
    }
    attributes = {name for name, ((_, value), *more) in given.items() if isinstance(value, ast.Attribute) and not more}
    for node in ast.walk(function):
        match node:
            case ast.AugAssign(target=ast.Name(id=name), op=ast.Mult() | ast.Div() | ast.Add() | ast.Sub() as op):
                before = [one for one in given.get(name, ()) if one[0] < node.lineno]
                whole = max(before, key=lambda one: one[0])[1] if before else node.target
                match whole:  # an entry by a name: one by its place may be a number
                    case ast.Attribute(value=ast.Name(id="self"), attr=attribute) if (
                        attribute in kept and name in returned
                    ):
                        yield node, whole
                    case ast.Subscript(slice=ast.Constant(value=str()) | ast.JoinedStr()) if names_read(whole.value) & {
                        "self",
                        *attributes,
                    } and not isinstance(op, ast.Sub):
                        yield node, whole


def _changed_defaults(function: Function) -> Iterator[tuple[str, ast.AST]]:
    """Arguments whose default is a list or dictionary that the function changes."""
    for argument, default in defaults_of(function):
        if _is_container(default) and any(argument in _changed_by(node) for node in ast.walk(function)):
            yield argument, default


def _changed_by(node: ast.AST) -> set[str]:
    """The names of lists and dictionaries that a statement or call changes."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=verb)) if verb in ADDING | TAKING:
            return {name}
        case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name))]):
            return {name}
        case ast.AugAssign(target=ast.Subscript(value=ast.Name(id=name)) | ast.Name(id=name)):
            return {name}
    return set()


def _kept_outside(function: Function) -> Iterator[tuple[str, ast.AST]]:
    """Variables outside of a function that it changes and uses, with the statement that changes them."""
    declared = {n for node in ast.walk(function) if isinstance(node, ast.Global) for n in node.names}
    functions = [node for node in ast.walk(function) if isinstance(node, Function | ast.Lambda)]
    local = {"self", "cls", *names_in(function, ast.Store)}.union(*map(arguments_of, functions)) - declared
    changes: list[tuple[str, str, ast.AST]] = []
    for node in ast.walk(function):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=verb)) if verb in ADDING | TAKING:
                changes.append((name, verb, node))
            case ast.AugAssign(target=ast.Subscript(value=ast.Name(id=name)) | ast.Name(id=name), op=ast.Add()):
                changes.append((name, "pop", node))
    for name, verb, node in changes:
        if name in ("np", "numpy"):
            continue
        if name not in local and (verb in TAKING or names_in(function, ast.Load).count(name) > 1):
            yield name, node


def _made_once(node: ast.ClassDef) -> Iterator[tuple[str, ast.AST]]:
    """Attributes that a method sets from its arguments only while there are none."""
    for function in methods_of(node):
        for inner in ast.walk(function):
            if not isinstance(inner, ast.If) or function.name == "__init__":
                continue
            asked = {
                n.left.attr
                for n in ast.walk(inner.test)
                if isinstance(n, ast.Compare) and isinstance(n.left, ast.Attribute) and isinstance(n.ops[0], ast.Is)
            }
            for statement in inner.body:
                match statement:
                    case ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"), attr=name)], value=value) if (
                        name in asked and names_read(value) & arguments_of(function) and not _is_empty(value)
                    ):
                        yield name, statement


def _is_empty(node: ast.expr) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
            return name in EMPTY
    return False


def _copied(node: ast.ClassDef) -> Iterator[tuple[str, str, ast.AST]]:
    """Attributes that `__init__` copies from another one, and other methods read."""
    for function in (f for f in methods_of(node) if f.name == "__init__"):
        for inner in ast.walk(function):
            match inner:
                case ast.Assign(
                    targets=[ast.Attribute(value=ast.Name(id="self"), attr=copy)],
                    value=ast.Call(func=ast.Attribute(attr=verb)) as value,
                ) if verb in COPIES | STACKS:
                    sources = [attribute.attr for attribute in own_attributes(value)]
                    others = [f for f in methods_of(node) if f is not function]
                    if (
                        sources
                        and any(_holds(f, copy, ast.Load) for f in others)
                        and not any(_holds(f, copy, ast.Store) for f in others)
                    ):
                        yield copy, sources[0], inner


def _holds(function: Function, attribute: str, context: type[ast.expr_context]) -> bool:
    """Whether a function loads, or stores, an attribute of that name."""
    return any(
        isinstance(n, ast.Attribute) and n.attr == attribute and isinstance(n.ctx, context) for n in ast.walk(function)
    )
