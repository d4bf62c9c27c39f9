"""Many variants of the reference's functions and classes on all checks, in the worker of one session.

Owns which definitions a changed file amounts to, and how they reach the worker; what becomes of the arrays is for
`grader.reference.mutation_testing`.
"""

from __future__ import annotations

import ast
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from grader.assignment.digest import text_digest
from grader.assignment.notebooks import notebook_files, percent_file
from grader.assignment.release.percent import python_lines
from grader.diagnosis.bank import GRADED, MILDER, REPEATED
from grader.diagnosis.mutation.sites import read_solution
from grader.diagnosis.points import milder, second_seed, with_call
from grader.execution.observe import observe
from grader.grading.evaluate import given_for
from grader.grading.scoring import outcome
from grader.model import Assignment, Check, Observation
from grader.reference.pool import PROCESSES
from grader.reference.session import ReferenceSession
from grader.worker.experiments.variants import ENDED, RAISED
from grader.worker.syntax import parse_tree

Definitions = tuple[tuple[str, str, str], ...]
"""What one variant redefines: module ("" the notebook), name, source."""
Arrays = Mapping[str, npt.NDArray[Any]]
Seen = dict[tuple[str, int], Arrays | None]
"""(check, view) -> what it returned; None when it did not return."""

BATCH = 100
"""Variants of one probe: what one reply may hold, and how often something is heard."""
VARIANT_TIMEOUT_S = 20.0
"""For all checks of one variant; right code takes milliseconds."""
ASKED = "grader_variants"
"""Begins the name of the probe that observes them."""
Points = Callable[[Check], Iterable[tuple[int, Check, int]]]


def prepared_points(assignment: Assignment, check: Check) -> Iterator[tuple[int, Check, int]]:
    """The views of the prepared hypotheses: the assignment's seed, another, milder extremes."""
    yield GRADED, check, assignment.seed
    yield REPEATED, check, second_seed(assignment.seed)
    mild = milder(check)
    if mild is not None:
        yield MILDER, mild, assignment.seed


