"""Radboud, assignment 1."""
