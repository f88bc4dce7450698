"""Rows of cells and radios that no radio model can compute: said at once, with the place."""

from __future__ import annotations

from difflib import get_close_matches
from functools import lru_cache

from twin.geo.csvtable import Table
from twin.model.errors import ModelError
from twin.model.regulatory import channel_centre_hz
from twin.radio.link.bands import BANDS, n_resource_blocks

__all__ = ["check_cells", "check_radios"]

_MAST_M = {"UMa": (10.0, 150.0), "RMa": (10.0, 150.0), "UMi": (3.0, 150.0)}
"""Heights of antennas by scenario [m], 3GPP TR 38.901 V17 Table 7.4.1-1."""

_WIFI_BANDS = {"1": "2.4", "2": "5", "3": "6"}
"""Band [GHz] by index of the radio."""


def check_cells(table: Table) -> None:
    """Refuse a cell of an unknown band, or of a width or height that its models do not have.

    Parameters
    ----------
    table : Table
        Table with the columns of ``cells``, whose cells are numbers and words where due.

    Raises
    ------
    InputError
        The first such row, with its position.
    """
    carriers = (
        table.texts("technology"),
        table.texts("band"),
        table.texts("bandwidth_mhz"),
        table.texts("scs_khz"),
    )
    for i_row, carrier in enumerate(zip(*carriers, strict=True)):
        column, why = _carrier(*carrier)
        if why:
            raise table.error(i_row, column, "does not fit", why)
    for i_row, (scenario, height_m) in enumerate(
        zip(table.texts("scenario"), table.numbers("height_m"), strict=True)
    ):
        low, high = _MAST_M[scenario]
        if not low <= height_m <= high:
            raise table.error(
                i_row, "height_m", "is out of range", f"{scenario} has {low:g} to {high:g}"
            )


def check_radios(table: Table) -> None:
    """Refuse a radio on a channel or of a width that its band does not have.

    Parameters
    ----------
    table : Table
        Table with the columns of ``radios``, whose cells are numbers where due.

    Raises
    ------
    InputError
        The first such row, with its position.
    """
    columns = (table.texts("index"), table.wholes("channel"), table.wholes("bandwidth_mhz"))
    for i_row, (index, channel, width_mhz) in enumerate(zip(*columns, strict=True)):
        why = _channel(_WIFI_BANDS[index], channel, width_mhz)
        if why:
            raise table.error(i_row, "channel", "does not fit", why)


@lru_cache(maxsize=1024)
def _carrier(technology: str, name: str, width_mhz: str, scs_khz: str) -> tuple[str, str]:
    """Say which column of a carrier is wrong and why; empty if none is."""
    if name not in BANDS:
        near = get_close_matches(name, BANDS, n=1)
        return "band", f"did you mean {near[0]}?" if near else "write a band such as B20 or n78"
    try:
        n_resource_blocks(technology, float(width_mhz) * 1e6, float(scs_khz) * 1e3)
    except ModelError as err:
        return "bandwidth_mhz", str(err)
    return "", ""


@lru_cache(maxsize=1024)
def _channel(of_band: str, channel: int, width_mhz: int) -> str:
    try:
        channel_centre_hz(of_band, channel, width_mhz)
    except ModelError as err:
        return str(err)
    return ""
