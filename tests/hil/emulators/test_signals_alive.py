"""A signal controller of the living city, on the wire by NTCIP: its street obeys."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from controllers.drivers import close_snmp, make_driver
from hil.emulators.fleet import FleetThread
from hil.emulators.folder import entries_of, write_folder
from twin.geo.cityfile import load_city
from twin.sim.world import World

DUISBURG = Path(__file__).parents[3] / "twin/cities/duisburg"
NOON = datetime(2026, 11, 25, 12, tzinfo=ZoneInfo("Europe/Berlin"))


def test_a_programme_that_is_committed_runs_from_the_end_of_the_cycle(tmp_path, new_address):
    world = World(load_city(str(DUISBURG)), seed=1, start=NOON, managed=["signal-001"])
    entries = entries_of(
        world, ["signal-001"], tmp_path, network=new_address.network(),
        placement=new_address.placement(),
    )  # fmt: skip
    key = write_folder(tmp_path, entries)
    with FleetThread(world, entries, host_key=key) as fleet:
        driver = make_driver(entries[0])
        state = ["pattern_in_effect", "inbound_volume", "operational_state"]
        assert driver.read(state)["pattern_in_effect"] == 2
        driver.lock()
        driver.prepare({"pattern": 3})
        fleet.call(lambda: world.advance(120.0))
        assert driver.read(state)["pattern_in_effect"] == 2
        driver.commit(confirm_timeout_s=None, persist_id=None)
        fleet.call(lambda: world.advance(240.0))
        now = driver.read(state)
        assert (now["pattern_in_effect"], now["operational_state"]) == (3, "RUNNING")
    close_snmp()
