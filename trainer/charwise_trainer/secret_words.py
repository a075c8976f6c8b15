"""Passwords that are told by the word before them: `password = "hunter2"`, `DB_PASSWORD: hunter2`, `Bearer 3f9a...`.

Most lines of code that say "password" hold none: `password = get_password()`, `type="password"`, a label, a name. So
only a literal counts, and only one that does not look like a word, a placeholder or a message. The words are
detect-secrets' and a few more. Knows nothing of keys that have a shape of their own: those are secret_tokens'.
"""

import re
from collections.abc import Iterator

Span = tuple[int, int]
"""Where in a text something begins and ends, in bytes."""

_WORD = re.compile(
    rb"password|passwort|passwd|passphrase|passcode|pass_code|pass|pwd|secret|contrase\xc3\xb1a|contrasena"
    rb"|token|credential|bearer|psk|key"
)
"""Nothing but literals between bars, which an expression finds ten times faster than anything else."""

_SUFFIX = re.compile(rb"\w{0,30}")

_SOMETIMES = frozenset({b"token", b"credential", b"bearer", b"key"})
"""What stands before many things: the value must look random."""

_ONLY_AFTER = {
    b"key": re.compile(
        rb"(?:api|auth|service|account|db|database|priv|private|client|access|encryption|signing|master)_?\Z"
    ),
    b"pass": re.compile(rb"(?:db|database|key|user|admin|root|smtp|mail|ftp|ssh|become|sudo|require)_?\Z"),
}
"""Words that mean something only with another one before them."""

_REACH = 12
"""Bytes back that this other one may take: `encryption_`."""

_HARMLESS = re.compile(
    rb"(?:^|_)(?:field|label|name|placeholder|ur[li]|path|file|dir|regex|pattern|type|err|msg|message|text|title|hint"
    rb"|prompt|help|len|min|max|policy|reset|param|header|input|column|attr|class|format|env|var|provider|manager|valid"
    rb"|invalid|desc|doc|required|rule|widget|form|screen|page|view|button|icon|state|version|kind|(?:id|arn)$)"
    rb"|s$|izer|ize$|less$"
)
"""After the word, it is a thing about passwords: `password_field`, `tokenizer`."""

_QUOTED = re.compile(
    rb"""[\\\])"'`]{0,4}(?:\[\d*\])?"""  # the end of "password", ["password"] or password[25]
    rb"""(?:[ \t]*:[ \t]*[a-z&][\w\[\]|., ']{0,40}?(?=[ \t]*=[^=]))?"""  # its type
    rb"""[ \t]*(?P<sign>:=|=>|[=!]==?|[=:,(])[ \t]*[@a-z&]{0,2}"""  # the sign, and a literal's prefix
    rb"""(?P<quote>\"{3}|'{3}|\\?["'`])(?P<value>(?:(?!(?P=quote))[^\n\\]|\\.){4,300}?)(?P=quote)"""
)
_WEAK_SIGNS = frozenset({b",", b"("})
"""An argument after the word: getenv("PASSWORD", "...") or password("..."), which is as often a lookup by name."""

_SAID = re.compile(
    rb"""[ \t]+'(?P<value>[^'\n]{4,300})'|["'][ \t]+value[ \t]*=[ \t]*["'](?P<given>[^"'\n]{4,300})["']"""
)
"""`ALTER ROLE a WITH PASSWORD 'hunter2'`, `<property name="password" value="hunter2"/>`"""

_TAGGED = re.compile(rb">(?P<value>[^<>\s]{4,300})</")
"""`<password>hunter2</password>`"""

_EMBEDDED = re.compile(rb"""=(?P<value>[\w.~%+/-]{8,300})(?=[&"'`\s])""")
"""`?api_key=9f8e7d6c5b4a&`, `PGPASSWORD=hunter22 psql`: no quotes of its own, and so it must look random."""

_BARE = re.compile(
    rb"""(?:["']?[ \t]*(?:=|:[ \t])[ \t]*|[ \t]+)(?P<value>[^\s"'`#,;(){}\[\]/.~!&*|>-][^\s"'`#,;(){}\[\]]{3,300})"""
    rb"""[ \t]*;?[ \t]*(?:#[^\n]*)?(?=\r?\n|\r?\Z)"""
)
_BARE_NAMES = re.compile(
    r".*\.(ya?ml|ini|cfg|conf|config|cnf|properties|toml|sh|bash|zsh|fish|service|tf|hcl|env[.\w]*|mk|bat|cmd|nmconnection"
    r"|txt|md|org|rst)|((gnu)?make|docker|vagrant)file.*|\.?\w*(rc|profile)|inventory|hosts"
)
"""Files whose values stand without quotes, and notes."""

