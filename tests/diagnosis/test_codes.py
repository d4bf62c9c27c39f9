from __future__ import annotations

import ast
import re
from pathlib import Path

import grader.diagnosis
from grader.diagnosis.codes import CODES

ROOT = Path(__file__).parent.parent.parent
CODE = re.compile(r"[a-z]+(-[a-z]+)+")


def test_each_code_has_its_section_and_each_section_its_code() -> None:
    sections = re.findall(r"^## (.+)$", (ROOT / "docs" / "diagnoses.md").read_text(), re.MULTILINE)
    assert sorted(sections) == sorted(CODES)


def test_no_section_is_empty() -> None:
    for section in (ROOT / "docs" / "diagnoses.md").read_text().split("\n## ")[1:]:
        assert len(section.partition("\n")[2].split()) > 8


def test_only_known_codes_are_given() -> None:
    """The second or third argument of `Candidate` and `Mutation`, wherever it stands in the package."""
    used = set()
    for path in Path(grader.diagnosis.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                at = {"Candidate": 0, "Mutation": 2}.get(node.func.id)
                if at is not None and isinstance(node.args[at], ast.Constant):
                    used.add(node.args[at].value)
    assert len(used) > 20
    assert used <= set(CODES)
