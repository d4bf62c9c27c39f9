"""Compares observed arrays with expected ones and says how they differ."""