_AUTHORIZATION = re.compile(rb"""(?:bearer|basic|token)[ \t]+(?P<value>[\w.~+/-]{16,}=*)""")

_GIVEN = re.compile(
    rb"""identified[ \t]+by[ \t]+'(?P<value>[^'\n]{4,300})'"""
    rb"""|define\([ \t]*["']\w*(?:password|secret|key|salt)["'][ \t]*,[ \t]*["'](?P<defined>[^"'\n]{4,300})["']"""
)
"""`CREATE USER a IDENTIFIED BY 'hunter2'`, and `define('DB_PASSWORD', 'hunter2')`, which gives what it names."""

_PLACEHOLDER = re.compile(
    rb"""\$[a-z_]+$|\{[^{}]*\}$|<[^<>]*>$|\[[^\[\]]*\]$|%[sd]$|%\w+%$|.*(?:\{\{|\$[{(]|\#\{|<%|%\()|[*x.\-_#?]+$"""
    rb"""|(?:your|insert|example)[-_ ][a-z_ -]+$"""
)
_TYPES = frozenset(
    b"string str text hidden none null nil true false required optional undefined object bytes boolean number "
    b"default empty unknown redacted masked".split()
)
_MENTION = re.compile(
    rb"(?:[a-z]*[_.\-/:])*(?:pass(?:word|wd|phrase|code)?|pwd|secret|token|key|credential|auth)s?(?:[_.\-/:][a-z]*)*$"
)
"""The word itself, or a name with it in it: a field, a route, an identifier."""

_RANDOM = re.compile(rb"(?=.*\d)(?=.*[a-z])[\w.~%+/=:-]{8,}")


def passwords(text: bytes, name: str = "") -> Iterator[Span]:
    """Yield where a text tells a password or a token in so many words; `name` is the file's, for its way to quote."""
    lower = text.lower()  # of bytes: every position stays
    bare = _BARE_NAMES.fullmatch(name.rpartition("/")[2].lower()) is not None
    for word in _WORD.finditer(lower):
        end = _end_of_name(lower, word)
        if end is None:
            continue
        found = _secret_at(lower, end, word[0] not in _SOMETIMES, bare)
        if found:
            yield word.start(), found.end()
    for found in _AUTHORIZATION.finditer(lower):
        if _RANDOM.fullmatch(found["value"]):
            yield found.span()
    for found in _GIVEN.finditer(lower):
        if _tells(found["value"] or found["defined"], sure=True):
            yield found.span()


def is_placeholder(value: bytes) -> bool:
    """Return whether a value (in lower case) only stands for one: `${PASSWORD}`, `<token>`, `my_password`, `str`."""
    return bool(_PLACEHOLDER.match(value) or value in _TYPES or _MENTION.match(value))


def _end_of_name(text: bytes, word: re.Match[bytes]) -> int | None:
    """Return where the name with this word in it ends, or None if it is no name of a secret."""
    before = _ONLY_AFTER.get(word[0])
    if before and not before.search(text, max(word.start() - _REACH, 0), word.start()):
        return None
    suffix = _SUFFIX.match(text, word.end())
    return suffix.end() if suffix and not _HARMLESS.search(suffix[0]) else None


def _secret_at(text: bytes, at: int, sure: bool, bare: bool) -> re.Match[bytes] | None:
    """Return the secret that a name ending here is given, or None."""
    if found := _QUOTED.match(text, at):
        return found if _tells(found["value"], sure and found["sign"] not in _WEAK_SIGNS) else None
    if (found := _SAID.match(text, at)) and _tells(found["value"] or found["given"], sure):
        return found
    if (found := _TAGGED.match(text, at)) and _tells(found["value"], sure):
        return found
    if (found := _EMBEDDED.match(text, at)) and _tells(found["value"], sure=False):
        return found
    if bare and (found := _BARE.match(text, at)) and _tells(found["value"], sure):
        return found
    return None


def _tells(value: bytes, sure: bool) -> bool:
    """Return whether a literal (in lower case) is a secret; one after a word that is not sure must look random."""
    if is_placeholder(value) or b" " in value:
        return False
    return sure or _RANDOM.fullmatch(value) is not None
