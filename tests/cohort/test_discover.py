"""What lies in a folder, whose it is, and what it is known by."""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from grader.cohort.discover import MAX_ATTEMPT, Discovered, find
from grader.cohort.roster import Roster, read_roster
from grader.errors import UsageError


def lay(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def found(
    source: Path, scratch: Path, rule: str | None = None, roster: Roster | None = None, *, file_times: bool = False
) -> Discovered:
    pattern = re.compile(rule) if rule else None
    return find(source, scratch / "unpacked", rule=pattern, roster=roster, file_times=file_times)


def students(source: Discovered) -> dict[str, str]:
    return {h.path: h.student for h in source.submissions}


def test_a_plain_folder_has_a_hand_in_for_each_entry(tmp_path: Path) -> None:
    files = {"a.ipynb": "1", "b/hw.ipynb": "2", "b/layers.py": "3", "c.tar.gz": "4", "notes.txt": "5", ".x/y.py": "6"}
    result = found(lay(tmp_path / "in", files), tmp_path)
    assert students(result) == {"a.ipynb": "a", "b": "b", "c.tar.gz": "c"}
    assert (result.platform, result.ignored) == ("plain", ("notes.txt",))


def test_files_of_a_canvas_student_are_gathered_under_their_own_names(tmp_path: Path) -> None:
    files = {"doejane_12_10001_hw.ipynb": "1", "doejane_12_10002_layers.py": "2", "roejohn_LATE_13_10003_hw.ipynb": "3"}
    result = found(lay(tmp_path / "in", files), tmp_path)
    jane, john = result.submissions
    assert sorted(jane.files) == ["hw.ipynb", "layers.py"]
    assert (john.student, john.late, list(john.files)) == ("13", True, ["hw.ipynb"])


def test_an_archive_as_downloaded_is_looked_into_past_its_wrapping_folder(tmp_path: Path) -> None:
    archive = tmp_path / "export.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr(
            "assignment_5_export/submission_metadata.yml", "submission_1:\n  :submitters:\n  - :name: Jane\n"
        )
        packed.writestr("assignment_5_export/submission_1/hw.ipynb", "{}")
    result = found(archive, tmp_path)
    assert result.platform == "gradescope"
    assert [(h.path, h.student) for h in result.submissions] == [("submission_1", "Jane")]


def test_a_group_hands_in_for_each_of_its_members(tmp_path: Path) -> None:
    text = "submission_1:\n  :submitters:\n  - :name: Jane\n  - :name: John\n"
    result = found(lay(tmp_path / "in", {"submission_metadata.yml": text, "submission_1/hw.ipynb": "{}"}), tmp_path)
    assert [h.student for h in result.submissions] == ["Jane", "John"]
    assert len({h.content for h in result.submissions}) == 1


def test_a_rule_tells_student_and_attempt_from_the_path(tmp_path: Path) -> None:
    files = {"jane/try1/hw.ipynb": "1", "jane/try2/hw.ipynb": "2", "john/try1/a.py": "3", "readme.md": "4"}
    result = found(lay(tmp_path / "in", files), tmp_path, r"(?P<student>[^/]+)/try(?P<attempt>\d+)")
    assert [(h.student, h.attempt) for h in result.submissions] == [("jane", 1), ("jane", 2), ("john", 1)]
    assert result.ignored == ("readme.md",)


@pytest.mark.parametrize(
    ("text", "submitted"),
    [
        ("20260301T120000", "2026-03-01T12:00:00+01:00"),
        ("20260301T120000+0000", "2026-03-01T12:00:00+00:00"),
        ("", ""),
    ],
)
def test_a_rule_tells_the_time(tmp_path: Path, text: str, submitted: str) -> None:
    folder = lay(tmp_path / "in", {f"jane_{text}/try{'9' * 40}/hw.ipynb": "1"})
    rule = re.compile(r"(?P<student>[^/_]+)_(?P<submitted>[^/]*)/try(?P<attempt>\d+)")
    result = find(folder, tmp_path / "s", rule=rule, roster=None, file_times=False, zone=ZoneInfo("Europe/Berlin"))
    assert [(h.submitted, h.attempt) for h in result.submissions] == [(submitted, MAX_ATTEMPT)]


@pytest.mark.parametrize("text", ["2026-03-01_12-00-00", "yesterday", "0001-01-01T00:00:00+01:00"])
def test_a_time_that_is_none_ends_the_batch_before_it_begins(tmp_path: Path, text: str) -> None:
    rule = r"(?P<student>[^/]+)/(?P<submitted>[^/]*)"
    with pytest.raises(UsageError, match=rf"jane/{re.escape(text)}: submitted = .* is no time such as 2026"):
        found(lay(tmp_path / "in", {f"jane/{text}/hw.ipynb": "1"}), tmp_path, rule)


