"""GitHub Classroom: `gh classroom clone student-repos`, a clone `hw3-jdoe` for each, in `hw3-submissions`.

It was handed in when the last commit was made that is not the classroom's own. The commit is read by Git from the
objects alone, through a repository of ours: nothing in a student's `.git/config` is asked, which could run programs.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from datetime import tzinfo
from pathlib import Path

from grader.cohort.platforms.platform import Owner, Platform, mostly

_WRAPPER = "-submissions"
_BOT = re.compile(r"github-classroom|\[bot\]$", re.IGNORECASE)
_COMMITS = 50
"""Latest commits that are looked through for one of the student's."""
_SECONDS = 10.0
_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def _fits(folder: Path, names: Sequence[str]) -> bool:
    return mostly(lambda name: (folder / name / ".git").is_dir(), [n for n in names if (folder / n).is_dir()])


def _owners(folder: Path, names: Sequence[str], zone: tzinfo | None) -> dict[str, list[Owner]]:
    clones = [name for name in names if (folder / name).is_dir()]
    prefix = _prefix(folder, clones)
    times = commit_times([folder / name for name in clones])
    owners = {}
    for name in clones:
        login = name.removeprefix(prefix)
        ids = {"github_username": login, "github_repository": name}
        owners[name] = [Owner(student=login, ids=ids, submitted=times.get(folder / name, ""))]
    return owners


def _prefix(folder: Path, clones: Sequence[str]) -> str:
    """The assignment's name and a hyphen: from the folder around the clones, else what all of them begin with."""
    wrapped = folder.resolve().name.removesuffix(_WRAPPER) + "-"
    if all(name.startswith(wrapped) for name in clones):
        return wrapped
    if len(clones) < 2:
        return ""
    common = ""
    for parts in zip(*(name.split("-")[:-1] for name in clones), strict=False):
        if len(set(parts)) > 1:
            break
        common += f"{parts[0]}-"
    return common


def commit_times(clones: Sequence[Path]) -> dict[Path, str]:
    """When each clone's last commit was made, as its committer's clock said; none where Git is missing or fails."""
    git = shutil.which("git")
    if git is None:
        return {}
    times = {}
    with tempfile.TemporaryDirectory(prefix="grade-git-") as scratch:
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("GIT_")},
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_DIR": scratch,
        }
        subprocess.run([git, "init", "--quiet", "--bare", scratch], env=environment, capture_output=True, check=False)
        for clone in clones:
            commit = _head(clone / ".git")
            if not commit:
                continue
            words = [git, "log", f"-{_COMMITS}", "--no-show-signature", "--format=%cI %an", commit]
            objects = {"GIT_ALTERNATE_OBJECT_DIRECTORIES": str(clone.resolve() / ".git" / "objects")}
            try:
                done = subprocess.run(
                    words, env=environment | objects, capture_output=True, timeout=_SECONDS, check=False
                )
            except subprocess.TimeoutExpired:
                continue
            lines = [line.partition(" ") for line in done.stdout.decode("utf-8", "replace").splitlines()]
            own = next((time for time, _, author in lines if not _BOT.search(author)), lines[0][0] if lines else "")
            if own:
                times[clone] = own
    return times


def _head(git: Path) -> str:
    """The commit that is checked out, from Git's text files."""
    try:
        text = _small(git / "HEAD")
        if not text.startswith("ref: "):
            return text if _HASH.fullmatch(text) else ""
        ref = text.removeprefix("ref: ")
        if re.fullmatch(r"refs/[\w./-]+", ref) is None or ".." in ref:
            return ""
        if (git / ref).is_file():
            text = _small(git / ref)
            return text if _HASH.fullmatch(text) else ""
        lines = _small(git / "packed-refs", 1_000_000).splitlines()
    except OSError:
        return ""
    packed = next((line.partition(" ")[0] for line in lines if line.endswith(f" {ref}")), "")
    return packed if _HASH.fullmatch(packed) else ""


def _small(path: Path, most: int = 1_000) -> str:
    if not path.is_file():  # a pipe would never end
        return ""
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.read(most).strip()


PLATFORM = Platform(
    name="github",
    title="a folder of GitHub Classroom's clones",
    remark="times are those of the last commits, by the clock of whoever made them, unless the roster has"
    " `submission_timestamp`",
    fits=_fits,
    owners=_owners,
)
