"""Command line of an emulated router with FRRouting's vtysh.

References
----------
.. [1] FRRouting user guide, "VTY shell"; words and order as version 8.4.4 prints them.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from hil.emulators.cli_lines import UnknownLine, shown
from hil.emulators.cli_router import Router
from twin.model.errors import ModelError

__all__ = ["VtyshShell"]

_HEAD = "Building configuration...\n\nCurrent configuration:\n!\nfrr version 8.4.4\n!\n"


class VtyshShell:
    """One session.

    Parameters
    ----------
    router : Router
        The device.
    """

    def __init__(self, router: Router) -> None:
        self._router = router
        self._view: str | None = None
        self.page_lines = 24
        self._fixed: dict[str, Callable[[], str | None]] = {
            "configure terminal": lambda: self._go(""),
            "end": lambda: self._go(None),
            "exit": self._exit,
            "quit": self._exit,
            "show running-config": self._show,
            "show startup-config": lambda: "",
            **dict.fromkeys(("write memory", "write mem", "write", "wr"), self._save),
        }

    @property
    def prompt(self) -> str:
        """What the terminal shows before the next line."""
        name = self._router.values().get("name", self._router.device.id)
        mode = "" if self._view is None else "(config-if)" if self._view else "(config)"
        return f"{name}{mode}# "

    def run(self, line: str) -> str | None:
        """Run one line; None ends the session.

        Raises
        ------
        DeviceDied
            A stored fault names what the line does.
        """
        line = " ".join(line.split())
        if not line or line.startswith("!"):
            return ""
        if match := re.fullmatch(r"terminal length (\d+)", line):
            self.page_lines = int(match[1])
            return ""
        if line in self._fixed:
            return self._fixed[line]()
        items = self._router.lines.outputs(line)
        if items:
            self._router.device.meet("get")
            return shown(items, self._router.values())
        return _unknown(line) if self._view is None else self._configure(line)

    def end(self) -> None:
        """Do what the end of the session brings: nothing."""

    def _go(self, view: str | None) -> str:
        self._view = view
        return ""

    def _exit(self) -> str | None:
        if self._view is None:
            return None
        return self._go("" if self._view else None)

    def _show(self) -> str:
        self._router.device.meet("get")
        lines: list[str] = []
        for line in self._router.lines.render(self._router.values(), "!"):
            if line == "!" and lines and lines[-1].startswith((" ", "interface ")):
                lines.append("exit")
            lines.append(line)
        return _HEAD + "".join(f"{line}\n" for line in lines) + "end\n"

    def _save(self) -> str:
        self._router.save()
        return (
            "Note: this version of vtysh never writes vtysh.conf\nBuilding Configuration...\n"
            "Integrated configuration saved to /etc/frr/frr.conf\n[OK]\n"
        )

    def _configure(self, line: str) -> str:
        if line in self._router.lines.sections:
            return self._go(line)
        try:
            try:
                path, value = self._router.lines.meaning(self._view or "", line)
            except UnknownLine:
                path, value = self._router.lines.meaning("", line)
            self._router.write("write", {path: value})
        except (UnknownLine, ModelError):
            return _unknown(line)
        return ""


def _unknown(line: str) -> str:
    return f"% Unknown command: {line}\n"
