"""PixDA: adaptation with sample selection, then distillation."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from keras_pixda.methods.method import Method
from keras_pixda.methods.phase import Phase
from keras_pixda.methods.pixda.pixda_settings import PixDASettings
from keras_pixda.methods.variant import Variant

if TYPE_CHECKING:
    import keras

    from keras_pixda.datasets import FewShotDomainDataset


def _part(title, **changes):
    own = {f"pixda.{name}": value for name, value in changes.items()}
    return Variant(f"PixDA {title}", own, "part")


def _option(title, **changes):
    return Variant(f"PixDA {title}", changes, "option")


class PixDA(Method):
    """PixDA: adaptation with sample selection, then distillation.

    Example:

    ```python
    from keras_pixda.methods import METHODS

    assert METHODS["pixda"].variants["augmented"].changes == {"augment": True}
    ```

    Reference:
        Tavera et al., [Pixel-by-Pixel Cross-Domain Alignment for Few-Shot Semantic
        Segmentation](https://arxiv.org/abs/2110.11650), WACV 2022.
    """

    name = "pixda"
    title = "PixDA"
    Settings = PixDASettings
    variants = {
        "no_style_transfer": _part("without style transfer", style_transfer=False),
        "no_adversarial": _part("without PixAdv", adversarial_weight=0.0),
        "surprise_only": _part("with S only", adversarial="surprise"),
        "imbalance_only": _part("with B only", adversarial="imbalance"),
        "image_wise": _part("with an image-wise loss instead", adversarial="image"),
        "no_selection": _part("without selection", selection=False),
        "no_distillation": Variant(
            "PixDA without distillation", {"distillation_steps": 0}, "part"
        ),
        "released_gradient": _part("with the released code's gradient", detach=False),
        "source_in_distillation": _option(
            "with source images in distillation", **{"pixda.distillation_source": True}
        ),
        "short_distillation": _option(
            "whose distillation ends at 95 % agreement",
            **{"pixda.distillation_agreement": 0.95},
        ),
        "least_kept": _option(
            "that keeps half at each selection", **{"pixda.least_kept": 0.5}
        ),
        "balanced": _option(
            "with a tenth of the gradient from PixAdv",
            **{"pixda.adversarial_share": 0.1},
        ),
        "augmented": _option("with augmented target images", augment=True),
        "cut_mix": _option("with CutMix", cut_mix=0.5),
        "rare_classes": _option("with rare-class sampling", rare_class_sampling=0.1),
        "averaged": _option("with averaged weights", ema=0.99),
    }

    def plan(self, settings: Any) -> dict[str, int]:
        """Steps of adaptation and of distillation."""
        training = settings.training
        return {
            "adaptation": training.steps,
            "distillation": training.distillation_steps,
        }

    def phases(
        self, start: "keras.Model", data: "FewShotDomainDataset", settings: Any
    ) -> Iterator[Phase]:
        """Yield adaptation, which selection may end early, then distillation."""
        from keras_pixda.callbacks import SampleSelection
        from keras_pixda.methods.pixda.distillation_model import distillation_model
        from keras_pixda.methods.pixda.end_on_disagreement import EndOnDisagreement

        own, training = settings[self.name], settings.training
        model = self._model(start, settings)
        selection = []
        if own.selection:
            selection = [
                SampleSelection(
                    data,
                    own.threshold,
                    own.growth,
                    own.selection_every,
                    least=own.least_kept,
                )
            ]
        yield Phase("adaptation", model, data, training.steps, selection)

        steps, shots, ends = training.distillation_steps, None, ()
        if steps:
            with_source = own.distillation_source
            shots = data if with_source else data.target_dataset(steps=steps)
            model = distillation_model(
                model, own.distillation_weight, with_source=with_source
            )
            if own.distillation_agreement:
                ends = [EndOnDisagreement(data, own.distillation_agreement)]
        yield Phase("distillation", model, shots, steps, ends)

    def _model(self, start, settings):
        """A compiled `PixDAModel`."""
        from keras_pixda.layers import FourierStyleTransfer
        from keras_pixda.losses import FocalLoss, PixAdvLoss
        from keras_pixda.methods.method_optimizers import method_optimizers
        from keras_pixda.methods.pixda.enlarged_image_discriminator import (
            enlarged_image_discriminator,
        )
        from keras_pixda.methods.pixda.pixda_model import PixDAModel
        from keras_pixda.models import image_discriminator, pixel_discriminator

        own, training = settings[self.name], settings.training
        adversary, maps = {
            "pixda": (pixel_discriminator, ("surprise", "imbalance")),
            "surprise": (pixel_discriminator, ("surprise",)),
            "imbalance": (pixel_discriminator, ("imbalance",)),
            "image": (enlarged_image_discriminator, ()),
        }[own.adversarial]
        size = start.output_shape[-1], own.discriminator_filters
        model = PixDAModel(
            start,
            adversary(*size),
            image_discriminator(*size),
            own.style_transfer and FourierStyleTransfer(own.style_window),
        )
        model.compile(
            **method_optimizers(settings, self.name),
            loss=FocalLoss(training.gamma),
            adversarial_loss=PixAdvLoss(detach=own.detach, maps=maps),
            adversarial_weight=own.adversarial_weight,
            adversarial_share=own.adversarial_share,
            measure_gradients=own.measure_gradients,
            accumulate=training.accumulate,
        )
        return model
