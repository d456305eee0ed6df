"""Named places where a test may make the process die, stop, wait or fail; nothing happens in production.

`SUBLEDGER_FAILPOINTS=P10:kill@3,P16:hang` kills at the third passing of P10 and waits for ever at P16; `stop` lies
still until the process gets SIGCONT. A kind may narrow it: `P14/payment:kill`. With `SUBLEDGER_FAILPOINT_DIR`
passings are counted over all processes (a file each), so that a work-horse that is forked for every job still dies
only once. `SUBLEDGER_FAILPOINTS=@FILE` reads the rules from a file at every passing, so that a test can change them
while the hub runs.
"""

import os
import signal
import time
from pathlib import Path


class FailpointError(Exception):
    """Raised where a test asked for `raise`."""


def _parse(text: str) -> dict[str, tuple[str, int]]:
    rules = {}
    for part in filter(None, text.split(",")):
        place, _, action = part.partition(":")
        action, _, nth = action.partition("@")
        if action not in {"kill", "stop", "hang", "raise"}:
            raise ValueError(f"SUBLEDGER_FAILPOINTS: {part!r} is not PLACE:kill|stop|hang|raise[@N]")
        rules[place] = (action, int(nth or 1))
    return rules


_ASKED = os.environ.get("SUBLEDGER_FAILPOINTS", "")
_FILE = Path(_ASKED.removeprefix("@")) if _ASKED.startswith("@") else None
_RULES = {} if _FILE else _parse(_ASKED)
_PASSED: dict[str, int] = {}


def failpoint(place: str, kind: str = "") -> None:
    if not _ASKED:
        return
    rules = _parse(_FILE.read_text()) if _FILE else _RULES
    for name in (place, f"{place}/{kind}"):
        if name in rules:
            action, nth = rules[name]
            if _passing(name) == nth:
                _act(name, action)


def _passing(name: str) -> int:
    folder = os.environ.get("SUBLEDGER_FAILPOINT_DIR")
    if folder is None:
        _PASSED[name] = _PASSED.get(name, 0) + 1
        return _PASSED[name]
    with (Path(folder) / name.replace("/", "-")).open("ab") as passings:
        passings.write(b".")
        passings.flush()
        return passings.tell()


def _act(name: str, action: str) -> None:
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif action == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
        return
    elif action == "hang":
        while True:
            time.sleep(3600)
    raise FailpointError(name)
