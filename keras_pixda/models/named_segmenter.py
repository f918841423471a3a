"""What a segmenter that can be asked for by name declares of itself."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras


@dataclasses.dataclass(frozen=True)
class NamedSegmenter:
    """A segmenter by name: what it is for, what it can do, and who builds it.

    The declaration imports no Keras, so that options can be shown and checked without
    waiting for it.

    Example:

    ```python
    from keras_pixda.models import NamedSegmenter

    named = NamedSegmenter(
        title="Toy",
        about="for examples",
        builder="keras_pixda.models.small_segmenter:small_segmenter",
    )
    assert named.build(num_classes=5).output_shape == (None, None, None, 5)
    ```

    Args:
        title: What it is called in tables.
        about: What it is for, a few words for the help.
        builder: Function of `num_classes` that gives back a `keras.Model` from RGB
            images, 0..255, to logits, or its place, `"package.module:function"`, which
            is imported when the first one is built.
        auxiliary_head: Whether the builder takes `auxiliary_head=True` and then gives
            back `[auxiliary, main]`, which methods with two prediction levels train.
            Defaults to `False`.
        smallest_side: Height and width, in pixels, that images must have at least.
            Defaults to 32.
        sizes: Function that reads from such a network, of whatever size, the builder's
            other arguments, as a dict; for another network it may raise `ValueError`.
            Defaults to `None`: it always has the size of its defaults.
        arguments: Arguments that the builder is always given. Defaults to none.
        pretrained: Arguments that make the builder give a pretrained network. Defaults
            to `None`: there are no such weights.
        downloads: Whether pretrained weights may have to be downloaded, which is only
            done when they are asked for. Defaults to `False`.
    """

    title: str
    about: str
    builder: str | Callable[..., keras.Model]
    auxiliary_head: bool = False
    smallest_side: int = 32
    sizes: Callable[[keras.Model], dict] | None = None
    arguments: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    pretrained: Mapping[str, Any] | None = None
    downloads: bool = False

    def is_pretrained(self, asked: bool | None = None) -> bool:
        """Whether a network starts with pretrained weights.

        Args:
            asked: Whether they are asked for. Defaults to `None`: where there are some
                that need no download.
        """
        if asked is None:
            return self.pretrained is not None and not self.downloads
        return asked

    def build(
        self,
        num_classes: int,
        auxiliary_head: bool = False,
        pretrained: bool = False,
        **arguments: Any,
    ) -> keras.Model:
        """A new network.

        Args:
            num_classes: Number of classes.
            auxiliary_head: Whether with a second head. Defaults to `False`.
            pretrained: Whether with pretrained weights. Defaults to `False`: random.
            **arguments: Other arguments of the builder.

        Raises:
            ImportError: If the pretrained weights are not installed.
            ValueError: If it has no auxiliary head or no pretrained weights to give, or
                if what the builder gives back is no segmenter of so many classes.
        """
        from keras_pixda.models.check_segmenter import check_segmenter

        arguments = {**self.arguments, **arguments}
        if pretrained:
            if self.pretrained is None:
                raise ValueError(
                    f"The segmenter {self.title} has no pretrained weights: leave "
                    "pretrained (--pretrained) out."
                )
            arguments |= self.pretrained
        if auxiliary_head:
            if not self.auxiliary_head:
                raise ValueError(f"The segmenter {self.title} has no auxiliary head.")
            return self._function()(num_classes, auxiliary_head=True, **arguments)
        network = self._function()(num_classes, **arguments)
        check_segmenter(network)
        if network.output_shape[-1] != num_classes:
            raise ValueError(
                f"The segmenter {self.title}: expected {num_classes} classes, received "
                f"a network of {network.output_shape[-1]} from its builder."
            )
        return network

    def _function(self):
        if callable(self.builder):
            return self.builder
        module, _, function = self.builder.partition(":")
        return getattr(importlib.import_module(module), function)
