"""The server of `grade mark`: who gets an answer, what two people at once do to each other, and hostile answers."""

from __future__ import annotations

import importlib.util
import json
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.cohort.store import Store
from grader.marking import totals
from grader.marking.log import Log, Reopened, log_path
from grader.marking.state import State
from grader.marks import NOTHING, Item, Rubric, answer_digest
from tests.marking.cohort import Served, serve
from tests.marking.hostile import ANSWERS
from tests.marking.synthetic import answer, fill, report

pytestmark = pytest.mark.skipif(importlib.util.find_spec("uvicorn") is None, reason="needs numgrade[mark]")
CONVEX = answer_digest("it is convex")
EVIDENCE = {"2": [{"cell": 3, "code": "x = 1", "text": "<b>out", "pictures": ["bm8gcGljdHVyZQ=="]}]}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    answers = {
        "ada": {"2": answer("it is convex")},
        "bob": {"2": answer("it is convex")},
        "eve": {"2": answer("because")},
        "dan": {},
    }
    path = tmp_path / "s.sqlite"
    fill(path, [(who, 1, report(who, given)) for who, given in answers.items()], evidence=EVIDENCE)
    return path


@pytest.fixture
def served(store: Path) -> Iterator[Served]:
    rubric = Rubric(items=(Item(key="1", points=totals.Fraction(-1), text="no reason"),), model="**Convex.**")
    server = serve(store, rubrics=lambda assignment: {"2": rubric})
    yield server
    server.close()


def call(served: Served, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
    told = {"X-Token": served.token, **({"Content-Type": "application/json"} if body is not None else {}), **headers}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        served.url + path, data=data, headers={k.replace("_", "-"): v for k, v in told.items()}
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as reply:
            text = reply.read().decode()
            return reply.status, json.loads(text) if "json" in reply.headers["content-type"] else text
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def question(served: Served, id: str = "2") -> dict[str, Any]:
    _, everything = call(served, "/api/all")
    return next(q for q in everything["questions"] if q["id"] == id)


def group(served: Served, key: str, id: str = "2") -> dict[str, Any]:
    return next(g for g in question(served, id)["groups"] if g["key"] == key)


def give(served: Served, key: str, *, seen: int | None = None, **more: object) -> tuple[int, Any]:
    seen = call(served, "/api/all")[1]["last"] if seen is None else seen
    return call(served, "/api/do", {"kind": "mark", "part": "2", "answer": key, "seen": seen, "tab": "t", **more})


# ---------------------------------------------------------------- who gets an answer


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/", {"Host": "evil.example"}),
        ("/", {"Sec_Fetch_Site": "cross-site"}),
        ("/api/all", {"X_Token": ""}),
        ("/api/all", {"X_Token": "wrong"}),
        ("/api/all?token=a-token-for-tests", {"X_Token": ""}),
        ("/api/all", {"Host": "grades.example.org"}),
        ("/api/all", {"Host": "127.0.0.1.example.org:80"}),
        ("/api/all", {"Origin": "http://evil.example"}),
        ("/api/all", {"Origin": "null"}),
        ("/api/all", {"Sec_Fetch_Site": "cross-site"}),
        ("/api/all", {"Sec_Fetch_Site": "same-site"}),
        ("/page.js", {"Host": "evil.example"}),
    ],
)
def test_without_the_token_by_another_name_or_from_another_page_there_is_nothing(
    served: Served, path: str, headers: dict[str, str]
) -> None:
    code, text = call(served, path, **headers)
    assert code == 403
    assert "convex" not in text


def test_another_page_can_write_nothing(served: Served) -> None:
    body = {"kind": "mark", "part": "2", "answer": CONVEX}
    for headers in ({"Origin": "http://evil.example"}, {"Content_Type": "text/plain"}, {"X_Token": ""}):
        assert call(served, "/api/do", body, **headers)[0] == 403
    assert call(served, "/api/do", body, Origin=served.url)[0] == 200


def test_the_page_may_run_its_own_script_and_nothing_else(served: Served) -> None:
    with urllib.request.urlopen(served.page, timeout=20) as reply:
        policy = reply.headers["content-security-policy"]
        assert "http" not in reply.read().decode().replace("http-equiv", "")
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "unsafe" not in policy


