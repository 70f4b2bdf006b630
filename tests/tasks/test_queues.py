from dataclasses import replace
from pathlib import Path

import pytest
from redis.exceptions import ConnectionError as NoConnection

from portal.settings import Settings
from tasks import queues


@pytest.fixture
def settings(tmp_path):
    return Settings.load({"PORTAL_DATA_DIR": str(tmp_path)})


def test_a_redis_of_ones_own_is_used(settings, redis):
    own = replace(settings, redis_url=redis.url)
    assert queues.connect(own).ping()
    assert queues.address(own) == redis.url


def test_a_redis_that_is_away_is_told_quickly(settings):
    with pytest.raises(NoConnection):
        queues.connect(settings, timeout=1.0).ping()


def test_the_socket_lies_in_the_data_directory(settings):
    near = replace(settings, data_dir=Path("/srv/portal"))
    assert queues.socket_path(near) == Path("/srv/portal/run/redis.sock")


def test_the_socket_of_a_deep_data_directory_is_short(settings):
    deep = replace(settings, data_dir=Path("/srv") / ("x" * 150))
    deeper = replace(settings, data_dir=Path("/srv") / ("y" * 150))
    assert len(str(queues.socket_path(deep))) < 107
    assert queues.socket_path(deep) != queues.socket_path(deeper)


def test_arguments_travel_as_json(settings, redis):
    own = replace(settings, redis_url=redis.url)
    with queues.connect(own) as connection:
        job = queues.queue("default", connection).enqueue("builtins.print", ["an id"])
        assert b'"an id"' in job.serializer.dumps(job.args)
        assert job.timeout == queues.TIME_LIMITS["default"]
