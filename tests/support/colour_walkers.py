"""A few walkers, for tests: three people, in colour one walk each, seen from one side."""

import dataclasses

import tfds_casia
from tfds_casia.data_set import RGB, SILHOUETTES
from tfds_casia.walkers.generation import Plan
from tfds_casia.walkers.walkers_dataset_builder import WalkersConfig

PLAN = Plan(subjects=3, views=(90,), sequences=(("nm", 1),), kind="rgb")
# Of four walks each two can be enrolled and two probed.
ENROLLED = dataclasses.replace(PLAN, views=(36, 90), sequences=(("nm", 4),), kind=SILHOUETTES)


def patch(monkeypatch, silhouettes=PLAN):
    """Lets `data.name` "walkers" open them.

    Args:
      monkeypatch: pytest's.
      silhouettes: what is opened without colour; what is opened in colour is of `PLAN`.
    """
    plans = {SILHOUETTES: silhouettes, RGB: PLAN}
    names = {SILHOUETTES: "few" if silhouettes is PLAN else "few_silhouettes", RGB: "few"}

    def few(data_dir, subjects, form):
        del subjects
        config = WalkersConfig(name=names[form], plan=plans[form])
        return tfds_casia.Walkers(data_dir=data_dir, config=config, processes=1)

    monkeypatch.setattr(tfds_casia.Walkers, "open", few)
