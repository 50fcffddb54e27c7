import ctypes
import os
import pathlib
import signal
import sys
import tempfile

import memory
import processes

# All that a test run writes lies in one folder, which its guard removes in the end. Workers get it
# from the process that started them, as do the command lines that tests run.
_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
if not _WORKER:
    os.environ["GAIT_JAX_TESTS"] = tempfile.mkdtemp(prefix="gait_jax-tests-")
    processes.remove_at_the_end(pathlib.Path(os.environ["GAIT_JAX_TESTS"]))
_FOLDER = pathlib.Path(os.environ["GAIT_JAX_TESTS"])
_LOOSE, _CACHE = (_FOLDER / f"{name}{_WORKER}" for name in ("tmp", "cache"))
_LOOSE.mkdir()
os.environ["TMPDIR"] = tempfile.tempdir = str(_LOOSE)

# The sources beside these tests are meant, wherever a command line is started.
_PATHS = [str(processes.ROOT), os.environ.get("PYTHONPATH", "")]
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, _PATHS))

# Tests train the same few tiny networks over and over, in several processes: compile each once.
# Set before JAX is imported, and inherited by the command lines that tests run. Each test worker
# has a cache of its own: one that reads what another is still writing fails.
os.environ["JAX_COMPILATION_CACHE_DIR"] = str(_CACHE)
os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "-1"
# Their networks are so small that compiling takes far longer than all steps.
os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")
os.environ.setdefault("XLA_FLAGS", processes.QUICK)
# Threads of BLAS wait for each other by spinning: beside other work that takes ten times as long.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ["MATPLOTLIBRC"] = str(processes.ROOT / "tests" / "support" / "matplotlibrc")

# What was started in the background ignores Ctrl-C, and so would all that tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

memory.share_arenas()
if _WORKER and sys.platform == "linux":
    # A worker ends with the process that started it; 1 is PR_SET_PDEATHSIG.
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)

import hypothesis  # noqa: E402
import pytest  # noqa: E402
from drawn import TINY, draw_walk, load_config, write_walk  # noqa: E402
from ordering import ordered  # noqa: E402

# No folder of examples is left, and how fast they are drawn is the machine's affair.
hypothesis.settings.register_profile(
    "tests",
    database=None,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("tests")

_peaks = pytest.StashKey[dict[str, float]]()
_failed = pytest.StashKey[bool]()


def pytest_configure(config):
    config.stash[_peaks] = {}
    if not _WORKER and config.option.basetemp is None:
        # Before pytest makes up its own; xdist's workers get folders in it.
        config.option.basetemp = _FOLDER / "pytest"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    tests = pathlib.Path(__file__).parent
    items[:] = ordered(items, lambda item: item.path.relative_to(tests).as_posix())


def pytest_collection_finish():
    if "jax" in sys.modules:
        memory.trim_while_compiling()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        item.stash[_failed] = True
    return report


@pytest.fixture(autouse=True)
def _leaves_no_process(request):
    yield
    left = processes.end_all()
    memory.give_back()
    # A test that failed had no occasion to end what it started.
    assert not left or request.node.stash.get(_failed, False), f"still ran: {left}"


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error):
    peaks = node.config.stash[_peaks]
    peaks[node.gateway.id] = getattr(node, "workeroutput", {}).get("peak", 0.0)


def pytest_sessionfinish(session):
    if _WORKER:
        session.config.workeroutput["peak"] = memory.peak()
        return
    peaks = session.config.stash[_peaks] or {"main": memory.peak()}
    session.config.stash[_peaks] = peaks
    if max(peaks.values()) > memory.MOST and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter, config):
    most = ", ".join(f"{name} {peak:.0f}" for name, peak in config.stash[_peaks].items())
    terminalreporter.write_line(f"most memory held, of {memory.MOST} MiB allowed: {most}")


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
