import pytest

import tfds_casia
from tfds_casia.naming import SequenceName


@pytest.mark.parametrize(
    ("file_name", "expected", "frame"),
    [
        ("001-bg-01-000-001.png", SequenceName("001-bg-01-000", "001", "bg", 1, 0), 1),
        ("124-NM-06-180-1024.PNG", SequenceName("124-nm-06-180", "124", "nm", 6, 180), 1024),
    ],
)
def test_casia_b(file_name, expected, frame):
    assert tfds_casia.CasiaB.NAMING.parse(file_name) == (expected, frame)


def test_casia_a():
    expected = SequenceName("zdx-45_3", "zdx", "nm", 3, 45)
    assert tfds_casia.CasiaA.NAMING.parse("zdx-45_3-017.png") == (expected, 17)


@pytest.mark.parametrize(
    "file_name",
    ["Thumbs.db", "._001-bg-01-000-001.png", "001-bkgrd-090.avi", "001-bg-01-000-001.png.bak", ""],
)
def test_other_files(file_name):
    assert tfds_casia.CasiaB.NAMING.parse(file_name) is None
    assert tfds_casia.CasiaA.NAMING.parse(file_name) is None


def test_the_data_sets_do_not_take_each_others_frames():
    assert tfds_casia.CasiaA.NAMING.parse("001-bg-01-000-001.png") is None
    assert tfds_casia.CasiaB.NAMING.parse("zdx-00_1-001.png") is None
