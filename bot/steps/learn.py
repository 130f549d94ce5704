"""What is learnt of a problem whose issue was closed: its cause is confirmed, where a change closed the issue.

Closing alone may be tidying up; a merged pull request or a commit that closed it is somebody's work on it.
"""

from __future__ import annotations

from datetime import datetime

from bot.models import Analysis, Audit, Finding, Issue, Lesson

SOUND = (Finding.CONFIRMED, Finding.INFERRED)


def lesson(cluster: int, issue: Issue, analysis: Analysis, audit: Audit, now: datetime) -> Lesson | None:
    """The cause that was shown for the cluster, as confirmed; None where no cause was, or no change closed it."""
    change = f"#{issue.pull}" if issue.pull else f"commit {issue.commit[:10]}" if issue.commit else ""
    if not analysis.cause or audit.cause not in SOUND or not (issue.closed and issue.reason == "completed" and change):
        return None
    return Lesson(cluster, analysis.cause, analysis.source, issue.ref, change, issue.closed_at or now)
