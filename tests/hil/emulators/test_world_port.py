"""MemoryWorld: atomic writes and operational values that follow."""

import pytest

from hil.emulators.world_port import MemoryWorld
from twin.model.errors import ModelError

VALUES = {
    "radio/2/channel": 100,
    "radio/2/channel_in_use": 100,
    "radio/2/tx_power_dbm": 20,
    "radio/2/enabled": True,
}


@pytest.fixture
def world():
    return MemoryWorld({"ap-1": "ap"}, {"ap-1": VALUES})


def test_operational_value_follows_configuration(world):
    world.write("ap-1", {"radio/2/channel": 36})
    assert world.read("ap-1", "radio/2/channel_in_use") == 36


@pytest.mark.parametrize(
    "bad",
    [
        {"radio/2/tx_power_dbm": 99},
        {"radio/2/channel_in_use": 1},
        {"radio/9/channel": 1},
        {"nonsense": 1},
        {"radio/2/enabled": 1},
    ],
)
def test_a_bad_change_leaves_everything_as_it_was(world, bad):
    with pytest.raises(ModelError):
        world.write("ap-1", {"radio/2/channel": 36, **bad})
    assert {path: world.read("ap-1", path) for path in world.paths("ap-1")} == VALUES


def test_unknown_device_is_an_error(world):
    with pytest.raises(ModelError, match="unknown device"):
        world.read("ap-2", "radio/2/channel")


def test_observe_moves_operational_state(world):
    world.observe("ap-1", "radio/2/channel_in_use", 52)
    assert world.read("ap-1", "radio/2/channel_in_use") == 52
    assert world.read("ap-1", "radio/2/channel") == 100
