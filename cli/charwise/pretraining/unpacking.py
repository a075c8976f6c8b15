"""Archives to a folder of files, of which nothing is executed: Debian's source and binary packages, wheels, npm's."""

import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path

from charwise_daemon.errors import CharwiseError
from charwise_trainer.storage import aside

TEXT, COPYRIGHT = "text", "copyright"
"""Of an unpacked source: the folder with what its authors wrote, and Debian's word on its licences if there is one."""


def unpack(archives: Path, target: Path) -> Path:
    """Unpack what a client has brought to the folder `target`, where that is not there; return it.

    Raises:
        CharwiseError: an archive is damaged, or is none that is known.
    """
    if target.exists():
        return target
    new = aside(target.parent, target.name)
    shutil.rmtree(new, ignore_errors=True)
    (new / TEXT).mkdir(parents=True)
    try:
        for archive in sorted(archives.iterdir()):
            _unpack(archive, new)
        if not any(archives.glob("*.deb")):
            _without_top(new / TEXT)
        new.rename(target)
    except (OSError, tarfile.TarError, zipfile.BadZipFile, EOFError, subprocess.CalledProcessError) as error:
        why = (str(error).splitlines() or [type(error).__name__])[0].rstrip(":")
        raise CharwiseError(f"{archives} cannot be unpacked ({why}): remove it to bring it again") from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return target


def _unpack(archive: Path, target: Path) -> None:
    name = archive.name
    if name.endswith((".dsc", ".asc")) or ".orig-" in name:  # signatures, and what was added to the authors' own
        return
    if name.endswith(".deb"):
        subprocess.run(["dpkg-deb", "-x", archive, target / TEXT], check=True, capture_output=True)  # noqa: S607 - on the PATH
    elif name.endswith(".whl"):
        with zipfile.ZipFile(archive) as wheel:
            wheel.extractall(target / TEXT)  # noqa: S202 - zipfile itself leaves no name outside of the folder
    elif ".debian.tar" in name:
        with tarfile.open(archive) as packed:
            found = packed.extractfile("debian/copyright")
            assert found, "every Debian package has one"
            (target / COPYRIGHT).write_bytes(found.read())
    elif ".tar" in name or name.endswith(".tgz"):
        with tarfile.open(archive) as packed:
            packed.extractall(target / TEXT, members=filter(_is_plain, packed), filter="data")
    else:
        raise CharwiseError(f"{archive} is no archive that is known")


def _is_plain(entry: tarfile.TarInfo) -> bool:
    return entry.isfile() or entry.isdir()


def _without_top(folder: Path) -> None:
    """Lift what lies in a single folder one up: `flask-3.1.0/src` is `src` to who works on it."""
    entries = list(folder.iterdir())
    if len(entries) == 1 and entries[0].is_dir():
        up = folder.with_name("lifted")
        entries[0].rename(up)
        folder.rmdir()
        up.rename(folder)
