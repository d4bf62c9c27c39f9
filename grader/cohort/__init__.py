"""Many hand-ins: find them, grade them in parallel, keep every report, and tell what moved.

`store` is the durable truth and what exports are made from; `batch` runs a cohort.
"""
