"""The formats that a report can be written in, by name.

Owns the list; what each looks like is its own module's, and where it is written the command's.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from grader.model import Report
from grader.report.gradescope import results as gradescope


class Format(Struct, frozen=True, kw_only=True):
    """One format: `render(report)` is the whole file as text."""

    render: Callable[[Report], str]


def find(name: str, *, when: gradescope.When = gradescope.DEFAULT) -> Format:
    """The format of that name (one of `grader.cli.FORMATS`).

    Parameters
    ----------
    when
        For Gradescope: when students see the results of hidden checks.
    """
    if name == "html":
        from grader.report.html import html

        return Format(render=html.render)
    if name == "json":
        from grader.report import json_report

        return Format(render=json_report.dump)
    if name == "junit":
        from grader.report.ci import junit

        return Format(render=junit.render)
    if name == "gradescope":
        return Format(render=lambda report: gradescope.render(report, when=when))
    if name == "markdown":
        from grader.report.ci import markdown

        return Format(render=markdown.render)
    if name == "github":
        from grader.report.ci import github

        return Format(render=github.render)
    raise KeyError(name)
