"""Everything around the layers: the optimizer."""
