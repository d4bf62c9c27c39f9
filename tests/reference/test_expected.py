"""Which points a submission is graded at, and the values that are kept for them."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs

from grader.assignment.digest import assignment_digests
from grader.assignment.golden.golden import read_golden
from grader.assignment.loading.course import find_course
from grader.errors import AuthoringError
from grader.execution.observe import observe
from grader.model import Assignment, Observation
from grader.reference import expected as module
from grader.reference import session
from grader.reference.expected import FOLDER, POOL_SIZE, ExpectedValues, seed_pool
from tests.assignment.conftest import FILES, write


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path / "course" / "reference" / "toy", FILES)
    return tmp_path / "course"


def loaded(root: Path) -> Assignment:
    return find_course(root, root).load("toy")


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


class Reference:
    """Stands in for a run of the reference: counts its runs."""

    def __init__(self) -> None:
        self.runs: list[list[int]] = []

    def live(self, assignment: Assignment, seeds: list[int]) -> dict[int, dict[str, dict[str, np.ndarray]]]:
        self.runs.append(list(seeds))
        return {seed: {c.id: {"y": np.array([seed + 0.1])} for c in assignment.checks} for seed in seeds}


@pytest.fixture
def reference(monkeypatch: pytest.MonkeyPatch) -> Reference:
    found = Reference()
    monkeypatch.setattr(session, "live", found.live)
    return found


def files(root: Path) -> list[Path]:
    return sorted((root / "reference" / "toy" / FOLDER).glob("*/*.json"))


def test_a_submission_keeps_its_seed_and_others_have_others(root: Path) -> None:
    expected = ExpectedValues(loaded(root))
    seeds = {expected.seed_for(f"sha256:{n}") for n in range(200)}
    assert seeds == set(seed_pool(loaded(root)))
    assert len(seeds) == POOL_SIZE
    assert loaded(root).seed not in seeds
    assert expected.seed_for("sha256:1") == ExpectedValues(loaded(root)).seed_for("sha256:1")


def test_the_pool_is_of_the_solution_and_the_same_on_every_machine(root: Path, tmp_path: Path) -> None:
    before = seed_pool(loaded(root))
    assert seed_pool(loaded(Path(shutil.copytree(root, tmp_path / "elsewhere")))) == before
    append(root / "reference" / "toy" / "checks.py", "# more\n")
    assert seed_pool(loaded(root)) == before
    append(next((root / "reference" / "toy" / "solution").rglob("*.py")), "# more\n")
    assert not set(seed_pool(loaded(root))) & set(before)


def test_values_are_computed_once_and_kept(root: Path, reference: Reference) -> None:
    expected = ExpectedValues(loaded(root))
    seed = expected.seed_for("sha256:1")
    table = expected.at(seed)
    assert expected.at(seed) is table
    again = ExpectedValues(loaded(root)).at(seed)
    assert {c: float(a["y"][0]) for c, a in again.items()} == {c: float(a["y"][0]) for c, a in table.items()}
    assert reference.runs == [[seed]]
    (kept,) = files(root)
    assert (kept.parent.parent / ".gitignore").read_text() == "*\n"


def test_a_batch_pays_for_what_is_missing_in_one_run(root: Path, reference: Reference) -> None:
    seeds = seed_pool(loaded(root))
    ExpectedValues(loaded(root)).at(seeds[2])
    ExpectedValues(loaded(root)).prepare()
    ExpectedValues(loaded(root)).prepare()
    assert reference.runs == [[seeds[2]], [s for s in seeds if s != seeds[2]]]


def test_each_further_submission_of_a_batch_reads_its_own_values_alone(
    root: Path, reference: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    monkeypatch.setattr(module, "assignment_digests", lambda a: read.append("sources") or assignment_digests(a))
    monkeypatch.setattr(module, "read_golden", lambda path: read.append(path.stem) or read_golden(path))
    ExpectedValues(loaded(root)).prepare()
    expected = ExpectedValues(loaded(root))
    read.clear()
    for _ in range(3):
        expected.prepare()
        expected.at(expected.seed_for("sha256:1"))
    assert read == ["sources", str(expected.seed_for("sha256:1"))]


@pytest.mark.parametrize("file", ["checks.py", "hidden.py", "assignment.toml", "data/points.txt"])
def test_an_edited_assignment_makes_them_stale(root: Path, reference: Reference, file: str) -> None:
    seed = seed_pool(loaded(root))[0]
    ExpectedValues(loaded(root)).at(seed)
    path = root / "reference" / "toy" / file
    path.parent.mkdir(exist_ok=True)
    append(path, "\n# more\n")
    ExpectedValues(loaded(root)).at(seed)
    assert len(reference.runs) == 2


def test_another_grader_or_library_makes_them_stale(
    root: Path, reference: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = seed_pool(loaded(root))[0]
    ExpectedValues(loaded(root)).at(seed)
    monkeypatch.setattr(module, "engine", lambda: "grader 2")
    ExpectedValues(loaded(root)).at(seed)
    assert len(reference.runs) == 2


def test_a_damaged_file_is_computed_again(root: Path, reference: Reference) -> None:
    seed = seed_pool(loaded(root))[0]
    ExpectedValues(loaded(root)).at(seed)
    (kept,) = files(root)
    for text in ("", "{}", kept.read_text()[:-40], "[]"):
        kept.write_text(text)
        assert ExpectedValues(loaded(root)).at(seed)
    assert len(reference.runs) == 5


def test_a_course_that_cannot_be_written_is_computed(root: Path, reference: Reference) -> None:
    (root / "reference" / "toy" / FOLDER).write_text("a file where the folder would be")
    expected = ExpectedValues(loaded(root))
    expected.prepare()
    assert set(expected.at(seed_pool(loaded(root))[0])) == {c.id for c in loaded(root).checks}
    assert len(reference.runs) == 1


def test_only_a_few_versions_are_kept(root: Path, reference: Reference) -> None:
    for n in range(module.KEPT + 3):
        append(root / "reference" / "toy" / "checks.py", f"# {n}\n")
        ExpectedValues(loaded(root)).at(seed_pool(loaded(root))[0])
    assert len({path.parent for path in files(root)}) == module.KEPT


def test_a_handout_alone_and_recorded_take_the_golden_values(root: Path, reference: Reference) -> None:
    handout = structs.replace(loaded(root), solution=None)
    for expected in (ExpectedValues(handout), ExpectedValues(loaded(root), "recorded")):
        assert expected.seed_for("sha256:1") == loaded(root).seed
        assert expected.label == f"recorded at {loaded(root).seed}"
        assert expected.at(loaded(root).seed) == session.recorded(loaded(root))
    assert reference.runs == []


def test_a_seed_that_is_given_is_run_live_and_not_kept(root: Path, reference: Reference) -> None:
    expected = ExpectedValues(loaded(root), 7)
    assert (expected.seed_for("sha256:1"), expected.label) == (7, "7")
    expected.prepare()
    assert (reference.runs, files(root)) == ([[7]], [])


@pytest.mark.parametrize("times", [1, 2])
def test_the_reference_that_a_busy_machine_held_up_is_asked_once_more(
    root: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    left = [times]

    def late(*words: object, **named: object) -> Observation:
        if left[0]:  # only the machine's load is imitated
            left[0] -= 1
            return Observation(check="affine", ended="timeout", seconds=4.0)
        return observe(*words, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(session, "observe", late)
    if times == 1:
        assert session.live(loaded(root), [3])[3]
    else:
        with pytest.raises(AuthoringError, match="fails on the reference itself: timeout"):
            session.live(loaded(root), [3])
