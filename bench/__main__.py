"""Every bench, one after another: a table of figures with their targets, or a line of JSON for each.

    python -m bench [--quick] [--json] [--invoices 1000] [--rounds 5] [--seconds 3] [--database sqlite]

--quick takes minutes instead of half an hour: fewer documents and one round, so that figures wander more.
"""

from bench import calls, door, flat, memory, pages, pipeline, unit_of_work
from bench.figures import show, wanted_from

BENCHES = (door, calls, pipeline, flat, memory, pages, unit_of_work)


def main() -> None:
    wanted = wanted_from(__doc__)
    for bench in BENCHES:
        show(bench.run(wanted), as_json=wanted.as_json)


if __name__ == "__main__":
    main()
