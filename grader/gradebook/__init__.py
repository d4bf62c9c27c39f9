"""Fills in the gradebooks of learning platforms: Canvas, Moodle, Brightspace, Blackboard."""
