"""What becomes of an outline that a generator gives: measured as it is, then mended."""

import jax
import jax.numpy as jnp
import ml_collections
import numpy as np

from gait_jax.gait.naturalness import RAW, is_person_like
from gait_jax.methods.anonymizers.contours import ContourAnonymizer
from gait_jax.methods.base import State

_DATA = ml_collections.ConfigDict({"layout": "resampled", "points": 64})
_STATE = State(step=np.int32(0), params={}, opt={}, ema={"shift": np.float32(0.02)}, frozen={})
# A loop of eight points within the body, in body heights.
_LOOP = np.array([[0, 0], [0.1, 0], [0.1, 0.2], [0.1, 0.3], [-0.1, 0.3], [-0.1, 0.2], [-0.1, 0],
                  [0, 0]], np.float32)  # fmt: skip


def _body():
    mask = np.zeros((80, 60), np.uint8)
    mask[10:70, 15:45] = 1
    return mask


def _measured(folded):
    def apply(state, contours, counts, drawn, noise_counts):
        moved = contours + state.ema["shift"]
        return moved.at[:, :, -8:].set(jnp.asarray(_LOOP)) if folded else moved

    (made,) = (ContourAnonymizer(apply, _STATE, _DATA)([_body()], jax.random.key(0)),)
    return made


def test_a_fold_is_measured_before_it_is_mended():
    plain, folded = _measured(False), _measured(True)
    assert plain.measures[RAW] == 1.0
    # The loop is a hole by the even-odd rule: what comes out of it is mended, and looks like one.
    assert folded.measures[RAW] == 0.0
    assert is_person_like(folded.masks[0], _body())
