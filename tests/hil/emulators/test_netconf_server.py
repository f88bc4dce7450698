"""The NETCONF server on the wire: ncclient, raw sessions, faults, SSH policy."""

import asyncio
import contextlib
import logging
import socket
import time

import asyncssh
import paramiko
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from ncclient import manager
from ncclient.operations import RPCError
from ncclient.transport import AuthenticationError, SessionCloseError, SSHError
from ncclient.transport.errors import TransportError

from controllers.drivers import make_driver
from hil.emulators.netconf_framing import Deframer, frame_chunked, frame_eom
from twin.model.errors import ModelError

BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"
AP_NS = "http://openconfig.net/yang/wifi/access-points"
TYPES_NS = "http://openconfig.net/yang/wifi/wifi-types"
NC = {"nc": BASE, "ap": AP_NS}

HELLO_11 = (
    f'<hello xmlns="{BASE}"><capabilities><capability>urn:ietf:params:netconf:base:1.0</capability>'
    "<capability>urn:ietf:params:netconf:base:1.1</capability></capabilities></hello>"
).encode()
HELLO_10 = HELLO_11.replace(b"<capability>urn:ietf:params:netconf:base:1.1</capability>", b"")

logging.getLogger("ncclient").setLevel(logging.CRITICAL)


def radio_config(inner, radio="2", band="FREQ_5GHZ", attributes=""):
    return (
        f'<config xmlns="{BASE}" xmlns:nc="{BASE}"><access-points xmlns="{AP_NS}"><access-point>'
        f"<hostname>ap-1</hostname><radios><radio {attributes}><id>{radio}</id>"
        f'<operating-frequency xmlns:t="{TYPES_NS}">t:{band}</operating-frequency>'
        f"<config>{inner}</config></radio></radios></access-point></access-points></config>"
    )


@pytest.fixture
def connect(bench):
    sessions = []

    def open_(device="ap-1", **fields):
        entry = bench.entry[device]
        options = {
            "host": entry.host,
            "port": entry.port,
            "username": "stellwerk",
            "password": bench.secret("ssh-password"),
            "hostkey_verify": False,
            "look_for_keys": False,
            "allow_agent": False,
            "timeout": 20,
        } | fields
        session = manager.connect(**options)
        sessions.append(session)
        return session

    yield open_
    for session in sessions:
        with contextlib.suppress(Exception):
            session.close_session()
        _end(session)


def _end(session):
    """Ncclient leaves its thread and socket behind a lost session."""
    with contextlib.suppress(Exception):
        session._session.close()
    session._session.join(5)


def leaf(reply, xpath):
    found = etree.fromstring(str(reply).encode()).xpath(xpath, namespaces=NC)
    return [element.text for element in found]


def edit(session, inner, **fields):
    return session.edit_config(target="candidate", config=radio_config(inner, **fields))


# --- capabilities and reading ---


def test_hello_tells_capabilities_and_a_session_id(connect):
    session = connect()
    capabilities = set(session.server_capabilities)
    for name in ("candidate:1.0", "confirmed-commit:1.1", "validate:1.1", "rollback-on-error:1.0"):
        assert f"urn:ietf:params:netconf:capability:{name}" in capabilities
    assert AP_NS in capabilities
    assert not any("writable-running" in c or "xpath" in c for c in capabilities)
    assert int(session.session_id) > 0


def test_get_config_has_configuration_only_and_get_has_state_too(connect):
    session = connect()
    config = session.get_config("running")
    assert leaf(config, "//ap:config/ap:channel") == ["1", "36"]
    assert not leaf(config, "//ap:state")
    assert leaf(session.get(), "//ap:state/ap:channel") == ["1", "36"]


def test_names_are_escaped(connect):
    assert "city wifi: <&>" in leaf(connect().get_config("running"), "//ap:ssid/ap:name")


