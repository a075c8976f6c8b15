"""Keys and tokens that can be told by their shape: detect-secrets' patterns, run over whole texts.

detect-secrets itself asks each pattern about each line, and takes minutes where this takes a twentieth of a second.
Its guesses by entropy (most of them hashes and names) and its public addresses are left aside. Knows nothing of
passwords, which have no shape: those are secret_words'.
"""

import importlib
import pkgutil
import re
import sys
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from types import ModuleType

from charwise_trainer.secret_words import Span, is_placeholder

_UNUSED = frozenset({"base", "ip_public", "private_key"})
"""Addresses are no secrets, and private keys are found here with all their lines."""

_ADDRESSES = "basic_auth"
"""Passwords in addresses: the one plugin whose finds are often placeholders, as in `https://{user}:{password}@host`."""

_SLOW = {"artifactory", "cloudant", "discord", "ibm_cloud_iam", "ibm_cos_hmac"}
_SLOW |= {"mailchimp", "slack", "softlayer", "stripe", "telegram_token"}
"""Plugins whose patterns take 5 to 140 ms/MB: they are asked only about lines with a long run of word characters."""

_RUN = b"x" * 20
"""That run: no longer than the shortest of the slow ones' keys in use."""

_TO_RUNS = bytes(ord("x") if re.match(rb"[\w-]", bytes([c])) else c for c in range(256))

_NEWER = re.compile(
    rb"github_pat_\w{22}|AIza[\w-]{35}|ya29\.[\w-]{20}|sk-(?:ant|proj|svcacct)-[\w-]{20}|hf_[A-Za-z0-9]{30}"
    rb"|npm_[A-Za-z0-9]{36}|dop_v1_[a-f0-9]{64}|shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}|xapp-\d-[\w-]{20}"
    rb"|AGE-SECRET-KEY-1[0-9A-Z]{50}"
)
"""Shapes that detect-secrets does not know yet."""

_KEY_BEGINS = re.compile(rb"BEGIN (?:[A-Z0-9]+ ){0,4}PRIVATE KEY|PuTTY-User-Key-File-\d")
_KEY_ENDS = re.compile(rb"END (?:[A-Z0-9]+ ){0,4}PRIVATE KEY|Private-MAC:")
_KEY_BODY = re.compile(rb"(?:\n[^\n]{0,20}?[A-Za-z0-9+/=]{16,}[^\n]{0,8})*")
_LONGEST_KEY = 20_000
"""Bytes between BEGIN and END; with none in reach, the lines below that look like base64 are taken for the key."""


@dataclass(frozen=True)
class Patterns:
    """detect-secrets' patterns as expressions over bytes."""

    quick: tuple[re.Pattern[bytes], ...]
    slow: tuple[re.Pattern[bytes], ...]
    addresses: tuple[re.Pattern[bytes], ...]  # group 1 is the password


def tokens(text: bytes) -> Iterator[Span]:
    """Yield where keys, tokens and passwords in addresses are."""
    patterns = load_patterns()
    for pattern in patterns.quick:
        for found in pattern.finditer(text):
            yield found.span()
    for pattern in patterns.addresses:
        for found in pattern.finditer(text):
            if not is_placeholder(found[1].lower()):
                yield found.span()
    for start, end in _lines_with_runs(text):
        for pattern in (*patterns.slow, _NEWER):
            for found in pattern.finditer(text, start, end):
                yield found.span()


def private_keys(text: bytes) -> Iterator[Span]:
    """Yield where private keys are, from BEGIN to END."""
    if b"PRIVATE KEY" not in text and b"PuTTY" not in text:
        return
    ends = [found.end() for found in _KEY_ENDS.finditer(text)]
    begin = _KEY_BEGINS.search(text)
    while begin:
        after = bisect_right(ends, begin.end())
        closed = after < len(ends) and ends[after] - begin.end() <= _LONGEST_KEY
        end = ends[after] if closed else _end_of_base64(text, begin.end())
        yield begin.start(), end
        begin = _KEY_BEGINS.search(text, end)


def _end_of_base64(text: bytes, at: int) -> int:
    line_end = text.find(b"\n", at)
    body = _KEY_BODY.match(text, line_end) if line_end >= 0 else None
    return body.end() if body else at


def _lines_with_runs(text: bytes) -> Iterator[Span]:
    """Yield the lines with a long run of word characters, each with the newline before it (some patterns want it)."""
    runs = text.translate(_TO_RUNS)
    at = runs.find(_RUN)
    while at >= 0:
        end = text.find(b"\n", at)
        end = len(text) if end < 0 else end
        yield max(text.rfind(b"\n", 0, at), 0), end
        at = runs.find(_RUN, end)


@cache
def load_patterns() -> Patterns:
    """Return the patterns of the installed detect-secrets; it is imported here, as it is not needed until a file is."""
    try:
        with _without_requests():
            plugins = dict(_plugins())
    except ImportError:  # a newer detect-secrets, which wants more of requests than its name
        plugins = dict(_plugins())
    found = [(name, _over_bytes(pattern)) for name, module in plugins.items() for pattern in _denylist(module)]
    return Patterns(
        quick=tuple(pattern for name, pattern in found if name not in {*_SLOW, _ADDRESSES}),
        slow=tuple(pattern for name, pattern in found if name in _SLOW),
        addresses=tuple(pattern for name, pattern in found if name == _ADDRESSES),
    )


def _plugins() -> Iterator[tuple[str, ModuleType]]:
    package = importlib.import_module("detect_secrets.plugins")
    for found in pkgutil.iter_modules(package.__path__):
        if found.name not in _UNUSED:
            yield found.name, importlib.import_module(f"{package.__name__}.{found.name}")


@contextmanager
def _without_requests() -> Iterator[None]:
    """Let detect-secrets be imported without `requests`, which it would bring: 9 MB, 0.1 s, and a way to the network.

    Its plugins use it only to try a found key at the service it belongs to, which is the last thing we would do.
    """
    if "requests" in sys.modules:
        yield
        return
    stand_in = ModuleType("requests")
    stand_in.__dict__["__getattr__"] = lambda _name: object  # types in signatures are all that an import touches
    sys.modules["requests"] = stand_in
    try:
        yield
    finally:
        del sys.modules["requests"]


def _denylist(module: ModuleType) -> Iterator[re.Pattern[str]]:
    for plugin in vars(module).values():
        if isinstance(plugin, type) and plugin.__module__ == module.__name__:
            yield from getattr(plugin, "denylist", ())


def _over_bytes(pattern: re.Pattern[str]) -> re.Pattern[bytes]:
    return re.compile(pattern.pattern.encode(), pattern.flags & ~re.UNICODE)
