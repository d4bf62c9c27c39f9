import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import pytest

from grader.model import CellRun, Comparison, Diagnosis, Frame, Outcome, Part, Report, StudentError, Uses
from grader.report.ci import markdown
from grader.report.html import cell
from grader.report.sentences import feedback
from grader.report.terminal.layout import columns
from grader.report.terminal.terminal import render
from tests.report import sample_reports
from tests.report.sample_reports import AFFINE, NETWORK, RELU, auto, mixed, outcome, report

SITUATIONS = [getattr(sample_reports, n) for n in ("all_passed", "stub", "mixed", "ungradable", "hostile")]
COLOUR = re.compile(r"\x1b\[[0-9;]+m")


def page(report: Report, width: int = 80, **kw: bool) -> str:
    return render(report, **{"colour": False, "width": width, **kw})


@pytest.mark.parametrize("make", SITUATIONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize("width", [20, 60, 80, 300])
def test_lines_fit_and_hold_no_control_characters(make: Callable[[], Report], verbose: bool, width: int) -> None:
    text = page(make(), width, verbose=verbose)
    assert max(map(columns, text.splitlines())) <= max(48, min(width, 100))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\ud800]", text)
    assert text.endswith("\n")


@pytest.mark.parametrize("make", SITUATIONS, ids=lambda f: f.__name__)
def test_colour_changes_nothing_but_colour(make: Callable[[], Report]) -> None:
    coloured = page(make(), colour=True)
    assert COLOUR.search(coloured)
    assert COLOUR.sub("", coloured) == page(make())


def test_passed_report_is_short() -> None:
    assert page(sample_reports.all_passed(), 48).splitlines() == [
        "Exercise 9: A small network    exercise_09.ipynb",
        "─" * 48,
        "✓ passed (3 points): 1 Affine layer; 2 ReLU",
        "  layer",
        "─" * 48,
        "3 of 3 points",
    ]


def test_lost_check_shows_title_message_sentence_and_diagnosis() -> None:
    text = page(mixed(), 100)
    for piece in (
        "◐ Gradients with respect to the inputs",
        "1 of 3 arrays is wrong.",
        "· d_bias is off by 86 % of its largest entry.",
        "→ d_bias looks like the mean over the batch",
        "Gradient for a random upstream gradient (hidden)",
    ):
        assert piece in text


def test_passed_checks_and_arrays_are_listed_only_when_verbose() -> None:
    assert "Scores of a batch" not in page(mixed())
    assert "d_inputs" not in page(mixed())
    assert "✓ Scores of a batch" in page(mixed(), verbose=True)
    assert "d_inputs: error 3.1e-16, 1e-06 allowed" in page(mixed(), verbose=True)


def test_sentence_that_the_message_says_already_is_not_repeated() -> None:
    array = Comparison(name="d_x", status="failed", message="d_x has the wrong shape.")
    found = outcome("f", AFFINE, "t", "failed", message="d_x has the wrong shape.", arrays=(array,))
    assert page(report(auto(AFFINE, "failed", found))).count("wrong shape") == 1


def test_sentence_without_its_array_gets_the_name() -> None:
    array = Comparison(name="d_x", status="failed", message="the shape is (1, 3) and should be (3,)")
    found = outcome("f", AFFINE, "t", "failed", arrays=(array,))
    assert "· d_x: the shape is" in page(report(auto(AFFINE, "failed", found)))


def test_scores_stand_in_one_column() -> None:
    lines = [line for line in page(mixed(), 80).splitlines() if re.search(r" / \d", line)]
    assert len(lines) == 5
    assert len({re.search(r" / \d", line).start() for line in lines}) == 1  # type: ignore[union-attr]


def test_many_sentences_are_cut_short_unless_verbose() -> None:
    arrays = tuple(Comparison(name=f"W{i}", status="failed", message=f"`W{i}` differs by {i}.5") for i in range(5))
    found = outcome("f", AFFINE, "t", "failed", message="5 values are not right.", arrays=arrays)
    text = page(report(auto(AFFINE, "failed", found)))
    assert text.count("differs") == 1
    assert page(report(auto(AFFINE, "failed", found)), verbose=True).count("differs") == 5


def test_part_that_follow_through_repairs_is_not_explained() -> None:
    text = page(mixed(), 100)
    assert "✓ passed with the reference's earlier parts (3 points): 4 A network of two layers" in text
    assert "4 of 4 arrays are wrong." not in text
    assert "4 of 4 arrays are wrong." in page(mixed(), verbose=True)


