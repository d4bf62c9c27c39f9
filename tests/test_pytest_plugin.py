"""Plain pytest in a hand-out, with a grading function that gives a made-up report; `commands` has a real run."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import grader.engine
from grader.errors import AuthoringError
from grader.model import (
    CellRun,
    Comparison,
    Diagnosis,
    Excerpt,
    Manual,
    Notebook,
    Outcome,
    Part,
    PartResult,
    Report,
    Status,
    StudentError,
    Work,
)

pytest_plugins = "pytester"

TOML = """\
id = "toy"
title = "A toy of two parts"
points = 10
seed = 1
student_files = ["toy.py"]
order = ["1", "2", "3"]
[names]
double = "toy"
triple = "toy"
[[manual]]
id = "3"
title = "Essay"
points = 5
kind = "written"
under = "Essay"
question = "Why?"
"""
CHECKS = '''\
from grader import Part, check

SECOND = Part("2", "Triple")
FIRST = Part("1", "Double")


@check(SECOND, points=3, uses=["triple"])
def tripled(student, rng):
    """Three times the input"""
    return {"y": student.triple(rng.normal(size=3))}


@check(FIRST, points=2, uses=["double"])
def doubled(student, rng):
    """Twice the input"""
    return {"y": student.double(rng.normal(size=3))}
'''


@pytest.fixture
def handout(pytester: pytest.Pytester) -> Path:
    pytester.makefile(".toml", assignment=TOML)
    pytester.makepyfile(checks=CHECKS, toy="def double(x):\n    return 2 * x\n")
    return pytester.path


def report(folder: Path, **statuses: tuple[Status, str]) -> Report:
    """A report on `handout`, with a status and a message for each check."""
    from grader.assignment.loading.load import load_assignment

    assignment = load_assignment(folder, folder)
    parts = []
    for check in assignment.checks:
        status, message = statuses.get(check.id, ("passed", ""))
        score = check.points if status == "passed" else Fraction(0)
        arrays = (Comparison(name="y", status="failed", message="`y` is half of it"),) if status == "failed" else ()
        named = Diagnosis(code="factor", text="It looks like a missing factor 2.") if status == "failed" else None
        found = Outcome(check=check, status=status, score=score, message=message, arrays=arrays, diagnosis=named)
        parts.append(PartResult(part=check.part, status=status, score=score, max_score=check.points, outcomes=(found,)))
    essay = Part("3", "Essay")
    manual = Manual(part=essay, points=Fraction(5), kind="written", question="Why?", under="Essay")
    parts.append(PartResult(part=essay, status="pending", score=Fraction(0), max_score=Fraction(5), manual=manual))
    code = {check.id: (Excerpt(name="double", file="toy.py", line=1, text=""),) for check in assignment.checks}
    cell = CellRun(index=4, status="error", error=StudentError(type="SyntaxError", message="invalid syntax"))
    return Report(
        assignment="toy",
        title="A toy of two parts",
        path=str(folder),
        digest="",
        status="graded",
        parts=tuple(parts),
        cells=(cell,),
        work=Work(notebook=Notebook(name="toy.ipynb", cells=()), code=code),
    )


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Run pytest in the hand-out with `grader.engine.grade` giving (or raising) `result`; counts the gradings."""

    def run(result: Report | Exception, *words: str) -> Any:
        calls: list[tuple[Any, Any]] = []

        def grade(*args: Any, **kw: Any) -> Report:
            calls.append((args, kw))
            if isinstance(result, Exception):
                raise result
            return result

        monkeypatch.setattr(grader.engine, "grade", grade)
        done = pytester.runpytest_inprocess("-p", "no:hypothesispytest", *words)  # it takes 2 s to say goodbye
        done.calls = calls
        return done

    return run


def test_every_public_check_is_an_item_in_printed_order(
    pytester: pytest.Pytester, handout: Path, run: Callable[..., Any]
) -> None:
    done = run(report(handout), "--collect-only", "-q")
    done.stdout.fnmatch_lines(["assignment.toml::doubled", "assignment.toml::tripled", "2 tests collected*"])
    assert done.calls == []


def test_folder_is_graded_once_with_public_checks_only(handout: Path, run: Callable[..., Any]) -> None:
    done = run(report(handout))
    done.assert_outcomes(passed=2)
    assert done.calls == [((handout, "toy"), {"course": handout, "hidden": False, "keep": True})]
    done.stdout.fnmatch_lines(["5 of 5 points; 5 points are marked by a person", "*grade ."])


def test_summary_names_what_was_graded_and_the_cell_that_everything_rests_on(
    handout: Path, run: Callable[..., Any]
) -> None:
    lines = ["Graded: toy.ipynb", "Cell 4 has an error: SyntaxError: invalid syntax", "For notes and the rest: grade ."]
    run(report(handout)).stdout.fnmatch_lines(lines)


