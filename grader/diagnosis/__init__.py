"""Naming a student's mistake after a failed check: rules on the arrays, and hypotheses prepared with the assignment.

Pure but for `variants`, which runs in the worker of the reference. Which observations there are to explain is for
`grader.grading`; how hypotheses are computed is `grader.hypotheses`'.
"""
