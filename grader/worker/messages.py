"""The commands that the trusted side sends and the replies that a worker process gives.

Every process of a submission is the same server, so the whole vocabulary is here:

    Warm     import libraries                       -> Done
    Isolate  become the supervisor of a submission   -> Isolated
    Fork     become two; the child serves the socket
             that came along                        -> Forked (from the parent)
    Kill     end a child and reap it                -> Killed
    Sweep    end all descendants, or only strays    -> Done
    Prepare  put on the sandbox, enter the folder   -> Prepared
    Import   import one module of the submission    -> Done | Failed
    RunCell  run one notebook cell                  -> CellDone
    RunCheck run one check and exit                 -> Observed

A parked fork that nobody has sent anything yet is a *snapshot*: forked again it runs a probe, or goes on with the
notebook where another process died. All of them descend from a *supervisor*, which runs no student code and can
end them.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from grader.model import Place, StudentError
from grader.sandbox.layer import Plan
from grader.worker.plain import MAX_TEXT

# every int, text and collection of a reply has its bounds here: a worker may send anything
MAX_PROBLEMS = 50
MAX_NAMES = 1000
MAX_ABSENT = 200
MAX_FIGURES = 50
FLATTENED = "flattened"
"""The kind of an `Other` whose own values have entries of their own."""
Word = Annotated[str, Meta(max_length=200)]
Key = Annotated[str, Meta(max_length=1000)]
"""The name of a value: a dictionary's keys, one within the other."""
Sentence = Annotated[str, Meta(max_length=2000)]
Text = Annotated[str, Meta(max_length=1 << 20)]
Picture = Annotated[bytes, Meta(max_length=1 << 20)]
Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Size = Annotated[int, Meta(ge=0, le=2**40)]
WaitStatus = Annotated[int, Meta(ge=0, le=0xFFFF)]
Words = Annotated[tuple[Word, ...], Meta(max_length=MAX_ABSENT)]
Sentences = Annotated[tuple[Sentence, ...], Meta(max_length=MAX_PROBLEMS)]


class Warm(Struct, tag=True, frozen=True):
    """Import these modules; a missing one is no error."""

    modules: tuple[str, ...]
    draw: bool = True
    """Whether figures will be drawn: Matplotlib then loads now what drawing needs."""


class Isolate(Struct, tag=True, frozen=True):
    """Be the process that all of one submission's descend from, in namespaces of its own if they are wanted."""

    plan: Plan
    namespaces: bool


class Fork(Struct, tag=True, frozen=True):
    """Fork; a socket for the child comes with this frame. A `private` child is sealed before it receives anything."""

    private: bool = False


class Kill(Struct, tag=True, frozen=True):
    """Kill the child `pid` if it still runs, and reap it."""

    pid: int


class Sweep(Struct, tag=True, frozen=True):
    """Kill and reap every descendant."""

    keep: tuple[int, ...] = ()
    """Process ids to leave alone; if there are any, what they have started is left alone too, unless `hard`."""
    hard: bool = False


class Prepare(Struct, tag=True, frozen=True, kw_only=True):
    """Enter the submission's folder; sizes in bytes."""

    folder: str
    run_folder: str
    """Where the cells run: the notebook's folder, first on the import path."""
    stand_ins: tuple[str, ...]
    compat: str | None
    names: dict[str, tuple[Place, ...]]
    seed: int
    home: str
    """A folder for what libraries keep in one's home."""
    output: int
    """Text kept of one cell's output."""
    observation: int
    pictures: int = 0
    """Bytes of one cell's figures as PNG; 0 draws none."""


class Import(Struct, tag=True, frozen=True):
    module: str


class RunCell(Struct, tag=True, frozen=True, kw_only=True):
    """Run a cell; with `definitions_after` only its imports, functions and classes below that line (0: all)."""

    index: int
    source: str
    definitions_after: int | None = None
    seconds: float = 0.0
    """After which it is interrupted, so that what it has computed is kept; 0 for never."""
    draw: bool = True
    """Whether its figures are drawn, where `Prepare.pictures` lets any be."""


