"""What a comparison can run: methods, PixDA without a part, PixDA with an option."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Row:
    """One row of a comparison: a method and what it changes in the settings.

    Example:

    ```python
    from keras_pixda.comparison import Row

    Row("PixDA, twice the weight", "pixda", {"adversarial_weight": 0.2})
    ```

    Args:
        title: Its name in tables.
        method: Name of a function of `keras_pixda.methods`.
        changes: Settings that differ from the comparison's. Defaults to none.
    """

    title: str
    method: str
    changes: dict = dataclasses.field(default_factory=dict)

    @property
    def has_shots(self):
        """Whether it looks at labelled target images."""
        return self.method != "source_only"

    def apply(self, settings):
        """The settings of this row.

        Without distillation its steps go to adaptation: every row may look at the same
        number of target batches.
        """
        changes = dict(self.changes)
        if changes.get("distillation_steps") == 0:
            changes["steps"] = settings.steps + settings.distillation_steps
        return dataclasses.replace(settings, **changes)


def _pixda(title, **changes):
    return Row(f"PixDA {title}", "pixda", changes)


AUGMENT = {"augment": True}
CUT_MIX = {"cut_mix": 0.5}
RARE_CLASSES = {"rare_class_sampling": 0.1}
AVERAGE = {"ema": 0.99}

# In the order of the published table.
METHODS = {
    "source_only": Row("Source Only", "source_only"),
    "naae": Row("NAAE (reconstruction)", "naae"),
    "joint_training": Row("Joint Training", "joint_training"),
    "fda": Row("FDA", "fda"),
    "fine_tuning": Row("Fine-Tuning", "fine_tuning"),
    "fsda": Row("FSDA", "fsda"),
    "pixda": Row("PixDA", "pixda"),
}
# Beyond the paper: what the measurements support of the options below, one of them.
BEYOND = {"pixda+": Row("PixDA+", "pixda", AUGMENT)}
ABLATIONS = {
    "no_style_transfer": _pixda("without style transfer", style_transfer=False),
    "no_adversarial": _pixda("without PixAdv", adversarial_weight=0.0),
    "surprise_only": _pixda("with S only", adversarial="surprise"),
    "imbalance_only": _pixda("with B only", adversarial="imbalance"),
    "image_wise": _pixda("with an image-wise loss instead", adversarial="image"),
    "no_selection": _pixda("without selection", selection=False),
    "no_distillation": _pixda("without distillation", distillation_steps=0),
    "released_gradient": _pixda("with the released code's gradient", detach=False),
}
OPTIONS = {
    "augmented": _pixda("with augmented target images", **AUGMENT),
    "cut_mix": _pixda("with CutMix", **CUT_MIX),
    "rare_classes": _pixda("with rare-class sampling", **RARE_CLASSES),
    "averaged": _pixda("with averaged weights", **AVERAGE),
}
ROWS = {**METHODS, **BEYOND, **ABLATIONS, **OPTIONS}
