"""The soak: runs its tasks in turns for a given time and goes on where the last run stopped.

Usage: python -m tests.soak [--minutes 60] [--only TASK [--case N]] [--folder .soak] [--list]
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.soak.mutants import run_slice
from tests.soak.state import SoakState, TaskState
from tests.soak.tasks import ROOT, SHARES, TASKS, run_case

TURN_S = 10.0
MUTATION_SHARE = 0.3
MAX_FAILURES = 10  # more of the same teach nothing


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the soak.

    Returns
    -------
    int
        0 if nothing failed, now or in an earlier run; else 1.
    """
    options = _options(arguments)
    if options.list:
        for name, task in TASKS.items():
            print(f"{name:10} {task.__doc__}")
        return 0
    if options.case is not None:
        run_case(TASKS[options.only], options.case)
        print(f"{options.only} {options.case}: good")
        return 0
    names = [options.only] if options.only else list(TASKS)
    state = SoakState(options.folder)
    state.load()
    score = None
    seconds = 60.0 * options.minutes
    if not options.only:
        score = run_slice(ROOT, options.folder, MUTATION_SHARE * seconds)
        seconds *= 1.0 - MUTATION_SHARE
    stop_s = time.monotonic() + seconds
    turn_s = min(TURN_S, seconds / sum(SHARES.get(name, 1.0) for name in names))
    try:
        while time.monotonic() < stop_s and (left := _left(state, names)):
            for name in left:
                until_s = min(stop_s, time.monotonic() + turn_s * SHARES.get(name, 1.0))
                _turn(name, TASKS[name], state, until_s)
    except KeyboardInterrupt:
        print("stopped; the next run goes on from here")
    state.save()
    if score:
        print(score)
    return _report(state, names)


def _left(state: SoakState, names: Sequence[str]) -> list[str]:
    return [name for name in names if len(state.of(name).failures) < MAX_FAILURES]


def _turn(name: str, task: Callable[[int], None], state: SoakState, until_s: float) -> None:
    mine = state.of(name)
    start_s = time.monotonic()
    while time.monotonic() < until_s and len(mine.failures) < MAX_FAILURES:
        try:
            run_case(task, mine.next_case)
        except Exception:  # noqa: BLE001 - whatever a case raises is what we look for
            _keep(name, mine, state.folder)
        mine.next_case += 1
    mine.seconds += time.monotonic() - start_s
    state.save()


def _keep(name: str, mine: TaskState, folder: Path) -> None:
    case = mine.next_case
    mine.failures.append(case)
    folder.mkdir(exist_ok=True)
    text = traceback.format_exc()
    (folder / f"{name}-{case}.txt").write_text(text, encoding="utf-8")
    print(f"FAILED {name} {case}: {text.strip().splitlines()[-1]}")
    print(f"  again: python -m tests.soak --only {name} --case {case}")


def _report(state: SoakState, names: Sequence[str]) -> int:
    n_failures = 0
    for name in names:
        mine = state.of(name)
        n_failures += len(mine.failures)
        rate = mine.next_case / mine.seconds if mine.seconds else 0.0
        print(
            f"{name:10} {mine.next_case:>10} cases {rate:>8.0f}/s "
            f"{len(mine.failures)} failed {mine.failures[:5] or ''}"
        )
    return 1 if n_failures else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="how long to run")
    parser.add_argument("--only", choices=TASKS, help="one task")
    parser.add_argument("--case", type=int, help="one case of it, with its traceback")
    parser.add_argument("--folder", type=Path, default=ROOT / ".soak", help="state and failures")
    parser.add_argument("--list", action="store_true", help="list the tasks")
    options = parser.parse_args(arguments)
    if options.case is not None and options.only is None:
        parser.error("--case needs --only")
    return options


if __name__ == "__main__":
    sys.exit(main())
