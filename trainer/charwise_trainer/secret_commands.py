r"""Passwords in commands: `mysql -phunter2`, `set -gx API_TOKEN hunter2`, `echo hunter2 | sudo -S ls`.

Quick to suspect: a line of a script too many costs little. A reading of a secret from elsewhere holds none:
`--password "$(pass show x)"`, `--token $TOKEN`. Knows no keys that have a shape of their own.
"""

import re
from collections.abc import Iterator

from charwise_trainer.secret_words import Span

_VALUE = r"""['"]?[^\s'"$<(][^\s]*"""
_NAME = (
    r"(?:pass(?:word|wd|phrase|code)?|pwd|secret|token|api[-_]?key|access[-_]?key|auth[-_]?key|auth(?!or)|credentials?"
    r"|private[-_]?key)"
)
_COMMANDS = re.compile(
    "|".join(
        (
            # --password=x, --password x, --client-secret x, -pass x, /password:x, -storepass x
            rf"(?:^|\s)(?:--?|/)(?:[\w-]{{0,40}}[-_])?{_NAME}(?:=|:|[ \t]+){_VALUE}",
            r"\s-(?:store|key)pass\s+\S",
            # PGPASSWORD=x, export API_TOKEN=x, -e MYSQL_ROOT_PASSWORD=x, password=x in a query or a dict
            rf"{_NAME}\w{{0,12}}['\"]?[ \t]*(?:=|:=|:\s?['\"])[ \t]*{_VALUE}",
            rf"\w_(?:key|pat|pw)={_VALUE}",
            # fish's set -gx API_TOKEN x, a Dockerfile's ENV API_TOKEN x, token: x, netrc's password x
            rf"\b(?:set|env|arg)\s+(?:--?\w+\s+){{0,5}}\w{{0,40}}(?:{_NAME}|_key|_pat|_pw)\w{{0,12}}\s+{_VALUE}",
            rf"\b(?:password|passwd|passphrase|secret|token):\s+{_VALUE}",
            rf"\blogin\s+\S+\s+password\s+{_VALUE}",
            # headers: Authorization: Basic ..., X-Api-Key: ..., Private-Token: ..., Cookie: ...
            r"(?:authorization|x-[\w-]*(?:key|token|auth|secret)[\w-]*|(?:set-)?cookie)\s*:\s*\S",
            rf"(?:-H|--header)[\s=]*['\"]?[\w-]{{0,40}}{_NAME}[\w-]{{0,20}}\s*:\s*[^\s$]",
            r"\b(?:bearer|basic)\s+[\w.~+/=-]{8,}",
            # scheme://user:password@host, user:password@host, and a token alone before the @
            r"\w+://[^\s/:@]*:[^\s/@$]+@",
            r"https?://[^\s/@:]{16,}@",
            r"\b(?:s?ftp|ssh)\s+[^\s:@/]+:[^\s:@/$]+@",
            # programs whose short options take a password
            r"\b(?:mysql\w*|mariadb\w*|mycli|7z\w*|rar|unrar)\b[^|;&]*?\s-p['\"]?[^\s'\"$-]",
            r"\b(?:sshpass|mongo\w*|(?:docker|podman|az|helm\s+registry)\s+login)\b[^|;&]*?\s-p\s*['\"]?[^\s'\"$-]",
            rf"\b(?:twine|ncftp\w*|cqlsh|rdesktop|useradd|usermod)\b[^|;&]*?\s-p\s+{_VALUE}",
            r"\b(?:plink|pscp|putty)\b[^|;&]*?\s-pw\s|\bwpa_passphrase\s+\S+\s+\S",
            r"\b(?:zip|unzip|sqlcmd|bcp|ipmitool|mosquitto_\w+)\b[^|;&]*?\s-P\s*\S",
            r"\b(?:redis-cli|ldap\w+|isql)\b[^|;&]*?\s-[aw]\s*\S",
            rf"\bssh-keygen\b[^|;&]*?\s-[NP]\s*{_VALUE}",
            rf"\bsnmp\w+\b[^|;&]*?\s-[AXc]\s*{_VALUE}",
            r"\b(?:curl|http|https|wget|smbclient|rpcclient|net)\b[^|;&]*?\s(?:-u|--user|-U|--proxy-user)\s*['\"]?[^\s:%]+[:%][^\s$]",
            r"\bcurl\b[^|;&]*?\s(?:-b|--cookie)\s+['\"]?[^\s=]+=\S",
            r"\bhttp\w*\b[^|;&]*?\s-a\s+[^\s:]+:\S+",
            r"\bhtpasswd\b[^|;&]*?\s-\w*b\w*\s",
            r"\bopenssl\b[^|;&]*?(?:\s-k\s+\S|\bpass:)",
            r"\bgpg\w*\b[^|;&]*?--passphrase\s",
            r"\blftp\b[^|;&]*?\s-u\s*[^\s,]+,\S|\bsqlplus\s+[^\s/]+/[^\s/$]",
            r"/p:\S|\bconnection\.password\b|\bdev\s+wifi\s+connect\b.*\bpassword\s|\bnet\s+use\b.*\s/user:",
            # what is piped into programs that ask, or written to their input or to where secrets lie
            r"\b(?:echo|printf)\b[^|;&]*\|\s*(?:sudo\s+(?:-\w+\s+)*-\w*S|(?:sudo\s+)?(?:chpasswd|passwd|cryptsetup))",
            r"\b(?:echo|printf)\b[^|;&]*\|\s*(?:openssl|gpg|(?:docker|podman)\s+login|gh\s+auth|kinit|base64|\w+sum)",
            r"(?:echo|printf)\b[^|;&]*<<<|\b(?:chpasswd|passwd|cryptsetup|kinit|login|sudo\s[^|;&]*-\w*S)\b[^|;&]*<<<",
            r"\b(?:echo|printf)\b[^|;&]*>>?\s*\S*(?:pass|secret|token|credential|netrc|\.env)",
            r"\bexpect\b.*\bsend\s",
            # what keeps secrets is given one
            r"\bvault\s+(?:login|kv\s+put|write)\s|\bpass\s+insert\s+-e|\bsecret-tool\s+store|\bkeyring\s+set",
            r"\bansible-vault\s+encrypt_string|\bkubectl\s+create\s+secret|--from-literal|\brclone\s+obscure",
            r"\bheroku\s+config:set|\bfly(?:ctl)?\s+secrets\s+set|\bgh\s+secret\s+set\b.*(?:-b|--body)",
            r"\baws\s+configure\s+set|\bnpm\s+config\s+set\s+\S*_auth|\bgit\s+config\b.*(?:extraheader|password)",
            r"\bsecurity\s+add-\w+-password|\bnet\s+user\s+\S+\s+\S+|\bpypi-token\S*\s+\S|authtoken\s+[^\s$]",
            r"\bcargo\s+login\s+\S|\bbw\s+(?:unlock\s+[^\s$-]|login\s+\S+\s+[^\s$-])|\bop\s+signin\s+\S+\s+\S+\s+\S",
            r"\bcloudflared\b.*\binstall\s+[^\s$]",
            r"otpauth://|\boathtool\b|-----BEGIN|\bSG\.[\w-]{16}|\beyJ[\w-]{10,}\.",
        )
    ).encode(),
    re.IGNORECASE,
)
_NAMES = re.compile(
    r".*\.(sh|bash|zsh|fish|ksh|mk|bat|cmd|envrc)|\.?\w*(rc|profile|login|logout|aliases|zshenv)"
    r"|((gnu)?make|docker|container|just|vagrant|jenkins)file.*|inventory|hosts|crontab"
)
"""Files of commands."""


def commands(text: bytes, name: str) -> Iterator[Span]:
    """Yield where commands tell a secret, in a file of a name that has commands."""
    if not _NAMES.fullmatch(name.rpartition("/")[2].lower()):
        return
    start = 0
    for line in text.split(b"\n"):
        if found := _COMMANDS.search(line):
            yield start + found.start(), start + found.end()
        start += len(line) + 1