def test_it_listens_on_this_machine_alone(served: Served) -> None:
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((socket.gethostbyname("127.0.0.2"), served.port), timeout=5)


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "mark", "part": "9", "answer": "x"},
        {"kind": "mark", "part": "2", "answer": "nobody's"},
        {"kind": "mark", "part": "2", "answer": CONVEX, "adjust": "much"},
        {"kind": "mark", "part": "2", "answer": CONVEX, "adjust": "1/0"},
        {"kind": "nothing", "part": "2", "answer": CONVEX},
        {"kind": "item", "part": "2", "key": "2", "text": ""},
        {"surprise": 1},
        ["mark"],
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_written(served: Served, body: object) -> None:
    before = call(served, "/api/all")[1]["last"]
    code, text = call(served, "/api/do", body)
    assert code == 400
    assert "Traceback" not in text
    assert call(served, "/api/all")[1]["last"] == before
    assert call(served, "/api/do", {"kind": "mark", "comment": "x" * 300_000})[0] == 400


# ---------------------------------------------------------------- marking


def test_a_mark_serves_everybody_with_the_answer_and_comes_back_with_its_points(served: Served, store: Path) -> None:
    assert group(served, CONVEX)["students"] == 2
    code, reply = give(served, CONVEX, items=["1"], comment="why?")
    assert code == 200
    mark = next(g["mark"] for g in reply["question"]["groups"] if g["key"] == CONVEX)
    assert (mark["points"], mark["items"], mark["comment"], mark["who"]) == (2, ["1"], "why?", "me")
    assert reply["question"]["items"][0]["used"] == 2
    with Store.open(store) as opened:
        assert {r.student: r.points for r in totals.results(opened)} == {"ada": 6, "bob": 6, "eve": 4, "dan": 4}


def test_missing_answers_are_one_group_that_one_call_confirms_with_zero(served: Served) -> None:
    assert question(served)["groups"][0]["key"] == NOTHING
    give(served, NOTHING)
    assert group(served, NOTHING)["mark"]["points"] == 0


def test_of_two_who_mark_one_answer_the_second_is_told_and_nothing_is_lost(served: Served, store: Path) -> None:
    other = serve(store, who="bob")
    try:
        seen = call(other, "/api/all")[1]["last"]
        assert call(served, "/api/lease", {"part": "2", "answer": CONVEX, "tab": "a"})[1] == {"taken": ""}
        assert call(other, "/api/lease", {"part": "2", "answer": CONVEX, "tab": "b"})[1] == {"taken": "me"}
        assert call(other, "/api/all?tab=b")[1]["leases"] == {f"2/{CONVEX}": "me"}
        assert give(served, CONVEX, comment="mine")[0] == 200
        assert give(other, CONVEX, seen=seen, comment="theirs")[0] == 409
        assert group(other, CONVEX)["mark"]["comment"] == "mine"
        assert give(other, answer_digest("because"), comment="theirs")[0] == 200
        assert group(served, answer_digest("because"))["mark"]["who"] == "bob"
        # undo takes back one's own
        assert call(served, "/api/do", {"kind": "undo"})[1]["undone"] == {"part": "2", "answer": CONVEX}
        assert group(other, answer_digest("because"))["mark"] is not None
        assert group(other, CONVEX)["mark"] is None
    finally:
        other.close()


def test_the_same_call_twice_writes_once(served: Served) -> None:
    give(served, CONVEX, once="one", seen=10_000)
    last = call(served, "/api/all")[1]["last"]
    give(served, CONVEX, once="one", seen=10_000)
    assert call(served, "/api/all")[1]["last"] == last


def test_thirds_of_a_point_stay_thirds(served: Served) -> None:
    command = {"kind": "item", "part": "2", "key": "2", "points": "-1/3", "text": "one of three is missing"}
    assert call(served, "/api/do", command)[0] == 200
    assert question(served)["items"][1]["exact"] == "-1/3"
    for n in range(3):
        assert call(served, "/api/do", {**command, "key": str(2 + n)})[0] == 200
    code, reply = give(served, CONVEX, items=["2", "3", "4"])
    assert code == 200
    assert next(g["mark"]["points"] for g in reply["question"]["groups"] if g["key"] == CONVEX) == 2


def test_a_dialog_can_say_what_a_changed_item_does(served: Served) -> None:
    give(served, CONVEX, items=["1"])
    give(served, answer_digest("because"), items=["1"], adjust="0.5")
    command = {"kind": "item", "part": "2", "key": "1", "points": "-2", "text": "no reason"}
    assert call(served, "/api/preview", command)[1] == {"changed": 1, "kept": 1}
    call(served, "/api/do", command)
    assert group(served, CONVEX)["mark"]["points"] == 1
    adjusted = group(served, answer_digest("because"))["mark"]
    assert (adjusted["points"], adjusted["stale"]) == (2.5, True)


