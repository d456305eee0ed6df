from hypothesis import given
from hypothesis import strategies as st

from sandbox.log import BLOCK, Log


@given(count=st.integers(0, 5 * BLOCK), after=st.integers(-3, 5 * BLOCK + 3))
def test_a_log_gives_back_what_was_put_in_from_any_number_on(count, after):
    log = Log()
    assert [log.append({"at": f"second {number}"}) for number in range(1, count + 1)] == list(range(1, count + 1))
    expected = [{"n": number, "at": f"second {number}"} for number in range(1, count + 1)]
    assert log.after(after) == expected[max(after, 0) :]
    assert len(log) == count


@given(late=st.integers(1, 5 * BLOCK))
def test_an_entry_can_be_changed_after_it_was_packed(late):
    log = Log()
    for _ in range(5 * BLOCK):
        log.append({"answered": False})
    log.change(late, answered=True)
    assert [entry["n"] for entry in log.after(0) if entry["answered"]] == [late]


def test_what_is_given_out_is_not_the_log_itself():
    log = Log()
    log.append({"status": 200})
    log.after(0)[0]["status"] = 500
    assert log.after(0) == [{"n": 1, "status": 200}]
