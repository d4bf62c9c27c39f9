from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pytest

mpl.use("Agg")
from matplotlib import pyplot as plt

from grader import figure_data


@pytest.fixture
def figure() -> plt.Figure:
    figure, (left, right) = plt.subplots(1, 2)
    left.plot([0, 1, 2], [3, 4, 5], label="train")
    left.semilogy([0, 1], [6, 7], label="valid")
    left.set(title="Loss", xlabel="epoch", ylabel="loss")
    left.legend()
    right.bar(["a", "b"], [2, 3])
    right.scatter([1, 2], [3, 4])
    right.imshow(np.eye(2))
    right.set_title("aside", loc="left")
    yield figure
    plt.close(figure)


def test_what_a_figure_shows_is_plain_data(figure: plt.Figure) -> None:
    left, right = figure_data(figure)
    assert (left["title"], left["xlabel"], left["ylabel"], left["yscale"]) == ("Loss", "epoch", "loss", "log")
    assert left["legend"] == ["train", "valid"]
    assert [line.tolist() for line in left["lines"]] == [[[0, 1, 2], [3, 4, 5]], [[0, 1], [6, 7]]]
    assert right["title"] == "aside"
    assert right["legend"] == right["lines"] == []
    assert [bars.tolist() for bars in right["bars"]] == [[2, 3]]
    assert [points.tolist() for points in right["points"]] == [[[1, 3], [2, 4]]]
    assert right["images"][0].tolist() == np.eye(2).tolist()


def test_axes_lists_of_them_and_the_current_figure_are_taken(figure: plt.Figure) -> None:
    left, right = figure.axes
    assert figure_data(left)[0]["title"] == "Loss"
    assert [one["title"] for one in figure_data(np.array([[right, left]]))] == ["aside", "Loss"]
    assert len(figure_data()) == 2
