"""Helpers that a student keeps in a provided file."""

from __future__ import annotations

from typing import Any

from grader.submission.files.provided import with_additions

COURSE = '''"""Given."""\n\nimport math\n\nFACTOR = 2\n\n\ndef double(x):\n    return FACTOR * x\n'''


def run(text: str) -> dict[str, Any]:
    space: dict[str, Any] = {}
    exec(text, space)
    return space


def test_functions_that_only_the_student_has_are_added_with_their_imports() -> None:
    text, added = with_additions(
        COURSE, "import cmath\n" + COURSE + "\ndef root(x):\n    return cmath.sqrt(x) * FACTOR\n"
    )

    assert added == ("root",)
    assert run(text)["root"](-1) == 2j


def test_another_name_for_one_of_the_courses_functions_is_added() -> None:
    text, added = with_additions(COURSE, COURSE + "twice = double\nRATE = 1e-3\nDATA = open('/nowhere').read()\n")

    assert added == ("twice", "RATE")
    assert run(text)["twice"](4) == 8


def test_the_courses_own_functions_and_numbers_stay() -> None:
    text, added = with_additions(COURSE, "FACTOR = 3\ndef double(x):\n    return 0\nclass Own:\n    pass\n")

    assert added == ("Own",)
    assert run(text)["double"](4) == 8


def test_what_the_course_imports_stays_the_courses() -> None:
    course = '"""Under the path of older editions."""\n\nfrom math import sqrt\nfrom math import pow as power\n'
    text, added = with_additions(
        course, "def sqrt(x):\n    return 0\ndef power(x, y):\n    return 0\ndef own():\n    pass\n"
    )

    assert added == ("own",)
    assert run(text)["sqrt"](4) == 2
    assert run(text)["power"](2, 3) == 8


def test_an_import_that_fails_is_left_out() -> None:
    text, _ = with_additions(COURSE, "from nowhere_at_all import thing\ndef own():\n    return double(1)\n")

    assert run(text)["own"]() == 2


def test_a_version_that_defines_nothing_more_or_cannot_be_read_changes_nothing() -> None:
    assert with_additions(COURSE, COURSE.replace("2", "3")) == (COURSE, ())
    assert with_additions(COURSE, "def broken(:\n") == (COURSE, ())


def test_a_function_that_the_student_gave_another_argument_takes_it() -> None:
    course = "def load(rows=2, seed=0):\n    return rows, seed\n"
    text, names = with_additions(course, "def load(folder, rows=5, seed=0):\n    return 1\n")
    namespace: dict[str, Any] = {}
    exec(text, namespace)
    load = namespace["load"]
    assert load() == (2, 0)
    assert load("data") == (2, 0)
    assert load("data", 3, seed=4) == (3, 4)
    assert load(folder="data", rows=7) == (7, 0)
    assert names == ("arguments of load, which are not used",)
