"""Rules on exposure: how much of the limits of the 26. BImSchV several fields use up together."""

from __future__ import annotations

import math
from collections.abc import Sequence

from twin.model.regulatory.emf import (
    EIRP_THRESHOLD_W,
    emf_limit_a_per_m,
    emf_limit_v_per_m,
)
from twin.model.regulatory.findings import Finding

__all__ = ["emf_findings", "emf_sum", "site_eirp_w", "site_findings"]

_ORDINANCE = "26. BImSchV (2013), paragraph 2 and Annexes 1b, 2b"
_CERTIFICATE = "BEMFV, paragraph 4; 26. BImSchV (2013), paragraph 2"
_HIGH_SHARE = 0.5


def emf_sum(
    freqs_hz: Sequence[float],
    e_v_per_m: Sequence[float],
    h_a_per_m: Sequence[float] | None = None,
) -> tuple[float, float]:
    """Add up the fields at one point as the sum rule does.

    Parameters
    ----------
    freqs_hz : sequence of float
        Frequency of each field. [Hz]  Valid 10 MHz to 300 GHz.
    e_v_per_m : sequence of float
        Electric field strength, effective. [V/m]
    h_a_per_m : sequence of float or None
        Magnetic field strength; None: that of a plane wave, E over 120 pi. [A/m]

    Returns
    -------
    electric, magnetic : float
        Sum of (E / limit)^2 and of (H / limit)^2; the limit is kept when neither is above 1. Both
        are 0 without any field.

    Raises
    ------
    ModelRangeError
        A frequency outside the ordinance.
    ValueError
        Sequences of different length, a strength that is negative or no number: says which.

    References
    ----------
    .. [1] 26. BImSchV (2013), Annex 2b: the squares of the shares of the limit are added over the
       frequencies, electric and magnetic apart.
    """
    h = [e / (120.0 * math.pi) for e in e_v_per_m] if h_a_per_m is None else list(h_a_per_m)
    if not len(freqs_hz) == len(e_v_per_m) == len(h):
        raise ValueError(
            f"freqs_hz, e_v_per_m, h_a_per_m: have {len(freqs_hz)}, {len(e_v_per_m)} and {len(h)} "
            "entries, must be as many"
        )
    for name, values in (("e_v_per_m", e_v_per_m), ("h_a_per_m", h)):
        for i, value in enumerate(values):
            if not 0.0 <= value < math.inf:
                raise ValueError(f"{name}[{i}]: is {value}, must be finite and not negative")
    electric = (e / emf_limit_v_per_m(f) for f, e in zip(freqs_hz, e_v_per_m, strict=True))
    magnetic = (m / emf_limit_a_per_m(f) for f, m in zip(freqs_hz, h, strict=True))
    return sum(share**2 for share in electric), sum(share**2 for share in magnetic)


def emf_findings(
    freqs_hz: Sequence[float],
    e_v_per_m: Sequence[float],
    h_a_per_m: Sequence[float] | None = None,
) -> tuple[Finding, ...]:
    """Check the fields at a place where people stay.

    Parameters
    ----------
    freqs_hz : sequence of float
        Frequency of each field. [Hz]  Valid 10 MHz to 300 GHz.
    e_v_per_m : sequence of float
        Electric field strength at the highest load of the installations. [V/m]
    h_a_per_m : sequence of float or None
        Magnetic field strength; None: that of a plane wave. [A/m]

    Returns
    -------
    tuple of Finding
        An error over the limit, a warning from half of the permitted field strength on, else empty.

    Raises
    ------
    ModelRangeError
        A frequency outside the ordinance.
    ValueError
        As `emf_sum`.

    References
    ----------
    .. [1] 26. BImSchV (2013), paragraph 2 and Annexes 1b, 2b. The warning is of this project.
    """
    used = math.sqrt(max(emf_sum(freqs_hz, e_v_per_m, h_a_per_m)))
    if used <= _HIGH_SHARE:
        return ()
    is_over = used > 1.0
    what = "above the limit" if is_over else "more than half of it; let a person look"
    return (
        Finding(
            rule="emf",
            severity="error" if is_over else "warning",
            message=f"fields use {100.0 * used:.0f} % of the permitted field strength, {what}",
            reference=_ORDINANCE,
        ),
    )


def site_eirp_w(eirp_dbm: Sequence[float]) -> float:
    """Add up the EIRP of the transmitters of a site.

    Parameters
    ----------
    eirp_dbm : sequence of float
        EIRP of each transmitter. [dBm]

    Returns
    -------
    float
        Sum. [W]

    Raises
    ------
    ValueError
        A power that is no number: says which.
    """
    for i, value in enumerate(eirp_dbm):
        if math.isnan(value) or value == math.inf:
            raise ValueError(f"eirp_dbm[{i}]: is {value}, must be a finite power")
    return math.fsum(10.0 ** ((value - 30.0) / 10.0) for value in eirp_dbm)


def site_findings(eirp_dbm: Sequence[float], *, has_certificate: bool) -> tuple[Finding, ...]:
    """Say whether a site with these transmitters needs a site certificate.

    Parameters
    ----------
    eirp_dbm : sequence of float
        EIRP of each fixed transmitter of the site, those of others included. [dBm]
    has_certificate : bool
        The certificate (Standortbescheinigung) covers the transmitters with these powers.

    Returns
    -------
    tuple of Finding
        An error where the sum reaches 10 W and there is no certificate, else empty.

    Raises
    ------
    ValueError
        A power that is no number.

    References
    ----------
    .. [1] BEMFV, paragraph 4; 26. BImSchV (2013), paragraph 2: from 10 W EIRP on, the
       transmitters of a site added up.
    """
    total_w = site_eirp_w(eirp_dbm)
    # 40 dBm is 10 W; the sum of decibels turned back may miss it by a rounding
    if has_certificate or total_w < EIRP_THRESHOLD_W * (1.0 - 1e-12):
        return ()
    return (
        Finding(
            rule="site-certificate",
            severity="error",
            message=f"site radiates {total_w:.1f} W EIRP; from {EIRP_THRESHOLD_W:g} W on it needs "
            "a site certificate",
            reference=_CERTIFICATE,
        ),
    )
