"""Confirm only if reality agrees: measured figures must lie in the twin's predicted band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import monotonic, sleep

from controllers.drivers import make_driver
from controllers.live import read_live
from controllers.plan import Plan
from controllers.ports import Device, DriverFactory
from hil.effects import WhatIf
from hil.predictions import OBSERVED, residuals_of
from hil.residuals import Residual
from twin.model.attributes import Value

__all__ = ["BandGate"]

# Shadowing of a site has a standard deviation of 6 dB (TR 38.901 V17.0.0, table 7.4.1-1, UMa
# NLOS), tilt and power of a real cell add some: three standard deviations of the sum.
RSRP_BAND_DB = 20.0
# Watts of real luminaires stray by some per cent, and up to one lamp in ten may have failed.
LAMP_POWER_BAND = 0.15
_POLL_S = 0.5


class BandGate:
    """Implements `controllers.verify.KpiGate` with the planning twin.

    Parameters
    ----------
    what_if : WhatIf
        City and coverage as they are predicted to be after the plan.
    devices : sequence of Device
        The inventory.
    make : DriverFactory
        Makes the drivers that measure.
    settle_s : float
        How long measured figures may take to follow a change. [s]
    """

    def __init__(
        self,
        what_if: WhatIf,
        devices: Sequence[Device],
        make: DriverFactory = make_driver,
        *,
        settle_s: float = 5.0,
    ) -> None:
        self._what_if = what_if
        self._devices = devices
        self._make = make
        self._settle_s = settle_s

    def judge(self, plan: Plan, observed: Mapping[str, Mapping[str, Value]]) -> tuple[str, ...]:
        """Measure the changed devices and name what lies outside its band.

        Parameters
        ----------
        plan : Plan
            The plan that has been committed but not confirmed.
        observed : mapping
            What verification has read; this gate reads for itself, later.

        Returns
        -------
        tuple of str
            One reason for each figure outside; empty to confirm.
        """
        paths = {part.device: OBSERVED[part.kind] for part in plan.devices if part.kind in OBSERVED}
        asked = [device for device in self._devices if device.id in paths]
        until_s = monotonic() + self._settle_s
        while True:
            live = read_live(asked, self._make, paths=paths)
            outside = [_reason(r) for r in self._residuals(live.values) if not _is_inside(r)]
            # What could not be measured does not agree with anything.
            outside += [
                f"{name}: could not be measured: {why}" for name, why in live.unreachable.items()
            ]
            if not outside or monotonic() >= until_s:
                return tuple(outside)
            sleep(_POLL_S)

    def _residuals(self, values: Mapping[str, Mapping[str, Value]]) -> tuple[Residual, ...]:
        return residuals_of(self._what_if.after, self._what_if.coverage_after, values)


def _band(residual: Residual) -> float:
    return RSRP_BAND_DB if residual.unit == "dB" else LAMP_POWER_BAND * residual.predicted


def _is_inside(residual: Residual) -> bool:
    return abs(residual.value) <= _band(residual)


def _reason(residual: Residual) -> str:
    return (
        f"{residual.device}: {residual.quantity} measures {residual.observed:.1f}, the twin "
        f"predicted {residual.predicted:.1f} +- {_band(residual):.1f} {residual.unit}"
    )
