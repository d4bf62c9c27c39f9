"""How much a submission may hold, and which names in it may be written.

Owns the numbers and the refusals, for archives and folders alike. Reading archives is `archive`'s, walking folders
`gather`'s.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice
from pathlib import PurePosixPath

from msgspec import Struct

from grader.errors import SubmissionError
from grader.submission.names import printable, without_junk

MAX_FILES = 2000
MAX_BYTES = 500_000_000
MAX_RATIO = 200.0
"""Unpacked over packed size: deflate reaches 1000, text and notebooks stay under 50."""

_FREE_BYTES = 10 << 20  # below this a ratio says nothing: a notebook that printed one line 100,000 times packs 1:500
MAX_TOKENS = 200_000
"""Tokens of one Python text, a notebook's code as a whole. A long homework has 20,000; a syntax tree takes up to 1 kB
for each, so that no tree is larger than 200 MB."""
MAX_TOKENS_IN_ALL = 500_000
"""Tokens of all Python files of a submission together."""

_TOKEN = re.compile(r"\w+|[^\w \t]")
_JUNK_FACTOR = 10  # a forgotten .git or venv may make a submission this much larger than what is kept of it
_NAME_BYTES = 255  # what file systems take for one component
_PATH_BYTES = 1024

ADVICE = "hand in a plain .zip of your files"


def count_tokens(source: str) -> int:
    """Words, signs and line ends of a Python text, counted up to one more than `MAX_TOKENS`."""
    return sum(1 for _ in islice(_TOKEN.finditer(source), MAX_TOKENS + 1))


class Quota(Struct, frozen=True, kw_only=True):
    """What the submission that messages call `shown` may hold."""

    shown: str
    files: int = MAX_FILES
    """Files that are kept; entries of any kind may be ten times as many."""
    bytes: int = MAX_BYTES
    ratio: float = MAX_RATIO
    packed: int | None = None
    """Size of the archive in bytes; None for a folder."""

    def check_bytes(self, count: int) -> None:
        """Refuse `count` bytes when they are too many."""
        if count > self.bytes:
            raise SubmissionError(f"{self.shown} holds more than {self.bytes / 1e6:g} MB; leave data sets out")
        if self.packed is not None and count > max(_FREE_BYTES, self.ratio * self.packed):
            raise SubmissionError(f"{self.shown} unpacks to over {self.ratio:g} times its size; {ADVICE}")

    def check_entries(self, count: int) -> None:
        """Refuse `count` entries, junk included, when they are too many to look through."""
        if count > self.files * _JUNK_FACTOR:
            raise self.too_many(f"over {self.files * _JUNK_FACTOR}")

    def too_many(self, count: str) -> SubmissionError:
        """The error for a submission of `count` files."""
        what = f"holds {count} files, and {self.files} are allowed"
        return SubmissionError(f"{self.shown} {what}; leave out folders such as .git, venv and data")

    def kept(self, names: Iterable[str]) -> dict[int, str]:
        """Position -> relative name to write, for those of the given names that are worth keeping.

        Raises SubmissionError if a name leads out of the folder or cannot be written, or one that is kept is there
        twice, also as a file and a folder at once; or too many are kept.
        """
        relative = [self.relative(name) for name in names]
        worth = set(without_junk(relative))
        if len(worth) > self.files:
            raise self.too_many(str(len(worth)))
        kept: dict[int, str] = {}
        seen: set[str] = set()
        for position, name in enumerate(relative):
            if name in worth:
                if name in seen:
                    raise SubmissionError(f"{self.shown} holds {printable(name)} twice; {ADVICE}")
                seen.add(name)
                kept[position] = name
        for name in seen:
            if folder := next((p for p in map(str, PurePosixPath(name).parents) if p in seen), None):
                raise SubmissionError(
                    f"{self.shown} holds {printable(folder)} both as a file and as a folder; {ADVICE}"
                )
        return kept

    def relative(self, name: str) -> str:
        """The name as a relative path with `/` that stays inside, or SubmissionError."""
        if any(ord(c) < 32 or 127 <= ord(c) < 160 for c in name):
            raise SubmissionError(
                f"{self.shown} holds a name with control characters, {printable(name)}; rename that file"
            )
        # old Windows packers write backslashes; a tar's name from before Unicode loses its odd bytes
        name = re.sub("[\ud800-\udfff]", "_", name.replace("\\", "/"))
        if name.startswith("/") or re.match(r"[A-Za-z]:", name):
            raise SubmissionError(f"{self.shown} holds an absolute path, {printable(name)}; {ADVICE}")
        parts = [part for part in name.split("/") if part not in {"", "."}]
        if ".." in parts:
            raise SubmissionError(f"{self.shown} holds a path that leads out of it, {printable(name)}; {ADVICE}")
        if not parts:
            raise SubmissionError(f"{self.shown} holds a file without a name; {ADVICE}")
        joined = "/".join(parts)
        if len(joined.encode()) > _PATH_BYTES or any(len(part.encode()) > _NAME_BYTES for part in parts):
            raise SubmissionError(
                f"{self.shown} holds a name that is too long, {printable(name, 60)}; rename that file"
            )
        return joined
