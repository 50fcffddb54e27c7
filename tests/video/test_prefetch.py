import threading

import pytest

from gait_jax.video.prefetch import prefetch


def test_items_come_in_order_and_from_another_thread():
    threads = set()

    def items():
        for i in range(20):
            threads.add(threading.get_ident())
            yield i

    with prefetch(items(), depth=2) as found:
        assert list(found) == list(range(20))
    assert threads and threading.get_ident() not in threads


def test_what_is_raised_is_raised_after_the_items_before_it():
    def items():
        yield 1
        raise ValueError("damaged")

    with prefetch(items()) as found:
        assert next(found) == 1
        with pytest.raises(ValueError, match="damaged"):
            next(found)


def test_leaving_early_ends_the_thread_and_closes_the_source():
    closed = threading.Event()

    def items():
        try:
            yield from range(1000)
        finally:
            closed.set()

    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt), prefetch(items(), depth=1) as found:
        next(found)
        raise KeyboardInterrupt
    assert closed.is_set()
    assert threading.active_count() == before