@pytest.mark.parametrize(
    ("inner", "xpath", "expected"),
    [
        ("<access-point/>", "//ap:radio/ap:id", ["1", "2"]),
        ("<access-point><hostname>ap-1</hostname></access-point>", "//ap:radio/ap:id", ["1", "2"]),
        ("<access-point><hostname>ap-9</hostname></access-point>", "//ap:radio/ap:id", []),
        (
            "<access-point><radios><radio><id>2</id><config><channel/></config></radio></radios>"
            "</access-point>",
            "//ap:config/*",
            ["36"],
        ),
        (
            "<access-point><radios><radio><config><channel>1</channel></config></radio></radios>"
            "</access-point>",
            "//ap:radio/ap:id",
            ["1"],
        ),
        ("<access-point><ssids/></access-point>", "//ap:radio", []),
        ("<no-such/>", "//ap:access-points", []),
    ],
)
def test_subtree_filters(connect, inner, xpath, expected):
    content = f'<access-points xmlns="{AP_NS}">{inner}</access-points>'
    filter_ = f'<filter xmlns="{BASE}" type="subtree">{content}</filter>'
    reply = connect().get_config("running", filter=etree.fromstring(filter_))
    assert leaf(reply, xpath) == expected


def test_an_xpath_filter_is_refused(bench, raw):
    reply = raw("ap-1", '<get><filter type="xpath" select="/x"/></get>')
    assert b"bad-attribute" in reply


def test_monitoring_shows_locks_and_sessions(connect):
    session = connect()
    session.lock("running")
    filter_ = (
        f'<filter xmlns="{BASE}" type="subtree"><netconf-state '
        'xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"/></filter>'
    )
    text = str(session.get(filter=etree.fromstring(filter_)))
    assert f"<locked-by-session>{session.session_id}</locked-by-session>" in text
    assert "<username>stellwerk</username>" in text
    assert AP_NS + '"' not in text


def test_a_measurement_without_a_value_is_left_out(connect, bench, monkeypatch):
    read = bench.world.read

    def silent(device, path):
        if path == "ssid/city wifi: <&>/client_rssi_dbm":
            raise ModelError("nobody is there to measure")
        return read(device, path)

    monkeypatch.setattr(bench.world, "read", silent)
    reply = connect().get()
    assert leaf(reply, "//ap:num-associated-clients") == ["3"]
    assert not leaf(reply, "//ap:rssi")


def test_an_identity_is_qualified_and_absent_as_long_as_there_is_none(connect, bench):
    session = connect()
    assert not leaf(session.get(), "//ap:channel-change-reason")
    bench.world.observe("ap-1", "radio/2/channel_change_reason", "DFS")
    reply = str(session.get())
    assert 'xmlns:idns="http://openconfig.net/yang/wifi/wifi-types">idns:DFS<' in reply
    driver = make_driver(bench.entry["ap-1"])
    paths = [f"radio/{radio}/channel_change_reason" for radio in "12"]
    assert driver.read(paths) == dict(zip(paths, ("NONE", "DFS"), strict=True))
    driver.close()


# --- editing ---


def test_edit_validate_commit_changes_the_world(connect, bench):
    session = connect()
    edit(session, "<channel>44</channel><transmit-power>10</transmit-power>")
    assert bench.read("ap-1", "radio/2/channel") == 36
    assert leaf(session.get_config("candidate"), "//ap:config/ap:channel") == ["1", "44"]
    session.validate("candidate")
    session.commit()
    assert bench.read("ap-1", "radio/2/channel") == 44
    assert leaf(session.get(), "//ap:state/ap:channel") == ["1", "44"]


def test_a_cell_speaks_milliwatts(connect, bench):
    session = connect("cell-1")
    config = str(session.get_config("running")).replace("19953", "10000").replace(">60<", ">80<")
    data = etree.fromstring(config.encode())[0]
    data.tag = f"{{{BASE}}}config"
    session.edit_config(target="candidate", config=data)
    session.commit()
    assert bench.read("cell-1", "tx_power_dbm") == 40.0
    assert bench.read("cell-1", "tilt_deg") == 8.0


@pytest.mark.parametrize(
    ("config", "tag"),
    [
        (radio_config("<channel>0</channel>"), "invalid-value"),
        (radio_config("<channel>many</channel>"), "invalid-value"),
        (radio_config("<channel></channel>"), "invalid-value"),
        (radio_config("<channel><x/></channel>"), "unknown-element"),
        (radio_config("<frequency>1</frequency>"), "unknown-element"),
        (radio_config('<channel xmlns="urn:other">1</channel>'), "unknown-namespace"),
        (radio_config("<channel>44</channel>", radio="9"), "invalid-value"),
        (radio_config("<channel>44</channel>", band="FREQ_2GHZ"), "invalid-value"),
        (radio_config("<id>1</id>"), "invalid-value"),
        (radio_config('<channel nc:operation="create">44</channel>'), "data-exists"),
        (radio_config('<channel nc:operation="delete"/>'), "operation-failed"),
        (radio_config('<channel nc:operation="explode">44</channel>'), "bad-attribute"),
        (radio_config('<channel colour="red">44</channel>'), "unknown-attribute"),
        (radio_config("", attributes='nc:operation="delete"'), "operation-failed"),
        (radio_config("<channel>44</channel>").replace("<id>2</id>", ""), "missing-element"),
    ],
)
def test_bad_edits_are_named_and_change_nothing(connect, bench, config, tag):
    session = connect()
    with pytest.raises(RPCError) as caught:
        session.edit_config(target="candidate", config=config)
    assert caught.value.tag == tag
    assert leaf(session.get_config("candidate"), "//ap:config/ap:channel") == ["1", "36"]


