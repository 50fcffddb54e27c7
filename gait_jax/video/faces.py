"""Makes faces unknowable in pictures of people."""

import cv2
import numpy as np

from gait_jax.gait.limbs import Limbs

# In statures: how far around the middle of the ears a head reaches; how much of a silhouette, from
# its top on, is blurred as the head, with room for tops that are too high; and the blur's standard
# deviation.
_HEAD, _TOP, _BLUR = 0.085, 0.18, 0.022
# In statures, ears are no further below the top of a head.
_HIGHEST = 0.14
# Half of the breadth, in statures, that a top has.
_SPUR = 0.018
# Pixels around a silhouette that colours are taken from as well.
_RIM = 3


def blurred(picture: np.ndarray, mask: np.ndarray, limbs: Limbs | None = None) -> np.ndarray:
    """Blurs somebody's head: where the joints say that it is, where that is the silhouette's top.

    Else both there and at the top, as either may be wrong: a head that leans is not at the top, nor
    below an arm that is raised, and a network errs.

    Args:
      picture: [H, W, 3] uint8; it is left as it is.
      mask: the person in it, [H, W] uint8 of 0 and 1.
      limbs: where their joints are in it; None where nobody knows.

    Returns:
      The picture, in which nothing of the scene runs into the head, nor of the head beyond it.
    """
    _, _, width, height = cv2.boundingRect(mask)
    if not width:
        return picture.copy()
    head = _head(mask, limbs)
    body = cv2.dilate(mask, np.ones((2 * _RIM + 1,) * 2, np.uint8))
    x, y, width, height_of_head = cv2.boundingRect(head & body)
    if not width:
        return picture.copy()
    room = round(4 * _BLUR * height) + 1
    box = np.s_[max(y - room, 0) : y + height_of_head + room, max(x - room, 0) : x + width + room]
    inside, sigma = mask[box].astype(np.float32), max(_BLUR * height, 1.0)
    weight = cv2.GaussianBlur(inside, (0, 0), sigma)
    mean = cv2.GaussianBlur(picture[box] * inside[..., None], (0, 0), sigma)
    result = picture.copy()
    where = (head[box] & body[box] > 0) & (weight > 1e-3)
    result[box][where] = np.rint(mean[where] / weight[where][:, None]).astype(np.uint8)
    return result


def _head(mask: np.ndarray, limbs: Limbs | None) -> np.ndarray:
    """Where a head may be, [H, W] uint8 of 0 and 1; the mask is not empty."""
    _, y, _, height = cv2.boundingRect(mask)
    # What stands off thinly is no top.
    broad = np.ones((2 * round(_SPUR * height) + 1,) * 2, np.uint8)
    top = max(cv2.boundingRect(cv2.morphologyEx(mask, cv2.MORPH_OPEN, broad))[1], y)
    head, lowest = np.zeros_like(mask), top + round(_TOP * height)
    if limbs is not None:
        column, row = (int(one) for one in np.rint(limbs.joint("head")[:2] - 0.5))
        radius = round(_HEAD * height) + 1
        cv2.circle(head, (column, row), radius, 1, cv2.FILLED)
        inside = 0 <= row < len(mask) and 0 <= column < mask.shape[1] and mask[row, column]
        if inside and row < top + _HIGHEST * height:
            # With hair and hats.
            head[y:row, max(column - radius, 0) : column + radius + 1] = 1
            return head
    head[y:lowest] = 1
    return head
