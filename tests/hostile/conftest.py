"""Says in pytest's header in which situations attacks are tried, and which this machine cannot show."""

from __future__ import annotations

from tests.hostile.arena import SITUATIONS, TIERS


def pytest_report_header() -> str:
    absent = TIERS.keys() - SITUATIONS.keys()
    header = f"attacks are tried as: {', '.join(SITUATIONS)}"
    if absent:
        needed = "root, bwrap, and a checkout and a Python that every user can reach"
        header += f"; not as {', '.join(sorted(absent))}: that takes {needed}"
    return header
