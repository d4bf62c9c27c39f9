"""How often gradient checkers condemn right gradients and acquit wrong ones.

Four checkers get the same functions, points and gradients: this project's `check_grad`; `scipy.optimize.check_grad`
with the usual threshold of 1e-5; the rule of many course notebooks, centred differences with h = 1e-5 and a largest
elementwise relative error below 1e-6; and `torch.autograd.gradcheck` with its defaults. The functions are those of
`gradient_problems.py`, easy and unpleasant ones alike, each drawn from several seeds, computing in float64 and in
float32 inside; every checker passes float64 points. A right gradient is the hand-written true one, a wrong one is
that one with a named mistake. What `check_grad` calls unresolved counts as a false alarm on right gradients, and is
listed besides. For the two checkers that give a number the table also shows the threshold that would have been best
on this very set, which nobody can know beforehand. Read both columns together: a rule that refuses every gradient, as
the others nearly do in float32, misses nothing.

    pip install -r benchmarks/gradcheck/requirements.txt && pip install .
    python benchmarks/gradcheck/run.py --seeds 5 --output benchmarks/gradcheck/results.md
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import scipy.optimize
import torch
from gradient_problems import MISTAKES, PROBLEMS, Problem, mistaken

from grader import check_grad, numerical_gradient, rel_error

RIGHT = "(right)"
SCIPY_THRESHOLD = 1e-5
ELEMENTWISE_THRESHOLD = 1e-6
TYPES = ("float64", "float32")
FURTHER = 1000
"""From this seed on only `check_grad` is asked: problems that nobody looked at while it was written."""
CHECKERS = {
    "check_grad": "`check_grad` (this project)",
    "scipy": f"`scipy.optimize.check_grad` < {SCIPY_THRESHOLD:g}",
    "elementwise": f"elementwise relative error < {ELEMENTWISE_THRESHOLD:g}, h = 1e-5",
    "torch": "`torch.autograd.gradcheck`",
}


class Row(NamedTuple):
    """What the four checkers said about one gradient."""

    problem: str
    dtype: str
    seed: int
    mistake: str
    verdict: str
    """Of `check_grad`."""
    scipy: float
    elementwise: float
    torch: bool
    resolution: float
    """What `check_grad` said that it would have seen."""
    size: float
    """Of the mistake: largest difference from the true gradient, relative to its largest entry."""
    evaluations: float
    """Of f by `check_grad`, for each entry of x."""

    def accepts(self, checker: str) -> bool:
        return {
            "check_grad": self.verdict == "ok",
            "scipy": self.scipy < SCIPY_THRESHOLD,
            "elementwise": self.elementwise < ELEMENTWISE_THRESHOLD,
            "torch": self.torch,
        }[checker]


def scipy_error(problem: Problem) -> float:
    """`scipy.optimize.check_grad`, which takes flat arrays only."""
    shape = problem.x.shape
    error = scipy.optimize.check_grad(
        lambda w: problem.f(w.reshape(shape)),
        lambda w: np.asarray(problem.grad(w.reshape(shape)), dtype=np.float64).reshape(-1),
        problem.x.astype(np.float64).reshape(-1),
    )
    return float(error)


def torch_accepts(problem: Problem) -> bool:
    """`torch.autograd.gradcheck` on a NumPy function and gradient, wrapped as torch's documentation shows."""

    class Wrapped(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
            ctx.save_for_backward(x)
            return torch.tensor(float(problem.f(x.detach().numpy())), dtype=torch.float64)

        @staticmethod
        def backward(ctx: Any, upstream: torch.Tensor) -> torch.Tensor:
            (x,) = ctx.saved_tensors
            return upstream * torch.tensor(np.array(problem.grad(x.detach().numpy()), dtype=np.float64))

    x = torch.tensor(problem.x, dtype=torch.float64, requires_grad=True)
    return bool(torch.autograd.gradcheck(Wrapped.apply, (x,), raise_exception=False))


def measure(task: tuple[str, str, int]) -> list[Row]:
    """All gradients of one problem, type and seed."""
    name, dtype, seed = task
    torch.set_num_threads(1)
    right = PROBLEMS[name](np.random.default_rng([seed, *name.encode()]), getattr(np, dtype))
    cases = {RIGHT: right} | {m: mistaken(right, change) for m, change in MISTAKES.items()}
    rows = []
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # checkers step outside of a logarithm's domain
        true = right.grad(right.x)
        alone = seed >= FURTHER
        differences = np.zeros(right.x.shape) if alone else numerical_gradient(right.f, right.x.copy())
        for mistake, problem in cases.items():
            if problem is None:
                continue
            found = check_grad(problem.f, problem.grad, problem.x)
            rows.append(
                Row(
                    name,
                    dtype,
                    seed,
                    mistake,
                    found.verdict,
                    np.nan if alone else scipy_error(problem),
                    rel_error(problem.grad(problem.x), differences),
                    not alone and torch_accepts(problem),
                    found.resolution,
                    float(np.max(np.abs(problem.grad(right.x) - true)) / np.max(np.abs(true))),
                    found.evaluations / problem.x.size,
                )
            )
    return rows


def share(rows: list[Row], test: Callable[[Row], bool]) -> str:
    count = sum(map(test, rows))
    return f"{count} / {len(rows)} ({100 * count / max(len(rows), 1):.1f} %)"


def best_threshold(rows: list[Row], value: Callable[[Row], float]) -> float:
    """Where the share of false alarms and the share of misses have the smallest sum."""
    right = np.array([value(r) for r in rows if r.mistake == RIGHT])
    wrong = np.array([value(r) for r in rows if r.mistake != RIGHT])
    return min(10.0 ** np.arange(-9, 7, 0.25), key=lambda t: np.mean(~(right < t)) + np.mean(wrong < t))


def table(header: list[str], lines: Iterator[list[str]]) -> str:
    text = [f"| {' | '.join(header)} |", f"|{'---|' * len(header)}"]
    return "\n".join([*text, *(f"| {' | '.join(line)} |" for line in lines)])


def summary(rows: list[Row]) -> Iterator[list[str]]:
    right, wrong = ([r for r in rows if (r.mistake == RIGHT) == is_right] for is_right in (True, False))
    for checker, title in CHECKERS.items():
        yield [
            title,
            share(right, lambda r, c=checker: not r.accepts(c)),
            share(wrong, lambda r, c=checker: r.accepts(c)),
        ]
        if checker == "check_grad":
            yield [
                "— of these called bad / ok; called unresolved",
                f"{share(right, lambda r: r.verdict == 'bad')}; {share(right, lambda r: r.verdict == 'unresolved')}",
                f"{share(wrong, lambda r: r.verdict == 'ok')}; {share(wrong, lambda r: r.verdict == 'unresolved')}",
            ]
            yield [
                "— and larger than the resolution that it reported",
                "",
                share(wrong, lambda r: r.verdict == "ok" and r.size > r.resolution),
            ]
    for title, value in (("SciPy's number", lambda r: r.scipy), ("elementwise", lambda r: r.elementwise)):
        limit = best_threshold(rows, value)
        yield [
            f"{title}, best threshold afterwards ({limit:.1e})",
            share(right, lambda r, v=value, t=limit: not v(r) < t),
            share(wrong, lambda r, v=value, t=limit: v(r) < t),
        ]


def further(rows: list[Row]) -> str:
    """What `check_grad` does on problems from seeds that the tables do not use."""
    right, wrong = ([r for r in rows if (r.mistake == RIGHT) == is_right] for is_right in (True, False))
    return (
        f"On further seeds, which no decision rests on, `check_grad` does not accept"
        f" {share(right, lambda r: r.verdict != 'ok')} of the right gradients, of which it calls"
        f" {share(right, lambda r: r.verdict == 'bad')} bad, and accepts {share(wrong, lambda r: r.verdict == 'ok')}"
        f" of the wrong ones, {share(wrong, lambda r: r.verdict == 'ok' and r.size > r.resolution)} with an error"
        " larger than the resolution that it reported."
    )


def breakdown(rows: list[Row], key: Callable[[Row], str], right: bool) -> Iterator[list[str]]:
    """One line for each value of `key`: how often each checker errs."""
    rows = [r for r in rows if (r.mistake == RIGHT) == right]
    for name in dict.fromkeys(map(key, rows)):
        chosen = [r for r in rows if key(r) == name]
        errors = [np.mean([r.accepts(c) != right for r in chosen]) for c in CHECKERS]
        yield [name, str(len(chosen)), *(f"{100 * e:.0f} %" for e in errors)]


def report(rows: list[Row], seeds: int) -> str:
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}, SciPy {scipy.__version__}"
    parts = ["# Gradient checkers, compared", (__doc__ or "").split("\n\n")[1]]
    counts = f"{len(PROBLEMS)} kinds of problem, {seeds} seeds each, {len(MISTAKES)} mistakes"
    parts.append(f"{versions}, torch {torch.__version__}; {counts}.")
    head = ["", "gradients", *(c.replace("check_grad", "`check_grad`") for c in CHECKERS)]
    for dtype in TYPES:
        chosen = [r for r in rows if r.dtype == dtype and r.seed < FURTHER]
        unseen = [r for r in rows if r.dtype == dtype and r.seed >= FURTHER]
        cost = np.median([r.evaluations for r in chosen if r.mistake == RIGHT])
        parts += [
            f"## {dtype}",
            table(
                ["checker", "false alarms (right gradient not accepted)", "misses (wrong gradient accepted)"],
                summary(chosen),
            ),
            f"`check_grad` evaluated f {cost:.1f} times for each entry of a right gradient (median).",
            *([further(unseen)] if unseen else []),
            "False alarms by problem:",
            table(head, breakdown(chosen, lambda r: r.problem, right=True)),
            "Misses by mistake:",
            table(head, breakdown(chosen, lambda r: r.mistake, right=False)),
        ]
    return "\n\n".join(parts) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=5, help="instances of each problem")
    parser.add_argument("--further", type=int, default=0, help="further instances, for check_grad alone")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--output", type=Path, help="Markdown file (default: standard output)")
    options = parser.parse_args()
    seeds = [*range(options.seeds), *range(FURTHER, FURTHER + options.further)]
    tasks = [(name, dtype, seed) for dtype in TYPES for name in PROBLEMS for seed in seeds]
    rows: list[Row] = []
    start = time.monotonic()
    with ProcessPoolExecutor(options.workers) as pool:
        for done, found in enumerate(pool.map(measure, tasks), 1):
            rows += found
            print(f"{done} of {len(tasks)}, {time.monotonic() - start:.0f} s", file=sys.stderr)
    text = report(rows, options.seeds)
    if options.output:
        options.output.write_text(text)
    else:
        print(text)


if __name__ == "__main__":
    main()
