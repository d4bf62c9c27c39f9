"""Rule `printed`: as `max`, with expected values that exist only as printed text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from grader.compare.printed import parse_printed
from grader.compare.rules.largest import Largest
from grader.compare.rules.rule import Array, Floats
from grader.errors import AuthoringError
from grader.model import Tolerance


class Printed(Largest):
    """Half a unit of the last printed decimal is added to the budget."""

    name = "printed"
    budget_shows_expected = True

    def expected(self, name: str, golden: Array, tolerance: Tolerance) -> tuple[Array, Floats | float]:
        if tolerance.text is None:
            raise AuthoringError(f"tolerance of {name!r}: rule 'printed' needs text=, the expected values as printed")
        values, half = parse_printed(tolerance.text)
        if values.size != golden.size:
            raise AuthoringError(
                f"tolerance of {name!r}: the printed text has shape {values.shape}, the golden {golden.shape};"
                " give the whole array as printed"
            )
        return values.reshape(golden.shape), half.reshape(-1)

    def problems(self, tolerance: Tolerance) -> Iterator[tuple[Literal["error", "warning"], str]]:
        try:
            parse_printed(tolerance.text or "")
        except AuthoringError:
            yield "error", f"rule printed needs a text of numbers, not {tolerance.text!r}"


RULE = Printed()