def test_a_changed_answer_comes_back_with_its_old_mark_and_a_reopened_one_with_the_reason(store: Path) -> None:
    first = serve(store)
    give(first, CONVEX, adjust="-1", comment="nearly")
    first.close()
    fill(store, [("ada", 2, report("ada", {"2": answer("it is strictly convex")}, attempt=2))])
    again = serve(store)
    try:
        key = answer_digest("it is strictly convex")
        assert group(again, key)["mark"] is None
        shown = call(again, f"/api/answer?part=2&answer={key}")[1]
        assert (shown["old"]["points"], shown["old"]["comment"]) == (2, "nearly")
        give(again, key)
        with Log(log_path(store)) as log:
            log.add("me", [Reopened(assignment="toy", part="2", answer=key, reason="see below", student="ada")])
        assert group(again, key)["reopened"] == "see below"
        assert call(again, f"/api/answer?part=2&answer={key}")[1]["old"]["points"] == 3
    finally:
        again.close()


def test_names_are_shown_only_when_asked_for(served: Served, store: Path) -> None:
    def shown(server: Served) -> str:
        return json.dumps([call(server, f"/api/answer?part=2&answer={CONVEX}"), call(server, "/api/all")]).casefold()

    assert "ada" not in shown(served)
    named = serve(store, names=True)
    assert "ada" in shown(named)
    named.close()


def test_code_and_results_stand_beside_the_answer(served: Served) -> None:
    shown = call(served, f"/api/answer?part=2&answer={CONVEX}")[1]
    assert shown["evidence"][0]["cell"] == "3"
    assert "<b>" not in shown["evidence"][0]["code"]
    assert shown["evidence"][0]["pictures"] == []  # that is none
    assert [(r["id"], r["score"], r["of"]) for r in shown["results"]] == [("1", 4, 5)]
    assert question(served)["model"].strip() == "<p><strong>Convex.</strong></p>"


@pytest.mark.parametrize(
    ("part", "beside"), [("1a", ["1", "1.2", "1b"]), ("12", ["12"]), ("9", ["12"]), ("why", ["1b"])]
)
def test_results_of_the_same_question_stand_beside_an_answer(part: str, beside: list[str]) -> None:
    from grader.marking.server import _neighbours

    ids = ("1", "1.2", "1b", "why", "10", "12", "9")
    parts = [{"id": id, "kind": "auto", "title": "", "score": 0, "max_score": 1, "checks": []} for id in ids]
    report = {"parts": [p | {"kind": "manual"} if p["id"] in ("why", "9") else p for p in parts]}
    assert [found["id"] for found in _neighbours(report, part)] == beside


def test_the_authors_rubric_is_in_the_log_once(store: Path) -> None:
    rubric = Rubric(items=(Item(key="1", points=totals.Fraction(-1), text="no reason"),))
    for _ in range(2):
        serve(store, rubrics=lambda assignment: {"2": rubric}).close()
    with Log(log_path(store)) as log:
        assert [e.who for e in log.entries()] == ["assignment.toml"] * 2
        assert State(log.entries()).rubric("toy", "2") == rubric


@pytest.mark.parametrize("text", ANSWERS)
def test_a_hostile_answer_comes_as_harmless_html(tmp_path: Path, text: str) -> None:
    from html.parser import HTMLParser

    path = tmp_path / "s.sqlite"
    evidence = {"2": [{"cell": text[:200], "code": text, "text": text, "pictures": [text[:100]]}]}
    fill(path, [("ada", 1, report("ada", {"2": answer(text)}))], evidence=evidence)
    server = serve(path)
    try:
        key = question(server)["groups"][0]["key"]
        shown = call(server, f"/api/answer?part=2&answer={key}")[1]
    finally:
        server.close()

    class Elements(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert tag not in ("script", "style", "img", "svg", "iframe", "object", "embed", "form", "input", "link",
                               "meta", "base", "video", "audio", "body", "html")  # fmt: skip
            for name, value in attrs:
                assert not name.startswith("on")
                assert name not in ("style", "id", "src", "srcdoc", "action", "background", "formaction", "xlink:href")
                assert not (value or "").strip().casefold().startswith(("javascript:", "data:", "vbscript:"))

    for markup in (shown["html"], *(cell["code"] for cell in shown["evidence"])):
        Elements().feed(markup)
    assert shown["evidence"][0]["pictures"] == []