class VariantRunner:
    """The checks of a reference session, each observed on many variants in one child of its anchor's snapshot.

    `points` gives for a check the points at which it is observed, as (key, the check or one like it, seed); by default
    those of the prepared hypotheses. `kept` is a folder in which answers outlast an interruption, by what was asked.
    """

    def __init__(
        self, session: ReferenceSession, assignment: Assignment, points: Points | None = None, kept: Path | None = None
    ) -> None:
        self._session = session.session
        self._kept = kept
        self._assignment = assignment
        self._points = points or partial(prepared_points, assignment)
        first = {f"{ASKED}_{checks[0].id}": checks[0].id for checks in self._groups()}
        anchors = session.session.anchors
        session.session.anchors = {**anchors, **{id: anchors[check] for id, check in first.items()}}
        self._touched = {check: names for checks in self._groups() for check, names in self._touches(checks).items()}
        """Check -> the definitions, as (module, name), that its probe makes run on the reference."""

    def observe(self, variants: Sequence[Definitions], tell: Callable[[str], None]) -> list[Seen]:
        """For each variant what every check that can see it returns at every point."""
        results: list[Seen] = [{} for _ in variants]
        variants = [self._here(variant) for variant in variants]
        jobs: list[tuple[list[Check], list[int]]] = []
        for checks in self._groups():
            concerned = [n for n, v in enumerate(variants) if any(self._concerns(v, c.id) for c in checks)]
            jobs += [(checks, concerned[start : start + BATCH]) for start in range(0, len(concerned), BATCH)]
        with ThreadPoolExecutor(max_workers=PROCESSES) as pool:
            answers = pool.map(lambda job: self._ask(job[0], [variants[n] for n in job[1]]), jobs)
            for done, ((checks, batch), answer) in enumerate(zip(jobs, answers, strict=True), 1):
                for number, seen in answer.items():
                    results[batch[number]] |= seen
                tell(f"{done} of {len(jobs)} batches: {checks[0].id} and {len(checks) - 1} more")
        return results

    def _here(self, variant: Definitions) -> Definitions:
        """The variant with the names of this notebook, where the assignment has several, as the worker knows them."""
        others = self._assignment.notebooks.keys() - {self._assignment.notebook}
        own = self._assignment.notebook if self._assignment.notebooks else None
        here = tuple(("" if m == own else m, name, source) for m, name, source in variant if m not in others)
        return here or variant

    def _groups(self) -> list[list[Check]]:
        groups: dict[object, list[Check]] = {}
        for check in self._assignment.checks:
            anchor = self._session.anchors[check.id]
            groups.setdefault((anchor.when, anchor.cell), []).append(check)
        return list(groups.values())

    def _ask(self, checks: list[Check], variants: Sequence[Definitions]) -> dict[int, Seen]:
        runs = [(check.id, key, _files(asked), seed) for check in checks for key, asked, seed in self._points(check)]
        sources = list(dict.fromkeys(source for _, _, source, _ in runs))
        wanted = [[run for run in runs if self._concerns(variant, run[0])] for variant in variants]
        jobs = {
            "sources": sources,
            "variants": variants,
            "runs": [[(sources.index(source), id, seed) for id, _, source, seed in chosen] for chosen in wanted],
            "seconds": VARIANT_TIMEOUT_S,
        }
        values = self._answer(checks, jobs, VARIANT_TIMEOUT_S * len(variants))
        answers: dict[int, Seen] = {}
        for number, chosen in enumerate(wanted):
            packed = values.get(str(number))
            keys = [(id, key) for id, key, _, _ in chosen]
            answers[number] = (
                _unpacked(packed.tobytes(), keys) if isinstance(packed, np.ndarray) else dict.fromkeys(keys)
            )
        return answers

    def _answer(self, checks: list[Check], jobs: Mapping[str, Any], seconds: float) -> Mapping[str, Any]:
        """What the worker says of these jobs, or said of them before an interruption."""
        asked = text_digest(*(check.id for check in checks), json.dumps(jobs))
        path = self._kept / f"{asked}.npz" if self._kept is not None else None
        if path is not None and path.is_file():
            with suppress(OSError, EOFError, ValueError, zipfile.BadZipFile), np.load(path, allow_pickle=False) as kept:
                return dict(kept)
        values = self._run(checks, "observe_all", jobs, seconds).values
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            arrays: dict[str, Any] = {name: v for name, v in values.items() if isinstance(v, np.ndarray)}
            np.savez(path, **arrays)
        return values

    def _touches(self, checks: list[Check]) -> dict[str, set[tuple[str, str]]]:
        """For each check the definitions that its probe makes run on the reference."""
        runs = [(check.id, _files(asked), seed) for check in checks for _, asked, seed in self._points(check)]
        sources = list(dict.fromkeys(source for _, source, _ in runs))
        jobs = {"sources": sources, "runs": [(sources.index(source), id, seed) for id, source, seed in runs]}
        observation = self._run(checks, "touched", jobs, VARIANT_TIMEOUT_S * len(runs))
        names: dict[str, set[tuple[str, str]]] = {check.id: set() for check in checks}
        for number, (id, _, _) in enumerate(runs):
            value = observation.values.get(str(number))
            if isinstance(value, np.ndarray):
                names[id] |= {(module, name) for module, name in json.loads(value.tobytes())}
        return names

    def _run(self, checks: list[Check], function: str, jobs: Mapping[str, Any], seconds: float) -> Observation:
        """What a function of `grader.worker.experiments.variants` returns at the anchor of these checks."""
        asked = msgspec.structs.replace(checks[0], id=f"{ASKED}_{checks[0].id}", seconds=seconds, uses=())
        return observe(self._session, with_call(asked, function, jobs), seed=0)

    def _concerns(self, variant: Definitions, check: str) -> bool:
        """Whether a check can see the variant: its probe makes code of a changed definition run."""
        return not variant or any((module, name) in self._touched[check] for module, name, _ in variant)


