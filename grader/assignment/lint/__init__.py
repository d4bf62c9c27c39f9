"""Finds what does not fit together in an assignment."""
