"""Replay tokens: a schedule as one word that can be pasted into a command line."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from .directives import Directive

FORMAT = 1


class BadToken(ValueError):
    """A token that cannot be used; the message is one sentence for the user."""


@dataclass(frozen=True, slots=True)
class Token:
    """What a token holds: the test it was made for (as a digest), the hazard it showed, and the directives."""

    test: str
    code: str
    directives: tuple[Directive, ...]


def test_digest(nodeid: str) -> str:
    """Return the short digest by which a token knows its test."""
    return hashlib.sha256(nodeid.encode()).hexdigest()[:12]


def encode(token: Token) -> str:
    """Return the token as a word of letters, digits, ``-`` and ``_``, with a version and a checksum."""
    rows = [[d.worker, d.site, d.occurrence, d.moment, d.to] for d in token.directives]
    raw = json.dumps([token.test, token.code, rows], separators=(",", ":")).encode()
    packed = base64.urlsafe_b64encode(zlib.compress(raw, 9)).decode().rstrip("=")
    return f"c{FORMAT}-{zlib.crc32(packed.encode()):08x}-{packed}"


def decode(text: str) -> Token:
    """Return the token of ``text``; raise :class:`BadToken` where it is damaged or of another format."""
    version, _, rest = text.strip().partition("-")
    checksum, _, packed = rest.partition("-")
    if not (version.startswith("c") and version[1:].isdigit()):
        raise BadToken("it is no replay token; paste the one that a failure printed")
    if int(version[1:]) != FORMAT:
        raise BadToken(f"it has format {version[1:]}, this version reads format {FORMAT}; run the test again")
    try:
        if int(checksum, 16) != zlib.crc32(packed.encode()):
            raise ValueError
        raw = zlib.decompress(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
        test, code, rows = json.loads(raw)
        return Token(test, code, tuple(Directive(w, s, int(o), m, t) for w, s, o, m, t in rows))
    except (ValueError, TypeError, zlib.error):
        raise BadToken("it is damaged; paste it whole") from None


def make(nodeid: str, code: str, directives: Sequence[Directive]) -> str:
    """Return the token for a failing schedule of the test ``nodeid``."""
    return encode(Token(test_digest(nodeid), code, tuple(directives)))
