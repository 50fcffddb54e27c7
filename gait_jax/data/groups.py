"""Groups of subjects: who trains what, by the presets of the two papers."""

from collections.abc import Mapping, Sequence

from gait_jax.runtime.errors import InputError

# Numbers of subjects of CASIA-B (124) in each group, in the order of the subjects' names. The
# papers print the numbers, not who is in which group; 2020 names 30 + 50 + 44.
PRESETS: Mapping[str, Mapping[str, int]] = {
    "jisa2019": {"recogniser": 50, "noise": 10, "stgan": 16, "validation": 8, "test": 40},
    "apsipa2020": {"baseline": 30, "recogniser": 50, "test": 44},
    # The field's own: the first 74 subjects train, the last 50 test.
    "lt74": {"train": 74, "test": 50},
    # Not of the papers: many people train recognisers, and no anonymiser.
    "attackers": {"recogniser": 60, "validation": 4, "test": 40},
    # What recognisers begin with that go on with few people.
    "pretraining": {"recogniser": 60, "validation": 4},
    # Not of the papers: for a set of a dozen subjects, where five groups would be of one or two
    # people each. G_N and ST-GAN train on the same people.
    "few": {"train": 60, "validation": 10, "test": 30},
}

# So many times as many subjects as groups are enough for two in each.
_FOR_PAIRS = 4


def scale(counts: Mapping[str, int], subjects: int) -> dict[str, int]:
    """Scales a preset's group sizes to a number of subjects.

    Every group keeps at least one, and two where there are four times as many subjects as groups:
    recognisers are watched by telling people apart. The rest is shared out in proportion, largest
    remainders first.

    Args:
      counts: sizes of the groups in the preset.
      subjects: how many subjects there are.

    Returns:
      Sizes of the groups that add up to `subjects`, or the preset itself where there are enough.

    Raises:
      InputError: fewer subjects than groups.
    """
    total = sum(counts.values())
    if subjects >= total:
        return dict(counts)
    if subjects < len(counts):
        raise InputError(
            f"{subjects} subjects cannot fill the {len(counts)} groups {', '.join(counts)}: "
            "add subjects, or choose another preset in data.groups"
        )
    least_of_all = 2 if subjects >= _FOR_PAIRS * len(counts) else 1
    exact = {name: count * subjects / total for name, count in counts.items()}
    # No group grows beyond what the preset asks for.
    floors = {name: min(least_of_all, count) for name, count in counts.items()}
    sizes = {name: max(floors[name], int(value)) for name, value in exact.items()}
    while sum(sizes.values()) > subjects:
        most = max((n for n in sizes if sizes[n] > floors[n]), key=lambda n: sizes[n] - exact[n])
        sizes[most] -= 1
    while sum(sizes.values()) < subjects:
        least = max(sizes, key=lambda n: exact[n] - sizes[n])
        sizes[least] += 1
    return sizes


def assign(preset: str, subjects: Sequence[str]) -> dict[str, list[str]]:
    """Shares subjects out among a preset's groups, in the order of their names.

    Args:
      preset: a key of `PRESETS`.
      subjects: names, in any order.

    Returns:
      Disjoint lists of subjects by group. Where there are more subjects than the preset asks for,
      the last ones are in no group.

    Raises:
      InputError: the preset is not known, or there are too few subjects.
    """
    if preset not in PRESETS:
        raise InputError(f"data.groups {preset!r} is not known: use one of {', '.join(PRESETS)}")
    names = sorted(set(subjects))
    groups, start = {}, 0
    for group, size in scale(PRESETS[preset], len(names)).items():
        groups[group] = names[start : start + size]
        start += size
    return groups
