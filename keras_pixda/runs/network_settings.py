"""The network of a run."""

import dataclasses

from keras_pixda.checked_settings import CheckedSettings
from keras_pixda.models.find_segmenter import find_segmenter
from keras_pixda.setting import setting
from keras_pixda.setting_error import SettingError

DTYPES = ("float32", "mixed_bfloat16", "mixed_float16")
BATCH_NORMALIZATION = ("trained", "fixed_scale", "frozen", "target")


@dataclasses.dataclass(frozen=True, kw_only=True)
class NetworkSettings(CheckedSettings):
    """The segmenter of a run, what it starts from and the dtype it computes in.

    Example:

    ```python
    from keras_pixda.runs import NetworkSettings

    assert NetworkSettings(segmenter="small").dtype == "float32"
    ```

    Args:
        segmenter: `"small"`, `"deeplab_v2"`, `"efficientnet_lite0"` or another of
            `keras_pixda.models.SEGMENTERS`; `"applications:NAME"`, `"hub:PRESET"`,
            `"FILE.keras"` or `"package.module:function"`.
        pretrained: Whether the network starts with pretrained weights. Defaults to
            `None`: where there are some that need no download.
        weights: File to start from, a `.keras` model, `.weights.h5` or a published
            PyTorch checkpoint `.pth`, instead of the source-only phase. Defaults to
            `None`.
        dtype: Dtype policy. Defaults to `"float32"`.
        batch_normalization: What of the batch normalisation a method adapts:
            `"trained"`, all that the network trains; `"fixed_scale"`, the running
            statistics alone; `"frozen"`, nothing; or `"target"`, AdaBN: trained, and in
            the end the statistics are those of the target images. Defaults to
            `"trained"`.
    """

    segmenter: str
    pretrained: bool | None = None
    weights: str | None = None
    dtype: str = setting("float32", one_of=DTYPES)
    batch_normalization: str = setting("trained", one_of=BATCH_NORMALIZATION)

    presets = {
        # A network that trains from scratch on a CPU.
        "small": {"segmenter": "small"},
        "published": {"segmenter": "deeplab_v2"},
    }

    def __post_init__(self):
        super().__post_init__()
        try:
            named = find_segmenter(self.segmenter)
        except ValueError as error:
            raise SettingError(str(error), "segmenter") from error
        possible = not self.pretrained or named.pretrained is not None
        expected = f"false: {self.segmenter} has no pretrained weights"
        self.expect("pretrained", possible, expected)
