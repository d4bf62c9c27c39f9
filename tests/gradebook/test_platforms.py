"""Sheets for gradebooks, read again by the rules of those that import them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from grader import cli
from grader.errors import UsageError
from grader.gradebook import platforms
from grader.gradebook.csv import Sheet, decimal, decimal_sign, dump, harmless, number, parse
from grader.gradebook.gradebook import ABOVE, EXCUSED, LOCKED, Filled, Gradebook, Request
from grader.gradebook.match import CLAIMED, CONTRADICTED, NO_ROW, SHARED, Entry

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
EVERYBODY = (JANE, JOHN, EVIL, GONE)


def fill(place: str, entries: Sequence[Entry], sheet: str | bytes | None = None, **more: Any) -> Filled:
    """What a gradebook makes of a sheet, for an assignment of 20 points."""
    data = sheet.encode() if isinstance(sheet, str) else sheet
    (gradebook,) = [one for one in platforms.GRADEBOOKS if one.name == place]
    column = more.pop("column", None)
    values: dict[str, Any] = {
        "entries": tuple(entries),
        "possible": (Fraction(20),),
        "column": column or "hw3",
        "named": column is not None,
        "sheet": None if data is None else parse(data, "sheet.csv"),
    }
    return gradebook.fill(Request(**values | more))


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
    filled = fill("canvas", EVERYBODY, CANVAS.encode(), column="Homework 3")
    assert read_as_canvas(filled.data) == ("Homework 3 (7002)", {"101": 17.5, "102": 20, "103": 0.33})
    assert b"    Points Possible,,,,,20\r\n" in filled.data
    assert (filled.entered, list(filled.left_out), filled.empty) == (3, ["gone"], 2)
    assert filled.replaced == ("evil",)


@pytest.mark.parametrize("column", ["Homework 3 (7002)", "7002"])
def test_canvas_column_by_its_number_or_whole(column: str) -> None:
    filled = fill("canvas", [JANE], CANVAS.encode(), column=column)
    assert read_as_canvas(filled.data)[0] == "Homework 3 (7002)"


def test_canvas_column_that_is_not_there_is_said_with_those_that_are() -> None:
    with pytest.raises(UsageError, match=r"'Homework': the sheet has no column of that name.*'Homework 2 \(7001\)'"):
        fill("canvas", [JANE], CANVAS.encode(), column="Homework")


def test_canvas_gradebook_of_a_country_with_decimal_commas() -> None:
    rows = list(csv.reader(io.StringIO(CANVAS.replace(",9,,45", ',"9,5",,45'), newline="")))
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows(rows)
    filled = fill("canvas", [JANE], text.getvalue().encode(), column="7002")
    assert filled.data.decode().splitlines()[2] == "Dœ, Jane;101;s1;jdoe;A;17,5"


def test_canvas_file_without_a_gradebook() -> None:
    filled = fill("canvas", EVERYBODY, column="Homework 3")
    assert read_as_canvas(filled.data) == ("Homework 3", {"101": 17.5, "s2": 20, "103": 0.33})
    assert list(filled.left_out) == ["gone"]
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
    filled = fill("moodle", EVERYBODY, before)
    assert filled.data.startswith(mark + rows[0][0].encode())
    assert b"\r" not in filled.data
    assert read_as_moodle(filled.data, GERMAN_WORDS, ",", delimiter) == {
        9001: ("17,5", JANE.feedback),
        9002: ("20", 'Gut; "sehr"'),
        9003: ("", ""),
        9004: ("", ""),
    }
    assert (filled.entered, list(filled.left_out), filled.empty) == (2, ["evil", "gone"], 2)
    assert (filled.replaced, filled.comments) == (("john",), ())
    after = list(csv.reader(io.StringIO(filled.data.decode("utf-8-sig")), delimiter=delimiter))
    assert after[3][1] == "'=cmd|' /C calc'!A0"
    changed = {(i, rows[0][c]) for i, row in enumerate(rows) for c, cell in enumerate(row) if after[i][c] != cell}
    assert changed == {
        (1, "Bewertung"), (1, "Feedback als Kommentar"), (2, "Bewertung"), (3, "Vollständiger Name")
    }  # fmt: skip


def test_english_worksheet_by_id_number_and_without_comments() -> None:
    filled = fill("moodle", [JANE, JOHN], ENGLISH.encode(), comments=False)
    assert read_as_moodle(filled.data, ENGLISH_WORDS, ".", ",") == {9001: ("17.5", ""), 9002: ("20", "")}


def test_worksheet_in_an_unknown_language_has_its_grades_before_the_greatest() -> None:
    text = ENGLISH.replace("Grade,Maximum Grade", "Einkunn,Hámarkseinkunn")
    filled = fill("moodle", [JANE], text.encode())
    assert read_as_moodle(filled.data, ENGLISH_WORDS | {"grade": "Einkunn"}, ".", ",")[9001][0] == "17.5"
    vague = text.replace("20.00", "")
    with pytest.raises(UsageError, match="Name it with --column; there are 'Identifier', 'Full name'"):
        fill("moodle", [JANE], vague.encode())
    named = fill("moodle", [JANE], vague.encode(), column="Einkunn")
    assert read_as_moodle(named.data, ENGLISH_WORDS | {"grade": "Einkunn"}, ".", ",")[9001][0] == "17.5"


def test_another_platforms_number_is_no_participant() -> None:
    other = Entry(student="9001", points=Fraction(1), ids={"canvas_id": "9001"})
    assert fill("moodle", [other], ENGLISH.encode()).left_out == {"9001": NO_ROW}


def test_what_is_no_worksheet_is_refused() -> None:
    with pytest.raises(UsageError, match="no grading worksheet of Moodle"):
        fill("moodle", [JANE], CANVAS)
    with pytest.raises(UsageError, match="no gradebook of Canvas"):
        fill("canvas", [JANE], ENGLISH)
    with pytest.raises(UsageError, match="no export of Brightspace"):
        fill("brightspace", [JANE], ENGLISH, column="x")
    for data in (b"", b"one line\n", b'a,b\n"unclosed\n', b"PK\x03\x04\x00,\x00\na,b", b"<html>,\n1,2"):
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
    filled = fill("brightspace", EVERYBODY, column="Homework 3")
    assert read_as_brightspace(filled.data) == ("Homework 3", {"555": 17.5, "s2": 20})
    assert list(filled.left_out) == ["evil", "gone"]


def test_brightspace_export_gives_the_rows() -> None:
    sheet = (
        "OrgDefinedId,Username,Last Name,Homework 2 Points Grade <Numeric MaxPoints:10>,End-of-Line Indicator\r\n"
        "#555,#jdoe,Doe,9,#\r\n#556,#jnguyen,Nguyen,8,#\r\n#557,#bo,Blank,7,#\r\n"
    )
    filled = fill("brightspace", [JANE, JOHN, GONE], sheet, column="Homework 3")
    assert read_as_brightspace(filled.data) == ("Homework 3", {"555": 17.5, "556": 20})
    assert (list(filled.left_out), filled.empty) == (["gone"], 1)
    assert b"#555,#jdoe,17.5,#" in filled.data


# ---------------------------------------------------------------- who is who


def test_two_of_one_name_get_nothing_and_are_named() -> None:
    text = ENGLISH + "Participant 9003,Jane Doe,s3,jane2@uni.example,Submitted,,20.00,Yes,-,-,\r\n"
    nameless = Entry(student="j", name="Jane Doe", points=Fraction(1))
    assert fill("moodle", [nameless], text.encode()).left_out == {"j": SHARED}
    twice = [Entry(student=f"j{i}", name="Van John Nguyen", points=Fraction(i)) for i in (1, 2)]
    filled = fill("moodle", twice, text.encode())
    assert (filled.entered, filled.left_out) == (0, {"j1": CLAIMED, "j2": CLAIMED})


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


# ---------------------------------------------------------------- Blackboard

BLACKBOARD = (
    '"Last Name"\t"First Name"\t"Username"\t"Student ID"\t"Homework 2 [Total Pts: 10 Score] |664616"\t'
    '"Homework 3 [Total Pts: 20 Score] |664617"\t"Notes [Total Pts: 0 Text] |664618"\t"Feedback to Learner"\n'
    '"Dœ"\t"Jane"\t"jdoe"\t"s1"\t"9"\t""\t""\t""\n'
    '"Nguyễn"\t"Văn John"\t"jnguyen"\t"s2"\t"8"\t"11"\t""\t"Well <b>done</b>"\n'
    '"Blank"\t"Bo"\t"bblank"\t"s4"\t"7"\t"2"\t""\t""\n'
)


def read_as_blackboard(data: bytes) -> tuple[str, dict[str, tuple[str, str]]]:
    """The column's number, and score and feedback by user name, as Blackboard takes a tab-separated UTF-16 file."""
    rows = list(csv.reader(io.StringIO(data.decode("utf-16"), newline=""), delimiter="\t"))
    (at,) = [i for i, title in enumerate(rows[0]) if re.search(r"\[Total Pts: .*\] \|\d+$", title)]
    who, said = rows[0].index("Username"), rows[0].index("Feedback to Learner")
    return rows[0][at].rpartition("|")[2], {row[who]: (row[at], row[said]) for row in rows[1:]}


