"""Stands in for ipywidgets: controls that nobody can move while a notebook is graded."""


class _Widget:
    def __init__(self, *args, **kwargs):
        self.value = kwargs.get("value")

    def __getattr__(self, name):
        return lambda *args, **kwargs: None


def interact(*args, **kwargs):
    """Return the function as it is, uncalled."""
    return args[0] if args and callable(args[0]) else lambda function: function


interactive = interact_manual = interact


def __getattr__(name):
    return _Widget
