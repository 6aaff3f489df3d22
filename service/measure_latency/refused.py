"""Refused: what the script cannot do."""

from __future__ import annotations


class Refused(Exception):
    """What cannot be done, as a sentence."""
