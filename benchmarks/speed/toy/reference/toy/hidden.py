"""No hidden checks."""
