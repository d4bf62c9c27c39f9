"""Runs one submission in its worker: processes, snapshots, and the checks that are asked of them."""
