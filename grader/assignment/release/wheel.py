"""The grader as a wheel, made of the installed package itself: what a hand-out installs where a course names no place.

No index is asked and no build tool is needed. The same package gives the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.resources import files
from pathlib import Path

from grader import __version__
from grader.assignment.loading.author_file import LITTER
from grader.errors import UsageError

PACKAGE = "numgrade"
_TIME = (1980, 1, 1, 0, 0, 0)


def wheel_name() -> str:
    """The wheel's file name, also where the grader runs from a folder, as in Gradescope's zip."""
    return f"{PACKAGE}-{__version__}-py3-none-any.whl"


def wheel() -> bytes:
    """The wheel's content; raises UsageError if the grader runs from a folder and is not installed."""
    installed = _installed()
    info = f"{PACKAGE}-{installed.version}.dist-info"
    package = Path(str(files("grader")))
    entries = {
        f"grader/{path.relative_to(package).as_posix()}": path.read_bytes()
        for path in sorted(package.rglob("*"))
        if path.is_file() and not LITTER.intersection(path.relative_to(package).parts)
    }
    made_by = "Wheel-Version: 1.0\nGenerator: grade release\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    entries[f"{info}/METADATA"] = (installed.read_text("METADATA") or "").encode()
    entries[f"{info}/WHEEL"] = made_by.encode()
    entries[f"{info}/entry_points.txt"] = (installed.read_text("entry_points.txt") or "").encode()
    record = [f"{name},sha256={_digest(content)},{len(content)}\n" for name, content in entries.items()]
    entries[f"{info}/RECORD"] = "".join([*record, f"{info}/RECORD,,\n"]).encode()
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            entry = zipfile.ZipInfo(name, _TIME)
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def is_wheel(name: str) -> bool:
    """Whether a file at the top of a hand-out is a wheel that a release, of any version, has put there."""
    return name.startswith(f"{PACKAGE}-") and name.endswith(".whl")


def _installed() -> Distribution:
    try:
        return distribution(PACKAGE)
    except PackageNotFoundError:
        raise UsageError(f"{PACKAGE} is not installed as a package here; `pip install .` in its folder first") from None


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
