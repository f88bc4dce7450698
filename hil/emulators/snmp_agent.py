"""An SNMPv3 agent: answers GET, GETNEXT, GETBULK and SET of one emulated device.

References
----------
.. [1] RFC 3412, section 7.2 (what becomes of an incoming message).
.. [2] RFC 3413, section 3.2 (command responders).
.. [3] RFC 3416, section 4.2 (how each PDU is processed).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from hmac import compare_digest

from controllers.profiles import SnmpObject
from controllers.snmp.ber import (
    COUNTER32,
    END_OF_MIB_VIEW,
    NO_SUCH_INSTANCE,
    NO_SUCH_OBJECT,
    OBJECT_ID,
    TIME_TICKS,
    BerError,
    encode_integer,
    encode_oid,
    encode_unsigned,
    encode_value,
)
from controllers.snmp.message import (
    MAX_MESSAGE_BYTES,
    MAX_VARBINDS,
    ErrorStatus,
    Message,
    Pdu,
    PduType,
    ScopedPdu,
    decode_community_message,
    decode_message,
    decode_scoped_pdu,
    encode_community_message,
    encode_header,
    encode_pdu,
    encode_scoped_pdu,
    encode_varbind,
    encode_varbinds,
)
from controllers.snmp.usm import AUTH_FLAG, PRIV_FLAG, REPORTABLE_FLAG
from hil.emulators.db_transaction import TransactionBuffer
from hil.emulators.device import EmulatedDevice
from hil.emulators.mib_view import MibNode, MibView
from hil.emulators.snmp_objects import agent_nodes
from hil.emulators.snmp_set import PduRefused, carry_out
from hil.emulators.usm import UsmEngine, UsmFault, UsmUser, engine_id_of
from twin.model.errors import ModelError

__all__ = ["SnmpAgent"]

log = logging.getLogger(__name__)

_VERSION_2C = encode_integer(1)
_SYS_UPTIME = encode_oid((1, 3, 6, 1, 2, 1, 1, 3, 0))
_TRAP_OID = encode_oid((1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0))
_USM_STATS = (1, 3, 6, 1, 6, 3, 15, 1, 1)
_UNKNOWN_PDU_HANDLERS = (1, 3, 6, 1, 6, 3, 11, 2, 1, 3, 0)
_UNKNOWN_CONTEXTS = (1, 3, 6, 1, 6, 3, 12, 1, 5, 0)
_NO_SUCH_OBJECT = bytes((NO_SUCH_OBJECT, 0))
_NO_SUCH_INSTANCE = bytes((NO_SUCH_INSTANCE, 0))
_END_OF_MIB_VIEW = bytes((END_OF_MIB_VIEW, 0))
_ENVELOPE_BYTES = 256  # more than all headers around the variables ever take


class SnmpAgent:
    """The SNMP face of one emulated device; turns a datagram into its answer, no sockets.

    Parameters
    ----------
    device : EmulatedDevice
        The device.
    users : tuple of UsmUser
        Who may speak; only with authentication and privacy is anything seen.
    nodes : iterable of MibNode
        Objects of the device's profile.
    buffer : TransactionBuffer, optional
        Takes what is set while a transaction is open.
    usm : UsmEngine, optional
        Security state that goes on; by default the agent begins a new life.
    community : bytes
        Lets who knows it speak SNMPv2c, as an old device does; empty allows version 3 only.
    """

    def __init__(
        self,
        device: EmulatedDevice,
        users: tuple[UsmUser, ...],
        nodes: Iterable[MibNode],
        *,
        buffer: TransactionBuffer | None = None,
        usm: UsmEngine | None = None,
        community: bytes = b"",
    ) -> None:
        self.device = device
        self.usm = usm or UsmEngine(
            engine_id_of(device.id), users, boots=device.boots, clock=device.clock
        )
        own = () if buffer is None else buffer.nodes()
        self.view = MibView(agent_nodes(device, self.usm, (*own, *nodes)))
        self._buffer = buffer
        self._n_traps = 0
        self._community = community
        self._unknown_contexts = 0
        self._handlers: Mapping[int, Callable[[Pdu, int], bytes]] = {
            PduType.GET: self._get,
            PduType.GET_NEXT: self._get_next,
            PduType.GET_BULK: self._get_bulk,
            PduType.SET: self._set,
        }

    def answer(self, datagram: bytes) -> bytes | None:
        """Answer one datagram.

        Parameters
        ----------
        datagram : bytes
            What arrived.

        Returns
        -------
        bytes or None
            What to send back; None drops the datagram, as an agent must with garbage.

        Raises
        ------
        DeviceDied
            A stored fault of the device was met.
        """
        try:
            if self._community and _VERSION_2C in datagram[2:7]:
                return self._answer_in_clear(datagram)
            message = decode_message(datagram)
        except BerError as err:
            log.debug("%s: datagram dropped: %s", self.device.id, err)
            return None
        try:
            plain = self.usm.open(datagram, message.flags, message.security, message.payload)
            return self._dispatch(message, self._scoped(message, plain))
        except UsmFault as fault:
            oid = (*_USM_STATS, fault.stat, 0)
            return self._report(message, oid, self.usm.stats[fault.stat], fault.flags)
        except BerError as err:
            log.debug("%s: datagram dropped: %s", self.device.id, err)
            return None

    def _answer_in_clear(self, datagram: bytes) -> bytes | None:
        """Answer SNMPv2c; a wrong community is silence."""
        community, pdu = decode_community_message(datagram)
        handler = self._handlers.get(pdu.type)
        if handler is None or not compare_digest(community, self._community):
            return None
        answer = self._respond(handler, pdu, AUTH_FLAG | PRIV_FLAG, MAX_MESSAGE_BYTES)
        return encode_community_message(community, answer)

    def trap(self, user: bytes, oid: tuple[int, ...], objects: Sequence[SnmpObject]) -> bytes:
        """Make a trap, authenticated and encrypted.

        Parameters
        ----------
        user : bytes
            The user it is for.
        oid : tuple of int
            Which notification.
        objects : sequence of SnmpObject
            Objects it carries, with their values now.
        """
        uptime = encode_value(TIME_TICKS, int(self.device.uptime_s * 100) % 2**32)
        varbinds = [encode_varbind(_SYS_UPTIME, uptime)]
        varbinds.append(encode_varbind(_TRAP_OID, encode_value(OBJECT_ID, oid)))
        for o in objects:
            node = self.view.find(encode_oid(o.oid))
            if node is not None:
                varbinds.append(encode_varbind(encode_oid(o.oid), self._value_of(node, 0)))
        self._n_traps += 1
        pdu = encode_pdu(PduType.TRAP, self._n_traps, 0, 0, b"".join(varbinds))
        scoped = encode_scoped_pdu(self.usm.engine_id, b"", pdu)
        flags = AUTH_FLAG | PRIV_FLAG
        return self.usm.seal(encode_header(self._n_traps, flags), flags, user, scoped)

    def _scoped(self, message: Message, plain: bytes) -> ScopedPdu:
        try:
            return decode_scoped_pdu(plain)
        except BerError:
            if message.is_encrypted:
                raise self.usm.decryption_error() from None
            raise

    def _dispatch(self, message: Message, scoped: ScopedPdu) -> bytes | None:
        handler = self._handlers.get(scoped.pdu.type)
        if handler is None:
            return None
        flags = message.flags & (AUTH_FLAG | PRIV_FLAG)
        if scoped.engine_id != self.usm.engine_id:
            return self._report(message, _UNKNOWN_PDU_HANDLERS, 1, flags)
        if scoped.context:
            self._unknown_contexts += 1
            return self._report(message, _UNKNOWN_CONTEXTS, self._unknown_contexts, flags)
        if self._buffer is not None:
            self._buffer.heard(message.security.user)
        limit = min(message.max_size, MAX_MESSAGE_BYTES)
        pdu = self._respond(handler, scoped.pdu, flags, limit)
        sealed = encode_scoped_pdu(self.usm.engine_id, b"", pdu)
        return self.usm.seal(encode_header(message.id, flags), flags, message.security.user, sealed)

    def _respond(
        self, handler: Callable[[Pdu, int], bytes], pdu: Pdu, flags: int, limit: int
    ) -> bytes:
        try:
            if flags != AUTH_FLAG | PRIV_FLAG:
                raise PduRefused(ErrorStatus.AUTHORIZATION_ERROR)
            varbinds = handler(pdu, limit - _ENVELOPE_BYTES)
        except PduRefused as refused:
            echo = encode_varbinds(pdu.varbinds)
            return encode_pdu(PduType.RESPONSE, pdu.request_id, refused.status, refused.index, echo)
        if len(varbinds) > limit - _ENVELOPE_BYTES:
            return encode_pdu(PduType.RESPONSE, pdu.request_id, ErrorStatus.TOO_BIG, 0, b"")
        return encode_pdu(PduType.RESPONSE, pdu.request_id, ErrorStatus.NO_ERROR, 0, varbinds)

    def _report(
        self, message: Message, oid: tuple[int, ...], count: int, flags: int
    ) -> bytes | None:
        if not message.flags & REPORTABLE_FLAG:
            return None
        request_id = 0
        if not message.is_encrypted:
            try:
                request_id = decode_scoped_pdu(message.payload).pdu.request_id
            except BerError:
                log.debug("%s: report on an unreadable request", self.device.id)
        varbind = encode_varbind(encode_oid(oid), encode_unsigned(count, COUNTER32))
        pdu = encode_pdu(PduType.REPORT, request_id, 0, 0, varbind)
        scoped = encode_scoped_pdu(self.usm.engine_id, b"", pdu)
        return self.usm.seal(encode_header(message.id, flags), flags, message.security.user, scoped)

    def _value_of(self, node: MibNode, index: int) -> bytes:
        try:
            return encode_value(node.tag, node.get())
        except (ModelError, BerError) as err:
            log.warning("%s: object %s has no value: %s", self.device.id, node.path, err)
            raise PduRefused(ErrorStatus.GEN_ERR, index) from err

    def _get(self, pdu: Pdu, _limit: int) -> bytes:
        nodes = [self.view.find(varbind.oid) for varbind in pdu.varbinds]
        for owner in {node.owner or self.device for node in nodes if node} or {self.device}:
            owner.meet("get")
        out = []
        for index, (node, varbind) in enumerate(zip(nodes, pdu.varbinds, strict=True), start=1):
            if node is not None and node.is_shown:
                value = self._value_of(node, index)
            elif node is not None or self.view.is_column(varbind.oid):
                value = _NO_SUCH_INSTANCE
            else:
                value = _NO_SUCH_OBJECT
            out.append(encode_varbind(varbind.oid, value))
        return b"".join(out)

    def _next(self, oid: bytes, index: int) -> tuple[bytes, bytes]:
        i_node = self.view.successor(oid)
        while i_node < len(self.view.nodes) and not self.view.nodes[i_node].is_shown:
            i_node += 1
        if i_node == len(self.view.nodes):
            return oid, _END_OF_MIB_VIEW
        return self.view.oids[i_node], self._value_of(self.view.nodes[i_node], index)

    def _get_next(self, pdu: Pdu, _limit: int) -> bytes:
        self.device.meet("get")
        return b"".join(
            encode_varbind(*self._next(varbind.oid, index))
            for index, varbind in enumerate(pdu.varbinds, start=1)
        )

    def _get_bulk(self, pdu: Pdu, limit: int) -> bytes:
        self.device.meet("get")
        n_single = min(max(pdu.status, 0), len(pdu.varbinds))
        out = [
            encode_varbind(*self._next(varbind.oid, index))
            for index, varbind in enumerate(pdu.varbinds[:n_single], start=1)
        ]
        here = [varbind.oid for varbind in pdu.varbinds[n_single:]]
        size = sum(map(len, out))
        for _ in range(min(max(pdu.index, 0), MAX_VARBINDS)):
            if not here or len(out) >= MAX_VARBINDS:
                break
            is_over = True
            for i_column, oid in enumerate(here):
                here[i_column], value = self._next(oid, n_single + i_column + 1)
                is_over &= value is _END_OF_MIB_VIEW
                varbind = encode_varbind(here[i_column], value)
                size += len(varbind)
                if size > limit:
                    return b"".join(out)
                out.append(varbind)
            if is_over:
                break
        return b"".join(out)

    def _set(self, pdu: Pdu, _limit: int) -> bytes:
        carry_out(self.device, self.view, pdu.varbinds, self._buffer)
        return encode_varbinds(pdu.varbinds)
