"""Random profiles, ends and air for the models of ITU-R P.1812 and P.452."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from twin.radio.itu.clear_air_inputs import Path, RadioClimate, Terminals


def random_paths(rng, n_paths, n_points, *, with_clutter=True, with_zones=True, freq_hz=(3e7, 6e9)):
    length = 10 ** rng.uniform(2.5, 5.7, (n_paths, 1))
    share = np.sort(rng.uniform(1e-6, 1 - 1e-6, (n_paths, n_points)), axis=1)
    share[:, 0], share[:, -1] = 0, 1
    share[rng.random(n_paths) < 0.5] = np.linspace(0, 1, n_points)
    steps = rng.normal(0, 1, (n_paths, n_points)) * 10 ** rng.uniform(-1, 2.3, (n_paths, 1))
    ground = np.cumsum(steps, axis=1) / np.sqrt(n_points) + rng.uniform(0, 500, (n_paths, 1))
    clutter = rng.choice([0, 0, 5, 15, 25.0], (n_paths, n_points)) if with_clutter else 0.0
    zone = np.zeros((n_paths, n_points), int)
    if with_zones:
        for row in zone:
            cuts = [0, *np.sort(rng.integers(0, n_points, 4)), n_points]
            for a, b in pairwise(cuts):
                row[a:b] = rng.integers(0, 3)
    path = Path(distance_m=share * length, ground_m=ground, clutter_m=clutter, zone=zone)
    ends = Terminals(
        freq_hz=10 ** rng.uniform(*np.log10(freq_hz), n_paths),
        tx_height_m=10 ** rng.uniform(0, 3, n_paths),
        rx_height_m=10 ** rng.uniform(0, 2, n_paths),
        is_vertical=rng.random(n_paths) < 0.5,
    )
    air = RadioClimate(
        latitude_deg=rng.uniform(-89, 89, n_paths),
        delta_n=rng.uniform(20, 90, n_paths),
        n0=rng.uniform(280, 380, n_paths),
        tx_coast_m=rng.choice([0, 1e3, 5e5], n_paths),
        rx_coast_m=rng.choice([0, 3e3, 5e5], n_paths),
    )
    return path, ends, air
