"""Update rules for the Solver. Provided, and not to be edited.

A rule takes a parameter, its gradient and the settings kept for that parameter, and returns the new parameter and the
settings for the next time.
"""


def sgd(w, dw, config=None):
    """Plain stochastic gradient descent.

    Parameters
    ----------
    w : array
        The parameter; moved in place.
    dw : array, shape of w
        Gradient of the loss.
    config : dict
        `learning_rate`, 1e-2 if it is not there.

    Returns
    -------
    w, config
    """
    config = {} if config is None else config
    config.setdefault("learning_rate", 1e-2)
    w -= config["learning_rate"] * dw
    return w, config