@pytest.mark.parametrize("column", ["Homework 3", "664617"])
def test_blackboard_download_gets_one_column_in_its_own_encoding(column: str) -> None:
    filled = fill("blackboard", [JANE, JOHN, GONE], BLACKBOARD.encode("utf-16"), column=column)
    number, found = read_as_blackboard(filled.data)
    assert (number, found) == ("664617", {"jdoe": ("17.5", JANE.feedback), "jnguyen": ("20", "Well <b>done</b>")})
    assert (filled.entered, filled.left_out, filled.replaced) == (2, {"gone": NO_ROW}, ("john",))


def test_blackboard_in_another_language_and_its_only_column() -> None:
    text = "Apellidos,Nombre,Nombre de usuario,Tarea 3 [Puntos totales: 20 Puntuación] |7\nDoe,Jane,jdoe,\n"
    filled = fill("blackboard", [Entry(student="jane", name="Jane Doe", points=Fraction(3))], text)
    assert filled.data.decode().splitlines()[1] == "Doe,Jane,jdoe,3"


# ---------------------------------------------------------------- what a sheet contradicts


@pytest.mark.parametrize(
    ("place", "sheet", "column"),
    [
        ("canvas", CANVAS, "Homework 2"),
        ("moodle", GERMAN.replace("20,00", "10,00"), None),
        ("moodle", GERMAN.replace("20,00", "10,00", 1).replace("20,00", ""), None),
        ("brightspace", "OrgDefinedId,HW Points Grade <Numeric MaxPoints:10 Weight:5>,E\r\n#555,,#\r\n", "HW"),
        ("blackboard", BLACKBOARD, "Homework 2"),
    ],
)
def test_points_of_another_scale_are_refused_and_scaled_when_asked(place: str, sheet: str, column: str | None) -> None:
    jane = Entry(student="s1", name="Jane Dœ", points=Fraction(15), ids={"OrgDefinedId": "555"})
    more = {} if column is None else {"column": column}
    with pytest.raises(UsageError, match=r"is out of 10 and the points are out of 20: `--out-of 10` scales them"):
        fill(place, [jane], sheet, **more)
    with pytest.raises(UsageError, match=r"--out-of 50: the column .* is out of 10"):
        fill(place, [jane], sheet, out_of=Fraction(50), **more)
    filled = fill(place, [jane], sheet, out_of=Fraction(10), **more)
    assert (filled.entered, re.search(rb"\b7[.,]5\b", filled.data) is not None) == (1, True)


