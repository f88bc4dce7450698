"""The agent without a socket: error statuses, atomic SET, walks, sizes, garbage."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controllers.ports import Device
from controllers.profiles import load_profile, snmp_objects
from controllers.snmp.ber import (
    END_OF_MIB_VIEW,
    INTEGER,
    NO_SUCH_INSTANCE,
    NO_SUCH_OBJECT,
    OCTET_STRING,
    decode_oid,
    encode_integer,
    encode_oid,
    tlv,
)
from controllers.snmp.message import PduType, decode_message, encode_varbind
from hil.emulators.device import DeviceDied, Strike
from hil.emulators.world_port import MemoryWorld
from twin.model.errors import ModelError

NULL = b"\x05\x00"
SYS_DESCR = (1, 3, 6, 1, 2, 1, 1, 1, 0)
SYS_CONTACT = (1, 3, 6, 1, 2, 1, 1, 4, 0)
SYS_NAME = (1, 3, 6, 1, 2, 1, 1, 5, 0)
SERIAL = (1, 3, 6, 1, 6, 3, 1, 1, 6, 1, 0)


def oids():
    entry = Device(
        id="cab-1", kind="lamp_cabinet", profile="lamp-cabinet", host="", port=0, username=""
    )
    return {item.path: item.oid for item in snmp_objects(load_profile("lamp-cabinet"), entry)}


OIDS = oids()
NIGHT = OIDS["night_level_percent"]
NORMAL = OIDS["normal_level_percent"]
POWER = OIDS["power_w"]


def bind(arcs, value=NULL):
    return encode_varbind(encode_oid(arcs), value)


def state(cabinet):
    return {path: cabinet.world.read("cab-1", path) for path in cabinet.world.paths("cab-1")}


def test_get_reads_the_world(cabinet):
    pdu = cabinet.asker.ask(PduType.GET, bind(NIGHT) + bind(SYS_NAME))
    assert [v.value for v in pdu.varbinds] == [b"\x3c", b"cab-1"]
    assert pdu.request_id == 77


def test_get_tells_absent_objects_from_absent_instances(cabinet):
    pdu = cabinet.asker.ask(PduType.GET, bind((*NIGHT[:-1], 9)) + bind((1, 3, 9, 9)))
    assert [v.tag for v in pdu.varbinds] == [NO_SUCH_INSTANCE, NO_SUCH_OBJECT]


def test_set_changes_the_world_and_echoes(cabinet):
    varbinds = bind(NIGHT, encode_integer(40)) + bind(SYS_CONTACT, tlv(OCTET_STRING, b"me"))
    pdu = cabinet.asker.ask(PduType.SET, varbinds)
    assert (pdu.status, len(pdu.varbinds)) == (0, 2)
    assert cabinet.world.read("cab-1", "night_level_percent") == 40
    assert cabinet.world.read("cab-1", "contact") == "me"


@pytest.mark.parametrize(
    ("arcs", "value", "status"),
    [
        (NORMAL, tlv(OCTET_STRING, b"40"), 7),
        (NORMAL, encode_integer(101), 10),
        (NORMAL, encode_integer(-1), 10),
        (NORMAL, b"\x02\x02\x00\x01", 9),
        (NORMAL, b"\x02\x00", 9),
        (SYS_CONTACT, tlv(OCTET_STRING, b"\x00\x01"), 10),
        (SYS_CONTACT, tlv(OCTET_STRING, b"x" * 256), 10),
        (POWER, encode_integer(5), 17),
        (SYS_NAME, tlv(OCTET_STRING, b"other"), 17),
        (SYS_DESCR, tlv(OCTET_STRING, b"other"), 17),
        ((1, 3, 9, 9), encode_integer(1), 17),
        ((*NORMAL[:-1], 7), encode_integer(1), 11),
        (SERIAL, encode_integer(5), 12),
    ],
)
def test_a_bad_variable_is_named_and_nothing_is_applied(cabinet, arcs, value, status):
    before = state(cabinet)
    good = bind(NIGHT, encode_integer(40))
    pdu = cabinet.asker.ask(PduType.SET, good + bind(arcs, value) + good)
    assert (pdu.status, pdu.index) == (status, 2)
    assert state(cabinet) == before


class Reluctant(MemoryWorld):
    """A world that refuses every change at the last moment."""

    def write(self, device, changes):
        raise ModelError("not now")


def test_a_refusal_of_the_world_is_inconsistent_value(cabinet):
    values = {path: cabinet.world.read("cab-1", path) for path in cabinet.world.paths("cab-1")}
    cabinet.device.world = Reluctant(cabinet.world.devices(), {"cab-1": values})
    pdu = cabinet.asker.ask(PduType.SET, bind(NIGHT, encode_integer(40)))
    assert (pdu.status, pdu.index) == (12, 1)


def test_serial_number_is_test_and_increment(cabinet):
    assert cabinet.asker.ask(PduType.SET, bind(SERIAL, encode_integer(0))).status == 0
    assert cabinet.asker.ask(PduType.GET, bind(SERIAL)).varbinds[0].value == b"\x01"
    assert cabinet.asker.ask(PduType.SET, bind(SERIAL, encode_integer(0))).status == 12


def test_walk_is_in_order_and_ends(cabinet):
    seen = []
    here = encode_oid((0, 0))
    while True:
        varbind = cabinet.asker.ask(PduType.GET_NEXT, encode_varbind(here, NULL)).varbinds[0]
        if varbind.tag == END_OF_MIB_VIEW:
            break
        here = varbind.oid
        seen.append(decode_oid(here))
    assert seen == sorted(seen)
    assert set(OIDS.values()) <= set(seen)
    assert len(seen) == len(cabinet.agent.view.nodes)


def test_get_bulk_repeats_and_stops_at_the_end(cabinet):
    start = encode_varbind(encode_oid((1, 3)), NULL)
    pdu = cabinet.asker.ask(PduType.GET_BULK, bind(SYS_DESCR) + start, first=1, second=200)
    assert decode_oid(pdu.varbinds[0].oid) == (*SYS_DESCR[:-2], 2, 0)
    assert len(pdu.varbinds) == 1 + len(cabinet.agent.view.nodes) + 1
    assert pdu.varbinds[-1].tag == END_OF_MIB_VIEW


@pytest.mark.parametrize(("first", "second"), [(-5, -5), (99, 0), (0, 2**31 - 1)])
def test_get_bulk_with_silly_numbers_is_bounded(cabinet, first, second):
    varbinds = encode_varbind(encode_oid((1, 3)), NULL) * 5
    pdu = cabinet.asker.ask(PduType.GET_BULK, varbinds, first=first, second=second)
    assert pdu.status == 0
    assert len(pdu.varbinds) <= 5 * (len(cabinet.agent.view.nodes) + 1)


def test_get_bulk_fits_the_size_the_manager_takes(cabinet, monkeypatch):
    monkeypatch.setattr("controllers.snmp.message.MAX_MESSAGE_BYTES", 700)
    datagram = cabinet.asker.datagram(
        PduType.GET_BULK, encode_varbind(encode_oid((1, 3)), NULL), second=100
    )
    answer = cabinet.agent.answer(datagram)
    assert len(answer) <= 700
    assert len(cabinet.asker.read(answer).varbinds) > 3


def test_too_big_an_answer_is_said_so(cabinet, monkeypatch):
    monkeypatch.setattr("controllers.snmp.message.MAX_MESSAGE_BYTES", 700)
    pdu = cabinet.asker.ask(PduType.GET, bind(SYS_DESCR) * 20)
    assert (pdu.status, pdu.varbinds) == (1, ())


def test_another_context_is_reported(cabinet):
    pdu = cabinet.asker.ask(PduType.GET, bind(SYS_NAME), context=b"other")
    assert pdu.type == PduType.REPORT


@pytest.mark.parametrize("kind", [PduType.RESPONSE, PduType.REPORT, 0xA7, 0xA6, 0xA4])
def test_what_is_no_request_is_dropped(cabinet, kind):
    assert cabinet.agent.answer(cabinet.asker.datagram(kind, bind(SYS_NAME))) is None


def test_community_versions_are_dropped(cabinet):
    v2c = bytes.fromhex(
        "302602010104067075626c6963a019020101020100020100300e300c06082b060102010105000500"
    )
    assert cabinet.agent.answer(v2c) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(st.binary(max_size=300))
def test_garbage_gets_no_answer(cabinet, data):
    assert cabinet.agent.answer(data) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(st.data())
def test_authentic_garbage_is_survived(cabinet, data):
    """What an authorised but broken manager sends: mutated PDUs under a right digest."""
    kind = data.draw(st.sampled_from(list(PduType)))
    good = bind(NIGHT, encode_integer(40)) + bind((1, 3))
    at = data.draw(st.integers(0, len(good)))
    varbinds = good[:at] + data.draw(st.binary(max_size=12)) + good[at:]
    numbers = st.integers(-(2**31), 2**31 - 1)
    datagram = cabinet.asker.datagram(
        kind, varbinds, first=data.draw(numbers), second=data.draw(numbers)
    )
    answer = cabinet.agent.answer(datagram)
    assert answer is None or decode_message(answer)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(-10, 110), min_size=1, max_size=6))
def test_set_is_all_or_nothing(cabinet, levels):
    before = state(cabinet)
    targets = (NORMAL, NIGHT)
    varbinds = b"".join(bind(targets[i % 2], encode_integer(v)) for i, v in enumerate(levels))
    pdu = cabinet.asker.ask(PduType.SET, varbinds)
    if all(0 <= level <= 100 for level in levels):
        assert pdu.status == 0
    else:
        first_bad = next(i for i, v in enumerate(levels, 1) if not 0 <= v <= 100)
        assert (pdu.status, pdu.index) == (10, first_bad)
        assert state(cabinet) == before


@pytest.mark.parametrize(
    ("when", "normal", "night"), [("before", 100, 60), ("half", 11, 60), ("after", 11, 22)]
)
def test_a_device_can_die_at_a_set(cabinet, when, normal, night):
    cabinet.device.strike = Strike(operation="set", when=when)
    datagram = cabinet.asker.datagram(
        PduType.SET, bind(NORMAL, encode_integer(11)) + bind(NIGHT, encode_integer(22))
    )
    with pytest.raises(DeviceDied, match="cab-1: died at set"):
        cabinet.agent.answer(datagram)
    assert cabinet.world.read("cab-1", "normal_level_percent") == normal
    assert cabinet.world.read("cab-1", "night_level_percent") == night


def test_integer_objects_have_the_type_their_mib_gives(cabinet):
    pdu = cabinet.asker.ask(PduType.GET, bind(NIGHT))
    assert pdu.varbinds[0].tag in (INTEGER, 0x42)
