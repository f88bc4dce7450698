"""A controller that kills itself with SIGKILL at a chosen record of its journal; not a test.

Imports everything once, then forks one controller per line of standard input, so that hundreds
of deaths are cheap. Each line is a JSON object ``{plan, inventory, journal, record, moment}``; the
answer is the exit status of the controller: ``-9`` killed, otherwise its exit code.
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
    """A journal that ends its process before or after a record is on the disk."""

    record = 0
    moment = "after"
    first: int | None = None

    def append(self, run: str, notes: Sequence[Note]) -> int:
        """Write, and die if the record is among what was written."""
        last = self.records()[-1:]
        written = last[0].seq if last else 0
        if self.first is None:
            self.first = written
        reached = written - self.first + len(notes)
        if self.moment == "before" and self.record and reached >= self.record:
            os.kill(os.getpid(), signal.SIGKILL)
        seq = super().append(run, notes)
        if self.moment == "after" and self.record and reached >= self.record:
            os.kill(os.getpid(), signal.SIGKILL)
        return seq


def control(order: dict[str, object]) -> int:
    """Apply the plan of one order."""
    plan = load_plan(Path(str(order["plan"])))
    devices = load_inventory(Path(str(order["inventory"])))
    journal = FatalJournal(str(order["journal"]))
    journal.record, journal.moment = int(str(order["record"])), str(order["moment"])
    with journal:
        return apply(plan, devices, make_driver, journal, limits=LIMITS).exit_code


def main() -> None:
    """Fork a controller per order until the input ends."""
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            os._exit(control(json.loads(line)))
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        sys.stdout.write(f"{status}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