def test_workers_of_xdist_grade_once_and_the_points_line_stays(pytester: pytest.Pytester, handout: Path) -> None:
    """Really graded, as the workers are other processes; each of four workers has an item to run."""
    (handout / "golden").mkdir()
    (handout / "golden" / "public.json").write_text("{}")
    pytester.makepyfile(
        sitecustomize="""
        import pathlib, time, grader.engine
        def grade(folder, assignment, **kw):
            with (pathlib.Path(folder) / "graded.txt").open("a") as log:
                log.write("once ")
            time.sleep(0.3)
            from grader.model import Report
            return Report(assignment="toy", title="A toy", path="", digest="", status="graded")
        grader.engine.grade = grade
        """
    )
    pytester.syspathinsert(handout)
    done = pytester.runpytest_subprocess("-n", "2", "--dist", "each", "-p", "no:hypothesispytest", "-p", "grader")
    assert (handout / "graded.txt").read_text() == "once "
    done.stdout.fnmatch_lines(["*A toy*", "0 of 0 points", "For notes and the rest: grade ."])
    assert done.stdout.str().count("0 of 0 points") == 1


@pytest.mark.parametrize("status", ["failed", "partial", "error", "timeout"])
def test_lost_check_fails_with_the_feedback_alone(handout: Path, run: Callable[..., Any], status: Status) -> None:
    done = run(report(handout, tripled=(status, "Not \x1b[2Jright.")))
    done.assert_outcomes(passed=1, failed=1)
    text = done.stdout.str()
    assert "\ntoy.py:1: Not \N{REPLACEMENT CHARACTER}right." in text
    assert ("\n  `y` is half of it" in text) == (status == "failed")
    assert ("  > It looks like a missing factor 2." in text) == (status == "failed")
    assert "Traceback" not in text
    assert "pytest_plugin" not in text.partition("FAILURES")[2]
    assert "[2] Triple: Three times the input" in text  # the heading of the failure


@pytest.mark.parametrize("status", ["skipped", "pending"])
def test_check_without_a_verdict_is_skipped(handout: Path, run: Callable[..., Any], status: Status) -> None:
    done = run(report(handout, tripled=(status, "left to a person")), "-rs")
    done.assert_outcomes(passed=1, skipped=1)
    done.stdout.fnmatch_lines(["*left to a person*"])


def test_what_is_not_started_is_skipped_and_pytest_exits_as_for_a_failure(
    handout: Path, run: Callable[..., Any]
) -> None:
    done = run(report(handout, tripled=("missing", "`triple` is not implemented yet.")))
    done.assert_outcomes(passed=1, skipped=1)
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.stdout.fnmatch_lines(["Not started: 2"])
    assert run(report(handout)).ret == pytest.ExitCode.OK


def test_ungradable_is_one_failure_with_its_reason(handout: Path, run: Callable[..., Any]) -> None:
    void = Report(assignment="toy", title="", path="", digest="", status="ungradable", reason="it is Python 2")
    done = run(void)
    done.assert_outcomes(failed=1, skipped=1)
    done.stdout.fnmatch_lines(["This submission could not be graded: it is Python 2"])


def test_fault_is_named_as_such_and_tried_once(handout: Path, run: Callable[..., Any]) -> None:
    done = run(AuthoringError("golden/public.json is missing"))
    done.assert_outcomes(failed=1, skipped=1)
    assert len(done.calls) == 1
    done.stdout.fnmatch_lines(["The grader failed, which is not your mistake: golden/public.json is missing"])


def test_damaged_assignment_is_a_collection_error_of_one_line(
    pytester: pytest.Pytester, handout: Path, run: Callable[..., Any]
) -> None:
    (handout / "assignment.toml").write_text("id = 3")
    done = run(AssertionError("not reached"))
    done.assert_outcomes(errors=1)
    assert "Traceback" not in done.stdout.str()


def test_items_can_be_selected_by_name(handout: Path, run: Callable[..., Any]) -> None:
    run(report(handout), "-k", "doubled").assert_outcomes(passed=1, deselected=1)


def test_other_folders_are_left_alone(pytester: pytest.Pytester, handout: Path, run: Callable[..., Any]) -> None:
    (handout / "solution").mkdir()  # an instructor's sources
    lonely = pytester.mkdir("lonely")
    (lonely / "assignment.toml").write_text(TOML)  # no checks beside it
    done = run(report(handout))
    done.assert_outcomes()
    assert "points" not in done.stdout.str()


def test_plugin_is_loaded_where_the_grader_is_installed() -> None:
    from importlib.metadata import entry_points

    assert [e.value for e in entry_points(group="pytest11", name="grader")] == ["grader.pytest_plugin"]
