"""What was told to be forgotten."""

from charwise_daemon.shell.consent import Consent


def test_what_goes_through_a_forgotten_command_tells_it() -> None:
    """Neither a command that was forgotten is suggested, nor what begins with it; what was typed is the user's own."""
    consent = Consent()
    assert not consent.tells_forgotten("git st", "atus")
    consent.forget("git status")
    assert consent.tells_forgotten("git st", "atus")
    assert consent.tells_forgotten("git st", "atus -s")
    assert consent.tells_forgotten("git stat", "ush origin")
    assert not consent.tells_forgotten("git st", "ash")
    assert not consent.tells_forgotten("git status", " -s"[1:])
    consent.remember("git status")
    assert not consent.tells_forgotten("git st", "atus")