def test_current_folder_is_shown_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hw3").mkdir()
    monkeypatch.chdir(tmp_path / "hw3")
    assert page(msgspec.structs.replace(mixed(), path=".")).splitlines()[0].endswith(" hw3")


def test_follow_through_is_told_with_its_worth() -> None:
    assert "→ follow-through with the reference Affine and ReLU: 3 of 3\n" in page(mixed(), verbose=True)
    lost = outcome("f", AFFINE, "t", "failed", worth=3)
    half = auto(AFFINE, "failed", lost, score=Fraction(3, 2), follow_through=3, credited_with=("ReLU",))
    assert "ReLU: 3 of 3, which counts as 1.5" in page(report(half))
    none = auto(AFFINE, "failed", lost, follow_through=0)
    assert "no change with the reference" not in page(report(none))
    assert "no change with the reference's earlier parts: 0 of 3" in page(report(none), verbose=True)


def test_stub_is_a_quiet_list() -> None:
    text = page(sample_reports.stub(), 90)
    assert "○ not started (6 points): 1 Affine layer" in text
    assert "not implemented" not in text
    assert "Cells with errors" not in text  # a cell that stops at a stub has none
    assert "\n  not answered\n" in text
    assert "✗" not in text


def test_parts_that_use_what_an_earlier_one_has_wrong_are_one_line() -> None:
    def check(id: str, part: Part, uses: str, builds_on: tuple[str, ...] = (), **kw: Any) -> Outcome:
        found = outcome(id, part, id, "failed", message=f"`{id}` is not right.", **kw)
        return msgspec.structs.replace(
            found, check=msgspec.structs.replace(found.check, uses=(Uses(name=uses),), builds_on=builds_on)
        )

    named = Diagnosis(code="missing-term", text="A term is missing.")
    made = report(
        auto(AFFINE, "failed", check("out", AFFINE, "Affine")),
        auto(RELU, "failed", check("loss", RELU, "Network", ("Affine",))),
        auto(NETWORK, "failed", check("grads", NETWORK, "Network", ("Affine",), diagnosis=named)),
    )
    text = page(made)
    assert "✗ 2 ReLU layer (0 / 1): part 1, which is used here, has to be right first" in text
    assert "`loss`" not in text
    assert "`loss`" in page(made, verbose=True)
    both = check("db", RELU, "Affine")
    third = report(
        auto(AFFINE, "failed", check("out", AFFINE, "Affine")),
        auto(RELU, "failed", both),
        auto(NETWORK, "failed", check("loss", NETWORK, "Network", ("Affine",))),
    )
    assert "(0 / 1): parts 1 and 2, which are used here, have to be right first" in " ".join(page(third).split())
    assert "`grads`" in text  # a mistake of its own
    there = msgspec.structs.replace(named, evidence={"functions": ["Affine.backward"]})
    follows = auto(NETWORK, "failed", check("grads", NETWORK, "Network", ("Affine",), diagnosis=there))
    assert "`grads`" not in page(report(made.parts[0], follows))
    here = msgspec.structs.replace(named, evidence={"functions": ["Affine.backward", "Network.loss"]})
    both = auto(NETWORK, "failed", check("grads", NETWORK, "Network", ("Affine",), diagnosis=here))
    assert "`grads`" in page(report(made.parts[0], both))
    tried = auto(RELU, "failed", check("both", RELU, "Affine", worth=0))  # of no points: only tries out what is there
    assert "✗ 2 ReLU layer: part 1, which is used here" in page(report(made.parts[0], tried))
    tried = auto(RELU, "failed", check("both", RELU, "Affine", worth=0, diagnosis=there))
    assert "✗ 2 ReLU layer: part 1, which is used here" in page(report(made.parts[0], tried))
    assert "part 1, which is used here, has to be right first" in cell.render(made)
    assert "part 1, which is used here, has to be right first" in markdown.render(made)


def test_an_untouched_handout_has_no_cells_with_errors_but_those_that_cannot_be_read() -> None:
    def failing(index: int, name: str) -> CellRun:
        return CellRun(index=index, status="error", error=StudentError(type=name, message="no"))

    cells = (failing(3, "IndexError"), failing(5, "AssertionError"), failing(6, "SyntaxError"))
    stub = page(msgspec.structs.replace(sample_reports.stub(), cells=cells))
    assert "SyntaxError" in stub
    assert "IndexError" not in stub
    assert "AssertionError" not in stub
    assert "IndexError" in page(msgspec.structs.replace(mixed(), cells=cells))


