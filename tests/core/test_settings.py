import pytest

from core.errors import Misconfigured
from core.settings import settings_from


def test_a_lease_lasts_a_minute_unless_the_operator_says_otherwise():
    assert settings_from({}).lease_seconds == 60
    assert settings_from({"SUBLEDGER_LEASE_SECONDS": "5"}).lease_seconds == 5


def test_a_lease_too_short_for_any_answer_is_refused_in_a_sentence():
    with pytest.raises(Misconfigured, match="SUBLEDGER_LEASE_SECONDS must be at least 2"):
        settings_from({"SUBLEDGER_LEASE_SECONDS": "1"})
