"""Finds a course and loads an assignment from its files."""
