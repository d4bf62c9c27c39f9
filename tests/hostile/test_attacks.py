"""No attack gains a point, reads what it must not, harms another hand-in, or leaves anything behind."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from tests.hostile.arena import HONEST, SITUATIONS, Arena
from tests.hostile.attacks import KINDS as FORMER
from tests.hostile.attacks import Attack
from tests.hostile.boundary import BOUNDARY

KINDS = FORMER | BOUNDARY
TOGETHER = {
    "time and room": ("exhaustion", "time", "waste"),
    "the machine": ("reads", "writes", "others", "network", "leftovers", "harm"),
    "the process": ("wire", "patches", "files"),
    "the answers": ("gain", "hide", "learn"),
}
"""Kinds that share a batch."""
QUICK = [attack for attacks in KINDS.values() for attack in attacks if attack.quick]
HELD_BACK = ("inputs(rng, 1, 4, 6)", "x.T @ d_out", "linear_gradients(rng.normal(size=(1, 6)), x, w)")
"""Of the hidden checks and the solution: what no report may show."""
LARGEST = 400_000
"""Characters of the largest report, its excerpts of the hand-in's code included."""


def honest(number: int) -> Attack:
    code = f"number = {number}\n{HONEST}"  # equal hand-ins are graded once
    return Attack(name=f"honest {number}", code=code, where="gradients", score=(5,))


def interleaved(attacks: Sequence[Attack], every: int) -> list[Attack]:
    """With an honest hand-in after every few attacks."""
    found: list[Attack] = []
    for number, attack in enumerate(attacks):
        found.append(attack)
        if number % every == every - 1 or number == len(attacks) - 1:
            found.append(honest(number))
    return found


def complaints(attack: Attack, report: dict[str, Any], tier: str) -> list[str]:
    """What is wrong with what became of an attack."""
    found = []
    text = json.dumps(report, ensure_ascii=False)
    if "PWNED" in text and tier in attack.tiers:
        found.append("it got hold of something: " + text[max(0, text.index("PWNED") - 100) : text.index("PWNED") + 200])
    found += [f"the report shows {held!r}" for held in HELD_BACK if held in text and held not in attack.code]
    if report["status"] != "graded":
        return [*found, f"it was not graded: {report['reason']}"]
    if report["environment"]["sandbox_tier"] != tier:
        found.append(f"it was graded in tier {report['environment']['sandbox_tier']}")
    if report["score"] not in attack.score:
        found.append(f"it earned {report['score']}")
    if report["pending"]:
        found.append(f"{report['pending']} points wait for a person")
    if len(text) > LARGEST:
        found.append(f"the report has {len(text)} characters")
    statuses = [cell["status"] for cell in report["cells"]]
    if attack.where == "gradients":
        if set(statuses) != {"ok"}:
            found.append(f"its cells ended {statuses}")
    else:
        own = 1 if attack.where == "first" else 4
        if statuses[own] not in attack.cell:
            found.append(f"its cell ended {statuses[own]}: {report['cells'][own]['error']}")
        if statuses[-1] not in attack.later:
            found.append(f"the cell after it ended {statuses[-1]}: {report['cells'][-1]['error']}")
    if any(ord(c) < 32 and c != "\n" for c in _strings(report)):
        found.append("the report holds control characters")
    return found


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)


@pytest.fixture
def arena(request: pytest.FixtureRequest) -> Iterator[Arena]:
    made = Arena(request.param)
    yield made
    made.close()


def outcome(arena: Arena, attacks: Sequence[Attack]) -> dict[str, list[str]]:
    reports = arena.batch(attacks)
    assert set(reports) == {attack.name for attack in attacks}
    found = {attack.name: complaints(attack, reports[attack.name], arena.tier) for attack in attacks}
    found["afterwards"] = arena.problems()
    return {name: told for name, told in found.items() if told}


@pytest.mark.parametrize("arena", list(SITUATIONS)[:1], indirect=True)
def test_attacks_of_every_kind_come_to_nothing(arena: Arena) -> None:
    assert outcome(arena, interleaved(QUICK, every=7)) == {}


@pytest.mark.slow
@pytest.mark.hostile
@pytest.mark.parametrize("group", TOGETHER)
@pytest.mark.parametrize("arena", list(SITUATIONS), indirect=True)
def test_every_attack_comes_to_nothing(arena: Arena, group: str) -> None:
    attacks = [attack for kind in TOGETHER[group] for attack in KINDS[kind]]
    assert outcome(arena, interleaved(attacks, every=9)) == {}


def test_there_are_attacks_enough_and_none_twice() -> None:
    names = [attack.name for attacks in KINDS.values() for attack in attacks]
    assert len(names) == len(set(names)) >= 140
    assert sorted(kind for kinds in TOGETHER.values() for kind in kinds) == sorted(KINDS)
    assert sum(len(attacks) for attacks in BOUNDARY.values()) >= 60


def one_by_one(arena: Arena, attacks: Sequence[Attack]) -> dict[str, list[str]]:
    found = {}
    for attack in attacks:
        report, shown = arena.single(attack)
        told = complaints(attack, report, arena.tier) + arena.problems()
        told += ["the page holds control characters"] if any(ord(c) < 32 and c != "\n" for c in shown) else []
        told += ["the page shows it"] if "PWNED" in shown and arena.tier in attack.tiers else []
        if told:
            found[attack.name] = told
    return found


@pytest.mark.slow
@pytest.mark.hostile
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("arena", list(SITUATIONS)[:1], indirect=True)
def test_one_at_a_time_they_come_to_nothing_either(arena: Arena, kind: str) -> None:
    assert one_by_one(arena, KINDS[kind]) == {}


@pytest.mark.slow
@pytest.mark.hostile
@pytest.mark.parametrize("arena", list(SITUATIONS)[1:], indirect=True)
def test_one_at_a_time_a_choice_comes_to_nothing_elsewhere(arena: Arena) -> None:
    assert one_by_one(arena, QUICK) == {}
