"""What a layer of the sandbox is; the table of them is `grader.sandbox.layers`.

Adding one is one file that ends in `LAYER = Layer(...)` and one line in the table.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Literal

from msgspec import Struct


class Plan(Struct, frozen=True, kw_only=True):
    """What a submission's processes may touch; paths are absolute."""

    readable: tuple[str, ...]
    writable: tuple[str, ...]
    staging: str
    """An empty folder, to build the view of files in."""
    user: int
    """Becomes the owner of `writable` and of the processes where the grader is root."""
    memory: int
    """Bytes of address space for each process."""
    file_size: int
    beside: int = 0
    """Other threads of the same user: a limit on processes counts them too where there are no namespaces."""


class Situation(Struct, frozen=True, kw_only=True):
    """A process that a layer is to be applied to."""

    plan: Plan
    root: bool
    """Whether the grader is root; this process may be a spare user by now."""
    in_namespaces: bool
    applied: tuple[str, ...] = ()
    """Layers of this process so far."""


class Layer(Struct, frozen=True, kw_only=True):
    """One layer. What raises in it is the reason why it does not work here."""

    name: str
    where: Literal["supervisor", "process", "outside"]
    """Applied by a submission's first process, by each that runs its code, or by the trusted side around them."""
    apply: Callable[[Situation], object] | None = None
    """Puts the layer on this process for good; None where the trusted side does it."""
    self_test: Callable[[Plan], str] | None = None
    """For `grade doctor`, in a child of its own: applies the layer, sees that it holds, and returns what it gives."""
    root_only: bool = False
    advice: Callable[[Collection[str]], str] = lambda working: ""
    """What would help where it does not work, given the layers that do; empty where nothing is lost."""
