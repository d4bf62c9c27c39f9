"""Whether a gradient is right, by finite differences that know their own error.

Owns the course of a check: what is asked of the caller, at which points and along which directions one looks. The
derivatives come from `grader.numeric.slopes`, the decision and its words from `grader.numeric.verdict`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.numeric.directions import LARGE, chosen
from grader.numeric.forward import Floats, Forward
from grader.numeric.noise import roughness
from grader.numeric.slopes import Probe, first_step
from grader.numeric.verdict import Finding, GradCheck, conclude, look

__all__ = ["GradCheck", "check_grad"]

RTOL = 1e-5
"""Allowed difference, relative to the largest derivative, besides the error of the finite difference itself. Correct
gradients lie within 1e-9 in float64 and 3e-6 in float32 (6e-7 on the benchmark's problems); the smallest mistake met
in practice is 8e-4."""
RTOL_HALF = 1e-2
"""The same where float16, with its three digits, is involved."""

_ASIDE = 1e-3
"""How far the second point lies from the first at least, relative to each entry of x."""
_STEPS_ASIDE = 5.0
"""And in first steps: far enough to leave behind a kink that the steps crossed."""
_CLOSER = tuple(32.0**-k for k in range(5))
"""Tried in turn where f is not finite at the second point: x may lie at the edge of what f can take."""
_REPEATED = 16
"""Directions that are looked at again at the second point: so many wrong ones, and as many large ones for the scale."""


def check_grad(
    f: Callable[[Any], Any],
    grad: Callable[[Any], npt.ArrayLike] | npt.ArrayLike,
    x: npt.ArrayLike,
    *,
    df: npt.ArrayLike | None = None,
    rtol: float | None = None,
    seed: int = 0,
    fast: bool | None = None,
    batched: bool = False,
) -> GradCheck:
    """Check the gradient of `f`, or of ``sum(df * f(x))``, against finite differences.

    Parameters
    ----------
    f
        Takes a float64 array of the shape of `x` (a copy) and computes from it; returns a number, or with `df` an
        array. It may be noisy, compute in float32, and have kinks.
    grad
        The gradient, shape of `x`: an array that belongs to `x`, or a function of `x`. With a function a failure
        counts only if it repeats at a second point nearby.
    x
        Where to check; any shape, real. Not altered.
    df
        Upstream gradient, the shape of what `f` returns. Draw it at random: ones hide a backward pass that ignores
        it.
    rtol
        Allowed difference relative to the largest derivative; by default 1e-5, or 1e-2 where float16 is involved.
        The error of the finite differences, larger in float32, is always allowed for besides.
    seed
        For the random directions.
    fast
        Look along six random directions and at 64 entries rather than at every entry; by default when `x` has more
        than 2000 entries.
    batched
        `f` takes a list of arrays and returns the list of its values.

    Returns
    -------
    GradCheck
        About four evaluations of `f` for each entry that is looked at.

    Raises
    ------
    ValueError
        If `x` is complex, or what `f` returns does not go with `df`.

    Notes
    -----
    The noise of `f` is estimated by a difference table (Moré and Wild 2011) and sets the step; derivatives at two
    steps are extrapolated (Richardson) and bound each other's error; steps adapt where curvature or a kink spoils
    them. Right at a kink every slope between the right and the left one is accepted.

    Examples
    --------
    >>> x = np.array([1.0, -3.0])
    >>> check_grad(lambda x: (x**2).sum(), lambda x: 2 * x, x).verdict
    'ok'
    >>> check_grad(lambda x: (x**2).sum(), lambda x: x, x).message
    'wrong at [1]: the gradient is -3, finite differences give -6; everywhere it is 0.5 times what it should be'
    """
    start = np.asarray(x)
    if start.dtype.kind not in "biuf":
        raise ValueError(f"check_grad: x has dtype {start.dtype}; give an array of real numbers")
    point = start.astype(np.float64)
    forward = Forward(f, start.shape, df, batched=batched)
    rng = np.random.default_rng(seed)
    gradient = np.asarray(grad(point.copy()) if callable(grad) else grad)
    if (flaw := _flaw(gradient, start.shape)) is not None:
        return flaw
    if not start.size:
        return GradCheck(verdict="ok", error=0.0, resolution=0.0, message="x is empty: there is nothing to check")

    probe = _probe(forward, point.reshape(-1), gradient, rng)
    if probe is None:
        return GradCheck(
            verdict="unresolved",
            error=float("inf"),
            resolution=float("inf"),
            evaluations=forward.evaluations,
            message="f is nan or infinite at x or right beside it: check at another point",
        )
    if rtol is None:
        rtol = RTOL_HALF if np.float16 in (gradient.dtype, start.dtype, forward.single) else RTOL

    findings: list[Finding] = []
    for group in chosen(probe.gradient, rng, fast=point.size > LARGE if fast is None else fast):
        # The mixtures, which come first, know the length of the whole gradient: so much per entry on average.
        known = max((f.scale for f in findings), default=0.0) / np.sqrt(point.size)
        findings.append(look(probe, group, rtol, scale=known))
    repeated = None
    if callable(grad) and any(found.wrong.any() for found in findings):
        repeated = _repeats(probe, grad, start.shape, findings, rtol, rng)
    return conclude(probe, start.shape, findings, repeated=repeated, rtol=rtol)


def _flaw(gradient: npt.NDArray[Any], shape: tuple[int, ...]) -> GradCheck | None:
    """What can be said against a gradient without evaluating f."""
    worst = None
    if gradient.dtype.kind not in "biuf":
        message = f"the gradient has dtype {gradient.dtype}: expected an array of real numbers of shape {shape}"
    elif gradient.shape != shape:
        message = f"the gradient has shape {gradient.shape}, x has shape {shape}"
    elif not np.isfinite(gradient).all():
        worst = tuple(int(i) for i in np.argwhere(~np.isfinite(gradient))[0])
        message = f"the gradient is {gradient[worst]} at [{', '.join(map(str, worst))}]"
    else:
        return None
    return GradCheck(verdict="bad", error=float("inf"), resolution=0.0, worst=worst, message=message)


def _probe(forward: Forward, x: Floats, gradient: npt.NDArray[Any], rng: np.random.Generator) -> Probe | None:
    """Everything known about f at the flat point `x`; None where it is not finite."""
    with np.errstate(all="ignore"):
        rough = roughness(forward, x, rng)
        if rough.single:
            x = x.astype(np.float32).astype(np.float64)
        value = forward.at(x[None])[0]
    if not (np.isfinite(value).all() and np.isfinite(rough.noise)):
        return None
    return Probe(forward, x, value, gradient.astype(np.float64).reshape(-1), rough)


def _repeats(
    probe: Probe,
    grad: Callable[[Any], npt.ArrayLike],
    shape: tuple[int, ...],
    findings: list[Finding],
    rtol: float,
    rng: np.random.Generator,
) -> bool | None:
    """Whether the gradient fails at a second point too, along directions that failed at the first.

    None if f or the gradient is not finite anywhere nearby.
    """
    aside = max(_ASIDE, _STEPS_ASIDE * first_step(probe.rough) / probe.rough.scale)
    away = aside * rng.uniform(0.5, 1.0, probe.x.size) * rng.choice([-1.0, 1.0], probe.x.size)
    for closer in _CLOSER:
        x = np.where(probe.x == 0, probe.rough.scale, probe.x) * away * closer + probe.x
        gradient = np.asarray(grad(x.reshape(shape).copy()))
        if _flaw(gradient, shape) is None and (second := _probe(probe.forward, x, gradient, rng)) is not None:
            break
    else:
        return None
    for found in findings:
        failed = np.flatnonzero(found.wrong)
        failed = failed[np.argsort(-found.off[failed], kind="stable")][:_REPEATED]
        if failed.size:
            large = np.argsort(-np.abs(found.slopes.value), kind="stable")[:_REPEATED]
            kept = np.union1d(failed, large)
            if look(second, [found.directions[int(i)] for i in kept], rtol).wrong.any():
                return True
    return False
