"""Reference checks of wireless links: attenuation by gases (P.676) and by rain (P.838)."""

from __future__ import annotations

from collections.abc import Iterator

from twin.model.errors import ModelRangeError
from twin.radio.check.table import Excluded, ReferenceCheck, ReferenceTable, Row
from twin.radio.itu.p676 import specific_attenuation_db_km
from twin.radio.itu.p838 import rain_coefficients, rain_specific_attenuation_db_km

__all__ = ["CHECKS"]

GASES = ("f (GHz)", "P (hPa)", "rho (g/m3)", "T (k)", "gamma0 (dB/km)", "gammaw (dB/km)")


def _worst(row: int, values: tuple[float, ...], references: tuple[float, ...], limit: float) -> Row:
    """Greatest relative error of the columns of a row; absolute where the reference is 0."""
    errors = [
        abs(value - reference) / (abs(reference) or 1.0)
        for value, reference in zip(values, references, strict=True)
    ]
    return Row(row=row, error=max(errors), tolerance=limit)


def _gases(table: ReferenceTable) -> Iterator[Row | Excluded]:
    for i in range(len(table.rows)):
        freq, pressure, rho, kelvin, dry, wet = (table.number(i, column) for column in GASES)
        try:
            ours = specific_attenuation_db_km(freq * 1e9, pressure, rho, kelvin)
        except ModelRangeError as err:
            yield Excluded(row=i, reason=str(err))
            continue
        yield _worst(i, (float(ours[0]), float(ours[1])), (dry, wet), 0.01)


def _rain(table: ReferenceTable) -> Iterator[Row | Excluded]:
    for i, row in enumerate(table.rows):
        if i == 0 and not row["k"]:
            continue  # second header line: the units
        path = (table.number(i, "el"), table.number(i, "tau"))
        freq_hz = table.number(i, "f") * 1e9
        try:
            k, alpha = rain_coefficients(freq_hz, *path)
            gamma = rain_specific_attenuation_db_km(freq_hz, table.number(i, "R"), *path)
        except ModelRangeError as err:
            yield Excluded(row=i, reason=str(err))
            continue
        references = tuple(table.number(i, column) for column in ("k", "alpha", "gamma_r"))
        yield _worst(i, (float(k), float(alpha), float(gamma)), references, 1e-5)


CHECKS: tuple[ReferenceCheck, ...] = (
    ReferenceCheck(
        columns=GASES,
        model="attenuation by gases",
        edition="ITU-R P.676-12 Annex 1",
        tolerance=0.01,
        unit="relative",
        run=_gases,
    ),
    ReferenceCheck(
        columns=("el", "f", "R", "tau", "k", "alpha", "gamma_r"),
        model="attenuation by rain",
        edition="ITU-R P.838-3",
        tolerance=1e-5,
        unit="relative",
        run=_rain,
    ),
)
