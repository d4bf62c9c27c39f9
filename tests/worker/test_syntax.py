"""Many threads may ask for syntax trees at a time."""

from __future__ import annotations

import ast
from concurrent.futures import ThreadPoolExecutor

import pytest

from grader.submission.source.definitions import parse
from grader.worker.syntax import parse_tree

SOURCE = "\n".join(f"def f{n}(x):\n    return [(x + {n}) * (x - {n}) for x in range({n})]" for n in range(200))


@pytest.mark.slow
def test_threads_that_parse_at_a_time_all_get_their_trees() -> None:
    wanted = ast.dump(ast.parse(SOURCE))
    with ThreadPoolExecutor(max_workers=8) as pool:
        trees = list(pool.map(parse_tree, [SOURCE] * 64))
    assert {ast.dump(tree) for tree in trees} == {wanted}


@pytest.mark.parametrize("digits", ["0x" + "f" * 4000, "0b" + "1" * 20_000, "0o" + "7_" * 3000 + "7"])
def test_a_number_that_cannot_be_written_out_again_is_an_error_of_its_line(digits: str) -> None:
    with pytest.raises(SyntaxError):
        parse_tree(f"x = 1\nbig = {digits}")
    assert parse(f"x = 1\nbig = {digits}").line == 2
    assert parse("x = 0x" + "f" * 400).tree is not None
