"""What students take for something else, whatever the assignment: changes of arrays and other formulas, with words."""
