"""What a cell defines, read without running it."""

from __future__ import annotations

import ast
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.submission.source.definitions import _Trees, definitions
from grader.submission.source.magics import plain_python


def kinds(source: str) -> dict[str, str]:
    return {d.name: d.kind for d in definitions(source).found}


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("def f(): pass", {"f": "def"}),
        ("async def f(): pass", {"f": "def"}),
        ("class A:\n    def m(self): x = 1", {"A": "class"}),
        ("f = lambda x: x", {"f": "def"}),
        ("x = 1", {"x": "assign"}),
        ("a, (b, *c) = d[0] = e.f = g = 1", {"a": "assign", "b": "assign", "c": "assign", "g": "assign"}),
        ("x: int = 1\ny: int", {"x": "assign"}),
        ("x += 1", {}),
        ("import numpy as np, os.path", {"np": "import", "os": "import"}),
        ("from a.b import c, d as e", {"c": "import", "e": "import"}),
        ("if True:\n    def f(): pass\nelse:\n    g = 1", {"f": "def", "g": "assign"}),
        (
            "try:\n    x = 1\nexcept E:\n    y = 1\nelse:\n    z = 1\nfinally:\n    w = 1",
            dict.fromkeys("xyzw", "assign"),
        ),
        ("for i in range(3):\n    x = i", {"i": "assign", "x": "assign"}),
        ("while True:\n    x = 1", {"x": "assign"}),
        ("with open('f') as f, g() as (h, k):\n    x = 1", dict.fromkeys("fhkx", "assign")),
        ("match x:\n    case 1:\n        y = 1", {"y": "assign"}),
        ("x = 1\ndel x", {}),
        ("x = y = 1\ndel x\nx = 2\ndel z", {"x": "assign", "y": "assign"}),
        ("def f():\n    global x\n    x = 1", {"f": "def"}),
        ("print('x = 1')", {}),
    ],
)
def test_names_at_top_level_are_found_with_their_kind(source: str, wanted: dict[str, str]) -> None:
    assert kinds(source) == wanted


def test_parameters_are_those_of_the_function() -> None:
    found = definitions("def f(x, /, y, *rest, step=1, **more): pass\ng = lambda a, b=2: a").found
    assert [d.parameters for d in found] == [("x", "y", "*rest", "step", "**more"), ("a", "b")]


def test_an_assignment_from_the_name_itself_or_in_a_loop_is_an_update() -> None:
    found = definitions("w = [1]\nw = [g - v for v in w]\nfor i in w:\n    b = 1\nAffine = Affine()").found
    assert [(d.name, d.update) for d in found] == [
        ("w", False),
        ("w", True),
        ("i", True),
        ("b", True),
        ("Affine", True),
    ]


def test_star_imports_are_named_with_their_dots() -> None:
    assert definitions("from nndl.layers import *\nfrom ..base import *\nfrom . import *").stars == (
        "nndl.layers",
        "..base",
        ".",
    )


def test_an_import_knows_where_it_comes_from() -> None:
    (one,) = definitions("from .linear import Linear as L").found
    assert (one.name, one.origin, one.original) == ("L", ".linear", "Linear")


def test_a_syntax_error_is_a_note_with_its_line() -> None:
    read = definitions("x = 1\ndef f(:\n    pass")
    assert read.found == ()
    assert read.note.startswith("line 2: ")


@pytest.mark.parametrize(
    "source", ["x = '\0'", "x = '\ud800'", "(" * 5000, "-" * 100_000 + "1", "x = " + "1+" * 20_000 + "1"]
)
def test_what_the_parser_cannot_take_is_no_exception(source: str) -> None:
    read = definitions(source)
    assert read.note or read.names == {"x"}


def test_a_long_elif_chain_is_followed_to_its_end() -> None:
    source = "if a:\n    pass\n" + "elif a:\n    pass\n" * 150 + "else:\n    x = 1\n"
    assert kinds(source) == {"x": "assign"}


# ---------------------------------------------------------------- magics


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("%matplotlib inline\nx = 1", {"x"}),
        ("!pip install numpy\nx = 1", {"x"}),
        ("%%time\ndef f(): pass", {"f"}),
        ("\n%%capture out\n%%time\nx = 1", {"x"}),
        ("%%bash\nx=1", set()),
        ("%%HTML\nx = 1", set()),
        ("%%wandb --height 400\nx = 1", {"x"}),
        ("%%timeit\nx = 1", set()),
        ("%%writefile layers.py\nx = 1", set()),
        ("files = !ls *.py\ny = 1", {"files", "y"}),
        ("t = %timeit -o f()\n", {"t"}),
        ("np.dot?\nx = 1", {"x"}),
        ("?np.dot\nx = 1", {"x"}),
        ("if True:\n    !ls\n    x = 1", {"x"}),
        ("!pip install a \\\n  b \\\n  c\nx = 1", {"x"}),
        ("%load_ext autoreload\n%autoreload 2\nfrom a import b", {"b"}),
        ("    x = 1\n    y = 2", {"x", "y"}),
        ("    %time f()\n    x = 1", {"x"}),
        ("x = 1\n%%time\ny = 1", {"x", "y"}),
    ],
)
def test_magics_do_not_hide_what_a_cell_defines(source: str, wanted: set[str]) -> None:
    assert definitions(source).names == wanted


@pytest.mark.parametrize(
    "source",
    [
        "x = (17\n  % 5)",
        "x = 17 \\\n  % 5",
        's = """\n%matplotlib inline\n!ls\nwhat?\n"""',
        "s = '''a\\'''\n% b'''",
        "a = [1,  # (\n  2\n % 3]",
        "assert a != b\nx = '# %time ' + \"!\"",
        "x = 1  # really?",
    ],
)
def test_what_only_looks_like_a_magic_stays(source: str) -> None:
    assert plain_python(source) == source


def test_lines_keep_their_numbers() -> None:
    assert definitions("%%time\n!ls \\\n -l\n\ndef f(): pass").found[0].line == 5
    assert plain_python("%%bash\na\nb").count("\n") == 2


TOKENS = [*"abx=%!?#'\"\\()[]{}:.,\n\t 1@*", "def ", "class ", "import ", "%%", '"""', "\r", "\0", "é", "\ud800"]
TEXT = st.lists(st.sampled_from(TOKENS), max_size=30).map("".join)


@settings(deadline=None, max_examples=300)
@given(TEXT | st.text())
def test_any_text_is_read(source: str) -> None:
    read = definitions(source)
    assert not (read.note and read.found)
    assert all(d.line <= source.count("\n") + 1 for d in read.found)


@settings(deadline=None, max_examples=150)
@given(TEXT)
def test_valid_python_comes_through_unchanged(source: str) -> None:
    try:
        compile(source, "x", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return
    except Warning:
        pass
    assert plain_python(source) == source


@pytest.mark.slow
def test_threads_may_read_at_the_same_time() -> None:
    """The engine's threads share the syntax trees that are kept, of which many have to go again."""
    trees, texts = _Trees(room=300), [f"x{n} = 1" for n in range(200)] * 50
    often = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(max_workers=4) as pool:
            parsed = list(pool.map(trees.get, texts))
    finally:
        sys.setswitchinterval(often)
    assert [ast.unparse(p.tree) for p in parsed if p.tree] == texts
