"""From a path to a laid-out working folder: gather, unpack, identify, lay out."""
