"""What people see in Slack: digest, one cluster, a proposal, help. Pure: values in, messages out.

Each message reads well from its `text` alone, for that is what notifications and screen readers get; a colour is
always beside a word. Text from logs, models, the tracker and people is escaped here, and nowhere twice.
"""

from bot.render.slack.answers import help_page, provisional, say, sentence
from bot.render.slack.condition import condition, over, status
from bot.render.slack.detail import detail
from bot.render.slack.digest import alert, changes, digest, latest, listing
from bot.render.slack.forms import dashboard, edit, home, page, report, unfurled
from bot.render.slack.inquired import covered, deploys, validated
from bot.render.slack.pieces import person, unescaped
from bot.render.slack.proposal import SHOWN, proposal, written
from bot.render.slack.replied import checked, reply
from bot.render.slack.tended import found, kin, linked, past, picker, said, settings, silences, unlinked

__all__ = [
    "SHOWN",
    "alert",
    "changes",
    "checked",
    "condition",
    "covered",
    "dashboard",
    "deploys",
    "detail",
    "digest",
    "edit",
    "found",
    "help_page",
    "home",
    "kin",
    "latest",
    "linked",
    "listing",
    "over",
    "page",
    "past",
    "person",
    "picker",
    "proposal",
    "provisional",
    "reply",
    "report",
    "said",
    "say",
    "sentence",
    "settings",
    "silences",
    "status",
    "unescaped",
    "unfurled",
    "unlinked",
    "validated",
    "written",
]
