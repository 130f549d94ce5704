"""What each finding of an expression becomes: a mask, or itself where it is prose, a reference, or masked already."""

from __future__ import annotations

import re
from collections.abc import Callable

from bot.steps.redact import patterns as p


def _pair(found: re.Match[str]) -> str:
    value = found["value"]
    kind = next(k for k in ("session", "key", "secret", "password", "token", "signature", "code") if found[k])
    if not _secret(kind, value, found):
        return found[0]
    return f"{found['name']}{found['between']}{found['open'] or ''}<{kind}>"


def _secret(kind: str, value: str, found: re.Match[str]) -> bool:
    """Whether the value of a pair is a secret, or prose, a reference, a figure, or masked already."""
    word = value.strip(" .,;:!?)(").lower()
    if not word or word in "|>" or word in p.PROSE or p.STARS.fullmatch(value) or value.lstrip("=").startswith("<"):
        return False
    if "\n" in found["mark"] and (value.endswith(":") or value.startswith("-")):
        return False
    if kind == "password" and " " in value and _prose(value):
        return False
    if kind == "password" and found["password"].lower() == "pwd" and value.startswith("/"):
        return False  # a working directory
    if kind == "password" and found["password"].lower() in p.FOREIGN:
        return not word.isalpha()
    if kind == "password":
        return found["password"].lower() != "pass" or not (value.isdigit() or value.isalpha())
    if p.RANDOM.fullmatch(value):
        return True
    if (
        p.CONSTANT.fullmatch(value)
        or p.REFERENCE.fullmatch(value)
        or (" " in value and len(value) < 200 and not any(c.isdigit() for c in value))
    ):
        return False
    if kind == "code":
        return value.isdigit() and 3 < len(value) < 9
    if value.isdigit() and len(value) < 9:
        return False
    if (kind in ("secret", "key") and "=" in found["mark"]) or (kind == "secret" and found["quote"]):
        return len(value) >= 4
    mixed = any(c.isdigit() for c in value) or (value != value.lower() and value[1:] != value[1:].lower())
    return len(value) >= 8 and (mixed or len(value) >= 20 or (found["quote"] is not None and "_" not in value))


def _pass_phrase(found: re.Match[str]) -> str:
    """Several words are the phrase, unless they begin as what is said about one: `required for key`."""
    first = found[2].split(" ", 1)[0].lower()
    return found[0] if first in p.PROSE and first not in ("not", "no", "the") else f"{found[1]}<password>"


def _prose(value: str) -> bool:
    """Whether several words are something said about a password, and none themselves."""
    said = [w.strip(".,;:!?()").lower() for w in value.split()]
    return sum(w in p.PROSE for w in said) * 2 > len(said)


def _opaque(value: str) -> bool:
    """Whether a word is none of a language: figures, signs or capitals within."""
    inner = value.rstrip(".!?:)")
    return any(not c.isalpha() and c not in "-'/()" for c in inner) or (
        inner[1:] != inner[1:].lower() and inner != inner.upper()
    )


def _listed(found: re.Match[str]) -> str:
    kind = next(k for k in ("cookie", "session", "key", "secret", "password", "token") if found[k])
    value = found["value"].strip()
    items = [i.strip(" \\\"'`") for i in value.split(",")]
    plain = [i for i in items if i and i.lower() not in p.PROSE and not p.STARS.fullmatch(i) and not i.startswith("<")]
    if not plain or value.startswith("<"):
        return found[0]
    if kind == "cookie":
        secret = any("=" in i for i in plain)
    elif found["token"] and found["token"].lower() == "authorization":
        secret = any(_opaque(i.rpartition(" ")[2]) for i in plain)
    elif kind == "password":
        secret = not _prose(value.replace("'", "").replace('"', ""))
    else:
        secret = any(len(i) >= 8 and " " not in i and _opaque(i) and not p.REFERENCE.fullmatch(i) for i in plain)
    return f"{found['name']}{found['between']}[<{kind}>]" if secret else found[0]


def _element(found: re.Match[str]) -> str:
    value = found["value"].strip()
    if not value or value.lower() in p.PROSE or p.STARS.fullmatch(value) or (" " in value and _prose(value)):
        return found[0]
    name = found[2].lower()
    if "pass" not in name and "pw" not in name and (value.isdigit() or len(value) < 8 or not _opaque(value)):
        return found[0]
    return f"{found[1]}<{'password' if 'pass' in name or 'pw' in name else 'secret'}>"


def _said(found: re.Match[str]) -> str:
    value = found["value"].rstrip(".!?:)")
    if value.lower() in p.PROSE or p.STARS.fullmatch(value) or not value:
        return found[0]
    quoted = found[1][-1] in "\"'`"
    if not (_opaque(value) or quoted or (found["mark"] and found["end"] is not None)):
        return found[0]
    return f"{found[1]}<password>{found[0][len(found[1]) + len(value) :]}"


def _phrase(found: re.Match[str]) -> str:
    return found[0] if _prose(found[2]) or found[2].split()[0].lower() in p.PROSE else f"{found[1]}<password>"


