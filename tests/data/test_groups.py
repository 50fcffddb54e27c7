import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gait_jax.data import groups
from gait_jax.runtime.errors import InputError

_JISA = {"recogniser": 50, "noise": 10, "stgan": 16, "validation": 8, "test": 40}


def test_presets_are_those_of_the_papers():
    assert groups.PRESETS["jisa2019"] == _JISA
    assert sum(_JISA.values()) == 124
    assert groups.PRESETS["apsipa2020"] == {"baseline": 30, "recogniser": 50, "test": 44}


@pytest.mark.parametrize(
    "preset, subjects, sizes",
    [
        ("jisa2019", 124, [50, 10, 16, 8, 40]),
        ("jisa2019", 200, [50, 10, 16, 8, 40]),
        # n = 123: 49.60, 9.92, 15.87, 7.94, 39.68 → 49 + 9 + 15 + 7 + 39 = 119, four go up.
        ("jisa2019", 123, [49, 10, 16, 8, 40]),
        # n = 24: 9.68, 1.94, 3.10, 1.55, 7.74 → 9 + 2 + 3 + 2 + 7 = 23, test goes up.
        ("jisa2019", 24, [9, 2, 3, 2, 8]),
        # n = 16: 6.45, 1.29, 2.06, 1.03, 5.16 → 6 + 1 + 2 + 1 + 5 = 15, recogniser goes up.
        ("jisa2019", 16, [7, 1, 2, 1, 5]),
        # n = 10: 4.03, 0.81, 1.29, 0.65, 3.23 → 4 + 1 + 1 + 1 + 3 = 10.
        ("jisa2019", 10, [4, 1, 1, 1, 3]),
        # n = 5: 2.02, 0.40, 0.65, 0.32, 1.61 → 2 + 1 + 1 + 1 + 1 = 6, recogniser gives one back.
        ("jisa2019", 5, [1, 1, 1, 1, 1]),
        ("apsipa2020", 124, [30, 50, 44]),
        # n = 16: 3.87, 6.45, 5.68 → 3 + 6 + 5 = 14, baseline and test go up.
        ("apsipa2020", 16, [4, 6, 6]),
        # n = 10: 2.42, 4.03, 3.55 → 2 + 4 + 3 = 9, test goes up.
        ("apsipa2020", 10, [2, 4, 4]),
        ("apsipa2020", 3, [1, 1, 1]),
        ("few", 124, [60, 10, 30]),
        ("few", 10, [6, 1, 3]),
        # n = 6: 3.6, 0.6, 1.8 → 3 + 1 + 1 = 5, test goes up.
        ("few", 6, [3, 1, 2]),
        ("few", 16, [9, 2, 5]),
    ],
)
def test_scale_by_hand(preset, subjects, sizes):
    scaled = groups.scale(groups.PRESETS[preset], subjects)
    assert list(scaled) == list(groups.PRESETS[preset])
    assert list(scaled.values()) == sizes


@settings(deadline=None, derandomize=True)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=6), st.integers(0, 100))
def test_scaled_groups_add_up_and_none_is_empty(counts, more):
    preset = {f"g{i}": count for i, count in enumerate(counts)}
    subjects = min(len(counts) + more, sum(counts))
    sizes = groups.scale(preset, subjects)
    assert sum(sizes.values()) == subjects
    assert min(sizes.values()) >= 1
    # Two where there are four times as many subjects as groups, but never more than asked for.
    least = 2 if subjects >= 4 * len(counts) else 1
    least = {name: min(least, count) for name, count in preset.items()}
    assert all(size >= least[name] for name, size in sizes.items())
    # A group is off its share by less than one, but for what keeping every group at these costs.
    share = {name: count * subjects / sum(counts) for name, count in preset.items()}
    kept = sum(max(0, least[name] - share[name]) for name in preset)
    for name, size in sizes.items():
        within = max(least[name], share[name])
        assert within - kept - 1 < size < within + 1


def test_fewer_subjects_than_groups_are_refused():
    with pytest.raises(InputError) as error:
        groups.scale(_JISA, 4)
    assert str(error.value) == (
        "4 subjects cannot fill the 5 groups recogniser, noise, stgan, validation, test: "
        "add subjects, or choose another preset in data.groups"
    )


def test_assign_shares_out_in_the_order_of_names():
    # Twice the same name counts once; six subjects: 3, 1, 2.
    names = ["004", "002", "006", "001", "005", "003", "001"]
    assert groups.assign("few", names) == {
        "train": ["001", "002", "003"],
        "validation": ["004"],
        "test": ["005", "006"],
    }


def test_assign_of_casia_b():
    names = [f"{n:03d}" for n in range(124, 0, -1)]
    assigned = groups.assign("jisa2019", names)
    # 50, then 10, 16, 8, 40: each starts where the one before ends.
    ends = {name: (members[0], members[-1]) for name, members in assigned.items()}
    assert ends == {
        "recogniser": ("001", "050"),
        "noise": ("051", "060"),
        "stgan": ("061", "076"),
        "validation": ("077", "084"),
        "test": ("085", "124"),
    }
    assert sum(assigned.values(), []) == sorted(names)


def test_assign_leaves_out_whom_the_preset_does_not_ask_for():
    assigned = groups.assign("apsipa2020", [f"{n:03d}" for n in range(1, 131)])
    assert assigned["test"][-1] == "124"
    assert sum(map(len, assigned.values())) == 124


def test_assign_refuses_an_unknown_preset():
    with pytest.raises(InputError) as error:
        groups.assign("cvpr2031", ["001"])
    assert str(error.value) == (
        "data.groups 'cvpr2031' is not known: use one of jisa2019, apsipa2020, lt74, "
        "attackers, pretraining, few"
    )
