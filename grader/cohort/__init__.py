"""Grades many submissions in parallel and keeps every report.

`store` is the durable truth and what exports are made from; `batch` runs a cohort.
"""
