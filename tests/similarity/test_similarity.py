"""Who is told to have written alike, and who is not: code, words and rare wrong results."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from grader.errors import AuthoringError
from grader.model import Limits
from grader.similarity.others import write_dolos, write_jplag
from grader.similarity.page import render_similarity
from grader.similarity.pairs import FEWEST, similarity
from grader.similarity.prints import Writing, code_prints, tokens, word_prints
from grader.similarity.read import handout_sources
from tests.support import make_assignment, make_check

HANDOUT = [
    "import numpy as np\n\ndef softmax(scores):\n    '''Rows of probabilities.'''\n    raise NotImplementedError\n"
]
VERBS = ("sum", "mean", "max", "min", "prod", "std", "var", "cumsum", "argsort", "ptp", "any", "all")


def own_code(rng: random.Random) -> str:
    """Forty lines that nobody else is likely to write."""
    lines = [
        f"    {rng.choice('abcdef')} = np.{rng.choice(VERBS)}({rng.choice('abcdef')}, axis={rng.randint(0, 1)})"
        f" {rng.choice('+-*/')} {rng.choice('abcdef')}.{rng.choice(VERBS)}()"
        for _ in range(40)
    ]
    return HANDOUT[0].replace("    raise NotImplementedError", "\n".join(lines))


def own_words(rng: random.Random) -> str:
    words = [*"abcdefghijklmn"]
    return " ".join(rng.choice(words) for _ in range(60))


def cohort(size: int = 24, seed: int = 3) -> list[Writing]:
    rng = random.Random(seed)
    return [writing(f"s{n:02}", own_code(rng), own_words(rng)) for n in range(size)]


def writing(name: str, code: str, words: str = "", results: frozenset[str] = frozenset()) -> Writing:
    answers = {"1a": words} if words else {}
    return Writing(
        student=name, name=name.upper(), path=f"{name}.ipynb", code={"cell 3": code}, answers=answers, results=results
    )


def pairs(writings: list[Writing]) -> set[tuple[str, str]]:
    return {(p.left.student, p.right.student) for p in similarity(writings, HANDOUT).pairs}


def test_people_who_write_on_their_own_are_no_pair() -> None:
    assert pairs(cohort()) == set()


@pytest.mark.parametrize(
    "disguise",
    [
        lambda code: code,
        lambda code: re.sub(r"\b([a-f])\b", r"own_\1", code),
        lambda code: "\n".join(f"{line}  # step {n}" for n, line in enumerate(code.split("\n"))),
        lambda code: "\n\n".join(code.split("\n")).replace(" + ", "  +  "),
        lambda code: "\n".join([*code.split("\n")[:5], *code.split("\n")[25:], *code.split("\n")[5:25]]),
    ],
    ids=["as it is", "renamed", "commented", "spaced", "reordered"],
)
def test_copied_code_is_found_however_it_is_disguised(disguise: object) -> None:
    writings = cohort()
    writings.append(writing("copy", disguise(writings[4].code["cell 3"])))  # type: ignore[operator]
    assert pairs(writings) == {("s04", "copy")}


def test_copied_words_are_found_where_the_code_is_ones_own() -> None:
    writings = cohort()
    words = writings[7].answers["1a"].split(" ")
    writings.append(writing("copy", own_code(random.Random(99)), " ".join([*words[30:], *words[:30]])))
    assert pairs(writings) == {("s07", "copy")}


def test_what_the_hand_out_gave_is_nobodys() -> None:
    writings = [*cohort(), writing("stub1", HANDOUT[0]), writing("stub2", HANDOUT[0])]
    assert pairs(writings) == set()


def test_what_everybody_writes_weighs_nothing() -> None:
    line = "\n".join(f"shifted = scores - scores.max(axis=1, keepdims=True) * {n}" for n in range(12))
    writings = [msg for n, msg in enumerate(cohort())]
    same = [writing(w.student, w.code["cell 3"] + line) for w in writings]
    assert pairs(same) == set()


def test_rare_wrong_results_are_named_and_common_ones_not() -> None:
    everybody, two = frozenset({"common"}), frozenset({"common", "rare"})
    writings = [writing(w.student, w.code["cell 3"], results=everybody) for w in cohort()]
    code = writings[4].code["cell 3"]
    writings[4] = writing("s04", code, results=two)
    writings.append(writing("copy", code, results=two))
    (pair,) = similarity(writings, HANDOUT).pairs
    assert pair.results == ("rare",)


@pytest.mark.parametrize("size", [0, 1, 2, FEWEST - 1])
def test_a_few_hand_ins_say_nothing(size: int) -> None:
    assert similarity([writing(f"s{n}", "same = 1 + 2 + 3 + 4 + 5 + 6 + 7") for n in range(size)], HANDOUT).pairs == ()


@pytest.mark.parametrize(
    "code", ["", "\x00\ud800", "def f(:", "'" * 99, "%%bash\nls", "((((" * 5000, '"""', "\\\n" * 50]
)
def test_anything_can_be_read(code: str) -> None:
    code_prints(code)
    assert similarity([*cohort(), writing("odd1", code, code), writing("odd2", code, code)], HANDOUT).students == 26