def test_state_cannot_be_edited(connect):
    config = radio_config("").replace("<config></config>", "<state><channel>5</channel></state>")
    with pytest.raises(RPCError) as caught:
        connect().edit_config(target="candidate", config=config)
    assert caught.value.tag == "unknown-element"


def test_one_bad_leaf_leaves_the_good_ones_unapplied(connect):
    session = connect()
    with pytest.raises(RPCError):
        edit(session, "<transmit-power>10</transmit-power><channel>999</channel>")
    assert leaf(session.get_config("candidate"), "//ap:config/ap:transmit-power") == ["15", "15"]


def test_replace_and_remove_go_to_defaults(connect):
    session = connect()
    edit(session, '<dca nc:operation="remove"/>')
    assert leaf(session.get_config("candidate"), "//ap:config/ap:dca") == ["false", "true"]
    edit(session, "<channel>48</channel>", attributes='nc:operation="replace"')
    assert leaf(session.get_config("candidate"), "//ap:config/ap:dtp") == ["false", "true"]
    assert leaf(session.get_config("candidate"), "//ap:config/ap:transmit-power") == ["15", "9"]


def test_default_operation_none_changes_only_what_says_so(connect):
    session = connect()
    config = radio_config(
        '<channel>48</channel><transmit-power nc:operation="merge">7</transmit-power>'
    )
    session.edit_config(target="candidate", config=config, default_operation="none")
    assert leaf(session.get_config("candidate"), "//ap:config/ap:channel") == ["1", "36"]
    assert leaf(session.get_config("candidate"), "//ap:config/ap:transmit-power") == ["15", "7"]


def test_test_only_sets_nothing(raw):
    config = radio_config("<channel>48</channel>")
    reply = raw(
        "ap-1",
        "<edit-config><target><candidate/></target><test-option>test-only</test-option>"
        f"{config}</edit-config>",
        "<get-config><source><candidate/></source></get-config>",
    )
    assert b"<channel>48<" not in reply
    assert b"<channel>36<" in reply


def test_copy_config_and_discard(connect):
    session = connect()
    edit(session, "<channel>40</channel>")
    session.copy_config(source="running", target="candidate")
    assert leaf(session.get_config("candidate"), "//ap:config/ap:channel") == ["1", "36"]
    edit(session, "<channel>40</channel>")
    session.discard_changes()
    assert leaf(session.get_config("candidate"), "//ap:config/ap:channel") == ["1", "36"]


@pytest.mark.parametrize(
    ("operation", "tag"),
    [
        (
            "<edit-config><target><running/></target><config/></edit-config>",
            b"operation-not-supported",
        ),
        ("<edit-config><target><candidate/></target></edit-config>", b"missing-element"),
        ("<edit-config><config/></edit-config>", b"missing-element"),
        (
            "<edit-config><target><candidate/></target><url>file:///x</url></edit-config>",
            b"operation-not-supported",
        ),
        ("<delete-config><target><startup/></target></delete-config>", b"operation-not-supported"),
        ("<get-config><source><startup/></source></get-config>", b"invalid-value"),
        ("<get-config/>", b"missing-element"),
        (
            "<copy-config><target><candidate/></target><source><candidate/></source></copy-config>",
            b"invalid-value",
        ),
        ("<commit><confirm-timeout>5</confirm-timeout></commit>", b"missing-element"),
        ("<commit><confirmed/><confirm-timeout>0</confirm-timeout></commit>", b"invalid-value"),
        ("<commit><confirmed/><confirm-timeout>-1</confirm-timeout></commit>", b"invalid-value"),
        (
            "<commit><confirmed/><confirm-timeout>99999999999</confirm-timeout></commit>",
            b"invalid-value",
        ),
        ("<commit><confirmed/><persist/></commit>", b"invalid-value"),
        ("<commit><persist-id>x</persist-id></commit>", b"invalid-value"),
        ("<cancel-commit/>", b"operation-failed"),
        ("<unlock><target><running/></target></unlock>", b"operation-failed"),
        ("<kill-session><session-id>99</session-id></kill-session>", b"invalid-value"),
        ("<kill-session><session-id>x</session-id></kill-session>", b"invalid-value"),
        ("<kill-session/>", b"missing-element"),
        ("<reboot/>", b"operation-not-supported"),
        ('<get><filter xmlns="" type="subtree"/></get>', b"unknown-element"),
        ("<get><with-defaults>trim</with-defaults></get>", b"unknown-element"),
        ('<get xmlns="urn:other"/>', b"operation-not-supported"),
        ("", b"missing-element"),
        ("<get/><get/>", b"missing-element"),
    ],
)  # fmt: skip
def test_bad_operations_are_named(raw, operation, tag):
    assert tag in raw("ap-1", operation)


