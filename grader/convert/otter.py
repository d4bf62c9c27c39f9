"""`grade import otter`: a notebook for `otter assign` (format v1) becomes an assignment.

A question is a part; each of its test cases is a check with the points that otter would give it, hidden ones in
`hidden.py`. Solutions become regions with the prompt that otter would leave in their place.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from msgspec import Struct

from grader.assignment.release.markers import BEGIN, END, STUB
from grader.convert.draft import Draft, DraftManual, Left, check_id, check_of
from grader.convert.manual import add_manual, kind_of_code
from grader.convert.probes import probe_of
from grader.convert.scope import Scope, parsed, scope_of
from grader.convert.source import SourceCell, notebooks_with, points_of, read_cells, title_of
from grader.errors import AuthoringError, UsageError
from grader.submission.source.sections import headings

_BLOCK = re.compile(r"#\s+(ASSIGNMENT\s+CONFIG|(BEGIN|END)\s+(QUESTION|PROMPT|SOLUTION|TESTS))\s*", re.IGNORECASE)
_CONFIG = re.compile(r'"""\s*#\s*BEGIN TEST CONFIG\s*\n(.*?)\n\s*"""\s*#\s*END TEST CONFIG[^\n]*\n?', re.DOTALL)
PLACEHOLDER = "_Type your answer here, replacing this text._"


class Question(Struct, kw_only=True):
    """One question while it is read."""

    name: str
    manual: bool
    points: Any
    all_or_nothing: bool = False
    title: str = ""
    prompt: list[SourceCell] = []
    solution: list[SourceCell] = []
    tests: list[SourceCell] = []


def notebooks_of(path: Path) -> list[Path]:
    """The notebooks with otter's blocks: the file itself, or those below a folder.

    Raises UsageError if there is none.
    """
    notebooks = notebooks_with(path, lambda cell: bool(_block(cell)))
    if not notebooks:
        raise UsageError(f"{path}: no cell has '# BEGIN QUESTION' or '# ASSIGNMENT CONFIG' of `otter assign`")
    return notebooks


def draft_of(path: Path, id: str) -> Draft:
    """The assignment that a notebook for `otter assign` describes.

    Raises UsageError if the file is no notebook; AuthoringError for blocks that do not fit together.
    """
    cells = read_cells(path)
    draft = Draft(id=id, title=title_of(cells, id), cells=[])
    questions: list[Question] = []
    question: Question | None = None
    opened: list[str] = []
    for cell in cells:
        where = cell.where(path.name)
        block = _block(cell)
        if block == "ASSIGNMENT CONFIG":
            _assignment(draft, _yaml(cell.source.split("\n")[1:]), path, where)
        elif block == "BEGIN QUESTION":
            if question is not None:
                raise AuthoringError(f"{where}: a question inside question {question.name}; end that one first")
            question = _question(_yaml(cell.source.split("\n")[1:]), where)
            questions.append(question)
        elif block.startswith("BEGIN"):
            opened.append(block.split()[1])
        elif block == "END QUESTION":
            if question is None or opened:
                raise AuthoringError(f"{where}: END QUESTION, and {opened[0] if opened else 'no question'} is open")
            _finish(draft, question, path.name)
            question = None
        elif block.startswith("END"):
            if not opened or opened.pop() != block.split()[1]:
                raise AuthoringError(f"{where}: {block} without its BEGIN above it")
        elif question is None or not opened:
            if question is not None and cell.kind == "markdown" and not question.title:
                question.title = _first_line(cell.source)
            draft.cells.append(cell.with_source(without_ignored(cell.source)))
        else:
            getattr(question, opened[-1].lower()).append(cell)
    if question is not None:
        raise AuthoringError(f"{path.name}: question {question.name} has no END QUESTION")
    scope = scope_of([(c.source, "BEGIN SOLUTION" in c.source) for c in draft.cells if c.kind == "code"])
    for one in questions:
        _tests(draft, one, scope, path.name)
    draft.parts = {q.name: draft.parts[q.name] for q in questions if q.name in draft.parts}
    draft.names = dict.fromkeys(sorted({name for check in draft.checks for name in check.uses}), "notebook")
    return draft


# ---------------------------------------------------------------- blocks


def _block(cell: SourceCell) -> str:
    """`BEGIN QUESTION` and the like, where a cell is one; its YAML begins in the next line."""
    first, _, _ = cell.source.partition("\n")
    if cell.kind == "raw" and (match := _BLOCK.fullmatch(first)):
        return " ".join(match[1].upper().split())
    return ""


