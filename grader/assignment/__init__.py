"""Assignments on disk: find, load and lint them, generate hand-outs, keep golden files.

`course` finds the course and its assignments, `load` builds one `grader.model.Assignment` (from `manifest`, the toml,
and `checkfile`, the probes, whose files `checksource` joins), `edits` reads the wrong and right rewrites, `authored`
any Python of an author, `markers` and `percent` turn solution sources into what a student gets, `release` writes
hand-outs, `golden` the recorded arrays, `lint` finds what does not fit together, `new` starts an assignment. Nothing
here runs student code or compares numbers for a score.
"""
