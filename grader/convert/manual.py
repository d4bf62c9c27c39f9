"""Where a part for a person stands in a converted notebook: below a heading of its own."""

from __future__ import annotations

from grader.convert.draft import Draft
from grader.convert.source import SourceCell
from grader.submission.review.answers import draws
from grader.submission.source.sections import headings


def kind_of_code(source: str) -> str:
    """What a person looks at in a cell of code: its figure, or the code itself."""
    return "plot" if draws(source) else "tuning"


def add_manual(draft: Draft, cell: SourceCell, id: str, *, in_cell: bool) -> tuple[str, str]:
    """Append the answer's cell to the notebook; returns the heading that it stands under, and the question.

    The nearest heading above serves unless another answer or an earlier cell has it too: then a heading is added. With
    `in_cell` the cell holds the question (a task), and the answer comes in cells below it.
    """
    if in_cell and (own := headings(cell.source, questions=True)):
        draft.cells.append(cell)
        return own[-1].title, _question(cell.source)
    above = [h.title for c in draft.cells if c.kind == "markdown" for h in headings(c.source, questions=True)]
    nearest = next(
        (c for c in reversed(draft.cells) if c.kind == "markdown" and headings(c.source, questions=True)), None
    )
    question = next((_question(c.source) for c in reversed(draft.cells) if c.kind == "markdown"), "")
    title = above[-1] if above else ""
    between = draft.cells[draft.cells.index(nearest) + 1 :] if nearest is not None else []
    taken = title in {m.under for m in draft.manual} or above.count(title) > 1
    if not title or taken or any(c.kind == "code" for c in between):
        title = f"Answer: {id.replace('_', ' ').replace('-', ' ')}"
        draft.cells.append(SourceCell(kind="markdown", source=f"#### {title}", index=-1))
    draft.cells.append(cell)
    return title, question


def _question(markdown: str) -> str:
    """The text below the last heading, in one line."""
    titles = headings(markdown, questions=True)
    lines = markdown.split("\n")[titles[-1].line + 1 if titles else 0 :]
    return " ".join(" ".join(line.strip() for line in lines if line.strip() != "---").split())[:500]
