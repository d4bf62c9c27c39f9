"""Reads a submission's source: notebooks, definitions, modules, anchors. Executes nothing."""
