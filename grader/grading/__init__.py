"""Turns observations and expected values into points, with follow-through."""
