"""Hidden checks: 5 of the 20 points. Other samples and labels, other data sets, scores so large that exp overflows."""

import numpy as np
from checks import BACKWARD, DATASET, PASS, SAMPLE, STEP, datasets, one_sample
from checks_arrays import STATE
from checks_calls import stepped
from checks_network import RATE
from checks_points import new_key
from checks_printed import judge_datasets
from checks_verdicts import judge_gradients, judge_sample

from grader import check

SHIFT = 100.0
"""Added to the weights of the last layer: all ten scores come to lie about 100 times the hidden outputs' sum, some
1600, where exp overflows at 710, and as far apart as before."""
HIDDEN_COUNTS = {"one_": 1, "some_": 23}


def named(prefix, seen):
    return {f"{prefix}{name}": value for name, value in seen.items()}


def judge_samples(seen, given):
    for which in (0, 1, 2):
        yield from judge_sample(seen, given, f"s{which}_", which)


@check(SAMPLE, points=1, uses=[*STATE, "feed_forward_sample"], judge=judge_samples)
def sample_forward_others(student, rng):
    """Loss and one-hot guess for three more images, each with other weights"""
    key = new_key(rng)
    seen = {}
    for which in (0, 1, 2):
        seen |= named(f"s{which}_", one_sample(student, key + which, which))
    return seen


def judge_sizes(seen, given):
    return judge_datasets(seen, given, HIDDEN_COUNTS)


@check(DATASET, points=1, uses=PASS, builds_on=["feed_forward_sample"], judge=judge_sizes)
def dataset_printed_sizes(student, rng):
    """What is printed for a single image and for 23"""
    return datasets(student, rng, HIDDEN_COUNTS)


def judge_others(seen, given):
    for which in (0, 1):
        yield from judge_gradients(seen, given, f"s{which}_", which)


@check(BACKWARD, points=2, uses=STEP, judge=judge_others)
def step_gradients_others(student, rng):
    """Gradients at two more images, each with other weights, one step after the other"""
    key = new_key(rng)
    return named("s0_", stepped(student, key, 0, RATE)) | named("s1_", stepped(student, key + 1, 1, RATE))


def judge_large(seen, given):
    yield from judge_gradients(seen, given, shift=SHIFT)


@check(BACKWARD, points=1, uses=STEP, judge=judge_large)
def step_gradients_large(student, rng):
    """Gradients where the scores before the softmax are all above 710"""
    return stepped(student, new_key(rng), 0, RATE, SHIFT)
