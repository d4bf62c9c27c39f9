"""Sixty hand-ins with known scores in seven forms: each score ends at its person, and the last line adds up.

From a platform's download and list of students to the file that it imports, by the commands alone. The files are
written after the platforms' documentation and read again by their rules.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from grader import cli
from tests.cohort.test_platforms import clone
from tests.cohort.tiny import KINDS, make_course

pytestmark = pytest.mark.slow  # sixty hand-ins are graded

EARNS = {"right": 4, "no bias": 2, "both wrong": 0, "useless": None}
FIRSTS = ("José", "Jose", "Анна", "Йван", "Иван", "Wei", "Li", "Ann-Lena", "Zoë")
LASTS = ("Núñez", "Nunez", "Петрова", "Петров", "Петров", "Li", "Wei", "O'Brien", "de la Cruz")
FORMS = ("canvas", "moodle", "brightspace", "blackboard", "gradescope", "github", "plain")
SIZES = (9, 9, 9, 9, 8, 8, 8)


class Person(NamedTuple):
    """A student, and what they hand in."""

    first: str
    last: str
    number: int
    kind: str

    @property
    def login(self) -> str:
        return f"u_{self.number}"


def people(form: str) -> list[Person]:
    """Those of one form, and one more who hands in nothing."""
    start = sum(SIZES[: FORMS.index(form)])
    kinds = list(EARNS)
    made = [
        Person(FIRSTS[n % 9], LASTS[n % 9], 1000 + start + n, kinds[(start + n) % len(kinds)])
        for n in range(SIZES[FORMS.index(form)])
    ]
    return [*made, Person("Absent", "Al", 1900 + start, "absent")]


def content(person: Person) -> tuple[str, bytes]:
    if person.kind == "useless":
        return "essay.pdf", b"%PDF-1.4"
    return "layers.py", KINDS[person.kind][0].encode()


def write(path: Path, data: str | bytes, encoding: str = "utf-8") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode(encoding) if isinstance(data, str) else data)


def rows(*lines: Iterable[object], delimiter: str = ",") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(lines)
    return text.getvalue()


def table(data: bytes, encoding: str = "utf-8", delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(encoding), newline=""), delimiter=delimiter))


# ---------------------------------------------------------------- each form: download, list and sheet; the reading


def canvas(folder: Path, everybody: list[Person]) -> tuple[str, ...]:
    for p in everybody[:-1]:
        name, data = content(p)
        slug = re.sub(r"\W", "", f"{p.last}{p.first}").lower()
        late = "LATE_" if p.number % 2 else ""
        write(folder / "in" / f"{slug}_{late}{p.number}_{88000 + p.number}_{name}", data)
    head = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section", "HW (7)", "Current Score")
    lines = [(f"{p.last}, {p.first}", p.number, f"s{p.number}", p.login, "A", "", 1) for p in everybody]
    write(folder / "list.csv", rows(head, ("    Points Possible", "", "", "", "", 4, "(read only)"), *lines))
    return ("canvas", "--sheet", "list.csv", "--column", "HW")


def read_canvas(data: bytes) -> dict[int, str]:
    return {int(row["ID"]): row["HW (7)"] for row in table(data) if row["ID"]}


def moodle(folder: Path, everybody: list[Person]) -> tuple[str, ...]:
    for p in everybody[:-1]:
        name, data = content(p)
        write(folder / "in" / f"{p.first} {p.last}_{p.number}_assignsubmission_file_" / name, data)
    head = ("ID", "Vollständiger Name", "Status", "Bewertung", "Bestwertung", "Bewertung kann geändert werden",
            "Zuletzt geändert (Bewertung)", "Feedback als Kommentar")  # fmt: skip
    lines = [(f"Teilnehmer/in{p.number}", f"{p.first} {p.last}", "x", "", "4,00", "Ja", "-", "") for p in everybody]
    write(folder / "list.csv", rows(head, *lines, delimiter=";"), "utf-16")
    return ("moodle", "--sheet", "list.csv")


def read_moodle(data: bytes) -> dict[int, str]:
    found = table(data, "utf-16", ";")
    return {int(row["ID"].removeprefix("Teilnehmer/in")): row["Bewertung"] for row in found if row["Bewertung"]}


def brightspace(folder: Path, everybody: list[Person]) -> tuple[str, ...]:
    for p in everybody[:-1]:
        name, data = content(p)
        entry = f"{p.number}-640 - {p.first} {p.last} - Mar {p.number % 28 + 1}, 2026 1022 AM"
        write(folder / "in" / entry / name, data)
    write(folder / "in/index.html", "<html>")
    head = ("OrgDefinedId", "Username", "Last Name", "First Name", "HW Points Grade <Numeric MaxPoints:4>",
            "End-of-Line Indicator")  # fmt: skip
    lines = [(f"#{p.number}", f"#{p.login}", p.last, p.first, "", "#") for p in everybody]
    write(folder / "list.csv", rows(head, *lines))
    return ("brightspace", "--sheet", "list.csv", "--column", "HW")


def read_brightspace(data: bytes) -> dict[int, str]:
    found = table(data)
    assert {row["End-of-Line Indicator"] for row in found} == {"#"}
    return {int(row["OrgDefinedId"][1:]): row["HW Points Grade <Numeric MaxPoints:4>"] for row in found}


def blackboard(folder: Path, everybody: list[Person]) -> tuple[str, ...]:
    for p in everybody[:-1]:
        name, data = content(p)
        attempt = f"in/Home work_1_{p.login}_attempt_2026-03-01-12-00-{p.number % 60:02}"
        write(folder / f"{attempt}_{name}", data)
        write(folder / f"{attempt}.txt", f"Name: {p.first} {p.last} ({p.login})\nAssignment: Home work_1\n")
    head = ("Last Name", "First Name", "Username", "Student ID", "HW [Total Pts: 4 Score] |664617")
    lines = [(p.last, p.first, p.login, p.number, "") for p in everybody]
    write(folder / "list.csv", rows(head, *lines, delimiter="\t"), "utf-16")
    return ("blackboard", "--sheet", "list.csv", "--column", "664617")


def read_blackboard(data: bytes) -> dict[int, str]:
    return {int(r["Student ID"]): r["HW [Total Pts: 4 Score] |664617"] for r in table(data, "utf-16", "\t")}


def gradescope(folder: Path, everybody: list[Person]) -> tuple[str, ...]:
    metadata = ""
    for p in everybody[:-1]:
        name, data = content(p)
        write(folder / "in" / f"submission_{p.number}" / name, data)
        metadata += f"submission_{p.number}:\n  :submitters:\n  - :name: {p.first} {p.last}\n    :sid: '{p.number}'\n"
        metadata += f"    :email: {p.login}@x.edu\n  :created_at: 2026-03-01 12:00:00.1 Z\n"
    write(folder / "in/submission_metadata.yml", metadata)
    lines = [(p.first, p.last, p.number, f"{p.login}@x.edu", "Student") for p in everybody]
    write(folder / "list.csv", rows(("First Name", "Last Name", "SID", "Email", "Role"), *lines))
    return ("canvas", "--column", "HW (7)")


def read_gradescope(data: bytes) -> dict[int, str]:
    return {int(row["SIS User ID"]): row["HW (7)"] for row in table(data) if row["SIS User ID"]}


def github(folder: Path, everybody: list[Person]) -> tuple[str, ...]:
    for p in everybody[:-1]:
        target = folder / "in" / f"hw-1-{p.login}-x"
        clone(target, (p.login, "2026-03-01T12:00:00+01:00"))
        (target / "hw.py").unlink()
        write(target / content(p)[0], content(p)[1])
    lines = [(p.number, f"{p.login}-x", 7, f"{p.first} {p.last}") for p in everybody]
    write(folder / "list.csv", rows(("identifier", "github_username", "github_id", "name"), *lines))
    return ("csv",)


def read_table(data: bytes) -> dict[int, str]:
    return {int(row["student"]): row["final"] for row in table(data, "utf-8-sig") if row["final"]}


def plain(folder: Path, everybody: list[Person]) -> tuple[str, ...]:
    for n, p in enumerate(everybody[:-1]):
        name, data = content(p)
        target = folder / "in" / (f"{p.first} {p.last}" if n % 2 else p.login)
        write(target / name, data)
    names = [(p.number, p.login, p.first, p.last) for p in everybody]
    write(folder / "list.csv", "sep=;\r\n" + rows(("Matrikelnummer", "Benutzername", "Vorname", "Nachname"), *names,
                                                   delimiter=";"), "utf-16-le")  # fmt: skip
    return ("csv",)


Form = Callable[[Path, list[Person]], tuple[str, ...]]
HOW: Mapping[str, tuple[Form, Callable[[bytes], dict[int, str]]]] = {
    "canvas": (canvas, read_canvas),
    "moodle": (moodle, read_moodle),
    "brightspace": (brightspace, read_brightspace),
    "blackboard": (blackboard, read_blackboard),
    "gradescope": (gradescope, read_gradescope),
    "github": (github, read_table),
    "plain": (plain, read_table),
}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_course(tmp_path_factory.mktemp("tiny"))


def test_there_are_sixty_in_seven_forms() -> None:
    assert (len(FORMS), sum(SIZES)) == (7, 60)
    assert sum(len(people(form)) - 1 for form in FORMS) == 60


@pytest.mark.parametrize("form", FORMS)
def test_every_score_ends_at_its_person_and_the_last_line_adds_up(
    form: str, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRADE_COURSE", str(tiny))
    everybody = people(form)
    make, read = HOW[form]
    export = make(tmp_path, everybody)
    assert cli.main(["batch", "in", "--roster", "list.csv", "--assignment", "tiny", "--jobs", "1"]) == 0
    capsys.readouterr()
    assert cli.main(["export", export[0], "grades.sqlite", *export[1:], "-o", "out.csv"]) == 0
    said = capsys.readouterr().err.splitlines()
    expected = {p.number: EARNS[p.kind] for p in everybody if EARNS.get(p.kind) is not None}
    assert {number: float(score) for number, score in read((tmp_path / "out.csv").read_bytes()).items()} == expected
    useless = [p for p in everybody if p.kind == "useless"]
    for p in useless:
        assert any(f"{p.first}" in line and f"{p.last}" in line and "could not be graded" in line for line in said)
    assert any("handed in nothing" in line and "Absent" in line for line in said)
    numbers = [int(number) for number in re.findall(r"(\d+) (?!points)[a-z]", said[-1].replace("out of 4", ""))]
    assert numbers == [len(everybody), len(expected), *([len(useless)] if useless else []), 1]
    assert numbers[0] == sum(numbers[1:])


def test_a_decision_puts_the_last_ones_where_they_belong(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRADE_COURSE", str(tiny))
    everybody = people("canvas")
    export = canvas(tmp_path, everybody)
    assert cli.main(["batch", "in", "--roster", "list.csv", "--jobs", "1"]) == 0
    assert cli.main(["decide", "grades.sqlite"]) == 1
    left = capsys.readouterr().out.splitlines()[-3:]
    assert left[-1] == "10 students: 3 to decide"
    useless = [p for p in everybody if p.kind == "useless"]
    assert cli.main(["decide", "grades.sqlite", str(useless[0].number), "1,5", "--reason", "shown <i>later</i>"]) == 0
    assert cli.main(["decide", "grades.sqlite", str(useless[1].number), "excused"]) == 0
    assert cli.main(["decide", "grades.sqlite", "Al, Absent", "0"]) == 0
    assert cli.main(["decide", "grades.sqlite"]) == 0
    assert cli.main(["export", *export[:1], "grades.sqlite", *export[1:], "-o", "out.csv"]) == 0
    found = read_canvas((tmp_path / "out.csv").read_bytes())
    assert (found[useless[0].number], found[everybody[-1].number], useless[1].number in found) == ("1.5", "0", False)
    assert "10 students: 9 entered, out of 4; 1 excused" in capsys.readouterr().err
    # another hand-in is another matter
    write(next((tmp_path / "in").glob(f"*_{useless[0].number}_*")), "%PDF another")
    assert cli.main(["batch", "in", "--roster", "list.csv", "--jobs", "1"]) == 0
    assert cli.main(["decide", "grades.sqlite"]) == 1
    assert "10 students: 1 to decide" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nobody", "1"), "no such student"),
        (("1000",), "say how many points, or `excused`"),
        (("1000", "99"), "99 points: the assignment has 4"),
        (("1000", "-1"), "neither a number of points"),
        (("1000", "many"), "neither a number of points"),
        (("1000", "1", "--assignment", "other"), "no results of it"),
    ],
)
def test_a_wrong_decision_is_one_line(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...], said: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRADE_COURSE", str(tiny))
    write(tmp_path / "in/1000/layers.py", KINDS["right"][0])
    assert cli.main(["batch", "in", "--jobs", "1"]) == 0
    capsys.readouterr()
    assert cli.main(["decide", "grades.sqlite", *words]) == 2
    assert said in capsys.readouterr().err
    assert cli.main(["decide", "no.sqlite", "1000", "1"]) == 2
    assert not (tmp_path / "no.sqlite").exists()
