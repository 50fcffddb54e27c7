import ast
import pathlib
import sys

import pytest

_ROOT = pathlib.Path(__file__).parents[1]

# A unit is a file or folder right below gait_jax. Arrows point to a later line only.
_LAYERS = [
    {"train", "anonymize", "evaluate", "export", "reproduce"},
    {"evaluation", "silhouette_tree", "video_file"},
    {"video_anonymizer", "video_options"},
    {"trainer", "anonymizer"},
    {"methods"},
    {"models", "losses", "recognition", "colour", "video"},
    {"gait", "data", "runtime", "pretrained"},
]
# Within a line: losses may look at networks, and data knows what a gait is.
_SIDEWAYS = {("losses", "models"), ("data", "gait"), ("data", "runtime")}


def _files(package: str) -> list[pathlib.Path]:
    files = sorted((_ROOT / package).rglob("*.py"))
    assert files, f"{package} holds no Python files"
    return files


def _imports(path: pathlib.Path) -> set[str]:
    """Everything that a file imports, as dotted names: `from a import b` gives a.b."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _words(path: pathlib.Path) -> set[str]:
    """Every identifier that a file uses: names, attributes and parts of what it imports."""
    words = {part for name in _imports(path) for part in name.split(".")}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Name):
            words.add(node.id)
        elif isinstance(node, ast.Attribute):
            words.add(node.attr)
    return words


def _packages(path: pathlib.Path) -> set[str]:
    """The top-level packages that a file imports, without the standard library."""
    return {name.split(".")[0] for name in _imports(path)} - sys.stdlib_module_names


def _unit(path: pathlib.Path) -> str:
    return path.relative_to(_ROOT / "gait_jax").with_suffix("").parts[0]


def _units() -> dict[str, list[pathlib.Path]]:
    units: dict[str, list[pathlib.Path]] = {}
    for path in _files("gait_jax"):
        units.setdefault(_unit(path), []).append(path)
    return units


def _arrows() -> set[tuple[str, str]]:
    """(importing unit, imported unit) within gait_jax."""
    arrows = set()
    for unit, paths in _units().items():
        for name in set().union(*map(_imports, paths)):
            package, *rest = name.split(".")
            if package == "gait_jax" and rest[0] != unit:
                arrows.add((unit, rest[0]))
    return arrows


def _allowed(importing: str, imported: str) -> bool:
    level = {unit: i for i, layer in enumerate(_LAYERS) for unit in layer}
    return level[importing] < level[imported] or (importing, imported) in _SIDEWAYS


def test_every_unit_has_its_place():
    assert set(_units()) - {"__init__"} <= set().union(*_LAYERS)


def test_arrows_point_down():
    arrows = _arrows()
    # What everybody knows of the project, so that an empty set cannot pass.
    assert {("train", "trainer"), ("trainer", "methods"), ("methods", "losses")} <= arrows
    assert [arrow for arrow in sorted(arrows) if not _allowed(*arrow)] == []


@pytest.mark.parametrize(
    "arrow",
    [("models", "methods"), ("gait", "data"), ("runtime", "gait"), ("trainer", "anonymizer")],
)
def test_arrows_that_would_be_refused(arrow):
    assert not _allowed(*arrow)


def test_the_package_itself_imports_nothing():
    assert _imports(_ROOT / "gait_jax" / "__init__.py") == set()


@pytest.mark.parametrize("unit", ["models", "losses"])
def test_networks_and_losses_know_only_jax_and_flax(unit):
    for path in _units()[unit]:
        assert _packages(path) <= {"jax", "flax", "numpy", "gait_jax"}, path
        inside = {name for name in _imports(path) if name.startswith("gait_jax")}
        assert {name.split(".")[1] for name in inside} <= {"models"}, path


def test_what_a_gait_is_needs_numpy_and_opencv_only():
    for path in _units()["gait"]:
        assert _packages(path) <= {"numpy", "cv2", "gait_jax"}, path
        inside = {name for name in _imports(path) if name.startswith("gait_jax")}
        assert {name.split(".")[1] for name in inside} <= {"gait"}, path


def test_configurations_import_only_ml_collections():
    for path in _files("configs"):
        assert _packages(path) == {"ml_collections"}, path


def test_the_data_sets_know_nothing_of_gait_jax():
    for path in _files("tfds_casia"):
        assert "gait_jax" not in _packages(path), path


def test_one_file_names_pmap_and_one_names_orbax():
    files = [path for package in ("gait_jax", "configs", "tfds_casia") for path in _files(package)]
    naming = {
        word: [str(path.relative_to(_ROOT)) for path in files if word in _words(path)]
        for word in ("pmap", "orbax")
    }
    assert naming == {
        "pmap": ["gait_jax/runtime/parallel.py"],
        "orbax": ["gait_jax/runtime/checkpoint.py"],
    }


@pytest.mark.parametrize("package", ["grain", "tensorflow_datasets"])
def test_only_data_names_the_data_libraries(package):
    naming = {_unit(path) for path in _files("gait_jax") if package in _packages(path)}
    assert naming == {"data"}


def test_of_the_data_sets_runtime_takes_only_what_has_nothing_to_do_with_data():
    naming = [path for path in _files("gait_jax") if "tfds_casia" in _packages(path)]
    assert {_unit(path) for path in naming} == {"data", "runtime"}
    taken = {
        name
        for path in naming
        if _unit(path) == "runtime"
        for name in _imports(path)
        if name.startswith("tfds_casia")
    }
    assert taken == {"tfds_casia.files.open_regular", "tfds_casia.fingerprint.fingerprint"}


def test_nothing_is_imported_by_a_string():
    for path in _files("gait_jax"):
        assert not _words(path) & {"import_module", "__import__", "exec", "eval"}, path


def _calls(path: pathlib.Path) -> list[tuple[str, set[str]]]:
    """Every call of a file: what is called, dotted, and keywords that are False."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            false = {
                word.arg
                for word in node.keywords
                if isinstance(word.value, ast.Constant) and word.value.value is False
            }
            found.append((ast.unparse(node.func), false))
    return found


def test_no_file_is_read_that_could_run_code():
    packages = ("gait_jax", "tfds_casia", "configs", "benchmarks", "tools")
    for path in (path for package in packages for path in _files(package)):
        assert not _imports(path) & {"dill", "cloudpickle", "joblib", "shelve", "marshal"}, path
        calls = _calls(path)
        for name, false in calls:
            assert "pickle.load" not in name and "Unpickler" not in name, path
            assert name not in ("torch.load", "yaml.load", "pd.read_pickle"), path
            assert name not in ("np.load", "numpy.load") or "allow_pickle" in false, path
    # OpenGait reads pickles: one file writes them.
    writing = {
        str(path.relative_to(_ROOT))
        for package in packages
        for path in _files(package)
        if "pickle" in _packages_and_standard(path)
    }
    assert writing == {"gait_jax/evaluation/anonymized.py"}


def _packages_and_standard(path: pathlib.Path) -> set[str]:
    return {name.split(".")[0] for name in _imports(path)}
