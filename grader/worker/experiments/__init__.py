"""Experiments beside student code or the reference's: layer behaviour, wrapped functions, fingerprints."""
