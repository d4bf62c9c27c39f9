"""Golden files: the same bits come back, damage is refused."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from grader.assignment.golden.golden import Golden, read_golden, write_golden
from grader.assignment.golden.provenance import provenance_of, stale
from grader.assignment.loading.load import load_assignment
from grader.errors import AuthoringError
from grader.model import Assignment

from .conftest import FILES, Write, write

DTYPES = st.one_of(
    hnp.boolean_dtypes(),
    hnp.integer_dtypes(endianness="="),
    hnp.unsigned_integer_dtypes(endianness="="),
    hnp.floating_dtypes(endianness="=", sizes=(16, 32, 64)),
    hnp.complex_number_dtypes(endianness="=", sizes=(64, 128)),
)
ARRAYS = hnp.arrays(DTYPES, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))


def same_bits(one, two) -> bool:
    if one.dtype != two.dtype or one.shape != two.shape:
        return False
    if one.dtype.kind not in "fc":
        return np.array_equal(one, two)
    parts = (lambda a: a.real, lambda a: a.imag) if one.dtype.kind == "c" else (lambda a: a,)
    # signs of zeros count, payloads of nans do not
    return all(
        np.array_equal(part(one), part(two), equal_nan=True)
        and np.array_equal(np.signbit(part(one)) | np.isnan(part(one)), np.signbit(part(two)) | np.isnan(part(two)))
        for part in parts
    )


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ARRAYS, st.text(max_size=5))
def test_any_array_comes_back_to_the_bit(tmp_path: Path, array, name: str):
    path = tmp_path / "golden" / "public.json"
    write_golden(path, Golden({"seed": 1}, {"check": {name: array}}))
    back = read_golden(path)
    assert back.provenance == {"seed": 1}
    assert same_bits(back.observations["check"][name], array)


def test_large_and_small_integers_together_are_no_floats(tmp_path: Path):
    path, both = tmp_path / "g.json", np.array([2**63, 0], dtype=np.uint64)
    write_golden(path, Golden({}, {"check": {"x": both}}))
    assert same_bits(read_golden(path).observations["check"]["x"], both)


def test_every_row_stands_on_its_own_line_with_the_fewest_digits(tmp_path: Path):
    path = tmp_path / "g.json"
    observations = {
        "f": {
            "out": np.array([[0.1, 1.0], [np.nan, -np.inf]]),
            "single": np.array([0.1, 0.2], dtype=np.float32),
            "loss": np.array(2.5),
            "none": np.zeros((0, 3)),
            "z": np.array([1 + 2j]),
        }
    }
    write_golden(path, Golden({"seed": 3, "digests": {}}, observations))
    assert path.read_text() == (
        '{\n "format": "golden/1",\n "provenance": {\n  "digests": {},\n  "seed": 3\n },\n'
        ' "observations": {\n  "f": {\n'
        '   "out": {"dtype": "float64", "shape": [2, 2], "rows": [\n    [0.1, 1.0],\n    ["nan", "-inf"]\n   ]},\n'
        '   "single": {"dtype": "float32", "shape": [2], "rows": [\n    [0.1, 0.2]\n   ]},\n'
        '   "loss": {"dtype": "float64", "shape": [], "rows": [\n    [2.5]\n   ]},\n'
        '   "none": {"dtype": "float64", "shape": [0, 3], "rows": []},\n'
        '   "z": {"dtype": "complex128", "shape": [1], "rows": [\n    [[1.0, 2.0]]\n   ]}\n'
        "  }\n }\n}\n"
    )


def test_a_changed_number_changes_one_line(tmp_path: Path):
    array = np.random.default_rng(0).normal(size=(6, 3, 4))
    write_golden(tmp_path / "a", Golden({}, {"f": {"out": array}}))
    array[2, 1, 3] = np.nextafter(array[2, 1, 3], 9)
    write_golden(tmp_path / "b", Golden({}, {"f": {"out": array}}))
    a, b = ((tmp_path / name).read_text().split("\n") for name in "ab")
    assert sum(x != y for x, y in zip(a, b, strict=True)) == 1


def test_an_empty_recording_comes_back(tmp_path: Path):
    write_golden(tmp_path / "g", Golden({}, {}))
    assert read_golden(tmp_path / "g") == Golden({}, {})
    write_golden(tmp_path / "g", Golden({}, {"f": {}}))
    assert read_golden(tmp_path / "g").observations == {"f": {}}


@pytest.mark.parametrize("array", [np.array([None]), np.array(["x"]), np.array([1], dtype="datetime64[s]")])
def test_an_array_that_is_not_numeric_is_refused(tmp_path: Path, array):
    with pytest.raises(AuthoringError, match="check f returns out of dtype"):
        write_golden(tmp_path / "g", Golden({}, {"f": {"out": array}}))


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("[1.0, 2.0]", "[1.0, 2.0", 11, "Expecting ',' delimiter"),
        ("[1.0, 2.0]", "<<<<<<< HEAD\n[1.0, 2.0]", 9, "Expecting value"),
        ("[1.0, 2.0]", "[1.0]", 1, "f, out: ValueError: setting an array element with a sequence"),
        ("[1.0, 2.0],\n", "", 1, "f, out: ValueError: cannot reshape array of size 2 into shape (2,2)"),
        ("[1.0, 2.0]", '[1.0, "x"]', 1, "f, out: ValueError: could not convert string to float: 'x'"),
        ("[5, 6]", "[5, 6.5]", 1, "f, n: ValueError: not all entries are of int8"),
        ("[5, 6]", "[5, 600]", 1, "f, n: OverflowError: "),
        ("[9.0]", "[9e99]", 1, "f, s: FloatingPointError: overflow"),
        ("[[1.0, 0.0]]", "[1.0]", 1, "f, z: ValueError: "),
        ('"f": {', '"f": 3, "g": {', 1, "f holds no arrays"),
        ('"int8"', '"object"', 1, "f, n: ValueError: unknown dtype 'object'"),
        ('"shape": [2], ', "", 1, "f, n: KeyError: 'shape'"),
        ("golden/1", "golden/0", 1, "no golden file of format golden/1"),
        ('"provenance"', '"from"', 1, "it lacks provenance or observations"),
    ],
)
def test_a_damaged_file_is_refused_with_its_place(tmp_path: Path, old: str, new: str, line: int, said: str):
    path = tmp_path / "g.json"
    arrays = {
        "out": np.array([[1.0, 2.0], [3.0, 4.0]]),
        "n": np.array([5, 6], dtype=np.int8),
        "s": np.array([9.0], dtype=np.float32),
        "z": np.array([1 + 0j]),
    }
    write_golden(path, Golden({"seed": 1}, {"f": arrays}))
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(AuthoringError) as caught:
        read_golden(path)
    assert said in str(caught.value)
    assert str(caught.value).startswith(f"{path}:{line}: ")


def test_a_missing_file_is_refused(tmp_path: Path):
    with pytest.raises(AuthoringError, match="no such file"):
        read_golden(tmp_path / "g.json")


# ---------------------------------------------------------------- provenance


def load(folder: Path) -> Assignment:
    return load_assignment(folder, folder.parent.parent / "assignments" / folder.name)


def test_a_recording_is_current_until_one_of_its_sources_changes(toy: Write):
    folder = toy()
    for visibility in ("public", "hidden"):
        golden = Golden(provenance_of(load(folder), visibility), {})
        assert stale(golden.provenance, load(folder)) == []
        write(folder, {"solution/helpers.py": "SCALE = 4\n"})
        assert stale(golden.provenance, load(folder)) == ["solution/helpers.py has changed since it was recorded"]
        write(folder, {"solution/helpers.py": FILES["solution/helpers.py"]})


def test_only_the_hidden_recording_depends_on_the_hidden_checks(toy: Write):
    folder = toy()
    public, hidden = (Golden(provenance_of(load(folder), v), {}) for v in ("public", "hidden"))
    write(folder, {"hidden.py": FILES["hidden.py"] + "# more\n"})
    assert stale(public.provenance, load(folder)) == []
    assert stale(hidden.provenance, load(folder)) == ["hidden.py has changed since it was recorded"]


def test_added_and_removed_sources_and_another_seed_are_told(toy: Write):
    folder = toy()
    golden = Golden(provenance_of(load(folder), "public"), {})
    write(folder, {"solution/new.py": "", "assignment.toml": FILES["assignment.toml"].replace("seed = 3", "seed = 4")})
    (folder / "solution" / "helpers.py").unlink()
    assert stale(golden.provenance, load(folder)) == [
        "recorded with seed 3, the assignment's is 4",
        "solution/helpers.py was there when it was recorded",
        "solution/new.py was not there when it was recorded",
    ]


def test_in_the_handout_alone_the_solution_is_not_asked_for(toy: Write, tmp_path: Path):
    golden = Golden(provenance_of(load(toy()), "public"), {})
    alone = write(tmp_path / "alone", {name: FILES[name] for name in ("assignment.toml", "checks.py")})
    assert stale(golden.provenance, load_assignment(alone, alone)) == []


def test_another_data_folder_for_one_run_leaves_a_recording_current(toy: Write, tmp_path: Path):
    folder = toy({"assignment.toml": 'data = "data"\n' + FILES["assignment.toml"], "data/digits.txt": "0 1 2"})
    golden = Golden(provenance_of(load(folder), "public"), {})
    assert "data/digits.txt" in golden.provenance["digests"]
    full = write(tmp_path / "full", {"digits.txt": "0 1 2 3"})
    assert stale(golden.provenance, msgspec.structs.replace(load(folder), data=full)) == []
    (folder / "data" / "digits.txt").write_text("3 4 5")
    assert stale(golden.provenance, load(folder)) == ["data/digits.txt has changed since it was recorded"]


def test_a_golden_file_without_provenance_is_stale(toy: Write):
    found = stale({}, load(toy()))
    assert "checks.py was not there when it was recorded" in found
