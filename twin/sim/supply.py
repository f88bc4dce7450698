"""What every device hangs on: electricity and the way to the backbone.

Systems ask and are told here; only `dependencies` and `egov_backbone` (and scenarios through them)
cut and restore. A consumer is named by the id of a site, a school, a cabinet, a signal, an office,
a gateway or another object of the city. A consumer nobody cut is supplied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

__all__ = ["Supply", "SupplyKind"]

SupplyKind = Literal["power", "link"]
_Told = Callable[[str, SupplyKind, bool], None]


class Supply:
    """Causes of cuts by consumer, and who wants to know.

    A consumer may be cut by several causes at once; it is supplied again when the last is gone.
    """

    def __init__(self) -> None:
        self._causes: dict[tuple[str, SupplyKind], set[str]] = {}
        self._watchers: dict[str, list[_Told]] = {}

    def watch(self, consumers: Iterable[str], told: _Told) -> None:
        """Have a bound method called with (consumer, kind, is_supplied) at each change."""
        for consumer in consumers:
            self._watchers.setdefault(consumer, []).append(told)

    def is_supplied(self, consumer: str, kind: SupplyKind) -> bool:
        """Say whether nothing cuts a consumer from power or link now."""
        return not self._causes.get((consumer, kind))

    def causes(self, consumer: str, kind: SupplyKind) -> frozenset[str]:
        """Return what cuts a consumer now."""
        return frozenset(self._causes.get((consumer, kind), ()))

    def cut(self, consumers: Iterable[str], kind: SupplyKind, cause: str) -> None:
        """Cut consumers off for a cause; those still supplied are told, in the order given."""
        for consumer in consumers:
            causes = self._causes.setdefault((consumer, kind), set())
            was_supplied = not causes
            causes.add(cause)
            if was_supplied:
                self._tell(consumer, kind, is_supplied=False)

    def restore(self, consumers: Iterable[str], kind: SupplyKind, cause: str) -> None:
        """Take a cause away; consumers without another are told, in the order given."""
        for consumer in consumers:
            causes = self._causes.get((consumer, kind))
            if causes and cause in causes:
                causes.remove(cause)
                if not causes:
                    del self._causes[consumer, kind]
                    self._tell(consumer, kind, is_supplied=True)

    def cut_off(self, kind: SupplyKind) -> tuple[str, ...]:
        """Return the consumers that are cut off now, in order of their ids."""
        return tuple(sorted(who for who, what in self._causes if what == kind))

    def _tell(self, consumer: str, kind: SupplyKind, *, is_supplied: bool) -> None:
        for told in self._watchers.get(consumer, ()):
            told(consumer, kind, is_supplied)
