"""settings.toml: defaults, and one clear error for what is wrong."""

from pathlib import Path

import pytest

from charwise_daemon.errors import SettingsError
from charwise_daemon.settings import Settings, load


def test_load_missing(tmp_path: Path) -> None:
    """Without a file everything has its default."""
    assert load(tmp_path / "settings.toml") == Settings()


def test_load_some(tmp_path: Path) -> None:
    """What is set is taken, whole numbers for fractions too; the rest keeps its default."""
    file = tmp_path / "settings.toml"
    file.write_text("[training]\nminutes = 2\nenabled = false\n[completion]\nmax_lines = 3\n")
    settings = load(file)
    assert (settings.training.minutes, settings.training.enabled, settings.completion.max_lines) == (2.0, False, 3)
    assert settings.corpus == Settings().corpus


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[training]\nminuets = 2\n", "unknown parameter 'minuets'; known are enabled"),
        ("[trainings]\n", "unknown parameter 'trainings'"),
        ("[training]\nenabled = 1\n", "enabled is 1, but must be bool"),
        ("[training]\nminutes = 0\n", "minutes is 0.0, but must be a number above 0"),
        ("[training]\nresume_seconds = nan\n", "resume_seconds is nan"),
        ("[training]\nthreads = -1\n", "threads is -1, but must be 0 or more"),
        ("[training]\ncpu_share = 1.5\n", "cpu_share is 1.5, but must be a number above 0, at most 1"),
        ("[training]\nniceness = 20\n", "niceness is 20, but must be a whole number from 0 to 19"),
        ("[completion]\ndistraction_price = 2\n", "distraction_price is no longer known; set completion.eagerness"),
        ("[completion]\neagerness = 1.5\n", "eagerness is 1.5, but must be a number from 0 to 1"),
        ("[completion]\ntime_limit_ms = nan\n", "time_limit_ms is nan, but must be 0 or more"),
        ("[corpus]\nfile_bytes = -5\n", "file_bytes is -5, but must be 1 or more"),
        ("[completion]\nmax_lines = 0\n", "max_lines is 0, but must be 1 or more"),
        (
            "[completion]\nmultiline = 'sometimes'\n",
            "multiline is 'sometimes', but must be one of 'auto', 'never', 'al",
        ),
        ("training = 3\n", "takes one map"),
        ("[training\n", "mend or remove it"),
    ],
)
def test_load_refuses(tmp_path: Path, text: str, said: str) -> None:
    """A wrong key or value is named, with the file."""
    file = tmp_path / "settings.toml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=said):
        load(file)
