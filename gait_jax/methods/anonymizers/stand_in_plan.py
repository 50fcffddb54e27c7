"""From what is read of a walk to how its stand-in walks: few coarse numbers, and noise.

Whatever reaches the result of the original stands here: the side from which it is seen and the
camera's height, in bins; where the feet are, smoothly; how large a person is there, times noise;
whether they walk or stand; and, if it is asked for, the phase.
"""

import dataclasses
import math

import ml_collections
import numpy as np

from gait_jax.gait.glimpses import NEITHER, STANDING, WALKING
from gait_jax.gait.smoothing import eased, settled, smoothed, straightened
from tfds_casia.walkers import rhythm, standin
from tfds_casia.walkers.rhythm import Steps
from tfds_casia.walkers.standin import Standin

OWN, KEPT = "own", "kept"

# Seconds to each side over which place and size, and what is read, are smoothed: more than a step.
_PLACE, _READ = 0.7, 0.5
# Bins times seconds: so far beyond a bin's border for so long, and another is taken. Seconds for
# which it must be sure that who walked stands, and that this is no walk.
_LEAVE, _STOPS, _ANOTHER = 1.0, 0.6, 0.2
# Seconds: views, and whether somebody stands, change between two of these, so that the time when
# tells little.
_MOMENT = 1.0
# Seconds that a turn into the next bin takes.
_TURN = 1.0
# Statures a second below which somebody stands.
_STANDS = 0.12
# The lens: how many heights wide a picture is that somebody sees as far away as it is wide.
_FOCAL = 3.0
# From this sine of the view on, the way across the picture tells the speed; below the first not.
_ACROSS = (0.35, 0.65)


@dataclasses.dataclass(frozen=True)
class Read:
    """What is read of T frames; anything where nobody was seen.

    Attributes:
      phase: [T, 2] cosine and sine of twice the phase.
      azimuth: [T, 2] cosine and sine of the view.
      elevation: [T] degrees.
      speed: [T] statures a second.
      kind: [T, K] logits (see `gait.glimpses`).
      boxes: [T, 4] x, y, width and height in the picture (see `glimpses.stacked`).
      seen: [T] 1 where somebody was seen, 0 where not.
      rate: frames a second.
    """

    phase: np.ndarray
    azimuth: np.ndarray
    elevation: np.ndarray
    speed: np.ndarray
    kind: np.ndarray
    boxes: np.ndarray
    seen: np.ndarray
    rate: float


@dataclasses.dataclass(frozen=True)
class Plan:
    """How a stand-in walks, T frames.

    Attributes:
      steps: when and how far it steps.
      azimuth: [T] degrees from where it faces to the camera.
      elevation: [T] degrees by which the camera looks down.
      height: [T] pixels that it measures upright.
      place: [T, 2] the point of the ground below it, (x, y) pixels of the picture.
      walk: [T] bool, whether it is a walk, or somebody who stands: nothing else is replaced.
      bits: what the numbers in bins can tell of the original, besides its way and time.
    """

    steps: Steps
    azimuth: np.ndarray
    elevation: np.ndarray
    height: np.ndarray
    place: np.ndarray
    walk: np.ndarray
    bits: float


