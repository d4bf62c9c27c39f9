"""Sheets for gradebooks, read again by the rules of those that import them."""

from __future__ import annotations

import csv
import io
import re
from fractions import Fraction

import pytest

from grader.errors import UsageError
from grader.gradebook.csv import Sheet, decimal, dump, harmless, parse
from grader.gradebook.match import Entry
from grader.gradebook.platforms import brightspace, canvas, moodle

JANE = Entry(
    student="jane",
    name="Jane Dœ",
    points=Fraction(35, 2),
    ids={"canvas_id": "101", "moodle_id": "9001", "email": "jane@uni.example", "OrgDefinedId": "555"},
    feedback="17.5 of 20 points<br>3 Loss: 4 of 6; it is &lt;nan&gt;",
)
JOHN = Entry(student="john", name="Nguyễn, Văn John", points=Fraction(20), ids={"sid": "s2", "Username": "jnguyen"})
EVIL = Entry(student="evil", name='=HYPERLINK("http://x","y")', points=Fraction(1, 3), ids={"canvas_id": "103"})
GONE = Entry(student="gone", name="Nobody There", points=Fraction(5), ids={})
BLANK = Entry(student="blank", name="Bo Blank", points=None, ids={"canvas_id": "104", "moodle_id": "9004"})
EVERYBODY = (JANE, JOHN, EVIL, GONE, BLANK)

CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Homework 2 (7001),Homework 3 (7002),Current Score\r\n"
    "    Points Possible,,,,,10,20,(read only)\r\n"
    '"Dœ, Jane",101,s1,jdoe,A,9,,45\r\n'
    '"Nguyen, Van John",102,s2,jnguyen,A,8,,40\r\n'
    '"=HYPERLINK(""http://x"",""y"")",103,s3,evil,B,7,3,35\r\n'
    '"Blank, Bo",104,s4,bblank,B,7,2,35\r\n'
    '"Student, Test",105,,9f8e,B,,,\r\n'
)


def read_as_canvas(data: bytes) -> tuple[str, dict[str, float]]:
    """The assignment's column and the scores by ID, as Canvas's importer takes them."""
    rows = list(csv.reader(io.StringIO(data.decode("utf-8"), newline="")))
    head = rows[0]
    assert head[0].startswith("Student")
    assert head[1] == "ID"
    columns = [i for i, title in enumerate(head) if title not in
               ("Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Integration ID")]  # fmt: skip
    assert len(columns) == 1
    scores = {}
    for row in rows[1:]:
        assert len(row) == len(head)
        if re.match(r"\s*Points Possible", row[0]):
            float(row[columns[0]])
            continue
        key = row[1] or row[2] or row[3]
        assert key
        if row[columns[0]] != "EX":
            scores[key] = float(row[columns[0]])
    return head[columns[0]], scores


def test_canvas_gradebook_gets_one_column_and_the_students_that_have_points() -> None:
    filled = canvas(EVERYBODY, column="Homework 3", possible=Fraction(20), sheet=parse(CANVAS.encode(), "g.csv"))
    assert read_as_canvas(filled.data) == ("Homework 3 (7002)", {"101": 17.5, "102": 20, "103": 0.33})
    assert b"    Points Possible,,,,,20\r\n" in filled.data
    assert (filled.entered, filled.unplaced, filled.ungraded, filled.empty) == (3, ("gone",), ("blank",), 2)


@pytest.mark.parametrize("column", ["Homework 3 (7002)", "7002"])
def test_canvas_column_by_its_number_or_whole(column: str) -> None:
    filled = canvas([JANE], column=column, possible=Fraction(20), sheet=parse(CANVAS.encode(), "g.csv"))
    assert read_as_canvas(filled.data)[0] == "Homework 3 (7002)"


def test_canvas_column_that_is_not_there_is_said_with_those_that_are() -> None:
    with pytest.raises(UsageError, match=r"'Homework': the sheet has no column of that name.*'Homework 2 \(7001\)'"):
        canvas([JANE], column="Homework", possible=Fraction(20), sheet=parse(CANVAS.encode(), "g.csv"))


def test_canvas_gradebook_of_a_country_with_decimal_commas() -> None:
    rows = list(csv.reader(io.StringIO(CANVAS.replace(",9,,45", ',"9,5",,45'), newline="")))
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows(rows)
    filled = canvas([JANE], column="7002", possible=Fraction(20), sheet=parse(text.getvalue().encode(), "g.csv"))
    assert filled.data.decode().splitlines()[2] == "Dœ, Jane;101;s1;jdoe;A;17,5"


def test_canvas_file_without_a_gradebook() -> None:
    filled = canvas(EVERYBODY, column="Homework 3", possible=Fraction(20))
    assert read_as_canvas(filled.data) == ("Homework 3", {"101": 17.5, "s2": 20, "103": 0.33})
    assert filled.unplaced == ("gone",)
    assert filled.data.startswith(b"Student,ID,SIS User ID,SIS Login ID,Section,Homework 3\r\n    Points Possible,")


# ---------------------------------------------------------------- Moodle

