"""What differs between the command lines of routers and switches, as data.

References
----------
.. [1] FRRouting user guide, "VTY shell"; what is said here of vtysh was seen on version 8.4.4.
.. [2] Huawei NetEngine 8000 F1A command reference, "CLI overview": commit, abort trial, display
   configuration candidate, configuration exclusive.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["DIALECTS", "PAGER", "QUESTION", "Dialect"]

PAGER = re.compile(r"-{2,4} ?More ?-{2,4}\s{0,4}$")
"""What stands at the end of the last line while a page waits for a key."""

# Every repetition is bounded: what a device sends must not make a search last for minutes.
_ASKED = (
    r"\[[^\[\]]{1,60}/[^\[\]]{1,60}\]",
    r"\)\[[^\[\]]{1,60}\](?=[ \t]{0,3}:)",
    r"\([^()]{1,60}/[^()]{1,60}\)",
    "[Pp]assword",
    r"\?",
)
QUESTION = re.compile(rf"(?:{'|'.join(_ASKED)})[ \t]{{0,3}}:?[ \t]{{0,3}}$")
"""What ends the last line while the device waits for an answer: ``[Y/N]:``, ``(y/n)?``."""

# Blanks before it are what a page left when it was turned.
_VRP_PROMPT = r"^ {0,50}(?:HRP_[MS])?(?:<[~*]?[\w./-]{1,200}>|\[[~*]?[\w./-]{1,200}\])\s?$"
_VRP_REFUSAL = (
    r"^Error:|^\^$|Unrecognized command|Wrong parameter|Incomplete command|Ambiguous command|"
    "Too many parameters"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One command line.

    Parameters
    ----------
    prompt : re.Pattern
        Prompt of any view: the whole last line of what was read.
    enter, leave : str
        Into the configuration and back to where the login is.
    negation : str
        Word that takes a line away.
    refusal : re.Pattern
        What a line, without blanks around it, says if a command was refused.
    running, saved : str
        Show the running and the stored configuration; empty if it cannot be shown.
    save : str
        Stores the running configuration.
    saved_by : re.Pattern
        What it says when it has.
    answers : mapping
        Answer by a pattern of the question; every other question is refused.
    exclusive, release, holder : str
        Lock the configuration, give it back, and tell who has it; empty if there is no lock.
    untypeable : str
        Characters that mean something to the line editor even inside a value.
    """

    prompt: re.Pattern[str]
    enter: str
    leave: str
    negation: str
    refusal: re.Pattern[str]
    running: str
    saved: str
    save: str
    saved_by: re.Pattern[str]
    answers: Mapping[str, str]
    exclusive: str = ""
    release: str = ""
    holder: str = ""
    untypeable: str = "?"


_VTYSH = Dialect(
    prompt=re.compile(r"^(?:\(null\)|[\w.-]{1,200})(?:\([\w-]{1,60}\))?# ?$"),
    enter="configure terminal",
    leave="end",
    negation="no",
    refusal=re.compile(r"^% |^Can't |[Cc]onfiguration failed"),
    running="show running-config",
    # `show startup-config` is there and prints nothing: the integrated file is vtysh's own.
    saved="",
    save="write memory",
    saved_by=re.compile(r"^\[OK\]", re.MULTILINE),
    answers=MappingProxyType({}),
)
_VRP5 = Dialect(
    prompt=re.compile(_VRP_PROMPT),
    enter="system-view",
    leave="return",
    negation="undo",
    refusal=re.compile(_VRP_REFUSAL),
    running="display current-configuration",
    saved="display saved-configuration",
    save="save",
    saved_by=re.compile(r"success", re.IGNORECASE),
    answers=MappingProxyType(
        {
            r"(?i)continue\s*\?\s*\[Y/N\]": "y",
            # Of `save`: where to, and whether the file that is there may be replaced.
            r"(?i)input the file name": "",
            r"(?i)exists, overwrite\s*\?\s*\[Y/N\]": "y",
        }
    ),
    exclusive="configuration exclusive",
    release="undo configuration exclusive",
    holder="display configuration-occupied user",
)
_VRP8 = Dialect(
    prompt=_VRP5.prompt,
    enter=_VRP5.enter,
    leave=_VRP5.leave,
    negation=_VRP5.negation,
    refusal=_VRP5.refusal,
    running=_VRP5.running,
    saved=_VRP5.saved,
    save=_VRP5.save,
    saved_by=_VRP5.saved_by,
    answers=MappingProxyType(
        {
            **_VRP5.answers,
            # What is not committed on leaving is thrown away: nothing is committed by accident.
            r"(?i)uncommitted configurations? found": "n",
            r"(?i)trial configuration.*\[Y/N\]": "y",
        }
    ),
    exclusive=_VRP5.exclusive,
    release=_VRP5.release,
    holder=_VRP5.holder,
)

DIALECTS: Mapping[str, Dialect] = MappingProxyType({"vtysh": _VTYSH, "vrp5": _VRP5, "vrp8": _VRP8})
