"""A picture of how often, per hour and by severity, with deployments marked; and the same in words.

It is shown on phones, in light and in dark: a dark card of its own with light writing, few and large words. A colour is
never alone: each severity has a pattern, too, and its name and number beside it. The same counts give the same bytes.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from PIL import Image, ImageDraw, ImageFont

from bot.models import Report, Severity, Window
from bot.render import phrases

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
WIDTH, HEIGHT = 1080, 720
LEFT, RIGHT, TOP, BOTTOM = 40, 1040, 216, 600
"""The field of the bars."""
SMALL, LARGE = 34, 44
"""Sizes of writing: on a phone, where the picture is 360 wide, a third of it."""
LEAST = 8
"""Height of a bar of a single occurrence beside a high one."""
NAMED = 5

CARD, WRITING, FAINT, MARK = "#22272e", "#f0f3f6", "#5b6572", "#d2a8ff"
COLOURS: Mapping[Severity, str] = {
    Severity.P0: "#ff6b6b",
    Severity.P1: "#ffa94d",
    Severity.P2: "#ffe066",
    Severity.P3: "#74c0fc",
    Severity.P4: "#adb5bd",
    Severity.P5: "#868e96",
}


@dataclass(frozen=True, slots=True)
class Chart:
    """Occurrences per step of a window, by severity, and when what was deployed."""

    window: Window
    step: timedelta
    counts: Mapping[Severity, tuple[int, ...]]
    deployments: tuple[tuple[datetime, str], ...]

    @property
    def total(self) -> int:
        return sum(map(sum, self.counts.values()))

    @property
    def sums(self) -> tuple[int, ...]:
        """Of each step, over all severities."""
        return tuple(map(sum, zip(*self.counts.values(), strict=True))) if self.counts else ()

    @property
    def fingerprint(self) -> str:
        """Equal ones look equal."""
        said = f"{self.window.start} {self.step} {sorted(self.counts.items())} {self.deployments}"
        return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:16]


def charted(report: Report) -> Chart:
    """What of a report is drawn, in whole steps that end after its window."""
    span = report.window.span
    step = timedelta(hours=1 if span <= timedelta(days=2) else 6 if span <= timedelta(days=8) else 24)
    midnight = report.window.end.replace(hour=0, minute=0, second=0, microsecond=0)
    end = midnight + step * -((midnight - report.window.end) // step)
    places = max(1, -(-span // step))
    start = end - step * places
    counts: dict[Severity, list[int]] = {}
    for problem in report.problems:
        own = counts.setdefault(problem.triage.severity, [0] * places)
        for count in problem.cluster.counts:
            if start <= count.start < end:
                own[int((count.start - start) / step)] += count.occurrences
    deployed = tuple((d.time, d.service) for d in report.deployments if start <= d.time < end)
    kept = {s: tuple(own) for s, own in sorted(counts.items()) if any(own)}
    return Chart(Window(start, end), step, kept, deployed)


def words(chart: Chart) -> str:
    """The picture for those who do not see it."""
    start, end = chart.window.start, chart.window.end
    when = f"from {phrases.moment(start, end)} to {phrases.moment(end, end)} UTC"
    if not chart.total:
        return f"Nothing was seen {when}."
    each = ", ".join(f"{s} {sum(counts):,}" for s, counts in chart.counts.items())
    sums = chart.sums
    most = sums.index(max(sums))
    at = phrases.moment(start + chart.step * most, end)
    said = (
        f"{phrases.count(chart.total, 'occurrence')} {when}: {each}. The most {_per(chart)} was {max(sums):,}, at {at}."
    )
    if chart.deployments:
        named = [f"{name or 'unknown'} at {phrases.moment(time, end)}" for time, name in chart.deployments[:NAMED]]
        more = len(chart.deployments) - len(named)
        rest = f" and {more} more" if more else ""
        said += f" {phrases.count(len(chart.deployments), 'deployment')}: {', '.join(named)}{rest}."
    return said


def drawn(chart: Chart) -> bytes:
    """The picture, as PNG."""
    image = Image.new("RGB", (WIDTH, HEIGHT), CARD)
    draw = ImageDraw.Draw(image)
    small, large = ImageFont.load_default(SMALL), ImageFont.load_default(LARGE)
    draw.text((LEFT, 28), f"Occurrences {_per(chart)}", WRITING, large)
    most = max(chart.sums, default=0)
    draw.text((RIGHT, 34), f"most {most:,}", WRITING, small, anchor="ra")
    _legend(image, draw, chart, small)
    draw.line((LEFT, BOTTOM, RIGHT, BOTTOM), FAINT, 3)
    _bars(image, chart, most)
    _deployments(draw, chart, small)
    _axis(draw, chart, small)
    out = io.BytesIO()
    image.quantize(64, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


def _per(chart: Chart) -> str:
    hours = chart.step // timedelta(hours=1)
    return {1: "per hour", 24: "per day"}.get(hours, f"per {hours} hours")


def _legend(image: Image.Image, draw: ImageDraw.ImageDraw, chart: Chart, font: Font) -> None:
    """Pattern, name and number of each severity; two rows where one is too short."""
    x, y = LEFT, 96
    for severity, counts in chart.counts.items():
        label = f"{severity} {sum(counts):,}"
        wide = 52 + int(draw.textlength(label, font)) + 34
        if x + wide > RIGHT:
            x, y = LEFT, y + 48
        image.paste(_pattern(severity), (x, y), _mask([(x, y, x + 38, y + 38)]).crop((x, y, WIDTH + x, HEIGHT + y)))
        draw.text((x + 52, y), label, WRITING, font)
        x += wide


def _bars(image: Image.Image, chart: Chart, most: int) -> None:
    """Stacked, the most urgent at the bottom, where heights are compared best."""
    wide = (RIGHT - LEFT) / max(1, len(chart.sums))
    floor = [BOTTOM] * len(chart.sums)
    for severity, counts in chart.counts.items():
        boxes = []
        for place, count in enumerate(counts):
            if count:
                high = max(LEAST, round((BOTTOM - TOP - 30) * count / most))
                left = LEFT + place * wide + 2
                boxes.append((round(left), max(TOP, floor[place] - high), round(left + wide - 4), floor[place] - 2))
                floor[place] = max(TOP + LEAST, floor[place] - high)
        image.paste(_pattern(severity), (0, 0), _mask(boxes))


def _mask(boxes: list[tuple[int, int, int, int]]) -> Image.Image:
    mask = Image.new("L", (WIDTH, HEIGHT), 0)
    draw = ImageDraw.Draw(mask)
    for left, top, right, bottom in boxes:
        draw.rectangle((left, top, max(left + 1, right), max(top + 1, bottom)), 255)
    return mask


def _pattern(severity: Severity) -> Image.Image:
    """P0 is full, then strokes this way, strokes lying, dots, strokes that way, strokes standing."""
    image = Image.new("RGB", (WIDTH, HEIGHT), COLOURS[severity])
    draw = ImageDraw.Draw(image)
    span = range(-HEIGHT, WIDTH + HEIGHT, 14)
    match severity:
        case Severity.P1:
            for x in span:
                draw.line((x, HEIGHT, x + HEIGHT, 0), CARD, 4)
        case Severity.P2:
            for y in range(0, HEIGHT, 12):
                draw.line((0, y, WIDTH, y), CARD, 4)
        case Severity.P3:
            for y in range(0, HEIGHT, 13):
                for x in range(0, WIDTH, 13):
                    draw.rectangle((x, y, x + 5, y + 5), CARD)
        case Severity.P4:
            for x in span:
                draw.line((x, 0, x + HEIGHT, HEIGHT), CARD, 5)
        case Severity.P5:
            for x in range(0, WIDTH, 11):
                draw.line((x, 0, x, HEIGHT), CARD, 5)
    return image


def _deployments(draw: ImageDraw.ImageDraw, chart: Chart, font: Font) -> None:
    """A broken line from a triangle at the top; those of one step share it."""
    steps: dict[int, int] = {}
    for time, _ in chart.deployments:
        place = int((time - chart.window.start) / chart.step)
        steps[place] = steps.get(place, 0) + 1
    wide = (RIGHT - LEFT) / max(1, len(chart.sums) or round(chart.window.span / chart.step))
    for place, count in steps.items():
        x = round(LEFT + (place + 0.5) * wide)
        for y in range(TOP, BOTTOM, 16):
            draw.line((x, y, x, y + 8), MARK, 4)
        draw.polygon(((x - 13, TOP - 26), (x + 13, TOP - 26), (x, TOP - 4)), MARK)
        if count > 1:
            draw.text((x + 18, TOP - 36), str(count), MARK, font, anchor="la" if x < RIGHT - 60 else "ra")
    if steps:
        draw.polygon(((LEFT, HEIGHT - 42), (LEFT + 26, HEIGHT - 42), (LEFT + 13, HEIGHT - 18)), MARK)
        draw.text((LEFT + 40, HEIGHT - 52), phrases.count(len(chart.deployments), "deployment"), MARK, font)


def _axis(draw: ImageDraw.ImageDraw, chart: Chart, font: Font) -> None:
    """Begin, middle and end, so that they never touch."""
    start, end = chart.window.start, chart.window.end
    middle = start + chart.step * (round(chart.window.span / chart.step) // 2)
    share = (middle - start) / chart.window.span
    for at, x, anchor in ((start, LEFT, "la"), (middle, LEFT + share * (RIGHT - LEFT), "ma"), (end, RIGHT, "ra")):
        draw.text((x, BOTTOM + 14), f"{at.day} {at:%b %H:%M}", WRITING, font, anchor=anchor)
    draw.text((RIGHT, HEIGHT - 52), "UTC", WRITING, font, anchor="ra")