def _granted(found: re.Match[str]) -> str:
    value = found[2]
    harmless = (value.isdigit() and len(value) < 4) or (value.islower() and value.isalpha())
    return found[0] if harmless else f"{found[1]}<key>"


def _grant(found: re.Match[str]) -> str:
    value = found[2]
    return found[0] if value.islower() and value.replace("_", "").isalpha() else f"{found[1]}<key>"


def _private(found: re.Match[str]) -> str:
    begins = p.KEY_BEGINS.match(found[0])
    return f"{begins[0]}<private-key>" if begins else "<private-key>"


def _scheme(found: re.Match[str]) -> str:
    value = found[3]
    if value.startswith(("sha1:", "sha256:", "sha512:", "md5:")):
        return found[0]
    if found[1].lower() == "token" and len(value) < 20:
        return found[0]
    if value.isalpha() and (value.islower() or value[1:].islower()) and len(value) < 24:
        return found[0]
    if not any(c.isdigit() for c in value) and (len(value) < 16 or value.islower()):
        return found[0]
    return f"{found[1]}{found[2]}<token>"


def _header(found: re.Match[str]) -> str:
    word = found[2].strip(" .;:!?[]").lower()
    return found[0] if word in p.PROSE or word in ("bearer", "header") else f"{found[1]}<token>"


def _card(found: re.Match[str]) -> str:
    digits = "".join(c for c in found[0] if c.isdigit())
    if not p.BRAND.fullmatch(digits) or len(set(digits)) < 2:
        return found[0]
    doubled = (int(c) * (1 + i % 2) for i, c in enumerate(reversed(digits)))
    return "<card>" if sum(n // 10 + n % 10 for n in doubled) % 10 == 0 else found[0]


def _email(found: re.Match[str]) -> str:
    if found[1].endswith(".gserviceaccount.com") or found[0].startswith("git@"):
        return found[0]
    return "<email>"


def _url(found: re.Match[str]) -> str:
    return f"{found[1] or found[2]}<password>"


_NAMES = (
    "pass",
    "pw",
    "kennwort",
    "contrase",
    "senha",
    "secret",
    "credential",
    "key",
    "token",
    "jwt",
    "bearer",
    "authorization",
    "sess",
    "sid",
    "sig",
)
_Change = str | Callable[[re.Match[str]], str]
PASSES: tuple[tuple[tuple[str, ...], re.Pattern[str], _Change], ...] = (
    (("private key",), p.PRIVATE, _private),
    ((), p.KEY_LINE, r"\1<key>"),
    (("[",), p.LISTED, _listed),
    (("</",), p.ELEMENT, _element),
    (("://",), p.URL, _url),
    (("://",), p.URL_TOKEN, r"\1<token>"),
    (("cookie",), p.COOKIE, r"\1<cookie>"),
    (("eyj",), p.JWT, "<jwt>"),
    ((), p.KEYS, "<key>"),
    (("atlasv1",), p.ATLAS, "<key>"),
    (("_",), p.PREFIXED, "<key>"),
    (("hooks",), p.WEBHOOK, r"\1<key>"),
    (("authorization",), p.DIGEST, r"\1<token>"),
    (("authorization",), p.HEADER, _header),
    (("bearer", "basic", "digest", "negotiate", "apikey", "token"), p.SCHEME, _scheme),
    (("curl",), p.CURL, r"\1<password>"),
    (("/",), p.ORACLE, _url),
    (("$",), p.HASHED, "<password>"),
    (("code is",), p.ANNOUNCED, r"\1<code>"),
    (("phrase",), p.PASS_PHRASE, _pass_phrase),
    (("pass", "pwd"), p.PHRASE, _phrase),
    (("pass", "pwd"), p.SAID, _said),
    (("value",), p.NAMED, r"\1<secret>"),
    (("value",), p.NAMED_AFTER, r"\1<secret>\3"),
    (("value:",), p.NAMED_BARE, r"\1<secret>"),
    ((";",), p.CONNECTION, r"\1<password>"),
    (("sshpass", "mysql", "redis-cli"), p.TYPED, r"\1<password>"),
    (("code", "pass", "pin"), p.ONCE, r"\1<code>"),
    (("(",), p.TUPLE, r"\1<secret>"),
    ((*_NAMES, "csrf", "xsrf", "otp", "pin", "code"), p.PAIR, _pair),
    (("pass", "secret", "token", "key"), p.OPTION, r"\1<secret>"),
    (("identified by", "password"), p.SQL, r"\1<password>"),
    (("code=", "key=", "auth=", "access=", "sig=", "state_token="), p.GRANT, _grant),
    (("code=",), p.GRANTED, _granted),
    (("@", "%40"), p.EMAIL, _email),
    ((), p.CARD, _card),
)
"""Words of which a text has at least one (in small letters) wherever the expression fits, and what it becomes."""
SHAPES = frozenset({p.PRIVATE, p.URL, p.JWT, p.KEYS, p.WEBHOOK, p.HASHED, p.PAIR, p.EMAIL})
"""What is masked in ids and names, too."""
