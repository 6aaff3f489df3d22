"""A network as a program, which of its axes may shrink, and where it can be cut."""
