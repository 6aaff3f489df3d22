"""Kinds: the ways of making something smaller that does what a neighbourhood does."""
