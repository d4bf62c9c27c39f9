"""The images: the loader of the real batches, the small data set, and the judge's own copies of both."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

Import = Callable[[str], ModuleType]


@pytest.fixture
def data_utils(course: Import) -> ModuleType:
    return course("utils.data_utils")


def write_batch(path: Path, pixels: np.ndarray, labels: list[int]) -> None:
    """A file as CIFAR-10's own: written by Python 2, so its keys are byte strings."""
    text = {b"data": pixels, b"labels": labels}
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(pickle.dumps({key.decode(): value for key, value in text.items()}, protocol=2))


def write_set(folder: Path, per_batch: int) -> tuple[np.ndarray, np.ndarray]:
    """Six files of random images; returns the pixels and labels of the training files."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(256, size=(6 * per_batch, 3072), dtype=np.uint8)
    labels = rng.integers(10, size=6 * per_batch)
    for i, name in enumerate([*(f"data_batch_{n}" for n in range(1, 6)), "test_batch"]):
        part = slice(i * per_batch, (i + 1) * per_batch)
        write_batch(folder / name, pixels[part], labels[part].tolist())
    return pixels[: 5 * per_batch], labels[: 5 * per_batch]


def test_small_data_set_has_the_form_of_the_real_one(
    data_utils: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    data = data_utils.get_CIFAR10_data()

    assert "small data set" in capsys.readouterr().out
    shapes = {name: array.shape for name, array in data.items()}
    assert shapes["X_train"] == (3000, 3, 32, 32)
    assert shapes["X_val"] == (1000, 3, 32, 32)
    assert shapes["X_test"] == (500, 3, 32, 32)
    assert {len(data[f"X_{part}"]) == len(data[f"y_{part}"]) for part in ("train", "val", "test")} == {True}
    assert data["X_train"].dtype == np.float64
    assert np.abs(data["X_train"].mean(axis=0)).max() < 1e-9
    assert np.unique(data["y_train"]).tolist() == list(range(10))


def test_fewer_images_can_be_asked_for(data_utils: ModuleType) -> None:
    data = data_utils.get_CIFAR10_data(num_training=20, num_validation=5, num_test=3, subtract_mean=False)

    assert [len(data[f"y_{part}"]) for part in ("train", "val", "test")] == [20, 5, 3]
    assert data["X_train"].min() >= 0
    assert data["X_train"].max() <= 255


def test_raw_small_images_have_colours_last_as_the_real_ones(data_utils: ModuleType) -> None:
    Xtr, Ytr, Xte, Yte = data_utils.load_CIFAR10("nowhere")

    assert (Xtr.shape, Ytr.shape, Xte.shape, Yte.shape) == ((4000, 32, 32, 3), (4000,), (500, 32, 32, 3), (500,))
    np.testing.assert_array_equal(Xtr[:, :8, :8, 0], np.broadcast_to(Xtr[:, :1, :1, 0], (4000, 8, 8)))


def test_a_linear_classifier_learns_nothing_from_the_small_data_set(data_utils: ModuleType) -> None:
    images, labels = data_utils.small_set()
    x = images.reshape(len(images), -1).astype(float)
    x = np.column_stack([x - x.mean(axis=0), np.ones(len(x))])
    weights, *_ = np.linalg.lstsq(x[:3000], np.eye(10)[labels[:3000]], rcond=None)

    assert np.mean((x[3000:4000] @ weights).argmax(axis=1) == labels[3000:4000]) < 0.3


def test_the_judges_small_data_set_is_the_course_s(data_utils: ModuleType, judges: ModuleType) -> None:
    images, labels = data_utils.small_set()
    judged, judged_labels = judges.small_set()

    np.testing.assert_array_equal(judged, images.reshape(4500, 48))
    np.testing.assert_array_equal(judged_labels, labels)


def test_the_judge_sees_the_images_that_the_notebook_trains_on(
    data_utils: ModuleType, judges: ModuleType, tmp_path: Path
) -> None:
    data = data_utils.get_CIFAR10_data()
    name, (fifty, fifty_labels), (images, labels) = judges.held_images(tmp_path)
    weight = np.random.default_rng(0).normal(size=(3072, 5))

    assert name == "the small data set"
    for held, held_labels, part, count in (
        (fifty, fifty_labels, "train", 50),
        (images, labels, "val", 1000),
    ):
        np.testing.assert_array_equal(held_labels, data[f"y_{part}"][:count])
        whole = data[f"X_{part}"][:count].reshape(count, -1) @ weight
        np.testing.assert_allclose(held @ judges.by_stones(weight), whole, rtol=1e-9, atol=1e-8)


def test_real_batches_are_read_split_and_freed_of_their_mean(
    data_utils: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels, labels = write_set(tmp_path / "batches", 20)
    monkeypatch.setattr(data_utils, "PER_BATCH", 20)
    monkeypatch.setattr(data_utils, "FOLDER", tmp_path / "batches")

    data = data_utils.get_CIFAR10_data(num_training=70, num_validation=30, num_test=10)

    images = pixels.reshape(-1, 3, 32, 32).astype(float)
    np.testing.assert_allclose(data["X_val"], images[70:] - images[:70].mean(axis=0), atol=1e-9)
    np.testing.assert_array_equal(data["y_val"], labels[70:])
    assert [data[f"X_{part}"].shape for part in ("train", "test")] == [(70, 3, 32, 32), (10, 3, 32, 32)]


def test_a_batch_of_another_size_is_refused(data_utils: ModuleType, tmp_path: Path) -> None:
    write_batch(tmp_path / "data_batch_1", np.zeros((3, 3072), np.uint8), [0, 1, 2])

    with pytest.raises(ValueError, match="a batch has 10000 images"):
        data_utils.load_CIFAR_batch(tmp_path / "data_batch_1")


@pytest.mark.slow
def test_the_judge_reads_the_real_batches_as_the_notebook_does(judges: ModuleType, tmp_path: Path) -> None:
    pixels, labels = write_set(tmp_path / "cifar-10-batches-py", 10000)

    name, (fifty, fifty_labels), (images, held_labels) = judges.held_images(tmp_path)

    mean = pixels[:49000].mean(axis=0)
    assert name == "CIFAR-10"
    np.testing.assert_allclose(fifty, pixels[:50] - mean, atol=1e-9)
    np.testing.assert_allclose(images, pixels[49000:] - mean, atol=1e-9)
    np.testing.assert_array_equal(held_labels, labels[49000:])
    np.testing.assert_array_equal(fifty_labels, labels[:50])
