"""What a NETCONF server says, read right."""

from __future__ import annotations

import pytest
from lxml import etree
from ncclient.operations import RPCError

from controllers.drivers.netconf_text import (
    BASE,
    capabilities_of,
    is_same_config,
    refusal,
    tags_of,
)
from controllers.ports import Device, DeviceClass
from twin.model.errors import DeviceLocked, DeviceRefused

DEVICE = Device(
    id="d-1", kind="host", profile="netconf-host", host="127.0.0.1", port=1, username="u"
)
PREFIX = "urn:ietf:params:netconf:capability:"


def rpc_error(
    tag: str, *, severity: str = "error", info: str = "", message: str = "no"
) -> RPCError:
    return RPCError(
        etree.fromstring(
            f'<rpc-error xmlns="{BASE}"><error-type>application</error-type>'
            f"<error-tag>{tag}</error-tag><error-severity>{severity}</error-severity>"
            f"<error-path>/a/b</error-path><error-message>{message}</error-message>"
            f"<error-info>{info}</error-info></rpc-error>"
        )
    )


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ((), DeviceClass.A),
        (("candidate:1.0",), DeviceClass.B),
        (("candidate:1.0", "confirmed-commit:1.0", "validate:1.0"), DeviceClass.C),
        (("candidate:1.0", "confirmed-commit:1.1"), DeviceClass.C),
        (("confirmed-commit:1.1", "validate:1.1"), DeviceClass.A),
        (("candidate:1.0", "confirmed-commit:1.1", "validate:1.1"), DeviceClass.D),
    ],
)
def test_the_class_is_what_the_capabilities_allow(
    names: tuple[str, ...], expected: DeviceClass
) -> None:
    found = capabilities_of([f"{PREFIX}{name}?x=y" for name in names])
    assert found.limit(DeviceClass.D) is expected
    assert found.limit(DeviceClass.A) is DeviceClass.A


def test_a_foreign_lock_names_its_session() -> None:
    error = refusal(DEVICE, "lock", rpc_error("lock-denied", info="<session-id>17</session-id>"))
    assert isinstance(error, DeviceLocked)
    assert "session 17" in str(error)


def test_an_error_keeps_tag_path_and_message() -> None:
    error = refusal(DEVICE, "edit candidate", rpc_error("invalid-value", message="not  so\nbig"))
    assert isinstance(error, DeviceRefused)
    assert str(error) == "d-1: edit candidate refused: invalid-value /a/b not so big"


def test_several_errors_in_one_reply_are_all_told() -> None:
    errors = [rpc_error("data-missing"), rpc_error("invalid-value")]
    both = RPCError(etree.Element("rpc-reply"), errs=errors)
    assert tags_of(both) == ["data-missing", "invalid-value"]
    assert "data-missing" in str(refusal(DEVICE, "edit", both))
    assert "invalid-value" in str(refusal(DEVICE, "edit", both))


def test_a_warning_before_an_error_does_not_hide_it() -> None:
    both = RPCError(
        etree.Element("rpc-reply"),
        errs=[rpc_error("partial-operation", severity="warning"), rpc_error("invalid-value")],
    )
    assert tags_of(both) == ["invalid-value"]
    assert tags_of(rpc_error("invalid-value", severity="warning")) == []


def test_configurations_are_compared_without_order_prefix_and_blanks() -> None:
    left = etree.fromstring("<d><a xmlns='u'><k>1</k><v>2</v></a><a xmlns='u'><k>2</k></a></d>")
    right = etree.fromstring(
        "<d xmlns:p='u'> <p:a><p:k>2</p:k></p:a> <p:a><p:v>2</p:v> <p:k>1</p:k></p:a> </d>"
    )
    assert is_same_config(left, right)
    right[0][0].text = "3"
    assert not is_same_config(left, right)


def leaf(text: str) -> etree._Element:
    return etree.fromstring(f"<a xmlns='u' xmlns:i='types' xmlns:j='types'><b>{text}</b></a>")


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("uplink: old", "owned by mallory: old"),
        ("i:x", "k:x"),
        ("i:x:y", "z:y"),
        ("i:x", "i: x"),
        (":x", "x"),
        ("x", "i:x"),
        ("x", "x "),
    ],
)
def test_two_texts_that_only_end_alike_are_different_configurations(left: str, right: str) -> None:
    assert not is_same_config(leaf(left), leaf(right))


def test_an_identity_is_the_same_under_any_prefix_of_its_namespace() -> None:
    assert is_same_config(leaf("i:x"), leaf("j:x"))
    assert is_same_config(leaf(""), leaf("\n  "))
