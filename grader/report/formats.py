"""The table of report formats: what `grade -o FORMAT=FILE` can write.

Owns the list and what a command must know of a format; what each looks like is its own module's, and where it is
written the command's. A new format is a module that ends in `FORMAT = Format(...)` and one line in `FORMATS`.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from grader.model import Report

FORMATS = {
    "html": "grader.report.html.html",
    "json": "grader.report.json_report",
    "junit": "grader.report.ci.junit",
    "gradescope": "grader.report.gradescope.results",
    "github": "grader.report.ci.github",
    "markdown": "grader.report.ci.markdown",
}
"""Name to module: `--help` lists them all and loads none."""


class Appended(NamedTuple):
    """A second text of a format, added to a file that an environment variable names."""

    variable: str
    render: Callable[[Report, int], str]
    """Makes the text, given how many bytes the file already has."""


class Format(NamedTuple):
    """What a command must know of one format."""

    name: str
    """As in `FORMATS`."""
    render: Callable[..., str]
    """`render(report, **options)` is the whole file as text."""
    options: tuple[str, ...] = ()
    """Command-line options that `render` takes, as argparse names them."""
    needs_work: bool = False
    """It shows the submission itself: grading keeps `Report.work` and draws the figures."""
    exit_zero: bool = False
    """Its reader takes any other exit code for a crash."""
    page: Callable[[str], str] | None = None
    """For a format that is read from a log: what makes the terminal's page fit to stand beside it there."""
    appended: Appended | None = None


def find(name: str) -> Format:
    """The format of that name; loads its module."""
    format: Format = import_module(FORMATS[name]).FORMAT
    return format
