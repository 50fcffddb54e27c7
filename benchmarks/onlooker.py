"""How well an onlooker tells walking from what is none, by kind, on walks it has not seen.

    python benchmarks/onlooker.py WORKDIR [--draws 4]

WORKDIR is a run of `configs/resnext3d.py`. Each walk that was held out is shown as it is, put on
the empty scene, and as each kind of no walk, so many times with other noise. Printed: mean
P(walking), and the share of pairs of a walk and a no walk whose walk is the surer one (AUC).
"""

import argparse

import jax
import numpy as np
from sklearn.metrics import roc_auc_score

from gait_jax import runs
from gait_jax.data import onlooker_clips
from gait_jax.gait.following import NO_WALKS, WALKING

# So many clips go through the network at once.
_AT_ONCE = 32


def main() -> None:
    """Measures a run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workdir", help="of a run of configs/resnext3d.py")
    parser.add_argument("--draws", type=int, default=4, help="of each walk and kind (4)")
    args = parser.parse_args()
    run = runs.open_run(args.workdir)
    clips = run.method.open_data(None, {}, True).held_out
    look = jax.jit(lambda shown: jax.nn.sigmoid(run.method.logits(run.state.ema["network"], shown)))

    def sure(kind: str, put: float = onlooker_clips.PUT_WALKS) -> np.ndarray:
        """P(walking) of all walks, shown as a kind; `put`: how many of them on the empty scene."""
        rng, shown = np.random.default_rng(0), []
        for index in np.tile(np.arange(len(clips)), args.draws):
            clip = clips.clip(int(index), kind, rng, put)
            shown.append(onlooker_clips.changed(clip, rng))
        parts = np.array_split(np.stack(shown), -(-len(shown) // _AT_ONCE))
        return np.concatenate([np.asarray(look(part)) for part in parts])

    walks = sure(WALKING)
    print(f"{len(clips)} walks, {args.draws} draws of each")
    print("| clips | P(walking) | AUC against walks |\n|---|---|---|")
    print(f"| walks | {walks.mean():.3f} | |")
    for name, put in (("as they were filmed", 0.0), ("put on the empty scene", 1.0)):
        print(f"| … {name} | {sure(WALKING, put).mean():.3f} | |")
    for kind in NO_WALKS:
        none = sure(kind)
        truth = np.repeat([1, 0], [len(walks), len(none)])
        area = roc_auc_score(truth, np.concatenate([walks, none]))
        print(f"| {kind} | {none.mean():.3f} | {area:.3f} |")


if __name__ == "__main__":
    main()
