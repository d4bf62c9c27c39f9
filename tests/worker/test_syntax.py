"""Many threads may ask for syntax trees at a time."""

from __future__ import annotations

import ast
from concurrent.futures import ThreadPoolExecutor

from grader.worker.syntax import parse_tree

SOURCE = "\n".join(f"def f{n}(x):\n    return [(x + {n}) * (x - {n}) for x in range({n})]" for n in range(200))


def test_threads_that_parse_at_a_time_all_get_their_trees() -> None:
    wanted = ast.dump(ast.parse(SOURCE))
    with ThreadPoolExecutor(max_workers=8) as pool:
        trees = list(pool.map(parse_tree, [SOURCE] * 64))
    assert {ast.dump(tree) for tree in trees} == {wanted}
