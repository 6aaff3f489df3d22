"""Leaving with the student: the same network in files that need nothing of this project."""
