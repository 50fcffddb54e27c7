import ast
import pathlib
import sys

import pytest

_ROOT = pathlib.Path(__file__).parents[1]

# A unit is a file or folder right below gait_jax. Arrows point to a later line only.
_LAYERS = [
    {
        "train",
        "anonymize",
        "evaluate",
        "mos",
        "export",
        "reproduce",
        "sweep",
        "collect",
        "prepare",
        "fetch",
    },
    {"sweeps", "exporting", "reproducing"},
    {"evaluation", "anonymization"},
    {"trainer"},
    {"runs"},
    {"methods"},
    {"models", "losses", "video"},
    {"gait", "data", "runtime", "pretrained"},
]
# Within a line: losses may look at networks, and data knows what a gait is.
_SIDEWAYS = {("losses", "models"), ("data", "gait"), ("data", "runtime")}
_LONGEST = 300


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
    assert {("train", "trainer"), ("trainer", "runs"), ("methods", "losses")} <= arrows
    assert [arrow for arrow in sorted(arrows) if not _allowed(*arrow)] == []


@pytest.mark.parametrize(
    "arrow",
    [("models", "methods"), ("gait", "data"), ("runtime", "gait"), ("runs", "trainer")],
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
        empty = path.name == "__init__.py"
        assert _packages(path) - {"configs"} == (set() if empty else {"ml_collections"}), path


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


@pytest.mark.parametrize("package", ["grain", "tensorflow_datasets", "tfds_casia"])
def test_only_data_names_the_data_libraries(package):
    # How files are read, settings named and cores counted is one thing for data sets and what is
    # built on them.
    shared = {
        "tfds_casia.files.open_regular",
        "tfds_casia.fingerprint.fingerprint",
        "tfds_casia.parts.cores",
    }
    naming = {}
    for path in _files("gait_jax"):
        found = {name for name in _imports(path) - shared if name.split(".")[0] == package}
        naming.setdefault(_unit(path), set()).update(found)
    # Stand-ins are walkers: drawn, not read.
    drawn = {name for name in naming["methods"] if name.startswith("tfds_casia.walkers")}
    naming["methods"] -= drawn
    assert {unit for unit, found in naming.items() if found} == {"data"}


def _at_import(path: pathlib.Path, modules: dict[str, pathlib.Path]) -> set[str]:
    """The modules that a file reads while it is read: not in functions, nor for types alone."""
    names = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            wanted = {f"{node.module}.{alias.name}" for alias in node.names}
            names |= {name if name in modules else node.module for name in wanted}
    return names & modules.keys()


def _circle(graph: dict[str, set[str]]) -> list[str]:
    """Some names that lead back to the first of them; none where there is no circle."""
    done: set[str] = set()

    def walk(name: str, path: list[str]) -> list[str]:
        if name in path:
            return path[path.index(name) :]
        if name in done:
            return []
        for following in sorted(graph[name]):
            if found := walk(following, [*path, name]):
                return found
        done.add(name)
        return []

    return next((found for name in graph if (found := walk(name, []))), [])


def test_files_do_not_import_each_other_in_a_circle():
    assert _circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c"]
    modules = {
        ".".join(path.relative_to(_ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for package in ("gait_jax", "tfds_casia", "configs")
        for path in _files(package)
    }
    graph = {name: _at_import(path, modules) for name, path in modules.items()}
    assert "gait_jax.runs" in graph["gait_jax.trainer"]
    assert _circle(graph) == []


def test_a_file_is_read_in_one_sitting():
    lengths = {path: len(path.read_text().splitlines()) for path in _files("gait_jax")}
    assert {path: n for path, n in lengths.items() if n > _LONGEST} == {}


def _texts(path: pathlib.Path) -> set[str]:
    """All text constants of a file."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def test_nobody_asks_whether_a_method_happens_to_have_something():
    for path in _files("gait_jax"):
        assert not _words(path) & {"hasattr"}, path


def test_callers_name_no_method_and_no_data_set():
    from gait_jax.methods.registry import METHODS

    for unit in ("trainer", "runs", "evaluation", "anonymization", "data", "runtime"):
        for path in _units()[unit]:
            # What a paper says of two recognisers is about these two, and a preset has groups of
            # the names of what its paper trains.
            if path.name not in ("claims_2019.py", "claims_2020.py", "papers.py", "groups.py"):
                assert not _texts(path) & METHODS.keys(), path
    for path in _files("gait_jax"):
        assert not _texts(path) & {"casia_a", "casia_b", "walkers"}, path


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
    assert writing == {"gait_jax/evaluation/opengait.py"}


def _packages_and_standard(path: pathlib.Path) -> set[str]:
    return {name.split(".")[0] for name in _imports(path)}
