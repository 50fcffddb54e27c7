import atexit
import os
import shutil
import tempfile

# Tests train the same few tiny networks over and over, in several processes: compile each once.
# Set before JAX is imported, and inherited by the command lines that tests run. Each test worker
# has a cache of its own: one that reads what another is still writing fails.
_CACHE = tempfile.mkdtemp(prefix="gait_jax-tests-")
atexit.register(shutil.rmtree, _CACHE, ignore_errors=True)
os.environ["JAX_COMPILATION_CACHE_DIR"] = _CACHE
os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "-1"

import pytest  # noqa: E402
from drawn import TINY, draw_walk, load_config, write_walk  # noqa: E402


@pytest.fixture(scope="session")
def casia_a_dir(tmp_path_factory):
    """Original files of ten drawn subjects, one walk of ten frames each."""
    root = tmp_path_factory.mktemp("manual")
    for k in range(10):
        subject = "s" + chr(ord("a") + k)
        walk = draw_walk(10, tall=56 + k, bulk=0.8 + 0.05 * k)
        write_walk(root / subject / "00_1", f"{subject}-00_1", walk)
    return root


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory):
    return tmp_path_factory.mktemp("data")


@pytest.fixture
def tiny_config(casia_a_dir, data_dir):
    """A small ST-GAN on the drawn subjects, resampled layout."""
    config = load_config("stgan_resampled", "casia_a")
    config.update_from_flattened_dict(TINY)
    config.data.manual_dir, config.data.data_dir = str(casia_a_dir), str(data_dir)
    return config


@pytest.fixture(scope="session")
def trained_run(tmp_path_factory, casia_a_dir, data_dir):
    """The folder of one finished tiny run."""
    from gait_jax import trainer

    config = load_config("stgan_resampled", "casia_a")
    config.update_from_flattened_dict(TINY)
    config.data.manual_dir, config.data.data_dir = str(casia_a_dir), str(data_dir)
    workdir = tmp_path_factory.mktemp("run")
    trainer.train_and_evaluate(config, workdir, progress=False)
    return workdir
