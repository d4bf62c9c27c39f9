"""Whether a gradient is right, by finite differences that know their own error.

Owns the course of a check: what is asked of the caller, at which points and along which directions one looks. The
derivatives come from `grader.gradcheck.slopes`, the decision and its words from `grader.gradcheck.verdict`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.compare.arguments import finite, function, numbers, positive
from grader.gradcheck.directions import LARGE, chosen
from grader.gradcheck.forward import Forward
from grader.gradcheck.second_point import Nearby, as_gradient, flaw_of, probe_at
from grader.gradcheck.slopes import Point, settled
from grader.gradcheck.verdict import GradCheck, MeasuredGroup, conclude, look

__all__ = ["GradCheck", "check_grad"]

RTOL = 1e-5
"""Allowed difference, relative to the largest derivative, in addition to the error of the finite difference. Correct
gradients lie within 1e-9 in float64 and 3e-6 in float32 (6e-7 on the benchmark's problems); the smallest mistake met
in practice is 8e-4."""
RTOL_HALF = 1e-2
"""The same where float16, with its three digits, is involved."""
_SAME = 64
"""Units in the last place of the largest value by which two calls may differ and not be random: threads sum in any
order."""


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
        The error of the finite differences, larger in float32, is allowed in addition, up to the limits below.
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
        True only if the verdict is "ok"; `resolution` says how large an error would have shown. It costs about five
        evaluations of `f` for each entry that is looked at, in float32 about thirty.

    Raises
    ------
    TypeError
        If `f` is no function.
    ValueError
        If `x` or `df` is no array of real, finite numbers, `rtol` is not above 0, or what `f` returns does not go with
        `df`. What is wrong with the gradient is not raised: the verdict is "bad" and its message says why.

    Notes
    -----
    The noise of `f` is estimated by a difference table (Moré and Wild 2011) and decides how `f` is evaluated: on two
    steps with Richardson's extrapolation where values have ten digits, else at ten points over a wide step, to which
    polynomials of order 3, 5 and 7 are fitted. Each fit bounds its own error, from the fit of the next lower order,
    from what it leaves over and from the noise; steps adapt until the bound is small. An entry that a kink keeps from
    being measured is looked at on both sides of the kink if `grad` is a function; if it is an array, every slope
    between the right and the left one is accepted, for one entry in ten at most.

    The verdict is "ok" only if no entry can be off by more than 5e-4 of the largest derivative, nor the whole gradient
    by a factor that differs from 1 by more than 1e-4 (with the default `rtol`). Where float32 or other noise does not
    allow that, it is "unresolved".

    Examples
    --------
    >>> x = np.array([1.0, -3.0])
    >>> check_grad(lambda x: (x**2).sum(), lambda x: 2 * x, x).verdict
    'ok'
    >>> check_grad(lambda x: (x**2).sum(), lambda x: x, x).message
    'wrong at [1]: the gradient is -3, finite differences give -6; everywhere it is 0.5 times what it should be'
    """
    function("check_grad", "f", f)
    start = numbers("check_grad", "x", x)
    finite("check_grad", "x", start)
    if df is not None:
        finite("check_grad", "df", numbers("check_grad", "df", df))
    if rtol is not None:
        positive("check_grad", "rtol", rtol)
    point = start.astype(np.float64)
    forward = Forward(f, start.shape, df, batched=batched)
    rng = np.random.default_rng(seed)
    gradient = as_gradient(grad(point.copy()) if callable(grad) else grad)
    if (flaw := flaw_of(gradient, start.shape)) is not None:
        return flaw
    if not start.size:
        return GradCheck(verdict="ok", error=0.0, resolution=0.0, message="x is empty: there is nothing to check")

    probe = probe_at(forward, point.reshape(-1), gradient, rng)
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

    findings: list[MeasuredGroup] = []
    for group in chosen(probe.gradient, rng, fast=point.size > LARGE if fast is None else fast):
        # The mixtures, which come first, know the length of the whole gradient: so much per entry on average.
        known = max((f.scale for f in findings), default=0.0) / np.sqrt(point.size)
        probe = settled(probe, group)
        findings.append(look(probe, group, rtol, scale=known))
    repeated = None
    if callable(grad):
        nearby = Nearby(probe, grad, start.shape, rtol, rng)
        nearby.look_beside(findings[-1])
        if any(finding.wrong.any() for finding in findings):
            repeated = nearby.repeats(findings)
    return conclude(
        probe,
        start.shape,
        findings,
        repeated=repeated,
        rtol=rtol,
        elsewhere=callable(grad),
        apart=_apart(probe),
    )


def _apart(probe: Point) -> float:
    """By how much two calls of `f` at x differ, beyond what the order of its sums may change; 0 for most functions."""
    off = float(np.max(np.abs(probe.forward.at(probe.x[None])[0] - probe.value)))
    eps = float(np.finfo(probe.forward.single or np.float64).eps)
    return off if off > _SAME * eps * probe.rough.size else 0.0
