r"""Commands that must be neither learned nor suggested: passwords in arguments, tokens, headers, words of chance.

A command that looks like it holds a secret is left out whole. The trainer's patterns, made for files, are asked too;
these are for what stands in commands only. What is left out needlessly is a command recalled by nobody; so they are
quick to suspect: commit numbers and identifiers of containers look like keys, and are as useless as suggestions.

    >>> is_secret("mysql -u root -phunter2 shop"), is_secret("mkdir -p build")
    (True, False)
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from charwise_trainer.secrets import scrub

_VALUE = r"""['"]?[^\s'"$<(][^\s]*"""
_NAME = (
    r"(?:pass(?:word|wd|phrase|code)?|pwd|secret|token|api[-_]?key|access[-_]?key|auth(?!or)|credentials?"
    r"|private[-_]?key)"
)
_ARGUMENTS = re.compile(
    "|".join(
        (
            # --password=x, --password x, --client-secret x, -pass x, /password:x
            rf"(?:^|\s)(?:--?|/)(?:[\w-]{{0,40}}[-_])?{_NAME}(?:=|:|\s+){_VALUE}",
            # PGPASSWORD=x, export API_TOKEN=x, -e MYSQL_ROOT_PASSWORD=x, password=x in a query or a dict
            rf"{_NAME}\w{{0,12}}['\"]?\s*(?:=|:=|:\s?['\"])\s*{_VALUE}",
            # headers: Authorization: Basic ..., X-Api-Key: ..., Cookie: ...
            r"(?:authorization|x-[\w-]*(?:key|token|auth|secret)[\w-]*|(?:set-)?cookie)\s*:\s*\S",
            r"\b(?:bearer|basic)\s+[\w.~+/=-]{8,}",
            # scheme://user:password@host, and a token alone before the @
            r"\w+://[^\s/:@]*:[^\s/@$]+@",
            r"https?://[^\s/@:]{16,}@",
            # programs whose short options take a password
            r"\b(?:mysql\w*|mariadb\w*|mycli|7z\w*|rar|unrar)\b[^|;&]*?\s-p['\"]?[^\s'\"-]",
            r"\b(?:sshpass|mongo\w*|(?:docker|podman|az|helm\s+registry)\s+login)\b[^|;&]*?\s-p\s*['\"]?[^\s'\"-]",
            r"\b(?:plink|pscp|putty)\b[^|;&]*?\s-pw\s|\bwpa_passphrase\s+\S+\s+\S",
            r"\b(?:zip|unzip|sqlcmd|bcp)\b[^|;&]*?\s-P\s*\S",
            r"\b(?:redis-cli|ldap\w+|isql)\b[^|;&]*?\s-[aw]\s*\S",
            r"\b(?:curl|http|https|wget|smbclient|rpcclient|net)\b[^|;&]*?\s(?:-u|--user|-U|--proxy-user)\s*['\"]?[^\s:%]+[:%][^\s]+",
            r"\bcurl\b[^|;&]*?\s(?:-b|--cookie)\s+['\"]?[^\s=]+=\S",
            r"\bhttp\w*\b[^|;&]*?\s-a\s+[^\s:]+:\S+",
            r"\bhtpasswd\b[^|;&]*?\s-\w*b\w*\s",
            r"\bopenssl\b[^|;&]*?(?:\s-k\s+\S|\bpass:)",
            r"\bgpg\w*\b[^|;&]*?--passphrase\s",
            r"/p:\S|\bconnection\.password\b|\bdev\s+wifi\s+connect\b.*\bpassword\s",
            # what is piped into programs that ask, and given to those that keep secrets
            r"\b(?:echo|printf)\b[^|;&]*\|\s*(?:sudo\s+(?:-\w+\s+)*-\w*S|(?:sudo\s+)?chpasswd|passwd|openssl|gpg|docker\s+login|base64)",
            r"(?:echo|printf)\b[^|;&]*<<<|(?:chpasswd|passwd)\s*<<<",
            r"\bvault\s+(?:login|kv\s+put|write)\s|\bpass\s+insert\s+-e|\bsecret-tool\s+store|\bkeyring\s+set",
            r"\bansible-vault\s+encrypt_string|\bkubectl\s+create\s+secret|--from-literal",
            r"\bheroku\s+config:set|\bfly(?:ctl)?\s+secrets\s+set|\bgh\s+secret\s+set\b.*(?:-b|--body)",
            r"\baws\s+configure\s+set|\bnpm\s+config\s+set\s+\S*_auth|\bgit\s+config\b.*(?:extraheader|password)",
            r"\bsecurity\s+add-\w+-password|\bnet\s+user\s+\S+\s+\S+",
            r"otpauth://|\boathtool\b|-----BEGIN|\bSG\.[\w-]{16}|\beyJ[\w-]{10,}\.",
        )
    ),
    re.IGNORECASE,
)
# A reading of a secret from elsewhere holds none: `--password "$(pass show x)"`, `--token $TOKEN`; _VALUE says so.

_PIECE = re.compile(r"[A-Za-z0-9+/=_-]{12,}")
_INNER = re.compile(r"[^A-Za-z0-9]+")
_HEX = re.compile(r"[0-9a-f]{20,}|[0-9A-F]{20,}")
# Bits a character above which letters are drawn by chance; English words with numbers in them stay below.
_RANDOM_BITS = 3.0
# Characters from which so even a mixture is no name, and how often letters and digits change places in it.
_LONG, _FEWEST_CHANGES = 12, 3
_CHANGE = re.compile(r"(?<=[0-9])(?=[A-Za-z])|(?<=[A-Za-z])(?=[0-9])|(?<=[a-z])(?=[A-Z])")
# For the trainer's patterns: values without quotes are told from code in files of such a name.
_FILE = "history.sh"
_ONE_LINE = str.maketrans("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029", " " * 10)


def is_secret(command: str) -> bool:
    """Tell whether a command holds what looks like a secret."""
    return not without_secrets([command])


def without_secrets(commands: Sequence[str]) -> list[int]:
    """Return the places of the commands that hold no secret."""
    lines = [command.translate(_ONE_LINE) for command in commands]
    kept = [at for at, line in enumerate(lines) if not _ARGUMENTS.search(line) and not _has_random_word(line)]
    return _scrubbed(lines, kept) if kept else []


def _scrubbed(lines: Sequence[str], places: Iterable[int]) -> list[int]:
    """Return those places whose lines the trainer would keep; each is told by its number at the beginning."""
    text = "".join(f"{at}\x1f {lines[at]}\n" for at in places).encode("utf-8", "replace")
    data, _ = scrub(text, _FILE)
    return [int(line.partition(b"\x1f")[0]) for line in data.split(b"\n") if line]


def _has_random_word(line: str) -> bool:
    return any(_is_random(piece) for word in _PIECE.findall(line) for piece in _INNER.split(word))


def _is_random(word: str) -> bool:
    """Tell whether a word of letters and digits seems to be drawn by chance."""
    if len(word) < _LONG or word.isdigit():
        return False
    if _HEX.fullmatch(word) and not word.isalpha():
        return True
    changes = len(_CHANGE.findall(word))
    has_digits = any(each.isdigit() for each in word)
    enough = _FEWEST_CHANGES if has_digits else len(word) // 3
    return changes >= enough and _entropy(word) >= _RANDOM_BITS


def _entropy(word: str) -> float:
    return -sum(count / len(word) * math.log2(count / len(word)) for count in Counter(word).values())
