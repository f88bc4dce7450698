"""Foreign managers against the agent: net-snmp's tools and pysnmp."""

import asyncio
import re
import warnings

import pytest

with warnings.catch_warnings():
    # pysnmp imports names that pysmi has deprecated.
    warnings.simplefilter("ignore", DeprecationWarning)
    from pysnmp.hlapi.v3arch.asyncio import (
        USM_AUTH_HMAC192_SHA256,
        USM_PRIV_CFB128_AES,
        ContextData,
        Integer32,
        ObjectIdentity,
        ObjectType,
        OctetString,
        SnmpEngine,
        UdpTransportTarget,
        UsmUserData,
        bulk_cmd,
        get_cmd,
        set_cmd,
    )

CONTACT = "1.3.6.1.2.1.1.4.0"
NAME = "1.3.6.1.2.1.1.5.0"
UPTIME = "1.3.6.1.2.1.1.3.0"
POE_ADMIN = "1.3.6.1.2.1.105.1.1.1.3.1.1"

netsnmp = pytest.mark.daemon("snmp")


@netsnmp
def test_snmpget_reads(net_snmp):
    done = net_snmp("snmpget", "cab-1", CONTACT, NAME, UPTIME)
    assert done.returncode == 0, done.stderr
    assert 'STRING: "lighting desk"' in done.stdout
    assert "Timeticks:" in done.stdout


@netsnmp
def test_snmpset_writes_two_at_once(net_snmp, bench):
    done = net_snmp("snmpset", "sw-1", CONTACT, "s", "the desk", POE_ADMIN, "i", "2")
    assert done.returncode == 0, done.stderr
    assert bench.read("sw-1", "contact") == "the desk"
    assert bench.read("sw-1", "port/1/poe_enabled") is False


@netsnmp
def test_snmpset_with_one_wrong_value_writes_none(net_snmp, bench):
    done = net_snmp("snmpset", "sw-1", CONTACT, "s", "the desk", POE_ADMIN, "i", "7")
    assert done.returncode != 0
    assert "wrongValue" in done.stderr
    assert f"Failed object: .{POE_ADMIN}" in done.stderr
    assert bench.read("sw-1", "contact") == "it"


@netsnmp
@pytest.mark.parametrize("tool", ["snmpwalk", "snmpbulkwalk"])
def test_walks_see_everything_in_order(net_snmp, tool):
    done = net_snmp(tool, "sw-1", "1")
    assert done.returncode == 0, done.stderr
    oids = [
        tuple(map(int, oid.split("."))) for oid in re.findall(r"^\.([\d.]+) =", done.stdout, re.M)
    ]
    assert oids[:-1] == sorted(set(oids))
    assert len(oids) > 25
    assert "No more variables left" in done.stdout


@netsnmp
@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"auth": "wrong pass phrase"}, "Authentication failure"),
        ({"priv": "wrong pass phrase"}, "Decryption error"),
        ({"user": "somebody"}, "Unknown user name"),
        ({"level": "authNoPriv"}, "authorizationError"),
        ({"level": "noAuthNoPriv"}, "authorizationError"),
    ],
)
def test_wrong_credentials_are_refused_in_words(net_snmp, wrong, says):
    done = net_snmp("snmpget", "cab-1", NAME, **wrong)
    assert done.returncode != 0
    assert says in done.stderr
    assert "cab-1" not in done.stdout


@netsnmp
def test_a_moving_world_is_seen_moving(net_snmp, bench):
    meter = "1.3.6.1.2.1.31.1.1.1.6.1"
    first = net_snmp("snmpget", "sw-1", meter).stdout
    bench.fleet.call(lambda: bench.world.observe("sw-1", "port/1/in_octets", 2**40))
    second = net_snmp("snmpget", "sw-1", meter).stdout
    assert "Counter64: 5\n" in first
    assert f"Counter64: {2**40}\n" in second


@netsnmp
def test_a_killed_agent_is_silent_and_comes_back_with_one_more_boot(net_snmp, bench):
    boots = "1.3.6.1.6.3.10.2.1.2.0"
    assert "INTEGER: 1\n" in net_snmp("snmpget", "sw-1", boots).stdout
    bench.fleet.kill("sw-1")
    assert net_snmp("snmpget", "sw-1", boots, timeout=0.3).returncode != 0
    assert net_snmp("snmpget", "cab-1", NAME).returncode == 0
    bench.fleet.revive("sw-1", {"contact": "half written"})
    assert "INTEGER: 2\n" in net_snmp("snmpget", "sw-1", boots).stdout
    assert "half written" in net_snmp("snmpget", "sw-1", CONTACT).stdout


@netsnmp
def test_a_strike_at_set_applies_half_and_answers_nothing(net_snmp, bench):
    bench.fleet.kill_on("sw-1", "set", "half")
    done = net_snmp("snmpset", "sw-1", CONTACT, "s", "new", POE_ADMIN, "i", "2", timeout=0.3)
    assert done.returncode != 0
    assert not bench.fleet.is_alive("sw-1")
    assert bench.read("sw-1", "contact") == "new"
    assert bench.read("sw-1", "port/1/poe_enabled") is True


@pytest.mark.filterwarnings("ignore:.*Please use .* instead:DeprecationWarning")
def test_pysnmp_reads_writes_and_walks(bench):
    entry = bench.entry["sw-1"]

    async def talk():
        engine = SnmpEngine()
        user = UsmUserData(
            "stellwerk",
            bench.secret("snmp-auth"),
            bench.secret("snmp-priv"),
            authProtocol=USM_AUTH_HMAC192_SHA256,
            privProtocol=USM_PRIV_CFB128_AES,
        )
        target = await UdpTransportTarget.create((entry.host, entry.port), timeout=5, retries=1)
        try:
            common = (engine, user, target, ContextData())
            contact = ObjectType(ObjectIdentity(CONTACT), OctetString("pysnmp"))
            bad = ObjectType(ObjectIdentity(POE_ADMIN), Integer32(9))
            written = await set_cmd(*common, contact, lookupMib=False)
            refused = await set_cmd(*common, contact, bad, lookupMib=False)
            read = await get_cmd(*common, ObjectType(ObjectIdentity(CONTACT)), lookupMib=False)
            walk = await bulk_cmd(
                *common, 0, 20, ObjectType(ObjectIdentity("1.3")), lookupMib=False
            )
        finally:
            engine.close_dispatcher()
        return written, refused, read, walk

    written, refused, read, walk = asyncio.run(talk())
    assert written[0] is None
    assert int(written[1]) == 0
    assert (int(refused[1]), int(refused[2])) == (10, 2)
    assert str(read[3][0][1]) == "pysnmp"
    assert len(walk[3]) == 20
