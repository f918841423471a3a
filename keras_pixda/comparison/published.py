"""What was published, to stand beside what was measured."""

SOURCE = (
    "Tavera, Cermelli, Masone, Caputo: Pixel-by-Pixel Cross-Domain Alignment for "
    "Few-Shot Semantic Segmentation, WACV 2022; figures of the author's poster"
)
LINK = "https://arxiv.org/abs/2110.11650"
SETTING = (
    "published, GTA5 to Cityscapes, DeepLabV2-ResNet101: another data pair and network"
)
SHOTS = (1, 3, 5)
# For each of the shots mIoU, well and under in %.
PUBLISHED = {
    "source_only": [(30.7, 41.4, 20.1), (30.7, 41.4, 20.1), (30.7, 41.4, 20.1)],
    "naae": [(27.6, 42.3, 7.3), (34.7, 49.3, 13.7), (40.0, 53.9, 20.9)],
    "joint_training": [(31.3, 41.2, 17.7), (34.5, 44.7, 20.6), (34.8, 46.0, 19.5)],
    "fda": [(42.0, 54.0, 25.6), (41.8, 53.5, 25.7), (41.0, 54.4, 22.7)],
    "fine_tuning": [(45.3, 56.0, 26.8), (45.6, 62.7, 31.6), (53.5, 64.1, 38.9)],
    "fsda": [(46.4, 60.4, 27.2), (51.0, 63.9, 33.3), (53.6, 63.9, 38.2)],
    "pixda": [(51.2, 63.3, 34.5), (54.5, 65.1, 40.1), (55.6, 65.3, 42.1)],
}
