"""The rpc-error of NETCONF, as an exception inside and as XML outside.

References
----------
.. [1] RFC 6241, section 4.3 and appendix A.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from lxml import etree

__all__ = ["BASE", "ErrorType", "RpcError", "base", "rpc_error_element"]

ErrorType = Literal["transport", "rpc", "protocol", "application"]

BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"


def base(name: str) -> str:
    """Name of the NETCONF base namespace in Clark notation."""
    return f"{{{BASE}}}{name}"


class RpcError(Exception):
    """An operation is answered with an error.

    Parameters
    ----------
    tag : str
        An error-tag of RFC 6241, appendix A.
    message : str
        One sentence for people.
    type_ : str
        Layer: transport, rpc, protocol or application.
    info : mapping
        Elements of error-info, such as ``session-id`` or ``bad-element``.
    path : str
        error-path, empty for none.
    """

    def __init__(
        self,
        tag: str,
        message: str,
        type_: ErrorType = "application",
        info: Mapping[str, str] | None = None,
        path: str = "",
    ) -> None:
        super().__init__(tag, message, type_, info, path)
        self.tag = tag
        self.message = message
        self.type = type_
        self.info = dict(info or {})
        self.path = path

    def __str__(self) -> str:
        return f"{self.tag}: {self.message}"


def rpc_error_element(error: RpcError) -> etree._Element:
    """Write an error as an ``<rpc-error>`` element."""
    element = etree.Element(base("rpc-error"), nsmap={"nc": BASE})
    etree.SubElement(element, base("error-type")).text = error.type
    etree.SubElement(element, base("error-tag")).text = error.tag
    etree.SubElement(element, base("error-severity")).text = "error"
    if error.path:
        etree.SubElement(element, base("error-path")).text = error.path
    message = etree.SubElement(element, base("error-message"))
    message.set("{http://www.w3.org/XML/1998/namespace}lang", "en")
    message.text = error.message
    if error.info:
        info = etree.SubElement(element, base("error-info"))
        for name, value in error.info.items():
            etree.SubElement(info, base(name)).text = value
    return element
