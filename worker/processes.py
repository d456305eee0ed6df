"""Our own processes: started together, watched, stopped together, each by the id it was started under."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from types import FrameType, TracebackType

from core.errors import HubError

_STOP_SECONDS = 10
_RESTARTS_MAX = 20
_STEADY_SECONDS = 60
_LOOK_SECONDS = 0.25


@dataclass(slots=True)
class Process:
    name: str
    arguments: Sequence[str]
    child: subprocess.Popen[bytes]
    restarts: int = 0
    """In a row: one that has run for a while is not counted any more."""
    began_at: float = field(default_factory=time.monotonic)


@dataclass(slots=True)
class Processes(AbstractContextManager["Processes"]):
    """Subcommands of ours as children, for which the parent speaks. Leaving the context ends them all."""

    environment: Mapping[str, str]
    quiet: bool = False
    running: list[Process] = field(default_factory=list)

    def start(self, name: str, *arguments: str) -> Process:
        process = Process(name, arguments, self._spawn(arguments))
        self.running.append(process)
        return process

    def watch(self, stopped: threading.Event) -> None:
        """Until `stopped`: whatever ends is started again. Raises HubError for one that cannot be kept up."""
        while not stopped.wait(_LOOK_SECONDS):
            self.restart_the_dead()
            for process in self.running:
                if process.restarts == _RESTARTS_MAX and process.child.poll() is not None:
                    raise HubError(
                        f"The {process.name} ended {_RESTARTS_MAX} times in a row, so everything was stopped."
                    )

    def restart_the_dead(self) -> None:
        for process in self.running:
            if process.child.poll() is None:
                continue
            if time.monotonic() - process.began_at > _STEADY_SECONDS:
                process.restarts = 0
            if process.restarts < _RESTARTS_MAX:
                process.restarts += 1
                process.began_at = time.monotonic()
                process.child = self._spawn(process.arguments)

    def stop(self) -> None:
        for process in self.running:
            if process.child.poll() is None:
                process.child.send_signal(signal.SIGTERM)
        for process in self.running:
            try:
                process.child.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                _kill_group(process.child)
                process.child.wait()
        self.running.clear()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _spawn(self, arguments: Sequence[str]) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, "-m", "cli", *arguments],
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL if self.quiet else None,
            start_new_session=True,  # a Ctrl-C is ours to pass on, in order
        )


def stop_on_signals() -> threading.Event:
    """Set by Ctrl-C, SIGTERM or a terminal that is closed."""
    stopped = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    _handle(stop)
    return stopped


def leave_on_signals() -> None:
    """The same signals end what is being done, wherever it stands, as Ctrl-C does: nothing that was started stays."""

    def leave(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    _handle(leave)


def _handle(handler: Callable[[int, FrameType | None], None]) -> None:
    signal.signal(signal.SIGINT, handler)
    signal.signal(signal.SIGTERM, handler)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup wants it
        signal.signal(signal.SIGHUP, handler)


def _kill_group(child: "subprocess.Popen[bytes]") -> None:
    # the child leads a session of its own: its work-horses go with it
    os.killpg(child.pid, signal.SIGKILL)