def _first_line(markdown: str) -> str:
    titles = headings(markdown, questions=True)
    return (titles[0].title if titles else markdown.strip().split("\n")[0])[:100].rstrip(" :")


def _assignment(draft: Draft, config: dict[str, Any], path: Path, where: str) -> None:
    for name in config.get("files") or ():
        if (path.parent / str(name)).is_file():
            draft.files[str(name)] = path.parent / str(name)
        else:
            draft.left.append(Left(where, f"its file {name} is not beside the notebook"))
    if isinstance(seed := config.get("seed"), dict):
        text = f"otter sets {seed.get('variable')} = {seed.get('autograder_value')} when it grades; here it stays"
        draft.left.append(Left(where, text))
    for key in ("requirements", "environment"):
        if key in config:
            draft.left.append(Left(where, f"its {key} are not taken over"))


def _question(config: dict[str, Any], where: str) -> Question:
    name = config.get("name")
    if not isinstance(name, str) or not re.fullmatch(r"[\w.-]+", name):
        raise AuthoringError(f"{where}: a question without a name; write `name: q1` below BEGIN QUESTION")
    return Question(
        name=name,
        manual=config.get("manual") is True,
        points=config.get("points"),
        all_or_nothing=config.get("all_or_nothing") is True,
    )


def _finish(draft: Draft, question: Question, file: str) -> None:
    """Put the question's solution, or what a student writes in its place, into the notebook."""
    given = "\n".join(cell.source for cell in question.prompt if cell.kind == "code")
    shown: list[SourceCell] = []
    for cell in question.solution:
        if cell.kind == "code":
            shown.append(cell.with_source(solution(cell.source, given, cell.where(file))))
            given = ""
        elif question.manual:
            text = " ".join(cell.source.split())
            draft.left.append(Left(f"{cell.where(file)} ({question.name})", f"the model answer: {text}"))
            prompts = [c for c in question.prompt if c.kind == "markdown"]
            shown += prompts or [cell.with_source(PLACEHOLDER)]
            question.prompt = [c for c in question.prompt if c.kind != "markdown"]
    draft.parts[question.name] = question.title or question.name
    if not question.manual:
        draft.cells += shown
        return
    if not shown:
        shown = [SourceCell(kind="markdown", source=PLACEHOLDER, index=-1)]
    code = "\n".join(cell.source for cell in question.solution if cell.kind == "code")
    under, asked = add_manual(draft, shown[0], question.name, in_cell=False)
    draft.cells += shown[1:]
    points = Fraction(1) if question.points is None else points_of(question.points, f"question {question.name}")
    kind = kind_of_code(code) if code else "written"
    draft.manual.append(
        DraftManual(id=question.name, title=under, points=points, kind=kind, under=under, question=asked or under)
    )
    draft.parts[question.name] = under
    draft.done.append(f"question {question.name}: part for a person ({kind}), under {under!r}")


# ---------------------------------------------------------------- tests


def _tests(draft: Draft, question: Question, scope: Scope, file: str) -> None:
    if question.manual:
        if question.tests:
            draft.left.append(
                Left(f"question {question.name}", "has tests and is marked by a person; they are left out")
            )
        return
    cases = [(_case(cell), cell) for cell in question.tests if cell.kind == "code"]
    if not cases:
        draft.left.append(Left(f"question {question.name}", "has no tests"))
        draft.parts.pop(question.name, None)
        return
    worth = _worth(question, [config for config, _ in cases])
    if question.all_or_nothing and len(cases) > 1:
        draft.left.append(Left(f"question {question.name}", "all or nothing over several tests; here each test counts"))
    for number, (config, cell) in enumerate(cases, 1):
        where = f"{cell.where(file)} ({question.name})"
        try:
            text = _asserting(cell, _CONFIG.sub("", cell.source), config, where)
            probe = probe_of(text, scope, (), where)
        except AuthoringError as error:
            draft.left.append(Left(where, str(error).removeprefix(f"{where}: ")))
            continue
        hidden = bool(config.get("hidden"))
        id = check_id(f"{question.name}_{number}", draft, scope.imports)
        title = str(config.get("name") or probe.title or f"Test {number}")
        check = check_of(probe, id=id, part=question.name, points=worth[number - 1], title=title, hidden=hidden)
        draft.checks.append(check)
        kind = "hidden check" if hidden else "check"
        kept = f"{probe.returned} compared values, {probe.kept} asserts as they are"
        draft.done.append(f"{where}: {kind} {id}, {kept}")
        for key in ("success_message", "failure_message"):
            if config.get(key):
                draft.left.append(Left(where, f"its {key}: {config[key]}"))


