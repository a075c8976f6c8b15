"""What nobody typed: dependencies, builds, caches, lock files, media, minified and generated text.

Left out of every folder unless a .charwiseignore takes it back with `!`. Knows nothing of ignore files and secrets.
"""

import os
import re
from fnmatch import translate

VERSION_CONTROL = frozenset({".git", ".hg", ".svn", ".bzr", ".jj", "_darcs", ".fslckout", "CVS"})
"""Never learned, whatever a .charwiseignore says: histories hold what was meant to be gone."""

_DEPENDENCIES = """
node_modules bower_components jspm_packages site-packages dist-packages vendor third_party Pods Carthage
.venv venv .virtualenv virtualenv .pnpm-store .yarn .bundle elm-stuff
"""
_BUILDS = """
build _build dist target obj DerivedData CMakeFiles .next .nuxt .output .svelte-kit .angular .parcel-cache
.docusaurus .vercel .serverless .terraform .stack-work dist-newstyle .dart_tool .gradle .vs .eggs *.egg-info
*.dist-info bazel-* cmake-build-* buck-out zig-out htmlcov .nyc_output
"""
_CACHES = """
__pycache__ .cache .*_cache .*-cache .tox .nox .hypothesis .ipynb_checkpoints .turbo .sass-cache .idea .Trash
"""
_LOCKS = """
*.lock *.lockb package-lock.json npm-shrinkwrap.json pnpm-lock.yaml packages.lock.json go.sum .package-lock.json
"""
_MINIFIED = "*.min.js *.min.mjs *.min.css *-min.js *-min.css *.bundle.js *.chunk.js *.map"
_GENERATED = """
*_pb2.py *_pb2.pyi *_pb2_grpc.py *.pb.go *.pb.h *.pb.cc *.pb.c *.g.dart *.freezed.dart *.designer.cs *.g.cs
*.generated.* *_generated.go *.gen.go *.tfplan *.snap
"""
_LOGS = "*.log *.log.[0-9]* *.out *.pid *.swp *.swo *.swn *.bak *.orig *.rej *.tmp *~ #*# .*_history .viminfo .DS_Store"
_MEDIA = """
png jpg jpeg gif bmp ico icns webp avif heic tif tiff psd xcf svgz ai eps raw cr2 nef dng ttf otf woff woff2 eot pfb
mp3 m4a wav flac ogg opus aac mid midi mp4 m4v mkv mov avi webm wmv flv
"""
_ARCHIVES = """
zip gz tgz bz2 tbz xz txz zst lz4 lzma 7z rar tar jar war ear whl egg nupkg deb rpm apk ipa dmg iso img cab msi
gem vsix
"""
_BINARIES = """
pyc pyo pyd so dylib dll exe bin o a lib obj ko class wasm elf beam rlib rmeta pdb ilk nib
pdf doc docx xls xlsx ppt pptx odt ods odp epub mobi djvu ps dvi
db sqlite sqlite3 mdb parquet feather arrow orc avro rdb h5 hdf5 npy npz pkl pickle joblib
mat pt pth ckpt onnx safetensors gguf tflite pb gmo
"""

_MARKED_FOLDERS = (("pyvenv.cfg", "a virtual environment"), ("CACHEDIR.TAG", "a cache"))
"""Files by which a folder says itself what it is, whatever its name."""

MARKERS = frozenset(marker for marker, _ in _MARKED_FOLDERS)


def _any_of(globs: str) -> str:
    return "|".join(translate(glob) for glob in globs.split())


def _named(**kinds: str) -> re.Pattern[str]:
    """Return one expression for all kinds: the name of the group that matches is the kind."""
    return re.compile("|".join(f"(?P<{kind}>{_any_of(globs)})" for kind, globs in kinds.items()))


_FOLDERS = _named(dependencies=_DEPENDENCIES, build=_BUILDS, cache=_CACHES)
_FILES = _named(lock=_LOCKS, minified=_MINIFIED, generated=_GENERATED, log=_LOGS)
_SUFFIXES = {
    f".{suffix}": kind
    for kind, suffixes in (("media", _MEDIA), ("an archive", _ARCHIVES), ("binary", _BINARIES))
    for suffix in suffixes.split()
}
_REASONS = {
    "dependencies": "dependencies",
    "build": "a build's output",
    "cache": "a cache",
    "lock": "a lock file",
    "minified": "minified",
    "generated": "generated",
    "log": "a log or a left-over",
}

_GENERATED_MARK = re.compile(
    rb"^[ \t]*(?:\#|//|/\*|\*|<!--|--|;|%|\"\"\"|'|REM\b)[^\n]*?(?:(?<![\w.])@generated\b|\bDO NOT (?:EDIT|MODIFY)\b)",
    re.MULTILINE,
)
_ARMOUR = b"-----BEGIN PGP "
"""How a key, a signature or an encrypted message begins; most files named .asc are AsciiDoc all the same."""

_HEAD = 2_000
"""Bytes in which generators leave their mark: below a licence's header, above the code."""

_LONGEST_AVERAGE = 1_000
"""Characters per line: paragraphs that are one line each stay far below it, minified code is far above."""


def left_out_folder(name: str, path: str) -> str | None:
    """Return why a folder is left out by its name or by a file that marks it, or None."""
    if found := _FOLDERS.match(name):
        return f"{_REASONS[str(found.lastgroup)]} ({name}/)"
    return next((f"{kind} ({marker})" for marker, kind in _MARKED_FOLDERS if os.path.lexists(f"{path}/{marker}")), None)


def left_out_file(name: str) -> str | None:
    """Return why a file is left out by its name, or None."""
    if found := _FILES.match(name):
        return f"{_REASONS[str(found.lastgroup)]} by its name"
    stem, dot, suffix = name.rpartition(".")
    kind = _SUFFIXES.get(f".{suffix.lower()}") if dot and stem else None
    return f"{kind} by its name (.{suffix})" if kind else None


def left_out_text(text: bytes) -> str | None:
    """Return why a text is left out by what it looks like, or None."""
    if _GENERATED_MARK.search(text, 0, _HEAD):
        return "generated (it says so at its top)"
    if text.lstrip().startswith(_ARMOUR):
        return "a key, a signature or an encrypted message"
    lines = text.count(b"\n") + (not text.endswith(b"\n"))
    average = len(text) // max(lines, 1)
    if average > _LONGEST_AVERAGE:
        return f"minified (average line of {average:,} characters)"
    return None
