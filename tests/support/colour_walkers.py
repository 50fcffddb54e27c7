"""A few walkers in colour, for tests: three people, one walk each, seen from one side."""

import tfds_casia
from tfds_casia.walkers.generation import Plan
from tfds_casia.walkers.walkers_dataset_builder import WalkersConfig

PLAN = Plan(subjects=3, views=(90,), sequences=(("nm", 1),), kind="rgb")


def patch(monkeypatch):
    """Lets `data.name` "walkers" open them."""
    config = WalkersConfig(name="few", plan=PLAN)
    monkeypatch.setattr(
        tfds_casia.Walkers,
        "open",
        classmethod(
            lambda cls, data_dir, subjects, form: cls(data_dir=data_dir, config=config, processes=1)
        ),
    )