def _case(cell: SourceCell) -> dict[str, Any]:
    first = cell.source.split("\n")[0]
    hidden = first.lstrip().startswith("#") and re.search(r"\bhidden\b", first, re.IGNORECASE) is not None
    match = _CONFIG.match(cell.source)
    return {"hidden": hidden} | (_yaml(match[1].split("\n")) if match else {})


def _worth(question: Question, cases: Sequence[dict[str, Any]]) -> list[Fraction]:
    """Points of each test case, by otter's rule: what is left of the question's goes to cases without any."""
    points, where = question.points, f"question {question.name}"
    if isinstance(points, list):
        if len(points) != len(cases):
            raise AuthoringError(f"{where}: points for {len(points)} tests, and it has {len(cases)}")
        return [points_of(p, where) for p in points]
    own = [None if (p := c.get("points")) is None else points_of(p, where) for c in cases]
    given = sum((p for p in own if p is not None), Fraction(0))
    if isinstance(points, dict):
        total = points_of(points.get("each", 1), where) * len(cases)
    else:
        total = (given or Fraction(1)) if points is None else points_of(points, where)
    if given > total:
        raise AuthoringError(f"{where}: its tests have {given} points, and the question {total}")
    rest = own.count(None)
    return [(total - given) / rest if p is None else p for p in own]


def _asserting(cell: SourceCell, source: str, config: dict[str, Any], where: str) -> str:
    """The test case as code with asserts: of a function its body, of a doctest its value as it was saved."""
    source = without_ignored(source)
    if config.get("hidden") and re.match(r"\s*#.*\bhidden\b", source, re.IGNORECASE):
        source = source.partition("\n")[2]
    tree = parsed(source)
    if tree is None or not tree.body:
        raise AuthoringError(f"{where}: not valid Python")
    first = tree.body[0]
    if isinstance(first, ast.FunctionDef) and first.name.startswith("test") and len(tree.body) <= 2:
        return _body(first, where)
    saved = _saved(cell, where)
    last = tree.body[-1]
    if saved is None or not isinstance(last, ast.Expr):
        return source
    lines = source.split("\n")
    head, expression = lines[: last.lineno - 1], ast.unparse(last.value)
    return "\n".join([*head, _expecting(expression, saved)])


def _body(function: ast.FunctionDef, where: str) -> str:
    """The statements of an exception-based test, whose parameters are names of the notebook."""
    if any(isinstance(node, ast.Return) for node in ast.walk(function)):
        raise AuthoringError(f"{where}: its test function returns early; write this check by hand")

    class Plain(ast.NodeTransformer):
        def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
            self.generic_visit(node)
            if isinstance(node.value, ast.Name) and node.value.id == "env" and isinstance(node.slice, ast.Constant):
                return ast.Name(str(node.slice.value), node.ctx)
            return node

    return "\n".join(ast.unparse(Plain().visit(statement)) for statement in function.body)


def _saved(cell: SourceCell, where: str) -> str | None:
    """What the cell's last value was printed as; None without."""
    if any(output.get("output_type") == "stream" for output in cell.outputs):
        raise AuthoringError(f"{where}: compares what is printed; write this check by hand")
    texts = [output["data"].get("text/plain") for output in cell.outputs if "data" in output]
    text = texts[-1] if texts else None
    return "".join(text) if isinstance(text, list) else text


def _expecting(expression: str, saved: str) -> str:
    if saved.strip() == "True":
        return f"assert {expression}"
    try:
        value = ast.literal_eval(saved)
    except (ValueError, SyntaxError, TypeError):
        printed = re.fullmatch(r"(array\(.*\)|np\.\w+\(.*\))", saved.strip(), re.DOTALL)
        return f"assert ({expression}) == 0" if printed else f"assert repr({expression}) == {saved!r}"
    return f"assert ({expression}) == {value!r}"


# ---------------------------------------------------------------- YAML, as far as otter's blocks use it


def _yaml(lines: Sequence[str]) -> dict[str, Any]:
    mapping: dict[str, Any] = {}
    key = ""
    for line in lines:
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if text.startswith("- "):
            if isinstance(mapping.get(key), list) or mapping.get(key) is None:
                mapping[key] = [*(mapping.get(key) or ()), _scalar(text[2:])]
            continue
        name, colon, value = text.partition(":")
        if not colon:
            continue
        if line[0].isspace() and key:
            nested = mapping[key] if isinstance(mapping.get(key), dict) else {}
            mapping[key] = nested | {name.strip(): _scalar(value)}
        else:
            key = name.strip()
            mapping[key] = _scalar(value)
    return mapping


