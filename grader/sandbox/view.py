"""What a worker may read: the interpreter, its packages, the system's libraries, the grader's own code; no home folder.

An editable install has the course's sources beside the package, so a folder is never allowed for being on the import
path, only for being part of an installation.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Iterable

SYSTEM = (
    *("/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libexec", "/usr/share", "/usr/include"),
    *("/usr/local/bin", "/usr/local/lib", "/usr/local/lib64", "/usr/local/share", "/usr/local/include"),
    *("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store"),
    *("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/fonts"),
    *("/etc/localtime", "/etc/timezone", "/etc/mime.types", "/etc/nsswitch.conf", "/etc/ssl/openssl.cnf"),
    "/var/cache/fontconfig",
)
"""Not all of /usr: containers like to keep their application, which can be the course, in /usr/src/app."""
PROC = ("/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu")
"""What libraries ask about the machine; the rest of /proc tells about other processes."""
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
PACKAGES = ("site-packages", "dist-packages")
"""Folders of another installation that a `.pth` file has put on the path: packages too, and nobody's sources."""
_INSTALLED = ("bin", "lib", "lib64", "share", "include", "etc/fonts", "pyvenv.cfg", "Frameworks", "Resources")
"""Of an interpreter's folder, never the whole: `python -m venv .` makes the course's root one."""


def readable() -> tuple[str, ...]:
    """Existing paths that student code needs in order to run at all."""
    prefixes = dict.fromkeys((sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix))
    wanted = [*SYSTEM]
    wanted += [os.path.join(prefix, part) for prefix in prefixes if prefix != "/usr" for part in _INSTALLED]
    wanted += [os.path.dirname(os.path.realpath(sys.executable)), _own_package()]
    wanted += [p for p in sys.path if os.path.basename(p) in PACKAGES]
    wanted += [p for p in os.environ.get("LD_LIBRARY_PATH", "").split(":") if os.path.isabs(p)]
    return _outermost(tuple(path for path in wanted if os.path.exists(path)))


def exposed(secrets: Iterable[str], allowed: Iterable[str]) -> list[str]:
    """The secret paths that lie inside an allowed one, or hold one."""
    roots = [os.path.realpath(path) for path in allowed]
    paths = []
    for secret in secrets:
        real = os.path.realpath(secret)
        if any(_inside(real, root) for root in roots):
            paths.append(secret)
    return paths


def _own_package() -> str:
    return os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


@functools.lru_cache(maxsize=4)  # a batch asks for every submission
def _outermost(paths: tuple[str, ...]) -> tuple[str, ...]:
    """Without what another one contains; symbolic links stay, since programs name them."""
    outermost: list[str] = []
    for path in dict.fromkeys(os.path.abspath(p) for p in paths):
        if not any(_inside(path, other) for other in outermost):
            outermost = [other for other in outermost if not _inside(other, path)] + [path]
    return tuple(outermost)


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
