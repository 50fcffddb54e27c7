import collections

import jax
import numpy as np
import pytest
from clips import draw_scene, upscale, walk_in, walking

from gait_jax import runs
from gait_jax.anonymization import clips, following
from gait_jax.anonymization.clips import VideoAnonymizer
from gait_jax.anonymization.painting import Painter
from gait_jax.gait import silhouette
from gait_jax.gait.limbs import Limbs
from gait_jax.methods.anonymizers.contours import ContourAnonymizer
from gait_jax.methods.colourisers import nearest
from gait_jax.methods.colourisers.placed import Placed
from gait_jax.methods.contracts import AnonymizedBody
from gait_jax.pretrained import MODELS, STGAN
from gait_jax.video import people
from gait_jax.video.background import estimate
from gait_jax.video.clip import Frame
from gait_jax.video.foreground import DifferenceSegmenter

NEAREST = Placed(nearest.colourise)
SCENE = np.repeat(np.repeat(draw_scene(), 2, axis=0), 2, axis=1)


@pytest.fixture(scope="module")
def anonymizer():
    return runs.open_run(MODELS[STGAN]).anonymizer()


def anonymise(anonymizer, masks, seed=0, segmenter=None, frames=None, painter=None):
    """(frames that went in, results, findings); the masks themselves find people."""
    frames = frames or walk_in(SCENE, masks)
    if segmenter is None:
        waiting = collections.deque(mask // 255 for mask in masks)
        segmenter = lambda image: waiting.popleft()  # noqa: E731
    scene = estimate(np.array(frames), SCENE)
    painter = painter or Painter(NEAREST)
    worker = VideoAnonymizer(anonymizer, scene, painter, jax.random.key(seed), 25.0)
    given = [Frame(image, 3 * i, 3) for i, image in enumerate(frames)]
    segmented = (segmenter(frame.image) for frame in given)
    found = worker.look(None if mask is None else people.find(mask) for mask in segmented)
    with found:
        results = list(worker(given, found))
    assert [(r.pts, r.duration) for r in results] == [(3 * i, 3) for i in range(len(frames))]
    return frames, [r.image for r in results], worker.findings


def painted(image):
    """Pixels that are not the scene's."""
    return (image != SCENE).any(axis=2)


def test_a_walker_is_anonymised_in_every_frame_and_the_rest_is_the_background(anonymizer):
    masks = upscale(walking(40), 2)
    _, results, findings = anonymise(anonymizer, masks)
    assert (findings.frames, len(findings.people), findings.anonymized) == (40, 1, 40)
    assert findings.painted_out == {}
    for image, mask in zip(results, masks, strict=True):
        body, original = painted(image), mask > 0
        overlap = np.count_nonzero(body & original) / np.count_nonzero(body | original)
        # Someone is there, and not with the outline that they had.
        assert 0.5 < overlap < 0.97


def test_a_track_has_one_noise_in_all_chunks_and_each_track_its_own(anonymizer, monkeypatch):
    keys = collections.defaultdict(set)
    call = ContourAnonymizer.bodies

    def spy(self, people, seen):
        for one, person in zip(seen, people, strict=True):
            keys[one.mask.shape[0] > 150].add(tuple(person.drawn))
        return call(self, people, seen)

    monkeypatch.setattr(ContourAnonymizer, "bodies", spy)
    monkeypatch.setattr(clips, "_CHUNK", 8)
    masks = upscale(walking(20, start=12, step=1, tall=56), 2)
    small = walking(20, start=110, step=-1, tall=56)
    for mask, other in zip(masks, small, strict=True):
        mask[60:156, 140:] |= other[:, :140]
    _, _, findings = anonymise(anonymizer, masks)
    assert len(findings.people) == 2
    assert [len(found) for found in keys.values()] == [1, 1]
    assert keys[True] != keys[False]


def test_chunks_leave_no_seam(anonymizer, monkeypatch):
    masks = upscale(walking(20), 2)
    whole = anonymise(anonymizer, masks)[1]
    monkeypatch.setattr(clips, "_CHUNK", 5)
    parts = anonymise(anonymizer, masks)[1]
    for a, b in zip(whole, parts, strict=True):
        assert np.count_nonzero(painted(a) != painted(b)) <= 2
    other = anonymise(anonymizer, masks, seed=1)[1]
    changed = [
        np.count_nonzero(painted(a) != painted(b)) for a, b in zip(whole, other, strict=True)
    ]
    assert min(changed) > 50


def test_it_fails_closed(anonymizer):
    masks = [mask.copy() for mask in upscale(walking(24, start=24), 2)]
    frames = walk_in(SCENE, masks)
    masks[8][:] = 0  # lost by the segmentation
    masks[12][:90] = 0  # hidden above the hips
    _, results, findings = anonymise(anonymizer, masks, frames=frames)
    assert findings.painted_out[following.LOST] == {8}
    assert findings.painted_out[people.HIDDEN] == {12}
    assert findings.anonymized == 22
    for i in (8, 12):
        np.testing.assert_array_equal(results[i], SCENE)


def test_somebody_cut_by_the_border_or_seen_only_once_is_painted_out(anonymizer):
    masks = upscale(walking(12, start=0, step=1), 2)
    _, results, findings = anonymise(anonymizer, masks)
    cut = findings.painted_out[silhouette.CUT_OFF]
    assert 0 in cut
    for i in cut:
        np.testing.assert_array_equal(results[i], SCENE)
    lone = [np.zeros_like(masks[0]) for _ in range(6)]
    lone[3] = upscale(walking(1, start=60), 2)[0]
    _, results, findings = anonymise(anonymizer, lone)
    assert findings.painted_out == {following.NOT_FOLLOWED: {3}}
    assert not findings.people
    np.testing.assert_array_equal(results[3], SCENE)


@pytest.mark.parametrize("what", ["problem", "scrap"])
def test_what_the_generator_makes_a_mess_of_is_painted_out(anonymizer, monkeypatch, what):
    def bodies(self, people, seen):
        masks = [one.mask for one in seen]
        scraps = [np.zeros_like(mask) for mask in masks]
        for scrap in scraps:
            scrap[5:15, 5:15] = 1
        reason = "no outline" if what == "problem" else None
        return [AnonymizedBody(scrap, reason) for scrap in scraps]

    monkeypatch.setattr(ContourAnonymizer, "bodies", bodies)
    _, results, findings = anonymise(anonymizer, upscale(walking(6), 2))
    reason = "no outline" if what == "problem" else clips.NO_PERSON_MADE
    assert findings.painted_out == {reason: set(range(6))}
    for image in results:
        np.testing.assert_array_equal(image, SCENE)


def test_a_frame_of_another_scene_shows_the_background_and_is_listed(anonymizer):
    masks = upscale(walking(10), 2)
    frames = walk_in(SCENE, masks)
    frames[4] = np.random.default_rng(0).integers(0, 256, SCENE.shape).astype(np.uint8)
    segmenter = DifferenceSegmenter(estimate(np.array(frames), SCENE))
    _, results, findings = anonymise(anonymizer, masks, segmenter=segmenter, frames=frames)
    assert 4 in findings.painted_out[following.OTHER_SCENE]
    np.testing.assert_array_equal(results[4], SCENE)


def test_of_people_who_are_gone_nothing_is_kept(anonymizer, monkeypatch):
    monkeypatch.setattr(clips, "_CHUNK", 6)
    masks = upscale(walking(8, start=30), 2)
    nobody = [np.zeros_like(masks[0])] * 16
    shown = (masks + nobody) * 3
    frames = [Frame(image, i, 1) for i, image in enumerate(walk_in(SCENE, shown))]
    scene = estimate(SCENE[None])
    painter = Painter(NEAREST)
    worker = VideoAnonymizer(anonymizer, scene, painter, jax.random.key(0), 25.0)
    found = worker.look(people.find(mask // 255) for mask in shown)
    with found:
        held = [
            len(worker._drawn) + len(painter._last) + len(painter._known)
            for _ in worker(frames, found)
        ]
    assert len(worker.findings.people) == 3
    assert max(held) == 3 and held[-1] == 0


def test_what_results_tell_is_listed_for_each_person(anonymizer, monkeypatch):
    masks = [np.zeros((192, 280), np.uint8)] * 2 + upscale(walking(10), 2)
    (one,) = anonymise(anonymizer, masks)[2].people.values()
    assert (one.first, one.last, one.shown, one.told) == (2, 11, set(range(2, 12)), None)
    monkeypatch.setattr(ContourAnonymizer, "told", lambda self, person: "nothing")
    (one,) = anonymise(anonymizer, masks)[2].people.values()
    assert one.told == "nothing" and not one.hidden


def test_flicker_is_measured_beside_the_originals(anonymizer):
    painter = Painter(NEAREST)
    anonymise(anonymizer, upscale(walking(12), 2), painter=painter)
    assert set(painter.flicker) == {
        f"{what}_{whose}" for what in ("colour", "outline") for whose in ("original", "anonymized")
    }
    assert {mean.count for mean in painter.flicker.values()} == {11}
    assert 0 < painter.flicker["outline_anonymized"].value < 0.5


def test_heads_are_blurred_in_every_frame_unless_they_are_to_be_kept(anonymizer):
    masks = upscale(walking(12), 2)
    pattern = np.random.default_rng(0).integers(0, 256, SCENE.shape).astype(np.uint8)
    frames = [np.where(mask[..., None] > 0, pattern, SCENE) for mask in masks]
    kept, blurred = (
        anonymise(anonymizer, masks, frames=frames, painter=Painter(NEAREST, blur))[1]
        for blur in (False, True)
    )
    for one, other, mask in zip(kept, blurred, masks, strict=True):
        rows = np.nonzero(mask.any(axis=1))[0]
        tall = rows[-1] - rows[0]
        changed = np.nonzero((one != other).any(axis=(1, 2)))[0]
        # At least from the crown to the chin, and nothing below the shoulders.
        assert changed[0] < rows[0] + 0.08 * tall
        assert 0.12 * tall < changed[-1] - rows[0] < 0.25 * tall
        head = slice(rows[0] + round(0.04 * tall), rows[0] + round(0.1 * tall))
        body = (other != SCENE).any(axis=2)[head]
        assert one[head][body].std() > 60 and other[head][body].std() < 30


class _Shots(Placed):
    """Keeps what is looked at."""

    def __init__(self):
        super().__init__(nearest.colourise)
        self.seen = []

    def remember(self, known, shots):
        self.seen += shots
        return known


def test_colours_are_not_learnt_where_others_touch(anonymizer):
    # Of their usual area in all frames, so that they are shown beside somebody, too.
    masks, touches = upscale(walking(1, start=60), 2) * 18, (12, 13)
    limbs = Limbs(np.full((15, 3), 50, np.float32))

    def found():
        for i, mask in enumerate(masks):
            (one,) = people.find(mask // 255)
            one.limbs, one.touching, one.clothes = limbs, i in touches, np.eye(2, 4)
            yield [one]

    pattern = np.random.default_rng(0).integers(0, 256, SCENE.shape).astype(np.uint8)
    shown = np.where(masks[0][..., None] > 0, pattern, SCENE)
    frames = [Frame(shown, i, 1) for i in range(18)]
    colourise = _Shots()
    scene, painter = estimate(SCENE[None]), Painter(colourise, blur_faces=False)
    worker = VideoAnonymizer(anonymizer, scene, painter, jax.random.key(0), 25.0)
    with worker.look(found()) as following:
        assert len(list(worker(frames, following))) == 18
    assert [shot.limbs is None for shot in colourise.seen] == [i in touches for i in range(18)]
    # They are where the window is, which shows what the frame does there.
    shot = colourise.seen[0]
    x, y = (50 - shot.limbs.points[0, :2]).astype(int)
    rows, columns = np.nonzero(shot.original)
    np.testing.assert_array_equal(shot.picture[rows, columns, ::-1], shown[rows + y, columns + x])
