"""How figures are worded wherever the command prints them."""


def bits(bpc: float | None) -> str:
    """Return bits per character in words; None was not measured."""
    return "not measured" if bpc is None else f"{bpc:.2f} bits per character"
