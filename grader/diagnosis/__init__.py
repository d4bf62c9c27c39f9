"""Names the mistake behind a failed check, from rules and from prepared wrong solutions.

Trusted side; what runs in a worker on its behalf lies in `grader.worker.experiments`.
"""
