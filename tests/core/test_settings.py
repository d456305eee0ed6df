import pytest

from core.errors import Misconfigured
from core.settings import settings_from


def test_settings_come_from_the_environment_and_are_embedded_without_any(tmp_path):
    embedded = settings_from({"SUBLEDGER_HOME": str(tmp_path)})
    assert embedded.database_url == f"sqlite:///{tmp_path / 'subledger.db'}"
    assert embedded.embedded_database
    assert (embedded.redis_url, embedded.host, embedded.port, embedded.seed) == ("", "127.0.0.1", 8086, None)
    real = settings_from({"DATABASE_URL": "postgres://u@h/d", "REDIS_URL": "redis://h", "SUBLEDGER_SEED": "7"})
    assert (real.database_url, real.embedded_database, real.seed) == ("postgresql://u@h/d", False, 7)


@pytest.mark.parametrize(
    ("name", "value"),
    [("DATABASE_URL", "mysql://h/d"), ("REDIS_URL", "http://h"), ("SUBLEDGER_PORT", "many"), ("SUBLEDGER_SEED", "x")],
)
def test_a_wrong_setting_is_named(name, value):
    with pytest.raises(Misconfigured, match=name):
        settings_from({name: value})


def test_a_lease_lasts_a_minute_unless_the_operator_says_otherwise():
    assert settings_from({}).lease_seconds == 60
    assert settings_from({"SUBLEDGER_LEASE_SECONDS": "5"}).lease_seconds == 5


def test_a_lease_too_short_for_any_answer_is_refused_in_a_sentence():
    with pytest.raises(Misconfigured, match="SUBLEDGER_LEASE_SECONDS must be at least 2"):
        settings_from({"SUBLEDGER_LEASE_SECONDS": "1"})
