"""Models in use: shared by workspaces, and named by rules for some files."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from charwise_daemon import paths
from charwise_daemon.errors import ModelError, SettingsError
from charwise_daemon.models import Models
from charwise_daemon.served import GATES
from charwise_daemon.store import Store
from charwise_trainer.config import ModelConfig
from tests.daemon.conftest import train_tiny

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a model that was really trained."""
    folder = tmp_path_factory.mktemp("trained")
    train_tiny(folder, ModelConfig(layers=1, width=32, embedding=16), 1)
    return folder / "model"


@pytest.fixture
def stored(trained: Path) -> Callable[[str], Store]:
    """Store the trained model under a name."""

    def store(name: str) -> Store:
        kept = Store(paths.models_dir())
        shutil.copytree(trained, kept.directory(name))
        return kept

    return store


async def test_named_by_a_rule(stored: Callable[[str], Store]) -> None:
    """Files that a rule means have its model once it is read; the last rule that matches holds."""
    stored("linux")
    models = Models(stored("stacks"), {"*.c": "linux", "docs/**/*.c": "stacks", "*.py": "never-trained"})
    assert models.for_file("kernel/fork.c") is None  # it is being read
    models.for_file("docs/a/b.c")
    models.for_file("a.py")
    await models.close()
    served = models.for_file("kernel/fork.c")
    assert served
    assert served is models.for_file("init.c")
    assert (served.name, served.model and served.model.name) == ("linux", "linux")
    other = models.for_file("docs/a/b.c")
    assert other
    assert other.name == "stacks"
    assert models.for_file("a.py") is None
    assert models.for_file("a.tex") is None


async def test_named_before_it_is_there(stored: Callable[[str], Store]) -> None:
    """A rule's model that is stored while somebody works has its files from then on, and until it is deleted."""
    models = Models(Store(paths.models_dir()), {"*.c": "linux"})
    assert models.for_file("init.c") is None
    await models.close()
    store = stored("linux")
    await models.reload("linux")
    served = models.for_file("init.c")
    assert served
    assert served.model
    store.remove("linux")
    await models.reload("linux")
    assert models.for_file("init.c") is None
    await models.reload("another")


async def test_shared(stored: Callable[[str], Store]) -> None:
    """Two users of a model share what it learns; what it has learned is written when one leaves."""
    models = Models(stored("linux"))
    one, two = models.use("linux"), models.use("linux")
    assert one is two
    await one.reload()
    one.has_learned()
    await models.release("linux")
    assert (models.store.directory("linux") / GATES).exists()
    assert models.use("linux") is two
    await models.release("linux")
    await models.release("linux")
    assert models.use("linux") is not two
    await models.release("linux")


@pytest.mark.parametrize(
    ("rules", "error", "said"),
    [
        ({"*.c": "../evil"}, ModelError, "cannot name a model"),
        ({"": "linux"}, SettingsError, "means no files"),
        ({"!*.c": "linux"}, SettingsError, "means no files"),
    ],
)
def test_bad_rules(rules: dict[str, str], error: type[Exception], said: str) -> None:
    """A rule that means nothing, or a name that could leave the folder of models, is refused."""
    with pytest.raises(error, match=said):
        Models(Store(paths.models_dir()), rules)
