"""Calibrate a path loss law on measured LoRaWAN, NB-IoT and Sigfox receptions.

The samples are those of github.com/martin146/ieee-access-data (MIT, martin146): a CSV file with the
columns tech, city, lat, lon, rssi, snr, dist (km) and rsrp. It is not part of the project.

Usage: python examples/calibrate_lpwan.py lpwan_brno_ostrava.csv [--cut-km 5]

Only received packets are in it: beyond some distance the weak ones are missing, so every slope is
too small (survivor bias). Gateways stand on hills; samples beyond the cut say little of a city.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np

from twin.radio.calibration import cross_validated_rmse_db, fit_path_loss
from twin.radio.empirical.hata import hata_db
from twin.radio.itu.p525 import free_space_db

# EIRP and carrier are assumptions: the file does not say them. NB-IoT is RSRP, per subcarrier.
SYSTEMS = {
    "LoRaWAN": (14.0, 868e6, "rssi"),
    "Sigfox": (14.0, 868e6, "rssi"),
    "NB-IoT": (47.0, 800e6, "rsrp"),
}
BASE_M, MOBILE_M, NEAR_M = 60.0, 1.5, 50.0


def main() -> None:
    """Print a row per technology and city."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", type=Path)
    parser.add_argument("--cut-km", type=float, default=5.0)
    arguments = parser.parse_args()
    with arguments.path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    print("RMSE in dB; in brackets with the mean error taken out, free of the assumed EIRP")
    print("| samples | n | slope | sigma | fit, unseen folds | Hata | free space |")
    print("|---|---|---|---|---|---|---|")
    for tech, city in sorted({(row["tech"], row["city"]) for row in rows}):
        eirp_dbm, freq_hz, column = SYSTEMS[tech]
        pairs = [
            (1e3 * float(row["dist"]), eirp_dbm - float(row[column]))
            for row in rows
            if row["tech"] == tech and row["city"] == city and row[column] and row["dist"]
        ]
        distance, loss = np.array(pairs).T
        is_kept = (distance >= NEAR_M) & (distance <= 1e3 * arguments.cut_km)
        distance, loss = distance[is_kept], loss[is_kept]
        fit = fit_path_loss(distance, loss)
        unseen = cross_validated_rmse_db(distance, loss, np.random.default_rng(1))
        hata = hata_db(freq_hz, distance, BASE_M, MOBILE_M, is_extrapolated=True)
        others = [loss - model for model in (hata, free_space_db(freq_hz, distance))]
        cells = [f"{np.sqrt(np.mean(e**2)):.2f} ({np.std(e):.2f})" for e in others]
        print(
            f"| {tech} {city} | {fit.n_samples} | {fit.slope:.2f} ± {fit.slope_error:.2f} | "
            f"{fit.sigma_db:.2f} | {unseen:.2f} | {cells[0]} | {cells[1]} |"
        )


if __name__ == "__main__":
    main()