GERMAN = (
    "ID;Vollständiger Name;E-Mail-Adresse;Status;Bewertung;Bestwertung;Bewertung kann geändert werden;"
    "Zuletzt geändert (Abgabe);Zuletzt geändert (Bewertung);Feedback als Kommentar\n"
    'Teilnehmer/in9001;Jane Dœ;jane@uni.example;"Zur Bewertung abgegeben";;20,00;Ja;"Montag, 2. März 2026, 10:00";-;\n'
    "Teilnehmer/in9002;John Van Nguyen;jn@uni.example;Keine Abgabe;12,50;20,00;Ja;-;"
    '"Montag, 2. März 2026, 11:00";"Gut; ""sehr"""\n'
    "Teilnehmer/in9003;=cmd|' /C calc'!A0;x@uni.example;Keine Abgabe;;20,00;Ja;-;-;\n"
    "Teilnehmer/in9004;Bo Blank;bb@uni.example;Keine Abgabe;;20,00;Ja;-;-;\n"
)
ENGLISH = (
    "Identifier,Full name,ID number,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments\r\n"
    "Participant 9001,Jane Doe,s1,jane@uni.example,Submitted,,20.00,Yes,-,-,\r\n"
    "Participant 9002,Van John Nguyen,s2,jn@uni.example,Submitted,,20.00,Yes,-,-,\r\n"
)


def read_as_moodle(data: bytes, words: dict[str, str], decimal_sign: str, delimiter: str) -> dict[int, tuple[str, str]]:
    """Participant -> grade and comment, as the importer of a site with these words takes them."""
    text = data.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    at = {key: rows[0].index(word) for key, word in words.items()}
    found = {}
    for row in rows[1:]:
        assert len(row) == len(rows[0])
        participant = re.fullmatch(r"\D*(\d+)", row[at["id"]])
        assert participant
        grade = row[at["grade"]].strip()
        if grade:
            assert re.fullmatch(rf"\d+(\{decimal_sign}\d+)?", grade)
            assert float(grade.replace(decimal_sign, ".")) <= 20
        found[int(participant[1])] = (grade, row[at["comment"]])
    return found


GERMAN_WORDS = {"id": "ID", "grade": "Bewertung", "comment": "Feedback als Kommentar"}
ENGLISH_WORDS = {"id": "Identifier", "grade": "Grade", "comment": "Feedback comments"}


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["without BOM", "with BOM"])
@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_german_worksheet_is_filled_in_its_own_way(mark: bytes, delimiter: str) -> None:
    rows = list(csv.reader(io.StringIO(GERMAN), delimiter=";"))
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    before = mark + text.getvalue().encode()
    filled = moodle(EVERYBODY, sheet=parse(before, "sheet.csv"))
    assert filled.data.startswith(mark + rows[0][0].encode())
    assert b"\r" not in filled.data
    assert read_as_moodle(filled.data, GERMAN_WORDS, ",", delimiter) == {
        9001: ("17,5", JANE.feedback),
        9002: ("20", 'Gut; "sehr"'),
        9003: ("", ""),
        9004: ("", ""),
    }
    assert (filled.entered, filled.unplaced, filled.ungraded, filled.empty) == (2, ("evil", "gone"), ("blank",), 2)
    after = list(csv.reader(io.StringIO(filled.data.decode("utf-8-sig")), delimiter=delimiter))
    assert after[3][1] == "'=cmd|' /C calc'!A0"
    changed = {(i, rows[0][c]) for i, row in enumerate(rows) for c, cell in enumerate(row) if after[i][c] != cell}
    assert changed == {
        (1, "Bewertung"), (1, "Feedback als Kommentar"), (2, "Bewertung"), (3, "Vollständiger Name")
    }  # fmt: skip


def test_english_worksheet_by_id_number_and_without_comments() -> None:
    filled = moodle([JANE, JOHN], sheet=parse(ENGLISH.encode(), "sheet.csv"), comments=False)
    assert read_as_moodle(filled.data, ENGLISH_WORDS, ".", ",") == {9001: ("17.5", ""), 9002: ("20", "")}


def test_worksheet_in_an_unknown_language_has_its_grades_before_the_greatest() -> None:
    text = ENGLISH.replace("Grade,Maximum Grade", "Ocena,Najwyższa ocena")
    filled = moodle([JANE], sheet=parse(text.encode(), "sheet.csv"))
    assert read_as_moodle(filled.data, ENGLISH_WORDS | {"grade": "Ocena"}, ".", ",")[9001][0] == "17.5"
    vague = text.replace("20.00", "")
    with pytest.raises(UsageError, match="Name it with --column; there are 'Identifier', 'Full name'"):
        moodle([JANE], sheet=parse(vague.encode(), "sheet.csv"))
    named = moodle([JANE], sheet=parse(vague.encode(), "sheet.csv"), column="Ocena")
    assert read_as_moodle(named.data, ENGLISH_WORDS | {"grade": "Ocena"}, ".", ",")[9001][0] == "17.5"


def test_another_platforms_number_is_no_participant() -> None:
    other = Entry(student="9001", points=Fraction(1), ids={"canvas_id": "9001"})
    assert moodle([other], sheet=parse(ENGLISH.encode(), "sheet.csv")).unplaced == ("9001",)


