"""A layer is one entry of the table: applied, named where it fails, tried by the doctor, with advice."""

from __future__ import annotations

import pytest

from grader.sandbox import confine, doctor
from grader.sandbox.layer import Layer, Plan, Situation

PLAN = Plan(readable=(), writable=(), staging="", user=60_999, memory=1 << 30, file_size=1 << 20)


def test_a_toy_layer_is_applied_tried_and_advised_on_by_its_entry_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Situation] = []
    toy = Layer(
        name="toy",
        where="process",
        apply=seen.append,
        self_test=lambda plan: f"{plan.memory} bytes",
        advice=lambda working: "install the toy",
    )

    def refuse(where: object) -> str:
        raise OSError("not here")

    broken = Layer(name="broken", where="process", apply=refuse, self_test=refuse, advice=lambda working: "mend it")
    roots = Layer(name="roots", where="process", apply=seen.append, root_only=True)
    outside = Layer(name="outside", where="outside")
    for module in (confine, doctor):
        monkeypatch.setattr(module, "LAYERS", (outside, roots, broken, toy))
    found = confine._applied("process", Situation(plan=PLAN, root=False, in_namespaces=True))
    assert found == confine.Confined(("toy",), ("broken: not here",))
    assert [s.in_namespaces for s in seen] == [True]
    assert confine._applied("supervisor", seen[0]).layers == ()
    trials = {t.layer: (t.works, t.detail) for t in doctor.try_everything().trials}
    assert trials == {"broken": (False, "not here"), "toy": (True, f"{doctor.MEMORY} bytes")}
    assert doctor.advice({"toy"}) == ("mend it",)


def test_a_layer_knows_which_were_applied_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, ...]] = []
    layers = [Layer(name=n, where="process", apply=lambda s: seen.append(s.applied), root_only=n == "b") for n in "abc"]
    monkeypatch.setattr(confine, "LAYERS", layers)
    assert confine._applied("process", Situation(plan=PLAN, root=True, in_namespaces=False)).layers == ("a", "b", "c")
    assert seen == [(), ("a",), ("a", "b")]
