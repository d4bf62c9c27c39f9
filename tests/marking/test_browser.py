"""The page of `grade mark` in a real Chromium: keys and clicks per answer, speed, two at once, hostile answers.

Needs Debian's `chromium` (or $CHROMIUM), and from PyPI `playwright` and, for accessibility, `axe-playwright-python`.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import statistics
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from grader.cohort.store import Store
from grader.marking import totals
from grader.marking.log import Log, Marked, log_path
from grader.marking.state import State
from tests.marking.cohort import Served, fill_hundred, questions, rubrics_of, serve
from tests.marking.hostile import ANSWERS, HOST
from tests.marking.synthetic import MANUAL, answer, fill, report

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or ""
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="needs Chromium"),
    pytest.mark.skipif(importlib.util.find_spec("uvicorn") is None, reason="needs numgrade[mark]"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
NEXT_MILLISECONDS = 50
"""From a key press to the next answer on the screen."""
WATCH = """
window.keys = 0; window.waits = [];
addEventListener("keydown", (event) => {
  if (["Shift", "Control"].includes(event.key)) return;
  window.keys += 1;
  if (event.key !== "Enter") return;
  const from = performance.now(), old = document.querySelector("#progress")?.textContent;
  const look = () => {
    const now = document.querySelector("#progress")?.textContent;
    const ready = !["…", ""].includes(document.querySelector("#answer").textContent);
    if (now !== old && ready) window.waits.push(performance.now() - from); else setTimeout(look, 1);
  };
  setTimeout(look, 0);
}, true);
"""


ATTACK = """<!DOCTYPE html><title>x</title><body><script>
const command = {kind: "mark", part: "2", answer: "nothing"}, out = [];
const post = {method: "POST", body: JSON.stringify(command)};
const json = {...post, headers: {"X-Token": "TOKEN", "Content-Type": "application/json"}};
const tries = [
  ["PAGE"], ["URL/api/all"], ["URL/api/all", {headers: {"X-Token": "TOKEN"}}],
  ["URL/api/do", json], ["URL/api/do", {...post, mode: "no-cors"}],
];
(async () => {
  for (const t of tries) out.push(await fetch(...t).then((r) => r.text()).catch(() => ""));
  const frame = document.createElement("iframe"); frame.src = "PAGE"; document.body.append(frame);
  await new Promise((r) => setTimeout(r, 500));
  try { out.push(frame.contentDocument.body.innerText); } catch { out.push(""); }
  const form = document.createElement("form"), field = document.createElement("input");
  Object.assign(form, {method: "post", enctype: "text/plain", target: "_blank", action: "URL/api/do"});
  field.name = post.body.slice(0, -1) + ',"comment":"'; field.value = '"}';
  form.append(field); document.body.append(form); form.submit();
  window.out = out;
})();
</script>"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        found = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


def opened(browser: Any, served: Served, **options: Any) -> Any:
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
    page = context.new_page()
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.add_init_script(WATCH)
    page.goto(served.page)
    until(page, "document.querySelector('#progress').textContent")
    until(page, "document.querySelector('#answer').textContent")
    return page


def until(page: Any, expression: str) -> None:
    """Wait for it; the page's own policy forbids Playwright's way, which is to evaluate text in the page."""
    end = time.monotonic() + 60
    while not page.evaluate(expression):
        assert time.monotonic() < end, expression
        page.wait_for_timeout(5)


def settled(page: Any) -> None:
    until(page, "document.querySelector('#saved').textContent === 'all saved'")


def state(store: Path) -> State:
    with Log(log_path(store)) as log:
        return State(log.entries())


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "s.sqlite"
    texts = {"ada": "it is convex", "bob": "it is convex", "eve": "because", "dan": "", "zoe": "x^2"}
    fill(path, [(who, 1, report(who, {"2": answer(text)})) for who, text in texts.items()])
    return path


