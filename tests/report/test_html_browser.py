"""The page in a real browser: nothing runs, and nothing is asked of any host.

Chromium is sent through a proxy of ours, so that every request to whatever host is seen; the same payloads in a page
that is not ours do arrive there. Needs Debian's `chromium`, or another one named by $CHROMIUM.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import struct
import subprocess
import threading
from collections.abc import Iterator
from html import escape
from pathlib import Path

import pytest

from grader.report.html import html
from grader.report.html.highlight import highlighted
from tests.report.hostile_pages import hostile_page, payloads
from tests.report.sample_reports import mixed

pytestmark = pytest.mark.slow
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
)


class Proxy:
    """Refuses every request, and remembers what was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            with client:
                client.settimeout(5)
                try:
                    self.asked.append(client.recv(4096).split(b"\r\n")[0].decode("latin-1"))
                    client.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                except OSError:
                    continue

    def close(self) -> None:
        self._socket.close()

    def of(self, host: str) -> list[str]:
        """What was asked of this host; a browser's own errands are not the page's."""
        return [line for line in self.asked if host in line]


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    found = Proxy()
    yield found
    found.close()


def browse(page: Path, proxy: Proxy, folder: Path, *more: str) -> str:
    browser = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    assert browser, "no Chromium: `apt-get install chromium`, or name one in $CHROMIUM"
    done = subprocess.run(
        [
            *(browser, *FLAGS, "--virtual-time-budget=3000", f"--user-data-dir={folder / 'profile'}"),
            *(f"--proxy-server=127.0.0.1:{proxy.port}", "--proxy-bypass-list=<-loopback>", *more, page.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    return done.stdout


HOST = "http://elsewhere.example"


@pytest.mark.parametrize("policy", [True, False], ids=["with the policy", "cleaned only"])
def test_hostile_hand_in_runs_nothing_and_asks_nobody(proxy: Proxy, tmp_path: Path, policy: bool) -> None:
    page = tmp_path / "feedback.html"
    text = html.render(hostile_page(HOST)).replace("<details", "<details open")
    text = text if policy else re.sub("<meta http-equiv[^>]*>", "", text, count=1)
    assert ("default-src" in text) is policy
    page.write_text(text, encoding="utf-8")
    seen = browse(page, proxy, tmp_path, "--dump-dom")
    assert "of 2 points" in seen
    assert "data-pwned" not in seen
    assert proxy.of("elsewhere") == []
    assert not [line for line in proxy.asked if not re.search("google|gstatic|chromium", line)]


def test_same_payloads_do_run_and_ask_in_a_page_that_is_not_ours(proxy: Proxy, tmp_path: Path) -> None:
    page = tmp_path / "naive.html"
    body = payloads(HOST).replace('<meta http-equiv="refresh"', "<i")  # it would leave before the rest is loaded
    page.write_text(f"<!DOCTYPE html><title>x</title>{body}", encoding="utf-8")
    seen = browse(page, proxy, tmp_path, "--dump-dom")
    assert "data-pwned" in seen
    assert len(proxy.of("elsewhere")) >= 3


def size(png: Path) -> tuple[int, int]:
    width, height = struct.unpack(">II", png.read_bytes()[16:24])
    return width, height


@pytest.mark.parametrize("width", [1280, 500])
def test_page_can_be_seen_and_fits_the_width(proxy: Proxy, tmp_path: Path, width: int) -> None:
    page, picture = tmp_path / "feedback.html", tmp_path / "seen.png"
    text = html.render(mixed())
    page.write_text(text, encoding="utf-8")
    browse(page, proxy, tmp_path, f"--screenshot={picture}", f"--window-size={width},1600")
    assert size(picture) == (width, 1600)
    assert picture.stat().st_size > 50_000  # an empty page has a tenth of it
    # a probe of ours in a copy without the policy: nothing sticks out to the right
    probe = "<script>document.title = document.documentElement.scrollWidth - innerWidth</script></body>"
    page.write_text(re.sub("<meta http-equiv[^>]*>", "", text).replace("</body>", probe), encoding="utf-8")
    seen = browse(page, proxy, tmp_path, "--dump-dom", f"--window-size={width},1600")
    assert re.search("<title>(-?[0-9]+)</title>", seen)[1] == "0"  # type: ignore[index]


@pytest.mark.parametrize("width", [1280, 390])
def test_no_code_is_cut_off_and_each_line_begins_beside_its_number(proxy: Proxy, tmp_path: Path, width: int) -> None:
    lines = ["def f(x):", "    return " + "g(x) + " * 40, "    x = " + "a" * 300, "", "    " + "b" * 60, "end"]
    text = re.sub("<meta http-equiv[^>]*>", "", html.render(mixed()))
    inner = escape(text.replace("<main>", f"<main>{highlighted(chr(10).join(lines))}", 1))
    probe = """
      const page = document.querySelector('iframe').contentDocument, boxes = [...page.querySelectorAll('pre.code')];
      const cut = boxes.filter((box) => box.scrollWidth > box.clientWidth).length;
      const tops = [...boxes[0].children].map((row) => row.getBoundingClientRect().top);
      const rows = tops.slice(1).map((top, n) => top - tops[n]), least = Math.min(...rows);
      const hang = [...boxes[0].children].map((row) => parseFloat(getComputedStyle(row).textIndent));
      document.title = [cut, hang[1] &lt; hang[0], ...rows.map((height) => Math.round(height / least))].join(' ')"""
    page = tmp_path / "frame.html"
    page.write_text(f"<iframe width={width} height=900 srcdoc='{inner}' onload=\"{probe}\"></iframe>", encoding="utf-8")
    seen = browse(page, proxy, tmp_path, "--dump-dom", f"--window-size={width + 100},1000")
    found = re.search("<title>([0-9]+) (true|false) ([0-9 ]+)</title>", seen)
    assert found, seen[-500:]
    assert found[1] == "0"
    assert found[2] == "true"  # what is indented goes on where it began
    rows = [int(height) for height in found[3].split()]
    assert (rows[0], rows[3]) == (1, 1)
    assert rows[1] > 1
    assert (rows[4] == 1) is (width == 1280)