def test_names_and_layout_do_not_count_and_librarys_names_do() -> None:
    read = [t for t, _ in tokens("y = np.maximum(0, self.w @ x)  # why")]
    assert read == [t for t, _ in tokens("out=np . maximum(1,\n self.weights@data)")]
    assert read != [t for t, _ in tokens("y = np.minimum(0, self.w @ x)")]


def test_words_are_compared_without_case_and_punctuation() -> None:
    assert word_prints("The loss falls, at first, QUICKLY.") == word_prints("the loss falls at first quickly")
    assert word_prints("four words are few") == frozenset()


def test_the_page_shows_hostile_text_as_text() -> None:
    bad = "<script>alert(1)</script>\u202e"
    writings = cohort()
    code = writings[0].code["cell 3"]
    writings.append(
        Writing(
            student="x", name=bad, path="x", code={bad: code + f"\n# {bad}"}, answers={bad: bad}, results=frozenset()
        )
    )
    page = render_similarity(similarity(writings, HANDOUT), bad)
    assert "<script" not in page
    assert "\u202e" not in page
    assert "&lt;script&gt;" in page


def test_others_get_one_file_for_each_student(tmp_path: Path) -> None:
    import csv
    import io
    import zipfile

    writings = [writing("../a b", "x = 1"), writing(".. a b", "%%time\nx = 2"), writing("handout", "x = 3")]
    write_dolos(writings, HANDOUT, tmp_path / "d.zip")
    with zipfile.ZipFile(tmp_path / "d.zip") as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read("info.csv").decode())))
        assert len({row["filename"] for row in rows}) == 3
        assert all("/" not in row["filename"] and row["filename"] in archive.namelist() for row in rows)
    write_jplag(writings, HANDOUT, tmp_path / "j")
    assert len(list((tmp_path / "j" / "submissions").iterdir())) == 3
    assert "softmax" in (tmp_path / "j" / "handout" / "code.py").read_text()


def test_the_hand_out_is_what_the_course_gave(tmp_path: Path) -> None:
    handout = make_assignment(tmp_path, [make_check("return {}")], {}, Limits())
    for name in (".ipynb_checkpoints/old.ipynb", ".venv/lib/m.py", "given.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    assert handout_sources(handout) == ["given.py"]
    (tmp_path / "notes.ipynb").write_text("{")
    with pytest.raises(AuthoringError, match=rf"{re.escape(str(tmp_path))}: notes.ipynb"):
        handout_sources(handout)


def test_the_page_is_black_on_white_on_paper() -> None:
    page = render_similarity(similarity([], HANDOUT), "hw")
    assert "@media screen and (prefers-color-scheme: dark)" in page
    assert page.count("prefers-color-scheme") == 1
    assert "color-scheme: light;" in page.partition("@media print")[2]