def test_a_hundred_hand_ins_by_keyboard(browser: Any, tmp_path: Path, record_property: Any) -> None:
    store = tmp_path / "s.sqlite"
    fill_hundred(store)
    served = serve(store, rubrics=rubrics_of(questions()))
    page = opened(browser, served)
    figures: dict[str, dict[str, float]] = {}
    for manual in questions():
        short = manual.kind in ("derivation", "survey")
        page.select_option("#parts", manual.part.id)
        page.wait_for_timeout(50)
        groups = page.evaluate("data.questions.find((q) => q.id === at.part).groups.map((g) => [g.key, g.students])")
        page.evaluate("keys = 0; waits.length = 0")
        for n in range(len(groups)):
            missing = page.evaluate("missing(at.answer)")
            if not missing and page.evaluate("question().items.length") and (not short or n % 2):
                page.keyboard.press("1")
            page.wait_for_timeout(60)  # nobody is faster, and the next answers come meanwhile
            page.keyboard.press("Enter")
            until(page, f"waits.length > {n} || !question().groups.some((g) => isOpen(question(), g))")
        settled(page)
        answers = sum(students for _, students in groups)
        waits, keys = sorted(page.evaluate("waits")), page.evaluate("keys") / answers
        if manual.points:
            slow = waits[int(0.95 * len(waits)) - 1]
            figures[manual.part.id] = {"keys": keys, "median": statistics.median(waits), "slow": slow}
            assert keys < (1 if short else 2.001), manual.part.id
    assert page.problems == []
    for part, one in figures.items():
        print(f"{part}: {one['keys']:.2f} keys, next after {one['median']:.0f} ms, 95 % {one['slow']:.0f} ms")
    assert statistics.median(one["median"] for one in figures.values()) < NEXT_MILLISECONDS
    with Store.open(store) as found:
        assert all(r.pending == 0 for r in totals.results(found))
    served.close()


def test_everything_by_mouse(browser: Any, small: Path) -> None:
    served = serve(small)
    page = opened(browser, served)

    def click(name: str) -> None:
        page.get_by_role("button", name=name).first.click()

    click("Save and next")  # nobody's answer
    click("New item")
    page.get_by_role("spinbutton", name="Points").fill("-1")
    page.get_by_label("Text for the student").fill("No reason")
    click("Make it")
    page.wait_for_selector("#items .item[aria-pressed=true]")
    click("− 0.5")
    click("+ 0.5")
    click("Save and next")
    settled(page)
    click("Second opinion")
    page.wait_for_selector("#flag[aria-pressed=true]")
    page.locator("#items .item").first.click()
    page.get_by_label("Comment").fill("see me")
    click("Save and next")
    settled(page)
    page.locator("#items li button").nth(1).click()
    page.get_by_role("spinbutton", name="Points").fill("-2")
    page.wait_for_selector("text=Changes the points of 2 marked answers")
    page.locator("#dialog-ok").click()
    until(page, "question().items[0].points === -2")
    click("Who has it")
    page.locator("#dialog-body button").first.click()
    click("Examples")
    page.wait_for_selector("#dialog article")
    click("Close")
    click("Find")
    page.get_by_label("Text to find").fill("convex")
    page.locator("#dialog-body li button").last.click()
    click("Reopen")
    page.get_by_role("textbox", name="Reason").fill("once more")
    page.locator("#dialog-ok").click()
    page.wait_for_selector("text=Reopened: once more")
    click("Undo")
    page.wait_for_selector("text=Taken back")
    click("Back")
    click("Skip")
    click("Keys")
    click("Close")
    click("next question")
    click("previous question")
    assert page.problems == []
    marks = [given.mark for key, given in state(small).marks.items() if key[1] == "2"]
    assert {Fraction(m.points) for m in marks} == {0, 2}
    assert {m.comment for m in marks} == {"", "see me"}
    served.close()


