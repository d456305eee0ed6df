import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from core.clock import WallClock
from core.errors import Misconfigured
from core.seal import make_key_file
from core.settings import settings_from
from worker import doctor
from worker.bell import connect, embedded_socket
from worker.doctor import _file_system, examine
from worker.embedded import EmbeddedRedis, check_redis


def _findings(settings):
    return {one.what: one for one in examine(settings)}


def test_a_healthy_hub_has_nothing_wrong(made, wanted):
    assert {what: one.good for what, one in _findings(wanted).items() if not one.good} == {}


def test_a_missing_key_is_named_with_what_to_do(made, without_key):
    found = _findings(without_key)
    assert not found["key"].good
    assert "set SUBLEDGER_KEYS" in found["key"].sentence
    assert not found["secrets"].good
    assert found["secrets"].sentence == "This could not be checked: mend what is wrong above first."
    assert found["schema"].good


@pytest.mark.parametrize("state", ["paused", "active"])
def test_a_connection_that_needs_a_person_is_told_in_its_own_words(made, wanted, state):
    hub, _ = made
    with hub.store.engine.begin() as connection:
        connection.execute(
            text(f"UPDATE connection SET state='{state}', pause_sentence='Connect Xero again.' WHERE vendor='xero'")
        )
    found = _findings(wanted)["connections"]
    assert (found.good, found.sentence) == (False, "Connect Xero again.")


def test_the_longest_mount_point_above_a_path_says_what_its_file_system_is(tmp_path):
    mounts = "/dev/sda / ext4 rw 0 0\nserver:/x /srv nfs4 rw 0 0\n/dev/sdb /srv/local\\040disk xfs rw 0 0\n"
    assert _file_system(Path("/home/hub.db"), mounts) == "ext4"
    assert _file_system(Path("/srv/hub.db"), mounts) == "nfs4"
    assert _file_system(Path("/srv/local disk/hub.db"), mounts) == "xfs"
    assert _file_system(Path("/srvother/hub.db"), mounts) == "ext4"


def test_a_damaged_file_is_found(sqlite_template, tmp_path):
    place = tmp_path / "hub.db"
    shutil.copy(sqlite_template, place)
    content = bytearray(place.read_bytes())
    for page in range(8, 24):
        content[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    place.write_bytes(bytes(content))
    make_key_file(tmp_path / "key")
    found = _findings(settings_from({"SUBLEDGER_HOME": str(tmp_path), "DATABASE_URL": f"sqlite:///{place}"}))
    assert not found["integrity"].good


def test_sqlite_on_a_network_disk_is_refused(monkeypatch, wanted):
    if not wanted.embedded_database:
        pytest.skip("PostgreSQL keeps its own files")
    monkeypatch.setattr(doctor, "_file_system", lambda *_: "nfs4")
    with pytest.raises(Misconfigured, match="use a local disk or PostgreSQL"):
        doctor.check_disk(wanted)


def test_a_redis_that_throws_jobs_away_is_refused(wanted, tmp_path):
    """By every process at its start, and by the doctor."""
    home = tmp_path / "redis"
    home.mkdir()
    served = settings_from({"SUBLEDGER_HOME": str(home)})
    server = EmbeddedRedis(served, WallClock())
    try:
        address = f"unix://{embedded_socket(served)}"
        forgetful = replace(wanted, redis_url=address)
        assert _findings(forgetful)["redis"].good
        with connect(forgetful, timeout_seconds=5) as redis:
            redis.config_set("maxmemory-policy", "allkeys-lru")
        sentence = _findings(forgetful)["redis"].sentence
        assert sentence.endswith("set its maxmemory-policy to noeviction, not allkeys-lru.")
        for needed in (True, False):
            with pytest.raises(Misconfigured, match="may throw jobs away"):
                check_redis(forgetful, needed=needed)
    finally:
        server.close()


def test_files_that_others_may_read_are_named_with_the_command_that_ends_it(made, wanted):
    if not wanted.embedded_database:
        pytest.skip("PostgreSQL keeps its own files")
    file = wanted.database_file
    file.parent.chmod(0o755)
    file.chmod(0o644)
    found = _findings(wanted)["privacy"]
    assert not found.good
    assert found.sentence == f"{file} may be read by other users of this machine: run `chmod 700 {file.parent}`."
    file.parent.chmod(0o700)
    assert _findings(wanted)["privacy"].good
    file.parent.chmod(0o755)
    file.chmod(0o600)
    assert _findings(wanted)["privacy"].good


def test_failpoints_in_earnest_are_found(wanted, monkeypatch):
    assert _findings(wanted)["failpoints"].good
    monkeypatch.setenv("SUBLEDGER_FAILPOINTS", "P10:kill")
    assert "unset it" in _findings(wanted)["failpoints"].sentence
