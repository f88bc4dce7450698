"""What chaos has found: counts, what was reached, violations, and how to see each again."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from hil.chaos.edges import EDGES, name_of
from hil.chaos.engine import SOUND, Engine
from hil.chaos.faults import FaultKind
from hil.chaos.invariants import Violation
from hil.chaos.run import run_schedule
from hil.chaos.world import Reach

__all__ = ["N_FOR_COVERAGE", "ChaosReport", "Failure", "run_chaos"]

N_FOR_COVERAGE = 10_000
_N_TOLD = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A schedule that broke an invariant.

    Parameters
    ----------
    seed : int
        Which.
    invariant, what : str
        The invariant, and what was seen.
    replay : str
        The command that shows it again, byte for byte.
    """

    seed: int
    invariant: str
    what: str
    replay: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChaosReport:
    """What a run of chaos has found.

    Parameters
    ----------
    schedules : int
        How many were run.
    violations : int
        How many broke an invariant.
    schedules_per_second : float
        On one core. [1/s]
    edges_reached, edges_total : int
        Edges of the closed list that were reached, and all there are.
    edges_missing : tuple of str
        Those that were not reached.
    edges_unknown : tuple of str
        Those that were reached and are not in the list.
    fault_kinds_reached, fault_kinds_missing : tuple of str
        Kinds of faults that have struck, and that have not.
    failures : tuple of Failure
        The first that failed.
    log_hash : str
        Digest of all that was recorded: equal for equal seeds.
    replay : str
        The command that shows the first failure again; without one, the whole run.
    """

    schedules: int
    violations: int
    schedules_per_second: float = field(metadata={"unit": "1/s"})
    edges_reached: int
    edges_total: int
    edges_missing: tuple[str, ...]
    edges_unknown: tuple[str, ...]
    fault_kinds_reached: tuple[str, ...]
    fault_kinds_missing: tuple[str, ...]
    failures: tuple[Failure, ...]
    log_hash: str
    replay: str

    @property
    def is_covered(self) -> bool:
        """True if every edge and every kind of fault was reached, and no edge that is not known."""
        return not (self.edges_missing or self.edges_unknown or self.fault_kinds_missing)


def replay_command(seed: int, n_schedules: int, engine: Engine = SOUND) -> str:
    """Write the command that runs schedules again.

    Parameters
    ----------
    seed : int
        The first.
    n_schedules : int
        How many.
    engine : Engine
        What is driven.
    """
    mutant = f" --mutant {engine.name}" if engine.name else ""
    return f"stellwerk chaos --seed {seed} --schedules {n_schedules}{mutant}"


def run_chaos(
    n_schedules: int,
    seed: int,
    *,
    engine: Engine = SOUND,
    on_progress: Callable[[int], None] | None = None,
) -> ChaosReport:
    """Run schedules, one after the other.

    Parameters
    ----------
    n_schedules : int
        How many.
    seed : int
        Seed of the first; each next one has the next number.
    engine : Engine
        What is driven.
    on_progress : callable, optional
        Told how many are done, now and then.

    Returns
    -------
    ChaosReport
        What was found.
    """
    reach = Reach()
    failures: list[Failure] = []
    n_failed = 0
    digest = hashlib.sha256()
    begun_s = time.perf_counter()
    for i in range(n_schedules):
        try:
            digest.update(run_schedule(seed + i, engine, reach).encode())
        except Violation as err:
            n_failed += 1
            digest.update(str(err).encode())
            if len(failures) < _N_TOLD:
                again = replay_command(seed + i, 1, engine)
                failures.append(
                    Failure(seed=seed + i, invariant=err.invariant, what=err.what, replay=again)
                )
        if on_progress is not None and i % 100 == 0:
            on_progress(i)
    seconds = time.perf_counter() - begun_s
    return ChaosReport(
        schedules=n_schedules,
        violations=n_failed,
        schedules_per_second=n_schedules / seconds,
        edges_reached=len(reach.edges & EDGES),
        edges_total=len(EDGES),
        edges_missing=tuple(sorted(name_of(edge) for edge in EDGES - reach.edges)),
        edges_unknown=tuple(sorted(name_of(edge) for edge in reach.edges - EDGES)),
        fault_kinds_reached=tuple(kind for kind in FaultKind if kind in reach.kinds),
        fault_kinds_missing=tuple(kind for kind in FaultKind if kind not in reach.kinds),
        failures=tuple(failures),
        log_hash=digest.hexdigest(),
        replay=failures[0].replay if failures else replay_command(seed, n_schedules, engine),
    )
