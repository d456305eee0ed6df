"""The sandboxes as a process of their own, and the doors that only sandboxes have."""

import json
import subprocess
import sys
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any

import requests

from core.errors import HubError

_TIMEOUT_SECONDS = 30


class Sandboxes(AbstractContextManager["Sandboxes"]):
    def __init__(self, seed: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cli", "sandbox", "--json", "--seed", str(seed)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise HubError("The sandboxes did not start.")
        self.line: dict[str, dict[str, str]] = json.loads(line)
        self._session = requests.Session()
        self._session.trust_env = False

    def set_faults(self, vendor: str, *faults: dict[str, Any]) -> None:
        url = f"{self.line[vendor]['base_url']}/_sandbox/faults"
        self._session.post(url, json={"faults": list(faults)}, timeout=_TIMEOUT_SECONDS).raise_for_status()

    def calls(self, vendor: str, after: int = 0) -> list[dict[str, Any]]:
        """The vendor's own log of the requests it got."""
        url = f"{self.line[vendor]['base_url']}/_sandbox/calls"
        answer = self._session.get(url, params={"after": str(after)}, timeout=_TIMEOUT_SECONDS)
        answer.raise_for_status()
        calls: list[dict[str, Any]] = answer.json()["calls"]
        return calls

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
