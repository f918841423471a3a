"""What was published, to stand beside what was measured."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Published:
    """Figures of a paper for the rows of a comparison.

    Example:

    ```python
    from keras_pixda.comparison.published import PUBLISHED

    assert PUBLISHED.over_shots("pixda", 5, "mean_iou") == 55.6
    ```

    Args:
        source: Who published them, and where.
        link: Address of the paper.
        setting: What they were measured on.
        shots: Numbers of shots.
        figures: Dict from the name of a row to mIoU, well and under in % for each of
            the shots.
        titles: Dict from the name of a row to its title, where the paper's differs from
            the package's.
    """

    source: str
    link: str
    setting: str
    shots: tuple[int, ...]
    figures: dict[str, tuple[tuple[float, float, float], ...]]
    titles: dict[str, str] = dataclasses.field(default_factory=dict)

    def over_shots(self, method: str, shots: int, key: str) -> float:
        """One figure in %; `key` is `"mean_iou"`, `"well_iou"` or `"under_iou"`."""
        place = ("mean_iou", "well_iou", "under_iou").index(key)
        return self.figures[method][self.shots.index(shots)][place]


PUBLISHED = Published(
    source="Tavera, Cermelli, Masone, Caputo: Pixel-by-Pixel Cross-Domain Alignment "
    "for Few-Shot Semantic Segmentation, WACV 2022; figures of the author's poster",
    link="https://arxiv.org/abs/2110.11650",
    setting="published, GTA5 to Cityscapes, DeepLabV2-ResNet101: another data pair and "
    "network",
    shots=(1, 3, 5),
    figures={
        "source_only": ((30.7, 41.4, 20.1), (30.7, 41.4, 20.1), (30.7, 41.4, 20.1)),
        "naae": ((27.6, 42.3, 7.3), (34.7, 49.3, 13.7), (40.0, 53.9, 20.9)),
        "joint_training": ((31.3, 41.2, 17.7), (34.5, 44.7, 20.6), (34.8, 46.0, 19.5)),
        "fda": ((42.0, 54.0, 25.6), (41.8, 53.5, 25.7), (41.0, 54.4, 22.7)),
        "fine_tuning": ((45.3, 56.0, 26.8), (45.6, 62.7, 31.6), (53.5, 64.1, 38.9)),
        "fsda": ((46.4, 60.4, 27.2), (51.0, 63.9, 33.3), (53.6, 63.9, 38.2)),
        "pixda": ((51.2, 63.3, 34.5), (54.5, 65.1, 40.1), (55.6, 65.3, 42.1)),
    },
    # The authors' NAAE is none of our reconstruction.
    titles={"naae": "NAAE"},
)
