"""What a student handed in for a part that a person marks.

Owns finding the answer in the section that the assignment names, and telling it from the hand-out's own text and from
what is no answer in any hand-out: placeholders, forms with nothing filled in, labels. What a cell drew comes from the
run; showing it all is the report's.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Literal

import msgspec
from msgspec import Struct

from grader.model import Answer, Manual, Notebook
from grader.submission.source import sections
from grader.submission.source.definitions import parse
from grader.submission.source.magics import plain_python
from grader.submission.source.sections import plain

_NUMBERED = re.compile(r"\(?(\d[\d.]*[a-z]?[).:\s]|[a-z][).:])|(q|question|task|part)\s*\d", re.IGNORECASE)
_NUMBER = re.compile(
    r"(?:(?:aufgabe|teil|frage|task|part|question|exercise|problem|opgave|opdracht|vraag)\s+)?"
    r"\(?(?P<number>\d+(?:\.\d+)*[a-z]?)(?:[).:]+\s*|\s+|$)",
    re.IGNORECASE,
)
"""What a heading with a number begins with: `6 The order`, `Aufgabe 6: Die Ordnung`."""
_LETTER = re.compile(r"\(?(?P<letter>[a-z])\)\s+", re.IGNORECASE)
_MATHS = re.compile(r"\$\$|\\begin|\\\[|```")
"""A changed line of a formula is shown with the formula around it."""
_DRAWS = re.compile(r"\b(plt|ax|axes|fig|sns)\.|\.plot\(")
BESIDE = 2
"""Code cells above a written answer that it is likely to be about."""
_QUESTION_CHARACTERS = 15
"""A shorter question ("Why?") would be found anywhere, so it is not looked for in place of a heading."""


class _Text(Struct, frozen=True):
    """Lines of one markdown or raw cell from one heading to the next, or one code cell."""

    cell: int
    code: bool
    lines: tuple[str, ...]
    heading: sections.Heading | None = None
    """What its first line is, if that is a heading or a bold lead-in."""


def extract_answer(
    manual: Manual, notebook: Notebook, stub: Notebook | None, figures: Mapping[int, tuple[str, ...]]
) -> Answer:
    """The answer in the section of `notebook` whose heading contains `manual.under`.

    Where no heading does, a bold lead-in or any line that holds that text, or the question's, opens the section; else
    the only heading with its number, or with its letter below the same number, which may be in another language.

    What `stub`, the hand-out's notebook, says already is no answer. None, or one that words the section otherwise
    (another edition's), makes the last markdown cells of the section the answer. `figures` has for a cell a sentence
    for each figure that it drew when it was run.

    Of `plot` the answer is the figures, or the last code cell that was to draw one and did not; of `tuning` the last
    code cell that is not the stub's; else text. `untouched`: only what the hand-out says is there; `empty`: not even
    that, or no figure; `not found`: no such section. Where no heading is left, every figure may be the one.
    """
    given = _section(stub, manual) if stub is not None else []
    known: frozenset[str] | None = None
    if stub is not None and given:
        # a student's own heading inside an answer does not end it; in another edition every heading does
        titles = _titles(stub)
        known = titles if 2 * len(titles & _titles(notebook)) >= len(titles) else None
    texts = [_without(text, manual.given) for text in _section(notebook, manual, known)]
    if not texts and given and stub is not None:
        texts = _by_number(notebook, given[0], stub)
    if not texts and manual.kind == "plot" and not any(text.heading for text in _texts(notebook)):
        texts = [text for text in _texts(notebook) if figures.get(text.cell)]  # the code alone was handed in
    if not texts:
        return Answer(state="not found")
    if manual.kind == "plot":
        return _plot(texts, given, figures)
    if manual.kind == "tuning":
        return _tuning(texts, given)
    written = _written(texts, given, manual.under)
    return written if written.state == "answered" else _commented(texts, given) or written


def cells_beside(answer: Answer, notebook: Notebook) -> tuple[int, ...]:
    """The cells that an answer is about: the one that drew it, or the last code cells above it."""
    if answer.cell is None or answer.state != "answered":
        return ()
    if answer.figures:
        return (answer.cell,)
    return tuple(cell.index for cell in notebook.code if cell.index < answer.cell and cell.source.strip())[-BESIDE:]


def cells_to_draw(questions: Sequence[Manual], notebook: Notebook, stub: Notebook | None) -> frozenset[int]:
    """Before anything was run, the cells whose figures somebody will look at who marks what has points."""
    every = {cell.index: (str(cell.index),) for cell in notebook.code}
    cells: set[int] = set()
    for manual in questions:
        if not manual.points or manual.kind in ("derivation", "tuning", "survey"):
            continue
        answer = extract_answer(manual, notebook, stub, every)
        # drawing costs some 50 ms each, so of the cells above a written answer only the last is drawn
        cells.update(map(int, answer.figures) if answer.figures else cells_beside(answer, notebook)[-1:])
    return frozenset(cells)


# ---------------------------------------------------------------- the section


def _section(notebook: Notebook, manual: Manual, known: Collection[str] | None = None) -> list[_Text]:
    """From the heading that is asked for to the next that closes it; `known` are the titles that can."""
    texts = list(_texts(notebook))
    start = _by_heading(texts, manual.under)
    if start is None:
        wanted = [manual.under, *([manual.question] if len(manual.question) >= _QUESTION_CHARACTERS else [])]
        line = next((line_number for text in wanted if (line_number := _by_line(texts, text)) is not None), None)
        if line is None:
            return []
        start, at = line
        text = texts[start]
        title = sections.plain(text.lines[at])
        heading = sections.Heading(sections.QUESTION, title, 0)
        texts[start] = _Text(text.cell, False, text.lines[at:], heading)
    first, rest = texts[start], texts[start + 1 :]
    end = next((n for n, text in enumerate(rest) if _closes(text, first, known)), len(rest))
    return [first, *rest[:end]]


@lru_cache(maxsize=4)
def _texts(notebook: Notebook) -> tuple[_Text, ...]:
    texts = []
    for cell in notebook.cells:
        lines = tuple(cell.source.split("\n"))
        titles = sections.headings(cell.source, questions=True) if cell.kind == "markdown" else []
        if not titles or titles[0].line:
            texts.append(_Text(cell.index, cell.kind == "code", lines[: titles[0].line] if titles else lines))
        ends = [*(heading.line for heading in titles[1:]), len(lines)]
        texts += [_Text(cell.index, False, lines[h.line : end], h) for h, end in zip(titles, ends, strict=False)]
    return tuple(texts)


def _titles(notebook: Notebook) -> frozenset[str]:
    return frozenset(text.heading.title.casefold() for text in _texts(notebook) if text.heading)


def _by_heading(texts: Sequence[_Text], wanted: str) -> int | None:
    """Position of the heading that is `wanted`, else contains it; real headings before lead-ins."""
    best: dict[tuple[bool, bool], int] = {}
    for number, text in enumerate(texts):
        if text.heading and sections.matches(text.heading.title, wanted):
            longer = text.heading.title.casefold() != sections.plain(wanted).casefold()
            best.setdefault((text.heading.level == sections.QUESTION, longer), number)
    if best:
        return best[min(best)]
    return next(
        (n for n, text in enumerate(texts) if text.heading and sections.begins(text.heading.title, wanted)), None
    )


def _by_line(texts: Sequence[_Text], wanted: str) -> tuple[int, int] | None:
    """Position of the first text outside code with a line that contains `wanted`, and that line."""
    folded = sections.plain(wanted).casefold()
    for number, text in enumerate(texts):
        for at, line in enumerate(text.lines if not text.code else ()):
            if folded in sections.plain(line).casefold():
                return number, at
    return None


def _by_number(notebook: Notebook, wanted: _Text, stub: Notebook) -> list[_Text]:
    """The section of the only heading with the number of `wanted`, or with its letter below the same number.

    None that says what the hand-out has for another.
    """
    label = dict(_labels(_texts(stub))).get(wanted)
    texts = list(_texts(notebook))
    alike = [text for text, own in _labels(texts) if own == label and label is not None]
    title = alike[0].heading if len(alike) == 1 else None
    if title is None or _unlabelled(title.title.casefold()) in {_unlabelled(given) for given in _titles(stub)}:
        return []
    first, rest = alike[0], texts[texts.index(alike[0]) + 1 :]
    end = next((n for n, text in enumerate(rest) if _closes(text, first, None)), len(rest))
    return [first, *rest[:end]]


def _labels(texts: Sequence[_Text]) -> Iterator[tuple[_Text, tuple[str, str]]]:
    """The headings that have one, with their number and letter; a letter counts below the last number."""
    number = ""
    for text in texts:
        title = text.heading.title if text.heading is not None else ""
        numbered = _NUMBER.match(title) if text.heading and text.heading.level < sections.QUESTION else None
        if numbered is not None:
            number = numbered["number"]
            yield text, (number, "")
        elif (lettered := _LETTER.match(title)) is not None:
            yield text, (number, lettered["letter"].lower())


def _unlabelled(title: str) -> str:
    return _LETTER.sub("", _NUMBER.sub("", title, count=1), count=1)


def _closes(text: _Text, first: _Text, known: Collection[str] | None) -> bool:
    heading, opening = text.heading, first.heading
    if not heading or not opening or heading.level > opening.level:
        return False
    if known is not None:
        return heading.title.casefold() in known
    if heading.level < sections.QUESTION or _NUMBERED.match(heading.title):
        return True
    # an answer may begin with "**Answer:**", so that only the next numbered question ends a numbered one; labels of
    # one cell, such as "**Names:**" and "**Group:**", belong together
    return not _NUMBERED.match(opening.title) and text.cell != first.cell


def _without(text: _Text, given: Sequence[str]) -> _Text:
    """Without the lines that begin like one of `given`, which another edition's hand-out has there."""
    starts = tuple(sections.plain(start).casefold() for start in given)
    if text.code or not starts:
        return text
    kept = [line for line in text.lines[1:] if not sections.plain(line).casefold().startswith(starts)]
    first = text.lines[0]
    if text.heading or not sections.plain(first).casefold().startswith(starts):
        kept.insert(0, first)
    return msgspec.structs.replace(text, lines=tuple(kept))


# ---------------------------------------------------------------- text


def _written(texts: Sequence[_Text], given: Sequence[_Text], under: str) -> Answer:
    """What the section says beyond the hand-out's text."""
    left = Counter(norm for text in given if not text.code for line in text.lines if (norm := _norm(line)))
    asked = _norm(given[0].lines[0]) if given else ""
    remaining = {norm for norm in left if not is_placeholder(norm)} - {asked}
    prose = [text for text in texts if not text.code]
    first = texts[0].lines[0]
    behind = beside(first, under) if texts[0].heading and _norm(first) != asked else ""
    if given and behind == beside(given[0].lines[0], under):  # the question goes on there
        behind = ""
    if not given or (
        remaining and remaining.isdisjoint(_norm(line) for text in prose for line in text.lines[_skip(text) :])
    ):
        return _last(texts, behind, any(text.code for text in given) or not given)
    answer: list[str] = []
    cell = None
    for text in prose:
        for block in _blocks(text.lines):
            new = []
            for line in block:
                norm = _norm(line)
                if left[norm] > 0:
                    left[norm] -= 1
                elif not is_placeholder(norm) and not (text is texts[0] and line is first):
                    new.append(line)
            if new:
                answer.append("\n".join(block if _MATHS.search("\n".join(block)) else new))
                cell = text.cell
    if behind and cell in (None, texts[0].cell):
        answer.insert(0, behind)
    nothing: Literal["empty", "untouched"] = "empty" if +left and not _stands(prose, texts[0]) else "untouched"
    return _answer(answer, texts[0].cell if cell is None else cell, nothing)


def _last(texts: Sequence[_Text], behind: str, with_code: bool) -> Answer:
    """The markdown cells below the question's, or what its own cell says below the heading, and `behind` it.

    Where the hand-out has code in the section, only what follows the last code cell.
    """
    run: list[_Text] = []
    for text in reversed(texts):
        if text.code and run and with_code:
            break
        if not text.code:
            run.insert(0, text)
    later = [text for text in run if text.cell != texts[0].cell and any(map(str.strip, text.lines))]
    lines = [(t.cell, line) for t in later or run for line in t.lines[_skip(t) if t is texts[0] else 0 :]]
    written = [(cell, line) for cell, line in lines if not is_placeholder(line)]
    if behind and all(cell == texts[0].cell for cell, _ in written):
        written.insert(0, (texts[0].cell, behind))
        lines.insert(0, written[0])
    nothing: Literal["empty", "untouched"] = "untouched" if _stands(run, texts[0]) else "empty"
    return _answer(
        ["\n".join(line for _, line in lines).strip()] if written else [],
        (written or lines or [(0, "")])[-1][0],
        nothing,
    )


def _answer(paragraphs: Sequence[str], cell: int, nothing: Literal["empty", "untouched"]) -> Answer:
    """The answer, unless it is only a form or a label that nobody filled in."""
    text = "\n\n".join(paragraphs)
    if is_form(text) or all(is_placeholder(line) or is_label(line) for line in text.split("\n")):
        return Answer(state="untouched" if has_mark(text) else nothing)
    return Answer(text=text, cell=cell, state="answered")


def _stands(texts: Sequence[_Text], first: _Text) -> bool:
    """Whether a placeholder is still there, beside the question's own line."""
    return any(has_mark("\n".join(text.lines[_skip(text) if text is first else 0 :])) for text in texts)


def _commented(texts: Sequence[_Text], given: Sequence[_Text]) -> Answer | None:
    """An answer in a code cell that holds comments or a string alone: a markdown cell that stayed code."""
    old = {_squeezed(text) for text in given}
    for text in texts:
        source = "\n".join(text.lines)
        tree = parse(plain_python(source)).tree if text.code and source.strip() else None
        if tree is not None and _squeezed(text) not in old and all(_is_string(node) for node in tree.body):
            words = re.sub(r"^[\s#]+|[\"']{3}", "", source, flags=re.MULTILINE)
            if any(not is_placeholder(line) for line in words.split("\n")):
                return Answer(text=source.strip(), cell=text.cell, state="answered")
    return None


def _is_string(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _skip(text: _Text) -> int:
    return 1 if text.heading else 0


def _blocks(lines: Sequence[str]) -> Iterator[list[str]]:
    block: list[str] = []
    for line in (*lines, ""):
        if line.strip():
            block.append(line)
        elif block:
            yield block
            block = []


def _norm(line: str) -> str:
    return " ".join(line.split())


# ---------------------------------------------------------------- cells


def _plot(texts: Sequence[_Text], given: Sequence[_Text], figures: Mapping[int, tuple[str, ...]]) -> Answer:
    drawn = [text.cell for text in texts if text.code and figures.get(text.cell)]
    if not drawn:
        code = [text for text in _changed(texts, given) if draws("\n".join(text.lines))]
        if not code:
            return Answer(state="empty")
        return Answer(text="\n".join(code[-1].lines), cell=code[-1].cell, state="answered")
    return Answer(figures=tuple(f for cell in drawn for f in figures[cell]), cell=drawn[-1], state="answered")


def _tuning(texts: Sequence[_Text], given: Sequence[_Text]) -> Answer:
    cells = [text for text in texts if text.code and _squeezed(text)]
    changed = _changed(texts, given)
    if not cells:
        return Answer(state="empty")
    shown = (changed or cells)[-1]
    return Answer(text="\n".join(shown.lines), cell=shown.cell, state="answered" if changed else "untouched")


def _changed(texts: Sequence[_Text], given: Sequence[_Text]) -> list[_Text]:
    """The code cells that say something, and not what the hand-out's say."""
    old = {"", *(_squeezed(text) for text in given if text.code)}
    return [text for text in texts if text.code and _squeezed(text) not in old]


def draws(source: str) -> bool:
    """Whether code looks as if it drew a figure."""
    return _DRAWS.search(source) is not None


def _squeezed(text: _Text) -> str:
    """The code without what changes nothing: comments and blanks."""
    tree = parse(plain_python("\n".join(text.lines))).tree if text.code else None
    return ast.dump(tree) if tree is not None and tree.body else "".join("".join(text.lines).split())


# ---------------------------------------------------------------- placeholders


_PLACEHOLDER = re.compile(
    r"(todo\b\W*)?((please |type |write |put |enter |insert |add )*(your |the )?(answers?|solution|derivation|text)"
    r"( goes| comes)?( here| below)?)?",
)
_PICTURE = re.compile(r"!\[|<img\b|<svg\b", re.IGNORECASE)
_MARK = re.compile(
    r"\\(?:text\w*|mathrm|mbox)\s*\{[^{}]*?(?:todo|your answer)[^{}]*\}|\btodo\b[\s:]*(?:your answer here)?",
    re.IGNORECASE,
)
_FORMULA = re.compile(r"\$\$(.+?)\$\$|\\\[(.+?)\\\]|\\begin\{(\w+\*?)\}(.+?)\\end\{\3\}|\$([^$]+)\$", re.DOTALL)
_NEXT = re.compile(r"\\q?quad|\\\\|\n\s*\n|\\(?:begin|end)\{\w+\*?\}")
_FILLING = re.compile(r"\\[,;:! ]|[&.,;{}\s~]")
_BESIDES = 5  # words beside the formulas of a form, such as "or" and "(keep only one)"
_POINTS = re.compile(r"[\[(]?\b\d+(?:[.,]\d+)?\s*(?:points?|pts?|p|punt(?:en)?|punkte?)\b\.?[\])]?", re.IGNORECASE)
_LEAD = re.compile(r"\s*(?:#+\s+)?(\*\*|__)(?=\S)(.+?)\1(.*)$", re.DOTALL)
_LABEL = re.compile(r"[^:?]{0,40}:")  # what a line begins with that names what is to be filled in
_BOLD_LABEL = re.compile(r"\s*(\*\*|__)[^*_:]{1,40}(:\1|\1\s*:)\s*")
_TAG = re.compile(r"<(?!img)[^<>]*>", re.IGNORECASE)


def is_placeholder(line: str) -> bool:
    """Whether a line says nothing: blank, marks alone, or a hand-out's "TODO: Your answer here."."""
    return not _PICTURE.search(line) and _PLACEHOLDER.fullmatch(_bare(line)) is not None


def is_label(line: str) -> bool:
    """Whether a line is a label in bold with nothing behind it, `**Group:**`."""
    return _BOLD_LABEL.fullmatch(line) is not None


def is_form(text: str) -> bool:
    """Whether the text is formulas to be completed, none of which is: `dy/dx =`, `dy/dx = TODO`."""
    formulas = ["".join(part for n in (1, 2, 4, 5) if (part := match[n])) for match in _FORMULA.finditer(text)]
    other = [line for line in _FORMULA.sub(" ", text).split("\n") if not is_placeholder(line)]
    if not formulas or _PICTURE.search(text) or sum(len(line.split()) for line in other) > _BESIDES:
        return False
    return all(_is_open(formula) for formula in formulas)


def has_mark(text: str) -> bool:
    """Whether a mark such as TODO, or a placeholder that can be seen, is in the text."""
    seen = (line for line in text.split("\n") if line.strip(" \t$"))
    return _MARK.search(text) is not None or any(map(is_placeholder, seen))


def beside(line: str, wanted: str) -> str:
    """What stands behind a question on its own line: `**Names:** Ada`, `**(c) Why?** Since ...`; else ""."""
    rest = ""
    if (lead := _LEAD.match(line)) and plain(lead[2]).endswith((":", "?")):
        rest = lead[3]
    elif (at := (text := plain(line)).casefold().find(plain(wanted).casefold())) >= 0:
        label = _LABEL.match(text, at + len(plain(wanted)))
        rest = text[label.end() :] if label else ""
    rest = " ".join(_POINTS.sub("", _TAG.sub("", rest)).split())
    return "" if is_placeholder(rest) else rest.lstrip(": ")


def _bare(line: str) -> str:
    return plain(line).casefold().strip(" .:…-_[]<>()/#$")


def _is_open(formula: str) -> bool:
    """Whether each equation of a formula has an empty right side, and nothing else is in it."""
    pieces = [piece for piece in _NEXT.split(_MARK.sub("", formula)) if _FILLING.sub("", piece)]
    return bool(pieces or _MARK.search(formula)) and all(
        "=" in piece and not _FILLING.sub("", piece.rpartition("=")[2]) for piece in pieces
    )
