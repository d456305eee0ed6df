"""What a person sees while the story runs."""

from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class Telling(AbstractContextManager["Telling"]):
    """A bar on the error stream of a terminal, so that what is printed stays clean; or nothing at all."""

    def __init__(self, *, shown: bool) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        to = Console(stderr=True)
        self._progress = Progress(*columns, console=to, transient=True, disable=not (shown and to.is_terminal))
        self._task = self._progress.add_task("starting", total=None)

    def begin(self, acts: int) -> None:
        self._progress.update(self._task, total=acts, description="a business sells for two months")

    def step(self) -> None:
        self._progress.update(self._task, advance=1, description="a business sells for two months")

    def waiting(self, open_work: int) -> None:
        self._progress.update(self._task, description=f"the hub catches up: {open_work} open")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()
