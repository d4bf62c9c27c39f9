"""Syntax trees, built one at a time.

CPython 3.11 counts the depth of the tree that it builds for all threads together: two at a time may end in
`SystemError: AST constructor recursion depth mismatch` (python/cpython#106905). Code that runs beside a submission's
probes parses here.
"""

from __future__ import annotations

import ast
import threading

_BUILDING = threading.Lock()


def parse_tree(source: str, file: str = "<unknown>") -> ast.Module:
    """`ast.parse`, while no other thread does it here."""
    with _BUILDING:
        return ast.parse(source, file)
