import hashlib
import json

import jax.numpy as jnp
import numpy as np
import pytest

from tfds_casia.fingerprint import fingerprint


def test_equal_settings_have_equal_names():
    assert fingerprint({"a": 1, "b": (2, 3)}) == fingerprint({"b": [2, 3], "a": 1})
    assert fingerprint("a", 1) == hashlib.sha256(b'["a", 1]').hexdigest()[:12]


def test_other_settings_have_other_names():
    array = np.arange(6, dtype=np.float32)
    settings = [
        (),
        ("ab",),
        ("a", "b"),
        (["a", "b"],),
        (1,),
        (1.0,),
        (True,),
        (None,),
        ({"a": 1},),
        ({"a": 1}, 2),
        ({"a": array},),
        ({"b": array},),
        ({"a": array + 1},),
        ({"a": array.reshape(2, 3)},),
        ({"a": array.astype(np.int32)},),
        # The same bytes.
        ({"a": array.view(np.int32)},),
    ]
    names = {fingerprint(*one) for one in settings}
    assert len(names) == len(settings)
    assert all(len(name) == 12 and int(name, 16) >= 0 for name in names)


def test_arrays_count_by_their_numbers_wherever_they_are():
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    expected = fingerprint({"ema": {"kernel": array}}, 3)
    assert fingerprint({"ema": {"kernel": jnp.asarray(array)}}, 3) == expected
    assert fingerprint({"ema": {"kernel": np.asfortranarray(array)}}, 3) == expected
    digest = hashlib.sha256(array.tobytes()).hexdigest()
    text = json.dumps([{"ema": {"kernel": ["float32", [2, 3], digest]}}, 3])
    assert expected == hashlib.sha256(text.encode()).hexdigest()[:12]


@pytest.mark.parametrize("value", [{1, 2}, object(), np.array([{}], object)])
def test_what_has_no_fixed_contents_has_no_name(value):
    with pytest.raises(TypeError, match="has no fingerprint"):
        fingerprint({"a": value})
