"""Attacks on what a submission may gain, read, hide, harm and waste, as tables: a name and a line or two of code.

`RETURNED` and `RAISED` are what `linear_gradients` gives or does; `CHANNELS` is what it does with `secret`, the hidden
check's own constants, in the hidden check alone; `CALLS` run in a cell of their own and return PWNED if they got
through; `WASTED` are whole cells.
"""

from __future__ import annotations

import textwrap

from tests.hostile.attacks import Attack, attack, plain

RETURNED = {
    "an array that is masked all over": "(np.ma.masked_all(a.shape) for a in (x, w, w[0]))",
    "nothing but nan": "[np.full(a.shape, np.nan) for a in (x, w, w[0])]",
    "infinities": "[np.full(a.shape, np.inf) for a in (x, w, w[0])]",
    "complex zeros": "[np.zeros(a.shape, complex) for a in (x, w, w[0])]",
    "booleans": "[np.ones(a.shape, bool) for a in (x, w, w[0])]",
    "the inputs": "x, w, w[0]",
    "structured arrays": "[np.zeros(a.shape, [('f%d' % n, 'f8') for n in range(2000)]) for a in (x, w, w[0])]",
    "arrays of objects": "[np.full(a.shape, object()) for a in (x, w, w[0])]",
    "arrays of long texts": "[np.full(a.shape, 'x' * 100_000) for a in (x, w, w[0])]",
    "dates": "[np.zeros(a.shape, 'M8[s]') for a in (x, w, w[0])]",
    "too many dimensions": "[np.zeros((1,) * 32) for _ in range(3)]",
    "an empty array of huge shape": "[np.empty((0, 2**40)) for _ in range(3)]",
    "a view of 8 TB": "[np.broadcast_to(0.0, (2**40,)) for _ in range(3)]",
    "an array of 3 GB": "[np.zeros(3 << 27), w, w[0]]",
    "a list a million deep": "[__import__('functools').reduce(lambda a, _: [a], range(10**6), 0)] * 3",
    "a list that holds itself": "(lambda a: (a.append(a), a)[1])([1.0]), w, w[0]",
    "an endless generator": "(iter(int, 1) for _ in range(3))",
    "numbers of a million digits": "[[10 ** 10**6] * 5] * 3",
    "a range": "[range(10**12)] * 3",
    "a memory address": "[type('A', (), {'__array_interface__': dict(shape=a.shape, typestr='<f8', data=(4096, False), "
    "version=3)})() for a in (x, w, w[0])]",
    "what claims to be an array": "[type('A', (), {'__class__': property(lambda s: np.ndarray)})() for _ in range(3)]",
    "a subclass with another shape": "[np.zeros(1).view(type('A', (np.ndarray,), "
    "{'shape': property(lambda s: a.shape)})) for a in (x, w, w[0])]",
    "classes in the place of arrays": "np.ndarray, float, type",
    "a thousand names": "[type('K' + 'x' * n, (), {})() for n in range(3)]",
}
RAISED = {
    "leave it to a person": "from grader.checks import ForPerson\nraise ForPerson('look at it')",
    "leave it to a person from the check's file": "from grader.checks import ForPerson\n"
    "exec(compile('raise E', sys._getframe(1).f_code.co_filename, 'exec'), {'E': ForPerson('look at it')})",
    "say that it is not implemented": "raise NotImplementedError('PWN' * 10**6)",
    "a message that raises": "raise type('E', (Exception,), {'__str__': lambda s: 1 / 0})",
    "a message that is no text": "raise type('E', (Exception,), {'__str__': lambda s: 4})",
    "a type without a name": "raise type('', (Exception,), {'__module__': 5, '__qualname__': 'x' * 10**6})",
    "errors that cause each other": "a, b = ValueError(), KeyError()\na.__cause__, b.__cause__ = b, a\nraise a",
    "a thousand errors in one": "e = ValueError()\nfor _ in range(1000): e = ExceptionGroup('x', [e])\nraise e",
    "half a character": "raise ValueError('\\ud800\\x00' * 1000)",
    "commands for GitHub": "raise ValueError('::error file=x::PWN\\n::set-output name=a::b\\n</script>')",
    "a file of a megabyte's name": "exec(compile('1/0', 'x' * 10**6, 'exec'))",
    "a line of the hidden checks": "exec(compile('\\n' * 7 + '1/0', HIDDEN, 'exec'))",
    "a line past an int": "import types\nraise ValueError().with_traceback("
    "types.TracebackType(None, sys._getframe(), 0, 2**31 - 1))",
    "an exit": "raise SystemExit(0)",
    "an interrupt": "raise KeyboardInterrupt",
    "the end of the process": "os._exit(0)",
    "a stop": "os.kill(os.getpid(), signal.SIGSTOP)",
    "another program": "os.execv('/bin/sleep', ['sleep', '600'])",
    "closed descriptors": "os.closerange(0, 100)",
    "a child that stays": "if os.fork() == 0:\n    os.setsid()\n    time.sleep(600)\nreturn x, w, w[0]",
    "a reply by its child": "if os.fork():\n    time.sleep(600)\nreturn x, w, w[0]",
    "no memory for the reply": "import resource\nresource.setrlimit(resource.RLIMIT_AS, (1 << 20, 1 << 20))\n"
    "return x, w, w[0]",
}
CHANNELS = {
    "its message": "raise ValueError(secret)",
    "its type": "raise type(secret, (Exception,), {})",
    "its notes": "error = ValueError()\nerror.add_note(secret)\nraise error",
    "its cause": "raise ValueError from KeyError(secret)",
    "a function's name": "f = lambda: 1 / 0\nf.__code__ = f.__code__.replace(co_name=secret[:200])\nf()",
    "a file's name": "exec(compile('1/0', secret[:200], 'exec'))",
    "a missing attribute": "getattr(type(secret[:200], (), {})(), secret[:200])",
    "a warning": "import warnings\nwarnings.warn(secret)\nraise ValueError",
    "standard output": "print(secret)\nos.write(1, secret.encode())\nos.write(2, secret.encode())\nraise ValueError",
    "a file": "open('left.txt', 'w').write(secret)\nraise ValueError",
    "a file's name in the home": "open(os.environ['HOME'] + '/' + secret[:100].replace('/', ''), 'w')\n"
    "raise ValueError",
    "memory shared from before": "BOX[: len(secret)] = secret.encode()\nraise ValueError",
    "a pipe from before": "os.write(PIPE[1], secret.encode())\nraise ValueError",
    "the names of what is returned": "names = sys._getframe(1).f_globals\nclass D(dict):\n    def items(self):\n"
    "        return [(secret, 1)]\nnames['dict'] = D\nreturn type(secret[:100], (), {})(), 1, 1",
    "kinds of what is returned": "return [type(secret[:100], (), {})() for _ in range(3)]",
    "texts that are returned": "return [np.array([secret])] * 3",
    "the inputs' names": "sys._getframe(1).f_locals['rng'].__dict__[secret] = x\nx[:] = 0\nraise ValueError",
    "an exit code": "os._exit(42)",
    "a dead man's words": "class A:\n    def __del__(self):\n        raise ValueError(secret)\nkept = A()\n"
    "raise KeyError(secret)",
    "the name of its process": "libc.prctl(15, secret.encode())\nraise ValueError",
    "the worker's own error": "sys.modules['grader.worker.wire'].send = None\nraise ValueError(secret)",
}
CALLS = {
    "a real-time priority": "os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))\nreturn 'PWNED'",
    "a better priority": "os.nice(-5)\nreturn 'PWNED'",
    "a better priority for the disk": "return 'PWNED' if libc.syscall(251, 1, 0, 1 << 13) == 0 else failed()",
    "out of the kernel's reach for memory": "open('/proc/self/oom_score_adj', 'w').write('-900')\nreturn 'PWNED'",
    "another name for the machine": "return 'PWNED' if libc.sethostname(b'x', 1) == 0 else failed()",
    "another time": "time.clock_settime(time.CLOCK_REALTIME, time.time())\nreturn 'PWNED'",
    "the kernel's messages": "return 'PWNED' if libc.klogctl(3, ctypes.create_string_buffer(99), 99) > 0 else failed()",
    "settings of the kernel": "open('/proc/sys/kernel/core_pattern', 'w').write('x')\nreturn 'PWNED'",
    "a group of its own": "os.makedirs('/sys/fs/cgroup/x')\nreturn 'PWNED'",
    "memory of the machine": "return 'PWNED' + str(open('/proc/kcore', 'rb').read(4) + open('/dev/mem', 'rb').read(4))",
    "another user": "os.setuid(0)\nos.setresuid(0, 0, 0)\nreturn 'PWNED' if open('/etc/shadow').read() else ''",
    "a device": "os.mknod('d', 0o60600, os.makedev(8, 0))\nreturn 'PWNED'",
    "a program that runs as root": "open('p', 'w')\nos.chown('p', 0, 0)\nos.chmod('p', 0o4755)\n"
    "return 'PWNED' if os.stat('p').st_uid == 0 and os.stat('p').st_mode & 0o4000 and os.geteuid() else ''",
    "a device's times": "before = os.stat('/dev/null')\ntry:\n    os.utime('/dev/null')\nfinally:\n"
    "    return 'PWNED' if os.stat('/dev/null').st_ctime_ns != before.st_ctime_ns else ''",
    "a device's mode": "before = os.stat('/dev/null').st_mode\nfor change in (os.chmod, lambda n, m: os.fchmod("
    "os.open(n, os.O_RDWR), m), lambda n, m: libc.syscall(452, -100, n.encode(), m, 0)):\n"
    "    try:\n        change('/dev/null', 0o666 ^ 0o4000)\n    except OSError:\n        pass\n"
    "return 'PWNED' if os.stat('/dev/null').st_mode != before else ''",
    "a datagram to a socket's file": "a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
    "a.sendto(b'x', UNIX)\nreturn 'PWNED'",
    "packets in order to a socket's file": "a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)\n"
    "a.connect(UNIX)\nreturn 'PWNED'",
    "a watch on the course": "got = libc.inotify_init()\n"
    "return 'PWNED' if libc.inotify_add_watch(got, COURSE.encode(), 0xFFF) >= 0 else failed()",
    "golden by NumPy": "import numpy as np\nreturn f'PWNED {np.memmap(GOLDEN, mode=\"r\")[:8]}'",
    "golden by SQLite": "import sqlite3\nsqlite3.connect(STORE).execute('select * from sqlite_master')\nreturn 'PWNED'",
    "the hidden checks by import": "import importlib.util as u\ns = u.spec_from_file_location('h', HIDDEN)\n"
    "s.loader.exec_module(u.module_from_spec(s))\nreturn 'PWNED'",
    "the hidden checks by their lines": "import linecache\nreturn ''.join('PWNED' for _ in linecache.getlines(HIDDEN))",
    "processes of others stopped": "for pid in (TARGET_PID, 1):\n    os.kill(pid, signal.SIGSTOP)\nreturn 'PWNED'",
    "a lock on the course": "import fcntl\nfcntl.flock(open(GOLDEN), fcntl.LOCK_EX)\nreturn 'PWNED'",
}
WASTED = {
    "pictures": "from IPython.display import Image, display\nfor _ in range(3000):\n"
    "    display(Image(data=b'\\x89PNG\\r\\n' + bytes(100_000), format='png'))",
    "pages": "from IPython.display import HTML, display\nfor _ in range(300):\n    display(HTML('<b>' * 100_000))",
    "an input": "input('points? ')",
    "a value that shows itself for ever": "class A:\n    def __repr__(self):\n        while True: pass\nA()",
    "a loop of events": "import asyncio\nawait asyncio.Event().wait()",
    "a pause": "import signal\nsignal.pause()",
    "files that are open and removed": "import os\nheld = []\nfor n in range(12):\n    f = open(f'f{n}', 'wb', 0)\n"
    "    os.remove(f'f{n}')\n    held.append(f)\n    for _ in range(15):\n        f.write(bytes(1 << 24))",
    "pipes": "import os\nheld = [os.pipe() for _ in range(10_000)]",
    "timers": "import ctypes\nlibc = ctypes.CDLL(None)\nfor n in range(100_000):\n"
    "    libc.timer_create(1, None, ctypes.byref(ctypes.c_void_p()))",
    "memory that is locked": "import mmap\nheld = mmap.mmap(-1, 3 << 30, flags=0x22)\n"
    "for at in range(0, 3 << 30, 4096):\n    held[at] = 1",
    "modules": "import sys, types\nfor n in range(200_000):\n    sys.modules[f'm{n}'] = types.ModuleType(f'm{n}')",
    "a garbage collector's work": "import gc\nkept = [[] for _ in range(5_000_000)]\n"
    "for _ in range(1000):\n    gc.collect()",
    "a regular expression": "import re\nre.match('(a+)+$', 'a' * 64 + 'b')",
    "a power": "x = 9 ** 9 ** 9",
}
QUICK = (
    "a subclass with another shape",
    "leave it to a person",
    "memory shared from before",
    "a device's times",
    "pages",
)
MUCH = ("ok", "error", "timeout", "crashed")
LATER = ("ok", "error", "skipped", "crashed", "timeout")
SETUP = "import mmap, os, sys\nBOX, PIPE = mmap.mmap(-1, 1 << 16), os.pipe()\nos.set_blocking(PIPE[1], False)"
ONLY_HIDDEN = """
if x.shape[0] != 1:  # the public check
    seen = BOX[:].strip(b"\\0") or b"".join(open(n, "rb").read() for n in os.listdir(".") if n == "left.txt")
    raise ValueError("seen " + repr(seen[:2000]))
code = sys._getframe(1).f_code
secret = "PWN" + "ED " + repr((code.co_consts, code.co_names))
"""


def _in_hidden(name: str, channel: str) -> Attack:
    code = ONLY_HIDDEN.strip("\n") + "\n" + channel
    return plain(f"a hidden check's source by {name}", code, where="gradients", setup=SETUP, quick=name in QUICK)


def _drawn(name: str, code: str, words: str) -> Attack:
    return plain(f"{words} {name}", textwrap.dedent(code), where="gradients", quick=name in QUICK)


BOUNDARY = {
    "gain": [_drawn(name, f"return {code}", "return") for name, code in RETURNED.items()],
    "hide": [_drawn(name, code, "answer with") for name, code in RAISED.items()],
    "learn": [_in_hidden(name, code) for name, code in CHANNELS.items()],
    "harm": [attack(f"take {name}", code, quick=name in QUICK) for name, code in CALLS.items()],
    "waste": [
        plain(f"waste {name}", code, cell=MUCH, later=LATER, score=(0, 1), quick=name in QUICK)
        for name, code in WASTED.items()
    ],
}
