from datetime import UTC, datetime, timedelta

import pytest

from core.clock import ManualClock, WallClock, local_date


@pytest.mark.parametrize(
    ("moment", "zone", "on"),
    [
        ("2026-01-31T23:30:00Z", "Europe/Berlin", "2026-02-01"),
        ("2026-01-31T22:59:59Z", "Europe/Berlin", "2026-01-31"),
        ("2026-01-31T23:00:00Z", "Europe/Berlin", "2026-02-01"),
        ("2026-02-01T04:59:59Z", "America/New_York", "2026-01-31"),
        ("2026-02-01T05:00:00Z", "America/New_York", "2026-02-01"),
        ("2026-12-31T10:00:00Z", "Pacific/Kiritimati", "2027-01-01"),
        ("2027-01-01T10:59:59Z", "Pacific/Pago_Pago", "2026-12-31"),
        ("2026-03-01T18:15:00Z", "Asia/Kathmandu", "2026-03-02"),
        ("2026-03-01T18:14:59Z", "Asia/Kathmandu", "2026-03-01"),
        # clocks go forward in Berlin on 29 March at 01:00 UTC: midnight moves from 23:00 to 22:00 UTC
        ("2026-03-28T23:00:00Z", "Europe/Berlin", "2026-03-29"),
        ("2026-03-29T21:59:59Z", "Europe/Berlin", "2026-03-29"),
        ("2026-03-29T22:00:00Z", "Europe/Berlin", "2026-03-30"),
        # and back on 25 October: the day has 25 hours
        ("2026-10-24T22:00:00Z", "Europe/Berlin", "2026-10-25"),
        ("2026-10-25T22:59:59Z", "Europe/Berlin", "2026-10-25"),
        ("2026-10-25T23:00:00Z", "Europe/Berlin", "2026-10-26"),
        # Beirut goes forward at midnight: the day begins at 01:00
        ("2026-03-28T21:59:59Z", "Asia/Beirut", "2026-03-28"),
        ("2026-03-28T22:00:00Z", "Asia/Beirut", "2026-03-29"),
        ("2024-02-29T23:30:00Z", "Europe/London", "2024-02-29"),
    ],
)
def test_a_document_is_dated_by_the_calendar_on_its_books_wall(moment, zone, on):
    assert local_date(datetime.fromisoformat(moment), zone) == on


def test_the_zone_that_a_moment_is_told_in_does_not_change_its_date():
    moment = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
    assert local_date(moment.astimezone(), "Europe/Berlin") == local_date(moment, "Europe/Berlin")


def test_a_moment_without_a_zone_is_refused_and_not_read_in_the_machines_own():
    with pytest.raises(ValueError, match="no zone"):
        local_date(datetime(2026, 1, 31, 23, 30), "Europe/Berlin")  # noqa: DTZ001  the very thing that is refused


def test_a_manual_clock_moves_only_when_it_is_told_to():
    start = datetime(2026, 1, 1, tzinfo=UTC)
    clock = ManualClock(start)
    assert clock.now() == clock.now() == start
    clock.sleep(90)
    assert clock.now() == start + timedelta(seconds=90)


def test_the_wall_clock_tells_utc():
    assert WallClock().now().utcoffset() == timedelta(0)
