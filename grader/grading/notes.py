"""Notes on a submission that are no verdict on a check: what was noticed on the way, said once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from grader.compare.messages import enumerated
from grader.model import Anchor, Check, Uses

if TYPE_CHECKING:  # a submission that passes does not wait for it
    from grader.submission.source.lookup import Sources


def each_once(notes: Iterable[tuple[str, str]]) -> list[str]:
    """A sentence that several checks or parts share, once with all of them."""
    subjects: dict[str, dict[str, None]] = {}
    for subject, sentence in notes:
        subjects.setdefault(sentence, {})[subject] = None
    return [f"{', '.join(names)}: {sentence}" for sentence, names in subjects.items()]


def subject(check: Check) -> str:
    """What a note on a check speaks of: a student knows its part, and nothing of its id."""
    return f"part {check.part.id}"


def changed_inputs(names: Iterable[str], check: Check) -> list[tuple[str, str]]:
    """Notes on inputs changed in place, by the probe's word for each; where it has none, the array is described."""
    words = [f"its input `{name}`" if name.isidentifier() else name for name in names]
    return [(subject(check), f"your code changes {word} in place") for word in words]


def several_definitions(check: Check, anchor: Anchor, sources: Sources) -> list[tuple[str, str]]:
    """Of names that several cells define, and of which the check asked the last one: which these are."""
    notes = []
    for uses in check.uses:
        cells = sources.versions(uses.name) if uses == Uses(name=uses.name) else []
        if len(cells) > 1 and anchor.bindings.get(uses.name) == cells[-1]:
            listed = enumerated([str(cell) for cell in cells])
            notes.append((f"`{uses.name}`", f"defined in cells {listed}; the last one was graded"))
    return notes
