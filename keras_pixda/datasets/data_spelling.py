"""The parts of a data set's spelling."""

from __future__ import annotations

import dataclasses
import re

from keras_pixda.did_you_mean import did_you_mean

PARTS = ("tuning", "rest")
_FORMS = {
    "cities": "a whole number of at least 1, as in ?cities=18",
    "part": "tuning or rest, as in ?part=tuning",
}
# Behind the last question mark, up to the end; a value holds no slash.
_OPTIONS = re.compile(r"\?([^?/\\]*)$")


@dataclasses.dataclass(frozen=True)
class DataSpelling:
    """A data set in one word, such as `camvid:ROOT?cities=18`, taken apart.

    What follows the last `?` are options if it has a `=` or is the name of one; else
    the `?` belongs to the path. A path that itself ends so is given with a slash.

    Example:

    ```python
    from keras_pixda.datasets.data_spelling import DataSpelling

    spelling = DataSpelling.of("camvid:data/camvid?cities=18&part=rest")
    assert spelling == DataSpelling("camvid", "data/camvid", cities=18, part="rest")
    assert str(spelling) == "camvid:data/camvid?cities=18&part=rest"
    assert DataSpelling.of("gta5:what?").place == "what?"
    assert DataSpelling.of("gta5:odd?a=b/").place == "odd?a=b/"
    ```

    Args:
        name: Of the data set, the text before the first colon.
        place: Its file or folder, or several, divided by commas.
        cities: Runs that training pairs are cut into, in order of sequence and frame,
            each a city for K shots. Defaults to `None`, the data set's own.
        part: `"tuning"` or `"rest"`, see `part_of`. Defaults to `None`, all pairs.
    """

    name: str
    place: str
    cities: int | None = None
    part: str | None = None

    @classmethod
    def of(cls, data: str) -> DataSpelling:
        """A spelling, read from its text.

        Raises:
            ValueError: If an option is unknown, twice there or has no such value.
        """
        name, _, place = data.partition(":")
        found = _options(place)
        if found is None:
            return cls(name, place)
        values = {}
        for text in found[1].split("&"):
            option, _, value = text.partition("=")
            if option not in _FORMS:
                raise ValueError(
                    f"{data!r}: unknown option {option!r}, expected ?cities=N or "
                    f"?part=tuning, joined by &{did_you_mean(option, _FORMS)} A path "
                    "that ends so itself gets a slash at its end."
                )
            if option in values:
                raise ValueError(f"{data!r}: {option} stands there twice.")
            values[option] = _value(data, option, value)
        return cls(name, place[: found.start()], **values)

    def __str__(self):
        options = {"cities": self.cities, "part": self.part}
        given = [f"{key}={value}" for key, value in options.items() if value]
        if given:
            return f"{self.name}:{self.place}?{'&'.join(given)}"
        return f"{self.name}:{self.place}{'/' if _options(self.place) else ''}"


def _options(place):
    """The match of the options at the end, `None` if there are none."""
    found = _OPTIONS.search(place)
    return found if found and ("=" in found[1] or found[1] in _FORMS) else None


def _value(data, option, value):
    if option == "cities":
        fits = value.isascii() and value.isdigit() and len(value) < 10
        fits = fits and int(value) > 0
    else:
        fits = value in PARTS
    if not fits:
        raise ValueError(f"{data!r}: {option} is {value!r}, expected {_FORMS[option]}.")
    return int(value) if option == "cities" else value