def observe_all(
    runners: Sequence[VariantRunner], variants: Sequence[Definitions], tell: Callable[[str], None]
) -> list[Seen]:
    """What the checks of all notebooks return, as `VariantRunner.observe`."""
    results: list[Seen] = [{} for _ in variants]
    for runner in runners:
        for seen, more in zip(results, runner.observe(variants, tell), strict=True):
            seen |= more
    return results


def caught(assignment: Assignment, seen: Seen, reference: Seen) -> bool:
    """Whether any check fails at the assignment's seed."""
    asked = [c for c in assignment.checks if (c.id, GRADED) in seen and reference.get((c.id, GRADED)) is not None]
    return any(_fails(assignment, c, seen[c.id, GRADED], reference[c.id, GRADED] or {}) for c in asked)


def _files(check: Check) -> tuple[tuple[str, str], ...]:
    return tuple(check.files.items())


def _unpacked(packed: bytes, runs: Sequence[tuple[str, int]]) -> Seen:
    arrays = np.load(io.BytesIO(packed), allow_pickle=False)
    by_run: list[dict[str, npt.NDArray[Any]]] = [{} for _ in runs]
    for key in arrays.files:
        number, _, name = key.partition(":")
        by_run[int(number)][name] = arrays[key]
    seen: Seen = {}
    for run, values in zip(runs, by_run, strict=True):
        ended = values.pop(ENDED, np.array(RAISED))
        seen[run] = None if int(ended) == RAISED else values
    return seen


def definitions(assignment: Assignment, texts: Mapping[str, str | None]) -> Definitions | None:
    """What of the solution's top-level functions and classes is new in `texts` (a None: all of the file's own).

    None where something else changes too, or a name is defined more than once: that takes a session of its own.
    """
    changed = []
    for file, text in texts.items():
        module = module_of(assignment, file)
        before, rest = _top_level(read_solution(assignment, file))
        after, new_rest = _top_level(text if text is not None else read_solution(assignment, file))
        if rest != new_rest or [n for n, _ in before] != [n for n, _ in after]:
            return None
        names = [name for name, _ in before]
        for (name, old), (_, new) in zip(before, after, strict=True):
            if text is None or old != new:
                if names.count(name) > 1:
                    if text is None:
                        continue
                    return None
                changed.append((module, name, new))
    return tuple(changed)


@lru_cache(maxsize=16)
def _top_level(text: str) -> tuple[list[tuple[str, str]], str]:
    """Functions and classes with their source, and everything else."""
    definitions, rest = [], []
    lines = python_lines(text)
    try:
        body = parse_tree("\n".join(lines)).body
    except SyntaxError:
        return [], text
    for node in body:
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
        source = _unparsed("\n".join(lines[first - 1 : node.end_lineno]))
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            definitions.append((node.name, source))
        else:
            rest.append(source)
    return definitions, "\n".join(rest)


@lru_cache(maxsize=4096)
def _unparsed(statement: str) -> str:
    """A statement without its comments: of a file's many versions nearly all are the same."""
    return ast.unparse(parse_tree(statement))


def module_of(assignment: Assignment, file: str) -> str:
    """The module that a solution file is imported as; empty for the notebook, for one of several its file."""
    notebook = next((name for name in notebook_files(assignment) if percent_file(name) == file), None)
    if notebook is not None:
        return notebook if assignment.notebooks else ""
    return ".".join(Path(file).with_suffix("").parts)


def _fails(assignment: Assignment, check: Check, values: Arrays | None, golden: Arrays) -> bool:
    if values is None:
        return True
    observation = Observation(check=check.id, ended="returned", values=values)
    given = given_for(assignment, check, golden, assignment.seed)
    return outcome(check, observation, given).status != "passed"
