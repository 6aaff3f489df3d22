"""`python -m service.cli` is the installed command."""

from service.cli.main import main

main()
