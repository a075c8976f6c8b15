"""Texts that tests of the daemon share, and files to write them in."""

import os
from pathlib import Path

SPLINES = b"def reticulate_splines(count):\n    return count\n\nreticulate_sp"
CONNECTIONS = b"""def open_connection(host, port):
    connection = create_connection(host, port)
    return connection

def close_connection(connection):
    connection.close()
    return None

"""


def write_in_turn(folder: Path, **texts: str) -> None:
    """Write files, each newer than the one before; "__" in a name is a folder."""
    for age, (name, text) in enumerate(texts.items()):
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        os.utime(path, ns=(0, 10**9 * (1000 + age)))
