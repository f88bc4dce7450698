"""The figures of the utility networks: KPIs of the city, of its districts, and what is now."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from twin.sim.system import Kpi
from twin.sim.utilities_iot.assumptions import value
from twin.sim.utilities_iot.devices import KINDS
from twin.sim.utilities_iot.lorawan import Lorawan
from twin.sim.utilities_iot.multicast import Multicast
from twin.sim.utilities_iot.receptions import Outcome
from twin.sim.utilities_iot.smart_meters import SmartMeters

__all__ = ["battery_years", "city_kpis", "district_kpis"]

Floats = NDArray[np.float64]

_YEAR_S = 365.25 * 86_400.0


def _percent(part: float, whole: float) -> float:
    return 100.0 * float(part) / float(whole) if whole else 0.0


def battery_years(network: Lorawan) -> Floats:
    """Estimate how long the battery of each meter lasts with the rate and factor it has.

    Parameters
    ----------
    network : Lorawan
        The network.

    Returns
    -------
    ndarray
        Of the meters that have sent: the mean charge of a message so far, once an interval. [a]
    """
    senders, kind = network.senders, network.devices.kind
    rows = np.flatnonzero((kind <= KINDS.index("heat_meter")) & (senders.n_sent > 0))
    listening_as = value("receive_window_s") * value("receive_current_a")
    message_as = senders.charge_as[rows] / senders.n_sent[rows] + listening_as
    mean_a = value("sleep_current_a") + message_as / senders.interval_s[rows]
    usable_as = value("battery_ah") * 3600.0 * value("battery_usable_share")
    return np.asarray(usable_as / mean_a / _YEAR_S)


def city_kpis(network: Lorawan, multicast: Multicast, meters: SmartMeters) -> dict[str, Kpi]:
    """Return the figures of the whole city since the start."""
    return _lorawan(network) | _multicast(multicast) | _lte450(meters)


def _lorawan(network: Lorawan) -> dict[str, Kpi]:
    outcomes, decided = network.outcomes, int(network.outcomes.sum())
    deep = network.devices.is_deep
    senders, downlinks = network.senders, network.downlinks
    years = battery_years(network)
    up = network.masts.availability()
    violations = senders.n_violations + downlinks.n_violations
    return {
        "uplinks": Kpi(float(senders.n_sent.sum()), "frames", "repetitions too"),
        "delivery_ratio_percent": Kpi(_percent(outcomes[Outcome.DELIVERED], decided), "%"),
        "delivery_ratio_deep_indoor_percent": Kpi(
            _percent(network.n_delivered[deep].sum(), network.n_decided[deep].sum()),
            "%", "meters in cellars, P.2109 and 5 to 15 dB",
        ),
        "delivery_ratio_lamps_percent": Kpi(_ratio(network, KINDS.index("lamp")), "%"),
        "duplicate_receptions": Kpi(
            float(network.n_receptions - outcomes[Outcome.DELIVERED]), "frames",
            "heard by further gateways",
        ),
        "collisions_percent": Kpi(_percent(outcomes[Outcome.COLLIDED], decided), "%"),
        "below_sensitivity_percent": Kpi(_percent(outcomes[Outcome.WEAK], decided), "%"),
        "gateway_off_percent": Kpi(_percent(outcomes[Outcome.OFF], decided), "%"),
        "gateway_sending_percent": Kpi(_percent(outcomes[Outcome.SENDING], decided), "%"),
        "no_demodulator_percent": Kpi(_percent(outcomes[Outcome.NO_PATH], decided), "%"),
        "sf12_share_percent": Kpi(_percent((senders.sf == 12).sum(), senders.sf.size), "%"),
        "sf7_share_percent": Kpi(_percent((senders.sf == 7).sum(), senders.sf.size), "%"),
        "duty_cycle_violations": Kpi(float(violations), "frames", "must be 0"),
        "duty_cycle_deferrals": Kpi(float(senders.n_deferred), "frames"),
        "messages_replaced": Kpi(float(senders.n_replaced), "messages", "newer ones came first"),
        "adr_steps": Kpi(float(network.n_adr_steps + network.n_backed_off), "changes"),
        "downlinks": Kpi(float(downlinks.n_sent), "frames"),
        "downlinks_blocked": Kpi(float(downlinks.n_blocked), "frames", "duty cycle or busy"),
        "battery_life_median_years": Kpi(_quantile(years, 0.5), "a", "meters, assumed cell"),
        "battery_life_p5_years": Kpi(_quantile(years, 0.05), "a", "meters, assumed cell"),
        "gateway_availability_percent": Kpi(100.0 * float(up.mean()) if up.size else 0.0, "%"),
    }  # fmt: skip


def _ratio(network: Lorawan, kind: int) -> float:
    rows = network.devices.kind == kind
    return _percent(network.n_delivered[rows].sum(), network.n_decided[rows].sum())


def _quantile(values: Floats, share: float) -> float:
    return float(np.quantile(values, share)) if values.size else 0.0


def _multicast(multicast: Multicast) -> dict[str, Kpi]:
    commands = f"mean of {len(multicast.reach)} commands"
    reach = 100.0 * float(np.mean(multicast.reach)) if multicast.reach else 0.0
    p95_s = float(np.mean(multicast.p95_s)) if multicast.p95_s else 0.0
    return {
        "multicast_dimming_reach_percent": Kpi(reach, "%", f"of lamps with power, {commands}"),
        "multicast_dimming_p95_s": Kpi(
            p95_s, "s", f"until 95 % of the lamps reached had it, {commands}"
        ),
        "multicast_dimming_longest_s": Kpi(
            max(multicast.last_s, default=0.0), "s", "until the last lamp, slowest command"
        ),
    }


def _lte450(meters: SmartMeters) -> dict[str, Kpi]:
    n = max(meters.n_steps, 1)
    up = meters.masts.availability()
    rtu = meters.rtu_up_steps / n
    return {
        "smgw_push_success_percent": Kpi(
            _percent(meters.n_done, meters.n_due), "%", "of pushes due so far"
        ),
        "smgw_reached_percent": Kpi(_percent(meters.is_reached.sum(), meters.n), "%", "now"),
        "smgw_coverage_percent": Kpi(
            _percent(meters.n, meters.n_planned), "%", "of places; others use another network"
        ),
        "lte450_load_percent": Kpi(
            100.0 * float(meters.load_sum.max(initial=0.0)) / n, "%", "mean of the busiest cell"
        ),
        "lte450_busy_hour_load_percent": Kpi(
            100.0 * meters.busy_hour_load(), "%", "busiest cell and hour"
        ),
        "lte450_uplink_gb": Kpi(meters.bits_up / 8e9, "GB"),
        "lte450_availability_percent": Kpi(100.0 * float(up.mean()) if up.size else 0.0, "%"),
        "firmware_done_percent": Kpi(
            _percent(meters.n_firmware_done, meters.n_firmware_asked), "%",
            f"of {meters.n_firmware_asked} asked for",
        ),
        "substation_rtu_availability_percent": Kpi(
            100.0 * float(rtu.mean()) if rtu.size and meters.n_steps else 100.0, "%"
        ),
    }  # fmt: skip


def district_kpis(network: Lorawan, meters: SmartMeters) -> dict[str, Mapping[str, Kpi]]:
    """Return figures by slug of the district."""
    devices, pushes = network.devices, meters.push_success_by_district()
    found: dict[str, Mapping[str, Kpi]] = {}
    for i, slug in enumerate(devices.slugs):
        here = devices.district == i
        deep = here & devices.is_deep
        figures = {
            "lorawan_devices": Kpi(float(here.sum()), "devices"),
            "delivery_ratio_percent": Kpi(
                _percent(network.n_delivered[here].sum(), network.n_decided[here].sum()), "%"
            ),
            "delivery_ratio_deep_indoor_percent": Kpi(
                _percent(network.n_delivered[deep].sum(), network.n_decided[deep].sum()), "%"
            ),
            "sf12_share_percent": Kpi(
                _percent((network.senders.sf[here] == 12).sum(), here.sum()), "%"
            ),
        }
        if slug in pushes:
            figures["smgw_push_success_percent"] = Kpi(100.0 * pushes[slug], "%")
        found[slug] = figures
    return found
