"""Everything that the grader itself can raise.

    GraderError
    ├── UsageError         usage error                                       exit 2
    ├── SubmissionError    this submission cannot be graded                     exit 3
    └── Fault              the grader or the assignment failed               exit 4
        ├── AuthoringError     an assignment is inconsistent (markers, points, golden, toml)
        └── WorkerError        the worker broke its protocol or could not start

A student's own exception is data (`grader.model.StudentError`) and never one of these.
Each message is one line that says what is wrong, where, and what to do.
"""

from __future__ import annotations

import os


class GraderError(Exception):
    """Base class; `exit_code` is what the command returns for it."""

    exit_code = 4


class UsageError(GraderError):
    """The caller asked for something that does not exist or does not fit together."""

    exit_code = 2


class SubmissionError(GraderError):
    """The submission as a whole cannot be graded (not a notebook, wrong assignment, unsafe archive)."""

    exit_code = 3


class Fault(GraderError):
    """The grader's or the assignment's own failure: it voids the report and costs no student a point."""

    exit_code = 4


class AuthoringError(Fault):
    """An assignment's source is inconsistent; the message names the file and line."""


class WorkerError(Fault):
    """The worker process could not be started or did not keep to its protocol."""


def require_fork() -> None:
    """Say in one line where this works, on a system whose processes cannot fork.

    Raises UsageError on Windows itself.
    """
    if not hasattr(os, "fork"):
        raise UsageError(
            "grading does not run on Windows itself; in WSL it does (`wsl --install` in a terminal, then install and "
            "run it in there), and so it does on Linux, on macOS and in Google Colab"
        )
