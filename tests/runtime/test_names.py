from gait_jax.runtime import names


def test_numbers_in_names_count_as_such():
    given = ["mask_10.png", "mask_2.png", "a", "mask_1.png", "2", "10b1", "10a2", "mask_02.png"]
    expected = ["2", "10a2", "10b1", "a", "mask_1.png", "mask_02.png", "mask_2.png", "mask_10.png"]
    assert sorted(given, key=names.in_order) == expected


def test_what_systems_leave_beside_files():
    left = ["._1.png", "__MACOSX", "Thumbs.db", ".DS_Store", "desktop.ini"]
    given = ["1.png", "_1.png", ".1.png", "MACOSX", "thumbs"]
    assert [name for name in left + given if names.is_left_over(name)] == left
