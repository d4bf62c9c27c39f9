"""Rosters as platforms write them, and who of them a hand-in is from."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader import cli
from grader.cohort.discover import Discovered, find
from grader.cohort.roster import Roster, read_roster
from grader.errors import UsageError
from tests.cohort.test_platforms import clone


def roster(tmp_path: Path, text: str, encoding: str = "utf-8") -> Roster:
    (tmp_path / "roster.csv").write_bytes(text.encode(encoding))
    return read_roster(tmp_path / "roster.csv")


def found(tmp_path: Path, names: list[str], listed: Roster, groups: str | None = None) -> Discovered:
    for name in names:
        (tmp_path / "in" / name).mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name / "hw.ipynb").write_text(name)
    return find(tmp_path / "in", tmp_path / "x", rule=None, roster=listed, file_times=False, groups=groups)


def who(found: Discovered) -> dict[str, list[str]]:
    people: dict[str, list[str]] = {}
    for hand_in in found.submissions:
        people.setdefault(hand_in.path, []).append(hand_in.student)
    return people


ROSTERS = {
    "Canvas": 'Student,ID,SIS User ID,SIS Login ID,Section\n    Points Possible,,,,\n"Núñez, José",12,s1,jn,A\n',
    "Moodle": "Identifier,Full name,Email address,Status\nParticipant 12,José Núñez,jn@x.edu,-\n",
    "Moodle, German": "ID;Vollständiger Name;E-Mail-Adresse\nTeilnehmer/in12;José Núñez;jn@x.edu\n",
    "Moodle participants, French": "Prénom,Nom,Adresse de courriel\nJosé,Núñez,jn@x.edu\n",
    "Moodle participants, Spanish": 'Nombre,"Apellido(s)","Dirección de correo"\nJosé,Núñez,jn@x.edu\n',
    "Moodle, Italian": "Nome;Cognome;Indirizzo email\nJosé;Núñez;jn@x.edu\n",
    "Moodle, Dutch": "Voornaam,Achternaam,E-mailadres\nJosé,Núñez,jn@x.edu\n",
    "Moodle, Portuguese": "Nome,Sobrenome,Endereço de email\nJosé,Núñez,jn@x.edu\n",
    "Moodle, Polish": "Imię,Nazwisko,Adres e-mail\nJosé,Núñez,jn@x.edu\n",
    "Brightspace": "OrgDefinedId,Username,Last Name,First Name,End-of-Line Indicator\n#A1,#jn,Núñez,José,#\n",
    "Blackboard": '"Last Name"\t"First Name"\t"Username"\t"Student ID"\n"Núñez"\t"José"\t"jn"\t"s1"\n',
    "Gradescope": "First Name,Last Name,SID,Email,Role\nJosé,Núñez,s1,jn@x.edu,Student\n",
    "names alone": "First name,Last name\nJosé,Núñez\n",
    "one name column in no language": "Ainm,Ríomhphost\nJosé Núñez,jn@x.edu\n",
}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("preamble", ["", "sep=DELIMITER\r\n"])
@pytest.mark.parametrize("kind", ROSTERS)
def test_each_platforms_roster_is_read_in_each_encoding(
    tmp_path: Path, kind: str, encoding: str, preamble: str
) -> None:
    text = ROSTERS[kind]
    if encoding == "cp1252":
        text = text.replace("ę", "e")  # which Western Europe's Excel cannot save
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    listed = roster(tmp_path, preamble.replace("DELIMITER", delimiter) + text, encoding)
    assert len(listed.students) == 1
    words = ("jn@x.edu", "jn") if "@" in text or "jn" in text else ()
    named = listed.find(words, "" if words else "José Núñez")
    assert named is not None
    if "no language" not in kind:
        assert listed.find((), "Jose Nunez") is not None


def test_github_classrooms_roster_finds_clones_by_login(tmp_path: Path) -> None:
    text = '"identifier","github_username","github_id","name"\n"s1","anna-b","77","Anna B"\n'
    text += '"s2","b","78","Bo"\n"s3","","",""\n'
    for name in ("hw-3-anna-b", "hw-3-b", "hw-3-c"):
        (tmp_path / "in" / name / ".git").mkdir(parents=True)
    result = found(tmp_path, ["hw-3-anna-b", "hw-3-b", "hw-3-c"], roster(tmp_path, text))
    assert who(result) == {"hw-3-anna-b": ["s1"], "hw-3-b": ["s2"], "hw-3-c": ["c"]}
    assert (result.strangers, result.absent) == (("c",), ("s3",))


def test_an_exact_name_comes_first_and_a_similar_one_is_a_stranger(tmp_path: Path) -> None:
    listed = roster(tmp_path, "id,name\n1,José Núñez\n2,Jose Nunez\n3,Йван Петров\n4,Li Wei\n5,Müller\n")
    result = found(tmp_path, ["José Núñez", "Jose Nunez", "Иван Петров", "Wei Li", "Mueller"], listed)
    assert who(result) == {
        "José Núñez": ["1"],
        "Jose Nunez": ["2"],
        "Иван Петров": ["Иван Петров"],
        "Wei Li": ["Wei Li"],
        "Mueller": ["Mueller"],
    }
    assert set(result.strangers) == {"Иван Петров", "Wei Li", "Mueller"}
    alone = found(tmp_path, [], roster(tmp_path, "id,name\n1,José Núñez\n"))
    assert who(alone)["Jose Nunez"] == ["Jose Nunez"]  # the one with the accents is here too


def test_two_accounts_of_one_name_are_nobody_who_is_on_the_list_once(tmp_path: Path) -> None:
    listed = roster(tmp_path, "id,name\n1,Jane Doe\n")
    names = ["Jane Doe_7_assignsubmission_file_", "Jane Doe_8_assignsubmission_file_"]
    assert who(found(tmp_path, names, listed)) == {names[0]: ["7"], names[1]: ["8"]}


def test_one_student_in_two_lines_is_one_and_said(tmp_path: Path) -> None:
    text = 'Student,ID,SIS Login ID,Section\n"Doe, Jane",12,jd,A\n"Roe, John",13,jr,A\n"Doe, Jane",12,jd,B\n'
    listed = roster(tmp_path, text)
    assert [(s.key, s.columns["Section"]) for s in listed.students] == [("12", "A and B"), ("13", "A")]
    assert listed.remarks == ("one student in several lines of the roster: Doe, Jane (lines 2 and 4)",)
    assert listed.find(["jd"]) is not None


def test_one_id_for_two_names_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"id '1' is given to 'Jane Doe' and to 'John Roe'"):
        roster(tmp_path, "id,name\n1,Jane Doe\n1,John Roe\n")


def test_a_hand_in_is_that_of_the_whole_group(tmp_path: Path) -> None:
    listed = roster(tmp_path, "id,name,Team\n1,Jane Doe,red\n2,John Roe,Red\n3,Ann,blue\n4,Bo,\n5,Cy,\n")
    result = found(tmp_path, ["Jane Doe", "blue", "Bo"], listed, groups="Team")
    assert who(result) == {"Jane Doe": ["1", "2"], "blue": ["3"], "Bo": ["4"]}
    assert (result.strangers, result.absent) == ((), ("Cy",))
    assert who(found(tmp_path, [], listed)) == {"Jane Doe": ["1"], "blue": ["blue"], "Bo": ["4"]}


def test_hand_ins_of_two_members_are_attempts_of_both_and_said(tmp_path: Path) -> None:
    listed = roster(tmp_path, "id,name,Team\n1,Jane Doe,red\n2,John Roe,red\n")
    result = found(tmp_path, ["Jane Doe", "John Roe"], listed, groups="Team")
    assert who(result) == {"Jane Doe": ["1", "2"], "John Roe": ["1", "2"]}
    assert result.remarks == ("several members handed in, which are attempts of all: red",)


def test_classrooms_own_time_comes_before_that_of_the_commit(tmp_path: Path) -> None:
    text = "roster_identifier,github_username,submission_timestamp\ns1,anna,2026-03-01 23:12:11 UTC\ns2,bo,\n"
    clone(tmp_path / "in/hw-anna", ("anna", "2020-01-01T00:00:00+01:00"))
    clone(tmp_path / "in/hw-bo", ("bo", "2026-03-01T12:00:00+01:00"))
    result = found(tmp_path, [], roster(tmp_path, text))
    assert [(h.student, h.submitted) for h in result.submissions] == [
        ("s1", "2026-03-01T23:12:11+00:00"),
        ("s2", "2026-03-01T12:00:00+01:00"),
    ]


def test_a_column_of_groups_that_there_is_not_is_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "roster.csv").write_text("id,name\n1,Jane\n")
    (tmp_path / "rules.toml").write_text('groups = "Team"\n')
    (tmp_path / "in").mkdir()
    words = ["batch", str(tmp_path / "in"), "--rules", str(tmp_path / "rules.toml")]
    for more in ([], ["--roster", str(tmp_path / "roster.csv")]):
        assert cli.main([*words, *more]) == 2
        assert "groups = 'Team' is no column of the roster" in capsys.readouterr().err


def test_moodle_writes_the_group_before_the_name(tmp_path: Path) -> None:
    listed = roster(tmp_path, "id,name,Group\n1,Anna Schmidt,G 1\n2,Lena Schmidt,G 2\n")
    names = ["G 1-Anna Schmidt_7_assignsubmission_file_", "Anna-Lena Schmidt_8_assignsubmission_file_"]
    assert who(found(tmp_path, names, listed)) == {names[0]: ["1"], names[1]: ["8"]}


def test_a_row_may_end_before_the_last_columns(tmp_path: Path) -> None:
    listed = roster(tmp_path, 'Section,Student,ID\nA,"Doe, Jane",12\nB,"Roe, John"\n')
    assert [(student.key, student.name) for student in listed.students] == [
        ("12", "Doe, Jane"),
        ("Roe, John", "Roe, John"),
    ]


def test_a_list_of_logins_alone_is_a_roster(tmp_path: Path) -> None:
    listed = roster(tmp_path, "username\njdoe\njroe\n")
    assert [s.key for s in listed.students] == ["jdoe", "jroe"]
    with pytest.raises(UsageError, match="no column that says who"):
        roster(tmp_path, "a,b\n1,2\n")
