"""What the generated tables of the city rest on, figure by figure."""

from __future__ import annotations

from twin.geo.generate import fibre, gateways, offices, power, signals, transit
from twin.model.city import Assumption

__all__ = ["GEO_ASSUMPTIONS"]

GEO_ASSUMPTIONS: tuple[Assumption, ...] = (
    *transit.ASSUMPTIONS,
    *signals.ASSUMPTIONS,
    *power.ASSUMPTIONS,
    *offices.ASSUMPTIONS,
    *fibre.ASSUMPTIONS,
    *gateways.ASSUMPTIONS,
)
"""Figures of the generators; `twin.geo.assumptions` adds those of the simulated systems."""
