"""Which methods each path knows, for answers to those that it does not."""

from collections import defaultdict

METHODS: defaultdict[str, set[str]] = defaultdict(set)
"""By template; every route adds its own when it is defined."""
