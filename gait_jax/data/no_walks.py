"""What is no walk, or no single whole person's: what a reader of gaits must not take for one."""

import cv2
import numpy as np

from gait_jax.data.scenes import RATE, Scene, move, segmented, walking
from tfds_casia.walkers import body, rhythm
from tfds_casia.walkers.body import Pose
from tfds_casia.walkers.gait import SIDES
from tfds_casia.walkers.rhythm import Steps
from tfds_casia.walkers.standin import Standin


def no_walk(rng: np.random.Generator, frames: int) -> tuple[Scene, np.ndarray, np.ndarray]:
    """Draws a clip of something that is no walk.

    Args:
      rng: of the clip.
      frames: T.

    Returns:
      The scene, silhouettes [T, h, w] uint8 of 0 and 1, and their corners (x, y) in the picture [T,
      2].
    """
    what = rng.choice(("frozen", "half", "two", "pram", "thing", "running", "sitting"))
    if what == "frozen":
        speed = walking(rng, frames) * rng.integers(2)
        # Of those who are not carried along, when a heel strikes: legs together, they would stand.
        still = rng.integers(frames) if speed.any() else 0
        scene = move(rng, frames, speed, _striding, lambda _, pose: _held(pose, still))
    elif what == "sitting":
        bent = rng.uniform((70, 60), (95, 100))
        seated = lambda who, _: _sitting(who, *bent, frames)  # noqa: E731
        scene = move(rng, frames, np.zeros(frames), pose=seated)
    elif what == "running":
        rate, pace = rng.uniform(2.4, 3.2), rng.uniform(2.4, 4.0)

        def run(someone: Standin, speed: np.ndarray, heading: np.ndarray) -> Steps:
            # Two steps are a cycle.
            phase = rng.random() + np.arange(frames) * rate / 2 / RATE
            return rhythm.kept(phase, speed, someone.pace.preference, RATE, heading)

        scene = move(rng, frames, np.full(frames, pace), run)
    else:
        scene = move(rng, frames, walking(rng, frames))
    masks, corners = segmented(scene, rng)
    if what == "half":
        masks = _half(masks, rng)
    elif what == "two":
        other = move(rng, frames, walking(rng, frames))
        masks, corners = _together(masks, corners, *segmented(other, rng), rng)
    elif what == "pram":
        masks, corners = _pushing(scene, masks, corners, rng)
    elif what == "thing":
        masks = _things(masks, rng)
    return scene, masks, corners


def _striding(someone: Standin, speed: np.ndarray, heading: np.ndarray) -> Steps:
    """Steps at the usual pace from a heel's strike on, however fast the person is carried along."""
    usual = someone.pace.preference
    walked = np.full_like(speed, usual.frequency * usual.stride)
    return rhythm.own(walked, usual, 0.0, RATE, heading)


def _held(pose: Pose, frame: int) -> Pose:
    """One of the poses, in all frames."""
    times = np.full(len(pose.rotations), frame)
    return Pose(pose.rotations[times], pose.positions[times])


def _sitting(someone: Standin, hips: float, knees: float, frames: int) -> Pose:
    """Somebody on a seat that is not seen; flexions in degrees."""
    own, figure = someone.pace, someone.figure
    angles = own.angles(np.zeros(1), np.zeros(1))
    for side in SIDES:
        angles[f"{side} hip"], angles[f"{side} knee"] = np.full(1, hips), np.full(1, knees)
    pose = own.posed(angles)
    lowest = body.skin(figure.vertices, figure.weights, figure.joints, pose)[0, :, 2].min()
    return Pose(
        np.repeat(pose.rotations, frames, axis=0),
        np.repeat(pose.positions - [0.0, 0.0, lowest], frames, axis=0),
    )


