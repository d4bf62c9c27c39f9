"""Gives the data to a notebook that reads MNIST by torchvision, OpenML or a file, none of which is here.

Where the cell that should define them fails, the images and labels are those that `tensorflow.keras.datasets.mnist`
gives; every other step of the notebook goes on with them.
"""

NAMES = ("x_train", "y_train", "x_test", "y_test")


def after_failure(missing):
    """Values for those of the `missing` names that are images or labels."""
    wanted = [name for name in NAMES if name in missing]
    if not wanted:
        return {}
    from tensorflow.keras.datasets import mnist

    (x_train, y_train), (x_test, y_test) = mnist.load_data()
    values = dict(zip(NAMES, (x_train, y_train, x_test, y_test), strict=True))
    return {name: values[name] for name in wanted}
