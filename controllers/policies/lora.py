"""LoRaWAN gateways: power, sub-band and duty cycle of what they send at 863 to 870 MHz."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from controllers.plan import DevicePlan, Plan, PlanFinding
from twin.model.attributes import Value
from twin.model.regulatory import Finding, SubBand, srd868_findings, srd868_sub_band
from twin.model.regulatory.srd868_rules import DIPOLE_DBI

__all__ = ["lora_policy"]

_NEEDED = ("tx_min_khz", "tx_max_khz", "tx_power_erp_dbm")
_SENDS = frozenset({*_NEEDED, "tx_enabled", "radio_enabled"})
_CHANNEL_HZ = 125e3


def lora_policy(plan: Plan) -> tuple[PlanFinding, ...]:
    """Check the gateways whose sending a plan changes, as they will be.

    Parameters
    ----------
    plan : Plan
        The plan.

    Returns
    -------
    tuple of PlanFinding
        An error for too much power and for frequencies that are not within one sub-band; a
        warning where the new sub-band allows less time on the air than the old one.
    """
    return tuple(
        PlanFinding(device=part.device, finding=finding)
        for part in plan.devices
        if part.kind == "lorawan_gateway" and _SENDS & {c.path for c in part.changes}
        for finding in _findings(part)
    )


def _findings(part: DevicePlan) -> Iterator[Finding]:
    after = part.state_after()
    if after.get("tx_enabled") is False or after.get("radio_enabled") is False:
        return
    missing = [name for name in _NEEDED if name not in after]
    if missing:
        yield Finding(
            rule="radio-unchecked",
            severity="warning",
            message=f"its sending could not be checked: {' and '.join(missing)} could not be read",
            reference="radio policy",
        )
        return
    freq_hz, width_hz = _range(after)
    power_dbm = float(after["tx_power_erp_dbm"]) + DIPOLE_DBI
    yield from srd868_findings(
        freq_hz, power_dbm, 0.0, airtime_per_hour_s=0.0, bandwidth_hz=width_hz
    )
    yield from _duty({**part.context, **part.undo}, srd868_sub_band(freq_hz, width_hz))


def _range(state: Mapping[str, Value]) -> tuple[float, float]:
    """Middle and width of what is sent at, the outer channels with their own width. [Hz]."""
    low, high = (1e3 * float(state[name]) for name in ("tx_min_khz", "tx_max_khz"))
    return (low + high) / 2, abs(high - low) + _CHANNEL_HZ


def _duty(before: Mapping[str, Value], new: SubBand | None) -> Iterator[Finding]:
    """Name the time on the air that is lost by another sub-band."""
    if new is None or not {"tx_min_khz", "tx_max_khz"} <= before.keys():
        return
    old = srd868_sub_band(*_range(before))
    if old is None or old == new or old.airtime_per_hour_s is None:
        return
    if new.airtime_per_hour_s is None or new.airtime_per_hour_s < old.airtime_per_hour_s:
        allowed = "an unknown time" if new.airtime_per_hour_s is None else (
            f"{new.airtime_per_hour_s:g} s"
        )  # fmt: skip
        yield Finding(
            rule="duty-cycle",
            severity="warning",
            message=(
                f"{new.name} allows {allowed} on the air in an hour, {old.name} allowed "
                f"{old.airtime_per_hour_s:g} s; see that the answers fit"
            ),
            reference=new.reference,
        )
