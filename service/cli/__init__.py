"""The command line, one module a noun.

Answers go to standard output, as JSON with --json; everything else goes to standard error.

Exit codes: 0 done, 1 failed with one sentence that says why, 2 wrong usage, 3 cancelled, 4 no
student keeps within the budget, 5 the service is out of reach, 124 not done in the time that
--timeout gave, 130 interrupted.
"""

from service.cli.main import app, main

__all__ = ["app", "main"]