def test_what_is_no_worksheet_is_refused() -> None:
    with pytest.raises(UsageError, match="no grading worksheet of Moodle"):
        moodle([JANE], sheet=parse(CANVAS.encode(), "g.csv"))
    with pytest.raises(UsageError, match="no gradebook of Canvas"):
        canvas([JANE], column="x", possible=Fraction(1), sheet=parse(ENGLISH.encode(), "s.csv"))
    with pytest.raises(UsageError, match="no export of Brightspace"):
        brightspace([JANE], column="x", sheet=parse(ENGLISH.encode(), "s.csv"))
    for data in (b"", b"one line\n", b'a,b\n"unclosed\n', b"PK\x03\x04\x00\x00\n\x00"):
        with pytest.raises(UsageError, match=r"sheet\.csv"):
            parse(data, "sheet.csv")


# ---------------------------------------------------------------- Brightspace


def read_as_brightspace(data: bytes) -> tuple[str, dict[str, float]]:
    """The grade item and the grades by OrgDefinedId or Username."""
    rows = list(csv.reader(io.StringIO(data.decode("utf-8"), newline="")))
    assert rows[0][-1] == "End-of-Line Indicator"
    assert all(row[-1] == "#" and len(row) == len(rows[0]) for row in rows[1:])
    (item,) = [i for i, title in enumerate(rows[0]) if title.endswith(" Points Grade")]
    keys = [i for i, title in enumerate(rows[0]) if title in ("OrgDefinedId", "Username")]
    found = {next(row[i].removeprefix("#") for i in keys if row[i]): float(row[item]) for row in rows[1:]}
    return rows[0][item].removesuffix(" Points Grade"), found


def test_brightspace_file() -> None:
    filled = brightspace(EVERYBODY, column="Homework 3")
    assert read_as_brightspace(filled.data) == ("Homework 3", {"555": 17.5, "s2": 20})
    assert filled.unplaced == ("evil", "gone")


def test_brightspace_export_gives_the_rows() -> None:
    sheet = (
        "OrgDefinedId,Username,Last Name,Homework 2 Points Grade <Numeric MaxPoints:10>,End-of-Line Indicator\r\n"
        "#555,#jdoe,Doe,9,#\r\n#556,#jnguyen,Nguyen,8,#\r\n#557,#bo,Blank,7,#\r\n"
    )
    filled = brightspace([JANE, JOHN, GONE], column="Homework 3", sheet=parse(sheet.encode(), "b.csv"))
    assert read_as_brightspace(filled.data) == ("Homework 3", {"555": 17.5, "556": 20})
    assert (filled.unplaced, filled.empty) == (("gone",), 1)
    assert b"#555,#jdoe,17.5,#" in filled.data


# ---------------------------------------------------------------- who is who


def test_two_of_one_name_get_nothing_and_are_named() -> None:
    text = ENGLISH + "Participant 9003,Jane Doe,s3,jane2@uni.example,Submitted,,20.00,Yes,-,-,\r\n"
    nameless = Entry(student="j", name="Jane Doe", points=Fraction(1))
    assert moodle([nameless], sheet=parse(text.encode(), "s.csv")).unplaced == ("j",)
    twice = [Entry(student=f"j{i}", name="Van John Nguyen", points=Fraction(i)) for i in (1, 2)]
    filled = moodle(twice, sheet=parse(text.encode(), "s.csv"))
    assert (filled.entered, filled.unplaced) == (0, ("j1", "j2"))


# ---------------------------------------------------------------- cells


@pytest.mark.parametrize(
    "cell", ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "=", "＝1", '=HYPERLINK("http://x")', "+49 170 1"]
)
def test_what_a_spreadsheet_would_run_is_made_text(cell: str) -> None:
    assert harmless(cell) == (cell if cell == "=" else f"'{cell}")


@pytest.mark.parametrize("cell", ["", "-", "17.5", "-3", "+3,5", "Jane", "a=b", "5 %", "x@y.z", "-12.5%"])
def test_ordinary_cells_stay(cell: str) -> None:
    assert harmless(cell) == cell


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_sheet_is_written_as_it_was_read(encoding: str) -> None:
    text = 'Name;Größe\r\n"a;b";"1\r\n2"\r\n'
    assert dump(parse(text.encode(encoding), "x")) == text.encode(encoding)


@pytest.mark.parametrize(
    ("value", "shown"),
    [("0", "0"), ("20", "20"), ("35/2", "17.5"), ("1/3", "0.33"), ("2/3", "0.67"), ("1/8", "0.13"), ("199/200", "1")],
)
def test_points_have_at_most_two_digits_after_the_sign(value: str, shown: str) -> None:
    assert decimal(Fraction(value)) == shown
    assert decimal(Fraction(value), sign=",") == shown.replace(".", ",")


def test_headers_are_never_changed() -> None:
    assert dump(Sheet(rows=(("=a", "b"), ("=a", "-")))) == b"=a,b\r\n'=a,-\r\n"
