"""Intent files: what they may say, and how mistakes are told."""

from __future__ import annotations

import pytest
from memory_devices import device

from controllers.intent import load_intent, parse_intent, paths_to_read, resolve
from twin.model.errors import InputError
from twin.model.safe import parse_yaml

DEVICES = [
    device("ap-fws-01", "ap", site="fws"),
    device("ap-fws-02", "ap", site="fws"),
    device("ap-fws-03", "ap", site="fws"),
    device("ap-zoo-01", "ap", site="zoo"),
    device("cab-0412", "lamp_cabinet", site="fws"),
    device("host-1", "host", instances={"radio": ("1",), "interface": ("eth0",)}),
]


def intent(changes, head="version: 1\nname: n\n"):
    return parse_intent(parse_yaml(f"{head}changes:\n{changes}", "i.yaml"))


def resolved(changes):
    return resolve(intent(changes), DEVICES)


def test_select_and_set():
    wants = resolved('  - {name: p, select: "site:fws & kind:ap", set: {radio/2/tx_power_dbm: 17}}')
    assert list(wants) == ["ap-fws-01", "ap-fws-02", "ap-fws-03"]
    assert wants["ap-fws-01"]["radio/2/tx_power_dbm"].value == 17


def test_cycle_deals_values_out_in_order_of_id():
    wants = resolved(
        "  - {name: c, devices: [ap-fws-03, ap-fws-01, ap-fws-02],"
        " cycle: {radio/2/channel: [100, 116]}}"
    )
    values = [wants[d]["radio/2/channel"].value for d in sorted(wants)]
    assert values == [100, 116, 100]


def test_when_is_carried_to_the_plan():
    wants = resolved(
        '  - {name: c, select: "kind:lamp_cabinet", set: {night_level_percent: 40},'
        " when: {normal_level_percent: 100}}"
    )
    assert wants["cab-0412"]["night_level_percent"].when == {"normal_level_percent": 100}


def test_head_of_the_file():
    found = intent(
        '  - {name: p, select: "kind:ap", set: {radio/1/enabled: false}}',
        "version: 1\nname: n\ncomment: why\nticket: T-1\natomic: wave\n",
    )
    assert (found.comment, found.ticket, found.atomic) == ("why", "T-1", "wave")


