"""Layers that keep student code in: each small, each optional, each found to work by trying it.

`layer` is the protocol and `layers` the table; `confine` applies them in a worker, and `doctor` tests each for
`grade doctor`, with `advice` on what would help. `kernel` makes the system calls, `view` lists what a worker may read,
`tiers` ranks a set of layers.
"""
