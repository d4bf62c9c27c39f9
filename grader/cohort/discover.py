"""Every submission below a folder, or in a platform's archive as it was downloaded: whose it is, and what is in it.

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
from datetime import datetime, tzinfo
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from msgspec import Struct, structs

from grader.cohort.platforms import platform_of
from grader.cohort.platforms.platform import Owner, Platform, iso_time
from grader.cohort.records import CohortEntry, RosterEntry
from grader.cohort.roster import Match, Roster
from grader.errors import SubmissionError, UsageError
from grader.gradebook.names import folded
from grader.submission.files.archive import is_archive, unpack
from grader.submission.names import JUNK_FOLDERS, SUBMISSION_SUFFIXES, is_junk

_NO_UTF8 = re.compile("[\ud800-\udfff]")
"""What Python makes of the odd bytes in a name."""
MAX_FILES, MAX_BYTES = 200_000, 50_000_000_000
"""Of a platform's archive: a thousand students' worth; each submission has its own, far lower limits."""
MAX_ATTEMPT = 2**63 - 1
"""What the store can hold as a number: a rule may match a row of digits of any length."""


class Discovered(Struct, frozen=True, kw_only=True):
    """What lies in a folder."""

    submissions: tuple[CohortEntry, ...]
    platform: str
    """What made it, as a `Platform` is called; `plain`, or `rule`."""
    title: str = ""
    """`a Canvas download`; empty where no platform made it."""
    ignored: tuple[str, ...] = ()
    """Entries that are no submission."""
    strangers: tuple[str, ...] = ()
    """Students of submissions who are not in the roster."""
    absent: tuple[str, ...] = ()
    """Students of the roster without a submission."""
    remarks: tuple[str, ...] = ()
    """What else needs saying."""


def find(
    source: Path,
    scratch: Path,
    *,
    rule: re.Pattern[str] | None,
    roster: Roster | None,
    file_times: bool,
    zone: tzinfo | None = None,
    groups: str | None = None,
) -> Discovered:
    """Look through `source`, a folder or an archive; the latter is unpacked into `scratch`, a folder not made yet.

    `rule`, the instructor's own, must match a submission's path below `source`; groups `student`, and if they are there
    `attempt`, `name`, `submitted`, `late` and `file`. With `file_times` the newest file's time is taken where nothing
    else says when it was handed in. `zone` is that of the clock whose times a download has without an offset, by
    default this machine's. `groups` is the roster's column that says who works together: one submission is that of all.
    Raises UsageError if there is nothing there, or nothing that is a submission.
    """
    root = _opened(source, scratch)
    entries = _entries(root)
    platform = None if rule is not None else platform_of(root, entries)
    if rule is not None:
        found_groups, ignored = _by_rule(root, rule, zone)
    else:
        found_groups, ignored = _by_platform(root, platform, entries, zone) if platform else _plain(root, entries)
    submissions = []
    for owner, attempt, paths in found_groups:
        submissions.append(_submission(root, owner, attempt, paths, file_times))
    if not submissions:
        shown = ", ".join(entries[:3]) or "nothing"
        why = "the rule for names matches none of its paths" if rule is not None else "no submission in it"
        raise UsageError(f"{source}: {why} (it holds {shown}{', …' if len(entries) > 3 else ''})")
    remarks = []
    if platform is not None and platform.local_times:
        here = f"this machine's, {datetime.now().astimezone():%Z}; `timezone` in the rules names another"
        remarks.append(f"the times of {platform.title} have no zone: read as {zone or here}")
    if platform is not None and platform.remark:
        remarks.append(platform.remark)
    discovered = Discovered(
        submissions=tuple(submissions),
        platform="rule" if rule is not None else platform.name if platform else "plain",
        title=platform.title if platform else "",
        ignored=(*ignored, *_unwritable(root)),
        remarks=tuple(remarks),
    )
    return discovered if roster is None else _known(discovered, roster, groups)


Group = tuple[Owner, int, dict[str, str]]
"""Whose, which attempt, and its paths with the name of each in the submission (empty: a folder that is all of it)."""


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
        if platform_of(root, inside) or (root == source and platform_of(below, _entries(below)) is None):
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


def _plain(root: Path, entries: Sequence[str]) -> tuple[list[Group], list[str]]:
    """A submission for each folder, notebook and archive."""
    chosen = [n for n in entries if (root / n).is_dir() or PurePosixPath(n).suffix.lower() in SUBMISSION_SUFFIXES]
    stems = {n: n if (root / n).is_dir() else _stem(n) for n in chosen}
    groups: list[Group] = [(Owner(student=stems[n]), 1, {n: ""}) for n in chosen]
    return groups, [n for n in entries if n not in chosen]


def _by_platform(
    root: Path, platform: Platform, entries: Sequence[str], zone: tzinfo | None
) -> tuple[list[Group], list[str]]:
    """The platform's submissions; those of a student at different times are attempts in their order."""
    read = platform.owners(root, entries, zone)
    grouped: dict[tuple[str, str, str], Group] = {}
    for name, people in read.items():
        for owner in people:
            owner = structs.replace(owner, submitted=iso_time(owner.submitted, zone))
            whole = "" if owner.file else name  # a folder is a submission of its own; files are gathered
            grouped.setdefault((owner.student, owner.submitted, whole), (owner, 1, {}))[2][name] = owner.file
    times: dict[str, list[str]] = {}
    for student, submitted, _ in sorted(grouped, key=_moment):
        if submitted not in times.setdefault(student, []):
            times[student].append(submitted)
    groups = [(owner, times[key[0]].index(key[1]) + 1, paths) for key, (owner, _, paths) in grouped.items()]
    return groups, [n for n in entries if n not in read and n not in platform.own_files]


