"""What the utility networks rest on: every figure with its source and how sure it is."""

from __future__ import annotations

from twin.model.assumptions import reader_of
from twin.model.city import Assumption

__all__ = ["ASSUMPTIONS", "value"]


def _row(key: str, number: float, unit: str, mark: str, source: str) -> Assumption:
    return Assumption(
        key=f"utilities_iot.{key}",
        value=number,
        unit=unit,
        mark=mark,
        source=source,
        used_by="utilities_iot",
    )


_K = "no figure found, unchecked"
_SIGNETLAB = "signetlabdei/lorawan @82ea58a"
_450 = "450connect, Behoerden Spiegel 2023-11; energie-und-management 341511"

ASSUMPTIONS: tuple[Assumption, ...] = (
    # LoRaWAN devices
    _row("water_meters_per_building", 0.83, "1/building", "K", f"one main meter a house; {_K}"),
    _row("heat_meters_per_building", 0.17, "1/building", "K", f"district heating; {_K}"),
    _row("lamp_share_lora", 0.25, "1", "K", f"lamps with a LoRaWAN controller; {_K}"),
    _row("sensors_per_1000_residents", 1.2, "1", "K", f"Krefeld has 450 points, zfk.de; {_K}"),
    _row("bins_per_1000_residents", 3.0, "1", "K", _K),
    _row("water_interval_s", 14_400.0, "s", "K", f"six uplinks a day; {_K}"),
    _row("heat_interval_s", 3_600.0, "s", "K", f"hourly; {_K}"),
    _row("lamp_interval_s", 3_600.0, "s", "C", "CITY_FACTS 8, city consequence"),
    _row("sensor_interval_s", 900.0, "s", "R", "zfk.de: 450 groundwater points each 15 min"),
    _row("bin_interval_s", 21_600.0, "s", "R", "wasp-lahis/ns3-bmap README: 31 B each 6 h"),
    _row("water_payload_bytes", 24.0, "byte", "K", _K),
    _row(
        "heat_payload_bytes", 48.0, "byte", "R", "Axioma E1/E3 extended, wmbusmeters PDF 13516794"
    ),
    _row("lamp_payload_bytes", 20.0, "byte", "C", "CITY_FACTS 8, city consequence"),
    _row("sensor_payload_bytes", 12.0, "byte", "K", _K),
    _row("bin_payload_bytes", 31.0, "byte", "R", "wasp-lahis/ns3-bmap README"),
    _row("lamp_confirmed_share", 0.02, "1", "K", f"faults are reported confirmed; {_K}"),
    _row("bin_confirmed_share", 1.0, "1", "K", f"few and wanted; {_K}"),
    _row("interval_jitter", 0.05, "1", "K", f"timers drift by so much each way; {_K}"),
    _row("confirmed_tries", 3.0, "1", "K", f"sendings of a confirmed message; {_K}"),
    # where the devices are
    _row("efficient_building_share", 0.2, "1", "K", f"thermally efficient by P.2109; {_K}"),
    _row("water_cellar_share", 0.85, "1", "K", _K),
    _row("heat_cellar_share", 1.0, "1", "K", _K),
    _row("cellar_min_db", 5.0, "dB", "K", "CITY_FACTS 6: cellar meter 5 to 15 dB"),
    _row("cellar_max_db", 15.0, "dB", "K", "CITY_FACTS 6: cellar meter 5 to 15 dB"),
    _row(
        "urban_residents_per_ha", 60.0, "1/ha", "K", f"Hata's city from here on, else suburb; {_K}"
    ),
    _row(
        "shadow_sigma_db", 8.0, "dB", "K", f"urban, outdoors; half of it common to all links; {_K}"
    ),
    _row("fading_sigma_db", 3.5, "dB", "K", f"from frame to frame, channels hop; {_K}"),
    _row("noise_rise_db", 3.0, "dB", "K", f"man-made noise over the receiver's own; {_K}"),
    _row("meter_antenna_dbi", -3.0, "dBi", "K", f"printed antenna in a case; {_K}"),
    _row("meter_height_m", 1.5, "m", "K", _K),
    # LoRaWAN network
    _row("demodulators", 8.0, "1", "R", f"{_SIGNETLAB}, SX1301"),
    _row("channels", 8.0, "1", "R", "three of RP002 and five of 867.1 to 867.9 MHz; CITY_FACTS 8"),
    _row("band_865_duty", 0.01, "1", "K", "865 to 868 MHz, not verified in srd868"),
    _row("spare_preamble_symbols", 3.0, "1", "R", "loraDir.py: 8 symbols, the last 5 critical"),
    _row("adr_history", 20.0, "1", "S", "Semtech, simple rate adaptation, rev. 1.0"),
    _row("adr_ack_limit", 64.0, "1", "K", "RP002 default ADR_ACK_LIMIT"),
    _row("adr_ack_delay", 32.0, "1", "K", "RP002 default ADR_ACK_DELAY"),
    _row("rx1_delay_s", 1.0, "s", "K", "RP002 default RECEIVE_DELAY1; the second is 1 s later"),
    _row("downlink_bytes", 4.0, "byte", "K", f"acknowledgement and rate command; {_K}"),
    _row("gateway_battery_s", 0.0, "s", "K", f"fed over Ethernet without a UPS; {_K}"),
    _row("gateway_boot_s", 120.0, "s", "K", _K),
    _row("gateway_failures_per_year", 0.2, "1/a", "K", f"a gateway or mast; {_K}"),
    _row("gateway_repair_s", 43_200.0, "s", "K", "CITY_FACTS 9: field MTTR 4 to 24 h"),
    _row("gateway_feeder_loss_db", 2.0, "dB", "K", _K),
    # multicast dimming
    _row("multicast_bytes", 20.0, "byte", "C", "CITY_FACTS 8, city consequence"),
    _row("multicast_sf", 9.0, "1", "C", "CITY_FACTS 8, city consequence"),
    _row("multicast_rounds", 3.0, "1", "K", f"a command is repeated so often in all; {_K}"),
    _row("dimming_start_min", 1_320.0, "min", "R", "WAZ 6254903: 50 % from 22 h"),
    _row("dimming_end_min", 360.0, "min", "R", "WAZ 6254903: to 6 h"),
    # energy of a battery device
    _row("battery_ah", 8.5, "Ah", "K", f"lithium cell of size C at 3.6 V; {_K}"),
    _row("battery_usable_share", 0.8, "1", "K", f"ageing and self-discharge; {_K}"),
    _row("sleep_current_a", 40e-6, "A", "K", f"ultrasonic metering included; {_K}"),
    _row("receive_current_a", 11e-3, "A", "K", f"SX1272 class transceiver; {_K}"),
    _row("transmit_base_a", 20e-3, "A", "K", f"at 2 dBm; {_K}"),
    _row("transmit_top_a", 44e-3, "A", "K", f"at 16 dBm EIRP, linear between; {_K}"),
    _row("receive_window_s", 0.06, "s", "K", f"both windows, empty; {_K}"),
    # LTE 450
    _row(
        "meters_per_dwelling", 1.396, "1", "C", "326,000 meters (rp-online 7017044), 233,516 flats"
    ),
    _row("smgw_per_meter", 0.10, "1", "K", f"share of meters behind a gateway now; {_K}"),
    _row("smgw_cellar_share", 0.7, "1", "K", f"before the fitter moves aerials; {_K}"),
    _row(
        "lte450_carrier_hz", 462.5e6, "Hz", "K", "B72: 451-456 up, 461-466 down; loss taken there"
    ),
    _row("lte450_terminal_dbm", 23.0, "dBm", "K", f"power class 3; {_K}"),
    _row("lte450_least_sinr_db", -7.0, "dB", "K", f"a fitter accepts no less; {_K}"),
    _row("smgw_aerial_share", 0.7, "1", "K", f"get an aerial outside where need be; {_K}"),
    _row("smgw_aerial_cable_db", 3.0, "dB", "K", _K),
    _row("smgw_antenna_dbi", 2.0, "dBi", "K", _K),
    _row("lte450_noise_rise_db", 3.0, "dB", "K", f"neighbour cells on the same carrier; {_K}"),
    _row("lte450_blocks", 15.0, "1", "K", "3 MHz carrier: 15 resource blocks"),
    _row("lte450_sectors", 3.0, "1", "K", f"cells of a mast, north, south-east, south-west; {_K}"),
    _row("lte450_beam_deg", 100.0, "deg", "K", f"width at -3 dB of a panel of 9 dBi; {_K}"),
    _row("lte450_downlink_overhead", 0.25, "1", "K", f"control, reference signals; {_K}"),
    _row("lte450_battery_s", 259_200.0, "s", "R", f"72 h; {_450}"),
    _row("lte450_boot_s", 300.0, "s", "K", _K),
    _row("smgw_push_bytes", 150e3, "byte", "K", "96 values, TLS, logs: of 5 to 10 MB a month"),
    _row("smgw_background_bytes", 100e3, "byte/d", "K", "rest of 7.5 MB a month, half each way"),
    _row("smgw_window_start_min", 15.0, "min", "K", f"local; {_K}"),
    _row("smgw_window_end_min", 360.0, "min", "K", f"local; {_K}"),
    _row("smgw_retry_s", 1_800.0, "s", "K", f"mean wait after a push that failed; {_K}"),
    _row("smgw_give_up_min", 720.0, "min", "K", f"local; a push not done by then is lost; {_K}"),
    _row("firmware_mb", 20.0, "MB", "K", "CITY_FACTS 6: tens of MB"),
    _row("rtu_bps", 2_000.0, "bit/s", "K", f"IEC 60870-5-104 of one substation, each way; {_K}"),
    _row("rtu_battery_s", 86_400.0, "s", "K", f"battery of a substation; {_K}"),
)

value = reader_of("utilities_iot", ASSUMPTIONS)
"""Reads a figure by its key without ``utilities_iot.``, in the unit given above."""
