"""Golden files: expected values as text, their provenance, and how two of them differ."""
