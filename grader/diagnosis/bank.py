"""The hypotheses of an assignment with what each would return: `golden/mistakes.npz`, prepared once and committed.

It lies beside the golden values and not in a cache, so that the same submission gets the same report on every machine,
from the first one on. It holds fingerprints of wrong results, the reference's arrays at a second point, and is never
part of a hand-out; `public-mistakes.npz` beside it is: fingerprints alone, of public checks alone. A file of other
sources than those that lie here is not used.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct, json

from grader.assignment.loading.check_source import check_digest, hidden_files, public_files
from grader.assignment.release.edits import WRONG
from grader.model import Assignment, Check
from grader.worker.experiments.fingerprints import FIELDS, Floats

FILE = "mistakes.npz"
PUBLIC_FILE = "public-mistakes.npz"
FORMAT = 5
"""Raised when fingerprints or views change: older files are then out of date."""
GRADED, REPEATED, MILDER = 0, 1, 2
"""Views: the assignment's seed, another seed, the assignment's seed with milder extremes (nan where there is none)."""
VIEWS = 3


class Hypothesis(Struct, frozen=True, kw_only=True):
    """One way of being wrong."""

    code: str
    text: str
    """The author's name of the mistake, or a clause that completes "in `function`, ..."."""
    function: str
    named: bool
    """Whether the author wrote it down."""
    mistakes: int = 1
    """How many it takes: of what explains as well, the simpler one is true."""
    likely: int = 0
    """0 for what students write, more for what is seldom meant: of equal results, the likelier is named."""
    weakness: str = ""
    """A `grader.diagnosis.mutation.mutation.Weakness`."""


class Results(Struct, frozen=True):
    """What hypotheses return for one check."""

    names: tuple[str, ...]
    """Its arrays."""
    reference: Floats
    """Shape (views, arrays, 7)."""
    which: npt.NDArray[np.int32]
    """Shape (hypotheses,): those that change any array, by their place in `Bank.hypotheses`."""
    found: Floats
    """Shape (hypotheses, views, arrays, 7); nan where the check did not return."""
    expected: Mapping[str, npt.NDArray[Any]] = {}
    """What the reference returns at the second point; empty where that is too much to keep."""


class Meta(Struct, frozen=True, kw_only=True):
    """What a file says of itself."""

    base: str
    """Digest of what all checks share."""
    solution: str = ""
    """Digest of what generated mistakes are made from; empty in a public file."""
    complete: bool
    """Whether generated mistakes are in it, and not the author's alone."""
    checks: Mapping[str, str]
    """The digest of each check."""
    seeds: tuple[int, int]
    arrays: Mapping[str, tuple[str, ...]]
    """The names of each check's arrays."""
    hypotheses: tuple[Hypothesis, ...]


class Bank:
    """A prepared file, read check by check."""

    def __init__(self, path: Path) -> None:
        self._file: Mapping[str, npt.NDArray[Any]] = np.load(io.BytesIO(path.read_bytes()), allow_pickle=False)
        self.meta = json.decode(self._file["meta"].tobytes(), type=Meta)
        self.seeds, self.hypotheses = self.meta.seeds, self.meta.hypotheses
        self.stale: tuple[str, ...] = ()
        """Checks that are other ones than when the file was made: nothing is named in them."""
        self._results: dict[str, Results] = {}

    def results(self, check: str) -> Results | None:
        """What is known about `check`; None where the file has nothing."""
        if check not in self.meta.arrays or check in self.stale:
            return None
        if check not in self._results:  # asked for every array that failed
            self._results[check] = self._unpacked(check)
        return self._results[check]

    def _unpacked(self, check: str) -> Results:
        names, reference = self.meta.arrays[check], self._file[f"{check}.reference"]
        return Results(
            names=names,
            reference=reference,
            which=self._file[f"{check}.which"],
            found=_against(self._file[f"{check}.found"].reshape(-1, VIEWS, len(names), FIELDS), reference),
            expected={n: self._file[key] for n in names if (key := f"{check}.expected.{n}") in self._file},
        )

    def against(self, checks: Mapping[str, str]) -> Bank:
        """The file as it serves these checks, given by their digests."""
        other = copy(self)
        other.stale = tuple(id for id, digest in checks.items() if self.meta.checks.get(id) != digest)
        return other


def _against(values: Floats, reference: Floats) -> Floats:
    """The bits in which fingerprints differ from the reference's, and back: of what is the same only zeros are kept."""
    bits = np.ascontiguousarray(values).view(np.uint64) ^ np.ascontiguousarray(reference).view(np.uint64)
    return bits.view(np.float64)


def _shortened(values: Floats, reference: Floats) -> Floats:
    """Where they differ from the reference's, fingerprints to eleven digits: those that a comparison needs."""
    bits = np.ascontiguousarray(values).view(np.uint64) & np.uint64(0xFFFF_FFFF_FFFF_0000)
    return np.where(values == reference, reference, bits.view(np.float64))


def bank_path(assignment: Assignment) -> Path:
    """Where an assignment's hypotheses lie."""
    return assignment.root / "golden" / (FILE if assignment.solution is not None else PUBLIC_FILE)


