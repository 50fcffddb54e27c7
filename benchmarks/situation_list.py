"""The situations of `situations.py`, by name, as what is filmed."""

from filming import Take, Walk

_ACROSS = Walk((-1.5, 0.0))
_STANDS_FIRST = ((0.0, 0.0), (0.4, 0.0), (0.5, 1.3), (1.0, 1.3))
_STOPS = ((0.0, 1.3), (0.5, 1.3), (0.6, 0.0), (1.0, 0.0))
_LOITERS = ((0.0, 1.3), (0.12, 1.3), (0.15, 0.0), (0.85, 0.0), (0.88, 1.3), (1.0, 1.3))


def _across(**settings) -> Take:
    """One person who crosses the picture."""
    return Take((_ACROSS,), **settings)


SITUATIONS: dict[str, Take] = {
    "side": _across(),
    "oblique": Take((Walk((-1.3, -0.8), 40),)),
    "towards": Take((Walk((0.1, 2.2), 270),)),
    "away": Take((Walk((-0.1, -0.8), 90),)),
    "crossing": Take((Walk((-1.5, 0.4)), Walk((1.5, -0.3), 180))),
    "beside": Take((Walk((-0.25, 2.2), 270), Walk((0.25, 2.2), 270))),
    "group": Take((Walk((-1.9, 0.0)), Walk((-1.4, 0.5)), Walk((-0.95, -0.2)))),
    "stands_first": Take((Walk((-0.8, 0.0), pace=_STANDS_FIRST),)),
    "stops": Take((Walk((-1.2, 0.0), pace=_STOPS),)),
    "loiters": Take((Walk((-0.6, 0.0), pace=_LOITERS),), frames=80),
    "inside": Take((Walk((-0.4, 0.0), pace=((0.0, 0.35),)),)),
    "lamp": _across(light="lamp"),
    "drift": _across(light="drift"),
    "cloud": _across(light="cloud", sun=50),
    "sun": _across(sun=45),
    "low_sun": _across(sun=14),
    "like_wall": Take((Walk((-1.5, 0.0), like_wall=True),)),
    "jitter_1": _across(shake=1.0),
    "jitter_2": _across(shake=2.0),
    "slow_pan": _across(pan=0.5),
    "fast_pan": _across(pan=5.0),
    "compressed": _across(crf=40),
    "night": _across(light="night", noise=5.0),
    "slow_rate": Take((Walk((-1.5, 0.0), pace=((0.0, 0.6),)),), rate=8, frames=40),
    "small": _across(size=(320, 240), tall=30),
    "cut": Take((Walk((-1.2, 0.0), pace=((0.0, 1.0),)),), tall=300, low=-60),
    "enters": Take((Walk((-5.4, 0.0), pace=((0.0, 1.5),)),), frames=80),
    "tree": _across(props=("tree",)),
    "screen": _across(props=("screen",)),
    "pole": _across(props=("pole",)),
    "bag": Take((Walk((-1.5, 0.0), carries="bag"),)),
    "pram": Take((Walk((-1.8, 0.0), carries="pram"),)),
    "320x240": _across(size=(320, 240), tall=125),
    "1280x720": _across(size=(1280, 720), tall=400, frames=40),
}
