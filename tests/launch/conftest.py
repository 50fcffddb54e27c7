import pytest
from launchers import Bench


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)
