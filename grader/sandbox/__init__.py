"""Layers that keep student code in: each small, each optional, each found to work by trying it.

`kernel` makes the system calls; `landlock`, `seccomp`, `user`, `rlimits` and `namespaces` are the layers; `view` lists
what a worker may read; `confine` applies them in a worker; `tiers` ranks a set of layers; `watchdog` counts memory,
processes and disk from outside; `bubblewrap` stands in for namespaces; `doctor` tests each layer for `grade doctor`,
with `advice` on what would help.
"""
