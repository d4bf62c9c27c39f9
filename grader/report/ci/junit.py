"""The report as JUnit XML, the form that CI servers show: a suite for each part, a test case for each check.

What is not started is skipped. Fits the schema of Jenkins (`junit-10.xsd`), which knows no properties of a test case:
points stand as properties of the suite. GitLab drops a case whose name another one has, so a title that comes twice
gets its check's id.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from grader.model import Outcome, PartResult, Report
from grader.report import sentences
from grader.report.formats import Format
from grader.report.sanitize import clean, in_points, one_line, points

_FAILED = frozenset({"partial", "failed"})
_BROKEN = frozenset({"error", "timeout"})
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped."""


def render(report: Report) -> str:
    """Make the document, with a final newline; no time of day is in it, so that it stays the same."""
    root = ET.Element("testsuites", name=_xml(report.title or report.assignment or "grade"))
    if report.status == "graded":
        titles = Counter(sentences.check_title(o) for p in report.parts for o in p.outcomes)
        suites = [_suite(report, part, titles) for part in report.parts]
    else:
        suites = [_void(report)]
    root.extend(suites)
    for what in ("tests", "failures", "errors"):
        root.set(what, str(sum(int(suite.get(what, "0")) for suite in suites)))
    root.set("time", _seconds(sum(float(suite.get("time", "0")) for suite in suites)))
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode", xml_declaration=False)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _suite(report: Report, part: PartResult, titles: Counter[str]) -> ET.Element:
    name = f"{part.part.id} {part.part.title}"
    cases = [_manual(report, part)] if part.manual else [_case(report, part, o, titles) for o in part.outcomes]
    suite = _with_counts(name, cases, sum(o.seconds for o in part.outcomes))
    properties = ET.Element("properties")
    if part.is_scored:
        _property(properties, "score", points(part.score))
    _property(properties, "max_score", points(part.max_score))
    for outcome in part.outcomes:
        _property(properties, f"score.{outcome.check.id}", f"{points(outcome.score)}/{points(outcome.check.points)}")
    suite.insert(0, properties)
    if credit := sentences.credit(part):
        ET.SubElement(suite, "system-out").text = _xml(credit)
    return suite


def _case(report: Report, part: PartResult, outcome: Outcome, titles: Counter[str]) -> ET.Element:
    title = sentences.check_title(outcome)
    if titles[title] > 1:
        title += f" [{outcome.check.id}]"
    case = _named(report, part, title, outcome.seconds)
    lines = sentences.feedback(outcome, limit=None).lines
    message = one_line(lines[0] if lines else sentences.STATUS[outcome.status])
    if outcome.status == "passed":
        return case
    kind = "failure" if outcome.status in _FAILED else "error" if outcome.status in _BROKEN else "skipped"
    element = ET.SubElement(case, kind, type=outcome.status, message=_xml(message))
    element.text = _xml("\n".join([f"{points(outcome.score)} of {in_points(outcome.check.points)}", *lines]))
    return case


def _manual(report: Report, part: PartResult) -> ET.Element:
    case = _named(report, part, part.part.title, 0.0)
    if part.mark is not None:
        if part.status != "passed":
            message = f"{points(part.score)} of {in_points(part.max_score)}"
            failure = ET.SubElement(case, "failure", type=part.status, message=_xml(message))
            failure.text = _xml("\n".join(sentences.mark_lines(part)))
        return case
    message = f"needs manual grading, {in_points(part.max_score)}; {sentences.answer_state(part)}"
    ET.SubElement(case, "skipped", type="pending", message=_xml(message))
    return case


def _void(report: Report) -> ET.Element:
    case = ET.Element("testcase", classname=_xml(report.assignment or "grade"), name="grading", time="0")
    element = ET.SubElement(case, "error", type=report.status, message=_xml(report.reason))
    element.text = _xml(sentences.no_score(report))
    return _with_counts("grading", [case], 0.0)


def _named(report: Report, part: PartResult, title: str, seconds: float) -> ET.Element:
    # CI servers take what stands before the last dot for a package, and a part's id may hold dots
    place = f"{report.assignment}.{part.part.id.replace('.', '_')} {part.part.title.replace('.', ' ')}"
    return ET.Element("testcase", classname=_xml(place), name=_xml(title), time=_seconds(seconds))


def _with_counts(name: str, cases: Sequence[ET.Element], seconds: float) -> ET.Element:
    suite = ET.Element("testsuite", name=_xml(name), tests=str(len(cases)))
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(sum(case.find(tag) is not None for case in cases)))
    suite.set("time", _seconds(seconds))
    suite.extend(cases)
    return suite


def _property(properties: ET.Element, name: str, value: str) -> None:
    ET.SubElement(properties, "property", name=_xml(name), value=_xml(value))


def _seconds(value: float) -> str:
    return f"{min(value, 999_999.0):.3f}"


def _xml(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", clean(text))


FORMAT = Format("junit", render)