def _half(masks: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What is seen of somebody behind a wall, or at the border."""
    masks = masks.copy()
    side, share = rng.integers(4), rng.uniform(0.35, 0.65)
    for mask in masks:
        x, y, width, height = cv2.boundingRect(mask)
        if side == 0:
            mask[y + round(share * height) :] = 0
        elif side == 1:
            mask[: y + round(share * height)] = 0
        elif side == 2:
            mask[:, x + round(share * width) :] = 0
        else:
            mask[:, : x + round(share * width)] = 0
    return masks


def _box(masks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lowest row and height of the bodies, [T] each."""
    boxes = np.array([cv2.boundingRect(mask) for mask in masks])
    return boxes[:, 1] + boxes[:, 3], np.maximum(boxes[:, 3], 1)


def _together(
    masks: np.ndarray,
    corners: np.ndarray,
    others: np.ndarray,
    others_corners: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Two who go side by side, as one silhouette; the second is as tall as a share of the first."""
    feet, tall = _box(masks)
    their_feet, their_height = _box(others)
    share, apart = rng.uniform(0.85, 1.15), rng.choice((-1, 1)) * rng.uniform(0.1, 0.3)
    room = int(0.8 * tall.max())
    wide = np.pad(masks, ((0, 0), (room // 3, 0), (room, room)))
    for t, mask in enumerate(wide):
        scale = share * tall[t] / their_height[t]
        middle = others.shape[2] / 2
        across = room + masks.shape[2] / 2 + apart * tall[t] - scale * middle
        down = room // 3 + feet[t] - scale * their_feet[t]
        change = np.array([[scale, 0, across], [0, scale, down]])
        mask |= cv2.warpAffine(others[t], change, mask.shape[::-1], flags=cv2.INTER_NEAREST)
    return wide, corners - [room, room // 3]


def _pushing(
    scene: Scene, masks: np.ndarray, corners: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Somebody who pushes a pram, a trolley or a bicycle: a body on wheels before them."""
    feet, tall = _box(masks)
    room = int(0.9 * tall.max())
    wide = np.pad(masks, ((0, 0), (2, 2), (room, room)))
    high, long, wheel = rng.uniform(0.3, 0.6), rng.uniform(0.3, 0.55), rng.uniform(0.05, 0.16)
    # 90 degrees is the left side, whose front is left in the picture.
    ahead = -np.sin(np.radians(scene.azimuth))
    for t, mask in enumerate(wide):
        body = np.array([long * max(abs(ahead[t]), 0.5), high]) * tall[t]
        centre = room + masks.shape[2] / 2 + ahead[t] * (0.18 + long / 2) * tall[t]
        bottom = feet[t] + 2 - wheel * tall[t]
        middle = (round(centre), round(bottom - body[1] / 2))
        cv2.ellipse(mask, middle, (round(body[0] / 2), round(body[1] / 2)), 0, 0, 360, 1, -1)
        for side in (-1, 1):
            at = (round(centre + side * body[0] / 3), round(bottom))
            cv2.circle(mask, at, max(1, round(wheel * tall[t])), 1, -1)
        start = (room + masks.shape[2] // 2, round(feet[t] - 0.55 * tall[t]))
        cv2.line(mask, start, middle, 1, max(1, round(0.03 * tall[t])))
    return wide, corners - [room, 2]


def _things(masks: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """No person: boxes, balls, animals, torn shapes, of a person's size, moving as one does."""
    made = np.zeros_like(masks)
    kind, wide = rng.integers(4), rng.uniform(0.25, 1.0)
    swing = rng.uniform(1.5, 3.0)
    for t, (mask, thing) in enumerate(zip(masks, made, strict=True)):
        x, y, width, height = cv2.boundingRect(mask)
        middle, reach = (x + width // 2, y + height // 2), max(1, round(wide * height / 2))
        if kind == 0:
            left, right = middle[0] - reach, middle[0] + reach
            cv2.rectangle(thing, (left, y), (right, y + height - 1), 1, -1)
        elif kind == 1:
            cv2.ellipse(thing, middle, (reach, height // 2), rng.uniform(0, 20), 0, 360, 1, -1)
        elif kind == 2:
            # Four legs below a trunk.
            trunk = (middle[0], y + height // 3)
            cv2.ellipse(thing, trunk, (max(reach, 3), height // 3), 0, 0, 360, 1, -1)
            for leg in range(4):
                phase = 2 * np.pi * (swing * t / RATE + leg / 4)
                top = (trunk[0] + round((leg - 1.5) * reach / 2), trunk[1])
                foot = (round(top[0] + 0.15 * height * np.sin(phase)), y + height - 1)
                cv2.line(thing, top, foot, 1, max(1, height // 12))
        else:
            noise = cv2.resize(rng.normal(size=(6, 4)), mask.shape[::-1])
            thing |= ((noise > 0.1) & (cv2.dilate(mask, np.ones((9, 9))) > 0)).astype(np.uint8)
    return made
