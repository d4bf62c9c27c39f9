"""CSV as platforms write and read it: delimiter, encoding, line ends and decimal sign stay what they were.

A spreadsheet runs a cell that begins like a formula, and a student chooses names, so no such cell is ever written.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Sequence
from fractions import Fraction

from msgspec import Struct

from grader.errors import UsageError

DELIMITERS = ",;\t"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_FORMULA = re.compile(r"[=+\-@\t\r\uff0b\uff0d\uff1d\uff20](?=.)", re.DOTALL)
"""What a spreadsheet takes for a formula, in full width too; a lone `-` is what Moodle writes for nothing."""
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?%?")


class Sheet(Struct, frozen=True, kw_only=True):
    """A table of cells, and how it is written."""

    rows: tuple[tuple[str, ...], ...]
    encoding: str = "utf-8"
    delimiter: str = ","
    newline: str = "\r\n"


def parse(data: bytes, name: str) -> Sheet:
    """Read a CSV file; `name` is what messages call it.

    Raises
    ------
    UsageError
        It holds no table.
    """
    encoding = next((encoding for mark, encoding in _BOMS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        encoding = "cp1252"  # what Excel saves in Western Europe
        text = data.decode(encoding, "replace")
    text = text.removeprefix("\ufeff")
    first = re.sub(r'"[^"]*"', "", text.partition("\n")[0])
    delimiter = max(DELIMITERS, key=first.count)
    try:
        rows = [tuple(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)]
    except csv.Error as problem:
        raise UsageError(f"{name}: is no CSV file ({problem}); download it again, and do not convert it") from None
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if len(rows) < 2 or delimiter not in first:
        raise UsageError(f"{name}: holds no table with a line of headers; download it again as CSV")
    newline = "\r\n" if "\r\n" in text else "\n"
    return Sheet(rows=tuple(rows), encoding=encoding, delimiter=delimiter, newline=newline)


def dump(sheet: Sheet, *, keep: Sequence[int] = ()) -> bytes:
    """Write it as it was read, with formulas made harmless everywhere but in the columns `keep`."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=sheet.delimiter, lineterminator=sheet.newline)
    for i, row in enumerate(sheet.rows):
        writer.writerow([cell if i == 0 or column in keep else harmless(cell) for column, cell in enumerate(row)])
    mark = next((mark for mark, encoding in _BOMS if encoding == sheet.encoding and encoding != "utf-8-sig"), b"")
    return mark + text.getvalue().encode(sheet.encoding, "replace")


def harmless(cell: str) -> str:
    """The text with an apostrophe before it if a spreadsheet would run it."""
    return f"'{cell}" if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell) else cell


def decimal_sign(sheet: Sheet) -> str:
    """The sign that the sheet's own numbers have: a comma where one of them has it."""
    return "," if any(re.fullmatch(r"\d+,\d+", cell.strip()) for row in sheet.rows[1:] for cell in row) else "."


def decimal(value: Fraction, *, sign: str = ".") -> str:
    """Points with at most two digits after the decimal sign, halves rounded up: `17.5`."""
    whole, cents = divmod(int(value * 100 + Fraction(1, 2)), 100)
    return f"{whole}{sign}{cents:02d}".rstrip("0").rstrip(sign) if cents else str(whole)
