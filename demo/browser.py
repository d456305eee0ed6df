"""A real browser through its own driver (W3C WebDriver on loopback), for pictures of the pages and for tests."""

import base64
import shutil
import socket
import subprocess
import time
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any

import requests

from core.errors import HubError

DESKTOP, PHONE = (1360, 900), (390, 844)
_LOOKS_MAX = 100
_LOOK_SECONDS = 0.1
_TIMEOUT_SECONDS = 60
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
_ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)


def is_installed() -> bool:
    return bool(shutil.which("chromedriver") and _chromium())


class Browser(AbstractContextManager["Browser"]):
    """One window. Raises HubError where no Chromium with its driver is installed."""

    def __init__(self, size: tuple[int, int] = DESKTOP, *, dark: bool = False) -> None:
        driver = shutil.which("chromedriver")
        if not driver or not _chromium():
            raise HubError("Pictures need Chromium and its driver; on Debian: apt install chromium chromium-driver.")
        port = _free_port()
        self._url = f"http://127.0.0.1:{port}"
        self._http = requests.Session()
        self._http.trust_env = False
        self._process = subprocess.Popen(
            [driver, f"--port={port}", "--log-level=OFF"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            self._wait()
            options: dict[str, Any] = {
                "binary": _chromium(),
                "args": [*_ARGUMENTS, f"--window-size={size[0]},{size[1]}"],
            }
            if size[0] < DESKTOP[0]:
                metrics = {"width": size[0], "height": size[1], "pixelRatio": 2.0, "touch": True}
                options["mobileEmulation"] = {"deviceMetrics": metrics}
            wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
            made = self._call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
            self._url += f"/session/{made['sessionId']}"
            if dark:
                self._devtools(
                    "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}]
                )
        except BaseException:
            self._process.kill()
            self._process.wait()
            raise

    def open(self, address: str) -> None:
        self._call("POST", "/url", {"url": address})

    def type_into(self, selector: str, text: str) -> None:
        self._call("POST", f"/element/{self._find(selector)}/value", {"text": text})

    def click(self, selector: str) -> None:
        self._call("POST", f"/element/{self._find(selector)}/click", {})

    def press(self, key: str) -> None:
        keys = [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self._call("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": keys}]})

    def run(self, script: str) -> Any:
        """What a script returns, run from outside the page and its policy."""
        return self._call("POST", "/execute/sync", {"script": script, "args": []})

    @property
    def address(self) -> str:
        return str(self._call("GET", "/url"))

    def complaints(self) -> list[str]:
        """What the browser logged since it was last asked: a broken policy, a missing file, an error in a script."""
        return [entry["message"] for entry in self._call("POST", "/se/log", {"type": "browser"})]

    def picture(self, path: Path, *, whole: bool = False) -> None:
        """What the window shows, or the page from top to bottom."""
        shot = self._devtools("Page.captureScreenshot", captureBeyondViewport=whole, format="png")
        path.write_bytes(base64.b64decode(shot["data"]))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._call("DELETE", "")
        finally:
            self._process.terminate()
            self._process.wait(10)

    def _find(self, selector: str) -> str:
        found = self._call("POST", "/element", {"using": "css selector", "value": selector})
        return str(found[_ELEMENT])

    def _devtools(self, command: str, **params: Any) -> Any:
        return self._call("POST", "/goog/cdp/execute", {"cmd": command, "params": params})

    def _call(self, method: str, path: str, content: dict[str, Any] | None = None) -> Any:
        answer = self._http.request(method, self._url + path, json=content, timeout=_TIMEOUT_SECONDS)
        value = answer.json()["value"]
        if not answer.ok:
            raise HubError(f"The browser did not do it: {value['error']}, {value['message'].splitlines()[0]}")
        return value

    def _wait(self) -> None:
        for _ in range(_LOOKS_MAX):
            try:
                if self._call("GET", "/status")["ready"]:
                    return
            except requests.ConnectionError:
                time.sleep(_LOOK_SECONDS)
        raise HubError("The browser's driver did not start.")


def _chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
