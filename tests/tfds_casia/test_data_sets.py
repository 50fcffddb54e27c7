import json
import pathlib
import sys

import processes
import pytest

import tfds_casia
from tfds_casia.data_set import RGB, SILHOUETTES, GaitDataSet

_WITHOUT_TFDS = [
    "tfds_casia",
    *(f"tfds_casia.{name}" for name in ("archives", "files", "fingerprint", "folders", "naming")),
    *(f"tfds_casia.{name}" for name in ("parts", "png", "report", "spool", "videos")),
    *(f"tfds_casia.walkers.{name}" for name in ("body", "camera", "colour", "encoding", "gait")),
    *(f"tfds_casia.walkers.{name}" for name in ("generation", "motion", "preview", "raster")),
    *(f"tfds_casia.walkers.{name}" for name in ("recording", "scene", "segmentation", "twin")),
    *(f"tfds_casia.walkers.{name}" for name in ("footing", "outfit", "pace", "people", "rhythm")),
    *(f"tfds_casia.walkers.{name}" for name in ("portrait", "standin", "wardrobe")),
]
_LOADED = """
import importlib, json, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps(sorted({name.split(".")[0] for name in sys.modules})))
"""


def test_what_renders_or_looks_at_files_loads_neither_tfds_nor_grain():
    done = processes.run([sys.executable, "-c", _LOADED, *_WITHOUT_TFDS])
    assert done.returncode == 0, done.stderr
    packages = set(json.loads(done.stdout))
    assert {"tfds_casia", "numpy", "cv2"} <= packages
    assert packages & {"tensorflow_datasets", "grain", "array_record", "jax", "matplotlib"} == set()


def test_the_list_above_names_every_module_of_walkers_but_the_builders():
    folder = pathlib.Path(tfds_casia.__file__).parent / "walkers"
    modules = {f"tfds_casia.walkers.{path.stem}" for path in folder.glob("*.py")}
    assert modules - set(_WITHOUT_TFDS) == {
        "tfds_casia.walkers.__init__",
        "tfds_casia.walkers.features",
        "tfds_casia.walkers.walkers_dataset_builder",
    }


def test_data_sets_stand_under_their_names():
    assert {"walkers", "casia_a", "casia_b"} <= tfds_casia.DATA_SETS.keys()
    assert all(issubclass(found, GaitDataSet) for found in tfds_casia.DATA_SETS.values())
    assert tfds_casia.DATA_SETS["casia_b"] is tfds_casia.CasiaB
    assert tfds_casia.DATA_SETS is tfds_casia.DATA_SETS
    with pytest.raises(AttributeError, match="no attribute 'CasiaZ'"):
        _ = tfds_casia.CasiaZ


def test_what_they_say_of_themselves():
    said = {name: (found.SYNTHETIC, found.FORMS) for name, found in tfds_casia.DATA_SETS.items()}
    assert said["walkers"] == (True, (SILHOUETTES, RGB))
    assert said["casia_a"] == (False, (SILHOUETTES,))
    assert said["casia_b"] == (False, (SILHOUETTES, RGB))


@pytest.mark.parametrize("number", [1, 2])
def test_casia_as_directions_are_those_of_the_walk_whatever_its_number(number):
    direction = tfds_casia.DATA_SETS["casia_a"].direction
    # To the left and to the right; at 90 degrees towards the camera and away from it.
    for view in (0, 45):
        assert direction(view, number, (-50.0, 0.3)) == view
        assert direction(view, number, (50.0, 0.3)) == view + 180
    assert direction(90, number, (50.0, 0.3)) == 90
    assert direction(90, number, (50.0, -0.3)) == 270


def test_who_is_hardly_seen_walks_as_most_do_and_others_as_the_view_says():
    expected = {"walkers": [45] * 4, "casia_a": [45, 225, 45, 225], "casia_b": [45] * 4}
    for name, ways in expected.items():
        found = tfds_casia.DATA_SETS[name]
        assert [found.direction(45, sequence, (0.0, 0.0)) for sequence in (1, 2, 3, 4)] == ways
    assert tfds_casia.DATA_SETS["casia_b"].direction(54, 2, (50.0, -0.3)) == 54


@pytest.mark.parametrize(
    ("name", "subjects", "form", "below"),
    [
        ("casia_a", 3, SILHOUETTES, "casia_a"),
        ("casia_b", 3, RGB, "casia_b/rgb"),
        ("walkers", None, SILHOUETTES, "walkers/silhouettes"),
        ("walkers", 40, SILHOUETTES, "walkers/silhouettes"),
        ("walkers", 3, SILHOUETTES, "walkers/silhouettes_3"),
        ("walkers", None, RGB, "walkers/rgb"),
        ("walkers", 10, RGB, "walkers/rgb"),
        ("walkers", 40, RGB, "walkers/rgb_40"),
    ],
)
def test_they_open_by_form_and_size(tmp_path, name, subjects, form, below):
    builder = tfds_casia.DATA_SETS[name].open(str(tmp_path), subjects, form)
    version = "1.1.0" if name == "casia_a" else "1.0.0"
    assert builder.data_path.relative_to(tmp_path).as_posix() == f"{below}/{version}"
    if name == "walkers":
        plan = builder.builder_config.plan
        usual = {SILHOUETTES: 40, RGB: 10}[form]
        assert (plan.kind, plan.subjects) == (form, subjects or usual)
