"""Figures of offices and backbone for people: KPIs since the start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from twin.sim.egov_backbone.assumptions import value
from twin.sim.egov_backbone.backbone import Backbone
from twin.sim.egov_backbone.offices import CitizenOffice
from twin.sim.egov_backbone.sla import ServiceMeter
from twin.sim.system import Kpi

__all__ = ["backbone_kpis", "office_kpis", "service_kpis"]


def _count(number: float, note: str = "") -> Kpi:
    return Kpi(float(number), "1", note)


def office_kpis(offices: Sequence[CitizenOffice]) -> dict[str, Kpi]:
    """Sum up appointments and waiting.

    Parameters
    ----------
    offices : sequence of CitizenOffice
        The offices.

    Returns
    -------
    dict
        KPIs by name.
    """
    waits_min = np.array([s for office in offices for s in office.waits_s]) / 60.0
    p50, p95 = np.percentile(waits_min, (50, 95)).tolist() if waits_min.size else (0.0, 0.0)
    return {
        "appointments_due": _count(
            sum(office.n_due() for office in offices), "appointments whose time has come"
        ),
        "appointments_served": _count(sum(office.tally.served for office in offices)),
        "appointments_lost": _count(
            sum(office.lost() for office in offices), "the citizen came in vain"
        ),
        "no_shows": _count(sum(office.tally.no_shows for office in offices)),
        "waiting_p50_min": Kpi(p50, "min", "from the slot, or a later arrival"),
        "waiting_p95_min": Kpi(p95, "min"),
    }


def service_kpis(meters: Mapping[str, ServiceMeter], now_s: float) -> dict[str, Kpi]:
    """Compare availability with the agreed level.

    Parameters
    ----------
    meters : mapping
        One per office.
    now_s : float
        Simulated second. [s]

    Returns
    -------
    dict
        KPIs by name.
    """
    for meter in meters.values():
        meter.change(now_s, is_up=meter.is_up)
    agreed_s = sum(meter.agreed_s for meter in meters.values())
    up_s = sum(meter.up_s for meter in meters.values())
    target = value("sla_availability_percent")
    met = sum(meter.availability_percent() >= target for meter in meters.values())
    return {
        "service_availability_percent": Kpi(
            100.0 * up_s / agreed_s if agreed_s else 100.0,
            "%",
            "link and data centre of the offices, 7-18 h Mon-Fri",
        ),
        "sla_met_percent": Kpi(
            100.0 * met / len(meters) if meters else 100.0,
            "%",
            f"offices with at least {target} % so far",
        ),
    }


def backbone_kpis(backbone: Backbone) -> dict[str, Kpi]:
    """Sum up cuts, ways and traffic of the fibre.

    Parameters
    ----------
    backbone : Backbone
        The fibre.

    Returns
    -------
    dict
        KPIs by name.
    """
    gb = {name: bits / 8e9 for name, bits in backbone.bits.items()}
    cut_off_min = float(backbone.cut_off_s.sum()) / 60.0
    return {
        "fibre_cuts": _count(backbone.cuts.cuts),
        "reroutes": _count(backbone.reroutes, "each in less than 50 ms (K)"),
        "link_load_max_percent": Kpi(backbone.peak_load_percent, "%", "fullest cable so far"),
        "fibre_overload_min": Kpi(backbone.overload_s / 60.0, "min"),
        "fibre_carried_gb": Kpi(gb["carried"], "GB"),
        "fibre_lost_gb": Kpi(gb["congested"] + gb["cut_off"], "GB"),
        "places_cut_off_min": Kpi(cut_off_min, "min", "sum over places"),
    }
