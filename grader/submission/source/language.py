"""Which language, and which Python, a notebook was written for.

Owns the evidence (what the kernel wrote into the metadata, `print` statements) and nothing else; refusing the
notebook is `notebook`'s and `open`'s business.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from grader.submission.source.definitions import parse
from grader.submission.source.magics import plain_python

_PRINT_STATEMENT = re.compile(r"^[ \t]*print[ \t]+[^\s(=.,:]", re.MULTILINE)
_PRINT_CALL = re.compile(r"^[ \t]*print[ \t]*\(", re.MULTILINE)


def foreign_language(metadata: Mapping[str, Any]) -> str:
    """The language that is not Python, as the metadata names it; empty for Python or when it is silent.

    `language_info` is written by the kernel that ran the notebook and outranks `kernelspec`, which can be the
    choice of a menu.
    """
    for key, field in (("language_info", "name"), ("kernelspec", "language")):
        value = _text(metadata, key, field)
        if value:
            return "" if value.casefold() in {"python", "ipython", "python3", "python2"} else value
    return ""


def is_python2(metadata: Mapping[str, Any], sources: Sequence[str]) -> bool:
    """Whether the notebook was written for Python 2.

    The version that the last kernel wrote decides; else the kernel's name; and whatever those say, `print`
    statements decide when more cells fail on them than print by a call.
    """
    version = _text(metadata, "language_info", "version")
    if version.startswith("2."):
        return True
    if not version and _text(metadata, "kernelspec", "name").casefold() in {"python2", "python-2", "py2"}:
        return True
    statements = [s for s in sources if _PRINT_STATEMENT.search(s)]
    if not statements:
        return False
    failing = sum(parse(plain_python(s)).note.endswith(_PYTHON2_PRINT) for s in statements)
    calls = sum(bool(_PRINT_CALL.search(s)) for s in sources)
    return failing > calls


_NEWER_SYNTAX = re.compile(
    r"""^[ \t]*(type +\w+[^=\n]*=|(async[ \t]+)?def[ \t]+\w+\[|class[ \t]+\w+\[)|\b[fF](['"])[^'"\n]*\{[^}'"\n]*\3""",
    re.MULTILINE,
)
"""What Python 3.12 brought: `type X =`, `def f[T]`, `class C[T]`, quotes of the same kind within an f-string."""


def newer_python(metadata: Mapping[str, Any], sources: Sequence[str]) -> str:
    """The newer Python that a notebook was run with, such as `3.13`, where a cell's syntax needs it; else empty."""
    version = re.match(r"3\.(\d+)", _text(metadata, "language_info", "version"))
    if version is None or int(version[1]) <= sys.version_info.minor:
        return ""
    suspect = [source for source in sources if _NEWER_SYNTAX.search(source)]
    return version[0] if any(parse(plain_python(source)).tree is None for source in suspect) else ""


# How CPython 3.8 to 3.14 words the error; it names the cause more surely than any pattern on the text could.
_PYTHON2_PRINT = "Missing parentheses in call to 'print'. Did you mean print(...)?"


def _text(metadata: Mapping[str, Any], key: str, field: str) -> str:
    inner = metadata.get(key)
    value = inner.get(field) if isinstance(inner, Mapping) else None
    return value.strip() if isinstance(value, str) else ""
