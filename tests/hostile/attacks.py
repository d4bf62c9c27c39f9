"""Attacks, each a hand-in. `attack()` returns what it got hold of, with PWNED in it where that is more than it may.

A hand-in has a right `linear_forward` (1 point) and a wrong `linear_gradients` (4 points that nothing may earn). The
attack runs in a cell of its own after them, before them with `first`, or as the body of the gradients.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field

TOOLS = """
import ctypes, errno, gc, os, signal, socket, struct, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long

def failed():
    return errno.errorcode.get(ctypes.get_errno(), "?")

def others():
    own = os.getpid()
    try:
        return [int(n) for n in os.listdir("/proc") if n.isdigit() and int(n) != own]
    except OSError:
        return [p for p in (1, os.getppid(), TARGET_PID, *range(own - 20, own)) if p > 0 and p != own]

def tried(*actions):
    told = []
    for action in actions:
        try:
            told.append(str(action()))
        except BaseException as error:
            told.append(type(error).__name__)
    return " ".join(told)

def told(attack):
    try:
        found = str(attack())
    except Exception as error:
        found = "held: " + type(error).__name__ + " " + str(error)[:100]
    raise RuntimeError("told: " + found)
"""


@dataclass(frozen=True)
class Attack:
    """One attack and what must become of it.

    Attributes
    ----------
    cell
        Statuses that its own cell may end with.
    score
        Points of the whole hand-in: the honest part's, whatever else happens.
    later
        Statuses that the cell after it may have.
    """

    name: str
    code: str
    where: str = "cell"
    """`cell`, `first`, or `gradients`."""
    cell: tuple[str, ...] = ("error",)
    score: tuple[float, ...] = (1,)
    later: tuple[str, ...] = ("ok",)
    files: dict[str, str] = field(default_factory=dict)
    setup: str = ""
    """Runs in the first cell."""
    tiers: str = "ABC"
    """Where it must not succeed; elsewhere it may."""
    quick: bool = False
    """In the default run as well."""


def attack(name: str, body: str, **more: object) -> Attack:
    """`body` is a function's; its result is told through the cell's exception."""
    code = f"def attack():\n{textwrap.indent(textwrap.dedent(body).strip(), '    ')}\ntold(attack)"
    return Attack(name, code, **more)  # type: ignore[arg-type]


def plain(name: str, code: str, **more: object) -> Attack:
    """`code` is the cell, or the body of the gradients."""
    more.setdefault("cell", ("ok",))
    return Attack(name, textwrap.dedent(code).strip(), **more)  # type: ignore[arg-type]


GRABS = "return 'PWNED ' + repr(open({}).read()[:80])"
READS = [
    attack("read golden", GRABS.format("GOLDEN"), quick=True),
    attack("read the solution", GRABS.format("SOLUTION")),
    attack("read hidden checks", GRABS.format("HIDDEN")),
    attack("read another submission", GRABS.format("NEIGHBOUR")),
    attack("read the store", "return 'PWNED' + repr(open(STORE, 'rb').read(16))"),
    attack("read the home", GRABS.format("HOME + '/.ssh_key'")),
    attack("stat golden", "return f'PWNED {os.stat(GOLDEN).st_size} bytes'", tiers="A"),
    attack("list the course", "return 'PWNED ' + ' '.join(os.listdir(COURSE))", quick=True),
    attack("read through a symbolic link", "os.symlink(GOLDEN, 'here')\n" + GRABS.format("'here'")),
    attack("read through a hard link", "os.link(GOLDEN, 'here')\n" + GRABS.format("'here'")),
    attack(
        "read by a shell",
        "import subprocess\nreturn subprocess.run(f'cat {GOLDEN} {HIDDEN} && echo PWNED', "
        "shell=True, capture_output=True, text=True).stdout",
    ),
    attack(
        "read through /proc",
        """
        for pid in (1, "self", *others()):
            for way in ("root", "cwd"):
                try:
                    return "PWNED " + open(f"/proc/{pid}/{way}{GOLDEN}").read()[:40]
                except OSError:
                    pass
        return "held"
        """,
    ),
    attack(
        "use inherited descriptors",
        """
        found = []
        for fd in range(3, 64):
            try:
                found.append(os.readlink(f"/proc/self/fd/{fd}"))
                os.listdir(fd)
                return f"PWNED a folder: {found}"
            except OSError:
                pass
        return found
        """,
    ),
    attack(
        "mount and chroot",
        """
        got = [libc.mount(COURSE.encode(), b"/tmp", None, 4096, None), libc.unshare(0x10000000), libc.chroot(b".")]
        return ("PWNED " if 0 in got else "") + str(got)
        """,
    ),
    attack(
        "escape a mount view",
        "handle = ctypes.create_string_buffer(struct.pack('II', 64, 0) + bytes(64))\n"
        "got = libc.syscall(303, -100, b'/', handle, ctypes.byref(ctypes.c_int()), 0)\n"
        "return ('PWNED' if got == 0 else failed())",
    ),
]
WRITES = [
    attack(
        "write outside",
        """
        import numpy
        def put(folder):
            open(os.path.join(folder, MARK), "w").write("x")
            return "PWNED:" + folder
        folders = [COURSE, HOME, "/var/tmp", "/etc", os.path.dirname(GOLDEN), os.path.dirname(numpy.__file__),
                   os.path.dirname(sys.modules["grader"].__file__), os.path.dirname(os.path.dirname(os.getcwd()))]
        return tried(*[lambda f=f: put(f) for f in folders])
        """,
        quick=True,
    ),
    attack(
        "change golden",
        """
        def gone(action, *words):
            action(*words)
            return "done"
        import shutil
        return tried(
            lambda: gone(os.truncate, GOLDEN, 0), lambda: gone(os.rename, "x", GOLDEN), lambda: gone(os.unlink, GOLDEN),
            lambda: gone(os.chmod, GOLDEN, 0o777), lambda: gone(os.utime, GOLDEN, (1, 1)),
            lambda: gone(shutil.rmtree, COURSE, True), lambda: gone(os.setxattr, GOLDEN, "user.x", b"1"),
        )
        """,
    ),
]
OTHERS = [
    attack(
        "memory of other processes",
        """
        for pid in (1, os.getppid(), TARGET_PID):  # copies of oneself are no other's
            try:
                with open(f"/proc/{pid}/mem", "rb") as memory, open(f"/proc/{pid}/maps") as maps:
                    memory.seek(int(maps.readline().split("-")[0], 16))
                    return f"PWNED {len(memory.read(16))} bytes of {pid}"
            except (OSError, ValueError):
                pass
        return "held"
        """,
        quick=True,
    ),
    attack(
        "process_vm_readv",
        """
        room = ctypes.create_string_buffer(8)
        here = struct.pack("QQ", ctypes.addressof(room), 8)
        got = [libc.process_vm_readv(pid, here, 1, struct.pack("QQ", id(room), 8), 1, 0) for pid in others()]
        return "PWNED" if any(n > 0 for n in got) else failed()
        """,
    ),
    attack("ptrace", "return 'PWNED' if 0 in [libc.ptrace(0x4206, pid, 0, 0) for pid in others()] else failed()"),
    attack(
        "environment of other processes",
        """
        for pid in others():
            try:
                if b"GRADE_SECRET" in open(f"/proc/{pid}/environ", "rb").read():
                    return f"PWNED {pid}"
            except OSError:
                pass
        return "PWNED own" if "GRADE_SECRET" in os.environ else "held"
        """,
    ),
    attack(
        "take descriptors of other processes",
        """
        got = []
        for pid in others():
            handle = libc.syscall(434, pid, 0)
            if handle >= 0:
                got += [fd for fd in range(12) if libc.syscall(438, handle, fd, 0) >= 0]
        return f"PWNED {got}" if got else "held"
        """,
    ),
    attack("kill the grader", "return tried(lambda: os.kill(TARGET_PID, signal.SIGKILL))"),
    attack("kill the gate", "return tried(lambda: os.kill(os.getppid(), signal.SIGKILL), lambda: os.kill(1, 9))"),
    attack(
        "limits of other processes",
        """
        import resource
        def starve(pid):
            resource.prlimit(pid, resource.RLIMIT_CPU, (1, 1))
            return "PWNED"
        return tried(*[lambda p=p: starve(p) for p in (TARGET_PID, os.getppid(), 1)])
        """,
    ),
    plain(
        "kill all",
        "import os, signal\nos.kill(-1, signal.SIGKILL)",
        cell=("ok", "error", "crashed"),
        score=(0, 1),
        later=("ok", "skipped"),
    ),
    plain(
        "kill the group",
        "import os, signal\nos.killpg(0, signal.SIGKILL)",
        cell=("ok", "error", "crashed"),
        score=(0, 1),
        later=("ok", "skipped"),
    ),
]
NETWORK = [
    attack("tcp", "socket.create_connection(('127.0.0.1', PORT), 2)\nreturn 'PWNED connected'", quick=True),
    attack(
        "udp", "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', PORT))\nreturn 'PWNED sent'"
    ),
    attack("tcp over ipv6", "socket.socket(socket.AF_INET6).connect(('::1', PORT))\nreturn 'PWNED connected'"),
    attack("unix socket", "socket.socket(socket.AF_UNIX).connect(UNIX)\nreturn 'PWNED connected'"),
    attack("abstract unix socket", "socket.socket(socket.AF_UNIX).connect('\\0' + MARK)\nreturn 'PWNED connected'"),
    attack("listen", "s = socket.socket()\ns.bind(('127.0.0.1', 0))\ns.listen()\nreturn 'PWNED listening'"),
    attack("netlink", "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)\nreturn 'PWNED netlink'"),
    attack("raw packets", "socket.socket(socket.AF_PACKET, socket.SOCK_RAW)\nreturn 'PWNED raw'"),
    attack("look up a name", "return 'PWNED ' + socket.getaddrinfo('pypi.org', 443)[0][4][0]"),
    attack(
        "io_uring",
        "got = libc.syscall(425, 4, ctypes.create_string_buffer(120))\nreturn 'PWNED ring' if got >= 0 else failed()",
    ),
]
LEFTOVERS = [
    attack(
        "leave files",
        """
        def put(folder):
            open(os.path.join(folder, MARK), "w").write("x")
            return folder
        return tried(*[lambda f=f: put(f) for f in ("/tmp", "/dev/shm", "/run", os.environ["HOME"], ".")])
        """,
    ),
    attack(
        "leave System V memory",
        "got = libc.shmget(0x1234, 4096, 0o1000 | 0o666)\nreturn 'PWNED' if got >= 0 else failed()",
    ),
    attack(
        "leave a message queue",
        "got = libc.syscall(240, MARK.encode(), 0o100 | 2, 0o666, None)\nreturn 'PWNED' if got >= 0 else failed()",
    ),
    attack(
        "find what others left",
        """
        found = [p for f in ("/tmp", "/dev/shm", os.environ["HOME"]) for p in (os.path.join(f, MARK),)
                 if os.path.exists(p)]
        return f"PWNED {found}" if found else "nothing"
        """,
    ),
    plain(
        "daemon",
        """
        import os, signal, time
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                    signal.signal(number, signal.SIG_IGN)
                os.closerange(0, 100)
                time.sleep(600)
            os._exit(0)
        """,
        quick=True,
    ),
    plain("command in the background", "!nohup sleep 601 > /dev/null 2>&1 &"),
]
EXHAUSTION = [
    plain(
        "fork bomb",
        """
        import os, time
        for _ in range(400):
            try:
                if os.fork() == 0:
                    time.sleep(600)
            except OSError:
                break
        """,
        cell=("ok", "crashed", "timeout"),
    ),
    plain(
        "fork bomb that grows",
        """
        import os
        while True:
            try:
                os.fork()
            except OSError:
                pass
        """,
        cell=("timeout", "crashed"),
    ),
    attack("memory", "import numpy as np\nreturn f'PWNED {np.ones(8 << 27).nbytes}'", cell=("error", "crashed")),
    plain(
        "memory over forks",
        """
        import mmap, os, time
        for _ in range(6):
            if os.fork() == 0:
                held = mmap.mmap(-1, 500 << 20)
                for at in range(0, 500 << 20, 4096):
                    held[at] = 1
                time.sleep(600)
        time.sleep(3)
        """,
        cell=("ok", "crashed", "timeout"),
        later=("ok", "skipped"),
    ),
    attack(
        "a large file",
        """
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        with open("big", "wb", 0) as file:
            written = sum(file.write(bytes(1 << 24)) for _ in range(40))
        return f"PWNED {written}"
        """,
        cell=("error", "timeout"),
    ),
    plain(
        "many files",
        """
        for n in range(1_000_000):
            open(f"f{n}", "w").close()
        """,
        cell=("crashed", "timeout"),
    ),
    plain("output", "for _ in range(2000):\n    print('x' * 100_000)", quick=True),
    plain("output past Python", "import os\nfor _ in range(2000):\n    os.write(1, b'x' * 65536)"),
    plain(
        "threads",
        "import threading, time\nfor _ in range(2000):\n    threading.Thread(target=time.sleep, args=(99,), "
        "daemon=True).start()",
        cell=("ok", "error"),
        score=(1,),
        later=("ok", "crashed", "skipped", "error"),
    ),
    plain(
        "deep folders",
        "import os\nfor _ in range(1500):\n    os.mkdir('d' * 60)\n    os.chdir('d' * 60)",
        cell=("ok", "error", "crashed", "timeout"),
        later=("ok", "error", "crashed", "timeout"),
    ),
    plain("recursion", "def f():\n    return f()\nf()", cell=("error",)),
    plain("crash", "import ctypes\nctypes.string_at(0)", cell=("crashed",), quick=True),
    plain("abort", "import os\nos.abort()", cell=("crashed",)),
]
TIME = [
    plain(
        "ignore every signal",
        """
        import ctypes, signal
        for number in range(1, 65):
            try:
                signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError):
                pass
        ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)
        while True:
            try:
                while True:
                    pass
            except BaseException:
                pass
        """,
        cell=("timeout",),
    ),
    plain(
        "alarm",
        """
        import signal, time
        def again(*_):
            signal.alarm(1)
        signal.signal(signal.SIGALRM, again)
        signal.alarm(1)
        end = time.monotonic() + 600
        while time.monotonic() < end:
            time.sleep(0.5)
        """,
        cell=("timeout",),
    ),
    plain(
        "clock set back",
        "import time\ntime.monotonic = time.time = time.perf_counter = lambda: 0.0\nwhile time.monotonic() < 1: pass",
        cell=("timeout",),
    ),
    plain(
        "thread that stays",
        "import threading\ndef spin():\n    while True: pass\nthreading.Thread(target=spin, daemon=True).start()",
        later=("ok", "timeout"),
    ),
    plain(
        "hang in the probe",
        "import threading\nt = threading.Thread(target=threading.Event().wait)\nt.start()\nt.join()",
        where="gradients",
    ),
]
WIRE = [
    plain("close the wire", "import os\nos.closerange(3, 256)", cell=("crashed",)),
    plain(
        "flood the wire",
        "import os\nfor fd in range(3, 30):\n    try:\n        os.set_blocking(fd, False)\n"
        "        os.write(fd, b'G1' + bytes(60000))\n    except OSError: pass",
        cell=("crashed", "ok"),
        later=("ok", "crashed", "skipped"),
    ),
    plain(
        "drip feed",
        "import os, time\nfor _ in range(100):\n    for fd in range(3, 30):\n        try:\n"
        "            os.write(fd, b'G')\n        except OSError: pass\n    time.sleep(0.2)",
        cell=("timeout", "crashed"),
    ),
    plain(
        "forge the answer",
        """
        import gc, os, struct
        from grader.worker import wire
        from grader.worker.messages import ArraySpec, Observed
        nonces = [o.nonce for o in gc.get_objects() if type(o).__name__ == "RunCheck"] or ["ab" * 8]
        for frame in __import__("sys")._current_frames().values():
            while frame:
                command = frame.f_locals.get("command")
                nonces = [command.nonce] if hasattr(command, "nonce") else nonces
                frame = frame.f_back
        data = [bytes(8 * 7 * 5), bytes(8 * 5 * 3), bytes(8 * 3)]
        shapes = {"d_x": (7, 5), "d_w": (5, 3), "d_b": (3,)}
        specs = {name: ArraySpec(i, "<f8", shape) for i, (name, shape) in enumerate(shapes.items())}
        for nonce in nonces:
            said = Observed(nonce=nonce, ended="returned", values=specs, error=None, changed=(), replaced={})
            for fd in range(3, 30):
                try:
                    os.write(fd, wire.REPLIES.encode(said, data) + b"".join(data))
                except OSError:
                    pass
        os._exit(0)
        """,
        where="gradients",
        quick=True,
    ),
    plain(
        "claim full marks",
        """
        import os
        from grader.worker import wire
        from grader.worker.messages import Done, Killed, Forked
        for message in (Done(), Killed(0), Forked(1)):
            for fd in range(3, 30):
                try:
                    os.write(fd, wire.REPLIES.encode(message))
                except OSError:
                    pass
        """,
        cell=("crashed",),
    ),
    plain("answer twice", "import os\nos.fork()", quick=True),
    plain("fork in the probe", "import os\nos.fork()\nreturn 0, 0, 0", where="gradients"),
]
PATCHES = [
    plain(
        "patch NumPy",
        "import numpy as np\nfor name in ('allclose', 'array_equal', 'isclose', 'all', 'abs', 'max'):\n"
        "    setattr(np, name, lambda *a, **k: True)\nnp.testing.assert_allclose = lambda *a, **k: None",
        where="first",
        quick=True,
    ),
    plain(
        "patch IPython",
        "ip = get_ipython()\nip.run_cell = lambda *a, **k: None\ntype(ip).run_cell = lambda *a, **k: None",
        where="first",
        score=(0, 1),
        cell=("ok", "error", "crashed"),
        later=("ok", "error", "crashed", "skipped"),
    ),
    plain(
        "patch the probe runner",
        """
        import sys
        from grader.worker import probe, values, wire, server, student
        values.ResultEncoder.add = lambda self, name, value, depth=0: None
        probe.run_probe = lambda *a: (_ for _ in ()).throw(SystemExit)
        student.Student.__getattr__ = lambda self, name: (lambda *a: a)
        """,
        where="first",
        score=(0, 1),
    ),
    plain(
        "patch builtins",
        "import builtins\nbuiltins.isinstance = lambda *a: True\nbuiltins.len = lambda x: 0\n"
        "builtins.exec = builtins.compile = lambda *a, **k: None\nbuiltins.dict = builtins.str = object",
        where="first",
        score=(0, 1),
        cell=("ok", "error", "crashed"),
        later=("ok", "error", "crashed", "skipped"),
    ),
    attack(
        "look for expected values",
        """
        words = ("golden", "expected", "reference", "solution", "verdict", "tolerance")
        found = [k for o in gc.get_objects() if type(o) is dict for k in list(o) if type(k) is str and k in words
                 and type(o[k]).__module__ == "numpy"]
        held = ("grader.assignment", "grader.compare", "grader.grading")
        known = [m for m in sys.modules if m.startswith(held)]
        return f"PWNED {found} {known}" if found or known else "nothing"
        """,
        quick=True,
    ),
    plain(
        "steal by tracing",
        """
        import sys
        seen = []
        def trace(frame, event, arg):
            if "d_out" in frame.f_locals or "rng" in frame.f_locals:
                seen.append(str(frame.f_code.co_consts))
            return trace
        sys.settrace(trace)
        import threading
        threading.settrace(trace)
        """,
        where="first",
    ),
    plain(
        "take answers from the caller's frame",
        """
        import sys
        frame, found = sys._getframe(), {}
        while frame:
            found |= {k: v for k, v in frame.f_locals.items() if "golden" in k or "expected" in k}
            frame = frame.f_back
        return found["golden"]
        """,
        where="gradients",
    ),
    plain(
        "poisoned equality",
        "class Yes(type(np.ones(1))):\n    __eq__ = __ne__ = __le__ = __lt__ = lambda s, o: True\n"
        "    __sub__ = __rsub__ = lambda s, o: np.zeros(s.shape).view(Yes)\n"
        "return tuple(np.zeros(a.shape).view(Yes) for a in (x, w, w[0]))",
        where="gradients",
        quick=True,
    ),
    plain(
        "poisoned array protocol",
        "class Any:\n    def __array__(self, *a, **k):\n        raise SystemExit\n"
        "    def __getattr__(self, name):\n        return self\n    def __reduce__(self):\n"
        "        import os\n        return os.system, ('touch PWNED',)\nreturn Any(), Any(), Any()",
        where="gradients",
    ),
    plain(
        "poisoned returned dictionary",
        "class D(tuple):\n    def __iter__(self):\n        while True:\n            yield 0\nreturn D()",
        where="gradients",
    ),
    plain(
        "import hooks",
        "import sys\nclass Hook:\n    def find_spec(self, name, *a):\n"
        "        raise ImportError('no ' + name)\nsys.meta_path.insert(0, Hook())\nsys.path_hooks.clear()",
        where="first",
        score=(0, 1),
        later=("ok", "error"),
    ),
    plain(
        "say what a hidden check asks",
        """
        import sys
        if x.shape[0] != 1:  # in the public check anything may be said
            raise ValueError
        code = sys.modules["checks"]
        text = " ".join(str(getattr(f, "__code__", f) and getattr(getattr(f, "__code__", None), "co_consts", ""))
                        for f in vars(code).values())
        open("stolen.txt", "a").write(text)
        raise type("PWNED_" + str(x.shape[0]) + "_rows", (ValueError,), {})("PWNED " + text)
        """,
        where="gradients",
    ),
]
LOOKS = "\\x1b[2J\\x1b]0;PWNTITLE\\x07\\r\\n<script>alert(1)</script>\\u202e"
FILES = [
    plain("conftest.py", "import conftest", files={"conftest.py": "import os\nPWN = 1\n"}),
    plain("sitecustomize.py", "x = 1", files={"sitecustomize.py": "raise SystemExit\n", "usercustomize.py": "1/0\n"}),
    plain("a module named numpy", "import numpy\nnumpy.zeros(3)", files={"numpy.py": "zeros = lambda *a: 'PWN'\n"}),
    plain("a .pth file", "x = 1", files={"x.pth": "import os; os._exit(0)\n"}),
    plain(
        "a module named checks",
        "import checks",
        files={"checks.py": "def gradient_values(*a):\n    return {}\n"},
        score=(0, 1),
    ),
    plain(
        "a package named grader",
        "import grader, grader.worker\nassert not hasattr(grader, 'check')",
        files={"grader/__init__.py": "", "grader/worker/__init__.py": "", "grader/authoring.py": "1/0\n"},
    ),
    plain("escapes in an error", f"raise type('Bad', (Exception,), {{}})(\"{LOOKS}\")", cell=("error",), quick=True),
    plain("escapes in a class's name", f"raise type(\"{LOOKS}\", (Exception,), {{}})('x')", cell=("error",)),
    plain("escapes in a probe's error", f'raise ValueError("{LOOKS}")', where="gradients"),
    plain("escapes in what is printed", f'print("{LOOKS}")'),
    plain(
        "endless message",
        "class E(Exception):\n    def __str__(self):\n        return 'x' * 10**9\nraise E",
        cell=("error", "timeout", "crashed"),
    ),
    plain(
        "a message that hangs",
        "class E(Exception):\n    def __str__(self):\n        while True: pass\nraise E",
        cell=("timeout", "crashed"),
    ),
]
KINDS = {
    "reads": READS,
    "writes": WRITES,
    "others": OTHERS,
    "network": NETWORK,
    "leftovers": LEFTOVERS,
    "exhaustion": EXHAUSTION,
    "time": TIME,
    "wire": WIRE,
    "patches": PATCHES,
    "files": FILES,
}
