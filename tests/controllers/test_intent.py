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
