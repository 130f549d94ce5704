"""What people see in Slack: digest, one cluster, a proposal, help. Pure: values in, messages out.

Each message reads well from its `text` alone, for that is what notifications and screen readers get; a colour is
always beside a word. Text from logs, models, the tracker and people is escaped here, and nowhere twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime

from bot.models import (
    Act,
    Checked,
    Digest,
    Draft,
    Finding,
    Issue,
    Message,
    Outcome,
    Problem,
    Proposal,
    Report,
    Severity,
    Stage,
    Trend,
)
from bot.render import phrases
from bot.render.blocks import (
    Block,
    actions,
    button,
    code,
    context,
    divider,
    fit,
    header,
    section,
)
from bot.render.escape import cut, mrkdwn

NAME = 140
SENTENCE = 300
PARAGRAPH = 700
EVIDENCE = 1500
DRAFT = 6000
"""Characters of an issue's text that are shown; a longer one is attached as a file."""

SYMBOL = {
    Severity.P0: "🔴",
    Severity.P1: "🟠",
    Severity.P2: "🟡",
    Severity.P3: "🔵",
    Severity.P4: "⚪",
    Severity.P5: "▫️",
}
_TREND = {
    Trend.NEW: "new",
    Trend.RISING: "rising ↗",
    Trend.STEADY: "steady →",
    Trend.FALLING: "falling ↘",
    Trend.QUIET: "quiet",
}
_FINDING = {
    Finding.CONFIRMED: "✓ confirmed",
    Finding.CONTRADICTED: "✗ contradicted",
    Finding.UNSUPPORTED: "? unsupported",
    Finding.INFERRED: "→ inferred",
    Finding.STRUCK: "✗ struck out",
}
_ACT = {
    Act.CREATE: "Create an issue",
    Act.COMMENT: "Comment on {issue}",
    Act.ESCALATE: "Escalate {issue}",
    Act.REOPEN: "Reopen {issue}",
    Act.LINK: "Link {issue}",
    Act.NOTHING: "Do nothing",
}
_URL = re.compile(r"https?://[^\s<>|\"]{1,500}")
_PERSON = re.compile(r"[UW][A-Z0-9]{2,}")


# ---------------------------------------------------------------- the digest


def digest(shown: Digest) -> Message:
    """The living message of a channel and day."""
    report = shown.report
    heads = set(shown.shown)
    families = [f for f in report.families if f[0].number in heads]
    return fit(
        _summary(families, report, shown.more),
        [
            header(f"Log Gardener, {_day(shown.day)}"),
            *(block for family in families for block in _family(family, report.made_at)),
            *([section(_more(shown.more))] if shown.more else []),
            *([section("Nothing needs attention.")] if not families else []),
            *(
                [section("*What changed*\n" + "\n".join(f"• {mrkdwn(c)}" for c in shown.changes))]
                if shown.changes
                else []
            ),
            context(_footer(report)),
        ],
    )


def latest(report: Report, shown: Sequence[tuple[Problem, ...]], more: int, asked: str) -> Message:
    """The answer to `latest`: the same problems as in a digest, by what was asked for."""
    title = f"Problems: {asked}" if asked else "Problems that matter now"
    return fit(
        _summary(shown, report, more),
        [
            header(title),
            *(block for family in shown for block in _family(family, report.made_at)),
            *([section(_more(more))] if more else []),
            *([section("Nothing like that was seen in this span.")] if not shown else []),
            context(_footer(report)),
        ],
    )


def _summary(families: Iterable[tuple[Problem, ...]], report: Report, more: int) -> str:
    """The digest in a few plain lines."""
    heads = [f[0] for f in families]
    until = _until(report)
    if not heads:
        return f"Nothing needs attention. {until}."
    count = phrases.severities(heads)
    lines = [f"{phrases.count(len(heads) + more, 'problem')} ({count}). {until}."]
    lines += [
        f"{p.triage.severity}, cluster {p.number}: {_name(p, 100)} in {mrkdwn(p.cluster.service)}, "
        f"{phrases.count(p.cluster.occurrences, 'occurrence')}, {p.triage.trend}."
        for p in heads[:3]
    ]
    if len(heads) + more > 3:
        lines.append(f"And {len(heads) + more - 3} more.")
    return "\n".join(lines)