def _moment(key: tuple[str, str, str]) -> float:
    return datetime.fromisoformat(key[1]).timestamp() if key[1] else 0.0


def _stem(name: str) -> str:
    path = PurePosixPath(name)
    return path.stem.removesuffix(".tar")


def _by_rule(root: Path, rule: re.Pattern[str], zone: tzinfo | None) -> tuple[list[Group], list[str]]:
    grouped: dict[tuple[str, int, str], Group] = {}
    ignored: list[str] = []

    def look(folder: Path) -> None:
        for entry in _entries(folder):
            path = folder / entry
            relative = path.relative_to(root).as_posix()
            match = rule.fullmatch(relative)
            if match is None:
                if path.is_dir() and not path.is_symlink():
                    look(path)
                else:
                    ignored.append(relative)
                continue
            groups = {key: value or "" for key, value in match.groupdict().items()}
            digits = re.search(r"\d+", groups.get("attempt", ""))
            attempt = min(int(digits[0]), MAX_ATTEMPT) if digits else 1
            submitted = iso_time(text := groups.get("submitted", ""), zone)
            if text and not submitted:
                what = f"submitted = {text!r} is no time such as 2026-03-01T12:00:00 or 20260301T120000+0100"
                raise UsageError(f"the rule for names: {relative}: {what}")
            owner = Owner(
                student=groups["student"],
                name=groups.get("name", ""),
                file="" if path.is_dir() else PurePosixPath(groups.get("file") or entry).name,
                late=bool(groups.get("late")),
                submitted=submitted,
            )
            key = (owner.student, attempt, "" if owner.file else relative)
            grouped.setdefault(key, (owner, attempt, {}))[2][relative] = owner.file

    look(root)
    return list(grouped.values()), ignored


def _submission(root: Path, owner: Owner, attempt: int, paths: Mapping[str, str], file_times: bool) -> CohortEntry:
    first, *more = sorted(paths)
    whole = not more and paths[first] in ("", PurePosixPath(first).name)
    files: dict[str, Path] = {}
    for path in [] if whole else sorted(paths):
        name = paths[path]
        files[path if not name or name in files else name] = root / path
    printed = fingerprint_of({first: root / first} if whole else files)
    submitted = owner.submitted
    if not submitted and file_times and printed.newest:
        submitted = datetime.fromtimestamp(printed.newest).astimezone().isoformat(timespec="seconds")
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
        content=printed.content,
    )


class Fingerprint(NamedTuple):
    """What a submission is known by."""

    content: str
    """`sha256:` over names and bytes of what was handed in, without caches and the like."""
    newest: float
    """The newest file's time."""


def fingerprint_of(files: Mapping[str, Path]) -> Fingerprint:
    """Read every file once.

    The name of a folder that is handed in as a whole does not count, that of a single file does.
    """
    whole = hashlib.sha256()
    newest = 0.0
    for shown, file in _contents(files):
        try:
            status = file.lstat()
            if stat.S_ISREG(status.st_mode):
                with file.open("rb") as opened:
                    digest = hashlib.file_digest(opened, "sha256").hexdigest()
                newest = max(newest, status.st_mtime)
            else:
                digest = "no file"
        except OSError as problem:
            digest = f"unreadable: {problem.strerror}"
        whole.update(f"{len(shown.encode('utf-8', 'replace'))}:{shown}:{digest}\n".encode("utf-8", "replace"))
    return Fingerprint(f"sha256:{whole.hexdigest()}", newest)


def _contents(files: Mapping[str, Path]) -> Iterator[tuple[str, Path]]:
    for name, path in sorted(files.items()):
        # what is graded is followed from here, and no link below it
        for inner, file in _walked(path.resolve() if path.is_symlink() else path):
            yield inner or PurePosixPath(name).name, file


def staged(submission: CohortEntry, folder: Path) -> Path:
    """Where the submission lies, its files gathered below `folder` if they have to be."""
    if not submission.files:
        return Path(submission.place)
    for name, place in submission.files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(place, target)
    return folder / next(iter(submission.files)) if len(submission.files) == 1 else folder


def _walked(path: Path) -> Iterator[tuple[str, Path]]:
    """Each file of a submission by its name in it; a single file's is empty."""
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


