"""The operations of NETCONF, each a function of device, session id and its XML element.

References
----------
.. [1] RFC 6241, sections 7 and 8.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from lxml import etree

from hil.emulators.datastore import Commit, Store
from hil.emulators.netconf_device import NetconfDevice
from hil.emulators.netconf_edit import changes_of
from hil.emulators.rpc_error import BASE, RpcError, base
from twin.model.attributes import check_value
from twin.model.errors import ModelError

if TYPE_CHECKING:
    from hil.emulators.netconf_server import NetconfSession

__all__ = ["OK", "OPERATIONS", "run_operation"]

OK = f'<ok xmlns="{BASE}"/>'

_MAX_CONFIRM_TIMEOUT_S = 2**32 - 1
_DEFAULT_CONFIRM_TIMEOUT_S = 600


def run_operation(netconf: NetconfDevice, session: NetconfSession, element: etree._Element) -> str:
    """Run one operation.

    Parameters
    ----------
    netconf : NetconfDevice
        The device.
    session : NetconfSession
        Who asks.
    element : lxml.etree._Element
        The child of ``<rpc>``.

    Returns
    -------
    str
        Contents of the ``<rpc-reply>``.

    Raises
    ------
    RpcError
        The operation is refused.
    DeviceDied
        A stored fault of the device was met.
    """
    name = etree.QName(element)
    operation = OPERATIONS.get(name.localname) if name.namespace == BASE else None
    if operation is None:
        raise RpcError(
            "operation-not-supported", f"operation {name.localname} is not supported", "protocol"
        )
    _refuse_unknown_parameters(element, operation.parameters)
    return operation.run(netconf, session, element)


def _refuse_unknown_parameters(element: etree._Element, known: tuple[str, ...]) -> None:
    """Refuse what would else be ignored, such as a filter in the wrong namespace."""
    for child in element:
        name = etree.QName(child)
        if name.namespace != BASE or name.localname not in known:
            raise RpcError(
                "unknown-element",
                f"{name.localname} is no parameter of this operation; known are {', '.join(known)}",
                "protocol",
                {"bad-element": name.localname},
            )


def _get(netconf: NetconfDevice, session: NetconfSession, element: etree._Element) -> str:
    netconf.device.meet("get")
    return _data(netconf.data(_filter(element), with_state=True))


def _get_config(netconf: NetconfDevice, session: NetconfSession, element: etree._Element) -> str:
    store = _store(element, "source")
    netconf.device.meet("get-config")
    return _data(netconf.data(_filter(element), store, with_state=False))


def _data(xml: str) -> str:
    return f'<data xmlns="{BASE}">{xml}</data>'


def _edit_config(netconf: NetconfDevice, session: NetconfSession, element: etree._Element) -> str:
    _require_candidate(element)
    default = _choice(element, "default-operation", ("merge", "replace", "none"))
    test = _choice(element, "test-option", ("test-then-set", "set", "test-only"))
    _choice(element, "error-option", ("stop-on-error", "continue-on-error", "rollback-on-error"))
    config = element.find(base("config"))
    if config is None:
        if element.find(base("url")) is not None:
            raise _unsupported("url")
        raise _missing("config")
    netconf.store.require_free(session.id, "candidate")
    # Every error is found before the first change: whatever the error option, all or nothing.
    changes = changes_of(config, netconf.tree, netconf.device.kind, default)
    netconf.device.meet("edit-config")
    if test != "test-only":
        netconf.store.edit(session.id, changes)
    return OK


def _copy_config(netconf: NetconfDevice, session: NetconfSession, element: etree._Element) -> str:
    _require_candidate(element)
    source = _child(element, "source")
    config = source.find(base("config"))
    if config is not None:
        changes = changes_of(config, netconf.tree, netconf.device.kind, "replace")
        netconf.device.meet("edit-config")
        netconf.store.edit(session.id, changes)
    elif _store(element, "source") == "running":
        netconf.device.meet("edit-config")
        netconf.store.discard(session.id)
    else:
        raise _invalid("source", "source and target are the same datastore")
    return OK


def _require_candidate(element: etree._Element) -> None:
    if _store(element, "target") != "candidate":
        raise RpcError(
            "operation-not-supported", "only candidate can be edited; then commit", "protocol"
        )


def _validate(netconf: NetconfDevice, session: NetconfSession, element: etree._Element) -> str:
    config = _child(element, "source").find(base("config"))
    kind = netconf.device.kind
    if config is not None:
        changes_of(config, netconf.tree, kind)
    else:
        for path, value in netconf.store.configuration(_store(element, "source")).items():
            try:
                check_value(kind, path, value)
            except ModelError as err:
                raise RpcError("invalid-value", str(err)) from err
    netconf.device.meet("validate")
    return OK


def _commit(netconf: NetconfDevice, session: NetconfSession, element: etree._Element) -> str:
    is_confirmed = element.find(base("confirmed")) is not None
    persist = _text(element, "persist")
    timeout = _text(element, "confirm-timeout")
    if not is_confirmed and (persist is not None or timeout is not None):
        raise _missing("confirmed")
    if persist == "":
        raise _invalid("persist", "the token is empty")
    netconf.store.commit(
        session.id,
        Commit(
            is_confirmed=is_confirmed,
            timeout_s=_timeout_s(timeout),
            persist=persist,
            persist_id=_text(element, "persist-id"),
        ),
    )
    return OK


def _timeout_s(text: str | None) -> int:
    if text is None:
        return _DEFAULT_CONFIRM_TIMEOUT_S
    if not (text.isascii() and text.isdecimal() and len(text) <= 10):
        raise _invalid("confirm-timeout", f"{text[:20]!r} is no number of seconds")
    if not 1 <= int(text) <= _MAX_CONFIRM_TIMEOUT_S:
        raise _invalid("confirm-timeout", f"{text} is not from 1 to {_MAX_CONFIRM_TIMEOUT_S}")
    return int(text)


def _cancel(netconf: NetconfDevice, session: NetconfSession, element: etree._Element) -> str:
    netconf.store.cancel(session.id, _text(element, "persist-id"))
    return OK


def _discard(netconf: NetconfDevice, session: NetconfSession, element: etree._Element) -> str:
    netconf.store.require_free(session.id, "candidate")
    netconf.device.meet("discard-changes")
    netconf.store.discard(session.id)
    return OK


def _lock(netconf: NetconfDevice, session: NetconfSession, element: etree._Element) -> str:
    store = _store(element, "target")
    netconf.device.meet("lock")
    netconf.store.lock(session.id, store)
    return OK


def _unlock(netconf: NetconfDevice, session: NetconfSession, element: etree._Element) -> str:
    netconf.store.unlock(session.id, _store(element, "target"))
    return OK


def _close_session(netconf: NetconfDevice, session: NetconfSession, element: etree._Element) -> str:
    session.is_closing = True
    return OK


def _kill_session(netconf: NetconfDevice, session: NetconfSession, element: etree._Element) -> str:
    text = _text(element, "session-id")
    if text is None:
        raise _missing("session-id")
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= 10 else 0
    if number == session.id or number not in netconf.sessions:
        raise _invalid("session-id", f"{text[:20]!r} is no other session")
    netconf.sessions[number].abort()
    return OK


def _filter(element: etree._Element) -> etree._Element | None:
    found = element.find(base("filter"))
    if found is None:
        return None
    kind = found.get("type", found.get(base("type"), "subtree"))
    if kind != "subtree":
        raise RpcError(
            "bad-attribute",
            f"filter type {kind[:20]!r} is not supported, only subtree",
            "protocol",
            {"bad-attribute": "type", "bad-element": "filter"},
        )
    return found


def _store(element: etree._Element, role: str) -> Store:
    """Read which datastore a ``<source>`` or ``<target>`` names."""
    for child in _child(element, role):
        name = etree.QName(child).localname
        if name == "running":
            return "running"
        if name == "candidate":
            return "candidate"
        raise _invalid(role, f"datastore {name} is not here; running and candidate are")
    raise _missing(role)


def _child(element: etree._Element, name: str) -> etree._Element:
    child = element.find(base(name))
    if child is None:
        raise _missing(name)
    return child


def _text(element: etree._Element, name: str) -> str | None:
    child = element.find(base(name))
    return None if child is None else (child.text or "").strip()


def _choice(element: etree._Element, name: str, choices: tuple[str, ...]) -> str:
    text = _text(element, name)
    if text is None:
        return choices[0]
    if text not in choices:
        raise _invalid(name, f"{text[:20]!r} is not one of {', '.join(choices)}")
    return text


def _missing(name: str) -> RpcError:
    return RpcError("missing-element", f"{name} is missing", "protocol", {"bad-element": name})


def _invalid(name: str, why: str) -> RpcError:
    return RpcError("invalid-value", f"{name}: {why}", "protocol", {"bad-element": name})


def _unsupported(name: str) -> RpcError:
    return RpcError("operation-not-supported", f"{name} is not supported", "protocol")


@dataclass(frozen=True, slots=True)
class _Operation:
    """An operation and the parameters it knows."""

    run: Callable[[NetconfDevice, NetconfSession, etree._Element], str]
    parameters: tuple[str, ...] = ()


OPERATIONS: Mapping[str, _Operation] = MappingProxyType(
    {
        "get": _Operation(_get, ("filter",)),
        "get-config": _Operation(_get_config, ("source", "filter")),
        "edit-config": _Operation(
            _edit_config,
            ("target", "default-operation", "test-option", "error-option", "config", "url"),
        ),
        "copy-config": _Operation(_copy_config, ("target", "source")),
        "validate": _Operation(_validate, ("source",)),
        "commit": _Operation(_commit, ("confirmed", "confirm-timeout", "persist", "persist-id")),
        "cancel-commit": _Operation(_cancel, ("persist-id",)),
        "discard-changes": _Operation(_discard),
        "lock": _Operation(_lock, ("target",)),
        "unlock": _Operation(_unlock, ("target",)),
        "close-session": _Operation(_close_session),
        "kill-session": _Operation(_kill_session, ("session-id",)),
    }
)
