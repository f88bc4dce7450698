"""`python -m stellwerk` is the command."""

from stellwerk.cli import main

main()
