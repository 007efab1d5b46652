"""Charts as SVG, by hand: text is text, nothing runs, and they can be read on light and on dark."""
import math
from xml.sax.saxutils import escape, quoteattr

from figures import significant

WIDTH, LEFT, RIGHT = 760, 230, 110
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #24292f }
  .title { font-weight: 600; font-size: 15px }
  .note { fill: #57606a; font-size: 12px }
  .grid { stroke: #d0d7de; stroke-width: 1 }
  .c0 { fill: #0969da; stroke: #0969da } .c1 { fill: #8c959f; stroke: #8c959f } .c2 { fill: #bf8700; stroke: #bf8700 }
  .c3 { fill: #1a7f37; stroke: #1a7f37 } .c4 { fill: #8250df; stroke: #8250df } .c5 { fill: #cf222e; stroke: #cf222e }
  .line { fill: none; stroke-width: 2 } .label { stroke: none }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .note { fill: #9198a1 } .grid { stroke: #3d444d }
    .c0 { fill: #58a6ff; stroke: #58a6ff } .c1 { fill: #8b949e; stroke: #8b949e } .c2 { fill: #d29922; stroke: #d29922 }
    .c3 { fill: #3fb950; stroke: #3fb950 } .c4 { fill: #bc8cff; stroke: #bc8cff } .c5 { fill: #ff7b72; stroke: #ff7b72 }
    .line { fill: none } .label { stroke: none }
  }
"""


def svg(height, title, body):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
            f'role="img" aria-label={quoteattr(title)}>\n<style>{STYLE}</style>\n'
            + text(16, 24, title, "title") + "".join(body) + "</svg>\n")


def text(x, y, words, kind="", anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{escape(words)}</text>\n'


def rule(x1, y1, x2, y2):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="grid"/>\n'


def decades(low, high):
    """The powers of ten from below low to above high, at least two."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    return [10.0 ** e for e in range(first, max(last, first + 1) + 1)]


def steps(high):
    """Marks from zero to high or a little more, of a number that one can count in."""
    size = 10 ** math.floor(math.log10(high))
    step = next(n * size / 10 for n in (2, 2.5, 5, 10, 20, 25) if high <= 5 * n * size / 10)
    return [i * step for i in range(math.ceil(high / step) + 1)]


def short(x):
    """A number for an axis: 1, 10k, 5M."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if x >= size:
            return f"{x / size:.3g}{letter}"
    return f"{x:g}"


def bars(title, note, items, log=False):
    """Horizontal bars; items are (name, value, colour number), in the order given. On a logarithmic
    axis, which note must say, a bar begins at a power of ten and not at zero."""
    top, step = 60, 26
    values = [value for _, value, _ in items]
    ticks = decades(min(values), max(values)) if log else steps(max(values))
    place = (lambda v: math.log10(v)) if log else (lambda v: v)
    room = WIDTH - LEFT - RIGHT
    x = lambda v: LEFT + room * (place(v) - place(ticks[0])) / (place(ticks[-1]) - place(ticks[0]))
    bottom = top + step * len(items)
    body = [text(16, 44, note, "note")]
    for tick in ticks:
        body += [rule(x(tick), top, x(tick), bottom), text(x(tick), bottom + 16, short(tick), "note", "middle")]
    for i, (name, value, colour) in enumerate(items):
        y = top + step * i
        body += [text(LEFT - 8, y + 17, name, "", "end"),
                 f'<rect x="{LEFT}" y="{y + 4}" width="{max(1, x(value) - LEFT):.1f}" height="{step - 8}" class="c{colour}"/>\n',
                 text(x(value) + 6, y + 17, significant(value))]
    return svg(bottom + 30, title, body)


def lines(title, note, series, log_y=True, across=""):
    """Lines over a logarithmic axis; series are (name, [(x, y), ...], colour number)."""
    left, top, bottom, right = 70, 60, 340, 540
    xs = [x for _, points, _ in series for x, _ in points]
    ys = [y for _, points, _ in series for _, y in points]
    ticks_y = decades(min(ys), max(ys)) if log_y else steps(max(ys))
    span_x = math.log10(min(xs)), math.log10(max(xs))
    at_x = lambda v: left + (right - left) * (math.log10(v) - span_x[0]) / ((span_x[1] - span_x[0]) or 1)
    y_of = math.log10 if log_y else float
    at_y = lambda v: bottom - (bottom - top) * (y_of(v) - y_of(ticks_y[0])) / (y_of(ticks_y[-1]) - y_of(ticks_y[0]))
    body = [text(16, 44, note, "note"), text((left + right) / 2, bottom + 36, across, "note", "middle")]
    for tick in ticks_y:
        body += [rule(left, at_y(tick), right, at_y(tick)), text(left - 8, at_y(tick) + 4, short(float(f"{tick:.3g}")), "note", "end")]
    for x in sorted(set(xs)):
        body.append(text(at_x(x), bottom + 18, short(x), "note", "middle"))
    for (name, points, colour), y in zip(series, apart([at_y(points[-1][1]) for _, points, _ in series], 17)):
        path = " ".join(f"{at_x(px):.1f},{at_y(py):.1f}" for px, py in points)
        body.append(f'<polyline points="{path}" class="line c{colour}"/>\n')
        body += [f'<circle cx="{at_x(px):.1f}" cy="{at_y(py):.1f}" r="3" class="c{colour}"/>\n' for px, py in points]
        body.append(text(right + 12, y + 4, name, f"label c{colour}"))
    return svg(bottom + 50, title, body)


def apart(places, least):
    """The places, moved down where they are nearer to each other than least."""
    moved, last = list(places), -math.inf
    for i in sorted(range(len(places)), key=lambda i: places[i]):
        last = moved[i] = max(places[i], last + least)
    return moved
