"""Every gradebook that `grade export` fills in; a new one is a module with a `GRADEBOOK` and a line here."""

from __future__ import annotations

from grader.gradebook import blackboard, brightspace, canvas, moodle
from grader.gradebook.gradebook import Gradebook

GRADEBOOKS: tuple[Gradebook, ...] = (canvas.GRADEBOOK, moodle.GRADEBOOK, brightspace.GRADEBOOK, blackboard.GRADEBOOK)
