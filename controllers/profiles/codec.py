"""Turns attribute values into what stands on the wire and back, for drivers and emulators.

One codec serves both sides: a driver encodes what it sets, an emulator decodes it again. Two
encodings of the same attribute can therefore not drift apart; that they are right is shown by
the contract tests against MIB and YANG modules nobody here wrote.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from types import MappingProxyType
from typing import Literal, TypeAlias

from twin.model.attributes import Attribute, Value
from twin.model.errors import ModelError

__all__ = ["Codec", "Form", "Wire", "dbm_of_mw", "mw_of_dbm"]

Wire: TypeAlias = int | bytes | str
Form: TypeAlias = Literal["integer", "octets", "text"]

_LATIN_1 = "latin-1:"
"""Mark of a text whose octets are not UTF-8, as devices from before RFC 2571 hold them."""

_TEXT_BOOL = {"true": True, "1": True, "false": False, "0": False}


def mw_of_dbm(power_dbm: float) -> float:
    """Power in milliwatts of a power level. [dBm] -> [mW]."""
    return float(10.0 ** (power_dbm / 10.0))


def dbm_of_mw(power_mw: float) -> float:
    """Power level of a power in milliwatts. [mW] -> [dBm].

    Raises
    ------
    ModelError
        The power is not positive: it has no level.
    """
    if power_mw <= 0:
        raise ModelError(f"{power_mw} mW has no level in dBm")
    return 10.0 * math.log10(power_mw)


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec:
    """How one attribute is written on one wire.

    Parameters
    ----------
    attribute : Attribute
        The attribute of the model.
    form : str
        ``integer`` or ``octets`` (SNMP), ``text`` (NETCONF, files).
    values : mapping
        Wire text or number by the value's text (``true``, ``LOCKED``); empty if there is none.
    also : mapping
        Value's text by further wire texts that read as it.
    otherwise : str
        Value that any other wire value reads as; empty refuses it.
    scale : float
        Value = wire x scale.
    is_milliwatt : bool
        The wire carries mW where the attribute is in dBm.
    digits : int
        Decimals of a number on a text wire.
    """

    attribute: Attribute
    form: Form
    values: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    also: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    otherwise: str = ""
    scale: float = 1.0
    is_milliwatt: bool = False
    digits: int = 0

    def encode(self, value: Value) -> Wire:
        """Turn a value into its wire form.

        Raises
        ------
        ModelError
            The value has no wire form, or a writable one would read back as another value.

        Notes
        -----
        Text is UTF-8 in octets. Octets that are not UTF-8 read as ``latin-1:`` and their ISO
        8859-1 text, and such a text is written as ISO 8859-1 again: what an old device held can be
        put back octet by octet.
        """
        if self.values:
            return self._shape(self._listed(value))
        if self.attribute.type in ("str", "enum"):
            return self._octets(str(value)) if self.form == "octets" else str(value)
        if self.attribute.type == "bool":
            return self._shape("true" if value else "false")
        return self._encode_number(value)

    def decode(self, wire: Wire) -> Value:
        """Turn a wire value into the value of the attribute.

        Raises
        ------
        ModelError
            The wire value means nothing for this attribute.
        """
        text = _text_of(wire) if isinstance(wire, bytes) else str(wire)
        if self.values:
            return self._typed(self._value_of(text.strip()))
        if self.attribute.type in ("str", "enum"):
            return text
        if self.attribute.type == "bool":
            return self._typed(text.strip())
        return self._decode_number(text.strip())

    def _octets(self, text: str) -> bytes:
        is_marked = text.startswith(_LATIN_1)
        try:
            octets = text.removeprefix(_LATIN_1).encode("latin-1") if is_marked else text.encode()
        except UnicodeEncodeError as err:
            charset = "ISO 8859-1" if is_marked else "UTF-8"
            wrong = err.object[err.start]
            raise ModelError(
                f"{self.attribute.template} = {text!r}: {wrong!r} is not in {charset}"
            ) from err
        if _text_of(octets) != text:
            raise ModelError(
                f"{self.attribute.template} = {text!r} would read back as {_text_of(octets)!r}; "
                f"leave {_LATIN_1!r} out, it marks octets that are not UTF-8"
            )
        return octets

    def _listed(self, value: Value) -> str:
        text = str(value).lower() if isinstance(value, bool) else str(value)
        if text not in self.values:
            raise ModelError(f"{self.attribute.template} = {value!r} has no form on the wire")
        return self.values[text]

    def _shape(self, text: str) -> Wire:
        if self.form == "integer":
            return int(text)
        return text.encode() if self.form == "octets" else text

    def _value_of(self, text: str) -> str:
        for value, wire in self.values.items():
            if wire == text:
                return value
        if text in self.also:
            return self.also[text]
        if self.otherwise:
            return self.otherwise
        raise ModelError(f"{self.attribute.template}: the device says {text!r}, which is no value")

    def _typed(self, text: str) -> Value:
        if self.attribute.type == "int":
            return int(text)
        if self.attribute.type != "bool":
            return text
        if text not in _TEXT_BOOL:
            raise ModelError(f"{self.attribute.template}: {text!r} is not a truth value")
        return _TEXT_BOOL[text]

    def _encode_number(self, value: Value) -> Wire:
        # A short decimal text of the float keeps 0.1-steps exact where a binary division would not.
        number = Decimal(repr(mw_of_dbm(float(value)) if self.is_milliwatt else value))
        if not number.is_finite():
            raise ModelError(f"{self.attribute.template} = {value}: must be finite")
        exact = number / Decimal(repr(self.scale))
        digits = self.digits if self.form == "text" else 0
        wire = exact.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_EVEN)
        shaped = self._shape(format(wire, "f"))
        if self.attribute.writable:
            self._refuse_another(value, self.decode(shaped))
        return shaped

    def _refuse_another(self, wanted: Value, held: Value) -> None:
        limit = self.attribute.tolerance + 1e-9
        if abs(float(wanted) - float(held)) > limit:
            raise ModelError(
                f"{self.attribute.template} = {wanted}: the device holds {held} "
                f"{self.attribute.unit} at best; plan that value"
            )

    def _decode_number(self, text: str) -> Value:
        try:
            number = Decimal(text)
        except ArithmeticError as err:
            raise ModelError(f"{self.attribute.template}: {text!r} is not a number") from err
        if not number.is_finite() or abs(number.adjusted()) > 30:
            raise ModelError(f"{self.attribute.template}: {text[:40]!r} is not a usable number")
        number *= Decimal(repr(self.scale))
        if self.is_milliwatt:
            return round(dbm_of_mw(float(number)), 2)
        if self.attribute.type == "int":
            return int(number.to_integral_value())
        return float(number)


def _text_of(octets: bytes) -> str:
    """Text of octets such that no two octet strings read alike."""
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        return _LATIN_1 + octets.decode("latin-1")
    # A device that really holds the mark gets a second one: the first is taken away again.
    return _LATIN_1 + octets.decode("latin-1") if text.startswith(_LATIN_1) else text
