"""CI: push a teacher, fetch students by budget, and hold them against the last accepted ones."""
