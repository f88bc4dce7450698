"""Antenna element and panel array of TR 38.901, clause 7.3, turned as clause 7.1 says.

Angles are those of the document: theta from the zenith, phi counter-clockwise, both in degrees.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.radio.ranges import finite

__all__ = [
    "ELEMENT_GAIN_DBI",
    "PanelArray",
    "array_gain_dbi",
    "element_fields",
    "element_gain_dbi",
    "field_components",
    "mean_gain",
    "to_local",
]

Array = NDArray[np.float64]

ELEMENT_GAIN_DBI = 8.0
_WIDTH_DEG = 65.0
_FLOOR_DB = 30.0


def element_gain_dbi(theta_deg: ArrayLike, phi_deg: ArrayLike) -> Array:
    """Gain of one element in its own coordinates.

    Parameters
    ----------
    theta_deg, phi_deg : array_like
        Zenith angle and azimuth; boresight is 90, 0. [deg]

    Returns
    -------
    ndarray
        8 at boresight, -22 at least. [dBi]

    Raises
    ------
    ValueError
        An angle that is not finite.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.3-1.
    """
    theta, phi = finite(theta_deg, "theta_deg"), finite(phi_deg, "phi_deg")
    phi = (phi + 180.0) % 360.0 - 180.0
    vertical = np.minimum(12.0 * ((theta - 90.0) / _WIDTH_DEG) ** 2, _FLOOR_DB)
    horizontal = np.minimum(12.0 * (phi / _WIDTH_DEG) ** 2, _FLOOR_DB)
    return np.asarray(ELEMENT_GAIN_DBI - np.minimum(vertical + horizontal, _FLOOR_DB))


def to_local(
    theta_deg: ArrayLike,
    phi_deg: ArrayLike,
    *,
    bearing_deg: float = 0.0,
    downtilt_deg: float = 0.0,
    slant_deg: float = 0.0,
) -> tuple[Array, Array]:
    """Turn directions from the coordinates of the world into those of an antenna.

    Parameters
    ----------
    theta_deg, phi_deg : array_like
        Direction in the world. [deg]
    bearing_deg, downtilt_deg, slant_deg : float
        Angles alpha, beta and gamma of the antenna; beta is the mechanical tilt. [deg]

    Returns
    -------
    theta_deg, phi_deg : ndarray
        Direction as the antenna sees it. [deg]

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), eq. (7.1-7), (7.1-8).
    """
    theta = np.radians(finite(theta_deg, "theta_deg"))
    phi = np.radians(finite(phi_deg, "phi_deg") - bearing_deg)
    b, g = np.radians(downtilt_deg), np.radians(slant_deg)
    up = np.cos(b) * np.cos(g) * np.cos(theta) + np.sin(theta) * (
        np.sin(b) * np.cos(g) * np.cos(phi) - np.sin(g) * np.sin(phi)
    )
    ahead = np.cos(b) * np.sin(theta) * np.cos(phi) - np.sin(b) * np.cos(theta)
    left = np.cos(b) * np.sin(g) * np.cos(theta) + np.sin(theta) * (
        np.sin(b) * np.sin(g) * np.cos(phi) + np.cos(g) * np.sin(phi)
    )
    return (
        np.asarray(np.degrees(np.arccos(np.clip(up, -1.0, 1.0)))),
        np.asarray(np.degrees(np.arctan2(left, ahead))),
    )


def field_components(gain_dbi: ArrayLike, slant_deg: float) -> tuple[Array, Array]:
    """Split a gain into the fields of a slanted polarisation (model 2).

    Parameters
    ----------
    gain_dbi : array_like
        Gain of the element. [dBi]
    slant_deg : float
        Slant of the polarisation: 0 vertical, 45 and -45 a cross-polarised pair. [deg]

    Returns
    -------
    f_theta, f_phi : ndarray
        Field patterns; the sum of their squares is the gain.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), eq. (7.3-4), (7.3-5).
    """
    amplitude = 10.0 ** (finite(gain_dbi, "gain_dbi") / 20.0)
    slant = np.radians(slant_deg)
    return np.asarray(amplitude * np.cos(slant)), np.asarray(amplitude * np.sin(slant))


def element_fields(
    theta_deg: ArrayLike, phi_deg: ArrayLike, slant_deg: float
) -> tuple[Array, Array]:
    """Fields of an element that is slanted as a body (model 1).

    Parameters
    ----------
    theta_deg, phi_deg : array_like
        Direction in the coordinates of the panel. [deg]
    slant_deg : float
        Slant of the element, zeta. [deg]

    Returns
    -------
    f_theta, f_phi : ndarray
        Field patterns; the sum of their squares is the gain of the slanted element.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), clause 7.3.2, model 1.
    """
    gain_dbi = element_gain_dbi(*to_local(theta_deg, phi_deg, slant_deg=slant_deg))
    theta, phi, slant = np.radians(theta_deg), np.radians(phi_deg), np.radians(slant_deg)
    turned = np.arctan2(
        np.sin(slant) * np.cos(phi),
        np.cos(slant) * np.sin(theta) + np.sin(slant) * np.sin(phi) * np.cos(theta),
    )
    amplitude = 10.0 ** (gain_dbi / 20.0)
    return np.asarray(amplitude * np.cos(turned)), np.asarray(amplitude * np.sin(turned))


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelArray:
    """A uniform rectangular panel and its beam.

    Parameters
    ----------
    n_rows, n_columns : int
        Elements of one polarisation, M and N.
    spacing_v, spacing_h : float
        Distances of elements in wavelengths.
    n_panel_rows, n_panel_columns : int
        Panels, Mg and Ng, all fed in phase for one beam.
    panel_spacing_v, panel_spacing_h : float
        Distances of panels in wavelengths; elements times their spacing unless given.
    tilt_deg : float
        Electrical tilt of the beam below the panel's horizon. [deg]
    scan_deg : float
        Electrical azimuth of the beam, counter-clockwise. [deg]
    is_isotropic : bool
        Elements without a pattern, for checks.
    """

    n_rows: int = 8
    n_columns: int = 1
    spacing_v: float = 0.5
    spacing_h: float = 0.5
    n_panel_rows: int = 1
    n_panel_columns: int = 1
    panel_spacing_v: float | None = None
    panel_spacing_h: float | None = None
    tilt_deg: float = field(default=0.0, metadata={"unit": "deg"})
    scan_deg: float = field(default=0.0, metadata={"unit": "deg"})
    is_isotropic: bool = False

    def __post_init__(self) -> None:
        if min(self.n_rows, self.n_columns, self.n_panel_rows, self.n_panel_columns) < 1:
            raise ValueError("n_rows, n_columns and those of panels: must be at least 1")
        given = (self.spacing_v, self.spacing_h, self.panel_spacing_v, self.panel_spacing_h)
        if not all(spacing is None or 0.0 < spacing < 1e6 for spacing in given):
            raise ValueError("spacing_v, spacing_h and those of panels: must be positive")


def _factor(n: int, step: Array) -> Array:
    waves = np.exp(2j * np.pi * np.multiply.outer(step, np.arange(n)))
    return np.asarray(np.abs(waves.sum(axis=-1)) ** 2 / n)


def array_gain_dbi(
    array: PanelArray,
    theta_deg: ArrayLike,
    phi_deg: ArrayLike,
    *,
    bearing_deg: float = 0.0,
    downtilt_deg: float = 0.0,
) -> Array:
    """Gain of a panel: element times array factor.

    Parameters
    ----------
    array : PanelArray
        The panel and its electrical tilt.
    theta_deg, phi_deg : array_like
        Direction in the world. [deg]
    bearing_deg, downtilt_deg : float
        How the panel is mounted; a mechanical tilt lifts its back. [deg]

    Returns
    -------
    ndarray
        Gain; the element's plus 10 log10 of the number of elements at the beam. [dBi]

    Raises
    ------
    ValueError
        An angle that is not finite.

    Notes
    -----
    As in the document the element's pattern is not normalised, so that total power is not one.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), clause 7.3.
    .. [2] ITU-R M.2101-0 (2017), Table 4 (clause 5).
    """
    theta, phi = to_local(theta_deg, phi_deg, bearing_deg=bearing_deg, downtilt_deg=downtilt_deg)
    t, p = np.radians(theta), np.radians(phi)
    tilt, scan = np.radians(array.tilt_deg), np.radians(array.scan_deg)
    rows = np.cos(t) + np.sin(tilt)
    columns = np.sin(t) * np.sin(p) - np.cos(tilt) * np.sin(scan)
    high = array.panel_spacing_v or array.n_rows * array.spacing_v
    wide = array.panel_spacing_h or array.n_columns * array.spacing_h
    factor = (
        _factor(array.n_rows, array.spacing_v * rows)
        * _factor(array.n_columns, array.spacing_h * columns)
        * _factor(array.n_panel_rows, high * rows)
        * _factor(array.n_panel_columns, wide * columns)
    )
    element = 0.0 if array.is_isotropic else element_gain_dbi(theta, phi)
    return np.asarray(element + 10.0 * np.log10(np.maximum(factor, 1e-12)))


def mean_gain(array: PanelArray, n_theta: int = 181) -> float:
    """Average the linear gain of a panel over the sphere; 1 if it radiates what it is fed.

    Parameters
    ----------
    array : PanelArray
        The panel.
    n_theta : int
        Gauss-Legendre nodes over cos(theta); twice as many steps of phi.

    Returns
    -------
    float
        Radiated over accepted power.
    """
    nodes, weights = np.polynomial.legendre.leggauss(n_theta)
    theta = np.degrees(np.arccos(nodes))[:, None]
    phi = np.arange(2 * n_theta) * 180.0 / n_theta
    linear = 10.0 ** (array_gain_dbi(array, theta, phi) / 10.0)
    return float((weights @ linear.mean(axis=1)) / 2.0)
