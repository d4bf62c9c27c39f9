"""Marks that a person gives: kept, applied to reports, exchanged as CSV, and entered on a page of one's own machine.

A mark belongs to an answer, not to a run: whoever has the same answer to the same question has the same mark, and a
submission that is graded again keeps it.
"""
