"""Command line of an emulated Huawei device: VRP5 (lines count at once) and VRP8 (two stages).

References
----------
.. [1] Huawei NetEngine 8000 F1A command reference: commit, abort trial, configuration exclusive,
   display configuration candidate.
.. [2] netmiko issues 1072 and 2625: prompts with ``~`` and ``*``, the question on leaving.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from controllers.profiles import load_profile, option
from hil.emulators.cli_lines import UnknownLine, shown
from hil.emulators.cli_router import Router
from twin.model.attributes import Value
from twin.model.errors import ModelError

__all__ = ["VrpShell"]

_UNKNOWN = "        ^\nError: Unrecognized command found at '^' position.\n"
_WRONG = "        ^\nError: Wrong parameter found at '^' position.\n"
_LEAVING = (
    "Warning: Uncommitted configurations found. Are you sure to commit them before exiting? "
    "[Y(yes)/N(no)/C(cancel)]:"
)
_SAVING = (
    "Warning: The current configuration will be written to the device.\n"
    "Are you sure to continue? [Y/N]:"
)
_NAMING = "Please input the file name(*.cfg,*.zip)[vrpcfg.zip]:"
_ABORTING = "Warning: The trial configuration will be aborted. Continue? [Y/N]:"
_LONGEST_TRIAL_S = 65_535

_Answer = Callable[[str], str | None]


class VrpShell:
    """One session.

    Parameters
    ----------
    router : Router
        The device.
    username : str
        Who logged in.
    has_candidate : bool
        VRP8 in two-stage mode.
    """

    def __init__(self, router: Router, username: str, *, has_candidate: bool) -> None:
        self._router = router
        self._username = username
        self._has_candidate = has_candidate
        self._session = router.next_session()
        self._view: str | None = None
        self._candidate: dict[str, Value] = {}
        self._question: tuple[str, _Answer] | None = None
        self.page_lines = 24
        self._fixed: dict[str, Callable[[], str | None]] = {
            "system-view": self._enter,
            "quit": self._quit,
            "return": lambda: self._leave(lambda: self._go(None)),
            "save": lambda: self._ask(_SAVING, self._save),
            "configuration exclusive": self._lock,
            "undo configuration exclusive": self._unlock,
            "display configuration-occupied user": self._holder,
            "display current-configuration": lambda: self._show(router.values()),
            "display saved-configuration": lambda: self._show(router.stored()),
            "display configuration candidate merge": self._merged,
            "clear configuration candidate": self._clear,
            "abort trial": self._abort,
        }

    @property
    def prompt(self) -> str:
        """What the terminal shows before the next line: a prompt, or a question."""
        if self._question is not None:
            return self._question[0]
        name = str(self._router.values().get("name", self._router.device.id)).replace(" ", "_")
        if self._view is None:
            return f"<{name}>"
        mark = ("*" if self._candidate else "~") if self._has_candidate else ""
        short = re.sub(r"^interface ", "-", self._view)
        return f"[{mark}{name}{short}]"

    def run(self, line: str) -> str | None:
        """Run one line; None ends the session.

        Raises
        ------
        DeviceDied
            A stored fault names what the line does.
        """
        line = " ".join(line.split())
        if self._question is not None:
            return self._question[1](line.lower())
        if not line:
            return ""
        if match := re.fullmatch(r"screen-length (\d+) temporary", line):
            self.page_lines = int(match[1])
            return "Info: The configuration takes effect on the current user terminal only.\n"
        if line in self._fixed:
            return self._fixed[line]()
        if match := re.fullmatch(r"commit(?: trial(?: (\d+))?(?: persist (\S+))?)?", line):
            return self._commit(line, match[1], match[2] or "")
        items = self._router.lines.outputs(line)
        if items:
            self._router.device.meet("get")
            return shown(items, self._router.values())
        return _UNKNOWN if self._view is None else self._configure(line)

    def end(self) -> None:
        """Do what the end of the session brings."""
        self._router.end_session(self._session)

    # --- views ---------------------------------------------------------------------------------

    def _go(self, view: str | None) -> str:
        self._view = view
        return ""

    def _enter(self) -> str:
        self._view = ""
        return "Enter system view, return user view with return command.\n"

    def _quit(self) -> str | None:
        if self._view is None:
            return None
        if self._view:
            return self._go("")
        return self._leave(lambda: self._go(None))

    def _leave(self, go: Callable[[], str]) -> str | None:
        if not self._candidate:
            return go()
        return self._ask(_LEAVING, lambda answer: self._left(answer, go))

    def _left(self, answer: str, go: Callable[[], str]) -> str | None:
        self._question = None
        if answer in ("y", "yes"):
            return (self._commit("commit", None, "") or "") + go()
        if answer in ("n", "no"):
            self._candidate.clear()
            return go()
        if answer in ("c", "cancel"):
            return ""
        self._ask(
            "Error: Please choose 'YES', 'NO' or 'CANCEL' first before pressing 'Enter'. [Y/N/C]:",
            lambda again: self._left(again, go),
        )
        return ""

    def _ask(self, question: str, answer: _Answer) -> str:
        *lines, last = question.split("\n")
        self._question = (last, answer)
        return "".join(f"{line}\n" for line in lines)

    # --- showing -------------------------------------------------------------------------------

    def _show(self, values: dict[str, Value]) -> str:
        self._router.device.meet("get")
        return _text(self._router.lines.render(values, "#"))

    def _merged(self) -> str:
        if not self._has_candidate or self._view is None:
            return _UNKNOWN
        return self._show(self._router.values() | self._candidate)

    # --- changing ------------------------------------------------------------------------------

    def _configure(self, line: str) -> str:
        sections = {section.lower(): section for section in self._router.lines.sections}
        if line.lower() in sections:
            return self._go(sections[line.lower()])
        if line.startswith("interface "):
            return _WRONG
        if self._router.is_locked_for(self._session):
            return self._locked()
        try:
            path, value = self._meaning(line)
            if self._has_candidate:
                self._candidate[path] = value
                if value == self._router.values()[path]:
                    del self._candidate[path]
            else:
                self._router.write("write", {path: value})
        except UnknownLine:
            return _UNKNOWN
        except ModelError:
            return _WRONG
        return ""

    def _meaning(self, line: str) -> tuple[str, Value]:
        try:
            return self._router.lines.meaning(self._view or "", line)
        except UnknownLine:
            return self._router.lines.meaning("", line)

    def _clear(self) -> str:
        self._candidate.clear()
        return ""

    def _commit(self, line: str, time_s: str | None, persist: str) -> str:
        if not self._has_candidate or self._view is None:
            return _UNKNOWN
        if self._router.is_locked_for(self._session):
            return self._locked()
        trial = self._router.trial_session
        if trial and trial != self._session and self._router.trial_persist != persist:
            return "Error: Another session has a trial configuration; the commit is refused.\n"
        try:
            return self._trial(time_s, persist) if "trial" in line else self._final()
        except ModelError as err:
            return f"Error: Failed to generate committed config: {err}\n"

    def _final(self) -> str:
        if self._router.trial_session:
            self._router.keep_trial()
        if self._candidate:
            self._router.write("commit", self._candidate)
            self._candidate = {}
        return "Committing..done.\n"

    def _trial(self, time_s: str | None, persist: str) -> str:
        timeout_s = int(time_s or 600)
        entry = self._router.device.entry
        shortest_s = int(option(load_profile(entry.profile), entry, "shortest_trial_s"))
        if not shortest_s <= timeout_s <= _LONGEST_TRIAL_S:
            return _WRONG
        if self._router.trial_session:
            return "Error: The system is in the trial configuration mode already.\n"
        if not self._candidate:
            return "Error: There is no configuration to be committed.\n"
        self._router.begin_trial(self._session, self._candidate, timeout_s, persist)
        self._candidate = {}
        return (
            "Committing..done.\nInfo: The system enters the trial configuration mode. The system "
            "will revert to previous configuration if the trial configuration is not confirmed in "
            f"{timeout_s} seconds.\n"
        )

    def _abort(self) -> str:
        if not self._has_candidate or self._view is None:
            return _UNKNOWN
        trial = self._router.trial_session
        if not trial or trial != self._session:
            return "Error: The trial configuration does not exist.\n"
        return self._ask(_ABORTING, self._aborted)

    def _aborted(self, answer: str) -> str:
        self._question = None
        if answer in ("y", "yes"):
            self._router.device.meet("cancel-commit")
            self._router.abort_trial("aborted")
        return ""

    # --- storing and locking -------------------------------------------------------------------

    def _save(self, answer: str) -> str:
        self._question = None
        if answer not in ("y", "yes"):
            return "Info: Save has been canceled.\n"
        if self._router.has_file:
            return self._stored("")
        return self._ask(_NAMING, self._stored)

    def _stored(self, _name: str) -> str:
        self._question = None
        self._router.save()
        return (
            "Now saving the current configuration...\nInfo: Save the configuration successfully.\n"
        )

    def _lock(self) -> str:
        self._router.device.meet("lock")
        return "" if self._router.lock(self._session, self._username) else self._locked()

    def _locked(self) -> str:
        return "Error: The configuration is locked by other user.\n"

    def _unlock(self) -> str:
        return "" if self._router.unlock(self._session) else "Error: It is not locked by you.\n"

    def _holder(self) -> str:
        holder = self._router.holder
        if holder is None:
            return "Info: The configuration is not locked.\n"
        return (
            f"User Index: {holder[0]}\nUser Session Name: VTY {holder[0]}\nUser Name: {holder[1]}\n"
        )


def _text(lines: Iterable[str]) -> str:
    return "#\n" + "".join(f"{line}\n" for line in lines) + "return\n"
