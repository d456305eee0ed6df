"""Whose credit settled what: laws of the split, whatever was given and taken."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from core.customer_credit import Movement, Use, uses

START = datetime(2026, 1, 1, tzinfo=UTC)


def movements(prefix):
    return st.lists(st.tuples(st.integers(0, 20), st.integers(1, 500)), max_size=8).map(
        lambda told: [
            Movement(f"{prefix}{number}", START + timedelta(days=day), minor)
            for number, (day, minor) in enumerate(told)
        ]
    )


@given(movements("given"), movements("taken"), st.randoms())
def test_every_amount_is_taken_once_from_credit_that_was_there_and_the_order_of_telling_does_not_matter(
    sources, takers, random
):
    split = uses(sources, takers)
    at = {one.origin_id: one.at for one in (*sources, *takers)}
    for taker in takers:
        assert sum(use.minor for use in split if use.used_by == taker.origin_id) == taker.minor
    for source in sources:
        assert sum(use.minor for use in split if use.source == source.origin_id) <= source.minor
    assert all(use.minor > 0 for use in split)
    assert all(at[use.source] <= at[use.used_by] for use in split if use.source)
    assert len({(use.source, use.used_by) for use in split}) == len(split)
    random.shuffle(sources)
    random.shuffle(takers)
    assert uses(sources, takers) == split


@given(movements("given"), movements("taken"))
def test_nothing_is_left_unexplained_while_there_is_credit_that_could_explain_it(sources, takers):
    split = uses(sources, takers)
    unexplained = [use.used_by for use in split if not use.source]
    left = {
        source.origin_id: source.minor - sum(use.minor for use in split if use.source == source.origin_id)
        for source in sources
    }
    for taker in takers:
        if taker.origin_id in unexplained:
            assert not any(left[source.origin_id] for source in sources if source.at <= taker.at)


def test_the_oldest_credit_goes_first():
    day = timedelta(days=1)
    sources = [Movement("b", START + day, 2000), Movement("a", START, 1000)]
    assert uses(sources, [Movement("in", START + 2 * day, 2500)]) == [Use("a", "in", 1000), Use("b", "in", 1500)]


def test_credit_that_came_later_explains_nothing():
    later = Movement("a", START + timedelta(days=1), 1000)
    assert uses([later], [Movement("in", START, 500)]) == [Use("", "in", 500)]
