"""A small assignment whose checks leave something unwatched, and one that fails at some seeds."""

from __future__ import annotations

from pathlib import Path

from grader.assignment.loading.course import find_course
from grader.assignment.release.new import make_new
from grader.model import Assignment
from grader.reference.expected import seed_pool
from grader.reference.unwatched import failing_seeds, unwatched


def changed(root: Path, *changes: tuple[str, str]) -> Assignment:
    make_new(root, "toy")
    for path in (root / "reference/toy/checks.py", root / "reference/toy/hidden.py"):
        text = path.read_text(encoding="utf-8")
        for old, new in changes:
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")
    return find_course(root, root).load("toy")


def test_inputs_and_outputs_that_no_check_watches_are_listed(tmp_path: Path) -> None:
    first_columns = ('"d_x": d_x,', '"d_x": d_x[:, :1],')
    twice = ("    return {", "    student.linear_forward(x, w, b)\n    return {")
    assignment = changed(tmp_path, first_columns, ("    x, w, _ =", "    x, w, b ="), twice)

    told = [finding.text for finding in unwatched(assignment)]

    assert told == [
        "no check sees `linear_gradients` change an argument in place: `d_out`, `x`, `w`",
        "no check sees a wrong last entry in what `linear_gradients` returns: value 1 of 3",
    ]


def test_a_check_that_the_reference_fails_at_some_seeds_is_an_error(tmp_path: Path) -> None:
    assignment = changed(tmp_path, ("    return {", "    assert rng.random() < 0.5\n    return {"))

    told = [finding.text for finding in failing_seeds(assignment)]

    assert told
    assert all("fails on the reference itself" in text for text in told)
    seeds = seed_pool(assignment)
    assert 0 < sum(text.count(str(seed)) for text in told for seed in seeds) < 3 * len(seeds)


def test_a_check_that_the_reference_passes_at_all_seeds_is_not(tmp_path: Path) -> None:
    assert failing_seeds(changed(tmp_path)) == []
