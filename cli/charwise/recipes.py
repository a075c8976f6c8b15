"""Recipes that come with charwise: TOML files in a folder of a package, or a file of the user's own. Parses none."""

from importlib.resources import files
from pathlib import Path

from charwise_daemon.errors import SettingsError

_FOLDER = "recipes"


def known(package: str) -> list[str]:
    """Return the names of the recipes of a package."""
    return sorted(each.name.removesuffix(".toml") for each in files(package).joinpath(_FOLDER).iterdir())


def text_of(package: str, name: str, kind: str) -> str:
    """Return a recipe's text by its name in a package, or by the path of a file; raises SettingsError for neither."""
    if name in known(package):
        return files(package).joinpath(_FOLDER, f"{name}.toml").read_text("utf-8")
    try:
        return Path(name).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        choices = ", ".join(known(package))
        raise SettingsError(f"there is no {kind} {name}; known are {choices}, or a file of your own") from error
