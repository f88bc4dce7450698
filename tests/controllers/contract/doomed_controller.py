"""A controller that kills itself with SIGKILL at a chosen entry of its journal; not a test.

An entry is what one `Journal.append` writes: one or more records, all on the disk or none.

Imports everything once, then forks one controller per line of standard input, so that hundreds
of deaths are cheap. Each line is a JSON object ``{plan, inventory, journal, entry, moment}``; the
answer is two numbers: -9 for killed or the exit code, and how many entries were written.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from controllers.drivers import make_driver
from controllers.inventory import load_inventory
from controllers.journal import Journal
from controllers.plan_file import load_plan
from controllers.runner import apply
from controllers.steps import Limits, Note

LIMITS = Limits(step_s=8.0, patience_s=6.0, margin_s=1.0, pause_s=0.1)


class FatalJournal(Journal):
    """A journal that ends its process before or after an entry is on the disk."""

    fatal_entry = 0
    moment = "after"
    entry = 0

    def append(self, run: str, notes: Sequence[Note]) -> int:
        """Write, and die if it is time."""
        self.entry += bool(notes)
        self._die("before")
        seq = super().append(run, notes)
        self._die("after")
        return seq

    def _die(self, moment: str) -> None:
        if self.entry == self.fatal_entry and self.moment == moment:
            os.kill(os.getpid(), signal.SIGKILL)


def control(order: dict[str, object]) -> str:
    """Apply the plan of one order; exit code and number of entries."""
    plan = load_plan(Path(str(order["plan"])))
    devices = load_inventory(Path(str(order["inventory"])))
    journal = FatalJournal(str(order["journal"]))
    journal.fatal_entry, journal.moment = int(str(order["entry"])), str(order["moment"])
    with journal:
        result = apply(plan, devices, make_driver, journal, limits=LIMITS)
    return f"{result.exit_code} {journal.entry}"


def main() -> None:
    """Fork a controller per order until the input ends."""
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            sys.stdout.write(control(json.loads(line)) + "\n")
            sys.stdout.flush()
            os._exit(0)
        if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL:
            sys.stdout.write("-9 0\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
