"""Gradescope: results and the autograder archive."""
