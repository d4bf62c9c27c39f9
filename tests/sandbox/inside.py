"""Run a few lines inside layers of the sandbox, in a process of their own, and hear what they found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

_SCRIPT = """
import json, os, sys, time
from grader.sandbox import confine, landlock, view
from grader.sandbox.layer import Plan
work, staging, namespaces, most, secret = {words!r}
plan = Plan(readable=view.readable(), writable=(work,), staging=staging, user=60999, memory=4 << 30,
            file_size=1 << 28)
if most is not None:
    landlock.abi = lambda found=landlock.abi(): min(found, most)
if namespaces:
    confine.isolate(plan)
if os.fork() == 0:
    outside = os.getppid()
    confined = confine.confine(plan, in_namespaces=namespaces)
    os.chdir(work)
    def tried(action):
        try:
            return repr(action())
        except Exception as error:
            return type(error).__name__
{body}
    print(json.dumps(told), flush=True)
    os._exit(0)
os._exit(os.waitstatus_to_exitcode(os.wait()[1]) & 0xFF)
"""


def inside(folder: Path, body: str, *, namespaces: bool = False, most: int | None = None) -> Any:
    """What `body` has put into `told`; it may use `tried`, `work`, `secret` (a file outside) and `outside` (a pid)."""
    for name in ("work", "view"):
        (folder / name).mkdir(exist_ok=True)
    secret = folder / "golden.txt"
    secret.write_text("42")
    words = (str(folder / "work"), str(folder / "view"), namespaces, most, str(secret))
    script = _SCRIPT.format(words=words, body=textwrap.indent(textwrap.dedent(body), "    "))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, cwd="/")
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def reachable() -> bool:
    """Whether a spare user could use this interpreter: not where it lies in root's home."""
    return all(parent.stat().st_mode & 1 for parent in Path(os.path.realpath(sys.executable)).parents)
