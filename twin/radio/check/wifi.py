"""Reference checks of Wi-Fi: frame durations and Bianchi's saturation throughput."""

from __future__ import annotations

import re
from collections.abc import Iterator

from twin.model.errors import InputError, ModelRangeError
from twin.radio.check.table import Excluded, ReferenceCheck, ReferenceTable, Row, compare
from twin.radio.wifi.bianchi import DCF, saturation_throughput_bps, transmit_probability
from twin.radio.wifi.duration import frame_ns, payload_ns
from twin.radio.wifi.rates import Mode, mode_of

__all__ = ["CHECKS"]

GRID = {"Dsss": 10_000, "Ofdm": 10_000, "ErpOfdm": 10_000}
"""The curves of these were solved on a grid that is up to 0.23 % beside the fixed point."""


def _mode(table: ReferenceTable, i: int, name: str, width_mhz: int | None, guard_ns: int) -> Mode:
    """Read a mode; a name that is none is the fault of the row."""
    try:
        return mode_of(name, width_mhz, guard_ns)
    except ModelRangeError:
        raise
    except ValueError as err:
        raise InputError(str(err), str(table.path), i + 2) from None


def _durations(table: ReferenceTable) -> Iterator[Row | Excluded]:
    for i, row in enumerate(table.rows):
        width, guard = int(table.number(i, "width_MHz")), int(table.number(i, "guard_ns"))
        try:
            mode = _mode(table, i, row["mode"], width, guard)
        except ModelRangeError as err:
            yield Excluded(row=i, reason=str(err))
            continue
        size = int(table.number(i, "size_bytes"))
        if row["kind"] == "Payload":
            value = payload_ns(size, mode, convention="ns3")
        else:
            value = frame_ns(size, mode, row["preamble"], convention="ns3")
        yield compare(i, float(value), table.number(i, "duration_ns"), 0.0)


def _bianchi(table: ReferenceTable) -> Iterator[Row | Excluded]:
    for i, row in enumerate(table.rows):
        with_width = re.fullmatch(r"(\w+)_(\d+)MHz", row["phy_rate"])
        name, width = (with_width[1], int(with_width[2])) if with_width else (row["phy_rate"], None)
        try:
            mode = _mode(table, i, name, width, 800)
        except ModelRangeError as err:
            yield Excluded(row=i, reason=str(err))
            continue
        n = table.number(i, "n_stations")
        dcf = DCF.get(mode.phy, DCF["He"])
        tau = transmit_probability(n, dcf.cw_min, dcf.stages, grid=GRID.get(mode.phy))
        value = saturation_throughput_bps(n, mode, timeout=row["timeout"], tau=tau)
        reference = table.number(i, "throughput_Mbps") * 1e6
        yield Row(row=i, error=abs(float(value) / reference - 1.0), tolerance=1e-3)


CHECKS: tuple[ReferenceCheck, ...] = (
    ReferenceCheck(
        columns=("kind", "size_bytes", "phy", "mode", "width_MHz", "guard_ns", "duration_ns"),
        model="Wi-Fi frame duration",
        edition="IEEE 802.11-2020, 802.11ax-2021, 802.11be-2024; as ns-3 counts",
        tolerance=0.0,
        unit="ns",
        run=_durations,
    ),
    ReferenceCheck(
        columns=("timeout", "phy_rate", "n_stations", "throughput_Mbps"),
        model="Bianchi saturation throughput",
        edition="Bianchi, IEEE JSAC 18 (3), 2000; Tinnirello et al., IEEE TVT 59 (3), 2010",
        tolerance=1e-3,
        unit="relative",
        run=_bianchi,
    ),
)
