"""Starting the sandboxes: all vendors in one process, their addresses and credentials in one line."""

import argparse
import json
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from sandbox.kit import Clock, Vendor
from sandbox.server import Server, serve
from sandbox.stripe import Stripe
from sandbox.xero import Xero

VENDORS = (Stripe, Xero)


class Sandboxes:
    """Running vendors; `state` is a file to begin from and to save to."""

    def __init__(self, seed: int, ports: dict[str, int], state: Path | None) -> None:
        self._state = state
        self._servers: list[Server] = []
        self._vendors: list[Vendor] = []
        saved = json.loads(state.read_text("utf-8")) if state and state.exists() else {}
        try:
            for kind in VENDORS:
                vendor = kind(Clock(), seed)
                server = serve(vendor, ports.get(vendor.name, 0), self.save if state else None)
                self._servers.append(server)
                self._vendors.append(vendor)
                if vendor.name in saved:
                    server.desk.restore(saved[vendor.name])
        except BaseException:
            self.close()
            raise

    def line(self) -> dict[str, dict[str, str]]:
        return {
            vendor.name: {"base_url": server.base_url, **vendor.credentials()}
            for vendor, server in zip(self._vendors, self._servers, strict=True)
        }

    def save(self) -> None:
        """One file for all vendors, replaced at once."""
        if self._state is None:
            return
        saved = {vendor.name: server.desk.saved() for vendor, server in zip(self._vendors, self._servers, strict=True)}
        new = self._state.with_name(f"{self._state.name}.new")
        new.write_text(json.dumps(saved), "utf-8")
        new.replace(self._state)

    def close(self) -> None:
        for server in self._servers:
            server.close()


def start(*, seed: int = 1, stripe_port: int = 0, xero_port: int = 0, state: Path | None = None) -> Sandboxes:
    """Port 0 takes a free one."""
    return Sandboxes(seed, {"stripe": stripe_port, "xero": xero_port}, state)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="Stateful sandboxes of the vendors, on loopback."
    )
    parser.add_argument("--seed", type=int, default=1, help="what ids are made from (default 1)")
    parser.add_argument("--stripe-port", type=int, default=0, help="default: a free one")
    parser.add_argument("--xero-port", type=int, default=0, help="default: a free one")
    parser.add_argument(
        "--state",
        type=Path,
        help="begin from this file if it exists; POST /_sandbox/save and a clean end write it",
    )
    wanted = parser.parse_args(arguments)
    stopped = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopped.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        sandboxes = start(
            seed=wanted.seed, stripe_port=wanted.stripe_port, xero_port=wanted.xero_port, state=wanted.state
        )
    except (OSError, OverflowError, ValueError, KeyError) as bad:
        sys.stderr.write(f"The sandboxes could not start: {bad}\n")
        return 1
    sys.stdout.write(json.dumps(sandboxes.line()) + "\n")
    sys.stdout.flush()
    stopped.wait()
    sandboxes.save()
    sandboxes.close()
    return 0
