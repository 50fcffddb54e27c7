"""Clips to rate, and made-up raters of them."""

import json

from clips import draw_scene, walk_in, walking, write_video

METHODS = ("original", "one", "two")


def write_clips(root, people=3, views=(0, 90), methods=METHODS, frames=6):
    """A folder of clips for each method; the folders."""
    for i, method in enumerate(methods):
        (root / method).mkdir(parents=True)
        for person in range(1, people + 1):
            drawn = walk_in(draw_scene(), walking(frames, start=20 + person), (40, 90 * i, 150))
            for view in views:
                write_video(root / method / f"{person:03d}-nm-01-{view:03d}.mp4", drawn)
    return [root / method for method in methods]


def answers(key, rater, rate, choose, sheet=0):
    """What the page would save for a rater.

    Args:
      key: the page's.
      rater: a code.
      rate: from a clip's label to its rating.
      choose: from the names of four clips to one of them.
      sheet: which selection.
    """
    return {
        "page": key.page,
        "rater": rater,
        "sheet": sheet,
        "ratings": [[name, rate(key.clips[name])] for name in key.sheets[sheet]],
        "chosen": [{"shown": group, "chosen": choose(group)} for group in key.fours],
    }


def write_answers(folder, key, rater, rate, choose, sheet=0):
    """Writes that as a file."""
    path = folder / f"{rater}.json"
    path.write_text(json.dumps(answers(key, rater, rate, choose, sheet)))
    return path


def odd(key, group):
    """The one of four that is no original."""
    (found,) = (name for name in group if key.clips[name].method != "original")
    return found