def test_failing_cells_show_the_exception_and_the_students_line() -> None:
    text = page(mixed(), 100)
    assert "cell 4  ValueError: operands could not be broadcast" in text
    assert "layers/linear.py, line 31 │ out = x @ self.W + self.b" in text
    assert "stopped at what an earlier cell lacks: cell 9" in text  # it misses a name that cell 4 would have defined
    assert "line 2 │ plt.plot(losses)" in page(mixed(), 100, verbose=True)
    assert "cell 7  ran out of time" in text
    assert "cell 2 " not in text


def test_many_failing_cells_are_cut_short_unless_verbose() -> None:
    error = StudentError(type="KeyError", message="'x'", frames=(Frame("cell 1", 1, "d['x']"),))
    many = report(cells=tuple(CellRun(index=i, status="error", error=error) for i in range(10, 30)))
    assert page(many).count("KeyError") == 3
    assert "and 17 more: cells 13, 14" in page(many)
    assert page(many, verbose=True).count("KeyError") == 20


def test_total_names_what_waits() -> None:
    assert page(mixed()).splitlines()[-1] == "7 of 10.33 points; 20 points are marked by a person"
    waiting = outcome("f", RELU, "t", "pending", worth=1, message="left to a person")
    assert page(report(auto(RELU, "pending", waiting))).splitlines()[-1] == (
        "0 of 1 point; 1 point is marked by a person"
    )


def test_notes_are_shown() -> None:
    assert "Notes\n· nn_utils.py was changed" in page(mixed())


def test_ungradable_and_fault_have_a_reason_and_no_total() -> None:
    text = page(sample_reports.ungradable(), 100)
    assert "sandbox" not in text  # no code was run
    assert "could not be graded" in text
    assert "Python 2; convert it" in text
    assert "points" not in text
    fault = Report(assignment="t", title="T", path="a", digest="", status="fault", reason="golden is missing")
    assert "not your mistake" in page(fault)
    assert "golden is missing" in page(fault)


def test_ascii_page_has_no_other_characters() -> None:
    for make in SITUATIONS[:4]:
        assert page(make(), ascii_only=True).isascii()


def test_verbose_shows_questions_seed_and_versions() -> None:
    text = page(mixed(), verbose=True)
    for piece in ("Plot the loss over the epochs.", "seed 90", "NumPy 2.4.0"):
        assert piece in text
        assert piece not in page(mixed())


def test_points_checked_later_are_named_in_the_last_line() -> None:
    own = msgspec.structs.replace(sample_reports.all_passed(), unchecked=Fraction(8))
    assert page(own).splitlines()[-1] == "3 of 3 points that can be checked here; 8 more are checked after you hand in"


def test_one_mistake_seen_by_several_checks_is_told_once() -> None:
    named = Diagnosis(code="mean-for-sum", text="Your results are exactly what this mistake gives: the mean.")
    first = outcome("a", AFFINE, "Gradients", "failed", diagnosis=named)
    second = outcome("b", AFFINE, "Gradients at another size", "failed", diagnosis=named, hidden=True)
    elsewhere = outcome("c", RELU, "Network", "failed", diagnosis=named)
    text = page(report(auto(AFFINE, "failed", first, second), auto(RELU, "failed", elsewhere)), 100)
    assert text.count("the mean.") == 1
    assert "(also fails: Gradients at another size (hidden))" in text
    assert "the same mistake as in 1" in text


def test_a_check_of_which_more_is_wrong_is_told_by_itself() -> None:
    named = Diagnosis(code="mean-for-sum", text="`dx` is exactly what this mistake gives: the mean.")
    first = outcome("a", AFFINE, "Gradients", "failed", diagnosis=named)
    more = outcome("b", RELU, "Network", "failed", diagnosis=msgspec.structs.replace(named, whole=False))
    text = page(report(auto(AFFINE, "failed", first), auto(RELU, "failed", more)), 100)
    assert text.count("the mean.") == 2
    assert "the same mistake as in 1" not in text


def test_a_sentence_of_another_kind_comes_before_more_of_the_same() -> None:
    off = [f"the gradient of {name} is off by {by}" for name, by in (("W1", 0.84), ("W2", 0.82))]
    arrays = tuple(
        Comparison(name=name, status="failed", message=text)
        for name, text in (("W1", off[0]), ("W2", off[1]), ("b1", "b1 does not change"), ("b2", "b2 does not change"))
    )
    told = feedback(outcome("b", RELU, "Gradient", "failed", message=off[0], arrays=arrays)).arrays
    assert told == ("b1 does not change (the same for `b2`)", off[1])