def _family(family: tuple[Problem, ...], now: datetime) -> list[Block]:
    """A problem with its symptoms folded under it: one section, one row of buttons."""
    p, symptoms = family[0], family[1:]
    found = phrases.cause(p)
    lines = [
        f"{SYMBOL[p.triage.severity]} *{p.triage.severity} · {_name(p)}*",
        f"{_where(p)} · {phrases.count(p.cluster.occurrences, 'occurrence')} · {_TREND[p.triage.trend]} · "
        f"since {phrases.moment(p.cluster.first_seen, now)} UTC",
        f"Cause ({mrkdwn(found.label)}): {_prose(found.text, SENTENCE)}" if found.text else f"Cause: {found.label}",
        f"Cluster {p.number} · issue: {tracked(p)}",
    ]
    if p.proposal and p.proposal.stage in (Stage.OPEN, Stage.APPROVED, Stage.FILING, Stage.FAILED):
        lines.append(f"_{phrases.proposed(p.proposal)}_")
    if symptoms:
        some = phrases.listed([f"{s.number} ({_name(s, 60)})" for s in symptoms[:3]])
        rest = f" and {len(symptoms) - 3} more" if len(symptoms) > 3 else ""
        lines.append(f"Its symptoms: {phrases.count(len(symptoms), 'cluster')}, {some}{rest}")
    return [section("\n".join(lines)), actions(f"cluster:{p.number}", _buttons(p))]


def _buttons(p: Problem, *, details: bool = True) -> list[Block]:
    out = [button("Details", "show", str(p.number))] if details else []
    if not p.is_symptom and not (p.proposal and p.proposal.stage in (Stage.OPEN, Stage.APPROVED, Stage.FILING)):
        out.append(button("Propose an issue" if _issue(p) is None else "Propose an update", "file", str(p.number)))
    return out


def _footer(report: Report) -> list[str]:
    spent = [s.dollars for s in report.spent if s.dollars is not None]
    return [
        _until(report),
        f"{phrases.count(report.entries, 'entry')} read",
        f"${sum(spent):.2f} spent on the model" if spent else "nothing spent on a model",
        f"{phrases.count(report.bad_count, 'line')} could not be read" if report.bad_count else "",
        *(_prose(note, SENTENCE) for note in report.notes),
    ]


def _until(report: Report) -> str:
    if report.read_until is None:
        return "Nothing was read yet"
    return f"Read up to {phrases.moment(report.read_until, report.made_at)} UTC"


def _more(count: int) -> str:
    return f"And {count} more: `/garden latest P5` goes down to the least, `/garden latest shop-api` shows one service."


# ---------------------------------------------------------------- one cluster


def detail(p: Problem, now: datetime, *, evidence: bool = True) -> Message:
    """All that is known of one cluster; `evidence` is False where strangers read along."""
    c, audit = p.cluster, p.audit
    found = phrases.cause(p)
    facts = [
        f"*Where:* {_where(p)}",
        f"*How often:* {phrases.count(c.occurrences, 'occurrence')} in {phrases.count(c.entries, 'entry')}, "
        f"{_TREND[p.triage.trend]}",
        f"*When:* {phrases.moment(c.first_seen, now)} to {phrases.moment(c.last_seen, now)} UTC",
        f"*Why {p.triage.severity}:* {_prose('; '.join(p.triage.reasons) or 'no reason is kept', PARAGRAPH)}"
        + (f", set by {person(p.triage.by)}" if p.triage.by else ""),
        f"*Issue:* {tracked(p)}",
    ]
    if c.users or c.clients:
        facts.append(f"*Who:* {phrases.count(c.users, 'user')}, {phrases.count(c.clients, 'client')}")
    if c.revisions:
        facts.append(
            f"*Revisions:* {mrkdwn(phrases.listed([*c.revisions[:3]]))}" + ("…" if len(c.revisions) > 3 else "")
        )
    if p.incident:
        what = f"a symptom of cluster {p.incident.root}" if p.is_symptom else "the root"
        facts.append(f"*Incident:* {what}; {_prose(p.incident.reason, SENTENCE)}")
    blocks: list[Block] = [
        header(f"Cluster {p.number}, {p.triage.severity}"),
        section(f"{SYMBOL[p.triage.severity]} *{_name(p, 250)}*\n{phrases.MEANING[p.triage.severity].capitalize()}"),
        section("\n".join(facts)),
        section(
            f"*Cause* ({mrkdwn(found.label)})\n"
            + (_prose(found.text, PARAGRAPH) if found.text else "None can be shown.")
        ),
    ]
    if p.analysis:
        blocks.append(
            section(
                f"*Impact, technical:* {_prose(p.analysis.technical_impact, PARAGRAPH) or 'unknown'}\n"
                f"*Impact, business:* {_prose(p.analysis.business_impact, PARAGRAPH) or 'unknown'}"
            )
        )
        if p.analysis.next_steps:
            steps = [f"{i}. {_prose(s, SENTENCE)}" for i, s in enumerate(p.analysis.next_steps[:6], 1)]
            blocks.append(section("*Next steps*\n" + "\n".join(steps)))
    if audit and audit.claims:
        blocks.append(section(f"*Claims* (audit: {audit.verdict})\n" + "\n".join(_claims(audit.claims))))
    if evidence and c.evidence:
        lines = [f"{e.time:%Y-%m-%d %H:%M:%S} {e.level.name} {e.id}\n{cut(e.text, 500)}" for e in c.evidence[:5]]
        blocks += [section("*Evidence*"), *code("\n\n".join(lines), EVIDENCE)]
    if buttons := _buttons(p, details=False):
        blocks.append(actions(f"cluster:{p.number}", buttons))
    blocks.append(context([f"Next: {mrkdwn(phrases.next_words(p))}"]))
    text = (
        f"Cluster {p.number}, {p.triage.severity}: {_name(p)} in {mrkdwn(c.service)}. "
        f"{phrases.count(c.occurrences, 'occurrence')}, {p.triage.trend}. "
        + (f"Cause ({mrkdwn(found.label)}): {_prose(found.text, SENTENCE)}" if found.text else f"Cause: {found.label}.")
    )
    return fit(text, blocks)


