"""The network of a run."""

import dataclasses

from keras_pixda.checked_settings import CheckedSettings
from keras_pixda.models.find_segmenter import find_segmenter
from keras_pixda.setting import setting
from keras_pixda.setting_error import SettingError

DTYPES = ("float32", "mixed_bfloat16", "mixed_float16")


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
    """

    segmenter: str
    pretrained: bool | None = None
    weights: str | None = None
    dtype: str = setting("float32", one_of=DTYPES)

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