def test_a_column_out_of_all_points_takes_the_automatic_ones_of_an_assignment_that_people_mark_too() -> None:
    filled = fill("moodle", [JANE], ENGLISH, possible=(Fraction(12), Fraction(20)))
    assert read_as_moodle(filled.data, ENGLISH_WORDS, ".", ",")[9001][0] == "17.5"


@pytest.mark.parametrize(
    ("place", "sheet", "column", "said"),
    [
        ("canvas", CANVAS, "Current Score", "computes the column 'Current Score' itself"),
        ("brightspace", "Username,HW <Pass/Fail>,E\r\n#jdoe,,#\r\n", "HW", "takes no points"),
        ("blackboard", BLACKBOARD, "Notes", "takes text"),
        ("moodle", ENGLISH.replace("Maximum Grade", "Scale").replace(",20.00,", ',"poor\ngood",'), None, "of a scale"),
        ("moodle", ENGLISH.replace(",,20.00,", ",good,,"), None, r"of a scale \(good, good\)"),
    ],
)
def test_a_column_that_takes_no_points_is_refused(place: str, sheet: str, column: str | None, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        fill(place, [JANE], sheet, **({} if column is None else {"column": column}))


@pytest.mark.parametrize("word", ["No", "Nein", "Non", "Não", "Нет", "いいえ"])
def test_a_locked_row_of_moodle_stays_and_its_student_is_told(word: str) -> None:
    text = ENGLISH.replace("s2,jn@uni.example,Submitted,,20.00,Yes", f"s2,jn@uni.example,Submitted,3.00,20.00,{word}")
    filled = fill("moodle", [JANE, JOHN], text)
    assert read_as_moodle(filled.data, ENGLISH_WORDS, ".", ",")[9002] == ("3.00", "")
    assert (filled.entered, filled.left_out) == (1, {"john": LOCKED})


def test_a_comment_that_somebody_wrote_is_replaced_and_counted() -> None:
    text = ENGLISH.replace("Participant 9001,Jane Doe,s1,jane@uni.example,Submitted,,20.00,Yes,-,-,",
                           "Participant 9001,Jane Doe,s1,jane@uni.example,Submitted,,20.00,Yes,-,-,See me")  # fmt: skip
    assert fill("moodle", [JANE], text).comments == ("jane",)
    kept = fill("moodle", [JANE], text, comments=False)
    assert (kept.comments, b"See me" in kept.data) == ((), True)
    again = fill("moodle", [JANE], fill("moodle", [JANE], text).data)
    assert (again.comments, again.replaced) == ((), ())


def test_more_points_than_moodle_takes_are_left_out() -> None:
    over = Entry(student="o", name="Jane Doe", points=Fraction(21))
    assert fill("moodle", [over], ENGLISH).left_out == {"o": ABOVE}


def test_an_excused_student_of_canvas_stays_excused() -> None:
    text = CANVAS.replace("102,s2,jnguyen,A,8,,40", "102,s2,jnguyen,A,8,EX,40")
    filled = fill("canvas", [JANE, JOHN], text, column="7002")
    assert (read_as_canvas(filled.data)[1], filled.left_out) == ({"101": 17.5}, {"john": EXCUSED})


def test_two_rows_of_one_person_are_both_filled_and_told() -> None:
    text = CANVAS + '"Dœ, Jane",101,s1,jdoe,B,9,,45\r\n'
    filled = fill("canvas", [JANE], text, column="7002")
    assert [line[-5:] for line in filled.data.decode().splitlines()[2:]] == [",17.5", ",17.5"]
    assert (filled.entered, filled.twice, filled.left_out) == (1, ("jane",), {})
    other = text.replace("101,s1,jdoe,B", "101,s9,jdoe2,B")
    assert fill("canvas", [JANE], other, column="7002").left_out == {"jane": SHARED}


def test_an_id_of_one_row_and_the_name_of_another_are_nobody() -> None:
    mixed = Entry(student="m", name="Bo Blank", points=Fraction(1), ids={"canvas_id": "101"})
    assert fill("canvas", [mixed], CANVAS, column="7002").left_out == {"m": CONTRADICTED}


# ---------------------------------------------------------------- names


def named(*names: str) -> str:
    rows = "".join(f"Participant {n},{name},Submitted,,20.00,-\r\n" for n, name in enumerate(names, 1))
    return f"Identifier,Full name,Status,Grade,Maximum Grade,Last modified (grade)\r\n{rows}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Йван Петров", "Иван Петров"),
        ("かがみ ゆう", "かかみ ゆう"),
        ("राम कुमार", "रम कमर"),
        ("Wei Li", "Li Wei"),
        ("Jon Smith", "John Smith"),
        ("محمد علي", "محمّد على"),
    ],
)
def test_another_name_is_another_person(one: str, other: str) -> None:
    entry = Entry(student="s", name=one, points=Fraction(5))
    assert fill("moodle", [entry], named(other, "Some Body")).left_out == {"s": NO_ROW}
    assert fill("moodle", [entry], named(other, one)).entered == 1


