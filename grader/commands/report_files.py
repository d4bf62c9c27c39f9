"""Where a report is written: the files of `-o FORMAT=FILE`, or standard output.

Owns refusing early what could not be written, or would be written over; what is written is `grader.report`'s.
"""

from __future__ import annotations

import argparse
import io
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from grader.commands import stdio
from grader.errors import UsageError
from grader.report.formats import Appended, find

if TYPE_CHECKING:  # nothing heavy is loaded before the worker has been started
    import numpy.typing as npt

    from grader.model import Check, Observation, Report

STDOUT = "-"
_UNSAFE = re.compile(r"[^\w\[\]-]")


class Output(NamedTuple):
    """One `-o FORMAT=FILE`."""

    option: str
    """As the user wrote it, for messages."""
    format: str
    file: str
    """A path, or `-`."""


def chosen(args: argparse.Namespace) -> list[Output]:
    """What `-o` and `--json` ask for.

    Raises UsageError if two go to the same place, or one to a place where it cannot or must not.
    """
    outputs = [Output(f"-o {name}={file}", name, file) for name, file in args.output]
    if args.json is not None:
        outputs.append(Output(f"--json {args.json}", "json", args.json))
    seen: dict[str, str] = {}
    for one in outputs:
        place = one.file if one.file == STDOUT else str(Path(one.file).absolute())
        if place in seen:
            where = "the standard output" if one.file == STDOUT else one.file
            raise UsageError(f"{one.option}: `{seen[place]}` goes to {where} as well; give each a FILE of its own")
        seen[place] = one.option
        if one.file != STDOUT:
            _check_writable(one)
    return outputs


def _check_writable(one: Output) -> None:
    """Refuse before minutes of grading what would fail or do harm after them."""
    file = Path(one.file)
    check_target(file, one.option)
    if file.is_dir() or not file.absolute().parent.is_dir():
        raise UsageError(f"{one.option}: is a folder, or its folder does not exist; name a file in an existing one")


def check_target(file: Path, option: str) -> None:
    """Refuse to write over a submission: somebody forgot a word.

    Raises UsageError if the name is that of a notebook, a module or an archive, or the file is an archive under any
    name.
    """
    from grader.submission.files.archive import is_archive
    from grader.submission.names import SUBMISSION_SUFFIXES

    if file.suffix.lower() in SUBMISSION_SUFFIXES or (file.is_file() and is_archive(file)):
        raise UsageError(f"{option}: would overwrite what looks like a submission; name another file")


def check_arrays_target(file: Path) -> None:
    """Refuse before grading what `ArrayFile.write` could not write.

    Raises UsageError if the file is no .npz, or its folder does not exist.
    """
    option = f"--show-arrays {file}"
    if file.suffix.lower() != ".npz":
        raise UsageError(f"{option}: name a file that ends in .npz")
    if file.is_dir() or not file.absolute().parent.is_dir():
        raise UsageError(f"{option}: is a folder, or its folder does not exist; name a file in an existing one")


class ArrayFile:
    """What checks observed and what was expected, for a file of arrays."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._arrays: dict[str, npt.NDArray[Any]] = {}

    def add(self, check: Check, observation: Observation, expected: Mapping[str, npt.NDArray[Any]]) -> None:
        """Keep the arrays of one check."""
        import numpy as np

        for word, values in (("observed", observation.values), ("expected", expected)):
            for name, value in values.items():
                if isinstance(value, np.ndarray) and not value.dtype.hasobject:
                    # a name that student code chose must not lead out of a folder that the file is unpacked in
                    key = f"{check.id}/{_UNSAFE.sub('_', name)[:100]}/{word}"
                    self._arrays.setdefault(key, value)

    def write(self) -> None:
        """Write the file; raises UsageError if it cannot be written."""
        import numpy as np

        content = io.BytesIO()
        np.savez_compressed(content, **self._arrays)  # type: ignore[arg-type]  # no array is called `allow_pickle`
        try:
            stdio.write_file(self._file, content.getvalue())
        except OSError as error:
            raise UsageError(f"--show-arrays {self._file}: cannot be written ({error.strerror})") from error
        stdio.tell(f"wrote {self._file}: {len(self._arrays)} arrays")


def write(report: Report, outputs: list[Output], args: argparse.Namespace) -> None:
    """Write each of them, with the options in `args` that it takes; one that fails does not keep back the others.

    Raises UsageError if a file cannot be written.
    """
    problems = []
    for one in outputs:
        format = find(one.format)
        text = format.render(report, **{option: getattr(args, option) for option in format.options})
        if format.appended is not None:
            _append(report, format.appended)
        if one.file == STDOUT:
            stdio.emit_utf8(text)
            continue
        try:
            stdio.write_file(Path(one.file), text.encode("utf-8"))
        except OSError as error:
            problems.append(f"{one.option}: cannot be written ({error.strerror})")
    if problems:
        raise UsageError("; ".join(problems))


def _append(report: Report, appended: Appended) -> None:
    name = os.environ.get(appended.variable)
    if not name:
        return
    try:
        with open(name, "a", encoding="utf-8") as file:
            file.write(appended.render(report, file.tell()))
    except OSError as error:  # the report itself exists
        stdio.tell(f"${appended.variable}: {name} cannot be written ({error.strerror}); there is no job summary")
