"""A generated cohort for `grade similar`: authors who write on their own, and some who copy and disguise it.

    python benchmarks/similarity/cohort.py FOLDER [--students 300] [--copies 20]

Writes `FOLDER/hand-ins/STUDENT.ipynb` and `FOLDER/truth.json` (pairs). Every author writes the regions of
`radboud_a1` with habits and slips of their own: among equal expressions, statements and orders each site is drawn
anew, mostly by the author's habit. A copy takes another's text and is renamed, split, reordered, reworded and
commented, by degrees. Both are programs, and kinder than people in one way (no two ways of thinking) and harder in
another (everybody starts from one solution): its figures compare tools, not courses.
"""

from __future__ import annotations

import argparse
import ast
import json
import random
import re
import textwrap
from pathlib import Path

from grader.assignment.loading.course import find_course
from grader.assignment.release.edits import edited, wrong_edits
from grader.assignment.release.markers import regions
from grader.assignment.release.percent import dumps, notebook_of
from grader.model import Assignment

ROOT = Path(__file__).resolve().parents[2]
FILE = "assignment_1.py"
HABIT = 0.8
"""Share of sites at which an author writes as usual."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--students", type=int, default=300)
    parser.add_argument("--copies", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    assignment = find_course(ROOT, None).load("radboud_a1")
    authors = [write(assignment, rng) for _ in range(options.students - options.copies)]
    sources = rng.sample(range(len(authors)), options.copies)
    works = [*authors, *(disguise(authors[at], rng, degree=n % 4) for n, at in enumerate(sources))]
    order = list(range(len(works)))
    rng.shuffle(order)
    names = {index: f"student{place:03}" for place, index in enumerate(order)}
    (options.folder / "hand-ins").mkdir(parents=True, exist_ok=True)
    for index, (text, bodies, answers) in enumerate(works):
        code = assembled(text, bodies)
        path = options.folder / "hand-ins" / f"{names[index]}.ipynb"
        path.write_text(dumps(notebook_of(with_answers(code, answers, assignment))), encoding="utf-8")
    pairs = [{"pair": sorted((names[at], names[len(authors) + n])), "degree": n % 4} for n, at in enumerate(sources)]
    (options.folder / "truth.json").write_text(json.dumps(pairs, indent=1) + "\n", encoding="utf-8")


Work = tuple[str, list[str], dict[str, str]]
"""The solution's text (with slips), what stands in each of its regions, and the answer to each written part."""


def write(assignment: Assignment, rng: random.Random) -> Work:
    """One author's work: every region in the author's own way, and up to two slips."""
    assert assignment.solution is not None
    habits = {name: rng.randrange(8) for name in Author.SITES}
    right = text = (assignment.solution / FILE).read_text(encoding="utf-8")
    for edit in rng.sample(wrong_edits(assignment), rng.choice([0, 0, 1, 2])):
        changed = edited(assignment, edit).get(FILE)
        text = changed if changed is not None and text == right else text
    lines = text.split("\n")
    bodies = ["\n".join(x for x in lines[r.begin : r.end - 1] if "### STUB" not in x) for r in regions(text, FILE)]
    written = [rewritten(body, Author(habits, rng)) for body in bodies]
    return text, written, {m.part.id: essay(m.part.id, rng) for m in assignment.manual if m.kind == "written"}


def assembled(text: str, bodies: list[str]) -> str:
    """The whole text with these bodies in its regions."""
    lines = text.split("\n")
    for region, body in sorted(zip(regions(text, FILE), bodies, strict=True), key=lambda both: -both[0].begin):
        lines[region.begin - 1 : region.end] = body.split("\n")
    return "\n".join(lines)


def rewritten(body: str, author: Author) -> str:
    """A region in another author's words, at its own indentation."""
    indent = re.match(r"[ ]*", next(line for line in body.split("\n") if line.strip()))
    tree = author.visit(ast.parse(textwrap.dedent(body)))
    return textwrap.indent(ast.unparse(ast.fix_missing_locations(tree)), indent[0] if indent else "")


class Author(ast.NodeTransformer):
    """Equal expressions, chosen by habit; statements split, or with something of no use around them."""

    SITES = ("commute", "sum", "product", "square", "augment", "split", "noise", "exp", "compare", "scale")

    def __init__(self, habits: dict[str, int], rng: random.Random, share: float = 1.0) -> None:
        self._habits, self._rng, self._share = habits, rng, share

    def _way(self, site: str, ways: int) -> int:
        if self._rng.random() >= self._share:
            return 0
        return self._habits[site] % ways if self._rng.random() < HABIT else self._rng.randrange(ways)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        source = ast.unparse
        if isinstance(node.op, ast.Add | ast.Mult) and self._way("commute", 2):
            node.left, node.right = node.right, node.left
        if isinstance(node.op, ast.MatMult):
            left, right = source(node.left), source(node.right)
            ways = [
                f"({left}) @ ({right})",
                f"np.dot({left}, {right})",
                f"({left}).dot({right})",
                f"np.matmul({left}, {right})",
            ]
            return _expression(ways[self._way("product", 4)])
        if isinstance(node.op, ast.Pow) and source(node.right) == "2":
            left = source(node.left)
            return _expression([f"({left}) ** 2", f"np.square({left})", f"({left}) * ({left})"][self._way("square", 3)])
        if isinstance(node.op, ast.Div):
            left, right = source(node.left), source(node.right)
            ways = [f"({left}) / ({right})", f"1 / ({right}) * ({left})", f"np.divide({left}, {right})"]
            return _expression(ways[self._way("scale", 3)])
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        text = ast.unparse(node)
        if found := re.fullmatch(r"np\.(sum|mean)\((\w+), (axis=.*)\)", text):
            what, of, axis = found.groups()
            ways = [text, f"{of}.{what}({axis})", f"np.{what}({of}, {axis[5:]})", f"{of}.{what}({axis[5:]})"]
            return _expression(ways[self._way("sum", 4)])
        if found := re.fullmatch(r"np\.exp\(-(\w+)\)", text):
            return _expression([text, f"1 / np.exp({found[1]})", f"np.e ** (-{found[1]})"][self._way("exp", 3)])
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        if len(node.ops) == 1 and isinstance(node.ops[0], ast.Gt) and self._way("compare", 2):
            return ast.Compare(left=node.comparators[0], ops=[ast.Lt()], comparators=[node.left])
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST | list[ast.AST]:
        self.generic_visit(node)
        if isinstance(node.value, ast.BinOp) and self._way("split", 3) == 1:
            name = f"part{self._rng.randrange(1000)}"
            first = ast.Assign(targets=[ast.Name(name)], value=node.value.left)
            node.value.left = ast.Name(name)
            return [first, node]
        if self._way("noise", 6) == 1 and isinstance(node.targets[0], ast.Name):
            return [node, ast.parse(f"assert {node.targets[0].id} is not None").body[0]]
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.target, ast.Name) and self._way("augment", 2):
            return ast.Assign(targets=[node.target], value=ast.BinOp(ast.Name(node.target.id), node.op, node.value))
        return node


