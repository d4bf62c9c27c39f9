"""The layers of the network; each file holds one."""
