"""Who may import whom, as design says; read from the source, so that lazy imports count too."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path(__file__).parent.parent
_PACKAGES = {
    "charwise_trainer": _ROOT / "trainer" / "charwise_trainer",
    "charwise_daemon": _ROOT / "daemon" / "charwise_daemon",
    "charwise_lsp": _ROOT / "lsp" / "charwise_lsp",
    "charwise": _ROOT / "cli" / "charwise",
}
# The daemon's thin part: what clients import, with the standard library and msgpack alone.
_THIN = {"protocol", "errors", "paths", "launch", "client"}
_THIN_NAMES = {f"charwise_daemon.{name}" for name in _THIN | {"__version__"}}
# Of the trainer, what needs no torch: the daemon may use that.
_TORCH = {
    "batches",
    "device",
    "distributed",
    "evaluate",
    "gate",
    "learner",
    "model",
    "run",
    "sample",
    "schedule",
    "train",
}


def _imports(file: Path) -> Iterator[str]:
    """Yield the modules that a file imports anywhere in it, `from x import y` as x.y too."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _files(package: str) -> list[Path]:
    return sorted(_PACKAGES[package].rglob("*.py"))


def _is_of(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def test_trainer_knows_no_other() -> None:
    """The trainer imports none of the other packages, nor anything of sockets and editors."""
    for file in _files("charwise_trainer"):
        bad = [
            m for m in _imports(file) if _is_of(m, "charwise_daemon", "charwise_lsp", "charwise", "pygls", "msgpack")
        ]
        assert not bad, f"{file.name} imports {bad}"


def test_only_the_trainer_imports_torch() -> None:
    """Torch is imported in the trainer and nowhere else, but by the doctor, which looks whether it is there."""
    for package in ("charwise_daemon", "charwise_lsp", "charwise"):
        for file in _files(package):
            assert file.name == "doctor.py" or "torch" not in _imports(file), file


def test_only_the_curves_import_matplotlib() -> None:
    """Matplotlib is optional: one module draws with it, and that is imported where something is drawn, nowhere else."""
    files = [file for package in _PACKAGES for file in _files(package)]
    using = [file.name for file in files if any(_is_of(module, "matplotlib") for module in _imports(file))]
    drawing = [file for file in files if any(_is_of(module, "charwise.curves") for module in _imports(file))]
    assert using == ["curves.py"]
    assert [file.name for file in drawing] == ["models.py"]
    at_the_start = [node for node in ast.parse(drawing[0].read_text("utf-8")).body if isinstance(node, ast.ImportFrom)]
    assert "charwise.curves" not in {node.module for node in at_the_start}


def test_daemon_uses_what_needs_no_torch() -> None:
    """The daemon takes of the trainer only modules without torch, and of the other packages nothing."""
    for file in _files("charwise_daemon"):
        bad = [m for m in _imports(file) if _is_of(m, "charwise_lsp", "charwise", "pygls", "lsprotocol")]
        bad += [m for m in _imports(file) if _is_of(m, *(f"charwise_trainer.{name}" for name in _TORCH))]
        assert not bad, f"{file.name} imports {bad}"


def test_thin_part_is_thin() -> None:
    """The daemon's thin part imports the standard library, msgpack, platformdirs and itself."""
    for name in _THIN:
        for module in _imports(_PACKAGES["charwise_daemon"] / f"{name}.py"):
            known = module.partition(".")[0] in sys.stdlib_module_names | {"msgpack", "platformdirs"}
            assert known or module == "charwise_daemon" or _is_of(module, *_THIN_NAMES), f"{name} imports {module}"


def test_lsp_imports_the_thin_part_only() -> None:
    """The language server knows the daemon through its thin part, and the other packages not at all."""
    for file in _files("charwise_lsp"):
        for module in _imports(file):
            assert not _is_of(module, "charwise_trainer", "charwise", "numpy", "torch"), f"{file.name} imports {module}"
            assert not _is_of(module, "charwise_daemon") or module == "charwise_daemon" or _is_of(module, *_THIN_NAMES)
