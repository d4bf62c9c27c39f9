"""A report of which some parts were graded anew: the old ones kept, as if all had been asked together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import structs

from grader.cohort.records import Graded
from grader.report.sanitize import number


def statuses(report: Mapping[str, Any]) -> dict[str, set[str]]:
    """Part id -> the statuses of its checks."""
    return {part["id"]: {check["status"] for check in part["checks"]} for part in report.get("parts", ())}


def merged(old: Graded, report: Mapping[str, Any], new: Graded) -> Graded:
    """`new`, whose report has only its `parts`, with the others taken from `old` and its `report`."""
    if new.status != "graded" or new.parts is None:
        return new
    kept = {p["id"]: p for p in report["parts"] if p["id"] not in new.parts}
    parts = {**kept, **{p["id"]: p for p in new.report["parts"]}}
    order = [id for id in new.keys.parts if id in parts]
    scores = {id: new.scores[id] if id in new.parts else old.scores[id] for id in order}
    whole = structs.replace(new, scores=scores)
    old_timings, timings = report["timings"], new.report["timings"]
    body = {
        **new.report,
        "score": number(whole.score),
        "max_score": number(whole.max_score),
        "pending": number(whole.pending),
        "parts": [parts[id] for id in order],
        "notes": _notes(report["notes"], new.report["notes"], [parts[id] for id in order], new.parts),
        "timings": {**timings, "checks": {**old_timings["checks"], **timings["checks"]}},
    }
    return structs.replace(whole, report=body)


def _notes(old: list[str], new: list[str], parts: list[Mapping[str, Any]], fresh: tuple[str, ...]) -> list[str]:
    """Notes on the hand-in from the new run; notes on a check (`name: …`) from the run that its part is from."""
    rank = {check["id"]: n for n, check in enumerate(c for part in parts for c in part["checks"])}
    is_fresh = {check["id"]: part["id"] in fresh for part in parts for check in part["checks"]}

    def check_of(note: str) -> str | None:
        name = note.partition(":")[0]
        return name if name in rank else None

    about = [note for note in new if is_fresh.get(check_of(note) or "", False)]
    about += [note for note in old if not is_fresh.get(check_of(note) or "", True)]
    about.sort(key=lambda note: rank[check_of(note) or ""])
    first = next((n for n, note in enumerate(new) if check_of(note)), None)
    if first is None:  # before what concerns the assignment as a whole, which `api.grade` says last
        first = len(new) - sum(note.startswith("only the public checks") for note in new)
    return [n for n in new[:first] if not check_of(n)] + about + [n for n in new[first:] if not check_of(n)]
