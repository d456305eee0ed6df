"""A vendor's budget of calls: what needs more of them than a window holds is done all the same."""


def test_a_batch_that_needs_more_calls_than_a_window_holds_is_read_all_the_same(open_hub, outside):
    hub = open_hub(stripe={"calls_per_window": "2"})
    for _ in range(4):
        outside.sell()
    hub.tell_all()
    hub.work()
    assert hub.open_work() == {}
    assert outside.agree()
