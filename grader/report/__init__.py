"""Shows a `Report`: one module per format, each a pure function of the report.

Nothing here grades, reads a submission or knows an assignment by name.
"""
