"""`%grade` inside a Jupyter notebook: the public checks of a part, asked about the live objects.

Runs in the student's own kernel, beside the student's own work, so it holds nothing that the hand-out does not have.
"""

IN_CHECK = "GRADE_IN_CHECK"
"""Set in the environment of a check's child: `%grade` does nothing there."""
