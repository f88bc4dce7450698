"""The program: the command, or the answer to a shell that completes a word of it."""

from __future__ import annotations

import os
import sys

from stellwerk.completion import VARIABLE, answer

__all__ = ["main"]


def main() -> None:
    """Run the command of this process, or answer the TAB key without loading it."""
    instruction = os.environ.get(VARIABLE, "")
    if instruction.startswith("complete_"):
        sys.exit(answer(instruction))
    from stellwerk import cli  # noqa: PLC0415 - loading every command takes a second

    cli.main()


if __name__ == "__main__":
    main()
