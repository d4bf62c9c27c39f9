"""Observations and golden values become outcomes and points, in exact fractions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from grader.errors import AuthoringError
from grader.execution.observe import TOO_SLOW, USED_UP
from grader.grading.hidden import in_students_words, renamed
from grader.grading.scoring import after_cell, outcome, part_result, safe_outcome, without_notebook
from grader.model import CellRun, Check, Given, NotArray, Observation, Outcome, Status, StudentError, Verdict
from grader.report.sentences import feedback
from tests.support import PART, make_check

ONE = np.ones(3)


def given(**golden: np.ndarray) -> Given:
    return Given(golden=golden, rng=np.random.default_rng(0), data=Path())


def seen(**values: Any) -> Observation:
    return Observation(check="probe", ended="returned", values=values)


def check(points: int = 3, **more: Any) -> Check:
    return msgspec.structs.replace(make_check("return {}"), points=Fraction(points), **more)


def test_each_array_earns_an_equal_share() -> None:
    result = outcome(check(), seen(a=ONE, b=ONE * 2, c=ONE), given(a=ONE, b=ONE, c=ONE))
    assert (result.status, result.score) == ("partial", Fraction(2))
    assert "`b`" in result.message


def test_all_or_nothing_is_nothing_unless_every_array_is_right() -> None:
    whole = check(all_or_nothing=True)
    half = outcome(whole, seen(a=ONE, b=ONE * 2), given(a=ONE, b=ONE))
    assert (half.status, half.score) == ("failed", 0)
    assert outcome(whole, seen(a=ONE, b=ONE), given(a=ONE, b=ONE)).score == 3


def test_a_missing_name_is_a_failed_array_and_an_extra_one_is_nothing() -> None:
    result = outcome(check(2), seen(a=ONE, z=ONE), given(a=ONE, b=ONE))
    assert result.score == 1
    assert [a.name for a in result.arrays] == ["a", "b"]


def test_a_value_that_is_no_array_fails_alone() -> None:
    assert outcome(check(2), seen(a=NotArray("None"), b=ONE), given(a=ONE, b=ONE)).score == 1


@pytest.mark.parametrize(
    ("ended", "status"),
    [("missing", "missing"), ("error", "error"), ("timeout", "timeout"), ("crashed", "error"), ("unclear", "pending")],
)
def test_what_did_not_return_earns_nothing_and_says_how(ended: Any, status: Status) -> None:
    told = Observation(check="probe", ended=ended, error=StudentError(type="ValueError", message="why so"))
    result = outcome(check(), told, given(a=ONE))
    assert (result.status, result.score) == (status, 0)
    assert "why so" in result.message


def test_nothing_recorded_is_the_authors_fault() -> None:
    with pytest.raises(AuthoringError, match="record"):
        outcome(check(), seen(a=ONE), given())


def half(values: Mapping[str, Any], given: Given) -> Iterable[Verdict]:
    yield Verdict("a", True)
    yield Verdict("b", Fraction(1, 2), "only half", error=0.5, tolerance=0.1)


def test_a_judge_may_give_a_share() -> None:
    result = outcome(check(4, judge=half), seen(a=ONE, b=ONE), given(a=ONE, b=ONE))
    assert (result.status, result.score) == ("partial", Fraction(3))
    assert result.arrays[1].message == "only half"


def test_what_a_judge_says_of_every_array_is_told_once() -> None:
    def alike(values: Mapping[str, np.ndarray], given: Given) -> Iterable[Verdict]:
        return [Verdict(name, False, "the generator is not used") for name in values]

    assert outcome(check(judge=alike), seen(a=ONE, b=ONE), given(a=ONE, b=ONE)).message == "the generator is not used"


def test_a_judge_is_not_asked_about_what_is_no_array() -> None:
    def never(values: Mapping[str, Any], given: Given) -> Iterable[Verdict]:
        raise AssertionError

    result = outcome(check(judge=never), seen(a=NotArray("object array")), given(a=ONE))
    assert result.status == "failed"


def test_nothing_but_none_is_work_not_begun() -> None:
    result = outcome(check(), seen(a=NotArray("None"), b=NotArray("None")), given(a=ONE, b=ONE))
    assert (result.status, result.score) == ("missing", 0)
    assert result.message.startswith("Not implemented yet: `a`, `b` are None.")
    assert outcome(check(), seen(a=NotArray("None"), b=ONE), given(a=ONE, b=ONE)).status == "partial"
    assert outcome(check(), seen(b=ONE), given(a=ONE)).status == "failed"


def each(values: Mapping[str, Any], given: Given) -> Iterable[Verdict]:
    for name in given.golden:
        if name in values:
            yield Verdict(name, bool(values[name].all()))


def test_a_judge_is_asked_about_the_arrays_that_are_there() -> None:
    result = outcome(check(3, judge=each), seen(a=ONE, b=NotArray("None")), given(a=ONE, b=ONE, c=ONE))
    assert (result.status, result.score) == ("partial", Fraction(1))
    assert {a.name: a.status for a in result.arrays} == {"a": "passed", "b": "failed", "c": "failed"}


def test_a_judge_that_needs_an_array_which_is_not_there_gives_nothing() -> None:
    def both(values: Mapping[str, Any], given: Given) -> Iterable[Verdict]:
        yield Verdict("same", bool((values["a"] == values["b"]).all()))

    result = outcome(check(judge=both), seen(a=ONE), given(a=ONE, b=ONE))
    assert (result.status, [a.name for a in result.arrays]) == ("failed", ["b"])


def test_a_judge_that_asks_for_what_nothing_is_called_is_the_authors_fault() -> None:
    def mistyped(values: Mapping[str, Any], given: Given) -> Iterable[Verdict]:
        yield Verdict("a", bool(values["aa"].all()))

    with pytest.raises(AuthoringError, match="judge of probe"):
        outcome(check(judge=mistyped), seen(a=ONE), given(a=ONE, b=ONE))


def test_a_judge_that_fails_is_the_authors_fault_and_is_named() -> None:
    def broken(values: Mapping[str, Any], given: Given) -> Iterable[Verdict]:
        raise ValueError("oops")

    with pytest.raises(AuthoringError, match=r"judge of probe.*oops"):
        outcome(check(judge=broken), seen(a=ONE), given(a=ONE))


def test_what_a_judge_fails_on_earns_nothing_and_ends_nothing() -> None:
    def dividing(values: Mapping[str, Any], given: Given) -> Iterable[Verdict]:
        yield Verdict("a", 1 / int(values["count"]) > 0)

    asked = check(judge=dividing)
    right = safe_outcome(asked, seen(a=ONE, count=np.array(3)), given(a=ONE))
    assert right.status == "passed"
    odd = safe_outcome(asked, seen(a=ONE, count=np.array(0)), given(a=ONE))
    assert (odd.status, odd.score, odd.arrays) == ("failed", 0, ())
    assert "ZeroDivisionError" not in odd.message

    def shared(values: Mapping[str, Any], given: Given) -> Iterable[Verdict]:
        yield Verdict("a", float(values["a"].sum() / values["a"].sum()))

    assert safe_outcome(check(judge=shared), seen(a=np.zeros(3)), given(a=ONE)).score == 0


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (ONE + 0j, "complex"),
        (ONE.astype(str), "text"),
        (np.zeros(1_000_001), "shape"),
    ],
)
def test_a_judge_gets_no_giants_and_no_other_kind_of_numbers(sent: Any, said: str) -> None:
    def any_size(values: Mapping[str, Any], given: Given) -> Iterable[Verdict]:
        yield Verdict("a", bool(values["a"].size) and bool((values["a"] <= 1).all()))

    asked = check(judge=any_size)
    assert outcome(asked, seen(a=np.zeros(1_000_000)), given(a=ONE)).status == "passed"
    result = outcome(asked, seen(a=sent), given(a=ONE))
    assert result.status == "failed"
    assert said in result.arrays[0].message


def test_a_judge_gets_rows_in_a_list_as_one_array() -> None:
    def sums(values: Mapping[str, Any], given: Given) -> Iterable[Verdict]:
        yield Verdict("a", bool(values["a"].sum() == 4))

    rows = {"a": NotArray("flattened", "list of 2"), "a[0]": np.ones(2), "a[1]": np.ones(2)}
    assert outcome(check(judge=sums), seen(**rows), given(a=np.ones((2, 2)))).status == "passed"


def result(points: int, score: int, status: Status, id: str = "probe") -> Outcome:
    return Outcome(check=check(points, id=id), status=status, score=Fraction(score), message="")


def test_follow_through_adds_what_the_policy_says() -> None:
    outcomes = [result(4, 1, "partial", "x"), result(2, 2, "passed", "y")]
    followed = {"x": result(4, 3, "partial", "x")}
    part = part_result(PART, outcomes, followed, ["Affine"], Fraction(1, 2))
    assert (part.score, part.max_score, part.follow_through) == (4, 6, 5)
    assert part.credited_with == ("Affine",)


def test_follow_through_credits_one_world_whole() -> None:
    own = [result(3, 3, "passed", "values"), result(2, 0, "failed", "inputs kept")]
    again = {"values": result(3, 0, "failed", "values"), "inputs kept": result(2, 2, "passed", "inputs kept")}
    part = part_result(PART, own, again, ["relu_forward"], Fraction(1))
    assert (part.score, part.credited_with) == (3, ())


def test_follow_through_never_costs_a_point() -> None:
    part = part_result(PART, [result(4, 3, "partial")], {"probe": result(4, 0, "error")}, ["Affine"], Fraction(1))
    assert part.score == 3
    assert part.credited_with == ()


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (("passed", "passed"), "passed"),
        (("missing", "missing"), "missing"),
        (("missing", "failed"), "failed"),
        (("error", "timeout"), "error"),
        (("pending", "pending"), "pending"),
        (("passed", "pending"), "pending"),
    ],
)
def test_a_parts_status_follows_from_its_checks(statuses: tuple[Status, ...], expected: Status) -> None:
    outcomes = [result(1, int(s == "passed"), s, f"c{i}") for i, s in enumerate(statuses)]
    assert part_result(PART, outcomes, {}, [], Fraction(1)).status == expected


def test_points_left_to_a_person_are_no_automatic_points() -> None:
    part = part_result(PART, [result(3, 3, "passed", "a"), result(2, 0, "pending", "b")], {}, [], Fraction(1))
    assert (part.score, part.max_score, part.pending) == (3, 3, 2)


def test_what_the_hand_outs_own_notebook_runs_is_not_told_as_the_students() -> None:
    failed = outcome(check(), seen(a=np.zeros(3)), given(a=ONE))
    assert without_notebook(failed).status == "missing"
    assert "No notebook was handed in" in without_notebook(failed).message
    passed = outcome(check(), seen(a=ONE), given(a=ONE))
    assert without_notebook(passed) == passed


@pytest.mark.parametrize(
    ("type", "said"),
    [
        ("IndexError", "sizes and numbers of its own"),
        ("MemoryError", "an array that grows with the square of what comes in?"),
        ("RecursionError", "come to an end for every size"),
    ],
)
def test_an_exception_in_a_hidden_check_says_what_to_do_and_not_what_was_asked(type: str, said: str) -> None:
    observation = Observation(check="probe", ended="error", error=StudentError(type=type, message=""))
    message = outcome(check(visibility="hidden"), observation, given(a=np.ones(2))).message
    assert message.startswith(f"Your code raised {type}. ")
    assert said in message


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (TOO_SLOW.format(4), "The check did not finish within 4 s: either a loop does not end, or the code takes"),
        (USED_UP, "The check was stopped or not begun: the submission's time was used up."),
    ],
)
def test_code_out_of_time_may_be_slow_and_not_endless(how: str, said: str) -> None:
    error = StudentError(type="Timeout", message=how)
    message = outcome(check(), Observation(check="probe", ended="timeout", error=error), given(a=np.ones(2))).message
    assert message.startswith(said)
    assert message.count(":") == 1


def test_a_modules_name_is_written_as_it_is_where_its_import_does_not_end() -> None:
    error = StudentError(type="Timeout", message="importing nndl.LayerUtils did not finish within 4 s", kind="import")
    message = outcome(check(), Observation(check="probe", ended="timeout", error=error), given(a=np.ones(2))).message
    assert message.startswith("Importing nndl.LayerUtils did not finish within 4 s. ")


def test_a_judge_is_heard_in_its_own_words_and_not_under_the_names_of_its_arrays() -> None:
    def twice(values: Mapping[str, Any], given: Given) -> Iterable[Verdict]:
        yield Verdict("s0_loss", False, "the loss is 3; 2 is right")
        yield Verdict("s1_loss", False, "the loss is 3; 2 is right")

    result = outcome(check(judge=twice), seen(s0_loss=ONE, s1_loss=ONE), given(s0_loss=ONE, s1_loss=ONE))
    assert feedback(result).seen == ("the loss is 3; 2 is right",)


def test_hidden_checks_speak_of_arrays_as_public_ones_do() -> None:
    result = outcome(
        check(visibility="hidden"), seen(dw_narrow=np.ones(2), gram=np.ones(2), q=np.ones(2)),
        given(dw_narrow=np.zeros(2), gram=np.zeros(2), q=np.zeros(2)),
    )  # fmt: skip
    told = in_students_words(result, {"dw", "q"})
    assert told.message == "`dw`, `q` and 1 more result are not right."
    assert [a.message.partition(":")[0] for a in told.arrays] == ["`dw`", "one of the results", "`q`"]
    assert [a.name for a in told.arrays] == ["dw_narrow", "gram", "q"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (StudentError(type="KeyError", message="0"), "error"),
        (StudentError(type="NotImplementedError", message="f: not implemented yet", kind="stub"), "missing"),
        (StudentError(type="NameError", message="name 'f' is not defined"), "missing"),
        (None, "missing"),
    ],
)
def test_what_a_cell_did_not_make_is_not_said_to_be_unbegun(error: StudentError | None, status: Status) -> None:
    run = CellRun(index=22, status="error" if error else "ok", error=error)
    told = after_cell(result(3, 0, "missing"), 22, [run])
    assert told.status == status
    assert (told.message == "Cell 22 raised KeyError: 0, so what it was to make is not there.") == (status == "error")


@pytest.mark.parametrize(("first", "status"), [("TabError", "error"), ("NotImplementedError", "missing")])
def test_a_missing_name_after_a_failed_cell_is_not_said_to_be_unbegun(first: str, status: Status) -> None:
    cells = [
        CellRun(index=index, status="error", error=StudentError(type=type, message="m"))
        for index, type in ((3, first), (22, "NameError"))
    ]
    told = after_cell(result(3, 0, "missing"), 22, cells)
    assert told.status == status
    said = "Cell 22 raised NameError: m, after cell 3 had failed, so what it was to make is not there."
    assert (told.message == said) == (status == "error")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("`a_one` and `a_two` are right", "`a` is right"),
        ("`a_one` and `a_two` stay the same", "`a` stays the same"),
        ("The numbers of `a_one` and `a_two` are right", "The numbers of `a` are right"),
        ("`x` and `a_one` are swapped: each", "`a` and 1 more result are swapped: each"),
        ("`x` is zero", "one of the results is zero"),
        ("in `f` the mask is missing", "in `f` the mask is missing"),
    ],
)
def test_a_sentence_in_other_names_stays_a_sentence(text: str, told: str) -> None:
    assert renamed(text, {"a_one", "a_two", "x"}, {"a"}) == told


@pytest.mark.parametrize(("where", "told"), [("steps lead to", "steps lead to"), ("no more than the", "no more than")])
def test_a_hidden_judges_two_numbers_that_round_to_one_are_not_said_to_be_the_same(where: str, told: str) -> None:
    def off(values: Mapping[str, Any], given: Given) -> Iterable[Verdict]:
        yield Verdict("a", False, f"x is 1.0213 after -2.21; {where} 1.0347")

    hidden = msgspec.structs.replace(check(judge=off), visibility="hidden")
    message = outcome(hidden, seen(a=ONE), given(a=ONE)).arrays[0].message
    assert message == f"x is about 1 after about -2; {told} another number"


def test_two_hidden_results_are_not_one() -> None:
    text = renamed("`gram` holds the numbers of `below`.", {"gram", "below"}, {"q"})
    assert text == "one of the results holds the numbers of another of them."


def test_a_hidden_judge_lists_no_more_numbers_than_a_sentence_needs() -> None:
    def listing(values: Mapping[str, Any], given: Given) -> Iterable[Verdict]:
        yield Verdict("a", False, f"it returns {' or '.join(map(str, values['a'].tolist()))} points, not 7")

    sent = np.array([(digit + 0.37) * 10.0**power for digit in range(1, 10) for power in range(-5, 6)])
    result = outcome(check(visibility="hidden", judge=listing), seen(a=sent), given(a=np.array(7.0)))
    (array,) = result.arrays
    assert array.message.count("about") <= 4
    assert len(array.message) < 120
    few = outcome(check(visibility="hidden", judge=listing), seen(a=sent[:2]), given(a=np.array(7.0)))
    assert few.arrays[0].message == "it returns about 1e-05 or about 0.0001 points, not about 7"
