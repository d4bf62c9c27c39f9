"""Every hand-in below a folder, or in a platform's archive as it was downloaded: whose it is, and what is in it.

Owns looking, grouping files and fingerprinting contents; nothing is opened or run. How platforms name things is
`platforms`', who is meant `roster`'s.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path, PurePosixPath

from msgspec import Struct, structs

from grader.cohort.platforms import METADATA, Owner, Platform, owners, platform_of
from grader.cohort.records import CohortEntry
from grader.cohort.roster import Roster
from grader.errors import SubmissionError, UsageError
from grader.submission.files.archive import is_archive, unpack
from grader.submission.names import JUNK_FOLDERS, SUBMISSION_SUFFIXES, is_junk

_NO_UTF8 = re.compile("[\ud800-\udfff]")
"""What Python makes of the odd bytes in a name."""
MAX_FILES, MAX_BYTES = 200_000, 50_000_000_000
"""Of a platform's archive: a thousand students' worth; each hand-in has its own, far lower limits."""


class Found(Struct, frozen=True, kw_only=True):
    """What lies in a folder."""

    hand_ins: tuple[CohortEntry, ...]
    platform: str
    """`canvas`, `moodle`, `gradescope`, `plain`, or `rule`."""
    ignored: tuple[str, ...] = ()
    """Entries that are no hand-in."""
    strangers: tuple[str, ...] = ()
    """Students of hand-ins who are not in the roster."""
    absent: tuple[str, ...] = ()
    """Students of the roster without a hand-in."""


def find(
    source: Path, scratch: Path, *, rule: re.Pattern[str] | None, roster: Roster | None, file_times: bool
) -> Found:
    """Look through `source`, a folder or an archive; the latter is unpacked into `scratch`, a folder not made yet.

    Parameters
    ----------
    rule
        The instructor's own: it must match a hand-in's path below `source`; groups `student`, and if they are there
        `attempt`, `name`, `submitted`, `late` and `file`.
    file_times
        Where nothing else says when it was handed in, take the newest file's time.

    Raises
    ------
    UsageError
        There is nothing there, or nothing that is a hand-in.
    """
    root = _opened(source, scratch)
    entries = _entries(root)
    if rule is not None:
        platform, groups, ignored = "rule", *_by_rule(root, rule)
    else:
        kind = platform_of(entries)
        platform, (groups, ignored) = kind, _by_platform(root, kind, entries)
    hand_ins = []
    for owner, attempt, paths in groups:
        hand_ins.append(_hand_in(root, owner, attempt, paths, file_times))
    if not hand_ins:
        shown = ", ".join(entries[:3]) or "nothing"
        why = "the rule for names matches none of its paths" if rule is not None else "no hand-in in it"
        raise UsageError(f"{source}: {why} (it holds {shown}{', …' if len(entries) > 3 else ''})")
    found = Found(hand_ins=tuple(hand_ins), platform=platform, ignored=(*ignored, *_unwritable(root)))
    return found if roster is None else _known(found, roster)


Group = tuple[Owner, int, dict[str, str]]
"""Whose, which attempt, and its paths with the name of each in the hand-in (empty: a folder that is all of it)."""


def _opened(source: Path, scratch: Path) -> Path:
    """The folder to look in."""
    if not source.exists():
        raise UsageError(f"{source}: no such file or folder")
    root = source
    if not source.is_dir():
        if not is_archive(source):
            raise UsageError(f"{source}: neither a folder nor an archive; to grade one file, leave out `batch`")
        try:
            unpack(source, scratch, max_files=MAX_FILES, max_bytes=MAX_BYTES)
        except SubmissionError as problem:
            raise UsageError(f"{problem} (or unpack it and give the folder)") from problem
        _restore_times(source, scratch)
        root = scratch
    while len(inside := _entries(root)) == 1 and (root / inside[0]).is_dir():
        below = root / inside[0]
        if platform_of(inside) != "plain" or (root == source and platform_of(_entries(below)) == "plain"):
            break  # one student's folder, not a wrapping one
        root = below
    return root


def _restore_times(source: Path, folder: Path) -> None:
    """Give unpacked files the times that a zip has for them: some platforms store when it was handed in."""
    if not zipfile.is_zipfile(source):
        return
    with zipfile.ZipFile(source) as archive:
        for info in archive.infolist():
            path = folder / info.filename
            if ".." in PurePosixPath(info.filename).parts or not path.is_file():
                continue
            try:
                seconds = datetime(*info.date_time).timestamp()
            except ValueError:
                continue  # month 0: no time at all
            os.utime(path, (seconds, seconds))


def _entries(folder: Path) -> list[str]:
    """Names in a folder but for junk and for what is no UTF-8, which nothing later could write down."""
    names = [e.name for e in os.scandir(folder) if not e.name.startswith(".") and e.name not in JUNK_FOLDERS]
    return sorted(name for name in names if not _NO_UTF8.search(name))


def _unwritable(folder: Path) -> list[str]:
    """The entries that are left out for their names alone, as far as they can be shown."""
    shown = [os.fsencode(name).decode("utf-8", "replace") for name in os.listdir(folder) if _NO_UTF8.search(name)]
    return [f"{name} (its name is no UTF-8; rename it)" for name in sorted(shown)]


def _by_platform(root: Path, platform: Platform, entries: Sequence[str]) -> tuple[list[Group], list[str]]:
    if platform == "plain":
        chosen = [n for n in entries if (root / n).is_dir() or PurePosixPath(n).suffix.lower() in SUBMISSION_SUFFIXES]
        stems = {n: n if (root / n).is_dir() else _stem(n) for n in chosen}
        groups: list[Group] = [(Owner(student=stems[n]), 1, {n: ""}) for n in chosen]
        return groups, [n for n in entries if n not in chosen]
    read = owners(platform, root, entries)
    grouped: dict[tuple[str, str], Group] = {}
    for name, people in read.items():
        for owner in people:
            whole = "" if owner.file else name  # a folder is a hand-in of its own; files are gathered
            grouped.setdefault((owner.student, whole), (owner, 1, {}))[2][name] = owner.file
    return list(grouped.values()), [n for n in entries if n not in read and n != METADATA]


def _stem(name: str) -> str:
    path = PurePosixPath(name)
    return path.stem.removesuffix(".tar")


def _by_rule(root: Path, rule: re.Pattern[str]) -> tuple[list[Group], list[str]]:
    grouped: dict[tuple[str, int, str], Group] = {}
    ignored: list[str] = []

    def look(folder: Path) -> None:
        for entry in _entries(folder):
            path = folder / entry
            relative = path.relative_to(root).as_posix()
            found = rule.fullmatch(relative)
            if found is None:
                if path.is_dir() and not path.is_symlink():
                    look(path)
                else:
                    ignored.append(relative)
                continue
            told = {key: value or "" for key, value in found.groupdict().items()}
            digits = re.search(r"\d+", told.get("attempt", ""))
            attempt = int(digits[0]) if digits else 1
            owner = Owner(
                student=told["student"],
                name=told.get("name", ""),
                file="" if path.is_dir() else PurePosixPath(told.get("file") or entry).name,
                late=bool(told.get("late")),
                submitted=told.get("submitted", ""),
            )
            key = (owner.student, attempt, "" if owner.file else relative)
            grouped.setdefault(key, (owner, attempt, {}))[2][relative] = owner.file

    look(root)
    return list(grouped.values()), ignored


def _hand_in(root: Path, owner: Owner, attempt: int, paths: Mapping[str, str], file_times: bool) -> CohortEntry:
    first, *more = sorted(paths)
    whole = not more and paths[first] in ("", PurePosixPath(first).name)
    files: dict[str, Path] = {}
    for path in [] if whole else sorted(paths):
        name = paths[path]
        files[path if not name or name in files else name] = root / path
    content, newest = fingerprint_of({first: root / first} if whole else files)
    submitted = owner.submitted
    if not submitted and file_times and newest:
        submitted = datetime.fromtimestamp(newest).astimezone().isoformat(timespec="seconds")
    return CohortEntry(
        path=f"{first} and {len(more)} more" if more else first,
        place=str(root / first) if whole else "",
        files={name: str(path) for name, path in files.items()},
        student=owner.student,
        name=owner.name,
        ids=owner.ids,
        attempt=attempt,
        submitted=submitted,
        late=owner.late,
        content=content,
    )


def fingerprint_of(files: Mapping[str, Path]) -> tuple[str, float]:
    """`sha256:` over names and bytes of what was handed in, without caches and the like; and the newest file's time.

    The name of a folder that is handed in as a whole does not count, that of a single file does.
    """
    whole = hashlib.sha256()
    newest = 0.0
    for name, path in sorted(files.items()):
        # what is graded is followed from here, and no link below it
        for inner, file in _walked(path.resolve() if path.is_symlink() else path):
            shown = inner or PurePosixPath(name).name
            try:
                found = file.lstat()
                if stat.S_ISREG(found.st_mode):
                    with file.open("rb") as opened:
                        digest = hashlib.file_digest(opened, "sha256").hexdigest()
                    newest = max(newest, found.st_mtime)
                else:
                    digest = "no file"
            except OSError as problem:
                digest = f"unreadable: {problem.strerror}"
            whole.update(f"{len(shown.encode('utf-8', 'replace'))}:{shown}:{digest}\n".encode("utf-8", "replace"))
    return f"sha256:{whole.hexdigest()}", newest


def staged(hand_in: CohortEntry, folder: Path) -> Path:
    """Where the hand-in lies, its files gathered below `folder` if they have to be."""
    if not hand_in.files:
        return Path(hand_in.place)
    for name, place in hand_in.files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(place, target)
    return folder / next(iter(hand_in.files)) if len(hand_in.files) == 1 else folder


def _walked(path: Path) -> Iterator[tuple[str, Path]]:
    """Each file of a hand-in by its name in it; a single file's is empty."""
    if path.is_symlink() or not path.is_dir():
        yield "", path
        return
    for at, folders, names in os.walk(path):
        here = Path(at)
        folders[:] = sorted(f for f in folders if f not in JUNK_FOLDERS)
        for name in sorted(names):
            relative = (here / name).relative_to(path)
            if not is_junk(relative.parts):
                yield relative.as_posix(), here / name


def _known(found: Found, roster: Roster) -> Found:
    """The same with the roster's keys and names in the place of the platform's, where it knows them."""
    hand_ins, strangers, seen = [], [], set()
    for hand_in in found.hand_ins:
        by_id = roster.find([hand_in.student, *hand_in.ids.values()])
        by_name = roster.find([hand_in.name])
        student = by_id or by_name
        # a platform's own number may be somebody else's in the roster
        if student is None or (by_id and by_name and by_id is not by_name):
            strangers.append(hand_in.name or hand_in.student)
            hand_ins.append(hand_in)
            continue
        seen.add(student.key)
        hand_ins.append(
            structs.replace(
                hand_in,
                student=student.key,
                name=student.name or hand_in.name,
                ids={**student.columns, **hand_in.ids},
            )
        )
    absent = [s.name or s.key for s in roster.students if s.key not in seen]
    return structs.replace(
        found, hand_ins=tuple(hand_ins), strangers=tuple(dict.fromkeys(strangers)), absent=tuple(absent)
    )
