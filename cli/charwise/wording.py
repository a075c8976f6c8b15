"""How figures are worded wherever the command prints them."""


def bits(bpc: float | None) -> str:
    """Return bits per character in words; None was not measured."""
    return "not measured" if bpc is None else f"{bpc:.2f} bits per character"


def share_held(held: int, total: int) -> str:
    """Return what the memory holds of a corpus for which it has no room, in characters."""
    return f"memory holds the newest and nearest {held / 1e6:.3g} of {total / 1e6:.3g} MB"


def share_of(part: int, whole: int, what: str) -> str:
    """Return "3 of 4 things (75%)"."""
    return f"{part} of {whole} {what} ({part / whole:.0%})" if whole else f"0 of 0 {what}"
