"""What would help where a layer does not work: one short line for a system like this one."""

from __future__ import annotations

import os
from collections.abc import Collection

from grader.sandbox import tiers

UNTIL_RESTART = "(until the next restart; for good in /etc/sysctl.d/)"
PROFILE = "bwrap-userns-restrict"
"""Ubuntu's AppArmor profile for bubblewrap: in force from 25.04 on, in 24.04 only in the package apparmor-profiles."""


def for_landlock(working: Collection[str]) -> str:
    """Also for seccomp, which is older: a kernel that has the one has the other."""
    if _in_container():
        return "Landlock: the host needs Linux 5.13 or newer, and Docker 20.10.18 or newer"
    return (
        "Landlock: needs Linux 5.13 or newer; if /sys/kernel/security/lsm does not name it, boot with lsm=landlock, "
        "followed by what that file names"
    )


def for_namespaces(working: Collection[str]) -> str:
    """Nothing where bubblewrap takes their place."""
    if tiers.BUBBLEWRAP in working:
        return ""
    if os.path.isdir("/autograder"):
        return "Gradescope: its containers allow no namespaces; tier B, as root, is the best there"
    if _in_container():
        here = "" if tiers.SPARE_USER in working else "for B run as root; "
        return (
            f"container: {here}for A docker run --cap-add SYS_ADMIN --security-opt seccomp=unconfined "
            "--security-opt apparmor=unconfined --security-opt systempaths=unconfined, as root"
        )
    if _read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1":
        return _for_apparmor()
    for switch, value in (("kernel.unprivileged_userns_clone", 1), ("user.max_user_namespaces", 10_000)):
        if _read(f"/proc/sys/{switch.replace('.', '/')}") == "0":
            return f"sudo sysctl -w {switch}={value} {UNTIL_RESTART}"
    return "something around this process forbids namespaces: a container or a service manager"


def _for_apparmor() -> str:
    """Ubuntu from 23.10 on lets only programs that have a profile for it use namespaces."""
    if os.environ.get("GITHUB_ACTIONS"):
        return "GitHub Actions: a step `sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0` before this one"
    if os.path.exists(f"/etc/apparmor.d/{PROFILE}"):
        return "Ubuntu: sudo apt install bubblewrap"
    return (
        "Ubuntu: sudo apt install bubblewrap apparmor-profiles && sudo cp "
        f"/usr/share/apparmor/extra-profiles/{PROFILE} /etc/apparmor.d/ && sudo systemctl reload apparmor"
    )


def _in_container() -> bool:
    return os.path.exists("/.dockerenv") or os.path.exists("/run/.containerenv")


def _read(path: str) -> str:
    try:
        with open(path) as file:
            return file.read().strip()
    except OSError:
        return ""
