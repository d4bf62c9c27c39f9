"""Operator: one thing taken for another: an attribute, a guess, an axis of a square array."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Set

from grader.diagnosis.mutation.mutation import Mutation
from grader.diagnosis.mutation.phrases import Words

SHORT = 3
"""Letters in the name of an attribute that is an array, such as W or dW; longer ones name settings."""


def mixups(node: ast.AST, words: Words, inside: Set[str]) -> Iterator[Mutation]:
    """The wrong changes of one node; arguments as those of every operator."""
    match node:
        case ast.Attribute(value=ast.Name(id="self"), ctx=ast.Load(), attr=attribute):
            for other in words.attributes() if len(attribute) <= SHORT else ():
                if other != attribute and len(other) <= SHORT and words.shown(f"self.{attribute}"):
                    yield Mutation(node, f"self.{other}", "wrong-variable",
                                   f"`self.{other}` stands where `self.{attribute}` belongs")  # fmt: skip
        case ast.Call(func=ast.Attribute(attr="argmax"), args=[_, *_]):
            for name in sorted(inside):
                if words.shown(name):
                    yield Mutation(node, name, "wrong-variable", f"`{name}` stands in the place of the guess, the place"
                                   " of the largest entry (argmax)")  # fmt: skip
        case ast.Call(func=ast.Attribute(attr="outer"), args=[left, right]):
            one, other = ast.unparse(left), ast.unparse(right)
            yield Mutation(node, f"(np.outer({other}, {one}) if np.size({one}) == np.size({other}) else"
                           f" np.outer({one}, {other}))", "missing-transpose", "the factors of an outer product are"
                           " swapped where it is square: it is transposed")  # fmt: skip
        case ast.Call(func=ast.Attribute(attr="insert" | "append", value=ast.Name(id=kept)), args=[*_, value]):
            before = ast.unparse(node).removesuffix(f"{ast.unparse(value)})")
            text, name = f"({ast.unparse(value)})", words.kept_in(kept)
            for new, code, clause in (
                (f"{text} if not {kept} else 0 * {text}", "left-out",
                 f"of {name} only the entry that is computed first is filled in, the others are left at 0"),
                (f"{text} if {kept} else 0 * {text}", "left-out",
                 f"of {name} the entry that is computed first is left at 0"),
                (f"2 * {text}", "extra-factor", f"{name} is twice what it should be"),
                (f"-{text}", "wrong-sign", f"the sign of {name} is wrong"),
                (f"np.sum({text})", "wrong-reduction", f"{name} is summed to one number, over all entries"),
                (f"np.mean({text})", "wrong-reduction", f"{name} is averaged to one number, over all entries"),
                (f"{text} / np.size({text})", "extra-factor",
                 f"{name} is divided by the number of its entries, which has no place there"),
            ):  # fmt: skip
                yield Mutation(node, f"{before}({new}))", code, clause)
        case ast.Subscript(value=ast.Name(id=kept), slice=index, ctx=ast.Load()) if words.before(kept):
            function, of = words.before(kept) or ("", "")
            more, at = words.lists[kept] - words.lists[of], ast.unparse(index)
            if more and "-" not in at:
                yield Mutation(node, f"({of}[({at}) - {more}] if ({at}) >= {more} else {kept}[{at}])", "wrong-variable",
                               f"what stands before the activation, before `{function}`, is taken in place of what"
                               " comes out of it")  # fmt: skip
        case ast.Call(func=ast.Name(id=function), args=[one]) if function in words.functions:
            for other in words.functions:
                if other != function:
                    yield Mutation(node, f"{function}({other}({ast.unparse(one)}))", "wrong-function",
                                   f"`{other}` is applied as well, before `{function}`")  # fmt: skip
                    yield Mutation(node, f"{other}({ast.unparse(node)})", "wrong-function",
                                   f"`{other}` is applied as well, after `{function}`")  # fmt: skip
        case ast.Call(args=[_, _]) if any(isinstance(a, ast.Call) for a in node.args):
            for number, argument in enumerate(node.args):
                if not isinstance(argument, ast.Call):
                    continue
                other = ast.unparse(node.args[1 - number])
                if len(argument.args) == 1 and isinstance(argument.args[0], ast.Name):
                    guess = f"{ast.unparse(argument.func)}(np.argmax({other}))"
                    both = [guess if n == number else ast.unparse(a) for n, a in enumerate(node.args)]
                    yield Mutation(node, f"{ast.unparse(node.func)}({', '.join(both)})", "wrong-variable",
                                   "the guess, the place of the largest entry, stands where the label"
                                   " belongs")  # fmt: skip
                for name in filter(words.shown, sorted(inside)):
                    others = [name if n == number else ast.unparse(a) for n, a in enumerate(node.args)]
                    yield Mutation(node, f"{ast.unparse(node.func)}({', '.join(others)})", "wrong-variable",
                                   f"`{name}` stands where {words.call(argument)} belongs")  # fmt: skip
        case ast.Assign(value=ast.BinOp(op=ast.Sub(), left=ast.Subscript(value=ast.Name(id=kept))) as value) if (
            words.before(kept)
        ):
            _, of = words.before(kept) or ("", "")
            out = f"{kept}[-1]"
            yield Mutation(node.value, f"({ast.unparse(value)}) * {out} * (1 - {out})", "extra-factor",
                           "the derivative of the output's activation, p (1 - p), comes in once more as a factor: it is"
                           " part of the difference already")  # fmt: skip
            for slope in words.functions:
                if slope.startswith("d") or "grad" in slope or "prime" in slope or "deriv" in slope:
                    yield Mutation(node.value, f"({ast.unparse(value)}) * {slope}({of}[-1])", "extra-factor",
                                   f"the derivative of an activation, `{slope}`, comes in as a factor at the last layer"
                                   " as well, where it has no place")  # fmt: skip
        case ast.Call(func=ast.Attribute(attr="where"), args=[test, one, other]):
            yield Mutation(node, f"np.where({ast.unparse(test)}, {ast.unparse(other)}, {ast.unparse(one)})",
                           "wrong-mask", "the two cases of a `where` are swapped: the mask is the wrong way"
                           " round")  # fmt: skip
        case ast.Call(func=ast.Attribute(attr="sum"), args=[ast.BinOp(op=ast.Pow(), left=base)], keywords=[]):
            array = ast.unparse(base)
            yield Mutation(node, f"np.sqrt(np.sum(({array}) ** 2))", "wrong-function",
                           "the norm is taken, the root of the sum of squares, and not that sum itself")  # fmt: skip
            yield Mutation(node, f"np.sum({array}) ** 2", "wrong-operation",
                           "the sum is squared, where the squares should be summed")  # fmt: skip
            yield Mutation(node, f"np.sum({array})", "missing-function", "the entries are summed without their squares")
            yield Mutation(node, f"np.max(({array}) ** 2)", "wrong-reduction",
                           "the largest of the squares is taken and not their sum")  # fmt: skip
        case ast.For(target=ast.Name(id=at), iter=source, body=body):
            for step in body:
                if isinstance(step, ast.AugAssign) and isinstance(step.op, ast.Add):
                    text, into = ast.unparse(step.value), words.of(step.target, " ") or " a variable"
                    for which in ("-1", "0"):  # a student's loop may run the other way
                        yield Mutation(step.value, f"({text}) if {at} == list({ast.unparse(source)})[{which}] else 0 *"
                                       f" ({text})", "left-out", f"only one round of a loop counts in{into}:"
                                       " what the others give is lost, as when it is overwritten")  # fmt: skip
                    rounds = f"list({ast.unparse(source)})"
                    yield Mutation(step.value, f"({text}) * (len({rounds}) - {rounds}.index({at}))", "extra-factor",
                                   f"a running sum is added in every round, so that{into} has the first of its terms"
                                   " several times")  # fmt: skip
        case ast.AugAssign(target=target, value=value, op=ast.Add()):
            yield Mutation(node, f"{ast.unparse(target)} = {ast.unparse(value)}", "wrong-operation",
                           f"what was in{words.of(target, ' ') or ' a variable'} before is overwritten, where something"
                           " should be added to it")  # fmt: skip
        case ast.BinOp(
            op=ast.Mult(), left=ast.Name(id=spread), right=ast.Call(func=ast.Attribute(attr="randn" | "normal"))
        ):
            drawn, name = ast.unparse(node.right), words.name(node.left) or "the spread"
            yield Mutation(node, f"np.sqrt({spread}) * {drawn}", "wrong-function", f"the square root of {name} is"
                           " taken, as if it were a variance")  # fmt: skip
            yield Mutation(node, f"{spread} ** 2 * {drawn}", "wrong-function", f"the square of {name} is taken")
