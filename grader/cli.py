"""The `grade` command: finds the command of the table, reads its arguments, and turns errors into exit codes.

What the commands do is `grader.commands`; this module stays cheap to import, since every call pays for it.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

from grader import __version__
from grader.commands import REGISTRY
from grader.errors import GraderError, require_fork

DEFAULT = "run"
"""The command of a line that starts with no command's name."""
WRONG_USAGE, FAULT, INTERRUPTED = 2, 4, 130
DEBUG = "GRADE_DEBUG"
"""The environment variable that asks for our own tracebacks, and for every stage with its time."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments (default: the process's own) and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    if os.environ.get(DEBUG):
        _log_to_stderr()
    try:
        return _dispatch(words)
    except SystemExit as stop:  # argparse has printed help or a usage error
        return stop.code if isinstance(stop.code, int) else WRONG_USAGE
    except KeyboardInterrupt:
        return INTERRUPTED
    except GraderError as error:
        return _failed(str(error), error.exit_code)
    except UnicodeEncodeError as error:
        if odd := [word for word in words if any("\ud800" <= sign <= "\udfff" for sign in word)]:
            return _failed(f"{odd[0]!a} is no UTF-8 text; rename the file, or write it in UTF-8", WRONG_USAGE)
        return _internal_fault(error)
    except Exception as error:  # ours, whatever it is: the caller is owed one line and exit code 4
        return _internal_fault(error)


def run() -> NoReturn:
    """The command as a process. After a report it ends at once: to take the interpreter apart costs a tenth of it."""
    signal.signal(signal.SIGTERM, _terminated)
    code = main()
    if "grader.engine" in sys.modules:
        with contextlib.suppress(BrokenPipeError):  # who reads has gone
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _terminated(number: int, frame: object) -> NoReturn:
    """A runner's time limit: end as by Ctrl-C, so that no process and no folder of the submission is left."""
    raise SystemExit(128 + number)


def _log_to_stderr() -> None:
    import logging

    logging.basicConfig(stream=sys.stderr, format="%(relativeCreated)6d ms %(name)s: %(message)s")
    logging.getLogger("grader").setLevel(logging.DEBUG)


def _internal_fault(error: Exception) -> int:
    return _failed(f"internal fault: {type(error).__name__}: {error}; run with {DEBUG}=1 for the trace", FAULT)


def _failed(line: str, code: int) -> int:
    """Say what went wrong; called while the exception is being handled."""
    from grader.commands.stdio import tell

    if os.environ.get(DEBUG):
        import traceback

        traceback.print_exc()
    tell(line)
    return code


def _dispatch(words: list[str]) -> int:
    if words == ["--version"]:
        print(f"grade {__version__}")
        return 0
    if not words:
        parser(DEFAULT, alias=True).print_help(sys.stderr)
        return WRONG_USAGE
    name = words[0] if words[0] in REGISTRY else ""  # a path has a separator or a suffix, and is no command's name
    args = parse(words)
    require_fork()
    return int(_module(name or DEFAULT).run(args))


def parse(words: list[str]) -> argparse.Namespace:
    """Read a command line: its first word is a command, or all of it belongs to the default one."""
    if words[0] in REGISTRY and words[0] != DEFAULT:
        own_parser = parser(words[0])
        # options may stand between positional words, but a parser with further commands of its own cannot have that
        return (
            own_parser.parse_args(words[1:]) if own_parser._subparsers else own_parser.parse_intermixed_args(words[1:])
        )
    alias = words[0] != DEFAULT
    return parser(DEFAULT, alias=alias).parse_intermixed_args(words if alias else words[1:])


def parser(name: str, *, alias: bool = False) -> argparse.ArgumentParser:
    """The arguments of one command; with `alias`, of the default one without its name, where all others are listed."""
    module = _module(name)
    made = argparse.ArgumentParser(
        prog="grade" if alias else f"grade {name}",
        description=module.DESCRIPTION,
        epilog=getattr(module, "EPILOG", None),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.add_arguments(made)
    if alias:
        width = max(map(len, REGISTRY))
        commands = "\n".join(f"  grade {name:<{width}}  {text}" for name, text in REGISTRY.items())
        made.usage = "grade SUBMISSION [options]\n       grade COMMAND ..."
        made.epilog = f"commands (each with its own --help):\n{commands}\n\n{made.epilog}"
        made.add_argument("--version", action="version", version=f"grade {__version__}")
    return made


def _module(name: str) -> Any:
    return import_module(f"grader.commands.{name}")