# --- confirmed commit on the wire ---


def test_a_confirmed_commit_expires(connect, bench):
    session = connect()
    edit(session, "<channel>44</channel>")
    session.commit(confirmed=True, timeout="1")
    assert bench.read("ap-1", "radio/2/channel") == 44
    wait_for(lambda: bench.read("ap-1", "radio/2/channel") == 36)


def test_a_confirmed_commit_is_taken_back_when_the_session_is_killed(connect, bench):
    session, other = connect(), connect()
    edit(session, "<channel>44</channel>")
    session.commit(confirmed=True, timeout="60")
    other.kill_session(session.session_id)
    wait_for(lambda: bench.read("ap-1", "radio/2/channel") == 36)


def test_a_persistent_commit_survives_and_is_confirmed_from_a_new_session(connect, bench):
    session = connect()
    edit(session, "<channel>44</channel>")
    session.commit(confirmed=True, timeout="60", persist="token")
    session.close_session()
    other = connect()
    with pytest.raises(RPCError) as caught:
        other.commit(persist_id="wrong")
    assert caught.value.tag == "invalid-value"
    other.commit(persist_id="token")
    assert bench.read("ap-1", "radio/2/channel") == 44


def test_a_persistent_commit_is_cancelled_from_a_new_session(connect, bench):
    session = connect()
    edit(session, "<channel>44</channel>")
    session.commit(confirmed=True, timeout="60", persist="token")
    session.close_session()
    connect().cancel_commit(persist_id="token")
    assert bench.read("ap-1", "radio/2/channel") == 36


def test_lock_denied_names_the_holder(connect):
    session, other = connect(), connect()
    session.lock("candidate")
    with pytest.raises(RPCError) as caught:
        other.lock("candidate")
    assert caught.value.tag == "lock-denied"
    assert f"<nc:session-id>{session.session_id}<" in caught.value.info
    with pytest.raises(RPCError) as caught:
        edit(other, "<channel>44</channel>")
    assert caught.value.tag == "in-use"
    session.close_session()
    wait_for(lambda: _locks(other))


def _locks(session):
    with contextlib.suppress(RPCError):
        session.lock("candidate")
        return True
    return False


# --- death and return ---


def _whole_change(session):
    session.lock("candidate")
    edit(session, "<channel>44</channel>")
    session.validate("candidate")
    session.get_config("running")
    session.commit(confirmed=True, timeout="60", persist="token")


@pytest.mark.parametrize("operation", ["lock", "edit-config", "validate", "commit", "get-config"])
def test_a_device_dies_at_an_operation_and_comes_back_old(connect, bench, operation):
    bench.fleet.kill_on("ap-1", operation)
    session = connect()
    with pytest.raises((SessionCloseError, TransportError, SSHError)):
        _whole_change(session)
    assert not bench.fleet.is_alive("ap-1")
    entry = bench.entry["ap-1"]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((entry.host, entry.port), 5)
    bench.fleet.revive("ap-1")
    other = connect()
    other.lock("candidate")
    assert leaf(other.get_config("running"), "//ap:config/ap:channel") == ["1", "36"]
    with pytest.raises(RPCError):
        other.cancel_commit(persist_id="token")