def test_an_item_is_made_from_a_comment_and_undone_by_keys(browser: Any, small: Path) -> None:
    served = serve(small)
    page = opened(browser, served)
    press = page.keyboard.press
    press("Enter")
    settled(page)
    press("c")
    page.keyboard.type("No reason")
    press("Escape")
    press("n")
    page.wait_for_selector("#dialog[open]")
    press("Enter")
    until(page, "question().items.length === 1")
    press("Enter")
    settled(page)
    assert [i.text for i in state(small).rubric("toy", "2").items] == ["No reason"]
    assert sorted(g.mark.items for g in state(small).marks.values()) == [(), ("1",)]
    press("u")
    page.wait_for_selector("text=Taken back")
    assert len(state(small).marks) == 1
    for key in ("j", "k", "l", "h", "f", "r", "s", "v", "+", "-", "1"):
        press(key)
    for key in ("w", "x", "/", "?"):
        press(key)
        page.wait_for_timeout(200)
        press("Escape")
    assert page.problems == []
    served.close()


def test_two_browsers_at_once_lose_nothing_and_share_the_work(browser: Any, tmp_path: Path) -> None:
    store = tmp_path / "s.sqlite"
    fill(store, [(f"s{n:02}", 1, report(f"s{n:02}", {"2": answer(f"answer {n}")})) for n in range(30)])
    sessions = [serve(store, who=who) for who in ("ada", "bob")]
    pages = [opened(browser, session) for session in sessions]
    for _ in range(40):
        for page in pages:
            if page.evaluate("at.part === '2' && question().groups.some((g) => isOpen(question(), g))"):
                page.keyboard.press("Enter")
    for page in pages:
        settled(page)
        assert page.problems == []
    marked = [e for e in state(store).entries if isinstance(e.event, Marked) and e.event.part == "2"]
    assert len({e.event.answer for e in marked}) == 30  # type: ignore[union-attr]
    assert len(marked) == 30
    assert {e.who for e in marked} == {"ada", "bob"}
    for session in sessions:
        session.close()


def test_a_page_that_is_loaded_again_goes_on_and_another_tab_has_to_be_told(browser: Any, small: Path) -> None:
    served = serve(small)
    page = opened(browser, served)
    page.keyboard.press("c")
    page.keyboard.type("half a comment")
    page.reload()
    until(page, "document.querySelector('#progress').textContent")
    assert page.locator("#comment").input_value() == "half a comment"
    assert page.problems == []
    other = browser.new_context().new_page()
    other.goto(served.url)
    other.wait_for_selector("text=open the address that `grade mark` printed")
    served.close()


def test_what_is_typed_into_a_new_item_replaces_the_points_proposed(browser: Any, small: Path) -> None:
    served = serve(small)
    page = opened(browser, served)
    page.keyboard.press("Enter")  # nobody's answer
    page.keyboard.press("n")
    page.wait_for_selector("#dialog[open]")
    page.keyboard.type("-1.25")
    page.keyboard.press("Tab")
    page.keyboard.type("No reason")
    page.keyboard.press("Enter")
    until(page, "question().items.length === 1")
    assert page.evaluate("question().items[0].points") == -1.25
    page.keyboard.press("Enter")
    settled(page)
    page.keyboard.press("e")
    page.wait_for_selector("#dialog[open]")
    page.keyboard.type("-1")
    page.wait_for_selector("text=Changes the points of 1 marked answer.")
    assert page.problems == []
    served.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_each_answer_is_shown_from_its_start(browser: Any, tmp_path: Path, width: int) -> None:
    store = tmp_path / "s.sqlite"
    long = {f"s{n}": f"answer {n}: " + "word " * 2000 for n in range(3)}
    fill(store, [(who, 1, report(who, {"2": answer(text)})) for who, text in long.items()])
    served = serve(store)
    page = opened(browser, served, viewport={"width": width, "height": 600})
    for _ in range(2):
        page.wait_for_timeout(300)  # the next ones come meanwhile
        page.evaluate("scrollTo(0, 1e6); document.querySelector('#answer').scrollTop = 1e6")
        assert page.evaluate("document.querySelector('#answer').scrollTop") > 100
        before = page.locator("#answer").inner_text()
        page.locator("#save").click()
        until(page, f"document.querySelector('#answer').innerText.slice(0, 9) !== {before[:9]!r}")
        assert page.evaluate("document.querySelector('#answer').scrollTop") == 0
        for box in ("#answer-title", "#answer"):
            top = page.evaluate(f"document.querySelector('{box}').getBoundingClientRect().top")
            assert 0 <= top < 500, box
    assert page.problems == []
    served.close()


