"""Stores of hand-ins that nobody made: answers by question and student, graded reports around them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from grader.cohort.late_policy import Rules, apply_policy
from grader.cohort.records import BatchResult, CacheKey, CohortEntry
from grader.cohort.store import Store
from grader.marks import Answer, Rubric, answer_digest
from grader.model import Check, Manual, Outcome, Part, PartResult, Report
from grader.report.json_report import to_json

QUESTIONS = {"2": ("Why does it converge?", 3), "3": ("What does the plot show?", 2)}
"""Part -> question and points; part 1 is automatic, of 5 points."""


def manual(id: str, question: str, points: float, rubric: Rubric | None = None) -> Manual:
    return Manual(
        part=Part(id, f"Question {id}"), points=Fraction(str(points)), kind="written", question=question, under=id,
        rubric=rubric or Rubric(),
    )  # fmt: skip


MANUAL = tuple(manual(id, question, points) for id, (question, points) in QUESTIONS.items())


def answer(text: str, picture: bytes = b"", cell: int = 4) -> Answer:
    """An answer with what a batch keeps of it; an empty text is one that was not touched."""
    if not text:
        return Answer(state="untouched")
    figures = (text,) if picture else ()
    digest = answer_digest("" if picture else text, [picture] if picture else [])
    return Answer(text="" if picture else text, figures=figures, cell=cell, state="answered", digest=digest)


def report(
    student: str, answers: Mapping[str, Answer], *, earned: float = 4, attempt: int = 1, pending: bool = False,
    parts: Iterable[Manual] = MANUAL, content: str = "",
) -> Report:  # fmt: skip
    check = Check(
        id="sum_values", part=Part("1", "Sum"), title="Values", points=Fraction(5), visibility="public", source=""
    )
    status: Literal["pending", "partial"] = "pending" if pending else "partial"
    outcome = Outcome(check=check, status=status, score=Fraction(0 if pending else str(earned)), message="a list?")
    automatic = PartResult(
        part=check.part, status="pending" if pending else "partial", score=outcome.score,
        max_score=Fraction(0 if pending else 5), outcomes=(outcome,),
    )  # fmt: skip
    by_person = [
        PartResult(
            part=m.part, status="pending", score=Fraction(0), max_score=m.points, manual=m,
            answer=answers.get(m.part.id, Answer(state="empty")),
        )
        for m in parts
    ]  # fmt: skip
    return Report(
        assignment="toy", title="Toy", path=f"{student}_{attempt}.ipynb", status="graded",
        digest=f"sha256:{content or f'{student}{attempt}'}", parts=(automatic, *by_person),
    )  # fmt: skip


def fill(
    path: Path, reports: Iterable[tuple[str, int, Report]], *, rules: Mapping[str, Any] | None = None,
    evidence: Mapping[str, Any] | None = None, submitted: Mapping[str, str] | None = None,
) -> int:  # fmt: skip
    """A run with these reports: student, attempt, report."""
    with Store.open(path, create=True) as store:
        run = store.start(f"/cohort/{len(store.runs())}", {"rules": dict(rules or {})}, "0")
        for student, attempt, one in reports:
            hand_in = CohortEntry(
                path=one.path, student=student, name=student.title(), attempt=attempt, content=one.digest,
                submitted=(submitted or {}).get(student, ""), ids={"canvas_id": student},
            )  # fmt: skip
            automatic = [part for part in one.parts if part.manual is None]
            graded = BatchResult(
                assignment="toy", status="graded", report=to_json(one), evidence=evidence or {},
                key=CacheKey(submission=one.digest), score=str(sum(part.score for part in automatic)),
                max_score=str(sum(part.max_score for part in automatic)), pending=str(one.pending),
            )  # fmt: skip
            store.add(run, hand_in, graded)
        import msgspec

        store.finish(run, apply_policy(store.results(run, reports=False), msgspec.convert(rules or {}, Rules)))
    return run