@pytest.mark.parametrize(
    ("handed_in", "row"),
    [
        ("José Núñez", "Jose Nunez"),
        ("Jose\u0301 Nu\u0301n\u0303ez", "José Núñez"),
        ("Nguyễn Văn Đức", "nguyen van duc"),
        ("Müller, Jürgen", "Jürgen Müller"),
        ("O'Brien, Anna-Lena", "Anna Lena O’Brien"),
        ("Łukasz Żak", "Lukasz Zak"),
        ("Йван Петров", "Йван Петров"),
    ],
)
def test_the_same_name_in_another_way_to_write_it_is_the_same_person(handed_in: str, row: str) -> None:
    entry = Entry(student="s", name=handed_in, points=Fraction(5))
    assert fill("moodle", [entry], named(row, "Some Body")).entered == 1


def test_the_exact_name_comes_before_the_one_without_accents() -> None:
    people = [Entry(student=n, name=n, points=Fraction(p)) for n, p in (("Jose Nunez", 3), ("José Núñez", 7))]
    filled = fill("moodle", people, named("José Núñez", "Jose Nunez"))
    rows = list(csv.reader(io.StringIO(filled.data.decode())))
    assert [row[3] for row in rows[1:]] == ["7", "3"]
    alone = fill("moodle", people, named("José Núñez", "Some Body"))
    assert ([row[3] for row in csv.reader(io.StringIO(alone.data.decode()))][1:], alone.left_out) == (
        ["7", ""],
        {"Jose Nunez": CLAIMED},
    )


