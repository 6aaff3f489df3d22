"""A program as Python source that anybody can read and train."""
