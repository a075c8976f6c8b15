"""Builds the C kernel beside its source where there is a compiler, and takes the shells' plugins into the package."""

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_SOURCE = Path("daemon/charwise_daemon/kernel.c")
# No contraction: every path must give the same bits. No -march: the source itself says which functions need what.
_FLAGS = ["-O3", "-std=gnu11", "-fPIC", "-shared", "-fvisibility=hidden", "-ffp-contract=off"]

_IPYTHON = Path("shell/ipython/charwise_ipython")
_PLUGINS = {".zsh", ".bash", ".fish", ".py"}


class KernelBuildHook(BuildHookInterface):  # type: ignore[type-arg]  # no configuration
    """Compiles kernel.c to libkernel.so, as kernel.so would be taken for a Python module."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile for a wheel, or in place for an editable installation ("editable")."""
        library = self._compile()
        if version != "editable":
            build_data["force_include"] |= self._plugins()
        if library and version != "editable":
            build_data["force_include"][str(library)] = "charwise_daemon/libkernel.so"
            platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
            build_data["tag"], build_data["pure_python"] = f"py3-none-{platform}", False

    def _plugins(self) -> dict[str, str]:
        """Return where the shells' plugins go: into the package, where `charwise shell init` finds them.

        IPython's is a package of its own beside, too, which `%load_ext` imports where charwise is installed.
        """
        files = (path for path in sorted(Path(self.root, "shell").rglob("*")) if path.suffix in _PLUGINS)
        found = {str(path): f"charwise/{path.relative_to(self.root)}" for path in files}
        return found | {str(Path(self.root, _IPYTHON)): _IPYTHON.name}

    def _compile(self) -> Path | None:
        source = Path(self.root, _SOURCE)
        library, fresh = source.with_name("libkernel.so"), source.with_name("libkernel.new")
        library.unlink(missing_ok=True)  # never one of older source
        compiler = shutil.which(os.environ.get("CC") or "cc") or shutil.which("gcc") or shutil.which("clang")
        if compiler is None:
            return self._without("there is no C compiler")
        command = [compiler, *_FLAGS, str(source), "-o", str(fresh), "-lm"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return self._without(f"{compiler} failed: {done.stderr.strip()[-400:]}")
        fresh.replace(library)
        return library

    def _without(self, reason: str) -> None:
        self.app.display_warning(f"charwise runs on numpy, slower, as its kernel was not built: {reason}")
