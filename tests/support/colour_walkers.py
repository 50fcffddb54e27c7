"""A few walkers in colour, for tests: three people, one walk each, seen from one side."""

import tfds_casia
from tfds_casia.walkers.generation import Plan
from tfds_casia.walkers.walkers_dataset_builder import WalkersConfig

PLAN = Plan(subjects=3, views=(90,), sequences=(("nm", 1),), kind="rgb")


def patch(monkeypatch):
    """Lets `data.name` "walkers" open them."""
    config = WalkersConfig(name="few", plan=PLAN)

    def few(data_dir, subjects, form):
        del subjects, form
        return tfds_casia.Walkers(data_dir=data_dir, config=config, processes=1)

    monkeypatch.setattr(tfds_casia.Walkers, "open", few)
