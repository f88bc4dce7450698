"""Draw the LoRa models: time on air, delivery under load, and the settling of rate adaptation."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np

from twin.radio.lora.adr import Setting, adapt
from twin.radio.lora.airtime import symbol_s, time_on_air_s
from twin.radio.lora.aloha import LORASIM_EXPONENT, delivery, delivery_with_capture, load

mpl.use("Agg")
import matplotlib.pyplot as plt

ROOT = Path(__file__).parents[2]
LORASIM = (
    (50, 0.946), (100, 0.891), (120, 0.875), (200, 0.796),
    (400, 0.639), (800, 0.435), (1000, 0.364), (1600, 0.234),
)  # fmt: skip
AIR_S = 1.7121


def main() -> None:
    """Write the picture."""
    fig, (air, got, adr) = plt.subplots(1, 3, figsize=(11.5, 3.6), layout="constrained")
    sf = np.arange(5, 13)
    for size in (13, 33, 64):
        air.semilogy(sf, 1e3 * time_on_air_s(size, sf), ".-", label=f"{size} byte")
    air.set(xlabel="spreading factor", ylabel="time on air [ms]")
    air.set_title("125 kHz, 4/5", fontsize=10)
    air.legend(fontsize=8)
    n = np.linspace(1, 1700, 200)
    g = load(n, AIR_S, 1000.0)
    window = 1.0 - 3.0 * float(symbol_s(12)) / AIR_S
    got.plot(n, delivery(g), label="ALOHA")
    got.plot(n, delivery_with_capture(g), label="6 dB capture, exponent 3.5")
    rule = delivery_with_capture(g, exponent=LORASIM_EXPONENT, vulnerable_airtimes=window)
    got.plot(n, rule, label="with LoRaSim's rule")
    got.plot(*zip(*LORASIM, strict=True), "o", mfc="none", color="0.2", ms=4, label="LoRaSim")
    got.set(xlabel="devices", ylabel="share delivered", ylim=(0, 1))
    got.set_title("SF12 4/8, 20 byte each 1000 s, 1 channel", fontsize=10)
    got.legend(fontsize=8)
    snr = np.arange(-20.0, 25.0, 0.25)
    settings = [_settled(float(s)) for s in snr]
    adr.plot(snr, [s.sf for s in settings], label="spreading factor")
    adr.plot(snr, [s.power_dbm for s in settings], label="power [dBm]")
    adr.set(xlabel="SNR at 16 dBm [dB]", ylabel="SF, power [dBm]")
    adr.set_title("rate adaptation, settled from SF12", fontsize=10)
    adr.legend(fontsize=8)
    for axis in (air, got, adr):
        axis.grid(alpha=0.3)
    fig.savefig(ROOT / "docs/pictures/models/lora.png", dpi=100)


def _settled(snr_db: float) -> Setting:
    now = Setting(sf=12, power_dbm=16)
    for _ in range(10):
        now = adapt([snr_db - 16 + now.power_dbm], now)
    return now


if __name__ == "__main__":
    main()
