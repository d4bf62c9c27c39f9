import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import xmlschema

from grader.model import Report
from grader.report.ci.junit import render
from tests.report import sample_reports
from tests.report.sample_reports import AFFINE, auto, mixed, outcome, report

SITUATIONS = [getattr(sample_reports, n) for n in ("all_passed", "stub", "mixed", "ungradable", "hostile")]
SCHEMA = xmlschema.XMLSchema(Path(__file__).with_name("junit-10.xsd"))


@pytest.mark.parametrize("make", SITUATIONS, ids=lambda f: f.__name__)
def test_every_report_fits_the_schema_of_jenkins(make: Callable[[], Report]) -> None:
    text = render(make())
    SCHEMA.validate(text)
    root = ET.fromstring(text.split("\n", 1)[1])
    for suite in root:
        cases = suite.findall("testcase")
        assert int(suite.attrib["tests"]) == len(cases)
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.attrib[attribute]) == sum(case.find(tag) is not None for case in cases)
    for what in ("tests", "failures", "errors"):
        assert int(root.attrib[what]) == sum(int(suite.attrib[what]) for suite in root)


def test_the_schema_refuses_what_jenkins_does() -> None:
    with pytest.raises(xmlschema.XMLSchemaValidationError):
        SCHEMA.validate(render(mixed()).replace("<failure ", "<wrong ").replace("</failure>", "</wrong>"))


def test_statuses_become_failures_errors_and_skips() -> None:
    root = ET.fromstring(render(mixed()).split("\n", 1)[1])
    found = {case.attrib["name"]: [child.tag for child in case] for case in root.iter("testcase")}
    assert found == {
        "Scores of a batch": [],
        "Gradients with respect to the inputs, the weight and the bias": ["failure"],
        "Gradient for a random upstream gradient (hidden)": ["failure"],
        "Inputs stay as they are": ["error"],
        "Gradients of all four parameters": ["failure"],
        "Loss curve": ["skipped"],
        "Why does a small step size learn slowly?": ["skipped"],
    }
    failure = root.find(".//failure")
    assert failure is not None
    assert failure.text is not None
    assert "times 7 it is right" in failure.text


def test_points_are_properties_of_the_suite() -> None:
    root = ET.fromstring(render(mixed()).split("\n", 1)[1])
    found = {p.attrib["name"]: p.attrib["value"] for p in root[0].iter("property")}
    assert found == {"score": "4", "max_score": "5", "score.affine_forward": "2/2", "score.affine_backward": "2/3"}


def test_no_two_cases_have_one_name() -> None:
    same = [outcome(id, AFFINE, "Scores", "passed", 1) for id in ("first", "second")]
    names = re.findall(r'testcase classname="([^"]+)" name="([^"]+)"', render(report(auto(AFFINE, "passed", *same))))
    assert [name for _, name in names] == ["Scores [first]", "Scores [second]"]


def test_ungradable_is_one_error_with_its_reason() -> None:
    root = ET.fromstring(render(sample_reports.ungradable()).split("\n", 1)[1])
    assert (root.attrib["tests"], root.attrib["errors"]) == ("1", "1")
    error = root.find(".//error")
    assert error is not None
    assert "Python 2" in error.attrib["message"]


def test_no_character_that_xml_cannot_hold() -> None:
    bad = outcome("f", AFFINE, "t", "failed", 0, Fraction(1), "a\x00b\ufffec\x1b[31m ]]> <b>&")
    root = ET.fromstring(render(report(auto(AFFINE, "failed", bad))).split("\n", 1)[1])
    failure = root.find(".//failure")
    assert failure is not None
    assert failure.attrib["message"] == "a\ufffdb\ufffdc ]]> <b>&"
