"""Draw the exposure models: limits by frequency, a field by distance, a map around a site."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np

from twin.model.regulatory import emf_limit_v_per_m
from twin.radio.emf import EmfSource, exhaustion_map, field_strength_v_per_m, safety_distance_m
from twin.radio.grid import Grid

mpl.use("Agg")
import matplotlib.pyplot as plt

ROOT = Path(__file__).parents[2]
CARRIERS = ((806e6, 60.0, 6.0), (1842.5e6, 62.0, 6.0), (3.6e9, 68.0, 6.0))


def main() -> None:
    """Write the picture."""
    fig, (limit, distance, place) = plt.subplots(1, 3, figsize=(12, 3.7), layout="constrained")
    freq_hz = np.logspace(7, np.log10(6e9), 400)
    limit.semilogx(freq_hz / 1e6, [emf_limit_v_per_m(f) for f in freq_hz])
    limit.set(xlabel="frequency [MHz]", ylabel="limit of E [V/m]", ylim=(0, 70))
    limit.set_title("26. BImSchV, Annex 1b", fontsize=10)
    metres = np.logspace(0, 3, 200)
    for watt, freq in ((10.0, 900e6), (1000.0, 900e6), (6310.0, 3.6e9)):
        (line,) = distance.loglog(
            metres, field_strength_v_per_m(watt, metres), label=f"{watt:g} W, {freq / 1e6:g} MHz"
        )
        at = safety_distance_m([watt], [freq])
        if at >= 1.0:
            distance.plot(at, emf_limit_v_per_m(freq), "o", color=line.get_color(), ms=5)
    distance.set(xlabel="distance in the beam [m]", ylabel="E [V/m]")
    distance.set_title("EIRP; dots: safety distance", fontsize=10)
    distance.legend(fontsize=8)
    grid = Grid(x0_m=-300.0, y0_m=-300.0, step_m=4.0, n_x=151, n_y=151)
    used = 100.0 * exhaustion_map(_site(), grid, 1.5)
    image = place.contourf(*grid.centres(), used, levels=np.arange(0.0, 4.6, 0.5))
    place.set_aspect("equal")
    fig.colorbar(image, ax=place, label="share of permitted E [%]")
    place.set(xlabel="east of the mast [m]", ylabel="north [m]")
    place.set_title("3 sectors x 3 carriers at 30 m, seen at 1.5 m", fontsize=10)
    for axis in (limit, distance):
        axis.grid(alpha=0.3, which="both")
    fig.savefig(ROOT / "docs/pictures/models/emf.png", dpi=85)


def _site() -> list[EmfSource]:
    return [
        EmfSource(
            height_m=30.0,
            eirp_dbm=eirp_dbm,
            freq_hz=freq_hz,
            azimuth_deg=azimuth_deg,
            tilt_deg=tilt_deg,
            beamwidth_h_deg=65.0,
            beamwidth_v_deg=8.0,
        )
        for azimuth_deg in (30.0, 150.0, 270.0)
        for freq_hz, eirp_dbm, tilt_deg in CARRIERS
    ]


if __name__ == "__main__":
    main()