class Replacement(Struct, frozen=True):
    """Reference definitions for one name: the text of the file that defines it."""

    name: str
    source: str
    module: str
    """Import name of the file in the submission, so that relative imports in it resolve; empty for a notebook."""


class RunCheck(Struct, tag=True, frozen=True, kw_only=True):
    """Run the function `function` of a check file; `nonce` must come back."""

    nonce: str
    function: str
    code: bytes
    """Compiled code by file name (marshal), the probe's last: from the trusted side, on the same interpreter."""
    seed: int
    gradient: bool = False
    """Whether the function returns a forward and a backward pass, of which values near the point are wanted."""
    calls: tuple[str, ...] = ()
    """Functions of which it is to be said whether the student's code calls them."""
    private: bool
    """Hidden check or follow-through: of an exception only its type and the student's line may be shown."""
    replacements: tuple[Replacement, ...] = ()


Command = Warm | Isolate | Fork | Kill | Sweep | Prepare | Import | RunCell | RunCheck


class Done(Struct, tag=True, frozen=True):
    absent: Words = ()
    """Packages that placeholders stood in for."""


class Failed(Struct, tag=True, frozen=True):
    error: StudentError


class Isolated(Struct, tag=True, frozen=True):
    """The layers that are on around the submission, and a sentence for each that is not."""

    layers: Words
    problems: Sentences


class Prepared(Struct, tag=True, frozen=True):
    """The same for the process itself, and what the compatibility shim raised."""

    layers: Words
    problems: Sentences
    error: StudentError | None


class Forked(Struct, tag=True, frozen=True):
    pid: Count


class Killed(Struct, tag=True, frozen=True):
    """`status` as `os.waitpid` gives it, or None when there was no such child."""

    status: WaitStatus | None


class CellDone(Struct, tag=True, frozen=True, kw_only=True):
    error: StudentError | None
    interrupted: bool = False
    """Whether it had run for `RunCell.seconds`."""
    through: bool = False
    """With an error at an import or a plot: whether all the rest of the cell was run."""
    absent: Words = ()
    """Packages that placeholders stood in for."""
    given: Words = ()
    """Names that the failed cell would have given, and the assignment's shim gave in its place."""
    text: Text
    figures: Annotated[tuple[Sentence, ...], Meta(max_length=MAX_FIGURES)]
    """A sentence for each figure that was drawn."""
    pictures: Annotated[tuple[Picture, ...], Meta(max_length=MAX_FIGURES)] = ()
    """The figures as PNG, as far as `Prepare.pictures` goes."""


class ArraySpec(Struct, tag=True, frozen=True):
    """An array whose bytes are the frame's buffer number `buffer`, in C order."""

    buffer: Count
    dtype: Word
    shape: Annotated[tuple[Size, ...], Meta(max_length=64)]


class Other(Struct, tag=True, frozen=True):
    """A value that is no numeric array."""

    kind: Word
    detail: Word
    text: Annotated[str, Meta(max_length=MAX_TEXT)] = ""
    """What `grader.worker.plain` makes of it; empty where it is no plain value."""


class Observed(Struct, tag=True, frozen=True, kw_only=True):
    nonce: Word
    ended: Word
    """`returned`, `missing`, `error`, `failed` (by the check itself) or `unclear`."""
    values: Annotated[dict[Key, ArraySpec | Other], Meta(max_length=MAX_NAMES)]
    error: StudentError | None
    changed: Words
    replaced: Annotated[dict[Word, Count], Meta(max_length=MAX_ABSENT)]
    calls: Words = ()
    """Those of `RunCheck.calls` that were called."""
    file: Key = ""
    line: Count = 0
    """Where an exception came last through the check's own files; 0 for nowhere."""


Reply = Done | Failed | Isolated | Prepared | Forked | Killed | CellDone | Observed
