"""Marks that people gave on a student's page: rendered with it, or put into one that exists.

Owns the regions of the page that marks change, so that marking three hundred submissions does not run them once more.
Everything in a region is made here; what a student wrote is escaped everywhere, so no region is theirs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from grader.model import Answer, Manual, Part, PartResult
from grader.report import sentences
from grader.report.html import with_code
from grader.report.html.feedback import View, part_view
from grader.report.json_report import exact, mark_from_json
from grader.report.sanitize import points

_REGION = re.compile(r"<!--(total|changed|(?:score|mark) \d+)-->.*?<!--/-->", re.DOTALL)


def region(name: str, content: str) -> Markup:
    """A piece of the page that marks can change."""
    return Markup("<!--{}-->{}<!--/-->").format(name, content)


def total(page: View) -> Markup:
    return Markup("<strong>{}</strong>{}").format(page["score"], page["total"])


def state(part: View) -> Markup:
    earned = Markup('<span class="points">{}</span>, ').format(part["points"]) if part["has_points"] else ""
    return Markup('<span class="muted">{}{}</span>').format(earned, part["state"])


def mark(part: View) -> Markup:
    """Items, comment and model answer."""
    lines = Markup("").join(Markup("<li>{}</li>").format(with_code(line)) for line in part["mark"])
    block = Markup('<ul class="mark">{}</ul>').format(lines) if lines else Markup("")
    if part["comment"]:
        block += Markup('<div class="comment">{}</div>').format(part["comment"])
    if part["model"]:
        block += Markup("<details><summary>Model answer</summary>{}</details>").format(part["model"])
    return block


FUNCTIONS = {"region": region, "total": total, "state": state, "mark": mark}


def put_in(page: str, report: Mapping[str, Any]) -> str:
    """The page with the marks of a `grade/1` object, in the place of those that it had."""
    by_person = [part for part in report["parts"] if part["kind"] == "manual"]
    others = [part for part in report["parts"] if part["kind"] == "auto"]
    regions = {"total": _total(report), "changed": Markup("").join(map(_changed, others))}
    for number, part in enumerate(by_person, 1):
        view = part_view(_result(part))
        regions[f"score {number}"] = state(view)
        regions[f"mark {number}"] = mark(view)

    def filled(match: re.Match[str]) -> str:
        name = match[1]
        return str(region(name, regions[name])) if name in regions else match[0]

    return _REGION.sub(filled, page)


def _total(report: Mapping[str, Any]) -> Markup:
    earned, most, pending = (exact(report[key]) for key in ("score", "max_score", "pending"))
    text = sentences.total_of(earned, most, pending, exact(report.get("unchecked", 0))).removeprefix(points(earned))
    return Markup("<strong>{}</strong>{}").format(points(earned), text)


def _result(part: Mapping[str, Any]) -> PartResult:
    """What is shown of a part of a `grade/1` object."""
    known = Part(part["id"], part["title"])
    most = exact(part["max_score"])
    question = part.get("question")
    manual = None if question is None else Manual(part=known, points=most, kind="written", question="", under="")
    answer = part.get("answer")
    return PartResult(
        part=known,
        status=part["status"],
        score=exact(part["score"] or 0),
        max_score=most,
        manual=manual,
        answer=None if answer is None else Answer(state=answer["state"], cell=answer["cell"]),
        mark=mark_from_json(part["mark"]) if "mark" in part else None,
    )


def _changed(part: Mapping[str, Any]) -> Markup:
    """An automatic part that a person decided or changed; what the program found stands where it stood."""
    decided = [check["message"] for check in part["checks"] if "mark" in check]
    if "mark" not in part and not decided:
        return Markup("")
    view = part_view(_result(part))
    lines = Markup("").join(Markup("<p>{}</p>").format(line) for line in decided)
    head = Markup("<h3>{} {} {}</h3>").format(view["id"], view["title"], state(view))
    return head + mark(view) + lines