def test_two_downloads_from_canvas_are_two_attempts_by_the_rule_that_the_documentation_gives(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs/howto/batch.md").read_text()
    (rule,) = re.findall(r"`--names '(try\(.*?LATE.*?)'`", page)
    roster = tmp_path / "roster.csv"
    roster.write_text('Student,ID\n"Doe, Jane",12\n"Roe, John",13\n')
    files = {
        "try1/doejane_12_10001_hw.ipynb": "1",
        "try1/doejane_12_10002_layers.py": "2",
        "try2/doejane_LATE_12_20001_hw-1.ipynb": "3",
        "try2/roejohn_13_20002_hw.ipynb": "4",
    }
    result = found(lay(tmp_path / "in", files), tmp_path, rule, read_roster(roster))
    assert [(h.student, h.name, h.attempt, h.late, h.ids["ID"]) for h in result.submissions] == [
        ("12", "Doe, Jane", 1, False, "12"),
        ("12", "Doe, Jane", 2, True, "12"),
        ("13", "Roe, John", 2, False, "13"),
    ]
    assert [sorted(h.files) for h in result.submissions] == [["hw.ipynb", "layers.py"], ["hw-1.ipynb"], ["hw.ipynb"]]


def test_a_rule_that_matches_nothing_says_what_is_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"rule for names matches none.*a\.ipynb"):
        found(lay(tmp_path / "in", {"a.ipynb": "1"}), tmp_path, r"(?P<student>x\d+)")


def test_an_empty_folder_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no submission in it"):
        found(lay(tmp_path / "in", {"notes.txt": ""}), tmp_path)


def test_the_content_is_of_names_and_bytes_and_not_of_the_folder_or_caches(tmp_path: Path) -> None:
    base = {"hw.ipynb": "1", "layers/relu.py": "2"}
    variants = {
        "same": base,
        "with a cache": {**base, "layers/__pycache__/relu.pyc": "x", ".DS_Store": "y"},
        "other bytes": {**base, "hw.ipynb": "3"},
        "other name": {"hw2.ipynb": "1", "layers/relu.py": "2"},
    }
    for folder, files in variants.items():
        lay(tmp_path / "in" / folder, files)
    content = {h.student: h.content for h in found(tmp_path / "in", tmp_path).submissions}
    assert content["same"] == content["with a cache"]
    assert len({content["same"], content["other bytes"], content["other name"]}) == 3


def test_a_file_whose_name_is_no_text_keeps_nobody_from_being_graded(tmp_path: Path) -> None:
    folder = lay(tmp_path / "in", {"jane/hw.ipynb": "1"})
    (folder / "jane" / os.fsdecode(b"\xff.txt")).write_text("2")
    (entry,) = found(folder, tmp_path).submissions
    assert msgspec.json.encode(entry), "as it goes to the process that grades it"


def test_a_linked_hand_in_is_known_by_what_it_leads_to(tmp_path: Path) -> None:
    lay(tmp_path / "kept", {"a/hw.ipynb": "1", "b/hw.ipynb": "2"})
    (tmp_path / "in").mkdir()
    for name in ("a", "b"):
        (tmp_path / "in" / name).symlink_to(tmp_path / "kept" / name)
    before = {h.student: h.content for h in found(tmp_path / "in", tmp_path).submissions}
    (tmp_path / "kept/a/hw.ipynb").write_text("3")
    after = {h.student: h.content for h in found(tmp_path / "in", tmp_path).submissions}
    assert (before["a"] == after["a"], before["b"] == after["b"], before["a"] == before["b"]) == (False, True, False)


def test_the_roster_gives_keys_and_names_and_tells_strangers_and_absent(tmp_path: Path) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text(
        '\ufeffStudent;SIS Login ID\n"Doe, Jane";jd1\n"Núñez, José";jn2\n"Away, Far";fa3\n', encoding="utf-8"
    )
    files = {"doejane_12_10001_hw.ipynb": "1", "nunezjose_13_10002_hw.ipynb": "2", "whoisit_14_10003_hw.ipynb": "3"}
    result = found(lay(tmp_path / "in", files), tmp_path, roster=read_roster(roster))
    assert students(result) == {
        "doejane_12_10001_hw.ipynb": "jd1",
        "nunezjose_13_10002_hw.ipynb": "jn2",
        "whoisit_14_10003_hw.ipynb": "14",
    }
    assert result.submissions[0].ids["canvas_id"] == "12"
    assert (result.strangers, result.absent) == (("whoisit",), ("Away, Far",))


def test_moodles_sheet_is_a_roster_and_a_number_of_somebody_else_is_not_taken(tmp_path: Path) -> None:
    roster = tmp_path / "sheet.csv"
    roster.write_text("ID,Vollständiger Name\nTeilnehmer/in1234,Jane Doe\nTeilnehmer/in77,John Roe\n", encoding="utf-8")
    names = [
        "Jane Doe_1234_assignsubmission_file_",
        "Zoe Poe_77_assignsubmission_file_",
        "John Roe_1234_assignsubmission_file_",
    ]
    result = found(
        lay(tmp_path / "in", {f"{name}/hw.ipynb": "1" for name in names}), tmp_path, roster=read_roster(roster)
    )
    assert students(result) == {names[0]: "Teilnehmer/in1234", names[1]: "Teilnehmer/in77", names[2]: "1234"}
    assert result.strangers == ("John Roe",)


def test_a_roster_without_a_telling_column_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("section,grade\n1,2\n")
    with pytest.raises(UsageError, match=r"no column that says who it is.*section"):
        read_roster(tmp_path / "r.csv")


def test_a_files_time_counts_only_when_asked_for(tmp_path: Path) -> None:
    lay(tmp_path / "in", {"a.ipynb": "1"})
    assert found(tmp_path / "in", tmp_path).submissions[0].submitted == ""
    assert found(tmp_path / "in", tmp_path, file_times=True).submissions[0].submitted.startswith("20")
