import pytest
from hubs import DrainedHub
from outside import Outside


@pytest.fixture(scope="session")
def served():
    outside = Outside()
    yield outside
    outside.close()


@pytest.fixture
def outside(served):
    """Both vendors, as new."""
    served.reset()
    return served


@pytest.fixture
def open_hub(outside, database_url, tmp_path):
    """A hub whose drains the test calls: (what its workspace differs in) to the hub."""
    opened = []

    def open_one(**wanted):
        opened.append(DrainedHub(outside, tmp_path, database_url, **wanted))
        return opened[-1]

    yield open_one
    for hub in opened:
        hub.close()


@pytest.fixture
def hub(open_hub):
    return open_hub()
