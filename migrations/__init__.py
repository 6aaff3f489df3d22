"""The database's history, one revision a file, applied by `Database.migrate`."""