def _known(discovered: Discovered, roster: Roster, groups: str | None) -> Discovered:
    """The same with the roster's keys and names in the place of the platform's, where it knows them."""
    matches = [_match(submission, roster) for submission in discovered.submissions]
    claims: dict[int, dict[str, int]] = {}
    """Student of the roster -> who says to be them (as the platform calls them), and how sure that is."""
    for submission, match in zip(discovered.submissions, matches, strict=True):
        if match is not None:
            claims.setdefault(match.position, {})[submission.student] = match.sure
    submissions: list[CohortEntry] = []
    strangers: list[str] = []
    seen: set[str] = set()
    mates: dict[str, set[str]] = {}
    """Group -> who handed in for it."""
    remarks = [*discovered.remarks, *roster.remarks]
    for submission, match in zip(discovered.submissions, matches, strict=True):
        team = _team(submission, roster, groups) if match is None and groups else []
        if match is not None and _claimed(submission, match, claims[match.position]):
            match = None
        if match is not None:
            team = _mates(roster, match.position, groups)
        if not team:
            strangers.append(submission.name or submission.student)
            submissions.append(submission)
        seen.update(student.key for student in team)
        if len(team) > 1:
            mates.setdefault(folded(team[0].columns.get(groups or "", "")), set()).add(submission.student)
        submissions += [
            structs.replace(
                submission,
                student=s.key,
                name=s.name or submission.name,
                ids={**s.columns, **submission.ids},
                submitted=_pushed(s, submission) or submission.submitted,
            )
            for s in team
        ]
    several = [group for group, people in mates.items() if len(people) > 1]
    if several:
        remarks.append(f"several members handed in, which are attempts of all: {', '.join(sorted(several))}")
    for position, people in claims.items():
        if len(people) > 1 and len(set(people.values())) == 1 and discovered.platform == "plain":
            student = roster.students[position]
            remarks.append(f"taken for attempts of {student.name or student.key}: {', '.join(sorted(people))}")
    absent = [s.name or s.key for s in roster.students if s.key not in seen]
    return structs.replace(
        discovered,
        submissions=tuple(submissions),
        strangers=tuple(dict.fromkeys(strangers)),
        absent=tuple(absent),
        remarks=tuple(remarks),
    )


def _pushed(student: RosterEntry, submission: CohortEntry) -> str:
    """When GitHub had the last commit of a clone, as GitHub Classroom's list of grades says it."""
    text = student.columns.get("submission_timestamp", "") if "github_repository" in submission.ids else ""
    return iso_time(text.replace(" UTC", "+00:00"), None)


def _match(submission: CohortEntry, roster: Roster) -> Match | None:
    """Which student of the roster handed it in."""
    own = {submission.ids.get(key) for key in ("canvas_id", "moodle_id", "brightspace_id")}
    passed = ("canvas_submission", "gradescope_submission", "github_repository")
    words = [submission.student, *(value for key, value in submission.ids.items() if key not in passed)]
    parts = submission.ids.get("github_repository", "").split("-")
    words += ["-".join(parts[n:]) for n in range(len(parts))]  # `hw3-anna-b`: where the login begins is not sure
    words = [word for word in words if word and word not in own]
    canvas, moodle = submission.ids.get("canvas_id", ""), submission.ids.get("moodle_id", "")
    name = submission.name or ("" if submission.ids else submission.student)
    match = roster.find(words, name, canvas, moodle)
    for n, letter in enumerate(submission.name if match is None and moodle else ""):
        if letter == "-":  # where groups hand in, Moodle writes the group before the name
            match = roster.find(words, submission.name[n + 1 :], canvas, moodle)
            columns = roster.students[match.position].columns.values() if match else ()
            if folded(submission.name[:n]) in {folded(value) for value in columns}:
                return match
            match = None
    return match


def _claimed(submission: CohortEntry, match: Match, people: Mapping[str, int]) -> bool:
    """Whether somebody else is this student, more surely, or as surely by an account of their own."""
    others = [sure for who, sure in people.items() if who != submission.student]
    return any(sure < match.sure or (sure == match.sure and bool(submission.ids)) for sure in others)


def _mates(roster: Roster, position: int, groups: str | None) -> list[RosterEntry]:
    """The student, and those of the same group."""
    one = roster.students[position]
    group = folded(one.columns.get(groups, "")) if groups else ""
    if not group:
        return [one]
    return [s for s in roster.students if s is one or folded(s.columns.get(groups or "", "")) == group]


def _team(submission: CohortEntry, roster: Roster, groups: str) -> list[RosterEntry]:
    """Everybody of the group that the submission is called by."""
    repository = submission.ids.get("github_repository", "").split("-")
    names = {submission.name, submission.student, *("-".join(repository[n:]) for n in range(len(repository)))}
    names = {folded(name) for name in names} - {""}
    return [s for s in roster.students if folded(s.columns.get(groups, "")) in names]
