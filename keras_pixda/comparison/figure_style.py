"""How the figure of a comparison looks."""

FONT = 13  # Pixels.
# On white and on black paper, also for the colour-blind; Source Only is grey.
LEVEL = ("#686a74", "#a0a2ad")
COLOURS = (
    ("#8a6500", "#e0b53a"),
    ("#1a78ad", "#7cc8f2"),
    ("#007a55", "#45c998"),
    ("#3a50b8", "#93a6ff"),
    ("#a0458a", "#e594d0"),
    ("#c44a00", "#ff9450"),
    ("#1c1d22", "#ececf1"),
    ("#b3123f", "#ff7b95"),
)


def figure_style() -> str:
    """CSS of the figure, for readers who look at light and at dark pages."""
    looks = {f"look{i}": pair for i, pair in enumerate(COLOURS)} | {"level": LEVEL}
    return f"""
.shots-figure {{ font: {FONT}px system-ui, sans-serif; max-width: 100%; }}
.shots-figure text {{ dominant-baseline: central; }}
.shots-figure .end {{ text-anchor: end; }}
.shots-figure .middle {{ text-anchor: middle; }}
.shots-figure .strong {{ font-weight: 600; }}
.shots-figure polyline {{ fill: none; stroke: currentColor; stroke-linejoin: round; }}
.shots-figure .marker {{ fill: currentColor; stroke-width: 1; }}
.shots-figure .band {{ opacity: .15; }}
{_colours(looks, 0)}
@media (prefers-color-scheme: dark) {{
{_colours(looks, 1)}
}}
"""


def _colours(looks, dark):
    paper, ink = ("#ffffff", "#17181d")[dark], ("#1c1d22", "#ececf1")[dark]
    faint, grid = ("#5f616b", "#a3a5b0")[dark], ("#e3e4e9", "#33353d")[dark]
    rules = [
        f".shots-figure .paper {{ fill: {paper}; }}",
        f".shots-figure text {{ fill: {ink}; }}",
        f".shots-figure text.faint {{ fill: {faint}; }}",
        f".shots-figure .grid {{ color: {grid}; }}",
        f".shots-figure .leader {{ color: {faint}; opacity: .6; }}",
        f".shots-figure .marker {{ stroke: {paper}; }}",
        f".shots-figure .band {{ fill: {looks['level'][dark]}; }}",
    ]
    for look, pair in looks.items():
        rules.append(f".shots-figure .{look} {{ color: {pair[dark]}; }}")
    return "\n".join(rules)