def _claims(claims: Sequence[Checked]) -> Iterator[str]:
    for number, checked in enumerate(claims[:8], 1):
        text = _prose(checked.claim.text, SENTENCE)
        text = f"~{text}~" if checked.finding in (Finding.CONTRADICTED, Finding.STRUCK) else text
        why = f": {_prose(checked.why, SENTENCE)}" if checked.why else ""
        yield f"{number}. {text} _{_FINDING[checked.finding]}{why}_"
    if len(claims) > 8:
        yield f"And {len(claims) - 8} more."


# ---------------------------------------------------------------- a proposal


def proposal(p: Proposal, now: datetime, *, who: str = "", words: str = "") -> Message:
    """What would be written, exactly, and where it stands. `who` decided, with `words` where there are any."""
    draft = p.draft
    what = _ACT[draft.act].format(issue=f"#{draft.issue}" if draft.issue else "the issue")
    of = f" for cluster {p.cluster}" if p.cluster else ""
    title = f"Proposal {p.id}: {what}{of}"
    state = _state(p, now, who, words)
    blocks: list[Block] = [header(title), section(state)]
    if p.stage is Stage.OPEN:
        blocks.append(
            actions(
                f"proposal:{p.id}",
                [
                    button("Approve", "approve", f"{p.id}:{p.digest}", "primary"),
                    button("Reject", "reject", f"{p.id}:{p.digest}", "danger"),
                ],
            )
        )
    head = [f"*In:* {mrkdwn(draft.repository) or 'the local tracker'}"]
    if draft.title:
        head.append(f"*Title:* {mrkdwn(cut(draft.title, 300))}")
    if draft.severity:
        head.append(f"*Severity:* {SYMBOL[draft.severity]} {draft.severity}")
    if draft.labels:
        head.append(f"*Labels:* {mrkdwn(', '.join(draft.labels))}")
    if draft.assignees:
        head.append(f"*Assigned to:* {mrkdwn(', '.join(draft.assignees))}")
    if draft.reason:
        head.append(f"*Why:* {_prose(draft.reason, PARAGRAPH)}")
    blocks += [section("\n".join(head)), *code(written(draft), DRAFT)]
    notes = [f"Counts as of {phrases.moment(p.as_of, now)} UTC", f"asked for by {person(p.made_by)}"]
    if len(written(draft)) > DRAFT:
        notes.append("The whole text is attached as a file.")
    blocks += [divider(), context(notes)]
    return fit(f"{title}. {mrkdwn(cut(draft.title, 200))}\n{state}", blocks)


def written(draft: Draft) -> str:
    """The text that would be written: the body of an issue, or a comment."""
    return "\n\n".join(part for part in (draft.body, draft.comment) if part) or "(no text)"


