"""What must never be learned: files that are secrets by name or place, and lines that hold one.

A line that looks like a secret is left out whole: a line too many costs little, a password in a suggestion a lot. Knows
nothing of ignore files, which cannot take a secret back.
"""

import re
from collections.abc import Iterator
from fnmatch import translate
from functools import lru_cache
from itertools import pairwise
from pathlib import PurePath

from charwise_trainer.secret_commands import commands
from charwise_trainer.secret_tokens import private_keys, tokens
from charwise_trainer.secret_words import Span, passwords

_FOLDERS = frozenset(
    {".ssh", ".aws", ".azure", ".gnupg", ".kube", ".password-store", ".gcloud", ".vault", ".1password"}
)
_PLACES = frozenset(
    {
        (".docker", "config.json"),
        (".config", "gcloud"),
        (".config", "gh"),
        (".config", "op"),
        (".m2", "settings.xml"),
        (".gradle", "gradle.properties"),
    }
)
"""(folder, name in it)"""

_KEYS = "*.pem *.key *.p12 *.pfx *.pkcs12 *.p8 *.ppk *.jks *.keystore *.bks *.gpg *.pgp *.kdb *.kdbx *.keychain*"
_SSH = "id_rsa* id_dsa* id_ecdsa* id_ed25519* id_xmss* ssh_host_*_key"
_ACCOUNTS = """
.env* *.env .netrc _netrc .npmrc .pypirc .pgpass pgpass.conf .my.cnf .mylogin.cnf .htpasswd .htdigest .git-credentials
.dockercfg .s3cfg .boto .passwd-s3fs .vault_pass* .vault-token vault_pass* kubeconfig *.kubeconfig *.ovpn
credentials credentials.* secrets.* secret.yml secret.yaml secret.json secret.toml *.secret *.secrets
client_secret*.json service[-_]account*.json *.tfstate *.tfstate.* *.tfvars *.tfvars.json
*.agilekeychain *.1pif *.psafe3
"""
_NAMES = re.compile("|".join(translate(glob) for glob in f"{_KEYS} {_SSH} {_ACCOUNTS}".split()), re.IGNORECASE)
_CREDENTIALS = "credentials"
"""As a name's beginning it counts in this writing only: CredentialsProvider.java is a class."""

_EXAMPLES = re.compile(r".*\.env\.(example|sample|template|dist|defaults)", re.IGNORECASE)
"""Copies of .env without its values, written to be read."""

_LONGEST_LINE = 2_000
_SOME = 4_096
"""Bytes of which secrets are looked for in one go: a millisecond."""

_PIECE = 1_000
"""Bytes. Some patterns take time by the square of a line's length: a longer line is cut in pieces for them, once at
0, 1000, 2000 ... and once at 500, 1500 ..., so that a secret of up to 500 bytes is whole in one of them."""


def secret_name(name: str, folder: str = "", *, is_folder: bool = False) -> str | None:
    """Return why a file or folder of this name, in a folder of that name, is a secret, or None."""
    if (is_folder and name in _FOLDERS) or (folder, name) in _PLACES:
        return f"a secret by its place ({name}/)" if is_folder else f"a secret by its place ({folder}/{name})"
    if is_folder or _EXAMPLES.fullmatch(name):
        return None
    saved = name.strip("#")  # Emacs saves what is edited in .env as #.env#
    if _NAMES.match(saved) or saved.startswith(_CREDENTIALS):
        return f"a secret by its name ({name})"
    return None


def scrub(text: bytes, name: str = "") -> tuple[bytes, int]:
    """Return UTF-8 text without the lines that hold a secret, and how many those were; `name` is the file's."""
    kept, hidden, done = [], 0, 0
    for start, end in sorted(_lines(text, span) for span in _secrets(text, name)):
        if end > done:
            first = max(start, done)
            kept.append(text[done:first])
            hidden += text.count(b"\n", first, end) + (not text.endswith(b"\n", first, end))
            done = end
    kept.append(text[done:])
    return b"".join(kept), hidden


def holds_secret(text: bytes, name: str = "") -> bool:
    """Return whether a line of UTF-8 text holds a secret; some at a time, so that other threads get their turn."""
    start = 0
    while start < len(text):
        end = text.find(b"\n", start + _SOME) + 1 or len(text)
        if scrub(text[start:end], name)[1]:
            return True
        start = end
    return False


@lru_cache(256)
def secret_path(path: str) -> str | None:
    """Return why a file is a secret by its name, or by that of a folder that it lies in, or None."""
    file = PurePath(path)
    return secret_folder(file.parent) or secret_name(file.name, file.parent.name)


def secret_folder(path: PurePath) -> str | None:
    """Return why all in a folder is a secret, by its name and place or by those of a folder above it, or None."""
    reasons = (secret_name(name, above, is_folder=True) for above, name in pairwise(("", *path.parts)))
    return next(filter(None, reasons), None)


def _secrets(text: bytes, name: str) -> Iterator[Span]:
    yield from private_keys(text)
    for version in _in_pieces(text):
        yield from tokens(version)
        yield from passwords(version, name)
        yield from commands(version, name)


def _in_pieces(text: bytes) -> Iterator[bytes]:
    """Yield the text, or two versions of it in which newlines cut long lines; every byte stays at its place."""
    lines = text.split(b"\n")
    if max(map(len, lines)) <= _LONGEST_LINE:
        yield text
        return
    for offset in (0, _PIECE // 2):
        version, start = bytearray(text), 0
        for line in lines:
            end = start + len(line)
            if len(line) > _LONGEST_LINE:
                cuts = range(start + offset, end, _PIECE)
                version[cuts.start : end : _PIECE] = b"\n" * len(cuts)
            start = end + 1
        yield bytes(version)


def _lines(text: bytes, span: Span) -> Span:
    """Return the whole lines that a span touches, with their newline; space at its ends touches nothing."""
    found = text[slice(*span)]
    start = span[0] + len(found) - len(found.lstrip())
    end = span[1] - len(found) + len(found.rstrip())
    after = text.find(b"\n", end)
    return text.rfind(b"\n", 0, start) + 1, len(text) if after < 0 else after + 1