def read_bank(assignment: Assignment) -> Bank | None:
    """The prepared hypotheses; None where there are none, or none for the sources that lie here."""
    base = _public_base if assignment.solution is None else _base
    return _fitting(assignment, lambda meta: meta.base == base(assignment))


def read_generated(assignment: Assignment) -> Bank | None:
    """The prepared hypotheses of this solution, though the author may have named other mistakes since."""
    if assignment.solution is None:
        return None
    return _fitting(assignment, lambda meta: meta.complete and meta.solution == _digest(assignment, []))


def _fitting(assignment: Assignment, fits: Callable[[Meta], bool]) -> Bank | None:
    path = bank_path(assignment)
    try:
        status = path.stat()
        bank = _opened(path, status.st_mtime_ns, status.st_size)
        return bank.against(_digests(assignment.checks)) if fits(bank.meta) else None
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None  # there is none; or a damaged file, which costs the names of mistakes and nothing else


def _digests(checks: Sequence[Check]) -> dict[str, str]:
    return {check.id: check_digest(check) for check in checks}


def missing_names(assignment: Assignment) -> str:
    """Why mistakes have no names here, for the author and the assistant; empty where all checks have theirs."""
    if assignment.solution is None or assignment.hints == "none" or not assignment.checks:
        return ""
    bank = read_bank(assignment)
    if bank is not None and not bank.stale:
        return ""
    if bank is not None:
        return f"no names of mistakes are kept for {', '.join(bank.stale)}, changed since"
    why = "was made from other sources" if bank_path(assignment).is_file() else "is not there"
    return f"no names of mistakes are kept: golden/{FILE} {why}"


@lru_cache(maxsize=8)  # one for each assignment of a batch
def _opened(path: Path, changed: int, size: int) -> Bank:
    return Bank(path)


def write_bank(
    assignment: Assignment,
    seeds: tuple[int, int],
    hypotheses: tuple[Hypothesis, ...],
    results: Mapping[str, Results],
    *,
    complete: bool = True,
) -> Path:
    """Write the file and the public one beside it; returns its path."""
    path = assignment.root / "golden" / FILE
    path.parent.mkdir(exist_ok=True)
    meta = Meta(
        base=_base(assignment),
        solution=_digest(assignment, []),
        complete=complete,
        checks=_digests(assignment.checks),
        seeds=seeds,
        arrays={check: r.names for check, r in results.items()},
        hypotheses=hypotheses,
    )
    _replace(path, _packed(meta, results))
    write_public_bank(assignment, Bank(path))
    return path


def write_public_bank(assignment: Assignment, bank: Bank) -> Path:
    """Write what a hand-out may hold of `bank`: no arrays, and nothing of hidden checks."""
    public = [c for c in assignment.checks if c.visibility == "public"]
    kept = {c.id: r for c in public if (r := bank.results(c.id)) is not None}
    used = sorted({int(number) for results in kept.values() for number in results.which})
    place = {number: at for at, number in enumerate(used)}
    shown = {
        id: Results(
            names=r.names,
            reference=r.reference,
            which=np.array([place[int(number)] for number in r.which], dtype=np.int32),
            found=r.found,
        )
        for id, r in kept.items()
    }
    meta = Meta(
        base=_public_base(assignment),
        complete=bank.meta.complete,
        checks=_digests(public),
        seeds=bank.seeds,
        arrays={check: r.names for check, r in shown.items()},
        hypotheses=tuple(bank.hypotheses[number] for number in used),
    )
    path = assignment.root / "golden" / PUBLIC_FILE
    _replace(path, _packed(meta, shown))
    return path


def _packed(meta: Meta, results: Mapping[str, Results]) -> bytes:
    arrays: dict[str, Any] = {"meta": np.frombuffer(json.encode(meta), dtype=np.uint8)}
    for check, result in results.items():
        arrays |= {f"{check}.reference": result.reference, f"{check}.which": result.which}
        arrays[f"{check}.found"] = _against(_shortened(result.found, result.reference), result.reference)
        arrays |= {f"{check}.expected.{name}": array for name, array in result.expected.items()}
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)
    return packed.getvalue()


def _replace(path: Path, content: bytes) -> None:
    beside = path.with_suffix(".new")
    beside.write_bytes(content)
    beside.replace(path)


def _public_base(assignment: Assignment) -> str:
    return hashlib.sha256(f"{FORMAT} {assignment.seed}".encode()).hexdigest()


def _base(assignment: Assignment) -> str:
    """Of what every check's hypotheses are made from: the solution, the named mistakes, the seed."""
    return _digest(assignment, [assignment.root / WRONG])


def digest_of(assignment: Assignment) -> str:
    """Of everything that hypotheses are made from: the solution, the checks, the named mistakes, the seed."""
    checks = [*public_files(assignment.root), *hidden_files(assignment.root)]
    return _digest(assignment, [*checks, assignment.root / WRONG])


def _digest(assignment: Assignment, first: Sequence[Path]) -> str:
    texts = [f"{FORMAT} {assignment.seed}"]
    folders = [assignment.solution] if assignment.solution else []
    files = [p for folder in folders for p in sorted(folder.rglob("*.py")) if "__pycache__" not in p.parts]
    for path in (*first, *files):
        texts.append(path.read_text(encoding="utf-8") if path.is_file() else "")
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()
