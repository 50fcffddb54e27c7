import hashlib

from gait_jax.runtime import keys


def test_named_seeds_have_nothing_in_common():
    first = hashlib.sha256(b"3 stgan order").digest()
    assert keys.stream_seed(3, "stgan order") == int.from_bytes(first[:4], "little")
    names = "stgan order", "stgan held out", "noise_gan order"
    drawn = {keys.stream_seed(seed, name) for seed in range(100) for name in names}
    assert len(drawn) == 300 and all(0 <= seed < 2**32 for seed in drawn)
