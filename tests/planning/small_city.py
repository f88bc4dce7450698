"""A city of a few objects, small enough to reckon by hand."""

from twin.model.city import (
    AccessPoint,
    Cell,
    CensusCell,
    City,
    Lamp,
    LampCabinet,
    Port,
    Radio,
    Ssid,
    Switch,
)


def cell(identifier: str, x_m: float, azimuth_deg: float, **fields: object) -> Cell:
    values: dict[str, object] = {
        "id": identifier,
        "site": identifier,
        "operator": "A",
        "technology": "nr",
        "band": "n78",
        "scenario": "UMa",
        "x_m": x_m,
        "y_m": 1000.0,
        "height_m": 25.0,
        "azimuth_deg": azimuth_deg,
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
    return Cell(**(values | fields))  # type: ignore[arg-type]


def small_city() -> City:
    square = ((0.0, 0.0), (2000.0, 0.0), (2000.0, 2000.0), (0.0, 2000.0), (0.0, 0.0))
    radio = Radio(index="1", channel=1, bandwidth_mhz=20, tx_power_dbm=14, antenna_gain_dbi=3.0)
    access_points = tuple(
        AccessPoint(
            id=f"ap-{n}",
            site="fws",
            x_m=500.0 + 60.0 * n,
            y_m=500.0,
            height_m=8.0,
            placement="outdoor_fixed",
            radios=(radio,),
            ssids=(Ssid(name="city"), Ssid(name="exam", enabled=False)),
            switch="sw-1",
            port=str(n + 1),
        )
        for n in range(3)
    )
    return City(
        name="small",
        title="Small city",
        seed=1,
        timezone="Europe/Berlin",
        lat_deg=51.43,
        lon_deg=6.76,
        outline=(square,),
        census=tuple(
            CensusCell(x_m=x, y_m=y, residents=100.0, dwellings=50, buildings=10)
            for x in range(50, 2000, 100)
            for y in range(50, 2000, 100)
        ),
        cells=(cell("cell-1", 400.0, 90.0), cell("cell-2", 1600.0, 270.0)),
        access_points=access_points,
        switches=(
            Switch(
                id="sw-1", site="fws", x_m=500.0, y_m=500.0,
                ports=tuple(Port(index=str(n)) for n in (1, 2, 3)),
            ),
        ),
        cabinets=(LampCabinet(id="cab-1", site="fws", x_m=0.0, y_m=0.0),),
        lamps=tuple(
            Lamp(id=f"l-{n}", cabinet="cab-1", x_m=0.0, y_m=0.0, height_m=8.0,
                 power_w=50.0, kind="led")
            for n in range(20)
        ),
    )  # fmt: skip
