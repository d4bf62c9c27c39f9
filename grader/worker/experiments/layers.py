"""Inside a student's worker: the layers of a probe as things that can be asked again, each with a state of its own.

A unit is a class with `forward` and `backward`, a pair of functions `f_forward` and `f_backward` with a cache between
them, a function `f` with its derivative `f_grad`, or a network whose `loss` returns gradients. Owns how each is called
again on a copy of the state in which the probe called it; which questions are asked is
`grader.worker.experiments.layer_facts`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

Gradients = list[npt.NDArray[Any]]
MAX_ENTRIES = 1 << 16
"""Entries of arrays that are copied and differentiated; a probe's point has tens of them."""


class Unit:
    """One forward pass with its backward pass, as the probe called them."""

    name = forward_name = backward_name = upstream_name = ""
    """In the student's own words."""
    upstream: Any = None
    """The incoming derivative that the probe gave, or None where it gave none."""
    backward_calls = 0
    """How often the probe called this backward pass."""
    siblings = 1
    """How many units of this name the probe used."""
    made: Any = None
    """What the forward pass returned to the probe."""

    def gradients(self, upstream: Any = None, *, disturbed: bool = False) -> Gradients:
        """What the backward pass answers on a copy; `disturbed`: after another forward pass, of another object."""
        raise NotImplementedError

    def gradients_twice(self) -> tuple[Gradients, Gradients]:
        """The answers of two backward passes after one forward pass."""
        return self.gradients(), self.gradients()

    def outputs(self, factor: float) -> Gradients:
        """What the forward pass returns on a copy, its first array multiplied."""
        raise NotImplementedError

    def inputs(self) -> Gradients:
        """Whatever the output may be differentiated by."""
        raise NotImplementedError

    def input_name(self, at: int) -> str:
        """Name of an input."""
        raise NotImplementedError

    def total(self, at: int, change: npt.NDArray[Any]) -> float:
        """The sum of the outputs times the incoming derivative, with a change of one input."""
        raise NotImplementedError


def is_real(value: object) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f" and 0 < value.size <= MAX_ENTRIES


def arrays_in(value: Any, name: str = "", depth: int = 0) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """Arrays of numbers inside a value, by the names that a report gives them."""
    if isinstance(value, Mapping) and depth < 4:
        for key, item in value.items():
            yield from arrays_in(item, f"{name}[{key!r}]" if depth else str(key), depth + 1)
    elif isinstance(value, list | tuple) and depth < 4:
        for i, item in enumerate(value):
            yield from arrays_in(item, f"{name}[{i}]", depth + 1)
    elif isinstance(value, np.ndarray | np.floating | float) and not isinstance(value, bool):
        array = np.asarray(value)
        if array.dtype.kind == "f" and array.size <= MAX_ENTRIES:
            yield name, array


def parameters(function: Callable[..., Any]) -> list[str]:
    try:
        return [n for n in inspect.signature(function).parameters if n != "self"]
    except (TypeError, ValueError):
        return []


def of_method(kind: type, method: str) -> list[str]:
    """The parameters of a class's method without the object, which need not be called `self`."""
    function = getattr(kind, method)
    bound = isinstance(inspect.getattr_static(kind, method), staticmethod | classmethod)
    return parameters(function if bound else partial(function, None))


def _times(out: Any, upstream: Any) -> float:
    total = [np.sum(np.asarray(o, dtype=float) * upstream) for _, o in arrays_in(out)][:1]
    return float(total[0]) if total else float("nan")


