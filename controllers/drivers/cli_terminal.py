"""Talks to a router's command line: prompts, pages, questions and refusals."""

from __future__ import annotations

import re
import time

from controllers.drivers.cli_dialects import PAGER, QUESTION, Dialect
from controllers.drivers.cli_session import CliSession, last_line
from controllers.drivers.options import seconds
from twin.model.errors import DeviceRefused, DeviceTimeout

__all__ = ["Terminal"]

_ESCAPE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_TURNED = re.compile(
    r"[ \t]{0,4}-{2,4} ?More ?-{2,4}(?:\x1b\[\d{1,3}D)?(?: {41,42}(?=\S| \S|$))?(?:\x1b\[\d{1,3}D)?"
)
_LONGEST_SAID = 200
_LONGEST_LINE = 1000
_QUIET_S = 0.3


class Terminal:
    """The dialogue of one driver with its device.

    Parameters
    ----------
    session : CliSession
        Where it is held.
    dialect : Dialect
        How the device speaks.
    """

    def __init__(self, session: CliSession, dialect: Dialect) -> None:
        self.session = session
        self.dialect = dialect
        self.prompt = ""
        self._device = session.device
        self._end = re.compile(
            "|".join(f"(?:{one.pattern})" for one in (dialect.prompt, PAGER, QUESTION))
        )

    def order(self, what: str, line: str) -> str:
        """Send a line that must not be refused, and return what it printed.

        Parameters
        ----------
        what : str
            What it is for, in messages.
        line : str
            The line.

        Raises
        ------
        DeviceRefused
            The device said an error, or asked a question that nobody foresaw.
        DeviceUnreachable
            The session was lost or ran out of time; whether the line counts is unknown.
        """
        output = self.ask(what, line)
        refusal = self.refusal_in(output)
        if refusal:
            raise DeviceRefused(self._device.id, f"{what}: the device says {refusal!r}")
        return output

    def refusal_in(self, output: str) -> str:
        """Find the line of an output that says that the command was refused; empty if none."""
        patterns = (self.dialect.refusal, *self._extra_refusals())
        lines = (line.strip()[:_LONGEST_LINE] for line in output.splitlines())
        said = [line for line in lines if any(one.search(line) for one in patterns)]
        worded = [line for line in said if line.strip("^")]
        return (worded or said or [""])[0][:_LONGEST_SAID]

    def _extra_refusals(self) -> tuple[re.Pattern[str], ...]:
        text = self._device.options.get("error_pattern", "")
        try:
            return (re.compile(text),) if text else ()
        except re.error as err:
            raise DeviceRefused(
                self._device.id, f"option error_pattern {text!r} is no regular expression: {err}"
            ) from err

    def ask(self, what: str, line: str) -> str:
        """Send a line, turn pages, answer foreseen questions; return what it printed.

        Raises
        ------
        DeviceRefused
            It asked a question that nobody foresaw; the session is closed unanswered.
        DeviceUnreachable
            The session was lost or ran out of time.
        """
        if not self.session.is_open:
            self.prompt = ""
        end_s = time.monotonic() + seconds(self._device, "timeout_s", 30.0)
        output = self._heard(what, line, end_s, is_key=False)
        while True:
            last = last_line(output)
            if self.dialect.prompt.search(last):
                return self._told(output, line)
            if PAGER.search(last):
                output = _unpaged(output) + self._heard(what, " ", end_s, is_key=True)
                continue
            answer = self._known_answer(last)
            if answer is None:
                output = self._heard_on(what, output, end_s)
                continue
            output += self._heard(what, answer, end_s, is_key=False)

    def _heard(self, what: str, text: str, end_s: float, *, is_key: bool) -> str:
        left_s = end_s - time.monotonic()
        if left_s <= 0:
            raise self._endless(what)
        return self.session.ask(what, text, self._end, left_s, key=is_key)

    def _known_answer(self, question: str) -> str | None:
        for pattern, answer in self.dialect.answers.items():
            if re.search(pattern, question):
                return answer
        return None

    def _heard_on(self, what: str, output: str, end_s: float) -> str:
        """Read on after what looks like a question: it may be the middle of a text."""
        while time.monotonic() < end_s:
            more = self.session.more(what, _QUIET_S)
            output += more
            if not self._end.search(last_line(output)):
                continue
            if more:
                return output
            self.session.close()  # unanswered: whatever it was about does not happen
            said = " ".join(_ESCAPE.sub("", last_line(output)).split())
            raise DeviceRefused(
                self._device.id,
                f"{what}: the device asks {said[-_LONGEST_SAID:]!r}, which nobody foresaw; it got "
                "no answer, the session was ended",
            )
        raise self._endless(what)

    def _endless(self, what: str) -> DeviceTimeout:
        self.session.close()
        return DeviceTimeout(self._device.id, f"{what}: the answer does not end; session ended")

    def _told(self, output: str, line: str) -> str:
        """Take the echo and the prompt off."""
        text = _ESCAPE.sub("", _unpaged(output))
        begin = text.rfind("\n") + 1
        self.prompt, text = text[begin:].strip(), text[:begin]
        first, _, rest = text.partition("\n")
        return rest if line and line.strip() in first else text


def _unpaged(output: str) -> str:
    return _TURNED.sub("", output)
