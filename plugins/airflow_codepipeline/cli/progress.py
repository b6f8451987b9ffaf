"""How an execution stands, in the terminal: a live table, or a line a change where there is no terminal."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from airflow_codepipeline.execution.conditions import LABELS, ConditionStatus, has_task
from airflow_codepipeline.execution.run_order import run_order_groups
from airflow_codepipeline.execution.status import ActionExecutionStatus, StageExecutionStatus

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from rich.console import RenderableType

    from airflow_codepipeline.definition.model import Pipeline, Stage
    from airflow_codepipeline.execution.conditions import ConditionHook

Status = StageExecutionStatus | ActionExecutionStatus | ConditionStatus
_STYLES = {
    "InProgress": "cyan",
    "Succeeded": "green",
    "Failed": "red",
    "Errored": "red",
    "Stopped": "yellow",
    "Skipped": "yellow",
}
_ENDED = {"Succeeded", "Failed", "Errored", "Overridden", "Stopped", "Skipped", "Cancelled", "Abandoned"}


@dataclass(slots=True)
class Row:
    """A stage or an action."""

    label: str
    status: Status | None = None
    detail: str = ""
    started: float | None = None
    ended: float | None = None

    def change(self, status: Status, detail: str) -> None:
        """Take a new status, and the time; what is in progress again begins anew."""
        now = time.monotonic()
        self.status = status
        self.detail = detail
        self.started = now if self.started is None or self.ended else self.started
        self.ended = now if status in _ENDED else None

    @property
    def seconds(self) -> float | None:
        """How long it has taken so far, or none before it started."""
        return None if self.started is None else (self.ended or time.monotonic()) - self.started


class Progress:
    """Follows an execution; several threads may tell it changes.

    :param console: where it is shown.
    """

    def __init__(self, pipeline: Pipeline, console: Console) -> None:
        self.console = console
        self.note: RenderableType = ""
        self._rows: dict[tuple[str, str], Row] = {}
        self._lock = threading.Lock()
        for stage in pipeline.stages:
            self._rows[stage.name, ""] = Row(stage.name)
            self._add_condition(stage, "BEFORE_ENTRY")
            for actions in run_order_groups(stage):
                for action in actions:
                    self._rows[stage.name, action.name] = Row(f"  {action.name}")
            self._add_condition(stage, "ON_SUCCESS")
            self._add_condition(stage, "ON_FAILURE")
        self._live = (
            Live(get_renderable=self._table, console=console, refresh_per_second=4)
            if console.is_terminal
            else None
        )

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def stage(self, stage: str, status: StageExecutionStatus) -> None:
        """Show a stage's new status."""
        self._change((stage, ""), status, "")

    def condition(self, stage: str, hook: str, status: ConditionStatus, detail: str = "") -> None:
        """Show a condition's new status; `detail` says what follows, and why."""
        self._change((stage, _hook(hook)), status, detail)

    def action(self, stage: str, action: str, status: ActionExecutionStatus, detail: str = "") -> None:
        """Show an action's new status; `detail` is its summary or why it failed."""
        self._change((stage, action), status, detail)

    def _add_condition(self, stage: Stage, hook: ConditionHook) -> None:
        if has_task(stage, hook):
            label = _hook(LABELS[hook])
            self._rows[stage.name, label] = Row(f"  {label}")

    def pause(self) -> None:
        """Leave the terminal to a question."""
        if self._live:
            self._live.stop()

    def resume(self) -> None:
        """Take the terminal again."""
        if self._live:
            self._live.start()

    def _change(self, key: tuple[str, str], status: Status, detail: str) -> None:
        with self._lock:
            row = self._rows[key]
            if row.status == status:
                return
            row.change(status, detail)
            if self._live is None:
                self._print(key, row)

    def _print(self, key: tuple[str, str], row: Row) -> None:
        name = "/".join(part for part in key if part)
        took = f" in {row.seconds:.1f} s" if row.ended and row.seconds is not None else ""
        detail = f": {row.detail}" if row.detail else ""
        self.console.print(
            f"{name} {row.status}{took}{detail}", markup=False, highlight=False, soft_wrap=True
        )

    def _table(self) -> RenderableType:
        table = Table(box=None, pad_edge=False, expand=True)
        table.add_column("Stage and action", no_wrap=True)
        table.add_column("Status", no_wrap=True, width=11)
        table.add_column("Time", justify="right", no_wrap=True, width=8)
        table.add_column("", ratio=1, overflow="fold")
        for row in self._rows.values():
            seconds = row.seconds
            table.add_row(
                Text(row.label, style="bold" if not row.label.startswith(" ") else ""),
                Text(row.status or "", style=_STYLES.get(row.status or "", "")),
                "" if seconds is None else f"{seconds:.1f} s",
                Text(row.detail, style="dim"),
            )
        return Group(table, self.note) if self.note else table


def _hook(hook: str) -> str:
    """Return how a condition is listed: no action can be called so."""
    return f"[{hook}]"
