"""The one XML reader: no document type, no entities, no network, bounded in every direction."""

from __future__ import annotations

import re

from lxml import etree

from twin.model.errors import InputError
from twin.model.safe.text import MAX_BYTES, checked_text

__all__ = ["MAX_ATTRIBUTES", "MAX_XML_DEPTH", "parse_xml"]

MAX_XML_DEPTH = 256
MAX_ATTRIBUTES = 256
"""Limits of nesting and of attributes (namespace declarations included) of one element."""

_ENCODING = re.compile(r"<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")


def parse_xml(data: bytes | str, source: str, *, max_bytes: int = MAX_BYTES) -> etree._Element:
    """Parse an XML text from a device or a file.

    Parameters
    ----------
    data : bytes or str
        The text; bytes are UTF-8.
    source : str
        Name of the file or device, for messages.
    max_bytes : int
        Largest size accepted. [octets]

    Returns
    -------
    lxml.etree._Element
        The root; comments and processing instructions are left out.

    Raises
    ------
    InputError
        Not well-formed, not UTF-8, too large, too deep, too many attributes, or with a document
        type declaration, which is refused whatever it holds.
    """
    text = checked_text(data, source, max_bytes=max_bytes)
    _check_encoding(text, source, is_text=isinstance(data, str))
    _refuse_doctype(text, source)
    # a parser per call: lxml parsers are not to be shared by threads
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )
    try:
        root = etree.fromstring(text.encode("utf-8"), parser)
    except etree.XMLSyntaxError as err:
        line, column = err.position
        what = (err.msg or "empty").partition(", line ")[0]
        raise InputError(
            f"not XML: {what}", source, line, column, "correct it at its origin"
        ) from err
    _check_tree(root, source)
    return root


def _check_encoding(text: str, source: str, *, is_text: bool) -> None:
    declared = _ENCODING.match(text)
    if declared and not is_text and declared[1].lower() not in ("utf-8", "utf8", "us-ascii"):
        raise InputError(f"declares encoding {declared[1]}", source, 1, 1, "convert it to UTF-8")


def _refuse_doctype(text: str, source: str) -> None:
    """Look through the prolog, before any parser acts on a declaration."""
    i = 0
    while True:
        while i < len(text) and text[i] in " \t\r\n":
            i += 1
        if text.startswith("<!--", i):
            end = text.find("-->", i + 4)
        elif text.startswith("<?", i):
            end = text.find("?>", i + 2)
        else:
            break
        if end < 0:
            return  # not well-formed: the parser says where
        i = text.index(">", end) + 1
    if text[i : i + 9].upper() == "<!DOCTYPE":
        line = text.count("\n", 0, i) + 1
        raise InputError("document type declaration is refused", source, line, 0, "remove it")


def _check_tree(root: etree._Element, source: str) -> None:
    """Bound depth and attributes, whatever limits this libxml2 was built with."""
    depth = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "end":
            depth -= 1
            continue
        depth += 1
        if depth > MAX_XML_DEPTH:
            raise InputError(f"nested deeper than {MAX_XML_DEPTH}", source, element.sourceline or 0)
        if len(element.attrib) > MAX_ATTRIBUTES:
            raise InputError(
                f"more than {MAX_ATTRIBUTES} attributes", source, element.sourceline or 0
            )
