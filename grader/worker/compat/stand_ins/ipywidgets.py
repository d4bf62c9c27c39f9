"""Stands in for ipywidgets: controls that nobody can move while a notebook is graded."""

__version__ = "8.0.0"


class _Nothing:
    """What is asked of a control: any attribute, any call, nothing inside."""

    def __call__(self, *args, **kwargs):
        return self

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)  # displays and copies ask for their own hooks
        return _Nothing()

    def __iter__(self):
        return iter(())

    def __getitem__(self, key):
        return self


class _Widget(_Nothing):
    def __init__(self, *args, **kwargs):
        self.value = None
        self.children = tuple(args[0]) if args and isinstance(args[0], list | tuple) else ()
        for name, value in kwargs.items():
            setattr(self, name, value)


def interact(*args, **kwargs):
    """Return the function as it is, uncalled."""
    return args[0] if args and callable(args[0]) else lambda function: function


interactive = interact_manual = interact


def __getattr__(name):
    if name.startswith("_"):
        raise AttributeError(name)
    return _Widget
