"""The command, with nothing of this machine's settings: called in this process, or as one of its own."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from cli.main import main
from core.seal import make_key_file
from worker import jobs

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Subledger:
    environment: dict[str, str]
    home: Path
    capture: pytest.CaptureFixture
    monkeypatch: pytest.MonkeyPatch

    def __call__(self, *arguments, **changed):
        """Runs to its end; a traceback is never the answer, so nothing is caught here."""
        self.monkeypatch.setattr(jobs, "_HUBS", [])
        with self.monkeypatch.context() as patch:
            for name in os.environ:
                if name.startswith("SUBLEDGER") or name in {"DATABASE_URL", "REDIS_URL"}:
                    patch.delenv(name)
            for name, text in (self.environment | changed).items():
                patch.setenv(name, text)
            self.capture.readouterr()
            with pytest.raises(SystemExit) as ended:
                main(list(map(str, arguments)))
        out, err = self.capture.readouterr()
        return SimpleNamespace(code=ended.value.code, out=out, err=err)

    def started(self, *arguments, **changed):
        """A process that goes on until somebody ends it."""
        return subprocess.Popen(
            [sys.executable, "-m", "cli", *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=self.environment | changed,
            start_new_session=True,
        )

    def json(self, *arguments, **changed):
        done = self(*arguments, "--json", **changed)
        assert done.code == 0, done.err
        (line,) = done.out.splitlines()
        return json.loads(line)

    def sentence(self, *arguments, code=1, **changed):
        """What it says when it cannot, which is the same in both languages."""
        options = arguments.index("--") if "--" in arguments else len(arguments)
        told = self(*arguments[:options], "--json", *arguments[options:], **changed)
        plain = self(*arguments, **changed)
        assert (told.code, plain.code) == (code, code), plain.err
        assert (told.out, plain.out) == ("", "")
        (line,) = plain.err.splitlines()
        assert json.loads(told.err) == {"error": line.removeprefix("subledger: ")}
        return line.removeprefix("subledger: ")


@pytest.fixture
def fresh(tmp_path, capsys, monkeypatch):
    """On a machine where nothing was set up yet, in a home whose name is a trap."""
    home = tmp_path / "a home? 100% Zoë's #1"
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "HOME": str(tmp_path),
        "SUBLEDGER_HOME": str(home),
        "LANG": "C.UTF-8",
    }
    return Subledger(environment, home, capsys, monkeypatch)


@pytest.fixture
def subledger(fresh, sqlite_template):
    """Where the database is up to date and has no workspace yet."""
    make_key_file(fresh.home / "key")
    shutil.copy(sqlite_template, fresh.home / "subledger.db")
    return fresh
