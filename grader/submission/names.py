"""File names as untrusted input: shown safely, junk left out, near misses suggested.

Owns making a name or a line fit to print, which files of a submission are nobody's work (caches, virtual environments,
what the operating system leaves behind), and the "did you mean" of a missing path. Whether a name may be written to
is `archive`'s question.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path, PurePosixPath

JUNK_FOLDERS = frozenset({
    "__MACOSX", "__pycache__", ".git", ".hg", ".svn", ".hypothesis", ".idea", ".ipynb_checkpoints", ".mypy_cache",
    ".pytest_cache", ".ruff_cache", ".tox", ".venv", ".virtual_documents", ".vscode", "node_modules", "site-packages",
    "venv", "virtualenv",
})  # fmt: skip
JUNK_FILES = frozenset({".DS_Store", "Thumbs.db", "desktop.ini", ".python-version"})

SUBMISSION_SUFFIXES = frozenset(
    {".ipynb", ".py", ".zip", ".tar", ".gz", ".tgz", ".bz2", ".tbz2", ".xz", ".txz", ".zst", ".7z", ".rar"}
)
"""Files that are a submission by themselves; some kinds of archive are only recognised, and refused by name."""

_SIBLINGS = 2000  # a download folder is listed far enough to find the neighbour, and no further


def fits_a_path(path: str) -> bool:
    """Whether a file system can hold a file or module of that relative path: what a student writes may be longer."""
    encoded = path.encode("utf-8", "replace")
    return len(encoded) <= 2000 and max(map(len, encoded.split(b"/"))) <= 250


def printable(text: str, limit: int = 120) -> str:
    """`text` as one printable line of at most `limit` characters.

    Control characters, line breaks, lone surrogates and text-direction marks are dropped: a file name may hold
    escape sequences that repaint the terminal of the person who reads the message.
    """
    shown = "".join(c for c in text if c.isprintable())
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def is_junk(parts: Sequence[str]) -> bool:
    """Whether the file with these path components is nobody's work."""
    if not parts:
        return True
    name = parts[-1]
    # `._x` is the resource fork that macOS writes beside `x` on foreign disks and into tar files
    return name in JUNK_FILES or name.startswith("._") or not JUNK_FOLDERS.isdisjoint(parts)


def without_junk(names: Iterable[str]) -> list[str]:
    """The relative names (with `/`) that are worth looking at, in their order.

    Also drops virtual environments under any name, recognised by their `pyvenv.cfg`.
    """
    kept = [name for name in names if not is_junk(PurePosixPath(name).parts)]
    environments = tuple(n.removesuffix("pyvenv.cfg") for n in kept if n.endswith("/pyvenv.cfg"))
    return [name for name in kept if not name.startswith(environments)] if environments else kept


def nearest(path: Path) -> str:
    """A sentence's end that names the most similar file beside a missing `path`, or nothing."""
    try:
        siblings = [entry.name for entry in islice(path.parent.iterdir(), _SIBLINGS)]
    except (OSError, ValueError):  # ValueError: a NUL in the path
        return ""
    folded = {name.casefold(): name for name in siblings}
    close = difflib.get_close_matches(path.name.casefold(), folded, n=1, cutoff=0.5)
    return f"; did you mean {printable(folded[close[0]])}?" if close else ""
