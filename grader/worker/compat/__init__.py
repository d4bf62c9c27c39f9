"""Keeps code written for another machine running: missing packages, removed names, reloading."""