def test_what_a_sentence_says_of_several_arrays_is_said_once() -> None:
    said = "the gradient of W1 is wrong: the slope is taken at the activations"
    arrays = tuple(
        Comparison(name=name, status="failed", message=said.replace("W1", name)) for name in ("W1", "W2", "b1")
    )
    judged = outcome("b", RELU, "Gradient", "failed", message=said, arrays=arrays)
    assert feedback(judged).arrays == ("the same for `W2` and `b1`",)
    shape = [
        Comparison(name=n, status="failed", message=f"{n} has shape (3,), expected (4,)") for n in ("x", "y", "xs")
    ]
    compared = outcome("c", RELU, "Shapes", "failed", message="`x`, `y` and `xs` are not right.", arrays=tuple(shape))
    assert feedback(compared).arrays == ("x has shape (3,), expected (4,) (the same for `y` and `xs`)",)
    many = [Comparison(name=f"w{n}", status="failed", message=f"w{n} is zero") for n in range(9)]
    told = feedback(outcome("d", RELU, "Zeros", "failed", message="No.", arrays=tuple(many))).arrays
    assert told == ("w0 is zero (the same for `w1`, `w2`, `w3`, `w4`, `w5` and 3 more)",)


def test_what_is_not_started_is_called_no_mistake_beside_an_earlier_part() -> None:
    stub = "Not implemented yet."
    first = (
        outcome("a", AFFINE, "Scores", "missing", message=stub),
        outcome("b", AFFINE, "Shapes", "failed", message="no"),
    )
    later = (
        outcome("c", RELU, "Loss", "failed", message="too large"),
        outcome("d", RELU, "Steps", "missing", message=stub),
    )
    text = page(report(auto(AFFINE, "failed", *first), auto(RELU, "failed", *later)), 100)
    assert "not started, as in 1" in text
    assert "same mistake" not in text


def test_what_the_comparison_says_of_zeros_is_not_said_again() -> None:
    zero = Diagnosis(code="all-zero", text="`dx` is zero everywhere.")
    bad = outcome(
        "b", RELU, "Gradient", "failed", message="`dx`: 9 of 9 entries differ; it is zero there", diagnosis=zero
    )
    assert "zero everywhere" not in page(report(auto(RELU, "failed", bad)))


def test_lost_points_come_before_what_passed() -> None:
    good = auto(AFFINE, "passed", outcome("a", AFFINE, "Scores", score=1))
    bad = auto(RELU, "failed", outcome("b", RELU, "Gradient", "failed", message="`dx` is zero everywhere"))
    text = page(report(good, bad))
    assert text.index("dx` is zero") < text.index("✓ passed (1 point): 1 Affine layer")


def broken_cell() -> Report:
    unread = StudentError(type="SyntaxError", message="'(' was never closed", frames=(Frame("cell 3", 2, "f(x"),))
    lost = outcome("affine", AFFINE, "Scores", "missing", message="Not implemented yet: `affine` is not defined.")
    passed = outcome("relu", RELU, "Positive part", score=1)
    cell = CellRun(index=3, status="error", error=unread)
    return report(auto(AFFINE, "missing", lost), auto(RELU, "passed", passed), cells=(cell,))


def test_a_cell_that_python_cannot_read_comes_before_all_that_follows_from_it() -> None:
    text = page(broken_cell())
    assert text.index("'(' was never closed") < text.index("line 2 │ f(x") < text.index("Affine layer")
    assert text.count("'(' was never closed") == 1
    assert "Cells with errors" not in text


def test_a_module_that_python_cannot_read_is_named_and_not_the_cell_that_imports_it() -> None:
    frames = (Frame("cell 3", 2, "from layers.relu import ReLU"), Frame("layers/relu.py", 12, "self.x = x"))
    error = StudentError(type="TabError", message="inconsistent use of tabs", frames=frames)
    text = page(msgspec.structs.replace(broken_cell(), cells=(CellRun(index=3, status="error", error=error),)))
    assert "layers/relu.py  TabError: inconsistent use of tabs (imported by cell 3)" in text
    assert "line 12 │ self.x = x" in text
    assert "from layers.relu" not in text


def test_a_part_without_points_that_is_not_written_is_not_among_the_lost() -> None:
    provided = outcome("softmax", RELU, "Provided", score=0, worth=0)
    missing = outcome("pair", RELU, "Both layers in one", "missing", worth=0, message="Not implemented yet.")
    lost = outcome("affine", AFFINE, "Scores", "failed", message="No.")
    text = page(report(auto(AFFINE, "failed", lost), auto(RELU, "passed", provided, missing)))
    assert "○ not started: 2 ReLU layer" in text
    assert "Both layers in one" not in text
