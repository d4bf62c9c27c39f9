"""Lines of text under construction: colour, ASCII fall-back, wrapped paragraphs and rows with a score.

Owns the layout; content and order are `grader.report.terminal.terminal`'s.
"""

from __future__ import annotations

from grader.report.sanitize import clean, cut
from grader.report.sentences import PARAGRAPH
from grader.report.terminal import layout

_SGR = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
_ASCII = str.maketrans(
    {"✓": "+", "◐": "~", "✗": "x", "○": "o", "…": ".", "─": "-", "→": ">", "·": "-", "–": "-", "│": "|"}
    | {"“": '"', "”": '"', "‘": "'", "’": "'", "≤": "<=", "≥": ">=", "×": "x", "−": "-"}
)


class TerminalPage:
    """A page that grows line by line."""

    def __init__(self, *, colour: bool, width: int, ascii_only: bool) -> None:
        self.width = width
        self._colour = colour
        self._ascii = ascii_only
        self._lines: list[str] = []
        self._ruled = False

    def text(self) -> str:
        """Everything so far, with a final newline."""
        text = "\n".join(self._lines) + "\n"
        return text.translate(_ASCII) if self._ascii else text

    def style(self, text: str, *styles: str) -> str:
        """The text in these styles, if the page has colours."""
        if not (self._colour and styles and text.strip()):
            return text
        body = text.rstrip()
        return f"\x1b[{';'.join(_SGR[s] for s in styles)}m{body}\x1b[0m{text[len(body) :]}"

    def line(self, *pieces: str) -> None:
        """One line from styled pieces."""
        self._lines.append("".join(pieces).rstrip())
        self._ruled = False

    def rule(self) -> None:
        """A thin line over the whole width, in the place of an empty one."""
        if self._lines and not self._lines[-1]:
            self._lines.pop()
        self.line(self.style("─" * self.width, "dim"))
        self._ruled = True

    def gap(self) -> None:
        """One empty line, however often it is asked for; none below a rule."""
        if self._lines and self._lines[-1] and not self._ruled:
            self.line()

    def heading(self, text: str) -> None:
        """A bold line after an empty one."""
        self.gap()
        self.paragraph(text, 0, "bold")

    def paragraph(self, text: str, indent: int, *styles: str, first: str = "") -> None:
        """Cleaned and wrapped text; `first` stands before its first line, the others are aligned with that."""
        lead = " " * indent + first
        for line in layout.wrap(cut(clean(text[: 2 * PARAGRAPH]), PARAGRAPH), self.width - layout.columns(lead)):
            self.line(self.style(lead + line, *styles) if lead.strip() else lead + self.style(line, *styles))
            lead = " " * layout.columns(lead)

    def row(
        self, sign: tuple[str, str], title: str, score: str, *, indent: int = 0, lead: str = "", aside: str = ""
    ) -> None:
        """A sign, a dim lead, a title, an aside and a score that stands right.

        Parameters
        ----------
        sign
            A character and its colour; the score has the colour too, but below an indentation it is dim.
        title
            Cleaned text; what does not fit is wrapped below itself.
        score
            Padded by the caller, so that all of them align.
        lead
            Text of fixed width before the title.
        aside
            Dim text after the title, or below it where there is no room.
        """
        mark, tint = sign
        start = indent + 2 + layout.columns(lead)
        room = self.width - start - 2 - layout.columns(score)
        first, *rest = layout.wrap(title, room) or [""]
        beside = f" · {aside}" if aside else ""
        if rest or layout.columns(first + beside) > room:
            beside = ""
        blanks = " " * (room + 2 - layout.columns(first + beside))
        self.line(
            " " * indent + self.style(mark, tint) + " " + self.style(lead, "dim"),
            first + self.style(beside, "dim") + blanks + self.style(score, "dim" if indent else tint),
        )
        for line in rest:
            self.line(" " * start + line)
        if aside and not beside:
            self.paragraph(aside, start, "dim")