def _state(p: Proposal, now: datetime, who: str, words: str) -> str:
    by = f" by {person(who)}" if who else ""
    why = f": {_prose(words, SENTENCE)}" if words else ""
    if p.stage is Stage.OPEN:
        return (
            "⏳ *Waits for an approver.* Reply `approve`, `approve P1`, `approve as &lt;title&gt;`, "
            f"`reject &lt;why&gt;` or `later 2h`, or click; where several wait here, name it: `approve {p.id}`. "
            f"Until {phrases.moment(p.expires_at, now)} UTC."
        )
    if p.stage is Stage.APPROVED:
        retry = f" Not written yet: {_prose(p.note, SENTENCE)} It is tried again." if p.note else ""
        return f"✅ *Approved*{by}; it is being written.{retry}"
    if p.stage is Stage.FILING:
        return f"✅ *Approved*{by}; it is being written."
    if p.stage is Stage.FILED:
        where = link(p.url, f"#{p.issue}")
        return f"📌 *Filed* as {where}{f', approved{by}' if by else ''}."
    if p.stage is Stage.REJECTED:
        return f"🚫 *Rejected*{by}{why}"
    if p.stage is Stage.FAILED:
        return f"⚠️ *Could not be written:* {_prose(p.note, SENTENCE)}"
    if p.stage is Stage.SUPERSEDED:
        return "↪️ *Superseded* by a newer proposal."
    return f"⌛ *Expired.* `/garden file cluster {p.cluster}` proposes it again."


# ---------------------------------------------------------------- help and short answers


def help_page(rows: Sequence[tuple[str, str, str, Sequence[str]]], replies: Sequence[tuple[str, str]]) -> Message:
    """The table of commands (syntax, what it does, who may, examples) and of replies."""
    lines = [
        f"`/garden {mrkdwn(syntax)}`  {_code_spans(does)} _({mrkdwn(who)})_\n      e.g. "
        + ", ".join(f"`/garden {mrkdwn(e)}`" for e in examples)
        for syntax, does, who, examples in rows
    ]
    words = [f"`{mrkdwn(syntax)}`  {_code_spans(does)}" for syntax, does in replies]
    blocks = [header("What you can type"), *(section(line) for line in lines)]
    if words:
        blocks.append(section("*In a proposal's thread*, approvers reply\n" + "\n".join(words)))
    blocks.append(context(["Case, `#`, `C-3` and plurals are forgiven. Add `--share` to show an answer to everybody."]))
    text = "You can type " + ", ".join(f"/garden {mrkdwn(row[0])}" for row in rows) + "."
    return fit(text, blocks)


def say(text: str) -> Message:
    """A short answer of our own words, already finished mrkdwn."""
    return fit(text, [section(text)])


def sentence(text: str) -> Message:
    """A sentence that may hold words from elsewhere."""
    return say(mrkdwn(cut(text, PARAGRAPH)))


# ---------------------------------------------------------------- small pieces


def person(id: str) -> str:
    """A mention for a user's id, which notifies nobody in an edit; the bare word for anybody else."""
    return f"<@{id}>" if _PERSON.fullmatch(id) else mrkdwn(cut(id or "nobody", 60))


def link(url: str, label: str) -> str:
    """A link to the tracker, or the bare label where the address is none."""
    safe = url.replace("&", "&amp;")
    return f"<{safe}|{mrkdwn(label)}>" if _URL.fullmatch(url) else label


def tracked(p: Problem) -> str:
    """What the tracker knows of it, the issue as a link."""
    words = mrkdwn(phrases.tracked(p))
    issue = _issue(p)
    plain = mrkdwn(f"#{issue.number}") if issue else ""
    return words.replace(plain, link(issue.url, f"#{issue.number}"), 1) if issue and issue.url else words


def _issue(p: Problem) -> Issue | None:
    return p.match.issue if p.match and p.match.outcome is not Outcome.SYMPTOM else None


def _name(p: Problem, limit: int = NAME) -> str:
    return _prose(p.cluster.title, limit)


def _where(p: Problem) -> str:
    environments = ", ".join(e for e in p.cluster.environments if e)
    return mrkdwn(f"{p.cluster.service}{f' in {environments}' if environments else ''}")


def _prose(text: str, limit: int) -> str:
    """Text from elsewhere in one line, bounded, escaped."""
    return mrkdwn(cut(" ".join(text.split()), limit))


def _code_spans(text: str) -> str:
    """Our own words, in which backticks are meant."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _day(day: date) -> str:
    return f"{day:%A}, {day.day} {day:%B %Y}"
