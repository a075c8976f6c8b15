"""Archives of each client are unpacked to what people work on, and nothing lands elsewhere."""

import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from charwise.pretraining.unpacking import COPYRIGHT, TEXT, unpack
from charwise_daemon.errors import CharwiseError
from tests.cli.pretraining import archives


def _names(folder: Path) -> list[str]:
    return sorted(each.relative_to(folder).as_posix() for each in folder.rglob("*") if each.is_file())


def test_source_package(tmp_path: Path) -> None:
    """Of a Debian source package the authors' archive is taken without its top folder, and Debian's copyright file."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a_1.orig.tar.gz").write_bytes(archives.packed({"a-1/src/a.c": b"int a;\n"}))
    (tmp_path / "in/a_1.orig-docs.tar.gz").write_bytes(archives.packed({"docs/a.md": b"not theirs\n"}))
    (tmp_path / "in/a_1-1.debian.tar.gz").write_bytes(archives.packed({"debian/copyright": b"Format: x\n"}))
    (tmp_path / "in/a_1-1.dsc").write_text("what apt-get brings too")
    unpacked = unpack(tmp_path / "in", tmp_path / "out")
    assert _names(unpacked) == [COPYRIGHT, f"{TEXT}/src/a.c"]


def test_wheel(tmp_path: Path) -> None:
    """A wheel is a zip."""
    (tmp_path / "in").mkdir()
    with zipfile.ZipFile(tmp_path / "in/a-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("a/__init__.py", "a = 1\n")
        wheel.writestr("a-1.dist-info/METADATA", "Name: a\n")
    assert "text/a/__init__.py" in _names(unpack(tmp_path / "in", tmp_path / "out"))


@pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="there is no dpkg-deb to make a Debian package with")
def test_binary_package(tmp_path: Path) -> None:
    """A Debian binary package keeps its paths, in which the recipe says where to look."""
    (tmp_path / "a/DEBIAN").mkdir(parents=True)
    (tmp_path / "a/DEBIAN/control").write_text(
        "Package: a\nVersion: 1\nArchitecture: all\nMaintainer: me <me@example.org>\nDescription: a\n"
    )
    (tmp_path / "a/usr/share/a").mkdir(parents=True)
    (tmp_path / "a/usr/share/a/a.rs").write_text("fn a() {}\n")
    (tmp_path / "in").mkdir()
    subprocess.run(
        ["dpkg-deb", "--build", tmp_path / "a", tmp_path / "in/a_1_all.deb"], check=True, capture_output=True
    )
    assert _names(unpack(tmp_path / "in", tmp_path / "out")) == ["text/usr/share/a/a.rs"]


@pytest.mark.parametrize("data", [b"no archive", archives.packed({"../../outside": b"x\n"})])
def test_refused(data: bytes, tmp_path: Path) -> None:
    """What is damaged, or would land outside, leaves nothing behind."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a-1.tgz").write_bytes(data)
    with pytest.raises(CharwiseError, match=r"cannot be unpacked .*: remove it to bring it again"):
        unpack(tmp_path / "in", tmp_path / "out")
    assert [each.name for each in tmp_path.iterdir()] == ["in"]
