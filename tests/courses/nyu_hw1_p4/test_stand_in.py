"""The `tensorflow` that only loads MNIST."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from grader.model import Assignment, Given


def test_the_small_data_set_has_the_form_of_mnist(data: Mapping[str, Any]) -> None:
    for which, count in (("train", 5600), ("test", 397)):
        x, y = data[f"x_{which}"], data[f"y_{which}"]
        assert (x.shape, x.dtype, y.shape, y.dtype) == ((count, 28, 28), np.uint8, (count,), np.uint8)
        assert np.bincount(y).size == 10
    # one step moves a hidden unit's input by the learning rate times this: the training was calibrated for it
    assert 2e5 < (data["x_train"].astype(float) ** 2).sum(axis=(1, 2)).mean() < 5e5


def test_the_judge_holds_the_test_images_that_the_notebook_gets(
    assignment: Assignment, trained_module: ModuleType, data: Mapping[str, Any]
) -> None:
    small, labels, _ = trained_module.held_data(assignment.root / "data", 64)

    np.testing.assert_array_equal(data["x_test"][:, 6:22:2, 6:22:2].reshape(397, 64), small)
    np.testing.assert_array_equal(data["x_test"][:, 7:22:2, 7:22:2].reshape(397, 64), small)
    np.testing.assert_array_equal(data["y_test"], labels)
    assert data["x_train"].max() == trained_module.TOP


@pytest.mark.parametrize(
    "program",
    [
        "import tensorflow as tf; (x, y), (u, v) = tf.keras.datasets.mnist.load_data(path='mnist.npz')",
        "from tensorflow import keras; (x, y), (u, v) = keras.datasets.mnist.load_data()",
        "from tensorflow.keras.datasets import mnist; (x, y), (u, v) = mnist.load_data()",
        "import tensorflow.keras.datasets.mnist as m; (x, y), (u, v) = m.load_data()",
        "from keras.datasets import mnist; (x, y), (u, v) = mnist.load_data()",
    ],
)
@pytest.mark.parametrize("folder", [".", "data"])
def test_the_real_data_set_is_served_where_its_file_is(
    assignment: Assignment, tmp_path: Path, program: str, folder: str
) -> None:
    (tmp_path / "data").mkdir()
    images = np.arange(5 * 784, dtype=np.uint8).reshape(5, 28, 28)
    arrays = {"x_train": images[:3], "y_train": np.uint8([7, 8, 9]), "x_test": images[3:], "y_test": np.uint8([1, 2])}
    np.savez(tmp_path / folder / "mnist.npz", **arrays)
    before = f"import sys; sys.path.append({str(assignment.stand_ins[0])!r}); {program}; "
    after = "print(x.shape, y.tolist(), u.shape, v.tolist(), int(u.sum()))"

    done = subprocess.run([sys.executable, "-c", before + after], cwd=tmp_path, capture_output=True, text=True)

    assert done.stdout == f"(3, 28, 28) [7, 8, 9] (2, 28, 28) [1, 2] {images[3:].sum()}\n", done.stderr


@pytest.mark.parametrize(
    ("program", "printed"),
    [
        ("print(tf.config.list_physical_devices('GPU'), len(tf.config.list_logical_devices()))", "[] 0"),
        ("tf.random.set_seed(3); tf.get_logger().setLevel('ERROR'); print(bool(tf.test.is_gpu_available()))", "False"),
        ("from keras.utils import set_random_seed, to_categorical as t; print(t([1, 0], 3).tolist())", None),
        ("with tf.device('/GPU:0'): print(tf.__version__)", "2+mnist.only"),
    ],
)
def test_the_first_lines_of_many_notebooks_do_nothing(assignment: Assignment, program: str, printed: str) -> None:
    before = f"import sys; sys.path.append({str(assignment.stand_ins[0])!r})\nimport tensorflow as tf\n"
    done = subprocess.run([sys.executable, "-c", before + program], capture_output=True, text=True)
    assert done.stdout.strip() == (printed or "[[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]"), done.stderr


def test_what_computes_is_not_there(assignment: Assignment) -> None:
    program = f"import sys; sys.path.append({str(assignment.stand_ins[0])!r})\nimport tensorflow as tf\ntf.matmul"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "tensorflow.matmul is not available while grading" in done.stderr


def test_trained_weights_are_judged_on_the_real_test_set(trained_module: ModuleType, tmp_path: Path) -> None:
    """A network that tells ones from zeros by one pixel: every label but the last is what it guesses."""
    images = np.zeros((5, 28, 28), np.uint8)
    images[::2, 3, 3] = 255
    np.savez(tmp_path / "mnist.npz", x_test=images, y_test=np.uint8([1, 0, 1, 0, 0]))
    state = {"W1": np.zeros((784, 32)), "W2": np.zeros((32, 32)), "W3": np.zeros((32, 10))}
    state |= {"b1": np.full(32, -10.0), "b2": np.full(32, -5.0), "b3": np.zeros(10)}
    state["W1"][3 * 28 + 3, 0], state["W2"][0, 0], state["W3"][0, 1], state["b3"][0] = 1.0, 10.0, 10.0, 1.0

    state["repeated"] = np.zeros(())

    (verdict,) = trained_module.judge_accuracy(state, Given(golden={}, rng=np.random.default_rng(0), data=tmp_path))

    assert verdict.earned
    assert verdict.message == "80.0% of the 5 test images of MNIST are right"


def test_what_it_does_not_have_is_said_in_words(stand_in: ModuleType) -> None:
    import tensorflow

    with pytest.raises(AttributeError, match=r"only tensorflow\.keras\.datasets\.mnist is"):
        _ = tensorflow.nn
