"""CSV as platforms write and read it: delimiter, encoding, line ends and decimal sign stay what they were.

A spreadsheet runs a cell that begins like a formula, and a student chooses names, so no such cell is ever written.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Sequence
from fractions import Fraction

from msgspec import Struct, structs

from grader.errors import UsageError

DELIMITERS = ",;\t"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NO_TEXT = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF", b"<html", b"<!DOCTYPE")
"""How Excel's own files and a page that was saved in the place of a download begin."""
_FORMULA = re.compile(r"[=+\-@\t\r\uff0b\uff0d\uff1d\uff20](?=.)", re.DOTALL)
"""What a spreadsheet takes for a formula, in full width too; a lone `-` is what Moodle writes for nothing."""
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?%?")
_SEPARATOR = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
"""A first line that tells Excel the delimiter; Excel writes none, other programs do."""


class Sheet(Struct, frozen=True, kw_only=True):
    """A table of cells, and how it is written."""

    rows: tuple[tuple[str, ...], ...]
    encoding: str = "utf-8"
    delimiter: str = ","
    newline: str = "\r\n"
    preamble: str = ""
    """`sep=;`, where the file began so."""

    @property
    def head(self) -> tuple[str, ...]:
        return self.rows[0]

    def with_rows(self, rows: Iterable[tuple[str, ...]]) -> Sheet:
        """Other rows, written in the same way."""
        return structs.replace(self, rows=tuple(rows))


def parse(data: bytes, name: str, *, columns: int = 2) -> Sheet:
    """Read a CSV file of at least so many `columns`; `name` is what messages call it.

    Raises UsageError if it holds no table.
    """
    if data.startswith(_NO_TEXT):
        raise UsageError(f"{name}: is a spreadsheet or a page, not CSV; save it as CSV")
    encoding = next((encoding for mark, encoding in _BOMS if data.startswith(mark)), _without_mark(data))
    text = data.decode(encoding, "replace").removeprefix("\ufeff")
    separator = _SEPARATOR.match(text)
    text = text[separator.end() :] if separator else text
    first = re.sub(r'"[^"]*"', "", text.partition("\n")[0])
    delimiter = separator[1] if separator else max(DELIMITERS, key=first.count)
    try:
        rows = [tuple(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)]
    except csv.Error as problem:
        raise UsageError(f"{name}: is no CSV file ({problem}); download it again, and do not convert it") from None
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if len(rows) < 2 or len(rows[0]) < columns:
        raise UsageError(f"{name}: holds no table with a line of headers; download it again as CSV")
    newline = "\r\n" if "\r\n" in text else "\n"
    preamble = separator[0] if separator else ""
    return Sheet(rows=tuple(rows), encoding=encoding, delimiter=delimiter, newline=newline, preamble=preamble)


def _without_mark(data: bytes) -> str:
    """The encoding of a file that does not say: UTF-16 shows by the empty half of its letters."""
    start = data[:400]
    if b"\x00" in start:
        return "utf-16-le" if start[1::2].count(0) > start[::2].count(0) else "utf-16-be"
    try:
        data.decode()
    except UnicodeDecodeError:
        return "cp1252"  # what Excel saves in Western Europe
    return "utf-8"


def dump(sheet: Sheet, *, keep: Sequence[int] = ()) -> bytes:
    """Write it as it was read, with formulas made harmless everywhere but in the columns `keep`."""
    text = io.StringIO(sheet.preamble)
    text.seek(0, io.SEEK_END)
    writer = csv.writer(text, delimiter=sheet.delimiter, lineterminator=sheet.newline)
    for i, row in enumerate(sheet.rows):
        writer.writerow([cell if i == 0 or column in keep else harmless(cell) for column, cell in enumerate(row)])
    mark = next((mark for mark, encoding in _BOMS if encoding == sheet.encoding and encoding != "utf-8-sig"), b"")
    return mark + text.getvalue().encode(sheet.encoding, "xmlcharrefreplace")  # only a comment, which is HTML, needs it


def harmless(cell: str) -> str:
    """The text with an apostrophe before it if a spreadsheet would run it."""
    return f"'{cell}" if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell) else cell


def decimal_sign(sheet: Sheet) -> str:
    """The sign that the sheet's own numbers have: a comma where one of them has it."""
    cells = [cell.strip() for row in sheet.rows[1:] for cell in row]
    commas = [cell for cell in cells if re.fullmatch(r"\d+,\d+", cell)]
    grouped = all(re.fullmatch(r"\d{1,3},\d{3}", cell) for cell in commas)  # a thousand, where others have a point
    return "," if commas and not (grouped and any(re.fullmatch(r"\d+\.\d+", cell) for cell in cells)) else "."


def number(text: str) -> Fraction | None:
    """A number as a sheet has it, `20.00`, `20,00`, `1,000.5` or `1.000,5`; None for anything else."""
    text = text.strip().replace("\N{NO-BREAK SPACE}", "")
    if re.fullmatch(r"\d{1,3}([.,]\d{3})*[.,]\d+|\d+([.,]\d+)?", text) is None:
        return None
    whole, sign, rest = text.rpartition(max(".,", key=text.rfind))
    return Fraction(re.sub(r"[.,]", "", whole) + "." + rest) if sign else Fraction(rest)


def decimal(value: Fraction, *, sign: str = ".") -> str:
    """Points with at most two digits after the decimal sign, halves rounded up: `17.5`."""
    whole, cents = divmod(int(value * 100 + Fraction(1, 2)), 100)
    return f"{whole}{sign}{cents:02d}".rstrip("0").rstrip(sign) if cents else str(whole)
