"""Figures of contestants that took turns, as every benchmark shows them."""

import numpy as np


def medians(figures, digits=3):
    """The median over the rounds for each name."""
    return {k: round(float(np.median(v)), digits) for k, v in figures.items()}


def ratio(numerators, denominators, digits=3):
    """Median, least and greatest ratio within a round."""
    ratios = np.divide(numerators, denominators)
    return [round(float(f(ratios)), digits) for f in (np.median, np.min, np.max)]


def line(name, values, width=32, digits=3):
    """A ratio as a row of a table."""
    middle, least, greatest = (f"{value:.{digits}f}" for value in values)
    return f"{name:{width}}{middle:>8}  ({least} to {greatest})"
