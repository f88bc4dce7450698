"""The tasks of the soak: each is a function of a case number and raises when a promise breaks."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from controllers.snmp.ber import BerError
from controllers.snmp.exchange import Credentials
from controllers.snmp.message import (
    decode_message,
    decode_scoped_pdu,
    encode_header,
    encode_pdu,
    encode_scoped_pdu,
    encode_varbind,
)
from controllers.snmp.notification import TrapSource
from controllers.snmp.usm import Keys, password_key, seal
from hil.chaos.run import run_schedule
from hil.emulators.netconf_framing import Deframer, FramingError, frame_chunked, frame_eom
from tests.soak.mutation import spoil
from twin.model.errors import InputError
from twin.model.safe import parse_xml, parse_yaml

__all__ = ["SHARES", "TASKS", "BrokenPromiseError"]

ROOT = Path(__file__).resolve().parents[2]
MAX_CASE_S = 1.0
_TRAP_ENGINE = bytes.fromhex("80001f8804616263")

_YAML_WORDS = tuple(
    b"- |: |\n  |? |&a |*a|!!str |!!python/name:os |---\n|...\n|<<: |1e400|.nan|[|]|{|}|%YAML 1.2\n"
    b"|'|\"|#|>-\n|\\|~|0x|\\U000110000|\t|\xef\xbb\xbf|\xc2\x85|\xe2\x80\xa8|no|null".split(b"|")
)
_XML_WORDS = tuple(
    b"<!DOCTYPE a>|<!ENTITY x 'y'>|&x;|&#0;|&#xD800;|<![CDATA[|]]>|<!--|-->|<?p ?>|"
    b"<?xml version='1.0' encoding='UTF-16'?>|xmlns:a='b'|<a>|</a>|<a/>|\x00|]]>]]>| a=''".split(
        b"|"
    )
)


class BrokenPromiseError(AssertionError):
    """A case did what it must never do."""


def _rng(task: str, case: int) -> random.Random:
    return random.Random(f"{task}:{case}")


@cache
def _yaml_corpus() -> tuple[bytes, ...]:
    places = ("controllers/profiles", "examples", "twin/cities", ".")
    paths = [
        p
        for place in places
        for p in sorted((ROOT / place).glob("**/*.yaml" if place != "." else "*.yaml"))
    ]
    texts = [p.read_bytes() for p in paths if p.stat().st_size < 20_000]
    return (*texts, b"a: &a [1, 2]\nb: *a\nc: {d: 'e', f: [g, 0412, 1e3]}\n", b"")


_XML_CORPUS = (
    b"<?xml version='1.0' encoding='UTF-8'?><rpc xmlns='urn:ietf:params:xml:ns:netconf:base:1.0' "
    b"message-id='1'><get-config><source><running/></source><filter type='subtree'><a xmlns='b'>"
    b"<c>d</c></a></filter></get-config></rpc>",
    b"<hello xmlns='urn:ietf:params:xml:ns:netconf:base:1.0'><capabilities><capability>"
    b"urn:ietf:params:netconf:base:1.1</capability></capabilities></hello>",
    b"<a b='c' d='e'><!-- f --><g><![CDATA[h]]></g>&amp;i<j/></a>",
    b"",
)


def yaml_text(case: int) -> None:
    """Any text is read or refused by an InputError, within a second."""
    rng = _rng("yaml", case)
    text = spoil(rng.choice(_yaml_corpus()), rng, _YAML_WORDS)
    with contextlib.suppress(InputError):
        parse_yaml(text, "case.yaml").error("x", "a", 0)


def xml_text(case: int) -> None:
    """Any text is read or refused by an InputError, within a second."""
    rng = _rng("xml", case)
    text = spoil(rng.choice(_XML_CORPUS), rng, _XML_WORDS)
    with contextlib.suppress(InputError):
        root = parse_xml(text, "case.xml")
        if root.getroottree().docinfo.internalDTD is not None:
            raise BrokenPromiseError("a document type came through")


def snmp_message(case: int) -> None:
    """Any datagram is decoded or refused by a BerError."""
    rng = _rng("ber", case)
    oid = rng.randbytes(rng.randint(1, 12))
    varbinds = encode_varbind(b"\x2b" + bytes(b & 0x7F for b in oid), b"\x02\x01\x05")
    pdu = encode_pdu(0xA0 + rng.randrange(9), rng.getrandbits(30), 0, 0, varbinds)
    scoped = encode_scoped_pdu(b"\x80\x00\x1f\x88\x04abc", b"", pdu)
    usm = bytes.fromhex("0410300e0400020100020100040004000400")
    message = encode_header(rng.getrandbits(30), rng.randrange(8)) + usm + scoped
    whole = b"\x30\x82" + len(message).to_bytes(2, "big") + message
    with contextlib.suppress(BerError):
        decode_message(spoil(whole, rng))
    with contextlib.suppress(BerError):
        decode_scoped_pdu(spoil(scoped, rng))


@cache
def _trap_keys() -> tuple[Credentials, Keys]:
    user = Credentials("v3", "u", "SHA-256", "AES-128", "an authentic phrase", "a private phrase")
    auth, priv = password_key(user.auth_key), password_key(user.priv_key)
    return user, Keys(auth, priv, _TRAP_ENGINE)


def snmp_trap(case: int) -> None:
    """A trap that is not just as it was sealed is refused by a BerError."""
    rng = _rng("trap", case)
    user, keys = _trap_keys()
    name = encode_varbind(
        bytes.fromhex("2b060106030101040100"), bytes.fromhex("06082b060104018fff1d")
    )
    varbinds = encode_varbind(bytes.fromhex("2b06010201010300"), b"\x43\x01\x05") + name
    pdu = encode_pdu(rng.choice((0xA7, 0xA7, 0xA2)), rng.getrandbits(30), 0, 0, varbinds)
    scoped = encode_scoped_pdu(_TRAP_ENGINE, b"", pdu)
    header = encode_header(rng.getrandbits(30), 3)
    trap = seal(
        header, 3, keys, scoped, engine_id=_TRAP_ENGINE, boots=1, time_s=1, user=b"u",
        salt=rng.getrandbits(63),
    )  # fmt: skip
    spoilt = spoil(trap, rng)
    try:
        TrapSource(user).open(spoilt)
    except BerError:
        return
    if spoilt != trap:
        raise BrokenPromiseError("a trap that was changed on its way was taken")


def netconf_framing(case: int) -> None:
    """Good frames survive every cut; spoilt ones are refused by a FramingError."""
    rng = _rng("framing", case)
    messages = [rng.choice(_XML_CORPUS[:3]) for _ in range(rng.randint(1, 4))]
    is_chunked = bool(rng.randrange(2))
    stream = b"".join((frame_chunked if is_chunked else frame_eom)(m) for m in messages)
    if _deframed(stream, rng, is_chunked=is_chunked) != messages:
        raise BrokenPromiseError("messages changed on the way")
    words = (b"]]>]]>", b"\n##\n", b"\n#4294967296\n", b"\n#0\n", b"\n#1\n", b"\n#")
    with contextlib.suppress(FramingError):
        _deframed(spoil(stream, rng, words), rng, is_chunked=is_chunked)


def _deframed(stream: bytes, rng: random.Random, *, is_chunked: bool) -> list[bytes]:
    deframer = Deframer(max_bytes=100_000)
    if is_chunked:
        deframer.use_chunks()
    out = []
    i = 0
    while i < len(stream):
        j = i + rng.choice((1, 2, 3, 7, 100, 5000))
        deframer.feed(stream[i:j])
        while (message := deframer.pop()) is not None:
            out.append(message)
        i = j
    return out


def chaos(case: int) -> None:
    """A seeded fault schedule of a transaction breaks no invariant, and replays the same."""
    digest = run_schedule(case)
    if case % 100 == 0 and run_schedule(case) != digest:
        raise BrokenPromiseError("two runs of one seed differ")


TASKS: Mapping[str, Callable[[int], None]] = MappingProxyType(
    {
        "chaos": chaos,
        "yaml": yaml_text,
        "xml": xml_text,
        "ber": snmp_message,
        "trap": snmp_trap,
        "framing": netconf_framing,
    }
)

# A turn of a task is so many times longer than that of the others: an hour is a million schedules.
SHARES: Mapping[str, float] = MappingProxyType({"chaos": 4.0})


def run_case(task: Callable[[int], None], case: int) -> None:
    """Run one case and hold it to its time.

    Raises
    ------
    BrokenPromiseError
        It took longer than `MAX_CASE_S` of processor time.
    """
    start_s = time.process_time()
    task(case)
    seconds = time.process_time() - start_s
    if seconds > MAX_CASE_S:
        raise BrokenPromiseError(f"took {seconds:.1f} s of processor time")
