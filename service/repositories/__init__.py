"""Repositories: the queries, one module a table. Each function works in its caller's transaction,
takes and returns plain values, and never lets a row out."""
