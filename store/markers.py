"""Markers: hidden comments in what we write to the tracker, by which it is found again whatever happened since.

A marker names the cluster's number for people, its signature so that it also holds for a database that was begun
anew, and a proposal id that nobody can guess.
"""

from __future__ import annotations

import hashlib
import re
from secrets import token_hex

_MARKER = re.compile(
    r"<!-- log-gardener: cluster=(?P<cluster>\d{1,15})(?: signature=(?P<signature>[0-9a-f]{16}))?"
    r" proposal=p-[\w-]{1,64} -->"
)


def new(cluster: int, signature: str) -> str:
    """A marker for one proposal; `signature` is the key of the cluster's signature, where it has one."""
    named = f" signature={stamp(signature)}" if signature else ""
    return f"<!-- log-gardener: cluster={cluster}{named} proposal=p-{token_hex(8)} -->"


def stamp(signature: str) -> str:
    """A signature's key as it stands in a marker."""
    return hashlib.sha256(signature.encode("utf-8", "replace")).hexdigest()[:16]


def in_text(text: str) -> list[tuple[int, str]]:
    """Clusters and signatures of all markers in a text; the signature is empty where a marker names none."""
    return [(int(m["cluster"]), m["signature"] or "") for m in _MARKER.finditer(text)]
