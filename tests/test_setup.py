"""Setting up with make, as a stranger does it: what is installed, when, and what is said when it cannot be."""

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

PRETENDED_PYTHON = """#!/bin/sh
case "$1" in
  -c) exit {old} ;;
  -m) shift ;;
esac
if [ "$1" = venv ]; then
  [ {venv} = yes ] || exit 1
  mkdir -p "$2/bin"
  cp "$0" "$2/bin/python"
  exit 0
fi
echo "$@" >> "$JOURNAL"
"""


@pytest.fixture
def checkout(tmp_path):
    """A folder with spaces, not ASCII, and as long a path as pleases."""
    folder = tmp_path / "a folder with späces" / ("long " * 20).strip() / "subledger"
    folder.mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "requirements-dev.lock"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def make(checkout, *arguments, old=0, venv="yes"):
    """With a python that notes what it is asked to do and installs nothing."""
    python = checkout.parent / "python"
    python.write_text(PRETENDED_PYTHON.format(old=old, venv=venv))
    python.chmod(python.stat().st_mode | stat.S_IXUSR)
    journal = checkout.parent / "journal"
    journal.write_text("")
    done = subprocess.run(
        ["make", *arguments, "PYTHON=../python"],
        cwd=checkout,
        env={"PATH": os.environ["PATH"], "HOME": str(checkout), "JOURNAL": str(journal), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done, journal.read_text().splitlines()


def test_setting_up_installs_what_the_lock_says_and_the_checkout_itself(checkout):
    done, asked = make(checkout, "setup")
    assert done.returncode == 0, done.stderr
    assert [line.split(" ")[:2] for line in asked] == [["pip", "install"]] * 2
    assert "--require-hashes -r requirements.lock" in asked[0]
    assert "--no-deps --no-build-isolation --editable ." in asked[1]


def test_the_second_time_nothing_is_installed(checkout):
    make(checkout, "setup")
    assert make(checkout, "setup")[1] == []


def test_a_new_lock_is_installed(checkout):
    make(checkout, "setup")
    lock = checkout / "requirements.lock"
    later = (checkout / ".venv/.run-installed").stat().st_mtime + 5
    os.utime(lock, (later, later))
    assert len(make(checkout, "setup")[1]) == 2


def test_tests_install_the_tools_and_are_told_what_was_asked(checkout):
    _, asked = make(checkout, "test", "PYTEST_ARGS=tests/core -q")
    assert "-r requirements-dev.lock" in asked[-2]
    assert asked[-1] == "pytest tests/core -q"
    assert make(checkout, "test")[1] == ["pytest"]


def test_an_old_python_is_one_sentence(checkout):
    done, asked = make(checkout, "setup", old=1)
    assert done.returncode != 0
    assert "Subledger needs Python 3.11 or newer; say which with: make PYTHON=python3.12 ..." in done.stderr
    assert asked == []


def test_without_venv_it_says_what_to_install_and_leaves_nothing_half_made(checkout):
    done, asked = make(checkout, "setup", venv="no")
    assert done.returncode != 0
    assert "on Debian or Ubuntu: apt install python3-venv" in done.stderr
    assert asked == []
    assert not (checkout / ".venv").exists()
    assert make(checkout, "setup")[0].returncode == 0


def test_help_is_one_page_that_names_every_target(checkout):
    done, _ = make(checkout, "help")
    assert make(checkout)[0].stdout == done.stdout
    for target in ("setup", "demo", "test", "check", "fix"):
        assert f"make {target}" in done.stdout
    assert len(done.stdout.splitlines()) < 25


def test_what_is_installed_is_pinned_by_hash_and_names_no_host():
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text()
        assert "://" not in text
        assert "--index" not in text
        entries = [entry for entry in text.replace("\\\n", " ").splitlines() if entry.strip()]
        assert len(entries) > 20
        assert all("--hash=sha256:" in entry for entry in entries)


def run_ci(tmp_path, failing):
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    make_stub = bin_folder / "make"
    make_stub.write_text(f'#!/bin/sh\necho "make $*"\n[ "$1" != "{failing}" ]\n')
    make_stub.chmod(0o755)
    return subprocess.run(
        [ROOT / ".ci/run"],
        cwd=tmp_path,
        env={"PATH": f"{bin_folder}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("failing", "good"), [("check", False), ("test", False), ("none", True)])
def test_ci_fails_if_any_step_fails(tmp_path, failing, good):
    done = run_ci(tmp_path, failing)
    assert (done.returncode == 0) is good
    assert "make check" in done.stdout
    assert ("make test" in done.stdout) is (failing != "check")
