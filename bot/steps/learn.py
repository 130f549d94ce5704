"""What is learnt of a problem whose issue was closed: its cause is confirmed, where a change closed the issue.

Closing alone may be tidying up; a pull request or a commit that says that it closes the issue is somebody's work on it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from bot.models import Analysis, Audit, Finding, Issue, Lesson

CLOSES = r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\b:?"
MENDED = re.compile(
    r"\b(?:fixed|closed|resolved|mended|solved) (?:by|in|with|through) "
    r"(?P<change>(?:PR |pull request )?#\d{1,7}|(?:commit )?[0-9a-f]{7,40}\b)",
    re.IGNORECASE,
)
SOUND = (Finding.CONFIRMED, Finding.INFERRED)


def lesson(
    cluster: int, issue: Issue, changes: Sequence[Issue], analysis: Analysis, audit: Audit, now: datetime
) -> Lesson | None:
    """The cause that was shown for the cluster, as confirmed; None where no cause was, or no change is named."""
    change = closed_by(issue, changes)
    if not analysis.cause or audit.cause not in SOUND or not (issue.closed and issue.reason == "completed" and change):
        return None
    return Lesson(cluster, analysis.cause, analysis.source, issue.ref, change, issue.closed_at or now)


def closed_by(issue: Issue, changes: Sequence[Issue]) -> str:
    """The pull request that says that it closes the issue, or the change that the issue itself names."""
    closes = re.compile(rf"{CLOSES} (?:{re.escape(issue.repository)})?#{issue.number}\b", re.IGNORECASE)
    for change in changes:
        if closes.search(f"{change.title}\n{change.body}"):
            return f"#{change.number}"
    for text in reversed((issue.body, *issue.comments)):
        if found := MENDED.search(text):
            return found["change"]
    return ""
