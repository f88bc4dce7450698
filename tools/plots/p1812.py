"""Draws the pictures of the pages on P.1812 and P.452: loss along a profile, and its parts."""

from __future__ import annotations

from pathlib import Path as FilePath

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from twin.radio.itu import p452, p1812
from twin.radio.itu.clear_air_inputs import Path, RadioClimate, Terminals

PICTURES = FilePath(__file__).parents[2] / "docs/pictures/models"
AIR = RadioClimate(latitude_deg=51.4, delta_n=40, n0=325)
X_M = np.arange(0.0, 60_001.0, 50.0)
GROUND_M = (
    60
    + 20 * np.sin(X_M / 3100)
    + 90 * np.exp(-(((X_M - 21e3) / 1.6e3) ** 2))
    + 60 * np.exp(-(((X_M - 43e3) / 2.5e3) ** 2))
)
CLUTTER_M = np.where((X_M > 5e3) & (X_M < 12e3), 15.0, 0.0)
ENDS = range(20, X_M.size, 4)


def _path(n: int) -> Path:
    return Path(distance_m=X_M[: n + 1], ground_m=GROUND_M[: n + 1], clutter_m=CLUTTER_M[: n + 1])


def _below(axes: Axes) -> None:
    axes.fill_between(X_M / 1e3, GROUND_M, color="0.75", label="ground")
    top, is_covered = GROUND_M + CLUTTER_M, CLUTTER_M > 0
    axes.fill_between(
        X_M / 1e3, GROUND_M, top, where=is_covered, color="tab:green", lw=0, label="clutter, 15 m"
    )
    axes.plot([0], [GROUND_M[0] + 50], "k^", label="transmitter, 50 m over ground")
    axes.set(xlabel="distance [km]", ylabel="height over sea [m]", ylim=(0, 220))
    axes.legend(fontsize=8, ncols=3, loc="upper right")


def _figure() -> tuple[Figure, Axes, Axes]:
    figure, (top, low) = plt.subplots(
        2, 1, figsize=(8, 6.4), sharex=True, height_ratios=(2.4, 1), constrained_layout=True
    )
    top.grid(alpha=0.3)
    return figure, top, low


def draw_p1812(picture: FilePath) -> None:
    """Write the picture of P.1812: loss to a receiver at 1.5 m for three frequencies.

    Parameters
    ----------
    picture : pathlib.Path
        The PNG file.
    """
    figure, top, low = _figure()
    for mhz, colour in ((450, "tab:blue"), (868, "tab:orange"), (3600, "tab:red")):
        ends = Terminals(freq_hz=mhz * 1e6, tx_height_m=50, rx_height_m=1.5, is_vertical=True)
        losses = [
            p1812.transmission_loss(_path(n), ends, AIR, time_percent=[50.0, 1.0]) for n in ENDS
        ]
        loss = np.array([one.loss_db for one in losses])
        top.plot(X_M[20::4] / 1e3, loss[:, 0], color=colour, label=f"{mhz} MHz, half of the time")
        top.plot(
            X_M[20::4] / 1e3, loss[:, 1], ":", color=colour, label=f"{mhz} MHz, 1 % of the time"
        )
    top.set(ylabel="basic transmission loss [dB]", title="P.1812 along one profile")
    top.invert_yaxis()
    top.legend(fontsize=8, ncols=3)
    _below(low)
    figure.savefig(picture, dpi=100)
    plt.close(figure)


def draw_p452(picture: FilePath) -> None:
    """Write the picture of P.452: what the loss is made of, 1 % of the time at 3.6 GHz.

    Parameters
    ----------
    picture : pathlib.Path
        The PNG file.
    """
    figure, top, low = _figure()
    ends = Terminals(freq_hz=3.6e9, tx_height_m=50, rx_height_m=10)
    losses = [p452.transmission_loss(_path(n), ends, AIR, time_percent=1.0) for n in ENDS]
    lines = {
        "free space and gases": [one.free_space_db for one in losses],
        "with diffraction": [one.los_percent_db + one.diffraction.percent_db for one in losses],
        "ducting and layers": [one.ducting_db for one in losses],
        "troposcatter": [one.scatter_db for one in losses],
    }
    for label, values in lines.items():
        top.plot(X_M[20::4] / 1e3, values, lw=1, label=label)
    together = [one.loss_db for one in losses]
    top.plot(X_M[20::4] / 1e3, together, "k", lw=2, label="all together")
    top.set(
        ylabel="loss not exceeded [dB]",
        title="P.452 along the same profile: 3.6 GHz, 1 % of the time, receiver at 10 m",
    )
    top.invert_yaxis()
    top.legend(fontsize=8, ncols=2)
    _below(low)
    figure.savefig(picture, dpi=100)
    plt.close(figure)


def main() -> None:
    """Write both pictures."""
    draw_p1812(PICTURES / "p1812.png")
    draw_p452(PICTURES / "p452.png")


if __name__ == "__main__":
    main()
