"""Matches observed arrays with prepared mistakes and chooses the best."""