# ---------------------------------------------------------------- files and the table


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("preamble", ["", "sep=;\r\n"])
def test_a_sheet_of_any_encoding_comes_back_as_it_was_with_scores(encoding: str, preamble: str) -> None:
    text = preamble + GERMAN.replace("\n", "\r\n").replace("Nguyễn", "Nguyen")
    filled = fill("moodle", [JANE], text.encode(encoding))
    assert (filled.entered, filled.data.decode(encoding).lstrip("\ufeff").startswith(f"{preamble}ID;Voll")) == (1, True)
    assert ";17,5;20,00;Ja;" in filled.data.decode(encoding)


def test_a_thousand_is_no_decimal_comma() -> None:
    text = 'Name,A,B\r\nx,"1,050",3.5\r\n'
    assert decimal_sign(parse(text.encode(), "x")) == "."
    assert number("1.000,5") == number("1,000.5") == Fraction(2001, 2)


def test_a_gradebook_is_one_line_of_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    toy = Gradebook(
        name="toy",
        help="a toy's gradebook",
        description="Write it.",
        sheet="its sheet",
        column="its column",
        fill=lambda request: Filled(data=b"toy", entered=len(request.entries), left_out={}),
    )
    monkeypatch.setattr(platforms, "GRADEBOOKS", (*platforms.GRADEBOOKS, toy))
    assert cli.main(["export", "--help"]) == 0
    assert "a toy's gradebook" in capsys.readouterr().out
