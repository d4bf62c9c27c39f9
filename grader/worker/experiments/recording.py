"""Inside a student's worker: hand a probe the student's names so that what it calls is remembered as units.

Classes are handed over as subclasses and functions wrapped, in the one child that runs the probe; the student's own
objects stay as they are. How a unit is asked again is for `grader.worker.experiments.layers`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from grader.worker.experiments.layers import (
    Calls,
    Derivative,
    FunctionPair,
    Layer,
    Network,
    Unit,
    of_method,
    parameters,
)

FORWARD, BACKWARD, GRAD = "_forward", "_backward", "_grad"
MAX_UNITS = 12
"""Units that are remembered: more than any probe has layers of interest."""


class Watched:
    """`student` as a probe gets it, and the `units` that it used, in order."""

    def __init__(self, student: Any) -> None:
        self._student = student
        self.watching = True
        self._kinds: dict[str, Any] = {}
        self.units: list[Unit] = []
        self.forwards: list[Calls] = []
        """Of the units, those whose forward pass the probe called."""

    def stop(self) -> None:
        """Remember nothing more, and count how many units of a name there are."""
        self.watching = False
        for unit in self.units:
            unit.siblings = sum(other.name == unit.name for other in self.units)
        self.forwards = [u for u in self.units if isinstance(u, Calls) and u.made is not None]
        self.units = [u for u in self.units if u.backward_calls]

    def __getattr__(self, name: str) -> Any:
        if name not in self._kinds:
            value = getattr(self._student, name)
            self._kinds[name] = self._of(name, value)
        return self._kinds[name]

    def _of(self, name: str, value: Any) -> Any:
        if isinstance(value, type):
            if callable(getattr(value, "forward", None)) and callable(getattr(value, "backward", None)):
                return _watched_layer(value, self)
            return _watched_network(value, self) if callable(getattr(value, "loss", None)) else value
        if not callable(value):
            return value
        if name.endswith(FORWARD):
            return self._forward(name.removesuffix(FORWARD), value)
        if name.endswith(BACKWARD):
            return self._backward(name.removesuffix(BACKWARD), value)
        if name.endswith(GRAD):
            return self._derivative(name.removesuffix(GRAD), value)
        return value

    def remember(self, unit: Unit) -> bool:
        """Take a unit, while the probe runs."""
        if not self.watching or len(self.units) >= MAX_UNITS:
            return False
        self.units.append(unit)
        return True

    def _forward(self, stem: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def forward(*args: Any, **named: Any) -> Any:
            unit = FunctionPair(stem, function, args, named) if self.watching else None
            returned = function(*args, **named)
            if unit is not None and isinstance(returned, tuple) and len(returned) == 2:
                unit.made = returned
                self.remember(unit)
            return returned

        return forward

    def _backward(self, stem: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def backward(*args: Any, **named: Any) -> Any:
            for unit in self.units if self.watching else ():
                if isinstance(unit, FunctionPair) and unit.name == stem and unit.made is not None:
                    at = next((i for i, a in enumerate(args) if a is unit.made[1]), None)
                    if at is not None:
                        unit.backward, unit.cache_at = function, at
                        unit.asked_back(unit.made[0], args, named, parameters(function))
            return function(*args, **named)

        return backward

    def _derivative(self, stem: str, grad: Callable[..., Any]) -> Callable[..., Any]:
        function = getattr(self._student, stem, None)

        def derivative(*args: Any, **named: Any) -> Any:
            if self.watching and callable(function) and not named:
                unit = Derivative(stem, function, grad, args)
                unit.backward_calls = 1
                self.remember(unit)
            return grad(*args, **named)

        return derivative


def _watched_layer(kind: Any, log: Watched) -> Any:
    units: dict[int, Calls] = {}
    kept: list[Any] = []  # so that no other object gets the id of one that is remembered

    def forward(self: Any, *args: Any, **named: Any) -> Any:
        unit = _tried(lambda: Layer(kind, self, args, named)) if log.watching else None
        out = kind.forward(self, *args, **named)
        if unit is not None and log.remember(unit):
            unit.made = out
            units[id(self)] = unit
            kept.append(self)
        return out

    def backward(self: Any, *args: Any, **named: Any) -> Any:
        if log.watching and id(self) not in units:  # a backward pass that needs no forward pass before it
            unit = _tried(lambda: Layer(kind, self, args[:1], {}))
            if unit is not None and len(args) > 1 and log.remember(unit):
                unit.made = _tried(lambda: kind.forward(self, *args[:1]))
                units[id(self)] = unit
                kept.append(self)
        if log.watching and id(self) in units:
            unit = units[id(self)]
            unit.asked_back(unit.made, args, named, of_method(kind, "backward"))
        return kind.backward(self, *args, **named)

    return type(kind.__name__, (kind,), {"forward": forward, "backward": backward, "__module__": kind.__module__})


def _watched_network(kind: Any, log: Watched) -> Any:
    def loss(self: Any, *args: Any, **named: Any) -> Any:
        if log.watching and len(args) == 2 and not named:
            unit = _tried(lambda: Network(kind, self, args))
            if unit is not None:
                unit.backward_calls = 1
                log.remember(unit)
        return kind.loss(self, *args, **named)

    return type(kind.__name__, (kind,), {"loss": loss, "__module__": kind.__module__})


def _tried(make: Callable[[], Any]) -> Any:
    """What `make` returns, or None: an object that cannot be copied is not watched."""
    try:
        return make()
    except Exception:  # copying runs student code, which may raise whatever it likes
        return None
