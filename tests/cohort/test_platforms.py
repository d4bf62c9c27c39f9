"""Downloads of the platforms, by their names as they come."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.cohort.platforms import gradescope_metadata, owners, platform_of

CANVAS = ["doejane_1234_98765_hw3.ipynb", "doejane_1234_98766_layers-1.py", "roejohn_LATE_77_55501_my_net.ipynb"]
MOODLE = [
    "Jane Doe_1234_assignsubmission_file_",
    "José Núñez_1235_assignsubmission_file_",
    "Ann_7_assignsubmission_onlinetext_",
]
GRADESCOPE = """\
---
submission_101:
  :submitters:
  - :name: Jane Doe
    :sid: '0042'
    :email: jane@example.edu
  - :name: "Roe, John"
    :sid:
    :email: john@example.edu
  :created_at: 2026-03-01 12:00:00.123456000 Z
  :score: 3.0
  :history:
  - :id: 99
    :created_at: 2020-01-01 00:00:00 Z
    :submitters:
    - :name: Nobody Else
submission_102:
  :submitters:
  - :name: Ann
    :sid: 7
  :created_at: '2026-03-02T08:30:00+02:00'
"""


@pytest.mark.parametrize(
    ("names", "platform"),
    [
        (CANVAS, "canvas"),
        ([*CANVAS, *CANVAS, "notes.txt"], "canvas"),
        (["van_der_berg_late_1234_98765_hw.ipynb"], "canvas"),
        (MOODLE, "moodle"),
        (["Jane Doe_1234_assignsubmission_file_hw.ipynb"], "moodle"),
        (["submission_101", "submission_metadata.yml"], "gradescope"),
        (["jane", "john.ipynb"], "plain"),
        (["hw_3_2_final.ipynb", "hw_3_1_final.ipynb"], "plain"),
        ([], "plain"),
    ],
)
def test_a_platform_is_known_by_its_names(names: list[str], platform: str) -> None:
    assert platform_of(names) == platform


def test_canvas_tells_student_submission_lateness_and_file() -> None:
    found = owners("canvas", Path(), CANVAS)
    (jane,), (late,) = found[CANVAS[1]], found[CANVAS[2]]
    assert (jane.student, jane.name, jane.file, jane.late) == ("1234", "doejane", "layers-1.py", False)
    assert jane.ids == {"canvas_id": "1234", "canvas_submission": "98766"}
    assert (late.student, late.file, late.late) == ("77", "my_net.ipynb", True)


def test_canvas_of_another_year_writes_late_small_and_lets_names_have_underscores() -> None:
    names = ["van_der_berg_late_1234_98765_hw_2_1.ipynb", "mclate_12_98765_hw.ipynb"]
    (late,), (other,) = owners("canvas", Path(), names).values()
    assert (late.name, late.student, late.file, late.late) == ("van_der_berg", "1234", "hw_2_1.ipynb", True)
    assert (other.name, other.student, other.late) == ("mclate", "12", False)


def test_moodle_tells_name_and_participant_and_passes_over_typed_text() -> None:
    found = owners("moodle", Path(), MOODLE)
    assert list(found) == MOODLE[:2]
    (jose,) = found[MOODLE[1]]
    assert (jose.student, jose.name, jose.ids, jose.file) == ("1235", "José Núñez", {"moodle_id": "1235"}, "")


def test_moodle_without_folders_keeps_the_files_own_name() -> None:
    (jane,) = owners("moodle", Path(), ["Jane Doe_1234_assignsubmission_file_hw_3.ipynb"]).popitem()[1]
    assert (jane.name, jane.file) == ("Jane Doe", "hw_3.ipynb")


def test_gradescope_names_every_submitter_and_the_last_time_only() -> None:
    found = gradescope_metadata(GRADESCOPE)
    jane, john = found["submission_101"]
    assert (jane.student, jane.name, jane.submitted) == ("0042", "Jane Doe", "2026-03-01T12:00:00+00:00")
    assert (john.student, john.name) == ("john@example.edu", "Roe, John")
    assert john.ids == {"email": "john@example.edu", "gradescope_submission": "submission_101"}
    assert found["submission_102"][0].submitted == "2026-03-02T08:30:00+02:00"
