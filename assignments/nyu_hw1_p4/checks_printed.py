"""Judges of what `feed_forward_dataset` prints: whether the right numbers are among it, to the digits that it shows."""

import numpy as np
from checks_network import forward, loss_of
from checks_points import drawn_points
from checks_verdicts import guarded, state_of

from grader import Verdict

UNTRAINED = 0.02, 0.25  # accuracy of guessing; 0.033 to 0.169 at 200 seeds on the small data set, 0.0998 on average


LAST = 12
"""Numbers that count, of all that are printed: the results stand at the end, and a grid of numbers holds any result."""


def shown(seen, value, at_least=1, prefix=""):
    """Whether `value` is among the printed numbers, to the digits that they have."""
    numbers, decimals = seen[f"{prefix}numbers"][-LAST:], seen[f"{prefix}decimals"][-LAST:]
    half = 0.5 * 10.0**-decimals * (1 + 1e-6) + 1e-5 * abs(value)
    return bool(((abs(numbers - value) <= half) & (decimals >= at_least)).any())


def count_shown(seen, count, total, prefix=""):
    exact = bool((seen[f"{prefix}numbers"][-LAST:] == count).any())
    return exact or shown(seen, 100 * count / total, 1, prefix) or shown(seen, count / total, 2, prefix)


SHARP = 2.5  # losses far apart, so that a wrong average does not round to the right one


def other_average(seen, losses, prefix):
    """What else that is printed can be made of these losses; empty where nothing is."""
    count = len(losses)
    if count == 1:
        return ""
    ways = {
        "their total, which is not divided by their number": losses.sum(),
        "their average, divided by their number once more": losses.mean() / count,
        "the average of running totals: each loss is added to those before it": losses.cumsum().mean(),
        "the loss of the last image alone": losses[-1],
        "the average without the last image": losses[:-1].mean(),
        "the average without the first image": losses[1:].mean(),
        "their total without the last image, divided by the number of all": losses[:-1].sum() / count,
        "their total without the first image, divided by the number of all": losses[1:].sum() / count,
    }
    return next((text for text, value in ways.items() if shown(seen, value, 2, prefix)), "")


CLASS_NUMBERS = "the number of a class stands in each place of its row, where its one-hot vector belongs"


@guarded
def judge_datasets(seen, given, counts):
    """Whether average loss and number of right guesses are among what is printed for each data set."""
    for prefix, count in counts.items():
        state = state_of(seen, given, prefix, sharp=SHARP)
        images, labels = drawn_points(given.golden[f"{prefix}key"], count)
        pixels, found, asked, ways, numbers = images.reshape(count, -1).astype(float), [], [], [], []
        for scale in state.scales:
            guesses = forward(state, pixels / scale)[1][2].argmax(axis=1)
            right = int((guesses == labels).sum())
            losses = loss_of(state, pixels / scale, labels)  # perhaps with an epsilon inside the logarithm
            means = [-np.log(np.exp(-losses) + epsilon).mean() for epsilon in (0, 1e-10, 1e-9, 1e-8, 1e-7)]
            loss = any(shown(seen, mean, 1, prefix) for mean in means)
            found.append((loss, count_shown(seen, right, count, prefix)))
            asked.append((float(losses.mean()), right))
            ways.append(other_average(seen, losses, prefix))
            numbers.append(count > 1 and bool((seen[f"{prefix}numbers"][-LAST:] == guesses.sum()).any()))
        at = max(range(len(found)), key=lambda i: (sum(found[i]), bool(ways[i])))
        loss, right = found[at]
        got = ", ".join(f"{number:.6g}" for number in seen[f"{prefix}numbers"][-LAST:])
        text = f"of {count} image{'s' if count > 1 else ''}, which is not among what is printed ({got or 'no number'})"
        wanted = [f"an average loss of {asked[at][0]:.5g}", f"{asked[at][1]} correct guesses"]
        told = f"of {count} images; what is printed is {ways[at]}" if ways[at] else text
        yield Verdict(f"{prefix}average_loss", loss, "" if loss else f"{wanted[0]} is asked for, {told}")
        if numbers[at]:
            text = f"of {count} images; what is printed is the sum of the guessed classes: {CLASS_NUMBERS}"
        yield Verdict(f"{prefix}correct", right, "" if right else f"{wanted[1]} are asked for, {text}")


@guarded
def judge_untrained(seen, given):
    total, (low, high) = int(seen["total"]), UNTRAINED
    rights = [int(n) for n in np.ravel(seen["right"])]  # with the pixels as they are, and divided by 255
    right = next((n for n in rights if count_shown(seen, n, total)), rights[0])
    share, message = right / max(total, 1), ""
    if not low <= share <= high:
        message = f"{share:.1%} of the test set are right before training; guessing gets about 10 %"
    elif not count_shown(seen, right, total):
        message = f"{right} of {total} are right, which is not among what is printed"
    yield Verdict("accuracy", not message, message)