class Calls(Unit):
    """What layers and pairs of functions have in common: arguments, and an upstream among those of backward."""

    def __init__(self, args: tuple[Any, ...], named: Mapping[str, Any]) -> None:
        self.args, self.named = deepcopy(args), deepcopy(dict(named))
        self.back_args: tuple[Any, ...] = ()
        self.back_named: dict[str, Any] = {}
        self._upstream_at: int | str | None = None

    def asked_back(self, out: Any, args: tuple[Any, ...], named: Mapping[str, Any], names: list[str]) -> None:
        """Remember the arguments of the backward pass, and which is the incoming derivative."""
        self.backward_calls += 1
        if self.backward_calls > 1:
            return
        self.back_args, self.back_named = deepcopy(args), deepcopy(dict(named))
        shape = np.shape(out)
        cache = self.made[1] if isinstance(self, FunctionPair) else None  # which may be the input itself
        every: list[tuple[int | str, Any]] = [*enumerate(args), *named.items()]
        for at, value in every:
            if isinstance(value, np.ndarray | float) and np.shape(value) == shape and value is not cache:
                self._upstream_at, self.upstream = at, deepcopy(value)
                self.upstream_name = at if isinstance(at, str) else names[at] if at < len(names) else ""

    def arguments(self, upstream: Any) -> tuple[list[Any], dict[str, Any]]:
        args, named = list(deepcopy(self.back_args)), deepcopy(self.back_named)
        if upstream is not None and isinstance(self._upstream_at, int):
            args[self._upstream_at] = deepcopy(upstream)
        elif upstream is not None and self._upstream_at is not None:
            named[str(self._upstream_at)] = deepcopy(upstream)
        return args, named

    def disturbing(self) -> list[Any]:
        """Arguments of another forward pass, of the same shapes."""
        return [a[::-1].copy() * 0.5 + 0.1 if is_real(a) else deepcopy(a) for a in self.args]

    def outputs(self, factor: float) -> Gradients:
        args = list(deepcopy(self.args))
        at = next(i for i, a in enumerate(args) if is_real(a))
        args[at] = args[at] * factor
        return [a.copy() for _, a in arrays_in([self.ask_forward(args)])]

    def ask_forward(self, args: list[Any]) -> Any:
        """What the forward pass returns for other arguments, on a copy."""
        raise NotImplementedError

    def weight(self) -> Any:
        return 1.0 if self.upstream is None else self.upstream


class Layer(Calls):
    """An object with `forward` and `backward`, from before its forward pass."""

    def __init__(self, kind: type, thing: Any, args: tuple[Any, ...], named: Mapping[str, Any]) -> None:
        super().__init__(args, named)
        self._before = deepcopy(thing)
        self._kind = kind
        self.name = kind.__name__
        self.forward_name, self.backward_name = f"{self.name}.forward", f"{self.name}.backward"

    def _after_forward(self, *, disturbed: bool = False) -> Any:
        thing = deepcopy(self._before)
        other = deepcopy(self._before)
        thing.forward(*deepcopy(self.args), **deepcopy(self.named))
        if disturbed:
            other.forward(*self.disturbing(), **deepcopy(self.named))
        return thing

    def ask_forward(self, args: list[Any]) -> Any:
        return deepcopy(self._before).forward(*args, **deepcopy(self.named))

    def _answer(self, thing: Any, upstream: Any = None) -> tuple[Gradients, dict[str, npt.NDArray[Any]]]:
        """What a backward pass returns, and the arrays of the object that it changes."""
        held = {n: a.copy() for n, a in arrays_in(dict(vars(thing)))}
        args, named = self.arguments(upstream)
        returned = [a.copy() for _, a in arrays_in([thing.backward(*args, **named)])]
        changed = {}
        for name, array in arrays_in(dict(vars(thing))):
            before = held.get(name)
            if before is None or before.shape != array.shape or not np.array_equal(before, array):
                changed[name] = array.copy()
        return returned, changed

    def gradients(self, upstream: Any = None, *, disturbed: bool = False) -> Gradients:
        returned, kept = self._answer(self._after_forward(disturbed=disturbed), upstream)
        return [*returned, *kept.values()]

    def gradients_twice(self) -> tuple[Gradients, Gradients]:
        thing = self._after_forward()
        first, kept = self._answer(thing)
        again, _ = self._answer(thing)
        if self.backward_calls > 1:  # a probe that asks twice wants the same; else a layer may add up what it keeps
            now = dict(arrays_in(dict(vars(thing))))
            names = [name for name in kept if name in now]
            first, again = [*first, *(kept[n] for n in names)], [*again, *(now[n].copy() for n in names)]
        return first, again

    def _slots(self, thing: Any, args: tuple[Any, ...]) -> list[tuple[str, npt.NDArray[Any]]]:
        names = of_method(self._kind, "forward")
        slots = [(names[i] if i < len(names) else "", a) for i, a in enumerate(args) if is_real(a)]
        return slots + [(n, a) for n, a in vars(thing).items() if is_real(a)]

    def inputs(self) -> Gradients:
        return [a for _, a in self._slots(self._before, self.args)]

    def input_name(self, at: int) -> str:
        return self._slots(self._before, self.args)[at][0]

    def total(self, at: int, change: npt.NDArray[Any]) -> float:
        thing, args = deepcopy((self._before, self.args))
        self._slots(thing, args)[at][1][...] += change
        return _times(thing.forward(*args, **deepcopy(self.named)), self.weight())


