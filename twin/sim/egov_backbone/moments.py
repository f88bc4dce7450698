"""What is worth telling of a day of offices and backbone, in sentences."""

from __future__ import annotations

from collections import deque

from twin.sim.system import Context, Moment

__all__ = ["Moments"]

_MOST = 60


class Moments:
    """The latest notable moments.

    Parameters
    ----------
    context : Context
        For the time.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._kept: deque[Moment] = deque(maxlen=_MOST)

    def tell(self, who: str, text: str) -> None:
        """Add a moment that is now."""
        self._kept.append(Moment(self._context.kernel.now_s, who, text))

    def of_all(self) -> tuple[Moment, ...]:
        """Return the moments, oldest first."""
        return tuple(self._kept)
