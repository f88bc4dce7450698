"""The screen of `stellwerk top`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import DataTable, Footer, Input, Static, TabbedContent, TabPane

from stellwerk.lookout import DEVICE_HEADS, RUN_HEADS, TIMER_HEADS, Lookout, View
from twin.model.errors import StellwerkError

__all__ = ["Top"]

_TABS = {"runs": RUN_HEADS, "devices": DEVICE_HEADS, "timers": TIMER_HEADS}
_HELP = """\
stellwerk top only reads: it changes nothing on a device or in the journal.

1 2 3   runs, devices, timers       /      filter rows by a word
arrows  move                        Esc    no filter, close this
r       look at once                q      leave

+ confirmed    - taken back    ~ not ended yet    ! a person should look
A timer is when a device takes its change back by itself, at the latest."""


class _Help(ModalScreen[None]):
    """The keys."""

    CSS = "_Help { align: center middle; } #help { width: auto; height: auto; border: round; }"
    BINDINGS: ClassVar[list[BindingType]] = [("escape,question_mark,q", "dismiss", "Close")]

    def compose(self) -> ComposeResult:
        yield Static(_HELP, id="help", markup=False)


def _cell(text: str) -> Text:
    """Show text as it is: no markup, and nothing that moves the cursor of a terminal."""
    return Text("".join(letter if letter.isprintable() else "?" for letter in text))


class Top(App[None]):
    """Shows what a lookout sees.

    Parameters
    ----------
    lookout : Lookout
        Reads journal and inventory.
    every_s : float
        Time between two looks. [s]
    """

    CSS = """
    #filter { display: none; }
    #filter.shown { display: block; }
    #state { height: 1; }
    """
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "tab('runs')", "Runs"),
        Binding("2", "tab('devices')", "Devices"),
        Binding("3", "tab('timers')", "Timers"),
        Binding("slash", "filter", "Filter", key_display="/"),
        Binding("question_mark", "help", "Help", key_display="?"),
        Binding("r", "look", "Look"),
        Binding("escape", "clear", "No filter", show=False),
        Binding("q", "quit", "Quit"),
    ]

    def __init__(self, lookout: Lookout, *, every_s: float) -> None:
        super().__init__()
        self._lookout = lookout
        self._every_s = every_s
        self._view = View()
        self._words = ""

    def compose(self) -> ComposeResult:
        """Lay out the tables, the filter and the line of keys."""
        with Vertical():
            with TabbedContent(initial="runs"):
                for name in _TABS:
                    with TabPane(name.capitalize(), id=name):
                        yield DataTable(id=f"{name}-table", cursor_type="row", zebra_stripes=True)
            yield Static("", id="state", markup=False)
            yield Input(placeholder="filter", id="filter")
        yield Footer()

    def on_mount(self) -> None:
        """Begin to look."""
        for name, heads in _TABS.items():
            self._table(name).add_columns(*heads)
        self._table("runs").focus()
        self.action_look()
        self.set_interval(self._every_s, self.action_look)

    def action_look(self) -> None:
        """Look in a thread: a slow disk must not hold the keys up."""
        self.run_worker(self._look, thread=True, exclusive=True, group="look")

    def _look(self) -> None:
        try:
            view, error = self._lookout.look(datetime.now(UTC)), ""
        except StellwerkError as err:
            view, error = self._view, f"! {err}"
        self.call_from_thread(self._show, view, error)

    def _show(self, view: View, error: str = "") -> None:
        self._view = view
        n_shown = 0
        for name in _TABS:
            rows: Sequence[tuple[str, ...]] = getattr(view, name)
            rows = [row for row in rows if self._words in " ".join(row).lower()]
            n_shown += len(rows)
            self._fill(self._table(name), rows)
        n_open = sum(row[0] not in "+-" for row in view.runs)
        looked = f"{len(view.runs)} runs, {n_open} open, {len(view.timers)} timers armed"
        words = f"; filter {self._words!r}: {n_shown} rows" if self._words else ""
        self.query_one("#state", Static).update(error or f"{looked}{words}")

    @staticmethod
    def _fill(table: DataTable[Text], rows: Sequence[tuple[str, ...]]) -> None:
        """Put rows in; the cursor and the place in the table stay."""
        row, top = table.cursor_row, table.scroll_y
        table.clear()
        table.add_rows([_cell(text) for text in row] for row in rows)
        table.move_cursor(row=min(row, len(rows) - 1), scroll=False)
        table.scroll_to(y=top, animate=False)

    def _table(self, name: str) -> DataTable[Text]:
        return self.query_one(f"#{name}-table", DataTable)

    def action_tab(self, name: str) -> None:
        """Show one of the tables."""
        self.query_one(TabbedContent).active = name
        self._table(name).focus()

    def action_help(self) -> None:
        """Show the keys."""
        self.push_screen(_Help())

    def action_filter(self) -> None:
        """Ask for a word."""
        field = self.query_one("#filter", Input)
        field.add_class("shown")
        field.focus()

    def action_clear(self) -> None:
        """Show all rows again."""
        field = self.query_one("#filter", Input)
        field.value = ""
        field.remove_class("shown")
        self._table(self.query_one(TabbedContent).active).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while the word is typed."""
        self._words = event.value.strip().lower()
        self._show(self._view)

    def on_input_submitted(self) -> None:
        """Go back to the rows that are left."""
        self._table(self.query_one(TabbedContent).active).focus()
