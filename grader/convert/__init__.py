"""Assignments from and to other forms: a solution notebook, jupytext's text, nbgrader, otter."""
