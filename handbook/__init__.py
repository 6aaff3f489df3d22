"""Handbook: what makes docs/ into pages, and what checks them. Not installed with the service."""
