"""Assignments on disk: loads and lints them, releases hand-outs, keeps golden files.

Nothing here runs student code or compares numbers for a score.
"""
