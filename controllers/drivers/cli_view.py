"""What drivers of routers share: reading, locking, saving, and what must not be done."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence

from controllers.drivers.cli_config import Config, foreign_lines, parsed_config, texts_in
from controllers.drivers.cli_dialects import Dialect
from controllers.drivers.cli_terminal import Terminal
from controllers.drivers.cli_values import CliValues
from controllers.profiles import CliItem
from twin.model.attributes import Value
from twin.model.errors import DeviceConflict, DeviceError, DeviceLocked, DeviceRefused

__all__ = ["read_values", "refuse_unsaved", "save", "typeable", "with_lock", "without_lock"]

log = logging.getLogger(__name__)


def read_values(
    terminal: Terminal, values: CliValues, paths: Collection[str] | None
) -> dict[str, Value]:
    """Read attributes from the running configuration and from commands.

    Parameters
    ----------
    terminal : Terminal
        The dialogue.
    values : CliValues
        What the profile maps.
    paths : collection of str or None
        Paths; None reads all that can be written.

    Returns
    -------
    dict
        Value by path; one the device does not show is left out.

    Raises
    ------
    DeviceError
        A leaf that says what failed.
    """
    items = values.wanted(paths)
    texts: dict[str, str] = {}
    if any(item.line for item in items):
        said = terminal.order("read the configuration", terminal.dialect.running)
        texts |= texts_in(parsed_config(said), [item for item in items if item.line])
    outputs: dict[str, str] = {}
    for item in items:
        if not item.command:
            continue
        if item.command not in outputs:
            outputs[item.command] = terminal.order(f"read {item.path}", item.command)
        text = item.text_of_output(outputs[item.command])
        if text is not None:
            texts[item.path] = text
    return {item.path: values.decoded(item, texts[item.path]) for item in items
            if item.path in texts}  # fmt: skip


def refuse_unsaved(
    terminal: Terminal, running: Config, items: Sequence[CliItem], texts: Mapping[str, str]
) -> bool:
    """Refuse to store what is not ours.

    Parameters
    ----------
    terminal : Terminal
        The dialogue.
    running : Config
        The running configuration.
    items : sequence of CliItem
        The attributes that are ours.
    texts : mapping
        Wanted text of each by path.

    Returns
    -------
    bool
        True if the wanted texts are stored already; False also where that cannot be shown.

    Raises
    ------
    DeviceConflict
        Running and stored configuration differ in lines that are not ours.
    DeviceError
        Another leaf that says what failed.
    """
    if not terminal.dialect.saved:
        return False
    said = terminal.order("read the stored configuration", terminal.dialect.saved)
    stored = parsed_config(said)
    foreign = foreign_lines(running, items) ^ foreign_lines(stored, items)
    if foreign:
        raise DeviceConflict(
            terminal.session.device.id,
            f"its running configuration differs from the stored one in {len(foreign)} lines "
            "that are not ours; save them or take them back on the device first",
        )
    return texts_in(stored, items) == texts


def typeable(device: str, texts: Mapping[str, str], dialect: Dialect) -> None:
    """Refuse values that a line editor would turn into something else.

    Parameters
    ----------
    device : str
        Device id.
    texts : mapping
        Text of each value by path.
    dialect : Dialect
        Knows the characters that are keys.

    Raises
    ------
    DeviceRefused
        A value has one of them, or blanks that the command line would not keep.
    """
    for path, text in texts.items():
        key = next((one for one in dialect.untypeable if one in text), "")
        if key:
            raise DeviceRefused(
                device, f"{path} = {text!r}: {key!r} asks this command line for help; leave it out"
            )
        if text != " ".join(text.split()):
            raise DeviceRefused(
                device, f"{path} = {text!r}: this command line keeps single blanks inside only"
            )


def with_lock(terminal: Terminal) -> None:
    """Lock the configuration, where the device has a lock.

    Raises
    ------
    DeviceLocked
        Somebody else has it; who, if the device tells.
    DeviceError
        Another leaf that says what failed.
    """
    dialect, device = terminal.dialect, terminal.session.device
    if not dialect.exclusive:
        return
    refusal = terminal.refusal_in(terminal.ask("lock the configuration", dialect.exclusive))
    if "nrecognized command" in refusal:
        log.info("has no lock of its configuration", extra={"device": device.id})
    elif refusal:
        said = " ".join(terminal.ask("ask who has the lock", dialect.holder).split())
        raise DeviceLocked(device.id, f"the configuration is locked: {said or refusal}"[:300])


def without_lock(terminal: Terminal) -> None:
    """Give the lock back; never raises for a lost session, which has given it back already."""
    if not terminal.dialect.release or not terminal.session.is_open:
        return
    try:
        terminal.order("unlock the configuration", terminal.dialect.release)
    except DeviceError as err:
        log.warning("%s", err, extra={"device": terminal.session.device.id})


def save(terminal: Terminal) -> None:
    """Store the running configuration.

    Raises
    ------
    DeviceRefused
        The device does not say that it has.
    DeviceError
        Another leaf that says what failed.
    """
    said = terminal.order("store the configuration", terminal.dialect.save)
    if not terminal.dialect.saved_by.search(said):
        last = " ".join(said.split())[-200:]
        raise DeviceRefused(
            terminal.session.device.id, f"store the configuration: the device says {last!r}"
        )
