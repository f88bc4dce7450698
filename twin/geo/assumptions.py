"""Every assumption of the generators and of the simulated systems: the city file's table.

Each system keeps its own in ``twin/sim/<name>/assumptions.py`` and reads its figures there. After
a change, ``python -m twin.geo.assumptions`` brings the tables of the cities in the box up to date.
"""

from __future__ import annotations

import math
import re
import runpy
import sys
from pathlib import Path

from twin.geo.columns import KEY, LINE, MARKS, PRINTABLE
from twin.geo.generate.assumptions import GEO_ASSUMPTIONS
from twin.geo.reader import CITIES
from twin.geo.writer import table_text
from twin.model.city import Assumption

__all__ = ["all_assumptions", "main"]

_SYSTEMS = Path(__file__).parent.parent / "sim"


def all_assumptions() -> tuple[Assumption, ...]:
    """Gather the assumptions of the generators and of every simulated system.

    Returns
    -------
    tuple of Assumption
        The generators' first, then by name of the system.

    Raises
    ------
    ValueError
        Two assumptions have one key, or one could not be read back from the table.

    Notes
    -----
    The files are run by themselves, so that no system has to be imported for a table of figures.
    """
    found = list(GEO_ASSUMPTIONS)
    for path in sorted(_SYSTEMS.glob("*/assumptions.py")):
        found += runpy.run_path(str(path))["ASSUMPTIONS"]
    keys = [assumption.key for assumption in found]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise ValueError(f"assumption {twice[0]} stands twice, give each its own key")
    for assumption in found:
        _check(assumption)
    return tuple(found)


def _check(assumption: Assumption) -> None:
    is_whole = all(
        re.fullmatch(pattern, text)
        for pattern, text in (
            (KEY, assumption.key),
            (PRINTABLE, assumption.unit),
            (LINE, assumption.source),
            (LINE, assumption.used_by),
        )
    )
    if not is_whole or assumption.mark not in MARKS or not math.isfinite(assumption.value):
        raise ValueError(f"assumption {assumption.key}: a text or value is not as the table wants")


def main() -> int:
    """Write the table of every city in the box that has one.

    Returns
    -------
    int
        0.
    """
    assumptions = all_assumptions()
    for path in sorted(CITIES.glob("*/assumptions.csv")):
        path.write_text(table_text("assumptions", assumptions), encoding="utf-8", newline="\n")
        sys.stdout.write(f"{path.parent.name}: {len(assumptions)} assumptions\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