def test_marks_outlive_a_server_that_is_away_for_a_while(browser: Any, small: Path) -> None:
    served = serve(small)
    page = opened(browser, served)
    page.route("**/api/do", lambda route: route.abort())
    page.keyboard.press("Enter")
    page.wait_for_selector("text=sent again")
    page.unroute("**/api/do")
    settled(page)
    assert len(state(small).marks) == 1
    served.close()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_axe_finds_nothing(browser: Any, tmp_path: Path, width: int, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    store = tmp_path / "s.sqlite"
    fill_hundred(store, 12)
    served = serve(store, rubrics=rubrics_of(questions()))
    page = opened(browser, served, viewport={"width": width, "height": 844}, color_scheme=scheme)
    page.select_option("#parts", "1.2a")
    page.wait_for_timeout(200)
    page.keyboard.press("Enter")
    for shown, key in (("page", "v"), ("item", "n"), ("keys", "?"), ("find", "/")):
        page.keyboard.press(key)
        page.wait_for_timeout(300)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = axe.run(page)
        assert found.violations_count == 0, found.generate_report()
        if os.environ.get("SCREENSHOTS"):
            page.screenshot(path=f"{os.environ['SCREENSHOTS']}/{shown}-{width}-{scheme}.png", full_page=True)
        page.keyboard.press("Escape")
        page.wait_for_timeout(100)
    served.close()


def test_thirty_hostile_answers_run_nothing_load_nothing_and_stay_in_their_box(browser: Any, tmp_path: Path) -> None:
    store = tmp_path / "s.sqlite"
    clean = [text.encode("utf-8", "replace").decode() for text in ANSWERS]
    evidence = {"2": [{"cell": 1, "code": ANSWERS[0], "text": ANSWERS[0], "pictures": [ANSWERS[0]]}]}
    fill(store, [(f"s{n}", 1, report(f"s{n}", {"2": answer(text)})) for n, text in enumerate(clean)], evidence=evidence)
    served = serve(store)
    for width in (1280, 390):
        page = opened(browser, served, viewport={"width": width, "height": 844})
        asked: list[str] = []
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.on("dialog", lambda dialog, asked=asked: asked.append("dialog"))
        page.keyboard.press("v")
        for _ in range(len(page.evaluate("question().groups"))):
            until(page, "document.querySelector('#answer').textContent !== '…'")
            page.wait_for_timeout(60)
            assert page.evaluate("document.documentElement.dataset.pwned") is None
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.evaluate("document.querySelector('#answer').getBoundingClientRect().height") < 844
            box = page.locator("#save").bounding_box()
            assert box is not None
            assert box["width"] > 80
            page.keyboard.press("j")
        assert not [url for url in asked if not url.startswith((served.url, "data:"))]
        assert HOST not in " ".join(asked)
        assert page.problems == []
        page.context.close()
    served.close()


def test_a_page_of_another_origin_can_neither_read_nor_write(browser: Any, small: Path) -> None:
    served = serve(small)
    attack = ATTACK.replace("PAGE", served.page).replace("URL", served.url).replace("TOKEN", served.token)

    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(attack.encode())

        def log_message(self, *args: object) -> None:
            return

    other = HTTPServer(("127.0.0.1", 0), Other)
    threading.Thread(target=other.serve_forever, daemon=True).start()
    page = browser.new_context().new_page()
    page.goto(f"http://127.0.0.1:{other.server_port}/")
    until(page, "window.out")
    page.wait_for_timeout(500)
    assert "convex" not in str(page.evaluate("window.out"))
    assert "Question 2" not in str(page.evaluate("window.out"))
    assert state(small).marks == {}
    assert [m.part.id for m in MANUAL] == ["2", "3"]
    other.shutdown()
    other.server_close()
    served.close()