class FunctionPair(Calls):
    """Functions `f_forward`, which returns an output and a cache, and `f_backward`."""

    def __init__(self, stem: str, forward: Callable[..., Any], args: tuple[Any, ...], named: Mapping[str, Any]) -> None:
        super().__init__(args, named)
        self._forward = forward
        self.name, self.forward_name, self.backward_name = stem, f"{stem}_forward", f"{stem}_backward"
        self.backward: Callable[..., Any] = lambda *args: ()
        self.cache_at = 1

    def gradients(self, upstream: Any = None, *, disturbed: bool = False) -> Gradients:
        _, cache = self._forward(*deepcopy(self.args), **deepcopy(self.named))
        if disturbed:
            self._forward(*self.disturbing(), **deepcopy(self.named))
        return self._back(cache, upstream)

    def ask_forward(self, args: list[Any]) -> Any:
        return self._forward(*args, **deepcopy(self.named))[:1]

    def _back(self, cache: Any, upstream: Any = None) -> Gradients:
        args, named = self.arguments(upstream)
        args[self.cache_at] = cache
        return [a.copy() for _, a in arrays_in([self.backward(*args, **named)])]

    def gradients_twice(self) -> tuple[Gradients, Gradients]:
        _, cache = self._forward(*deepcopy(self.args), **deepcopy(self.named))
        return self._back(cache), self._back(cache)

    def inputs(self) -> Gradients:
        return [a for a in self.args if is_real(a)]

    def input_name(self, at: int) -> str:
        names = parameters(self._forward)
        real = [names[i] if i < len(names) else "" for i, a in enumerate(self.args) if is_real(a)]
        return real[at]

    def total(self, at: int, change: npt.NDArray[Any]) -> float:
        args = deepcopy(self.args)
        [a for a in args if is_real(a)][at][...] += change
        return _times(self._forward(*args, **deepcopy(self.named))[0], self.weight())


class Derivative(Unit):
    """A function `f_grad`, the derivative of the function `f` in its last argument, entry by entry."""

    def __init__(
        self, stem: str, function: Callable[..., Any], grad: Callable[..., Any], args: tuple[Any, ...]
    ) -> None:
        self._function, self._grad, self._args = function, grad, deepcopy(args)
        self.name, self.forward_name, self.backward_name = stem, stem, f"{stem}_grad"

    def gradients(self, upstream: Any = None, *, disturbed: bool = False) -> Gradients:
        return [a.copy() for _, a in arrays_in([self._grad(*deepcopy(self._args))])]

    def inputs(self) -> Gradients:
        return [a for a in self._args[-1:] if is_real(a)]

    def input_name(self, at: int) -> str:
        return (parameters(self._grad) or [""])[-1]

    def total(self, at: int, change: npt.NDArray[Any]) -> float:
        *rest, last = deepcopy(self._args)
        return _times(self._function(*rest, last + change), 1.0)


class Network(Unit):
    """An object whose `loss(x, y)` returns a number and a dictionary of the gradients of `params`."""

    def __init__(self, kind: type, thing: Any, args: tuple[Any, ...]) -> None:
        self._before, self._args = deepcopy((thing, args))
        self.name = kind.__name__
        self.forward_name = self.backward_name = f"{self.name}.loss"

    def gradients(self, upstream: Any = None, *, disturbed: bool = False) -> Gradients:
        _, grads = deepcopy(self._before).loss(*deepcopy(self._args))
        return [np.array(grads[n]) for n in self._names() if n in grads]

    def _names(self) -> list[str]:
        return [n for n, a in self._before.params.items() if is_real(a)]

    def inputs(self) -> Gradients:
        return [self._before.params[n] for n in self._names()]

    def input_name(self, at: int) -> str:
        return self._names()[at]

    def total(self, at: int, change: npt.NDArray[Any]) -> float:
        thing = deepcopy(self._before)
        thing.params[self._names()[at]][...] += change
        return float(thing.loss(*deepcopy(self._args))[0])
