"""The page of `grade mark`: a server for one person's own machine, and what its page may ask.

Only whoever has the token gets an answer, only under a name of this machine, and never a page of another origin; the
page may run its own script and load nothing else. What students wrote comes as harmless HTML. Marks are kept by `log`,
the rules are `state`'s.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from grader.cohort.records import Result
from grader.cohort.store import Store
from grader.errors import UsageError
from grader.marking.answers import Group, Question, questions
from grader.marking.log import (
    Conflict,
    Entry,
    Event,
    Flagged,
    ItemSet,
    Log,
    Marked,
    Reopened,
    RubricSet,
    Undone,
    log_path,
)
from grader.marking.state import GivenMark, State, author_events, is_stale, points_of, saved_points, typed_points
from grader.marks import Rubric, Start
from grader.report.html.highlight import highlighted
from grader.report.html.markup import to_html
from grader.report.sanitize import clean, cut, number, one_line

BODY = 200_000
"""Bytes of one request."""
SEARCHED = 600
"""Characters of an answer that the page can search in."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # the token is in the address
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
ASSETS = {"/": "text/html", "/page.css": "text/css", "/page.js": "text/javascript"}
"""The same for everybody: a page that is loaded again has its token in the browser, not in its address."""


class PageCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the page wants written."""

    kind: str = ""
    part: str = ""
    answer: str = ""
    items: list[str] = []
    adjust: str = "0"
    comment: str = ""
    key: str = ""
    points: str = "0"
    text: str = ""
    note: str = ""
    gone: bool = False
    on: bool = False
    start: str = ""
    once: str = ""
    seen: int = 0
    tab: str = ""


class MarkingSession:
    """A run's answers, the log beside its store, and who marks."""

    def __init__(
        self,
        store: Path,
        *,
        who: str,
        names: bool = False,
        run: int | None = None,
        assignment: str | None = None,
        rubrics: Callable[[str], Mapping[str, Rubric]] = lambda assignment: {},
    ) -> None:
        self._store = Store.open(store)
        self._run = self._store.run(run).id
        listed = list(self._store.results(self._run))
        self.questions = {question.id: question for question in questions(listed, assignment)}
        self.assignment = next(iter(self.questions.values())).assignment
        self._results: dict[str, Result] = {r.path: r for r in listed if r.assignment == self.assignment}
        self._reports = self._store.report_ids(self._run)
        self.log = Log(log_path(store), create=True)
        self.who = who
        self.names = names
        self._state = State(self.log.entries())
        if given := rubrics(self.assignment):  # without the course the log has them from where it was
            self.write(author_events(self._state, self.assignment, given), who="assignment.toml")

    def close(self) -> None:
        self.log.close()
        self._store.close()

    @property
    def state(self) -> State:
        """Everything that is in the log by now, whoever wrote it."""
        if self.log.last() != self._state.last:
            self._state = State(self.log.entries())
        return self._state

    def write(self, events: list[Event], *, who: str = "", once: str = "", seen: int | None = None) -> None:
        if events:
            self.log.add(who or self.who, events, once=once, seen=seen)

    # ------------------------------------------------------------ what the page gets

    def everything(self, tab: str) -> dict[str, Any]:
        state = self.state
        return {
            "assignment": self.assignment,
            "who": self.who,
            "last": state.last,
            "leases": self.log.leases(tab),
            "questions": [self.question(question, state) for question in self.questions.values()],
        }

    def question(self, question: Question, state: State) -> dict[str, Any]:
        rubric = state.rubric(self.assignment, question.id)
        groups, graders, used = [], dict[str, list[float]](), dict[str, int]()
        for group in question.groups.values():
            given = group.given(question, state)
            groups.append(self._group(question, group, given, state))
            if given is not None:
                points = points_of(given.mark, rubric, question.points)
                graders.setdefault(given.who, []).append(float(points))
                for key in given.mark.items:
                    used[key] = used.get(key, 0) + len(group.holders)
        return {
            "id": question.id,
            "title": one_line(question.title),
            "points": number(question.points),
            "question": to_html(question.text),
            "model": to_html(rubric.model) if rubric.model else "",
            "start": rubric.start,
            "items": [
                {
                    "key": i.key,
                    "points": number(i.points),
                    "exact": str(i.points),
                    "text": i.text,
                    "note": i.note,
                    "used": used.get(i.key, 0),
                }
                for i in rubric.items
            ],
            "groups": groups,
            "graders": [[who, len(all_), round(sum(all_) / len(all_), 2)] for who, all_ in sorted(graders.items())],
        }

    def _group(self, question: Question, group: Group, given: GivenMark | None, state: State) -> dict[str, Any]:
        key = (self.assignment, question.id, group.key)
        rubric = state.rubric(self.assignment, question.id)
        reopened = state.reopened.get(key)
        return {
            "key": group.key,
            "students": len(group.holders),
            "text": cut(clean(group.text[: 2 * SEARCHED]), SEARCHED).casefold(),
            "flag": state.flagged.get(key, ""),
            "reopened": "" if reopened is None else reopened[0].reason,
            "mark": None if given is None else self._mark(given, rubric, question.points),
        }

    def _mark(self, given: GivenMark, rubric: Rubric, most: Fraction) -> dict[str, Any]:
        return {
            "points": number(points_of(given.mark, rubric, most)),
            "items": list(given.mark.items),
            "adjust": float(Fraction(given.mark.adjust)),
            "comment": given.mark.comment,
            "who": given.who,
            "entry": given.entry,
            "stale": is_stale(given.mark, rubric, most),
        }

    def answer(self, question: Question, group: Group) -> dict[str, Any]:
        """One answer with what stands beside it, as harmless HTML."""
        state = self.state
        first = group.holders[0]
        report = self._results[first.path].report
        part, parts = question.id.partition("/")[0], report["parts"]
        old = None
        if group.given(question, state) is None:
            reopened = state.reopened.get((self.assignment, question.id, group.key))
            earlier = (state.before(self.assignment, question.id, h.student, group.key) for h in group.holders)
            old = reopened[1] if reopened is not None else next(filter(None, earlier), None)
        rubric = state.rubric(self.assignment, question.id)
        return {
            "key": group.key,
            "html": to_html(group.text) if group.text.strip() else "",
            "source": cut(clean(group.text), 20_000),
            "figures": next((p["answer"]["figures"] for p in parts if p["id"] == part and p.get("answer")), ()),
            "evidence": self._evidence(question, first.path, first.student),
            "results": _neighbours(report, part),
            "holders": [
                {"code": self._code(h.student), "name": one_line(h.name), "path": one_line(h.path)} if self.names
                else {"code": self._code(h.student)}
                for h in group.holders[:50]
            ],
            "old": None if old is None else self._mark(old, rubric, question.points),
        }  # fmt: skip

    def _evidence(self, question: Question, path: str, student: str) -> list[dict[str, Any]]:
        kept = self._store.evidence(self._reports[path, student]).get(question.id, [])
        return [
            {
                "cell": one_line(str(cell["cell"])),
                "code": highlighted(cell["code"]),
                "text": cell["text"],
                "pictures": [p for p in cell["pictures"] if _is_base64(p)],
            }
            for cell in kept
        ]

    def _code(self, student: str) -> str:
        return hashlib.sha256(f"{self.assignment}/{student}".encode()).hexdigest()[:5]

    # ------------------------------------------------------------ what the page may do

    def do(self, command: PageCommand) -> dict[str, Any]:
        """Write what is wanted; returns what changed for the page."""
        if command.kind == "undo":
            return self._undo()
        question = self._asked(command.part)
        self.write(
            [self._event(command, question)], once=command.once, seen=command.seen if command.kind == "mark" else None
        )
        state = self.state
        return {"last": state.last, "leases": self.log.leases(command.tab), "question": self.question(question, state)}

    def _asked(self, part: str) -> Question:
        if part not in self.questions:
            raise ValueError("no such question")
        return self.questions[part]

    def _event(self, command: PageCommand, question: Question) -> Event:
        about: dict[str, Any] = {"assignment": self.assignment, "part": question.id}
        rubric = self.state.rubric(self.assignment, question.id)
        if command.kind == "item":
            if not command.key or not (command.gone or command.text.strip()):
                raise ValueError("an item needs a text")
            points = str(typed_points(command.points))
            return ItemSet(**about, key=command.key, points=points, text=command.text.strip(),
                           note=command.note.strip(), gone=command.gone)  # fmt: skip
        if command.kind == "start":
            start: Start = "zero" if command.start == "zero" else "full"
            return RubricSet(**about, start=start, model=rubric.model, show_model=rubric.show_model)
        group = question.groups.get(command.answer)
        if group is None:
            raise ValueError("no such answer")
        if command.kind == "flag":
            return Flagged(**about, answer=group.key, on=command.on)
        if command.kind == "reopen":
            return Reopened(**about, answer=group.key, reason=cut(command.comment, 2_000))
        if command.kind != "mark":
            raise ValueError("what is to be done?")
        adjust = str(typed_points(command.adjust))
        mark = Marked(**about, answer=group.key, items=tuple(command.items), adjust=adjust, points="0",
                      comment=cut(command.comment.strip(), 10_000), hands=group.hands)  # fmt: skip
        return msgspec.structs.replace(mark, points=str(saved_points(mark, rubric, question.points)))

    def preview(self, command: PageCommand) -> dict[str, int]:
        """How many answers another item, or start, would change, and how many adjusted ones stay."""
        question = self._asked(command.part)
        entry = Entry(self.state.last + 1, "", self.who, self._event(command, question))
        after = State([*self.state.entries, entry])
        changed = after.rubric(self.assignment, question.id)
        moved, kept = self.state.changes((self.assignment, question.id), changed, question.points)
        return {"changed": len(moved), "kept": len(kept)}

    def _undo(self) -> dict[str, Any]:
        """Take back this person's last entry that is not taken back."""
        entries = self.state.entries
        undone = {e.event.entry for e in entries if isinstance(e.event, Undone)}
        mine = (e for e in reversed(entries) if e.who == self.who and e.id not in undone)
        last = next((e for e in mine if not isinstance(e.event, Undone)), None)
        if last is None or isinstance(last.event, Undone):
            return {"last": self.state.last, "undone": None}
        self.write([Undone(entry=last.id)])
        about = last.event
        return {"last": self.state.last, "undone": {"part": about.part, "answer": getattr(about, "answer", "")}}


