"""Solution regions become stubs, and markers that do not fit are refused."""

from __future__ import annotations

import ast
from textwrap import dedent

import pytest

from grader.assignment.release.markers import has_solution, regions, solved, stub_of
from grader.errors import AuthoringError

SOURCE = dedent(
    '''\
    class Affine:
        def forward(self, x):
            """Output."""
            ### BEGIN SOLUTION
            out = x
            ### END SOLUTION
            return out

    def f(x):
        ### BEGIN SOLUTION
        ### STUB: # one line is enough
        ### STUB: if x:
        ### STUB:     x = None
        y = [
      x]
        return y
        ### END SOLUTION
    '''
)


def test_a_region_becomes_an_error_that_names_its_function_or_the_text_of_the_author():
    assert stub_of(SOURCE, "m.py") == dedent(
        '''\
        class Affine:
            def forward(self, x):
                """Output."""
                raise NotImplementedError("Affine.forward: not implemented yet")
                return out

        def f(x):
            # one line is enough
            if x:
                x = None
        '''
    )


def test_the_solved_text_has_no_marker_and_no_stub_and_every_other_line():
    text = solved(SOURCE)
    assert "SOLUTION" not in text
    assert "STUB" not in text
    kept = [line for line in SOURCE.split("\n") if not line.strip().startswith("###")]
    assert text.split("\n") == kept


def test_only_a_text_with_an_opening_marker_has_a_solution():
    assert has_solution(SOURCE)
    assert not has_solution(solved(SOURCE))
    assert not has_solution("print('### BEGIN SOLUTION')")


def test_a_cell_outside_every_function_says_so_in_its_stub():
    text = "# %%\n### BEGIN SOLUTION\nrate = 1\n### END SOLUTION\n"
    assert stub_of(text, "n.py") == '# %%\nraise NotImplementedError("this cell: not implemented yet")\n'


def test_the_text_without_regions_is_its_own_stub():
    assert stub_of("x = 1\n", "m.py") == solved("x = 1\n") == "x = 1\n"


def test_nested_functions_and_branches_name_the_innermost_function():
    text = dedent(
        """\
        async def outer():
            if True:
                try:
                    def inner():
                        ### BEGIN SOLUTION
                        return 1
                        ### END SOLUTION
                finally:
                    pass
        """
    )
    assert 'NotImplementedError("outer.inner: not implemented yet")' in stub_of(text, "m.py")


def test_shell_cells_do_not_stop_the_stub():
    text = "# %%\n# %%bash\nls -l | wc\n\n# %%\ndef f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION\n"
    assert "f: not implemented" in stub_of(text, "n.py")


BEGIN, END = "    ### BEGIN SOLUTION", "    ### END SOLUTION"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["def f():", BEGIN, "    return 1"], "m.py:2: '### BEGIN SOLUTION' without '### END SOLUTION' below it"),
        (["def f():", "    return 1", END], "m.py:3: '### END SOLUTION' without '### BEGIN SOLUTION' above it"),
        (["def f():", BEGIN, BEGIN, "    return 1", END, END], "m.py:3: a solution region inside that of line 2"),
        (["def f():", BEGIN, "    return 1", "  " + END], "m.py:4: '### END SOLUTION' is indented otherwise"),
        (["def f():", "  " + BEGIN, "    return 1", "  " + END], "m.py:3: indented otherwise than its"),
        (["def f():", "    # BEGIN SOLUTION", "    return 1", END], "m.py:2: looks like a marker and is none"),
        (["def f():", "    return 1  ### begin solution"], "m.py:2: looks like a marker and is none"),
        (["# %% [markdown]", "# ### END SOLUTION"], "m.py:2: looks like a marker and is none"),
        (["def f():", BEGIN, "    x = 1", "    ### STUB: pass", END], "m.py:4: '### STUB:' lines stand right below"),
        (["def f():", BEGIN, "    #STUB: pass", "    x = 1", END], "m.py:3: looks like a marker and is none"),
        (["def f():", BEGIN, "    return 1", "def g():", "    return 2", END], "m.py:4: leaves the block"),
        (
            ["# %%", "def f():", BEGIN, "    return 1", "# %%", END],
            "m.py:5: the region of line 3 crosses into this cell",
        ),
        (["def f():", BEGIN, "    # later", END, "    return 1"], "m.py:2: the region holds no statement"),
        (["### BEGIN SOLUTION", "x = 1", "### END SOLUTION"], "m.py:1: a region outside every function"),
        (["class A:", BEGIN, "    def f(self): pass", END], "m.py:2: a region outside every function"),
        (["def f(:", BEGIN, "    return 1", END], "m.py:1: not valid Python"),
        (
            ["def f():", BEGIN, "    ### STUB: x = = 1", "    x = 1", END, "    y"],
            "m.py:2: the stub is not valid Python",
        ),
        (["if 1:", BEGIN, "    ### STUB: # TODO", "    x = 1", END, "", "y"], "m.py:7: the stub is not valid Python"),
    ],
)
def test_markers_that_do_not_fit_are_refused_with_their_line(lines: list[str], said: str):
    with pytest.raises(AuthoringError) as caught:
        stub_of("\n".join(lines), "m.py")
    assert str(caught.value).startswith(said)


def test_every_stub_is_valid_python():
    ast.parse(stub_of(SOURCE, "m.py"))


def test_regions_know_their_lines():
    first, second = regions(SOURCE, "m.py")
    assert (first.begin, first.end, first.indent, first.stub) == (4, 6, " " * 8, None)
    assert second.body == ("    y = [", "  x]", "    return y")
