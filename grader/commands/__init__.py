"""The commands of `grade`: one module each, and the table that names them.

A command's module has `DESCRIPTION`, `add_arguments(parser)` and `run(args)`, which returns the exit code, and
`EPILOG` where its help has one. A module imports the heavy parts of the grader inside its functions: `grade --help`
must not load NumPy.
"""

from __future__ import annotations

REGISTRY = {
    "run": "grade a submission; `grade SUBMISSION` is the same",
    "golden": "record what the reference computes, or compare with it",
    "release": "make the students' hand-out from the sources",
    "lint": "look for mistakes in an assignment",
    "new": "start an assignment",
    "doctor": "say which layers of the sandbox work here, and what would help",
    "batch": "grade many submissions: a folder, or a platform's download as it comes",
    "summary": "show the results of a batch, in the terminal or as a page",
    "diff": "say whose score moved between two batches, by which check, and why",
    "similar": "show which students of a batch wrote alike",
    "merge": "join the stores of shards into one",
    "decide": "decide what a student ends with where grading cannot say it",
    "export": "export scores (Canvas, Moodle, Brightspace, Blackboard, CSV) or a Gradescope autograder",
    "mark": "mark what people must mark, on a page of this machine",
    "import": "take in an assignment of nbgrader or otter, or marks from a CSV file",
}
"""Name to what `grade --help` says of it; `grader.commands.NAME` is its module."""
