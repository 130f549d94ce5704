"""Draws the pictures of the documentation from the demo's week: `python docs/pictures.py`, now and then, by hand.

They are what the product makes: the picture of the digest as it is, and messages and forms from their blocks, drawn by
a browser (`chromium`) where there is one.
"""

from __future__ import annotations

import html
import io
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image

from bot import pipeline
from bot.analysts.patterns import Patterns
from bot.demo.replay import Replay
from bot.demo.tour import POLICY, replay
from bot.demo.week import END, REPOSITORY, issues, week
from bot.models import Act, Window
from bot.ports import Edges
from bot.render import picture, slack
from bot.steps.digest import digest
from bot.trackers.local import LocalTracker
from store import open_store

FOLDER = Path(__file__).parent / "pictures"
STYLE = """
body { margin: 0; padding: 16px; width: 608px; color: #1d1c1d; font: 15px/1.4 Lato, Arial, sans-serif }
h1 { font-size: 18px; margin: 6px 0 } p { margin: 6px 0; overflow-wrap: anywhere; white-space: pre-wrap }
small { color: #616061; display: block; margin: 6px 0 } b.button { border: 1px solid #bbb; border-radius: 4px;
padding: 4px 10px; margin: 0 6px 6px 0; display: inline-block } b.primary { background: #007a5a; color: #fff }
b.danger { color: #c01343 } code { color: #c01343; background: #f6f6f6 }
div { border: 1px solid #868686; border-radius: 4px; padding: 6px 10px; margin: 4px 0 12px; white-space: pre-wrap;
max-height: 190px; overflow: hidden }
"""
Block = Mapping[str, Any]


def main() -> int:
    FOLDER.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder, open_store(str(Path(folder) / "week.db")) as store:
        tracker = LocalTracker(":memory:", REPOSITORY, clock=lambda: END)
        tracker.adopt(issues())
        entries = list(week())
        edges = Edges(Replay(entries), None, Patterns(), tracker, store, lambda: END, POLICY)
        replay(entries, edges)
        report = pipeline.look(edges, Window(END - timedelta(days=1), END))
        chart = picture.drawn(picture.charted(pipeline.look(edges, Window(END - timedelta(days=2), END))))
        (FOLDER / "trends.png").write_bytes(chart)
        browser = shutil.which("chromium")
        if browser is None:
            print("There is no chromium, so only the picture of the digest was drawn.")
            return 0
        _shoot(browser, "digest", slack.digest(digest(report, "demo", END.date())).blocks[:7], 560)
        creating = [p for p in store.proposals.waiting() if p.draft.act is Act.CREATE]
        form = slack.edit(creating[0], "", "", "")
        title: Block = {"type": "header", "text": {"text": form.title}}
        _shoot(browser, "form", [title, *form.blocks], 800)
    return 0


def _shoot(browser: str, name: str, blocks: Sequence[Block], high: int) -> None:
    """The blocks as a browser draws them, in few colours."""
    with TemporaryDirectory() as folder:
        page, shot = Path(folder) / "page.html", Path(folder) / "shot.png"
        body = "".join(piece for block in blocks for piece in _html(block))
        page.write_text(f"<!doctype html><meta charset=utf-8><style>{STYLE}</style>{body}", encoding="utf-8")
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--window-size=640,{high}"]
        subprocess.run(
            [browser, *options, f"--screenshot={shot}", page.as_uri()], check=True, capture_output=True, timeout=60
        )
        out = io.BytesIO()
        Image.open(shot).convert("RGB").quantize(200, method=Image.Quantize.FASTOCTREE).save(out, "PNG", optimize=True)
        (FOLDER / f"{name}.png").write_bytes(out.getvalue())


def _html(block: Block) -> Iterator[str]:
    match block["type"]:
        case "header":
            yield f"<h1>{html.escape(block['text']['text'])}</h1>"
        case "section":
            yield f"<p>{_mrkdwn(block['text']['text'])}</p>"
        case "context":
            yield f"<small>{' · '.join(_mrkdwn(e['text']) for e in block['elements'])}</small>"
        case "actions":
            buttons = [(e.get("style", ""), html.escape(e["text"]["text"])) for e in block["elements"]]
            yield "".join(f'<b class="button {style}">{text}</b>' for style, text in buttons)
        case "input":
            element = block["element"]
            value = element.get("initial_value") or element["initial_option"]["text"]["text"]
            yield f"<b>{html.escape(block['label']['text'])}</b><div>{html.escape(value)}</div>"


def _mrkdwn(text: str) -> str:
    """Slack's own writing, which is escaped already, in a browser's."""
    text = re.sub(r"<([^|>]+)\|([^>]+)>", r'<a href="\1">\2</a>', text)
    text = re.sub(r"(?<!\w)_([^_\n]+)_(?!\w)", r"<i>\1</i>", text)
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", text)
    return re.sub(r"(?<!\w)\*([^*\n]+)\*(?!\w)", r"<b>\1</b>", text)


if __name__ == "__main__":
    sys.exit(main())
