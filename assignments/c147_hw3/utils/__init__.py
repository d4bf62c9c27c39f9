"""Course helpers: gradient checks, the update rule, the Solver and the data. Provided, and not to be edited."""