def _is_base64(picture: str) -> bool:
    from grader.execution.pictures import is_picture

    try:
        return is_picture(base64.b64decode(picture, validate=True))
    except ValueError:
        return False


def _neighbours(report: Mapping[str, Any], part: str) -> list[dict[str, Any]]:
    """The automatic results that an answer is about: those of the same question, else the part before."""
    parts = report["parts"]
    at = next((n for n, p in enumerate(parts) if p["id"] == part), 0)
    stem = part.rstrip("abcdefghijklmnopqrstuvwxyz")
    of_stem = re.compile(rf"{re.escape(stem)}(?!\d)")  # of 1a also 1 and 1.2, but not 10
    same = [p for p in parts if p["kind"] == "auto" and of_stem.match(p["id"])] if stem else []
    nearest = same or [p for p in parts[:at] if p["kind"] == "auto"][-1:]
    return [
        {
            "id": p["id"],
            "title": one_line(p["title"]),
            "score": p["score"],
            "of": p["max_score"],
            "said": [one_line(c["message"], 300) for c in p["checks"] if c["message"] and c["status"] != "passed"][:3],
        }
        for p in nearest
    ]


def application(session: MarkingSession, token: str) -> Starlette:
    """The page and what it asks, for whoever has the token."""

    def guarded(answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def guard(request: Request) -> Response:
            refused = _refused(request, token)
            if refused:
                response = Response(refused, status_code=403, media_type="text/plain")
            else:
                try:
                    response = await answer(request)
                except Conflict:
                    response = _json({"conflict": True}, 409)
                except (ValueError, KeyError, msgspec.DecodeError) as problem:
                    response = Response(f"{problem}", status_code=400, media_type="text/plain")
            response.headers.update(HEADERS)
            return response

        return guard

    async def asset(request: Request) -> Response:
        name = request.url.path.removeprefix("/") or "page.html"
        return Response(_asset(name), media_type=ASSETS[request.url.path])

    async def everything(request: Request) -> Response:
        if request.query_params.get("after") == str(session.log.last()):
            return _json({"leases": session.log.leases(request.query_params.get("tab", ""))})
        return _json(session.everything(request.query_params.get("tab", "")))

    async def answer(request: Request) -> Response:
        question = session.questions[request.query_params["part"]]
        return _json(session.answer(question, question.groups[request.query_params["answer"]]))

    async def do(request: Request) -> Response:
        return _json(session.do(await _command(request)))

    async def preview(request: Request) -> Response:
        return _json(session.preview(await _command(request)))

    async def lease(request: Request) -> Response:
        command = await _command(request)
        return _json({"taken": session.log.lease(f"{command.part}/{command.answer}", command.tab, session.who)})

    routes = [Route(path, guarded(asset)) for path in ASSETS]
    routes += [Route("/api/all", guarded(everything)), Route("/api/answer", guarded(answer))]
    routes += [
        Route(f"/api/{name}", guarded(answered), methods=["POST"])
        for name, answered in (("do", do), ("preview", preview), ("lease", lease))
    ]
    return Starlette(routes=routes)


def _refused(request: Request, token: str) -> str:
    """Why a request gets no answer; empty where it gets one."""
    host = request.headers.get("host", "")
    if urlsplit(f"//{host}").hostname not in ("127.0.0.1", "localhost"):  # another name that leads here
        return "this page is at 127.0.0.1 alone"
    if request.headers.get("origin") not in (None, f"http://{host}"):
        return "another page may not ask"
    if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return "another page may not ask"
    if request.url.path in ASSETS:
        return ""
    if not hmac.compare_digest(request.headers.get("x-token", "").encode(), token.encode()):
        return "open the address that `grade mark` printed"
    if request.method == "POST" and request.headers.get("content-type") != "application/json":
        return "another page may not ask"
    return ""


async def _command(request: Request) -> PageCommand:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > BODY:
            raise ValueError("too long")
    return msgspec.json.decode(body, type=PageCommand)


def _json(data: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(data), status_code=status, media_type="application/json")


def _asset(name: str) -> bytes:
    return files("grader.marking").joinpath("page", name).read_bytes()


def serve(session: MarkingSession, port: int, tell: Callable[[str], None]) -> None:
    """Serve until Ctrl-C; raises UsageError if the port is taken."""
    import socket

    import uvicorn

    token = secrets.token_urlsafe(24)
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as problem:
        raise UsageError(f"--port {port}: {problem.strerror}; without --port a free one is taken") from problem
    tell(f"open http://127.0.0.1:{listener.getsockname()[1]}/?token={token}  (Ctrl-C ends it; every mark is kept)")
    config = uvicorn.Config(application(session, token), log_level="warning", access_log=False, server_header=False)
    uvicorn.Server(config).run(sockets=[listener])
