"""Deadlines count no waiting for a core; a submission has one allowance for all that it does."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from grader.execution import fair_time
from grader.execution.fair_time import Allowance, CoreTime, Deadline, core_time, outside
from grader.execution.observe import USED_UP, observe
from grader.execution.process import RootProcess
from grader.execution.session import Session
from grader.model import Anchor, Limits
from tests.support import make_assignment, make_check, make_submission


def test_waiting_for_a_core_extends_a_deadline_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    now, waited = 0.0, 0.0
    monkeypatch.setattr(fair_time.time, "monotonic", lambda: now)
    left = Deadline(10.0, lambda: CoreTime(waited, 0.0))
    assert left() == pytest.approx(1.0)  # the first look
    now = 1.0
    assert left() == pytest.approx(9.0)
    now, waited = 10.0, 6.0
    assert left() == pytest.approx(6.0)
    now, waited = 16.0, 6.0
    assert left() == pytest.approx(0.0)
    now, waited = 100.0, 99.0
    assert left() == pytest.approx(0.0)  # ten times the deadline, and no more


def test_without_waiting_a_deadline_is_wall_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(fair_time.time, "monotonic", lambda: now)
    left = Deadline(2.0, lambda: CoreTime(3.0, 0.0))  # waited before it was asked
    left()
    now = 0.6
    left()
    now = 2.0
    assert left() <= 0


def test_waiting_for_its_own_processes_is_not_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    now, account = 0.0, CoreTime(0.0, 0.0)
    monkeypatch.setattr(fair_time.time, "monotonic", lambda: now)
    left = Deadline(10.0, lambda: account)
    now = 1.0
    left()
    now, account = 10.0, CoreTime(waited=9.0, computed=8.0)  # of ten seconds two went to others
    assert left() == pytest.approx(2.0)
    now, account = 12.0, CoreTime(waited=11.0, computed=10.0)
    assert left() == pytest.approx(0.0)


def test_what_the_grader_notices_late_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(fair_time.time, "monotonic", lambda: now)
    deadline, allowance = Deadline(2.0, lambda: CoreTime(0.0, 0.0)), Allowance(10.0)
    with allowance.spending() as exclude:
        now = 6.0
        exclude(deadline.not_counted())
    assert allowance.used == pytest.approx(2.0)


def test_an_allowance_counts_open_questions_once_and_no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(fair_time.time, "monotonic", lambda: now)
    allowance = Allowance(10.0)
    with allowance.spending() as waited, allowance.spending():
        now = 4.0
        waited(1.0)
    now = 100.0  # what the grader does itself
    assert allowance.used == pytest.approx(3.0)
    assert allowance.left() == pytest.approx(7.0)
    assert not allowance.exceeded
    with allowance.spending():
        now = 107.0
    assert allowance.left() == 0
    assert allowance.exceeded


@pytest.mark.skipif(not os.path.exists("/proc/self/schedstat"), reason="the kernel keeps no such account")
def test_waiting_is_read_from_the_kernel() -> None:
    busy = (
        "import os, time\nfor _ in range(5): os.fork()\nend = time.monotonic() + 3\nwhile time.monotonic() < end: pass"
    )
    with subprocess.Popen([sys.executable, "-S", "-c", busy]) as process:
        time.sleep(2)
        assert outside(os.getpid(), process.pid) == process.pid
        waited, computed = core_time(os.getpid(), process.pid)
        assert waited > 0.1
        assert computed > 0.1
        process.wait()


def test_a_submission_that_has_used_up_its_time_keeps_what_was_observed(tmp_path: Path) -> None:
    quick = make_check("return {'y': np.zeros(1)}", name="quick", uses=["f"])
    slow = make_check("import time\ntime.sleep(60)", name="slow", uses=["f"])
    assignment = make_assignment(tmp_path, [quick, slow], {"f": ""}, Limits(cell=5.0, check=30.0, submission=2.0))
    submission = make_submission(tmp_path, ["def f(x):\n    return x"], None)
    anchors = {"quick": Anchor(when="end"), "slow": Anchor(when="end")}
    with RootProcess() as root:
        session = Session(root, assignment, submission, anchors, seed=5)
        started = time.monotonic()
        session.run_cells()
        first = observe(session, quick, seed=1)
        ended = [observe(session, slow, seed=1), observe(session, slow, seed=2), observe(session, quick, seed=2)]
        session.close()
    assert first.ended == "returned"
    assert {each.ended for each in ended} == {"timeout"}
    assert ended[0].error is not None
    assert USED_UP in ended[0].error.message
    assert time.monotonic() - started < 15
    assert sum("time" in note and "used up" in note for note in session.notes) == 1


def test_getting_ready_has_the_grader_s_own_deadline(tmp_path: Path) -> None:
    check = make_check("return {'y': np.zeros(1)}", uses=["f"])
    assignment = make_assignment(tmp_path, [check], {"f": ""}, Limits(cell=0.5))
    assignment = msgspec.structs.replace(assignment, compat="import time\ntime.sleep(1)")  # as on a busy machine
    with RootProcess() as root:
        Session(root, assignment, make_submission(tmp_path, ["x = 1"]), {check.id: Anchor(when="end")}, seed=5).close()


@pytest.mark.skipif(sys.platform != "linux", reason="seccomp")
def test_student_code_stays_in_its_session_and_is_not_disturbed(tmp_path: Path) -> None:
    cell = (
        "import os, subprocess, sys\nbefore = os.getsid(0), os.getpgid(0)\nif os.fork() == 0:\n    os.setsid()\n"
        "    os.setpgid(0, 0)\n    os._exit((os.getsid(0), os.getpgid(0)) != before)\n"
        "assert os.wait()[1] == 0\nsubprocess.run([sys.executable, '-c', 'pass'], start_new_session=True, check=True)"
    )
    check = make_check("return {'y': np.zeros(1)}", uses=["f"])
    assignment = make_assignment(tmp_path, [check], {"f": ""}, Limits(cell=30.0))
    with RootProcess() as root:
        session = Session(
            root, assignment, make_submission(tmp_path, [cell], None), {check.id: Anchor(when="end")}, seed=5
        )
        session.run_cells()
        session.close()
    assert [(c.status, c.error) for c in session.cells] == [("ok", None)]
