"""The server stays light: it starts with every editor."""

import subprocess
import sys

HEAVY = {"torch", "numpy", "safetensors", "pydivsufsort", "watchdog", "rich", "typer", "charwise", "charwise_trainer"}
THIN = {"client", "errors", "launch", "paths", "protocol"}


def test_imports() -> None:
    """Importing the server brings neither torch nor numpy, no trainer, and of the daemon only its client's side."""
    script = "import sys, charwise_lsp.server; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    modules = set(done.stdout.split())
    assert not modules & {
        "torch",
        "numpy",
        "msgpack.fallback",
        "pydivsufsort",
        "safetensors",
        "watchdog",
        "rich",
        "typer",
    }
    assert not {name for name in modules if name.split(".")[0] in {"charwise", "charwise_trainer"}}
    assert {name for name in modules if name.startswith("charwise_daemon.")} == {f"charwise_daemon.{n}" for n in THIN}