def test_half_a_commit_stays_until_the_device_returns(connect, bench):
    bench.fleet.kill_on("ap-1", "commit", "half")
    session = connect()
    edit(session, "<channel>44</channel><transmit-power>10</transmit-power>")
    with pytest.raises((SessionCloseError, TransportError)):
        session.commit()
    values = {bench.read("ap-1", "radio/2/channel"), bench.read("ap-1", "radio/2/tx_power_dbm")}
    assert values in ({44, 15}, {36, 10})
    bench.fleet.revive("ap-1", {"radio/2/channel": 149})
    assert leaf(connect().get_config("running"), "//ap:config/ap:channel") == ["1", "149"]


def test_an_armed_commit_of_a_killed_device_is_taken_back_at_its_return(connect, bench):
    session = connect()
    edit(session, "<channel>44</channel>")
    session.commit(confirmed=True, timeout="60", persist="token")
    bench.fleet.kill("ap-1")
    assert bench.read("ap-1", "radio/2/channel") == 44
    bench.fleet.revive("ap-1")
    assert bench.read("ap-1", "radio/2/channel") == 36


# --- raw sessions ---


@pytest.fixture
def raw(bench):
    """Send operations over a session of our own; returns all replies joined."""

    def talk(device, *operations, hello=HELLO_11, whole=None):
        return asyncio.run(_talk(bench, device, operations, hello, whole))

    return talk


async def _open(bench, device, **fields):
    entry = bench.entry[device]
    return await asyncssh.connect(
        entry.host,
        entry.port,
        username=fields.pop("username", "stellwerk"),
        password=fields.pop("password", bench.secret("ssh-password")),
        known_hosts=None,
        config=None,
        client_keys=None,
        **fields,
    )


async def _talk(bench, device, operations, hello, whole):
    is_chunked = b"base:1.1" in hello
    frame = frame_chunked if is_chunked else frame_eom
    async with await _open(bench, device) as connection:
        writer, reader, _ = await connection.open_session(subsystem="netconf", encoding=None)
        deframer = Deframer()
        await _next_message(reader, deframer)
        writer.write(frame_eom(hello))
        if is_chunked:
            deframer.use_chunks()
        if whole is not None:
            writer.write(whole)
            return await asyncio.wait_for(reader.read(), 10)
        replies = b""
        for number, operation in enumerate(operations):
            rpc = f'<rpc xmlns="{BASE}" message-id="{number}">{operation}</rpc>'
            writer.write(frame(rpc.encode()))
            replies += await _next_message(reader, deframer)
        return replies


async def _next_message(reader, deframer):
    while (message := deframer.pop()) is None:
        data = await asyncio.wait_for(reader.read(65536), 10)
        if not data:
            raise EOFError
        deframer.feed(data)
    return message


def wait_for(condition, limit_s=10):
    until_s = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < until_s, "the condition never came true"
        time.sleep(0.01)


def test_netconf_1_0_is_spoken_too(raw):
    replies = raw("ap-1", "<get-config><source><running/></source></get-config>", hello=HELLO_10)
    assert b"<channel>36</channel>" in replies


def test_attributes_of_the_rpc_come_back(raw):
    rpc = (
        f'<r:rpc xmlns:r="{BASE}" message-id="&lt;7&gt;" xmlns:u="urn:u" u:who="a&quot;b">'
        "<r:close-session/></r:rpc>"
    )
    reply = raw("ap-1", whole=frame_chunked(rpc.encode()))
    root = etree.fromstring(reply.split(b"\n", 2)[2].rsplit(b"\n##\n")[0])
    assert dict(root.attrib) == {"message-id": "<7>", "{urn:u}who": 'a"b'}


@pytest.mark.parametrize(
    "message",
    [b"", b"<", b"\xff\xfe", b"<!DOCTYPE x [<!ENTITY a 'b'>]><rpc/>", b"<a>" * 400, b"<ok/>"],
)
def test_messages_that_are_no_rpc_get_an_error_and_the_session_lives(raw, message):
    close = f'<rpc xmlns="{BASE}" message-id="9"><close-session/></rpc>'.encode()
    framed = frame_chunked(message) if message else b""
    replies = raw("ap-1", whole=framed + frame_chunked(close))
    assert not message or b"malformed-message" in replies
    assert b'message-id="9"' in replies


def test_an_rpc_without_message_id_is_told_so(raw):
    close = f'<rpc xmlns="{BASE}" message-id="9"><close-session/></rpc>'.encode()
    framed = frame_chunked(f'<rpc xmlns="{BASE}"><get/></rpc>'.encode())
    assert b"missing-attribute" in raw("ap-1", whole=framed + frame_chunked(close))