def _scalar(text: str) -> Any:
    text = text.strip()
    words = {"": None, "null": None, "~": None, "true": True, "yes": True, "false": False, "no": False}
    if text.lower() in words:
        return words[text.lower()]
    try:
        return json.loads(text)
    except ValueError:
        return text.strip("'\"")


# ---------------------------------------------------------------- solutions


_ASSIGNED = re.compile(r"(\s*(?:[\w.]+(?:\[[^\]]*\])*\s*,\s*)*[\w.]+(?:\[[^\]]*\])*\s*=)(?!=)")
_LINE = re.compile(r"\s*#\s*SOLUTION( NO PROMPT)?\s*$")
_BEGIN = re.compile(r"(\s*)#\s*BEGIN SOLUTION( NO PROMPT)?\s*")
_END = re.compile(r"\s*#\s*END SOLUTION\s*")
_PROMPT = re.compile(r'\s*"""\s*#\s*(BEGIN|END) PROMPT\s*')


def without_ignored(source: str) -> str:
    """The text without what otter leaves out everywhere."""
    kept, ignored = [], False
    for line in source.split("\n"):
        if re.fullmatch(r"\s*#\s*(BEGIN|END) IGNORE\s*", line):
            ignored = "BEGIN" in line
        elif not ignored and not re.search(r"#\s*IGNORE\s*$", line):
            kept.append(line)
    return "\n".join(kept)


def solution(source: str, prompt: str, where: str) -> str:
    """A solution cell with the project's regions.

    `prompt` is the code that a student gets in place of the whole cell; empty without. Raises AuthoringError for a
    marker without its counterpart.
    """
    lines = without_ignored(source).split("\n")
    if prompt:
        body = [line for line in lines if not _BEGIN.fullmatch(line) and not _END.fullmatch(line)]
        body = [_LINE.sub("", line) for line in body]
        return "\n".join(_region("", prompt.split("\n"), body))
    out: list[str] = []
    begin: tuple[str, bool] | None = None
    body = []
    prompting: list[str] | None = None
    for number, line in enumerate(lines, 1):
        if marker := _PROMPT.fullmatch(line):
            if marker[1] == "BEGIN":
                prompting = []
            else:
                _give(out, prompting or [], f"{where}, line {number}")
                prompting = None
        elif prompting is not None:
            prompting.append(line)
        elif begin is not None and _END.fullmatch(line):
            out += _region(begin[0], [] if begin[1] else ["..."], body)
            begin = None
        elif begin is not None:
            body.append(line)
        elif match := _BEGIN.fullmatch(line):
            begin, body = (match[1], match[2] is not None), []
        elif _END.fullmatch(line):
            raise AuthoringError(f"{where}, line {number}: END SOLUTION without BEGIN SOLUTION above it")
        else:
            out += _marked(line)
    if begin is not None:
        raise AuthoringError(f"{where}: BEGIN SOLUTION without END SOLUTION below it")
    return "\n".join(out)


def _marked(line: str) -> list[str]:
    """One line, a region where it is marked as solution or seed."""
    indent = line[: len(line) - len(line.lstrip())]
    if re.search(r"#\s*SEED\s*$", line):
        return _region(indent, [], [re.sub(r"\s*#\s*SEED\s*$", "", line)])
    match = _LINE.search(line)
    if match is None:
        return [line]
    bare = line[: match.start()]
    if match[1]:
        return _region(indent, [], [bare])
    assigned = _ASSIGNED.match(bare)
    return _region(indent, [f"{assigned[1].strip()} ..." if assigned else "..."], [bare])


def _region(indent: str, stub: list[str], body: list[str]) -> list[str]:
    given = [f"{indent}{STUB} {line}".rstrip() for line in stub or [""]]
    return [indent + BEGIN, *given, *body, indent + END]


def _give(out: list[str], prompt: list[str], where: str) -> None:
    """Make a prompt the stub of the region above it."""
    ends = [n for n, line in enumerate(out) if line.strip() == END]
    if not ends or any(line.strip() for line in out[ends[-1] + 1 :]):
        raise AuthoringError(f"{where}: a prompt without a solution right above it")
    begin = max(n for n, line in enumerate(out) if line.strip() == BEGIN)
    indent = out[begin][: len(out[begin]) - len(out[begin].lstrip())]
    stub = [f"{indent}{STUB} {line.removeprefix(indent)}".rstrip() for line in prompt]
    old = [n for n in range(begin + 1, ends[-1]) if out[n].strip().startswith(STUB)]
    out[begin + 1 : begin + 1 + len(old)] = stub
