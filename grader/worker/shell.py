"""The notebook's shell: IPython's own, with its outputs kept as bounded text and its figures described.

So magics, `display`, `_` and `get_ipython()` work as a student knows them, without a kernel's second of start-up.
What another machine or a person would be needed for (installing packages, input, opening windows) does nothing.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
from typing import Any

from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

from grader.worker.compat.autoreload import Extensions, add_reloading

NOT_HERE = re.compile(r"^\s*(sudo|pip3?|conda|mamba|apt(-get)?|brew|wget|curl|git|python3? -m pip)\b")
"""Commands that would change or need another machine: skipped, as there is no network and nothing to install to."""
CUT = "\n[output cut here]\n"


class Sink:
    """The text of the running cell's outputs, in order, up to `limit` characters."""

    def __init__(self) -> None:
        self.limit = 65536
        self.begin()

    def begin(self) -> None:
        self.pieces: list[str] = []
        self.size = 0

    def add(self, text: str) -> None:
        if self.size >= self.limit:
            return
        room = self.limit - self.size
        self.pieces.append(text if len(text) <= room else text[:room] + CUT)
        self.size += len(text)

    def text(self) -> str:
        """What was printed, fit to be sent: half a surrogate pair is none of any encoding."""
        return "".join(self.pieces).encode("utf-8", "replace").decode()


class Stream(io.TextIOBase):
    """`sys.stdout` or `sys.stderr` of the cells."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, sink: Sink, descriptor: int) -> None:
        self._sink = sink
        self._descriptor = descriptor

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._sink.add(text)
        return len(text)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor


class _Results(DisplayHook):
    """The value of a cell's last line, as text."""

    sink: Sink

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: dict[str, Any], md_dict: dict[str, Any] | None = None) -> None:
        self.sink.add(str(format_dict.get("text/plain", "")) + "\n")

    def finish_displayhook(self) -> None:
        pass


class _Displays(DisplayPublisher):
    """`display(...)`, as text: what `Markdown`, `Latex` and `HTML` show, and not that they are objects."""

    sink: Sink

    def publish(self, data: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        text = str(data.get("text/plain", ""))
        if text.startswith("<IPython.core.display."):
            text = str(data.get("text/markdown") or data.get("text/latex") or data.get("text/html") or text)
        try:
            sys.stdout.write(text + "\n")  # which a check may have redirected
        except Exception:  # the stream is the student's to replace
            self.sink.add(text + "\n")

    def clear_output(self, wait: bool = False) -> None:
        pass


class _Compiler(CachingCompiler):
    """Names each cell by its place in the notebook, so that a traceback's line can be shown to the student."""

    cell = 0

    def get_code_name(self, raw_code: str, transformed_code: str, number: int) -> str:
        return f"<cell {self.cell}>"


class ZMQInteractiveShell(InteractiveShell):
    """IPython's shell under the name by which libraries recognise a notebook."""

    compiler_class = Type(_Compiler)
    compile: _Compiler
    sink: Sink

    def init_extension_manager(self) -> None:
        self.extension_manager = Extensions(shell=self, parent=self)
        self.configurables.append(self.extension_manager)  # type: ignore[arg-type]  # the list takes any

    def enable_gui(self, gui: str | None = None) -> None:
        """No event loop of a window system here."""

    def enable_matplotlib(self, gui: str | None = None) -> tuple[str, str]:
        """`%matplotlib inline` and its like: figures are drawn by Agg whatever is asked."""
        return "agg", "agg"

    def run_line_magic(self, magic_name: str, line: str, _stack_depth: int = 1) -> Any:
        """`%magic`; one that only the student's machine has does nothing."""
        if self.find_line_magic(magic_name) is None:
            self.sink.add(f"[not run while grading: %{magic_name} {line.strip()[:80]}]\n")
            return None
        return super().run_line_magic(magic_name, line, _stack_depth + 1)

    def without_unknown_magics(self, source: str) -> str:
        """The cell without the cell magics at its top that only the student's machine has; the rest is its code."""
        lines = source.split("\n")
        for number, line in enumerate(lines):
            if line.startswith("%%"):
                name = line[2:].split(maxsplit=1)[0] if line[2:].split() else ""
                if not name.isidentifier() or self.find_cell_magic(name) is not None:
                    break
                self.sink.add(f"[not run while grading: {line.strip()[:80]}]\n")
                lines[number] = ""
            elif line.strip():
                break
        return "\n".join(lines)

    def magic(self, arg_s: str) -> Any:
        """The call that IPython had up to version 8."""
        name, _, line = arg_s.lstrip().lstrip("%").partition(" ")
        return self.run_line_magic(name, line.strip())

    def ask_exit(self) -> None:
        """`exit` and `quit` end nothing, as in a notebook that is run as a whole."""

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        """The exception travels as data."""

    def showtraceback(self, *args: Any, **kwargs: Any) -> None:
        """As above; IPython's formatting would cost 50 ms for each."""

    def _format_exception_for_storage(self, exception: BaseException, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """IPython's history of errors, which nobody reads here; a deep recursion would take it a second."""
        return {"ename": type(exception).__name__, "evalue": "", "traceback": []}

    def showsyntaxerror(self, *args: Any, **kwargs: Any) -> None:
        """As above."""

    def system(self, cmd: str) -> None:
        """`!command`: its output goes to the cell's, cut like it."""
        command = self.var_expand(cmd, depth=1)
        if NOT_HERE.match(command):
            self.sink.add(f"[not run while grading: {command.strip()[:80]}]\n")
            return
        running = subprocess.Popen(
            command, shell=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert running.stdout is not None
        self.sink.add(running.stdout.read(self.sink.limit).decode("utf-8", "replace"))
        running.stdout.close()  # a command that keeps printing gets a broken pipe
        self.user_ns["_exit_code"] = running.wait()

    system_piped = system_raw = system


NotebookShell = ZMQInteractiveShell


def make_shell() -> ZMQInteractiveShell:
    """Build the shell (once in a process; forks inherit it) and send this process's standard streams to it."""
    config = Config()
    config.HistoryManager.enabled = False  # its thread would break forking
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.display_page = True
    config.InteractiveShell.banner1 = ""
    shell = ZMQInteractiveShell.instance(config=config)
    sink = Sink()
    shell.sink = sink
    shell.display_pub = _Displays(parent=shell, shell=shell)
    shell.display_pub.sink = sink
    shell.displayhook = _Results(parent=shell, shell=shell, cache_size=shell.cache_size)
    shell.displayhook.sink = sink
    shell.db = {}  # where `%cd` notes its folders: a file of IPython's, which student code may not write
    shell.display_trap.hook = shell.displayhook
    for magic in ("pip", "conda", "mamba", "uv", "micromamba"):
        shell.register_magic_function(_ignored, "line", magic)  # type: ignore[arg-type]  # called with the line alone
    add_reloading(shell)
    sys.stdout = sys.__stdout__ = Stream(sink, 1)  # type: ignore[assignment,misc]  # as much as IPython asks
    sys.stderr = sys.__stderr__ = Stream(sink, 2)  # type: ignore[assignment,misc]  # the same
    return shell


def restore_streams() -> None:
    """Give back the standard streams that a cell has set to None, which would cost all those after it."""
    if sys.stdout is None or sys.stderr is None:
        sink = NotebookShell.instance().sink
        sys.stdout = sys.stdout or Stream(sink, 1)
        sys.stderr = sys.stderr or Stream(sink, 2)


def _ignored(line: str) -> None:
    """Installing packages does nothing while grading."""
