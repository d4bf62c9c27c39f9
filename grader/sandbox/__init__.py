"""Layers that keep student code in: each small, each optional, each found to work by trying it.

`kernel` calls the kernel; `landlock`, `seccomp`, `identity`, `limits` and `namespaces` are the layers; `view` says what
a worker may read; `entering` puts them on in a worker; `tiers` says what a set of layers is worth; `watchdog` counts
memory, processes and disk from outside; `bubblewrap` stands in for namespaces; `trying` tries each layer for `grade
doctor`, and `advice` is what that says would help.
"""