def plan(
    read: Read, someone: Standin, code: ml_collections.ConfigDict, rng: np.random.Generator
) -> Plan:
    """Plans a stand-in's walk.

    Args:
      read: of the original.
      someone: who stands in.
      code: what may come over, and how coarsely: view and elevation, the widths of bins in degrees;
        size, the standard deviation of the logarithm of the drawn height; pace, that of the speed
        about the one that the stand-in prefers, which is never more than the original's; freedom,
        how far from the original's place, in its heights, that may lead; course, by how many
        degrees the way turns over the ground, a standard deviation; rhythm, `OWN` or `KEPT`.
      rng: all noise of it besides the person's own.
    """
    reach = max(2, round(_READ * read.rate))
    chances = smoothed(_softmax(read.kind), read.seen, reach)
    neither = chances[:, NEITHER]
    walk = settled(np.stack([neither, 1 - neither], axis=1), _ANOTHER * read.rate) == 0
    steps_on = chances[:, WALKING] / np.maximum(chances[:, WALKING] + chances[:, STANDING], 1e-9)
    stands, told = _coarse(np.stack([1 - steps_on, steps_on], axis=1), _STOPS, read)
    views, more = _views(smoothed(read.azimuth, read.seen, reach), code.view, read)
    azimuth = eased(views, max(1, round(_TURN * read.rate)))
    level = code.elevation * np.round(_median(read.elevation, read.seen) / code.elevation)
    elevation = np.full(len(views), min(max(level, 0.0), 60.0))
    path = _way(read)
    usual = someone.pace.preference.frequency * someone.pace.preference.stride / someone.stature
    factor = _pace(path, _speed(path, azimuth, read, 1.0), usual, read.seen, code, rng)
    camera = standin.MIDDLE + standin.DISTANCE * math.tan(math.radians(elevation[0]))
    path = turned(_warped(path, read.seen, factor), read.seen, camera, code, rng)
    speed = _speed(path, azimuth, read, factor)
    speed[(stands == 1) | (speed < _STANDS)] = 0
    speed = smoothed(speed[:, None], np.ones(len(speed)), reach // 2)[:, 0]
    speed[speed < _STANDS / 2] = 0
    metres = np.clip(speed * someone.stature, 0, 2.0)
    heading = -azimuth
    if code.rhythm == KEPT:
        half = smoothed(read.phase, read.seen, max(1, reach // 4))
        phase = np.unwrap(np.arctan2(half[:, 1], half[:, 0])) / (4 * np.pi)
        # Which leg is in front nobody knows.
        phase = phase + rng.integers(2) / 2
        steps = rhythm.kept(phase, metres, someone.pace.preference, read.rate, heading)
    else:
        steps = rhythm.own(metres, someone.pace.preference, rng.random(), read.rate, heading)
    size = math.exp(rng.normal(0, code.size))
    bits = told + more + math.log2(60 / code.elevation + 1) + _told_by_height(code.size)
    return Plan(steps, azimuth, elevation, size * np.exp(path[:, 2]), path[:, :2], walk, bits)


def _views(towards: np.ndarray, width: float, read: Read) -> tuple[np.ndarray, float]:
    """The bins that views lie in, as few of them as can be.

    Args:
      towards: [T, 2] cosine and sine of the view; shorter where it is less sure.
      width: of a bin, degrees; one lies around 0.
      read: of the original.

    Returns:
      (their middles [T], degrees, without jumps by whole turns; bits).
    """
    count = math.floor(360 / width)
    middles = np.arange(count) * 360 / count
    angle = np.degrees(np.arctan2(towards[:, 1], towards[:, 0]))
    off = np.abs((angle[:, None] - middles + 180) % 360 - 180) * count / 360
    sure = np.minimum(np.linalg.norm(towards, axis=1), 1)
    # Of bins that reach as far the nearest one.
    costs = sure[:, None] * (np.maximum(off - 0.5, 0) + 1e-3 * off)
    chosen, told = _coarse(costs, _LEAVE, read)
    return np.unwrap(middles[chosen], period=360), told


def _coarse(costs: np.ndarray, change: float, read: Read) -> tuple[np.ndarray, float]:
    """The states that cost least together, where they change with the whole second alone.

    Args:
      costs: [T, S] a second in each state.
      change: what going to another state costs.
      read: of the original: seconds count from where it is first seen.

    Returns:
      (the states [T], bits: of how many with as few changes these are one).
    """
    known = np.flatnonzero(read.seen)
    first, last = (known[0], known[-1]) if len(known) else (0, 0)
    times = np.clip(np.arange(len(costs)), first, last) - first
    moments = np.floor(times / read.rate / _MOMENT).astype(int)
    total = np.zeros((moments[-1] + 1, costs.shape[1]))
    np.add.at(total, moments, costs * (read.seen > 0)[:, None] / read.rate)
    found = settled(total, change)
    changes, moves = np.count_nonzero(np.diff(found)), len(found) - 1
    codes = sum(math.comb(moves, n) * (costs.shape[1] - 1) ** n for n in range(changes + 1))
    return found[moments], math.log2(costs.shape[1] * codes)


def _told_by_height(noise: float) -> float:
    """Bits by which the height helps a guess at most: the maximal leakage of normal noise.

    Of adults, whose heights lie within two standard deviations of 6 % to each side.
    """
    return math.log2(1 + 4 * 0.06 / (max(noise, 1e-6) * math.sqrt(2 * math.pi)))


def _softmax(logits: np.ndarray) -> np.ndarray:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def _median(values: np.ndarray, weights: np.ndarray) -> float:
    chosen = values[weights > 0]
    return float(np.median(chosen)) if len(chosen) else 0.0


def _way(read: Read) -> np.ndarray:
    """[T, 3] smooth x, y and logarithm of the height."""
    boxes = read.boxes
    values = np.stack([boxes[:, 0], boxes[:, 1], np.log(np.maximum(boxes[:, 3], 1))], axis=1)
    return straightened(values, read.seen, max(3, round(_PLACE * read.rate)))


def _pace(
    path: np.ndarray,
    speed: np.ndarray,
    usual: float,
    seen: np.ndarray,
    code: ml_collections.ConfigDict,
    rng: np.random.Generator,
) -> float:
    """How many times as fast the stand-in goes as the original: at its own pace, if place allows.

    Never faster: it would end where the original was not, which may be outside of the picture.

    Args:
      path: [T, 3] of the original.
      speed: [T] the original's, statures a second.
      usual: the pace that the stand-in prefers, likewise.
      seen: [T] 1 where the original was seen, 0 where not.
      code: see `plan`.
      rng: draws how this pace differs from the usual one.
    """
    noise = rng.normal(0, code.pace)
    known = np.flatnonzero(seen)
    if len(known) < 2:
        return 1.0
    factor = usual * math.exp(noise) / max(float(np.median(speed[known])), 1e-6)
    if factor > 1:
        # Who is overtaken goes more slowly all the same: not exactly as fast as the original.
        factor = math.exp(-abs(noise))
    first, last = known[0], known[-1]
    # At the ends it is the furthest from where the original was.
    way = np.linalg.norm(path[last, :2] - path[first, :2]) / 2
    most = code.freedom * math.exp(float(np.median(path[known, 2]))) / max(way, 1e-6)
    return max(factor, 1 - most)


def turned(
    path: np.ndarray,
    seen: np.ndarray,
    camera: float,
    code: ml_collections.ConfigDict,
    rng: np.random.Generator,
) -> np.ndarray:
    """The way led in another direction over the ground, about its middle.

    Args:
      path: [T, 3] x, y and logarithm of the height.
      seen: [T] 1 where the original was seen, 0 where not.
      camera: how high it is, in heights of the person.
      code: see `plan`.
      rng: draws by how much.
    """
    turn = math.radians(rng.normal(0, code.course))
    known = np.flatnonzero(seen)
    if len(known) < 2:
        return path
    first, last = known[0], known[-1]
    tall = math.exp(float(np.median(path[known, 2])))
    # From the middle to the end: across, and nearer, which makes larger.
    across = (path[last, 0] - path[first, 0]) / tall / 2
    nearer = (path[last, 2] - path[first, 2]) * _FOCAL / 2
    right = across * (math.cos(turn) - 1) - nearer * math.sin(turn)
    growth = (across * math.sin(turn) + nearer * (math.cos(turn) - 1)) / _FOCAL
    right = float(np.clip(right, -code.freedom, code.freedom))
    growth = float(np.clip(growth, -code.freedom / 4, code.freedom / 4))
    along = np.clip(2 * (np.arange(len(path)) - first) / (last - first) - 1, -1, 1)
    # What is nearer stands lower in the picture, the more, the higher the camera.
    return path + along[:, None] * [right * tall, growth * camera * tall, growth]


def _warped(path: np.ndarray, seen: np.ndarray, factor: float) -> np.ndarray:
    """The way at another pace: about its middle."""
    frames = np.arange(len(path), dtype=float)
    known = np.flatnonzero(seen)
    if not len(known):
        return path
    middle = (known[0] + known[-1]) / 2
    wanted = middle + factor * (frames - middle)
    return np.stack([np.interp(wanted, frames, column) for column in path.T], axis=1)


def _speed(path: np.ndarray, azimuth: np.ndarray, read: Read, factor: float) -> np.ndarray:
    """[T] statures a second: by the way across the picture, or as read where it leads in depth."""
    moved = np.gradient(path[:, 0]) if len(path) > 1 else np.zeros(1)
    aside = np.abs(np.sin(np.radians(azimuth)))
    across = np.abs(moved) * read.rate / np.exp(path[:, 2]) / np.maximum(aside, 0.1)
    reach = max(2, round(_READ * read.rate))
    told = factor * smoothed(read.speed[:, None], read.seen, reach)[:, 0]
    share = np.clip((aside - _ACROSS[0]) / (_ACROSS[1] - _ACROSS[0]), 0, 1)
    return share * across + (1 - share) * told
