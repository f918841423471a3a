import pytest

from keras_pixda.methods import METHODS, Method, registry

MODULE = """
from keras_pixda.methods import Method

class Installed(Method):
    name = "installed"
    title = "Installed"

method = Installed()
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install a package that declares one entry point of the methods."""

    def install(module, entry):
        facts = tmp_path / f"{module}-1.0.dist-info"
        facts.mkdir()
        (facts / "METADATA").write_text(f"Name: {module}\nVersion: 1.0\n")
        (facts / "entry_points.txt").write_text(f"[keras_pixda.methods]\n{entry}\n")
        (tmp_path / f"{module}.py").write_text(MODULE)
        monkeypatch.syspath_prepend(str(tmp_path))

    return install


def test_the_methods_are_in_the_order_of_the_published_table_then_those_beyond():
    assert [*METHODS] == [
        *("source_only", "naae", "joint_training", "fda", "fine_tuning", "fsda"),
        *("pixda", "self_training", "pixda+"),
    ]
    assert all(method.name == name for name, method in METHODS.items())


def test_installed_packages_declare_methods(install):
    install("some_methods", "installed = some_methods:method")
    [(name, method)] = registry._installed()
    assert name == "installed"
    assert isinstance(method, Method)


@pytest.mark.parametrize(
    ("module", "entry", "message"),
    [
        ("gone", "installed = gone:other", "gone:other, a method, fails"),
        ("named", "other = named:method", "the name of its entry point, 'other'"),
        ("classes", "installed = classes:Installed", "expected an instance"),
    ],
)
def test_a_wrong_entry_is_named(install, module, entry, message):
    install(module, entry)
    with pytest.raises(ImportError, match=message):
        [*registry._installed()]
