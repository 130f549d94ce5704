"""What people read in a terminal: a report that a tired engineer understands in ten seconds, one problem in full,
plain tables.

Every function returns text for the width given. Without colour it holds no escape sequence and no frames, so that
it can be piped, mailed and searched. Text from outside goes through `escape.plain`; each piece is bounded.
"""

from bot.render.terminal.inquired import show_coverage, show_validation
from bot.render.terminal.page import heading
from bot.render.terminal.problem import show_problem
from bot.render.terminal.rebuilt import show_rebuilt
from bot.render.terminal.replied import show_checked, show_reply
from bot.render.terminal.report import show_report
from bot.render.terminal.table import show_checks, show_table

__all__ = [
    "heading",
    "show_checked",
    "show_checks",
    "show_coverage",
    "show_problem",
    "show_rebuilt",
    "show_reply",
    "show_report",
    "show_table",
    "show_validation",
]
