"""What journal and inventory say at this moment: runs, devices and armed timers, as rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from controllers.history import History, history_of
from controllers.journal import Journal, Record
from controllers.ports import Device
from controllers.steps import Op, Outcome, State

__all__ = ["DEVICE_HEADS", "RUN_HEADS", "TIMER_HEADS", "Lookout", "View"]

_N_RUNS = 100
_OUTCOME_SIGNS = {None: "~", Outcome.CONFIRMED: "+", Outcome.RESTORED: "-"}
_STATE_SIGNS = {State.OPEN: "~", State.CONFIRMED: "+", State.RESTORED: "-"}


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Rows to be shown; each begins with its sign.

    ``+`` is confirmed, ``~`` not ended yet, ``!`` wants a person.

    Parameters
    ----------
    runs, devices, timers : tuple of tuple of str
        Cells of each row, in the order of `RUN_HEADS`, `DEVICE_HEADS` and `TIMER_HEADS`.
    """

    runs: tuple[tuple[str, ...], ...] = ()
    devices: tuple[tuple[str, ...], ...] = ()
    timers: tuple[tuple[str, ...], ...] = ()


RUN_HEADS = ("", "run", "begun", "plan", "by", "devices", "state")
DEVICE_HEADS = ("", "device", "kind", "site", "last run", "state")
TIMER_HEADS = ("", "device", "run", "reverts itself by", "left")


class Lookout:
    """Reads a journal again and again; runs that are closed only once.

    Parameters
    ----------
    place : str
        The journal.
    devices : sequence of Device
        The inventory.
    """

    def __init__(self, place: str, devices: Sequence[Device]) -> None:
        self._place = place
        self._devices = devices
        self._closed: dict[str, History] = {}

    def look(self, now: datetime) -> View:
        """Read what is new.

        Parameters
        ----------
        now : datetime
            The time, for what is left of a timer.

        Returns
        -------
        View
            The newest run first; empty as long as there is no journal.

        Raises
        ------
        JournalError
            The journal cannot be read.
        """
        book = Journal(self._place, read_only=True)
        if not book.store.exists():
            return View(devices=self._device_rows([]))
        timers: list[tuple[str, ...]] = []
        told: list[History] = []
        with book:
            for run in book.runs()[-_N_RUNS:]:
                history = self._closed.get(run) or history_of(book, run)
                told.append(history)
                if not history.open_devices:
                    self._closed[run] = history
                else:
                    timers += _timers(history, book.records(run, kinds=("send",)), now)
        return View(
            runs=tuple(_run_row(history) for history in reversed(told)),
            devices=self._device_rows(told),
            timers=tuple(timers),
        )

    def _device_rows(self, told: Sequence[History]) -> tuple[tuple[str, ...], ...]:
        last = {name: history for history in told for name in history.known}
        return tuple(_device_row(device, last.get(device.id)) for device in self._devices)


def _run_row(history: History) -> tuple[str, ...]:
    n_open = len(history.open_devices)
    if not n_open:
        state = str(history.outcome)
    elif history.outcome is None:
        state = "under way, or left open: stellwerk recover"
    else:
        state = f"{history.outcome}, {n_open} open: stellwerk recover"
    sign = _OUTCOME_SIGNS.get(history.outcome, "!")
    n_devices = str(len(history.plan.devices))
    who = history.plan.author
    return (sign, history.run, history.begun[:19], history.plan.name, who, n_devices, state)


def _device_row(device: Device, history: History | None) -> tuple[str, ...]:
    state = history.known[device.id].state if history else None
    is_open = history is not None and device.id in history.open_devices
    run = history.run if history else ""
    sign = _STATE_SIGNS.get(state, "!" if is_open else "") if state else ""
    return (sign, device.id, device.kind, device.site, run, state or "")


def _timers(history: History, sent: Sequence[Record], now: datetime) -> list[tuple[str, ...]]:
    """Say until when armed devices wait for their confirm at the latest."""
    armed: dict[str, tuple[datetime, float]] = {}
    for record in sent:
        op = Op(str(record.payload["op"]))
        if op in (Op.COMMIT, Op.REARM):
            timeout_s = record.payload.get("confirm_timeout_s")
            if isinstance(timeout_s, int | float):
                armed[record.device] = datetime.fromisoformat(record.at), float(timeout_s)
        elif op in (Op.CONFIRM, Op.CANCEL):
            armed.pop(record.device, None)
    open_devices = set(history.open_devices)
    rows: list[tuple[str, ...]] = []
    for part in history.plan.devices:
        if part.device not in armed or part.device not in open_devices:
            continue
        at, timeout_s = armed[part.device]
        # The device began to count when it took the commit: at the end of the step at the latest.
        until = at.astimezone(UTC) + timedelta(seconds=history.limits.step_s + timeout_s)
        left_s = (until - now).total_seconds()
        sign, left = ("~", f"{left_s:.0f} s") if left_s > 0 else ("!", "ran out")
        rows.append((sign, part.device, history.run, f"{until:%Y-%m-%d %H:%M:%S}", left))
    return rows
