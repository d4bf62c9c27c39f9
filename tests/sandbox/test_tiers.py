"""A tier is what its layers are worth together, and nothing less is taken for it."""

from __future__ import annotations

import pytest

from grader.errors import UsageError
from grader.sandbox import tiers

CALLS = ("landlock", "seccomp", "limits")


@pytest.mark.parametrize(
    ("layers", "tier"),
    [
        (("namespaces", *CALLS), "A"),
        (("bubblewrap", *CALLS), "A"),
        (("spare user", *CALLS), "B"),
        (CALLS, "C"),
        (("namespaces", "spare user", "seccomp"), "none"),
        (("namespaces", "landlock"), "none"),
        ((), "none"),
    ],
)
def test_a_tier_needs_all_of_its_layers(layers: tuple[str, ...], tier: str) -> None:
    assert tiers.tier(layers) == tier


def test_a_tier_that_is_asked_for_is_not_undercut() -> None:
    tiers.require(CALLS, tiers.Policy(require="C"), (), secrets=True)
    with pytest.raises(UsageError, match="only tier C works here"):
        tiers.require(CALLS, tiers.Policy(require="B"), ("namespaces: not permitted",), secrets=False)
    with pytest.raises(UsageError, match="require-sandbox C"):
        tiers.require((), tiers.Policy(require="C", unsafe=True), (), secrets=False)


def test_without_a_sandbox_only_what_holds_no_secret_is_graded() -> None:
    assert "grade doctor" in str(tiers.require((), tiers.Policy(), (), secrets=False))
    with pytest.raises(UsageError, match="--unsafe"):
        tiers.require((), tiers.Policy(), (), secrets=True)
    assert tiers.require((), tiers.Policy(unsafe=True), (), secrets=True)
    assert tiers.require(CALLS, tiers.Policy(), (), secrets=True) == ""
