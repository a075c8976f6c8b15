"""What holds a secret is told from what holds none."""

import pytest

from charwise_daemon.shell.secrets import is_secret, without_secrets
from tests.daemon.shell.planted import HARMLESS, SECRETS


@pytest.mark.parametrize("command", [command for command, _ in SECRETS])
def test_is_secret(command: str) -> None:
    """Each kind of secret is seen."""
    assert is_secret(command)


@pytest.mark.parametrize("command", HARMLESS)
def test_is_secret_harmless(command: str) -> None:
    """What people run every day is no secret."""
    assert not is_secret(command)


def test_without_secrets() -> None:
    """Of many commands those without secrets are told by their places, multi-line ones too."""
    many = ["ls", SECRETS[0][0], "for x in 1; do\n  echo $x\ndone", f"echo a\n{SECRETS[1][0]}", "git push"]
    assert without_secrets(many) == [0, 2, 4]


def test_is_secret_takes_no_time() -> None:
    """What is made to take long does not: no pattern goes over a line again and again."""
    for command in (
        "mysql " * 600,
        "-" * 4096,
        "password" * 500,
        "a_" * 2000,
        "curl -u " * 500,
        "a1" * 2000,
        "/p" * 2000,
    ):
        is_secret(command[:4096])
