"""A check's digest is of what it runs, and not of the file that it stands in."""

from __future__ import annotations

from msgspec import structs

from grader.assignment.loading.check_source import check_digest
from tests.support import make_check

SOURCE = """import numpy as np
SIZE = 3
def draw(rng):
    return rng.normal(size=SIZE)
def one(student, rng):
    return {"out": student.f(draw(rng))}
def two(student, rng):
    return {"out": student.f(np.ones(2))}
"""


def digests(source: str) -> list[str]:
    check = make_check("pass")
    return [check_digest(structs.replace(check, id=name, source=source)) for name in ("one", "two")]


def test_a_change_counts_for_the_checks_that_it_leads_to() -> None:
    one, two = digests(SOURCE)
    assert digests("# more\n\n" + SOURCE.replace("def two", "# more\ndef two")) == [one, two]
    changed = digests(SOURCE.replace("SIZE = 3", "SIZE = 4"))
    assert (changed[0] != one, changed[1] == two) == (True, True)
    changed = digests(SOURCE.replace("np.ones(2)", "np.ones(3)"))
    assert (changed[0] == one, changed[1] != two) == (True, True)
    changed = digests(SOURCE.replace("import numpy as np", "import math as np"))
    assert (changed[0] == one, changed[1] != two) == (True, True)
