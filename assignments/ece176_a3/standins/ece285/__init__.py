"""Lets a notebook of the edition that imports `ece285.layers...` find `layers` and `utils` beside it.

A hand-in with a package `ece285` of its own comes first on the import path and never gets here; one whose folder
`ece285` has no `__init__.py` does, so that folder is searched first.
"""

import os

__path__ = [os.path.join(os.getcwd(), "ece285"), os.getcwd()]