def _expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


_OPENINGS = [
    "In our runs",
    "What we saw is that",
    "As the plot shows,",
    "I think",
    "Looking at it,",
    "For this setting",
]
_SUBJECTS = ["the loss", "the gradient", "the network", "the step size", "the training error", "the accuracy",
             "the curve", "the activation", "the derivative", "the update"]  # fmt: skip
_VERBS = ["gets smaller", "does not settle", "jumps around", "falls quickly", "stays flat", "becomes unstable",
          "converges", "saturates", "is close to zero", "grows without bound"]  # fmt: skip
_WHY = ["because the steps are too long", "since the slope vanishes there", "as too few epochs were run",
        "because each batch is small", "since the units are linear", "as the data can be split by a line",
        "because of rounding in floating point", "since the minimum is flat"]  # fmt: skip
_LINKS = ["and", "but", "while", "so", "although", "whereas"]


def essay(part: str, rng: random.Random) -> str:
    """Three to six sentences on nothing, in one of many orders; two authors share a run of five words now and then."""
    sentences = []
    for _ in range(rng.randint(3, 6)):
        first, second = rng.sample(_SUBJECTS, 2)
        link = f" {rng.choice(_LINKS)} {second} {rng.choice(_VERBS)}" if rng.random() < 0.6 else ""
        sentences.append(f"{rng.choice(_OPENINGS)} {first} {rng.choice(_VERBS)} {rng.choice(_WHY)}{link}.")
    return f"{part}: " + " ".join(sentences)


_SYNONYMS = {
    "quickly": "fast", "smaller": "lower", "jumps": "hops", "long": "large", "few": "little", "saw": "noticed",
    "think": "believe", "flat": "level", "grows": "rises", "vanishes": "disappears", "close": "near",
}  # fmt: skip


def disguise(work: Work, rng: random.Random, *, degree: int) -> Work:
    """Another's work made to look like one's own: renamed; commented; with degrees 2 and 3 rewritten in places."""
    text, bodies, answers = work
    habits = {name: rng.randrange(8) for name in Author.SITES}
    share = (0.0, 0.0, 0.25, 0.5)[degree]
    bodies = [rewritten(body, Author(habits, rng, share)) for body in bodies] if share else bodies
    bodies = [_renamed(body, text) for body in bodies]
    if degree:
        bodies = ["\n".join(out for line in body.split("\n") for out in _commented(line, rng)) for body in bodies]
    words = {id: _reworded(answer, rng, share=(0.1, 0.2, 0.3, 0.5)[degree]) for id, answer in answers.items()}
    return text, bodies, words


def _renamed(body: str, text: str) -> str:
    """With other names for what this region alone knows."""
    for name in sorted(set(re.findall(r"^\s*(\w+) = ", body, re.MULTILINE))):
        if len(re.findall(rf"\b{name}\b", text)) <= len(re.findall(rf"\b{name}\b", body)) + 1:
            body = re.sub(rf"(?<![.\w]){name}\b(?!=)", f"my_{name}", body)
    return body


def _commented(line: str, rng: random.Random) -> list[str]:
    found = re.match(r"(\s+)\w+ = [^\[({]*$", line)
    return [f"{found[1]}# next comes {rng.choice(_SUBJECTS)}", line] if found and rng.random() < 0.3 else [line]


def _reworded(text: str, rng: random.Random, *, share: float) -> str:
    head, _, rest = text.partition(": ")
    sentences = rest.split(". ")
    rng.shuffle(sentences)
    words = ". ".join(sentences).split(" ")
    return f"{head}: " + " ".join(_SYNONYMS.get(w, w) if rng.random() < share else w for w in words)


def with_answers(code: str, answers: dict[str, str], assignment: Assignment) -> str:
    """The percent text with each answer below the question that it belongs to."""
    for manual in assignment.manual:
        if manual.part.id in answers:
            line = next((row for row in code.split("\n") if manual.under in row and row.startswith("#")), None)
            if line is not None:
                code = code.replace(line, f"{line}\n#\n# {answers[manual.part.id]}\n#", 1)
    return code


if __name__ == "__main__":
    main()
