"""Gradient checks for students and authors: `check_grad`, numerical gradients, `rel_error`."""
