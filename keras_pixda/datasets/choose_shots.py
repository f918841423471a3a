"""Choose the few target images."""

import zlib

import numpy as np

from keras_pixda.datasets.lists import find_listed
from keras_pixda.datasets.segmentation_record import SegmentationRecord
from keras_pixda.typing import FilePath


def choose_shots(
    record: SegmentationRecord,
    shots: int | None,
    seed: int = 0,
    shots_file: FilePath | None = None,
) -> list[int]:
    """The sorted positions of the shots: K of every city, or those listed."""
    if shots == 0 and shots_file is None:
        return []
    record.require_masks()
    if not len(record):
        raise ValueError(f"{record.name} holds no pairs to take shots from")
    if seed < 0:
        raise ValueError(f"seed must not be negative, received {seed}")
    if shots is None and shots_file is None:
        raise ValueError("shots=None needs a shots_file")
    if shots is not None and (not isinstance(shots, (int, np.integer)) or shots < 0):
        raise ValueError(f"shots must be a whole number from 0, received {shots!r}")
    if shots_file is not None:
        chosen = find_listed(shots_file, [image for image, _ in record.pairs])
        if shots is not None:
            _require_listed_shots(record, chosen, shots, shots_file)
        return sorted(chosen)
    chosen = []
    for city, members in sorted(_members(record.cities).items()):
        if len(members) < shots:
            raise ValueError(
                f"{record.name}: city {city} has {len(members)} images, {shots} shots "
                "were asked for"
            )
        # A city's shots do not change with the other cities.
        random = np.random.default_rng([seed, zlib.crc32(city.encode())])
        chosen += [
            members[position] for position in random.permutation(len(members))[:shots]
        ]
    return sorted(chosen)


def _require_listed_shots(record, chosen, shots, shots_file):
    listed = [record.cities[index] for index in chosen]
    for city, members in sorted(_members(listed).items()):
        if len(members) != shots:
            raise ValueError(
                f"{shots_file} names {len(members)} images of city {city}, "
                f"expected {shots} shots; shots=None takes the list as it is"
            )


def _members(cities):
    """The positions of each city."""
    members = {}
    for position, city in enumerate(cities):
        members.setdefault(city, []).append(position)
    return members
