"""The layers and networks of this homework."""