@pytest.mark.parametrize(
    "hello",
    [b"<hello/>", b"nonsense", HELLO_11.replace(b"base:1", b"base:9"), HELLO_11.replace(
        b"</hello>", b"<session-id>4</session-id></hello>")],
)  # fmt: skip
def test_a_bad_hello_ends_the_session(bench, hello):
    async def talk():
        async with await _open(bench, "ap-1") as connection:
            writer, reader, _ = await connection.open_session(subsystem="netconf", encoding=None)
            writer.write(frame_eom(hello))
            with contextlib.suppress(asyncssh.Error, ConnectionError):
                await asyncio.wait_for(reader.read(), 10)

    asyncio.run(talk())
    assert bench.fleet.is_alive("ap-1")


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15, deadline=None
)
@given(st.binary(min_size=1, max_size=200))
def test_garbage_after_the_hello_is_survived(bench, data):
    async def talk():
        async with await _open(bench, "ap-1") as connection:
            writer, reader, _ = await connection.open_session(subsystem="netconf", encoding=None)
            writer.write(frame_eom(HELLO_11) + data)
            writer.write_eof()
            with contextlib.suppress(asyncssh.Error, ConnectionError):
                await asyncio.wait_for(reader.read(), 10)

    asyncio.run(talk())
    assert bench.fleet.is_alive("ap-1")


# --- SSH policy ---


def test_a_wrong_password_is_refused(connect):
    with pytest.raises(AuthenticationError):
        connect(password="wrong")
    with pytest.raises(AuthenticationError):
        connect(username="root")


@pytest.mark.parametrize("subsystem", ["sftp", "other"])
def test_other_subsystems_are_refused(bench, subsystem):
    async def talk():
        async with await _open(bench, "ap-1") as connection:
            await connection.open_session(subsystem=subsystem)

    with pytest.raises(asyncssh.ChannelOpenError):
        asyncio.run(talk())


@pytest.mark.parametrize("command", [None, "id"])
def test_there_is_no_shell_and_no_exec(bench, command):
    async def talk():
        async with await _open(bench, "ap-1") as connection:
            await connection.open_session(command=command)

    with pytest.raises(asyncssh.ChannelOpenError):
        asyncio.run(talk())


def test_there_are_no_tunnels(bench):
    async def talk():
        async with await _open(bench, "ap-1") as connection:
            await connection.open_connection("127.0.0.1", 22)

    with pytest.raises(asyncssh.ChannelOpenError):
        asyncio.run(talk())


@pytest.mark.parametrize(
    "weak",
    [
        {"kex_algs": ["diffie-hellman-group14-sha1"]},
        {"encryption_algs": ["aes128-cbc"]},
        {"encryption_algs": ["3des-cbc"]},
        {"encryption_algs": ["aes128-ctr"], "mac_algs": ["hmac-sha1"]},
        {"encryption_algs": ["aes128-ctr"], "mac_algs": ["hmac-md5"]},
        {"encryption_algs": ["aes128-ctr"], "mac_algs": ["umac-64@openssh.com"]},
        {"encryption_algs": ["aes128-ctr"], "mac_algs": ["hmac-sha1-etm@openssh.com"]},
    ],
)
def test_weak_algorithms_are_refused(bench, weak):
    with pytest.raises(asyncssh.DisconnectError):
        asyncio.run(_open(bench, "ap-1", **weak))


def test_known_hosts_verify_and_a_changed_key_does_not(connect, bench):
    hosts = paramiko.HostKeys(str(bench.folder / "known_hosts"))
    entry = bench.entry["ap-1"]
    assert hosts.lookup(f"[{entry.host}]:{entry.port}")["ssh-ed25519"]

    async def talk(path):
        entry = bench.entry["ap-1"]
        async with asyncssh.connect(
            entry.host, entry.port, username="stellwerk", config=None, client_keys=None,
            password=bench.secret("ssh-password"), known_hosts=str(path),
        ):  # fmt: skip
            pass

    asyncio.run(talk(bench.folder / "known_hosts"))
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().split()
    forged = bench.folder / "forged"
    forged.write_text(f"[{entry.host}]:{entry.port} {other[0]} {other[1]}\n")
    with pytest.raises(asyncssh.HostKeyNotVerifiable):
        asyncio.run(talk(forged))
