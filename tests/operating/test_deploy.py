"""The files people deploy with name commands and settings that exist."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from cli.main import cli
from core.settings import settings_from

ROOT = Path(__file__).parents[2]


def test_every_command_that_is_deployed_exists():
    compose = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text())
    commands = [service["command"] for service in compose["services"].values() if "build" in service]
    commands += [
        re.search(r"^ExecStart=\S+/(subledger .*)$", unit.read_text(), re.MULTILINE)[1].split()
        for unit in (ROOT / "deploy/systemd").iterdir()
    ]
    assert len(commands) == 7
    for program, *words in commands:
        assert program == "subledger"
        group = cli
        for word in words:
            group = group.commands[word]


def test_every_setting_that_is_deployed_is_one_that_is_read():
    guide = (ROOT / "docs/running.md").read_text()
    told = set(re.findall(r"`((?:SUBLEDGER|DATABASE|REDIS)_[A-Z_]+)`", guide))

    asked = set()

    class Asked(dict):
        def get(self, name, default=None):
            asked.add(name)
            return default

    settings_from(Asked())
    assert told <= asked
    compose = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text())
    assert set(compose["x-hub"]["environment"]) <= asked


def test_what_the_bell_is_deployed_with_is_what_the_hub_accepts():
    compose = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text())
    assert compose["services"]["bell"]["command"][-2:] == ["--maxmemory-policy", "noeviction"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze is installed")
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path):
    for unit in (ROOT / "deploy/systemd").iterdir():
        # the command is not installed under /opt here; everything else is as it is deployed
        text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", unit.read_text(), flags=re.MULTILINE)
        (tmp_path / unit.name.replace("@", "@1")).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", *sorted(map(str, tmp_path.iterdir()))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(shutil.which("docker-compose") is None, reason="no docker-compose is installed")
def test_compose_reads_the_file_and_asks_for_each_secret():
    def config(**given):
        command = ["docker-compose", "-f", str(ROOT / "deploy/compose.yaml"), "config", "--quiet"]
        return subprocess.run(command, env={"PATH": os.environ["PATH"], **given}, capture_output=True, check=False)

    secrets = {"SUBLEDGER_KEYS": "sandbox", "POSTGRES_PASSWORD": "sandbox"}
    assert config(**secrets).returncode == 0
    for name in secrets:
        assert config(**{other: text for other, text in secrets.items() if other != name}).returncode != 0, name
