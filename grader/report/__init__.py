"""How a `Report` is shown: one module per format, all of them pure functions of the report.

Nothing here grades, reads a submission or knows an assignment by name.
"""
