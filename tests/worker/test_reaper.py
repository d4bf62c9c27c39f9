"""Strays are ended, what is dead is not waited for, and what only looks dead is ended too."""

from __future__ import annotations

import subprocess
import sys
import textwrap

RUN = """
import ctypes, os, sys, threading, time
from grader.worker import reaper
from grader.worker.reaper import adopt_orphans, sweep_strays
reaper.SWEEP_SECONDS = 60
adopt_orphans()
snapshot = os.fork()
if snapshot == 0:
{body}
    time.sleep(600)
time.sleep(0.5)
below = [
    int(word)
    for thread in os.listdir(f"/proc/{{snapshot}}/task")
    for word in open(f"/proc/{{snapshot}}/task/{{thread}}/children").read().split()
]
assert below, "the snapshot has started nothing"
begun = time.monotonic()
sweep_strays({{snapshot}}, hard=True)
states = [open(f"/proc/{{pid}}/stat").read().rpartition(")")[2].split()[0] for pid in below]
threads = [len(os.listdir(f"/proc/{{pid}}/task")) for pid in below]
os.kill(snapshot, 9)
print(states, threads, "at once" if time.monotonic() - begun < 30 else "waited")
"""


def swept(body: str) -> str:
    """What is left of what a snapshot has started, after a hard sweep that keeps the snapshot."""
    script = RUN.format(body=textwrap.indent(textwrap.dedent(body), "    "))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_dead_child_that_nobody_has_waited_for_does_not_hold_up_the_sweep() -> None:
    assert swept("os.fork() or os._exit(0)") == "['Z'] [1] at once"


def test_a_live_one_is_ended() -> None:
    assert swept("os.fork() or time.sleep(600)") == "['Z'] [1] at once"


def test_a_process_whose_first_thread_alone_has_ended_is_ended() -> None:
    body = """
    if os.fork() == 0:
        threading.Thread(target=time.sleep, args=(600,)).start()
        ctypes.CDLL(None).syscall(60 if os.uname().machine == "x86_64" else 93, 0)
    """
    assert swept(body) == "['Z'] [1] at once"


def test_what_a_second_thread_has_started_is_ended() -> None:
    body = """
    def work():
        if os.fork() == 0:
            time.sleep(30)
            os._exit(0)
        time.sleep(600)
    threading.Thread(target=work, daemon=True).start()
    """
    assert swept(body) == "['Z'] [1] at once"
