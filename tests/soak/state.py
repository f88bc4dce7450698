"""What the soak remembers between runs: where each task goes on, and what has failed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

__all__ = ["SoakState", "TaskState"]


@dataclass(slots=True)
class TaskState:
    """How far a task has come.

    Parameters
    ----------
    next_case : int
        Number of the next case.
    seconds : float
        Time spent. [s]
    failures : list of int
        Numbers of the cases that failed.
    """

    next_case: int = 0
    seconds: float = 0.0
    failures: list[int] = field(default_factory=list)


class SoakState:
    """The state of all tasks, in one JSON file.

    Parameters
    ----------
    folder : Path
        Where it is kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tasks: dict[str, TaskState] = {}

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / "state.json"

    def load(self) -> None:
        """Read what the last run left; nothing is a beginning."""
        if self.path.is_file():
            texts = json.loads(self.path.read_text(encoding="utf-8"))
            self.tasks = {name: TaskState(**text) for name, text in texts.items()}

    def save(self) -> None:
        """Write it in one step, so that a kill leaves the old or the new one."""
        self.folder.mkdir(exist_ok=True)
        new = self.path.with_suffix(".new")
        texts = {name: asdict(task) for name, task in sorted(self.tasks.items())}
        new.write_text(json.dumps(texts, indent=1), encoding="utf-8")
        new.replace(self.path)

    def of(self, name: str) -> TaskState:
        """State of one task."""
        return self.tasks.setdefault(name, TaskState())
