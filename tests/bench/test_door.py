from bench import door
from bench.figures import Wanted


def test_the_bench_of_the_door_measures_both_doors_quiet_and_busy():
    figures = list(door.run(Wanted(rounds=1, seconds=0.2, databases=("sqlite",)), history=2))
    assert [one.name for one in figures] == [
        f"door, sqlite{busy}: {what}"
        for busy in ("", ", while a history is read")
        for what in ("throughput / bare limit", "processor time / bare limit", "p99", "p99 of the bare limit")
    ]
    assert all(one.value > 0 for one in figures)
    assert {one.target for one in figures} == {"at least 0.8", "at most 40 ms at a peak", ""}
