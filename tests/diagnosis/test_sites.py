from __future__ import annotations

import ast

from grader.diagnosis.mutation.sites import Mutant, mutants_of

SOURCE = '''import numpy as np


class Loss:
    def forward(self, logits, labels):
        """Cross-entropy."""
        ### BEGIN SOLUTION
        shifted = logits - logits.max(axis=1, keepdims=True)
        secret = np.exp(shifted).sum(axis=1)
        return (np.log(secret) - shifted[np.arange(len(labels)), labels]).mean()
        ### END SOLUTION

    def given(self, x):
        return x * 2 + 1


def relu_backward(d_out, x):
    ### BEGIN SOLUTION
    return d_out * (x > 0)  # equivalent: only for this test
    ### END SOLUTION
'''


def found(code: str) -> list[Mutant]:
    return [m for m in mutants_of("layers.py", SOURCE) if m.code == code]


def test_every_mutant_is_valid_python_and_no_two_are_the_same() -> None:
    every = list(mutants_of("layers.py", SOURCE))
    assert len(every) > 30
    assert len({ast.dump(ast.parse(m.text)) for m in every} | {ast.dump(ast.parse(SOURCE))}) == len(every) + 1


def test_only_lines_of_the_solution_change() -> None:
    every = list(mutants_of("layers.py", SOURCE))
    assert {mutant.line for mutant in every} == {8, 9, 10, 19}
    for mutant in every:
        changed = [
            i for i, (a, b) in enumerate(zip(SOURCE.split("\n"), mutant.text.split("\n"), strict=True), 1) if a != b
        ]
        assert changed == [mutant.line]


def test_mutants_are_named_by_what_they_amount_to() -> None:
    assert [m.new for m in found("missing-shift")] == ["logits"]
    assert [m.function for m in found("sum-for-mean")] == ["Loss.forward"]
    assert found("missing-factor")[0].clause == "the factor with `x` is missing"
    assert "`d_out`" in found("missing-factor")[1].clause
    assert {m.new for m in found("missing-mask")} == {"1.0"}


def test_a_clause_shows_no_variable_and_no_code_of_the_solution() -> None:
    every = list(mutants_of("layers.py", SOURCE))
    assert every
    for mutant in every:
        assert "secret" not in mutant.clause
        assert "shifted" not in mutant.clause
        assert "(" not in mutant.clause.replace("(`keepdims`)", "")


def test_a_comment_of_the_author_excuses_the_mutants_of_its_line() -> None:
    excused = [m for m in mutants_of("layers.py", SOURCE) if m.excused]
    assert {m.line for m in excused} == {19}
    assert excused[0].excused == "only for this test"


def test_a_notebook_keeps_its_magics() -> None:
    text = "# %%\n# %matplotlib inline\n### BEGIN SOLUTION\nrate = 2 * 0.5\n### END SOLUTION\n"
    every = list(mutants_of("notebook.py", text))
    assert every
    assert all(m.text.startswith("# %%\n# %matplotlib inline\n") for m in every)
