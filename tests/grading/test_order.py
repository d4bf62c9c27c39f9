"""The order of the questions to a submission: public, hidden, follow-through, never side by side."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from grader.engine import grade
from grader.execution import observe as module
from grader.execution import scheduler
from grader.execution.private import is_private
from grader.execution.supervisor import Supervisor
from grader.grading import evaluate
from tests.execution.test_private import course, graded, handed_in

__all__ = ("course",)


def test_who_knows_more_is_asked_later_and_follow_through_alone(
    course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[tuple[str, str]] = []

    def observe(session: Any, check: Any, *, seed: int, replacements: Sequence[Any] = ()) -> Any:
        kind = "follow" if replacements else check.visibility
        assert is_private(check, follow_through=bool(replacements)) == (kind != "public")
        events.append(("begin", kind))
        found = module.observe(session, check, seed=seed, replacements=replacements)
        events.append(("end", kind))
        return found

    def kill_strays(supervisor: Supervisor, *, hard: bool = False) -> None:
        if hard:
            events.append(("clear", ""))
        swept(supervisor, hard=hard)

    swept = Supervisor.kill_strays
    monkeypatch.setattr(Supervisor, "kill_strays", kill_strays)
    monkeypatch.setattr(scheduler, "observe", observe)
    monkeypatch.setattr(evaluate, "observe", observe)
    report = graded(course, tmp_path, "    return message, buffers")
    assert report.parts[2].score == 2  # by follow-through
    kinds = [kind for _, kind in events if kind]
    assert kinds == sorted(kinds, key=["public", "hidden", "follow"].index)
    assert {"public", "hidden", "follow"} == set(kinds)
    for number, event in enumerate(events):
        if event == ("begin", "follow"):
            assert events[number - 1] == ("clear", "")  # nothing that an earlier one has started is left
            assert events[number + 1] == ("end", "follow")
    hidden = events.index(("begin", "hidden"))
    assert ("clear", "") in events[:hidden]
    assert len([e for e in events[:hidden] if e[0] == "begin"]) == len([e for e in events[:hidden] if e[0] == "end"])


@pytest.mark.parametrize(
    ("gradients", "step", "points"),
    [
        ("raise NotImplementedError", "return w - 0.1 * linear_gradients(d_out, x, w)[1]", 2),
        ("return None", "return w - 0.1 * linear_gradients(d_out, x, w)[1]", 2),
        ("raise NotImplementedError", "raise NotImplementedError", 0),
        ("raise NotImplementedError", "return w", 0),
    ],
)
def test_a_missing_earlier_part_costs_no_later_one_that_is_written(
    course: Path, tmp_path: Path, gradients: str, step: str, points: int
) -> None:
    report = grade(handed_in(tmp_path, "    return message, buffers", gradients, step), "target", seed=3, course=course)
    assert [part.score for part in report.parts] == [1, 0, points]


def test_of_two_names_that_a_check_uses_the_unwritten_one_is_replaced(course: Path, tmp_path: Path) -> None:
    given = tmp_path / "course"
    shutil.copytree(course, given)
    for name in ("checks.py", "hidden.py"):
        checks = given / "reference" / "target" / name
        checks.write_text(
            checks.read_text().replace("""["linear_gradients"]""", """["linear_forward", "linear_gradients"]""")
        )
    step = "return w - 0.1 * linear_gradients(d_out, x, w)[1]"
    path = handed_in(tmp_path, "    return message, buffers", "raise NotImplementedError", step)
    assert [part.score for part in grade(path, "target", seed=3, course=given).parts] == [1, 0, 2]


def test_what_the_course_gives_earns_nothing_from_a_missing_part(course: Path, tmp_path: Path) -> None:
    given = tmp_path / "course"
    shutil.copytree(course, given)
    solution = given / "reference" / "target" / "solution" / "target.py"
    text = solution.read_text()
    begin = text.rindex("    ### BEGIN SOLUTION\n    return w")
    solution.write_text(
        text[:begin] + text[begin:].replace("    ### BEGIN SOLUTION\n", "").replace("    ### END SOLUTION\n", "")
    )
    step = "return w - 0.1 * linear_gradients(d_out, x, w)[1]"
    wrong = "return x, w, w[0]"
    for gradients, message, points in (
        ("raise NotImplementedError", "    return message, buffers", 0),
        (wrong, "    return message, buffers", 2),
        (wrong, "    return 0.0, 0.0", 0),  # nothing that is the student's own has earned a point
    ):
        path = handed_in(tmp_path, message, gradients, step)
        assert grade(path, "target", seed=3, course=given).parts[2].score == points
