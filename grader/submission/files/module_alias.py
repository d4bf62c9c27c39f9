"""One module under two names, so that its classes are the same under both."""

from __future__ import annotations

from pathlib import Path

_ALIAS = """from {module} import *
import sys
import {module} as _module
sys.modules[__name__] = _module
"""


def write_alias(path: Path, module: str) -> str:
    """Write a module to `path` that is another one, given by its dotted name; returns its text."""
    text = _ALIAS.format(module=module)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return text
