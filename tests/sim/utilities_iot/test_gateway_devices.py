"""Gateways of LoRaWAN are devices: what is set on them changes what is heard and answered."""

from __future__ import annotations

import pytest

from twin.model.attributes import KINDS, check_value
from twin.model.errors import ModelError

HOUR_S = 3600.0


@pytest.fixture
def run(make_sim):
    return make_sim()


def gateways(run):
    return [name for name, kind in run.devices().items() if kind == "lorawan_gateway"]


def test_every_gateway_shows_every_attribute(run):
    run.advance(600.0)
    assert gateways(run)
    for name in gateways(run):
        assert set(run.paths(name)) == {a.template for a in KINDS["lorawan_gateway"]}
        for path in run.paths(name):
            value = run.read(name, path)
            assert check_value("lorawan_gateway", path, value) == value
    assert sum(run.read(name, "rx_frames") for name in gateways(run)) > 0


def test_a_gateway_without_radio_hears_nothing_and_can_be_switched_on_again(run):
    (name, *_) = gateways(run)
    run.advance(HOUR_S)
    run.write(name, {"radio_enabled": False})
    assert run.read(name, "operational_state") == "DISABLED"
    assert run.is_reachable(name)
    heard = run.read(name, "rx_frames")
    run.advance(2 * HOUR_S)
    assert run.read(name, "rx_frames") - heard <= 5  # what was on the air just then
    run.write(name, {"radio_enabled": True})
    run.advance(3 * HOUR_S)
    assert run.read(name, "rx_frames") > heard + 5


def test_where_gateways_may_not_send_nothing_is_answered(run):
    for name in gateways(run):
        run.write(name, {"tx_enabled": False})
    run.advance(2 * HOUR_S)
    assert all(run.read(name, "tx_air_s") == 0.0 for name in gateways(run))


def test_power_gain_and_frequencies_reach_the_air(run):
    (name, *_) = gateways(run)
    system = run.systems["utilities_iot"]
    downlinks, row = system.network.downlinks, system.network.masts.row[name]
    before = [downlinks.eirp_dbm(row, band) for band in range(3)]
    run.write(name, {"tx_power_erp_dbm": 10.0})
    assert [downlinks.eirp_dbm(row, band) for band in range(3)] == pytest.approx([12.15] * 3)
    run.write(name, {"tx_power_erp_dbm": 27.0, "antenna_gain_dbi": 3.0})
    after = [downlinks.eirp_dbm(row, band) for band in range(3)]
    assert after == pytest.approx([eirp + 3.0 for eirp in before])
    run.write(name, {"tx_min_khz": 869_400, "tx_max_khz": 869_650})
    assert downlinks.may_send[row].tolist() == [False, False, True]
    with pytest.raises(ModelError, match="is above tx_max_khz"):
        run.write(name, {"tx_min_khz": 870_000})
    assert run.read(name, "tx_min_khz") == 869_400