BAD = {
    "unknown device": ("  - {name: p, devices: [ap-fws-1], set: {a: 1}}", "did you mean ap-fws-0"),
    "unknown attribute": (
        '  - {name: p, select: "kind:ap", set: {radio/2/chanel: 36}}',
        "did you mean radio/2/channel?",
    ),
    "unknown instance": (
        '  - {name: p, select: "kind:ap", set: {radio/7/channel: 36}}',
        "no radio '7'; it has 1, 2",
    ),
    "out of range": (
        '  - {name: p, select: "kind:ap", set: {radio/2/tx_power_dbm: 99}}',
        "from -10 to 36 dBm",
    ),
    "wrong type": ('  - {name: p, select: "kind:ap", set: {radio/2/enabled: 1}}', "true or false"),
    "read only": (
        '  - {name: p, select: "kind:ap", set: {radio/2/channel_in_use: 36}}',
        "operational state",
    ),
    "conflict": (
        '  - {name: p, select: "kind:ap", set: {radio/2/channel: 36}}\n'
        '  - {name: q, select: "site:zoo", set: {radio/2/channel: 40}}',
        "is 36 in change 'p' and 40 here",
    ),
    "no match": (
        '  - {name: p, select: "site:zoo & kind:lamp_cabinet", set: {contact: x}}',
        "no device matches",
    ),
    "bad expression": ('  - {name: p, select: "site:zoo &", set: {contact: x}}', "i.yaml:4"),
    "neither": ("  - {name: p, set: {contact: x}}", "either select or devices"),
    "both": ('  - {name: p, select: "kind:ap", devices: [x], set: {a: b}}', "either select"),
    "nothing": ('  - {name: p, select: "kind:ap"}', "sets nothing"),
    "twice": (
        '  - {name: p, select: "kind:ap", set: {radio/2/channel: 36},'
        " cycle: {radio/2/channel: [36]}}",
        "in set and in cycle",
    ),
    "empty cycle": ('  - {name: p, select: "kind:ap", cycle: {radio/2/channel: []}}', "no values"),
    "no such channel at 5 GHz": (
        '  - {name: p, select: "kind:ap", set: {radio/2/channel: 37}}',
        "ap-fws-01: radio/2/channel = 37: 37 is no channel at 5 GHz; channels are 36 to 64",
    ),
    "no such channel at 2.4 GHz": (
        '  - {name: p, select: "kind:ap", cycle: {radio/1/channel: [1, 14]}}',
        "ap-fws-02: radio/1/channel = 14: 14 is no channel at 2.4 GHz; channels are 1 to 13",
    ),
    "no such width": (
        '  - {name: p, select: "kind:ap", set: {radio/2/bandwidth_mhz: 30}}',
        "30 MHz is no width at 5 GHz; widths are 20, 40, 80, 160",
    ),
    "no such width at the channel": (
        '  - {name: p, select: "kind:ap", set: {radio/2/channel: 132, radio/2/bandwidth_mhz: 160}}',
        "channel 132 at 5 GHz has no block of 160 MHz; widths there are 20, 40, 80",
    ),
    "no such width at the channel of another change": (
        '  - {name: p, select: "kind:ap", set: {radio/2/bandwidth_mhz: 160}}\n'
        '  - {name: q, select: "site:zoo", set: {radio/2/channel: 132}}',
        "i.yaml:5:58: ap-zoo-01: channel 132 at 5 GHz has no block of 160 MHz",
    ),
    "condition on no channel": (
        '  - {name: p, select: "kind:ap", set: {radio/2/dca: true}, when: {radio/2/channel: 37}}',
        "37 is no channel at 5 GHz",
    ),
    "no channel of a host": (
        "  - {name: p, devices: [host-1], set: {radio/1/channel: 15}}",
        "15 is no channel at 5 GHz",
    ),
    "no instance": (
        "  - {name: p, devices: [host-1], set: {interface//enabled: true}}",
        "did you mean interface/eth0/enabled?",
    ),
    "a path like no other": (
        "  - {name: p, devices: [host-1], set: {interface/eth0/speed: 1}}",
        "writable are contact",
    ),
    "a number of an instance": (
        '  - {name: p, select: "kind:ap", set: {radio/12/enabled: true}}',
        "no radio '12'; it has 1, 2",
    ),
    "no devices": (
        "  - {name: p, devices: [], set: {contact: x}}",
        "devices of change 'p' is empty",
    ),
    "blank selection": (
        '  - {name: p, select: " ", set: {contact: x}}',
        "select of change 'p' is empty",
    ),
    "unknown key": ('  - {name: p, selct: "kind:ap", set: {contact: x}}', "selct"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_mistake_is_one_line_with_place_and_remedy(case):
    changes, words = BAD[case]
    with pytest.raises(InputError) as caught:
        resolved(changes)
    message = str(caught.value)
    assert words in message
    assert message.startswith("i.yaml:")
    assert caught.value.line >= 4
    assert "\n" not in message


def test_a_channel_that_exists_is_taken():
    changes = (
        '  - {name: p, select: "kind:ap", set: {radio/2/channel: 132, radio/2/bandwidth_mhz: 80}}\n'
        "  - {name: h, devices: [host-1], set: {radio/1/channel: 13}}"
    )
    assert resolved(changes)["host-1"]["radio/1/channel"].value == 13
    # Two wishes that are never for the same state of a device are no pair.
    apart = (
        '  - {name: p, select: "site:zoo", set: {radio/2/bandwidth_mhz: 160},'
        " when: {radio/2/channel: 36}}\n"
        '  - {name: q, select: "site:zoo", set: {radio/2/channel: 132},'
        " when: {radio/2/channel: 40}}"
    )
    assert len(resolved(apart)["ap-zoo-01"]) == 2


@pytest.mark.parametrize("version", ["true", "1.0", "2", '"1"'])
def test_the_version_is_the_number_one(version):
    changes = '  - {name: p, select: "kind:ap", set: {radio/1/enabled: false}}'
    with pytest.raises(InputError, match=r"^i\.yaml:1:10: version") as caught:
        intent(changes, f"version: {version}\nname: n\n")
    assert caught.value.column == 10


@pytest.mark.parametrize(
    "text",
    ["", "[]", "version: 2\nname: n\nchanges: []", "version: 1\nname: n\nchanges: []", "a: b"],
)
def test_what_is_not_an_intent_is_refused(text):
    with pytest.raises(InputError):
        parse_intent(parse_yaml(text, "i.yaml"))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"none\.yaml"):
        load_intent(tmp_path / "none.yaml")


def test_the_same_wish_twice_is_no_conflict():
    one = '  - {name: p, select: "kind:ap", set: {radio/2/channel: 36}}'
    two = '  - {name: q, select: "site:zoo", set: {radio/2/channel: 36}}'
    assert len(resolved(f"{one}\n{two}")) == 4


RADIO_WHEN = (
    '  - {{name: c, select: "kind:ap", set: {{radio/2/tx_power_dbm: 17}},\n     when: {{{when}}}}}'
)
SWITCH = device("sw-1", "switch", profile="poe-switch")
AP = device("ap-1", "ap", profile="openconfig-ap")


def read_for(changes, devices):
    wish = intent(changes)
    return paths_to_read(wish, resolve(wish, devices), devices)


def test_everything_writable_is_read_and_what_a_condition_asks():
    plain = read_for(RADIO_WHEN.format(when="radio/2/enabled: true"), [AP, SWITCH])
    assert list(plain) == ["ap-1"]
    assert {"radio/1/channel", "radio/2/tx_power_dbm", "radio/2/enabled"} <= set(plain["ap-1"])
    assert "radio/2/channel_in_use" not in plain["ap-1"]
    asked = read_for(RADIO_WHEN.format(when="radio/2/channel_in_use: 36"), [AP, SWITCH])
    assert asked["ap-1"] == (*plain["ap-1"], "radio/2/channel_in_use")


def test_a_condition_that_the_profile_does_not_map_is_named_with_its_place():
    host = device("host-1", "host", profile="snmp-host")
    changes = (
        '  - {name: c, select: "kind:host", set: {contact: x},\n     when: {radio/1/channel: 1}}'
    )
    with pytest.raises(InputError, match="host-1 does not report radio/1/channel") as caught:
        read_for(changes, [host])
    assert (caught.value.source, caught.value.line) == ("i.yaml", 5)
