"""Reads and writes antenna files of MSI and Planet (.msi, .pln), and makes 3-D of the two cuts."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.model.errors import InputError
from twin.radio.ranges import finite

__all__ = ["DBD_TO_DBI", "AntennaFile", "file_gain_dbi", "read_antenna", "write_antenna"]

Array = NDArray[np.float64]

DBD_TO_DBI = 2.15
_MAX_BYTES = 4 * 1024 * 1024
_MOST_ROWS = 36_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AntennaFile:
    """An antenna: its greatest gain and the losses of its horizontal and vertical cut.

    Parameters
    ----------
    name : str
        Name of the antenna.
    gain_dbi : float
        Greatest gain. [dBi]
    horizontal_deg, horizontal_db : ndarray
        Azimuths clockwise of boresight, rising from 0, and losses. [deg], [dB]
    vertical_deg, vertical_db : ndarray
        Angles below the horizon, going round by the back, and losses. [deg], [dB]
    keys : tuple of (str, str)
        The other header lines as written: MAKE, FREQUENCY, TILT and so on.
    """

    name: str
    gain_dbi: float = field(metadata={"unit": "dBi"})
    horizontal_deg: Array
    horizontal_db: Array
    vertical_deg: Array
    vertical_db: Array
    keys: tuple[tuple[str, str], ...] = ()


def _number(text: str, path: Path, line: int) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"{text!r} is not a number", str(path), line, hint="correct the line")
    return value


def _gain_dbi(text: str, path: Path, line: int) -> float:
    words = text.lower().replace("dbi", " dbi").replace("dbd", " dbd").split()
    if not words or len(words) > 2 or (len(words) == 2 and words[1] not in ("dbi", "dbd")):
        raise InputError(f"GAIN {text!r} is not understood", str(path), line, hint="write 15.0 dBi")
    value = _number(words[0], path, line)
    return value if words[-1] == "dbi" else value + DBD_TO_DBI


def _cut(lines: list[str], start: int, count: str, path: Path) -> tuple[Array, Array, int]:
    n = _number(count or "360", path, start)
    if n != int(n) or not 1 <= n <= _MOST_ROWS:
        raise InputError(f"{count!r} is no number of rows", str(path), start, hint="write 360")
    seen: dict[float, float] = {}
    at = start
    while at < len(lines) and len(seen) < n:
        at += 1
        words = lines[at - 1].split()
        if not words or words[0].startswith(("#", "//")):
            continue
        if len(words) != 2:
            raise InputError(
                f"row {len(seen) + 1} of {int(n)} must be an angle and a loss",
                str(path), at, hint="correct the row or the count of rows",
            )  # fmt: skip
        angle = _number(words[0], path, at) % 360.0
        if angle in seen:
            raise InputError(f"angle {words[0]} is there twice", str(path), at, hint="drop one")
        seen[angle] = _number(words[1], path, at)
    if len(seen) < n:
        raise InputError(
            f"has {len(seen)} rows of {int(n)}", str(path), start, hint="correct the count of rows"
        )
    angles = np.array(sorted(seen))
    return angles, np.array([seen[a] for a in angles]), at


def _lines(path: Path) -> list[str]:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise InputError("is larger than 4 MB", str(path), hint="is it an antenna file?")
        return path.read_bytes().removeprefix(b"\xef\xbb\xbf").decode("latin-1").splitlines()
    except OSError as err:
        raise InputError(err.strerror or "cannot be read", str(path)) from err


def read_antenna(path: Path) -> AntennaFile:
    """Read an antenna file.

    Parameters
    ----------
    path : Path
        A .msi or .pln file, at most 4 MB.

    Returns
    -------
    AntennaFile
        The antenna.

    Raises
    ------
    InputError
        What is wrong, in which line.

    Notes
    -----
    A gain without unit is in dBd, as Planet has it. Keys may be of either case and in any order;
    lines that begin with # or // are comments.
    """
    lines = _lines(path)
    name, gain, at = path.stem, math.nan, 0
    cuts: dict[str, tuple[Array, Array]] = {}
    keys: list[tuple[str, str]] = []
    while at < len(lines):
        at += 1
        key, _, value = lines[at - 1].strip().replace("\t", " ").partition(" ")
        key, value = key.upper(), value.strip()
        if not key or key.startswith(("#", "//")):
            continue
        if key in ("HORIZONTAL", "VERTICAL"):
            if key in cuts:
                raise InputError(f"{key} is there twice", str(path), at, hint="drop one")
            angles, losses, at = _cut(lines, at, value, path)
            cuts[key] = angles, losses
        elif key == "NAME":
            name = value
        elif key == "GAIN":
            gain = _gain_dbi(value, path, at)
        elif not key[0].isalpha():
            raise InputError(f"{key!r} is no key", str(path), at, hint="too many rows in a cut?")
        else:
            keys.append((key, value))
    found = {*cuts, *(["GAIN"] if math.isfinite(gain) else [])}
    if missing := [key for key in ("HORIZONTAL", "VERTICAL", "GAIN") if key not in found]:
        raise InputError(f"has no {', '.join(missing)}", str(path), hint="is it an antenna file?")
    return AntennaFile(
        name=name,
        gain_dbi=gain,
        horizontal_deg=cuts["HORIZONTAL"][0],
        horizontal_db=cuts["HORIZONTAL"][1],
        vertical_deg=cuts["VERTICAL"][0],
        vertical_db=cuts["VERTICAL"][1],
        keys=tuple(keys),
    )


def write_antenna(antenna: AntennaFile, path: Path) -> None:
    """Write an antenna file with its gain in dBi.

    Parameters
    ----------
    antenna : AntennaFile
        The antenna.
    path : Path
        Where to.
    """
    rows = [f"NAME {antenna.name}", *(f"{k} {v}".rstrip() for k, v in antenna.keys)]
    rows.append(f"GAIN {antenna.gain_dbi:.10g} dBi")
    for key, angles, losses in (
        ("HORIZONTAL", antenna.horizontal_deg, antenna.horizontal_db),
        ("VERTICAL", antenna.vertical_deg, antenna.vertical_db),
    ):
        rows.append(f"{key} {len(angles)}")
        rows += [f"{a:.10g} {db:.10g}" for a, db in zip(angles, losses, strict=True)]
    path.write_text("\n".join(rows) + "\n", encoding="latin-1", errors="replace")


def file_gain_dbi(
    antenna: AntennaFile,
    azimuth_deg: ArrayLike,
    depression_deg: ArrayLike,
    *,
    boresight_deg: float = 0.0,
    method: str = "projection",
) -> Array:
    """Gain of an antenna file in any direction.

    Parameters
    ----------
    antenna : AntennaFile
        The antenna.
    azimuth_deg : array_like
        Compass bearing of the direction. [deg]
    depression_deg : array_like
        Angle below the horizon. [deg]  -90 to 90.
    boresight_deg : float
        Compass bearing of the antenna. [deg]
    method : {"projection", "sum"}
        Horizontal projection interpolation, or the sum of both losses.

    Returns
    -------
    ndarray
        Gain. [dBi]

    Raises
    ------
    ValueError
        An angle that is not finite, an unknown method.

    Notes
    -----
    Sum: as TR 36.814 Table A.2.1.1-2 adds the two cuts. Projection: the horizontal cut, corrected
    by the front of the vertical cut before and its back behind; better for tilted antennas.

    References
    ----------
    .. [1] Altair WinProp user guide 2021, "Horizontal Projection Interpolation", eq. (1).
    """
    if method not in ("projection", "sum"):
        raise ValueError(f"method: {method!r} is unknown; choose of projection, sum")
    turn = finite(azimuth_deg, "azimuth_deg") - boresight_deg
    down = finite(depression_deg, "depression_deg")

    def flat(angle: Array) -> Array:
        return np.interp(angle % 360, antenna.horizontal_deg, antenna.horizontal_db, period=360)

    def steep(angle: Array) -> Array:
        return np.interp(angle % 360, antenna.vertical_deg, antenna.vertical_db, period=360)

    if method == "sum":
        return np.asarray(antenna.gain_dbi - flat(turn) - steep(down))
    behind = np.abs((turn + 180.0) % 360.0 - 180.0) / 180.0
    front = steep(down) - flat(np.zeros(()))
    back = steep(180.0 - down) - flat(np.full((), 180.0))
    return np.asarray(antenna.gain_dbi - flat(turn) - (1 - behind) * front - behind * back)
