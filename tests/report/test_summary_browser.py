"""A cohort's page in a real browser, as `test_html_browser` looks at a student's."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

import pytest

from grader.cohort.records import Result, Run
from grader.cohort.summary.page import render_page
from grader.cohort.summary.summary import summarise
from tests.cohort.results import check, part, result
from tests.report.hostile_pages import payloads
from tests.report.test_html_browser import HOST, Proxy, browse, proxy, size

__all__ = ["proxy"]
pytestmark = pytest.mark.slow
RUN = Run(
    id=3, started="2026-01-01T10:00:00+00:00", finished="x", source=f"/in/{payloads(HOST)}", options={}, grader="1"
)


def cohort(text: str) -> list[Result]:
    """Sixty students with mistakes, and one without a score, whose every word is `text`."""
    wrong = {"parts": [part(text, check("a", 1, 4, f"with this mistake: {text}"))]}
    lost = result(text, None, reason=text, path=text, report={})
    return [lost, *(result(f"{text}{n}", n % 10, report=wrong, name=text, seconds=n / 7) for n in range(60))]


@pytest.mark.parametrize("policy", [True, False], ids=["with the policy", "escaped only"])
def test_hostile_names_run_nothing_and_ask_nobody(proxy: Proxy, tmp_path: Path, policy: bool) -> None:
    page = tmp_path / "summary.html"
    text = render_page(summarise(cohort(payloads(HOST))), RUN)
    page.write_text(text if policy else re.sub("<meta http-equiv[^>]*>", "", text, count=1), encoding="utf-8")
    seen = browse(page, proxy, tmp_path, "--dump-dom")
    assert "Mistakes that cost most" in seen
    assert "data-pwned" not in seen
    assert proxy.of("elsewhere") == []
    assert len(text.encode()) < 300_000


@pytest.mark.parametrize("width", [1280, 500])
def test_page_can_be_seen_and_fits_the_width(proxy: Proxy, tmp_path: Path, width: int) -> None:
    page, picture = tmp_path / "summary.html", tmp_path / "seen.png"
    text = render_page(summarise(cohort("a_word_that_is_longer_than_a_telephone_is_wide" * 3)), RUN)
    page.write_text(text, encoding="utf-8")
    browse(page, proxy, tmp_path, f"--screenshot={picture}", f"--window-size={width},1600")
    assert size(picture) == (width, 1600)
    assert picture.stat().st_size > 30_000
    probe = "<script>document.title = document.documentElement.scrollWidth - innerWidth</script></body>"
    page.write_text(re.sub("<meta http-equiv[^>]*>", "", text).replace("</body>", probe), encoding="utf-8")
    seen = browse(page, proxy, tmp_path, "--dump-dom", f"--window-size={width},1600")
    assert re.search("<title>(-?[0-9]+)</title>", seen)[1] == "0"  # type: ignore[index]


def test_the_page_fits_a_telephone(proxy: Proxy, tmp_path: Path) -> None:
    text = render_page(summarise(cohort("a_word_that_is_longer_than_a_telephone_is_wide" * 3)), RUN)
    inner = escape(re.sub("<meta http-equiv[^>]*>", "", text))
    probe = "document.title = document.querySelector('iframe').contentDocument.documentElement.scrollWidth"
    page = tmp_path / "frame.html"
    page.write_text(f"<iframe width=390 height=900 srcdoc='{inner}' onload=\"{probe}\"></iframe>", encoding="utf-8")
    assert "<title>390</title>" in browse(page, proxy, tmp_path, "--dump-dom")


def test_long_names_that_begin_alike_are_told_apart_on_a_telephone(proxy: Proxy, tmp_path: Path) -> None:
    many = [result(f"s{n}", 3, name=f"Bartholomew Fitzgerald-Montgomery the {n}th") for n in range(3)]
    inner = escape(re.sub("<meta http-equiv[^>]*>", "", render_page(summarise(many), RUN)))
    probe = """
      const cells = [...document.querySelector('iframe').contentDocument.querySelectorAll('.sorted td:first-child')];
      const cut = cells.filter((cell) => cell.scrollWidth > cell.clientWidth).length;
      document.title = `${cells.length} ${cut} ${cells[0].clientWidth > 100}`"""
    page = tmp_path / "frame.html"
    page.write_text(f"<iframe width=390 height=900 srcdoc='{inner}' onload=\"{probe}\"></iframe>", encoding="utf-8")
    assert "<title>3 0 true</title>" in browse(page, proxy, tmp_path, "--dump-dom")


def test_students_are_sorted_by_the_column_that_is_clicked(proxy: Proxy, tmp_path: Path) -> None:
    """With the page's own policy: the clicks come from a page around it."""
    many = [result(f"s{n}", [3, 10, 7][n], name="cab"[n]) for n in range(3)] + [result("d", None, name="d")]
    inner = escape(render_page(summarise(many), RUN))
    clicks = """
      const page = document.querySelector('iframe').contentDocument, seen = [];
      const names = () => [...page.querySelectorAll('.sorted tbody tr')].map(r => r.cells[0].textContent).join('');
      for (const n of [1, 1, 0, 0]) {
        page.querySelectorAll('.sorted th button')[n].click();
        seen.push(names() + page.querySelector('[aria-sort]').getAttribute('aria-sort')[0]); }
      document.title = seen.join(' ')"""
    page = tmp_path / "frame.html"
    page.write_text(f"<iframe srcdoc='{inner}' onload=\"{clicks}\"></iframe>", encoding="utf-8")
    assert "<title>abcdd dcbaa abcda dcbad</title>" in browse(page, proxy, tmp_path, "--dump-dom")
