"""The rules that find a diagnosis: one ordered list.

A rule looks at the evidence on one failed check and returns a candidate or nothing. The first candidate is the
diagnosis, so the list goes from what is founded most directly to what only describes. A new rule is a function in a
module here and a line of `RULES`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from grader.diagnosis.codes import Candidate
from grader.diagnosis.evidence import Evidence
from grader.diagnosis.rules import (
    aliases,
    bounds,
    calls,
    errors,
    layers,
    prepared,
    shapes,
    sizes,
    source,
    state,
    values,
)


class Rule(NamedTuple):
    """One row of the table: a rule, and which checks it also applies to, beyond those that fail by themselves."""

    find: Callable[[Evidence], Candidate | None]
    """The diagnosis that the evidence supports, if it does."""
    consequences: bool = False
    """Also where another failed check says what is wrong."""
    judged: bool = False
    """Also where a judge has decided, so that no expected value is known."""
    earlier: bool = False
    """Also where the check passes with the reference in the place of earlier parts: the mistake is in those."""
    raised: bool = False
    """Of checks in which the student's code raised, and of no others."""


RULES: tuple[Rule, ...] = (
    Rule(source.returns_in_loop, judged=True),
    Rule(errors.overwritten_name, raised=True),
    Rule(source.only_compares, raised=True),
    Rule(source.no_effect, raised=True),
    Rule(state.shared_by_objects, raised=True),
    Rule(state.shared_by_calls, raised=True),
    Rule(source.reads_notebook, raised=True),
    Rule(calls.misused_call, raised=True),
    Rule(sizes.unpacked_shape, raised=True),
    Rule(sizes.fixed_size, raised=True),
    Rule(sizes.one_axis_alone, raised=True),
    Rule(errors.shapes_that_do_not_fit, raised=True),
    Rule(errors.missing_return, raised=True),
    Rule(errors.local_without_value, raised=True),
    Rule(errors.not_kept_in_the_object, raised=True),
    Rule(errors.set_by_another_method, raised=True),
    Rule(errors.none_left, raised=True),
    Rule(layers.own_behaviour, consequences=True, judged=True),
    Rule(source.only_compares, consequences=True, judged=True),
    Rule(source.no_effect, judged=True),
    Rule(source.only_rebound, consequences=True, judged=True),
    Rule(state.shared_by_objects, judged=True),
    Rule(values.only_input_changed, consequences=True, judged=True),
    Rule(prepared.named_by_the_author, consequences=True),
    Rule(shapes.wrong_shape, consequences=True),
    Rule(values.extreme_numbers, consequences=True),
    Rule(prepared.explains_all, consequences=True, judged=True),
    Rule(bounds.guarded_log, consequences=True),
    Rule(layers.wrong_forward, consequences=True),
    Rule(state.shared_by_calls, judged=True),
    Rule(state.written_by_another_name, judged=True),
    Rule(aliases.changed_by_another_name, judged=True),
    Rule(source.default_written_out, judged=True),
    Rule(source.reads_notebook, judged=True),
    Rule(source.never_read, judged=True),
    Rule(source.entry_twice, judged=True),
    Rule(prepared.explains_some, consequences=True),
    Rule(values.patterns),
    Rule(values.judged_patterns, judged=True),
    Rule(layers.not_proportional),
    Rule(values.input_changed, judged=True),
    Rule(source.not_used, judged=True),
    Rule(bounds.clipped, judged=True),
    Rule(prepared.describes, earlier=True),
)


def first_of(evidence: Evidence) -> Candidate | None:
    """The candidate of the first rule that has one."""
    candidates = (rule.find(evidence) for rule in RULES if _is_asked(rule, evidence))
    return next((candidate for candidate in candidates if candidate is not None), None)


def _is_asked(rule: Rule, evidence: Evidence) -> bool:
    if rule.raised or evidence.case.raised:
        return rule.raised and evidence.case.raised
    if evidence.case.innocent:
        return rule.earlier
    if evidence.check.judge is not None:
        return rule.judged
    return rule.consequences or not evidence.consequence
