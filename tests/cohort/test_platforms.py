"""Downloads of the platforms, by their names as they come."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from grader.cohort import platforms
from grader.cohort.discover import find
from grader.cohort.platforms import PLATFORMS, blackboard, brightspace, canvas, github, moodle, platform_of
from grader.cohort.platforms.gradescope import metadata
from grader.cohort.platforms.platform import Owner, Platform

CANVAS = ["doejane_1234_98765_hw3.ipynb", "doejane_1234_98766_layers-1.py", "roejohn_LATE_77_55501_my_net.ipynb"]
MOODLE = [
    "Jane Doe_1234_assignsubmission_file_",
    "José Núñez_1235_assignsubmission_file_",
    "Ann_7_assignsubmission_onlinetext_",
]
BRIGHTSPACE = [
    "39786-640693 - Mary-Ann O'Neil - Oct 10, 2025 1022 AM",
    "39786-640693 - Mary-Ann O'Neil - Oct 10, 2025 1245 PM",
    "39787-640693 - A0042 - José Núñez - Oct 9, 2025 905 PM",
    "index.html",
]
BLACKBOARD = [
    "Homework 3_jdoe_attempt_2026-03-01-12-00-00.txt",
    "Homework 3_jdoe_attempt_2026-03-01-12-00-00_hw_3.ipynb",
    "Homework 3_j_roe_attempt_2026-03-02-09-30-00.txt",
    "Homework 3_j_roe_attempt_2026-03-02-09-30-00_layers.py",
    "Homework 3_ann_attempt_2026-03-02-10-00-00.txt",
]
BERLIN = ZoneInfo("Europe/Berlin")
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
        (BRIGHTSPACE, "brightspace"),
        (["12-34 - Jane Doe - Mar 1, 2026 900 PM - hw.ipynb"], "brightspace"),
        (BLACKBOARD, "blackboard"),
    ],
)
def test_a_platform_is_known_by_its_names(names: list[str], platform: str) -> None:
    found = platform_of(Path(), names)
    assert (found.name if found else "plain") == platform


def test_canvas_tells_student_submission_lateness_and_file() -> None:
    found = canvas.PLATFORM.owners(Path(), CANVAS, None)
    (jane,), (late,) = found[CANVAS[1]], found[CANVAS[2]]
    assert (jane.student, jane.name, jane.file, jane.late) == ("1234", "doejane", "layers-1.py", False)
    assert jane.ids == {"canvas_id": "1234", "canvas_submission": "98766"}
    assert (late.student, late.file, late.late) == ("77", "my_net.ipynb", True)


def test_canvas_of_another_year_writes_late_small_and_lets_names_have_underscores() -> None:
    names = ["van_der_berg_late_1234_98765_hw_2_1.ipynb", "mclate_12_98765_hw.ipynb"]
    (late,), (other,) = canvas.PLATFORM.owners(Path(), names, None).values()
    assert (late.name, late.student, late.file, late.late) == ("van_der_berg", "1234", "hw_2_1.ipynb", True)
    assert (other.name, other.student, other.late) == ("mclate", "12", False)


def test_moodle_tells_name_and_participant_and_passes_over_typed_text() -> None:
    found = moodle.PLATFORM.owners(Path(), MOODLE, None)
    assert list(found) == MOODLE[:2]
    (jose,) = found[MOODLE[1]]
    assert (jose.student, jose.name, jose.ids, jose.file) == ("1235", "José Núñez", {"moodle_id": "1235"}, "")


def test_moodle_without_folders_keeps_the_files_own_name() -> None:
    (jane,) = moodle.PLATFORM.owners(Path(), ["Jane Doe_1234_assignsubmission_file_hw_3.ipynb"], None).popitem()[1]
    assert (jane.name, jane.file) == ("Jane Doe", "hw_3.ipynb")


def test_gradescope_names_every_submitter_and_the_last_time_only() -> None:
    found = metadata(GRADESCOPE)
    jane, john = found["submission_101"]
    assert (jane.student, jane.name, jane.submitted) == ("0042", "Jane Doe", "2026-03-01T12:00:00+00:00")
    assert (john.student, john.name) == ("john@example.edu", "Roe, John")
    assert john.ids == {"email": "john@example.edu", "gradescope_submission": "submission_101"}
    assert found["submission_102"][0].submitted == "2026-03-02T08:30:00+02:00"


def test_brightspace_tells_name_and_time_on_the_courses_clock() -> None:
    found = brightspace.PLATFORM.owners(Path(), BRIGHTSPACE, BERLIN)
    assert list(found) == BRIGHTSPACE[:3]
    (mary,), (again,), (jose,) = found.values()
    assert (mary.name, mary.student, mary.submitted) == ("Mary-Ann O'Neil", "39786-640693", "2025-10-10T10:22:00+02:00")
    assert again.submitted == "2025-10-10T12:45:00+02:00"
    assert (jose.name, jose.ids["OrgDefinedId"], jose.submitted[:16]) == ("José Núñez", "A0042", "2025-10-09T21:05")


@pytest.mark.parametrize("time", ["10 octobre 2025 1022", "Okt 10, 2025 1022", "Feb 30, 2025 1022 AM"])
def test_a_time_that_cannot_be_read_is_none_and_the_name_is_still_known(time: str) -> None:
    ((owner,),) = brightspace.PLATFORM.owners(Path(), [f"1-2 - Jane Doe - {time}"], None).values()
    assert (owner.name, owner.submitted) == ("Jane Doe", "")


def test_blackboard_tells_login_and_name_from_the_text_beside(tmp_path: Path) -> None:
    for name in BLACKBOARD:
        (tmp_path / name).write_text("{}")
    (tmp_path / BLACKBOARD[2]).write_text("Name: Jo Roe (j_roe)\nAssignment: Homework 3\n\nFiles:\n")
    found = blackboard.PLATFORM.owners(tmp_path, BLACKBOARD, BERLIN)
    assert list(found) == [BLACKBOARD[1], *BLACKBOARD[3:]]
    (jane,), (roe,), (ann,) = found.values()
    assert (jane.student, jane.file, jane.submitted) == ("jdoe", "hw_3.ipynb", "2026-03-01T12:00:00+01:00")
    assert (roe.student, roe.name, roe.file) == ("j_roe", "Jo Roe", "layers.py")
    assert (ann.student, ann.file) == (
        "ann",
        BLACKBOARD[4],
    )  # nothing was attached


@pytest.mark.parametrize(
    ("platform", "name", "student"),
    [
        (moodle, "Jane Doe_1234_assignsubmission_file_x_99_assignsubmission_file_hw.ipynb", "1234"),
        (blackboard, "Homework 3_jdoe_attempt_2026-03-02-12-00-00_x_roe_attempt_2026-03-01-00-00-00_a.ipynb", "jdoe"),
        (canvas, "doejane_1234_98765_roe_99_98766_hw.ipynb", "1234"),
        (brightspace, "1-1234 - Jane Doe - Oct 10, 2025 1022 AM - 2-99 - Roe - Oct 9, 2025 1022 AM - a.py", "1-1234"),
    ],
)
def test_a_students_own_file_name_makes_nobody_else_of_them(platform: Any, name: str, student: str) -> None:
    ((owner,),) = platform.PLATFORM.owners(Path(), [name], BERLIN).values()
    assert owner.student == student
    assert owner.submitted in ("", "2026-03-02T12:00:00+01:00", "2025-10-10T10:22:00+02:00")


def test_times_of_one_student_are_attempts_in_their_order(tmp_path: Path) -> None:
    for name in (BRIGHTSPACE[1], BRIGHTSPACE[0]):
        (tmp_path / "in" / name).mkdir(parents=True)
        (tmp_path / "in" / name / "hw.ipynb").write_text(name)
    (tmp_path / "in" / "index.html").write_text("")
    found = find(tmp_path / "in", tmp_path / "x", rule=None, roster=None, file_times=False, zone=BERLIN)
    assert [(h.attempt, h.submitted[11:16]) for h in found.submissions] == [(1, "10:22"), (2, "12:45")]
    assert (found.title, found.ignored) == ("a Brightspace download", ())
    assert "read as Europe/Berlin" in found.remarks[0]


# ---------------------------------------------------------------- GitHub


def clone(folder: Path, *commits: tuple[str, str], packed: bool = False) -> None:
    """A repository with commits by author and time."""
    folder.mkdir(parents=True)

    def git(*words: str, **more: str) -> None:
        who = {f"GIT_{role}_{what}": "x" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        subprocess.run(["git", *words], cwd=folder, env={**os.environ, **who, **more}, check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    for n, (author, time) in enumerate(commits):
        (folder / "hw.py").write_text(f"x = {n}")
        git("add", "hw.py")
        git("commit", "-q", "-m", "work", GIT_AUTHOR_NAME=author, GIT_COMMITTER_DATE=time, GIT_AUTHOR_DATE=time)
    if packed:
        git("gc", "-q", "--aggressive", "--prune=now")


def test_github_tells_login_and_the_last_commit_that_is_not_the_classrooms(tmp_path: Path) -> None:
    wrapper = tmp_path / "hw-3-submissions"
    first, last = "2026-03-01T12:00:00+01:00", "2026-03-02T08:00:00+01:00"
    bot = ("github-classroom[bot]", "2026-03-03T00:00:00+00:00")
    clone(wrapper / "hw-3-jdoe", ("jdoe", first), ("jdoe", last), bot)
    clone(wrapper / "hw-3-anna-b", ("anna", first), packed=True)
    found = find(wrapper, tmp_path / "x", rule=None, roster=None, file_times=False)
    assert (found.platform, [(h.student, h.submitted) for h in found.submissions]) == (
        "github",
        [("anna-b", first), ("jdoe", last)],
    )


def test_a_commit_of_another_age_has_no_time(tmp_path: Path) -> None:
    clone(tmp_path / "hw-submissions" / "hw-eve", ("eve", "@253402300800 +0000"))
    found = find(tmp_path / "hw-submissions", tmp_path / "x", rule=None, roster=None, file_times=False)
    assert (found.platform, [h.submitted for h in found.submissions]) == ("github", [""])


def test_nothing_of_a_clones_configuration_is_run(tmp_path: Path) -> None:
    folder = tmp_path / "hw-submissions" / "hw-eve"
    clone(folder, ("eve", "2026-03-01T12:00:00+01:00"))
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    program.chmod(0o755)
    with (folder / ".git/config").open("a") as config:
        config.write(f"[log]\nshowSignature = true\n[gpg]\nprogram = {program}\n[core]\nfsmonitor = {program}\n")
        config.write(f"pager = {program}\nsshCommand = {program}\n")
    git = ["git", "-C", str(folder)]  # a signed commit, which `git log` would have checked by that program
    text = subprocess.run([*git, "cat-file", "commit", "HEAD"], capture_output=True, text=True, check=True).stdout
    head, _, body = text.partition("\n\n")
    signed = f"{head}\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n -----END PGP SIGNATURE-----\n\n{body}"
    words = [*git, "hash-object", "-t", "commit", "-w", "--stdin"]
    commit = subprocess.run(words, input=signed, capture_output=True, text=True, check=True).stdout
    (folder / ".git/refs/heads/main").write_text(commit)
    assert github.commit_times([folder])[folder] == "2026-03-01T12:00:00+01:00"
    assert not (tmp_path / "ran").exists()
    subprocess.run([*git, "log"], capture_output=True, check=False)
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize("head", ["ref: ../../../etc/passwd", "--output=/tmp/x", "", "ref: refs/heads/none"])
def test_a_head_that_names_no_commit_gives_no_time(tmp_path: Path, head: str) -> None:
    clone(tmp_path / "c", ("eve", "2026-03-01T12:00:00+01:00"))
    (tmp_path / "c/.git/HEAD").write_text(head)
    (tmp_path / "c/.git/packed-refs").write_text("--output=/tmp/x refs/heads/none\n")
    assert github.commit_times([tmp_path / "c"]) == {}


def test_a_platform_is_one_line_of_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toy = Platform(
        name="toy",
        title="a toy's download",
        fits=lambda folder, names: all(name.startswith("toy ") for name in names),
        owners=lambda folder, names, zone: {
            n: [Owner(student=n[4:].partition(".")[0], file="hw.ipynb")] for n in names
        },
    )
    monkeypatch.setattr(platforms, "PLATFORMS", (toy, *PLATFORMS))
    (tmp_path / "in").mkdir()
    (tmp_path / "in/toy jane.ipynb").write_text("{}")
    found = find(tmp_path / "in", tmp_path / "x", rule=None, roster=None, file_times=False)
    assert (found.title, [h.student for h in found.submissions]) == ("a toy's download", ["jane"])
