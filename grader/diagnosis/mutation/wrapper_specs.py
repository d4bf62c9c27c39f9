"""Wrong solutions that no edit of the solution's text leads to: its functions with an argument or a result changed.

Owns for which functions, arguments and results which changes are tried, and the clauses. Pure: text in, text out; what
the changes do is for `grader.worker.experiments.wrappers`, which the texts call.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence, Set
from typing import NamedTuple

from grader.assignment.release.markers import regions
from grader.assignment.release.percent import python_lines
from grader.diagnosis.bank import Hypothesis
from grader.diagnosis.codes import TWO
from grader.diagnosis.mutation.compound import SourceText, WrongSolution
from grader.diagnosis.mutation.sites import functions_of
from grader.worker.experiments.catalogue.effects import (
    IN_ONE_CALL,
    ON_ARGUMENT,
    ON_RESULT,
    RARE,
    WITH_ARGUMENT,
    WITH_OTHER,
)
from grader.worker.experiments.catalogue.formulas import FAMILIES
from grader.worker.syntax import parse_tree

CALL = "import grader.worker.experiments.wrappers as _wrapping"
Key = tuple[str, str, str]
"""Function, place of a result, family of formulas."""


class Function(NamedTuple):
    """A function that the student writes."""

    name: str
    """Dotted, `Affine.backward`."""
    module: str
    top: str
    """The definition at the top of the file that holds it."""
    source: str
    """Of that definition."""
    arguments: tuple[str, ...]
    forward: Function | None = None
    """The forward pass, where this is a backward pass."""
    results: tuple[str, ...] = ()
    """Places of results, as `wrapping.wrapped` takes them."""
    calls: frozenset[str] = frozenset()
    """Last names of everything that is called in it."""
    own: bool = True
    """Whether the student writes it, or a part of it."""
    attributes: tuple[str, ...] = ()
    """Of its object, that it reads and the forward pass does not set."""
    stored: frozenset[str] = frozenset()
    """Attributes of its object that it sets."""


def functions(bases: Sequence[SourceText]) -> list[Function]:
    """The functions and methods of some files, each defined once."""
    specs = []
    for base in bases:
        lines = python_lines(base.text)
        tree = parse_tree("\n".join(lines))
        inside = {n for r in regions(base.text, base.file) for n in range(r.begin, r.end + 1)}
        every = [n for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)]
        names = [n.name for n in every]
        tops = {n.name: n for n in every if names.count(n.name) == 1}
        for node, name in functions_of(tree):
            top = tops.get(name.partition(".")[0])
            if top is None or not isinstance(node, ast.FunctionDef) or name.count(".") > 1:
                continue
            source = "\n".join(lines[top.lineno - 1 : top.end_lineno])
            own = any(getattr(n, "lineno", None) in inside for n in ast.walk(node))
            specs.append(_function(node, name, base.module, top.name, source)._replace(own=own))
    by_name = {(f.module, f.name): f for f in specs}
    return [_with_forward(f, by_name.get((f.module, _forward_name(f.name)))) for f in specs]


def _with_forward(function: Function, forward: Function | None) -> Function:
    made = forward.stored if forward is not None else frozenset()
    return function._replace(forward=forward, attributes=tuple(a for a in function.attributes if a not in made))


def _function(node: ast.FunctionDef, name: str, module: str, top: str, source: str) -> Function:
    arguments = tuple(a.arg for a in node.args.args if a.arg != "self")
    calls = {_last(ast.unparse(n.func)) for n in ast.walk(node) if isinstance(n, ast.Call)}
    items = [len(n.value.elts) for n in ast.walk(node) if isinstance(n, ast.Return) and isinstance(n.value, ast.Tuple)]
    returns = any(isinstance(n, ast.Return) and n.value is not None for n in ast.walk(node))
    results = [f"result:{i}" for i in range(max(items, default=0))] or (["result"] if returns else [])
    stores = [
        n for n in ast.walk(node) if isinstance(n, ast.Attribute | ast.Subscript) and isinstance(n.ctx, ast.Store)
    ]
    back = _forward_name(name) != ""
    for n in stores:
        if back and isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id == "self":
            results.append(f"result:attribute:{n.attr}")
        if isinstance(n, ast.Subscript) and isinstance(n.slice, ast.Constant) and isinstance(n.slice.value, str):
            results.append(f"result:key:{n.slice.value}")
    own = [n for n in ast.walk(node) if isinstance(n, ast.Attribute) and ast.unparse(n.value) == "self"]
    stored = {n.attr for n in own if isinstance(n.ctx, ast.Store)}
    called = {ast.unparse(n.func) for n in ast.walk(node) if isinstance(n, ast.Call)}
    read = dict.fromkeys(n.attr for n in own if n.attr not in stored and f"self.{n.attr}" not in called)
    return Function(
        name, module, top, source, arguments, None, tuple(dict.fromkeys(results)), frozenset(calls),
        attributes=tuple(read), stored=frozenset(stored),
    )  # fmt: skip


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _forward_name(name: str) -> str:
    """The name of the forward pass; empty where it is no backward pass."""
    for back, forward in ((".backward", ".forward"), ("_backward", "_forward")):
        if name.endswith(back):
            return name.removesuffix(back) + forward
    return ""


def asked(bases: Sequence[SourceText]) -> dict[Key, WrongSolution]:
    """For each result whether it is of a family of formulas: variants that differ from the solution where it is."""
    return {
        (function.name, place, family): _variant(function, place, f"formula:{family}:", "", "")
        for function in functions(bases)
        for place in _returned(function)
        for family in FAMILIES
    }


def alone(bases: Sequence[SourceText], known: Set[Key]) -> list[WrongSolution]:
    """Each function with one change of an argument or of a result; `known` are the keys of `asked` that differ."""
    every = functions(bases)
    return [_variant(f, *c) for f in every if f.own for c in _changes(f, known, bool(_reached(f, every)))]


def within(bases: Sequence[SourceText], known: Set[Key]) -> list[WrongSolution]:
    """Functions that call others, with one change of such another during their calls alone; `known` as of `alone`."""
    every = functions(bases)
    specs = []
    for outer in every:
        reached = _reached(outer, every) if outer.own else set()
        for inner in every if len(reached) > 1 else ():  # of one that only hands on to another, that is enough
            if _returned(inner) and inner.name in reached:
                specs += [_variant(inner, *change, outer) for change in _inner_changes(inner, known)]
                specs += list(_before_activations(inner, outer, [f for f in every if f.name in reached]))
                specs += [
                    _variant(inner, place, change, code, f"at the {word} step of `{inner.name}` {words}", outer, call)
                    for call, word in ((0, "first"), (1, "second"))
                    for place, change, code, words in _one_call(inner)
                ]
    return specs


def _before_activations(inner: Function, outer: Function, reached: Sequence[Function]) -> Iterator[WrongSolution]:
    """A backward pass for which what went into an activation was kept, and not what came out."""
    kept = inner.forward.arguments if inner.forward is not None else ()
    for name in (name for name in kept if name not in inner.arguments):
        for activation in (f for f in reached if len(f.arguments) == 1 and f is not inner.forward and f is not inner):
            words = (
                f"at the step of `{inner.name}` `{name}` is what goes into `{activation.name}`, before the activation"
            )
            yield _variant(inner, f"kept:{name}", "before", "wrong-variable", words, outer, also=activation)


def _reached(outer: Function, every: Sequence[Function]) -> set[str]:
    """Names of functions that it calls, or that those call: `affine_relu_forward` is taken to call `relu_forward`."""
    reached: set[str] = set()
    left = [outer]
    while left:
        calls = left.pop().calls
        for inner in every:
            last = _last(inner.name)
            parts = set(last.split("_"))
            called = last in calls or (len(parts) > 1 and any(parts <= set(call.split("_")) for call in calls))
            if called and inner.name not in reached and inner.name != outer.name:
                reached.add(inner.name)
                left.append(inner)
    return reached


Change = tuple[str, str, str, str]
"""Place, change, code, clause."""


def _returned(function: Function) -> list[str]:
    """The places of what it returns."""
    return [place for place in function.results if place.count(":") < 2]


def _formulas(function: Function, known: Set[Key]) -> Iterator[Change]:
    for place in _returned(function):
        for family, (_, others) in FAMILIES.items():
            for number, formula in enumerate(others) if (function.name, place, family) in known else ():
                code = TWO if formula.mistakes > 1 else formula.code
                yield place, f"formula:{family}:{number}", code, formula.words


def _changes(function: Function, known: Set[Key], composed: bool) -> Iterator[Change]:
    """What one may do to it; of one that calls others of the solution only to its results."""
    if _last(function.name) == "__init__":
        for name in function.arguments:
            for change in ("root", "square", "ones"):
                effect = ON_ARGUMENT[change]
                yield f"argument:{name}", change, effect.code, effect.words.format(x=f"`{name}`")
        return
    kept = function.forward.arguments if function.forward is not None else ()
    kept = tuple(name for name in kept if name not in function.arguments)
    places = {name: f"argument:{name}" for name in function.arguments}
    places |= {name: f"kept:{name}" for name in kept}
    places |= {f"self.{name}": f"own:{name}" for name in function.attributes}
    names = list(places)
    for name in names if not composed else ():
        place = places[name]
        for change, effect in ON_ARGUMENT.items():
            yield place, change, effect.code, effect.words.format(x=f"`{name}`")
        for one in names:
            if one != name:
                yield place, f"is:{one}", "wrong-variable", f"`{one}` stands where `{name}` belongs"
                for change, both in WITH_ARGUMENT.items():
                    yield place, f"{change}:{one}", both.code, both.words.format(x=f"`{one}`", a=f"`{name}`")
    ways = [place for place in function.results if not place.startswith("result:key")]
    for name in function.arguments if len(ways) > 1 and not composed else ():
        for change, effect in ON_ARGUMENT.items():
            for only in ways:
                yield f"argument:{name}>{only}", change, effect.code, effect.words.format(x=f"`{name}`")
    for place in function.results:
        for change, effect in ON_RESULT.items():
            yield place, change, effect.code, effect.words
        for name in names if not composed else ():
            for change, both in WITH_OTHER.items():
                yield place, f"{change}:{name}", both.code, both.words.format(x=f"`{name}`")
    yield from _formulas(function, known)


def _inner_changes(inner: Function, known: Set[Key]) -> Iterator[Change]:
    """What one may do to a step of a network: leave it out, or take another function for it."""
    first = _returned(inner)[0]
    for name in inner.arguments:
        yield first, f"instead:{name}", "missing-function", f"`{inner.name}` is left out: `{name}` goes on as it is"
    yield first, "ones", "missing-factor", f"the factor of `{inner.name}` is missing"
    yield first, "negative", "wrong-sign", f"at the step of `{inner.name}` a sign is wrong"
    for place, change, code, words in _formulas(inner, known):
        if code != TWO:
            yield place, change, code, f"at the step of `{inner.name}` {words}"


def _one_call(inner: Function) -> Iterator[Change]:
    """What one may do to one of several steps of a network."""
    first = _returned(inner)[0]
    for name in inner.arguments:
        for change, effect in IN_ONE_CALL.items():
            yield f"argument:{name}", change, effect.code, effect.words.format(x=f"`{name}`")
        yield first, f"instead:{name}", "missing-function", f"nothing is done: `{name}` goes on as it is"
    for change, words in (
        ("positive", "a ReLU is applied to what comes out"),
        ("sigmoid", "a sigmoid is applied to what comes out"),
        ("tanh", "a hyperbolic tangent is applied to what comes out"),
        ("softmax", "a softmax is applied to what comes out"),
        ("negative", "the sign of what comes out is wrong"),
        ("over rows", "what comes out is divided by the number of rows, which has no place there"),
        ("times rows", "what comes out is multiplied by the number of rows, which has no place there"),
    ):
        yield first, change, ON_RESULT[change].code, words


def _variant(
    function: Function,
    place: str,
    change: str,
    code: str,
    words: str,
    outer: Function | None = None,
    call: int | None = None,
    also: Function | None = None,
) -> WrongSolution:
    """The definitions that make the change; `also` is a function of which the calls are remembered."""
    sources = {(function.module, function.top): function.source}
    lines: dict[tuple[str, str], list[str]] = {}

    def wrap(one: Function, how: str) -> None:
        sources.setdefault((one.module, one.top), one.source)
        lines.setdefault((one.module, one.top), []).append(f"{one.name} = _wrapping.{how}")

    stem = function.forward.name if function.forward is not None else ""
    inside = outer.name if outer is not None else ""
    wrap(function, f"wrapped({function.name}, {place!r}, {change!r}, stem={stem!r}, within={inside!r}, call={call})")
    if function.forward is not None:
        wrap(function.forward, f"remembered({stem}, {stem!r})")
    if also is not None:
        wrap(also, f"remembered({also.name}, {also.name!r})")
    if outer is not None:
        wrap(outer, f"marked({inside}, {inside!r})")
    kind = change.partition(":")[0]
    return WrongSolution(
        Hypothesis(
            code=code,
            text=f"in `{inside or function.name}` {words}" if code == TWO else words,
            function=inside or function.name,
            named=code == TWO,
            mistakes=2 if code == TWO else 1,
            likely=0 if kind == "formula" else 2 if kind in RARE else 1,
        ),
        tuple(
            (module, top, "\n".join([source, CALL, *lines[module, top]])) for (module, top), source in sources.items()
        ),
    )
