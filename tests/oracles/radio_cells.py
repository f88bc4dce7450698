"""Cells for tests: one that is right, and random layers."""

from __future__ import annotations

import numpy as np

from twin.model.city import AccessPoint, Cell, CensusCell, City, Radio, Ssid

X0, Y0 = 344_000.0, 5_700_000.0


def make_cell(name="cell-a-001-1-n78", **fields):
    values = {
        "id": name,
        "site": "site-001",
        "operator": "A",
        "technology": "nr",
        "band": "n78",
        "scenario": "UMa",
        "x_m": X0,
        "y_m": Y0,
        "height_m": 28.0,
        "azimuth_deg": 30.0,
        "tilt_deg": 6.0,
        "carrier_hz": 3.6e9,
        "bandwidth_hz": 90e6,
        "scs_hz": 30e3,
        "tx_power_dbm": 46.0,
        "antenna_gain_dbi": 17.0,
        "beamwidth_h_deg": 65.0,
        "beamwidth_v_deg": 8.0,
        "mimo_layers": 4,
        "load": 0.5,
    }
    return Cell(**(values | fields))


def random_layer(rng, n_sites=6, n_carriers=1, radius_m=1500.0):
    """Three sectors on each site, the carriers 40 MHz apart and 90 or 60 MHz wide: they overlap."""
    cells = []
    for s in range(n_sites):
        scenario = ["UMa", "UMi", "RMa"][int(rng.integers(3))]
        height = {"UMa": 28.0, "UMi": 9.0, "RMa": 40.0}[scenario] + float(rng.uniform(-3, 3))
        x, y = (np.array([X0, Y0]) + rng.uniform(-radius_m, radius_m, 2)).tolist()
        k = int(rng.integers(n_carriers))
        for sector in range(3):
            is_omni = scenario == "UMi" and sector == 0
            cells.append(
                make_cell(
                    f"cell-a-{s:03}-{sector}-n78",
                    site=f"site-{s:03}",
                    scenario=scenario,
                    x_m=x,
                    y_m=y,
                    height_m=height,
                    azimuth_deg=float(rng.uniform(0, 360)),
                    tilt_deg=float(rng.uniform(0, 10)),
                    carrier_hz=3.5e9 + 40e6 * k,
                    bandwidth_hz=[90e6, 60e6, 90e6][k],
                    scs_hz=[30e3, 60e3, 30e3][k],
                    tx_power_dbm=float(rng.uniform(30, 53)),
                    beamwidth_h_deg=360.0 if is_omni else float(rng.uniform(30, 90)),
                    beamwidth_v_deg=180.0 if is_omni else float(rng.uniform(6, 65)),
                    load=float(rng.choice([0.0, 0.3, 0.7, 1.0])),
                    is_on=bool(rng.random() > 0.1),
                )
            )
    if not any(cell.is_on for cell in cells):
        cells.append(make_cell("cell-a-999-0-n78"))
    return cells


def random_points(rng, n, radius_m=1500.0):
    return rng.uniform(-radius_m, radius_m, n) + X0, rng.uniform(-radius_m, radius_m, n) + Y0


def make_ap(name, x_m, y_m, channel=1, channel_5=100, placement="outdoor_fixed", **fields):
    values = {
        "id": name,
        "site": "fws",
        "x_m": x_m,
        "y_m": y_m,
        "height_m": 5.0,
        "placement": placement,
        "radios": (
            Radio(index="1", channel=channel, bandwidth_mhz=20, tx_power_dbm=15,
                  antenna_gain_dbi=5.0),
            Radio(index="2", channel=channel_5, bandwidth_mhz=20, tx_power_dbm=22,
                  antenna_gain_dbi=7.0),
        ),
        "ssids": (Ssid(name="city"),),
    }  # fmt: skip
    return AccessPoint(**(values | fields))


def make_city(cells=(), access_points=(), size_m=1000.0):
    x, y, s = X0, Y0, size_m
    return City(
        name="square",
        title="Square",
        seed=1,
        timezone="Europe/Berlin",
        lat_deg=51.4,
        lon_deg=6.8,
        outline=(((x, y), (x + s, y), (x + s, y + s), (x, y + s), (x, y)),),
        census=(
            CensusCell(x_m=x + 150, y_m=y + 150, residents=100, dwellings=40, buildings=10),
            CensusCell(x_m=x + 850, y_m=y + 850, residents=300, dwellings=120, buildings=20),
        ),
        cells=tuple(cells),
        access_points=tuple(access_points),
    )


def hexagon_layer(spacing_m=600.0, rings=2, load=0.5, **fields):
    """A regular network of three-sector sites, such as the calibration cases use."""
    cells = []
    for q in range(-rings, rings + 1):
        for r in range(-rings, rings + 1):
            if abs(q + r) > rings:
                continue
            x = X0 + spacing_m * (q + r / 2)
            y = Y0 + spacing_m * r * np.sqrt(3) / 2
            cells += [
                make_cell(
                    f"cell-a-{len(cells):03}-n78",
                    site=f"site-{len(cells):03}",
                    x_m=float(x),
                    y_m=float(y),
                    azimuth_deg=a,
                    load=load,
                    **fields,
                )
                for a in (30.0, 150.0, 270.0)
            ]
    return cells
