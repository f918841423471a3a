"""What a method declares of itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from keras_pixda.methods.method_settings import MethodSettings
from keras_pixda.methods.phase import Phase

if TYPE_CHECKING:
    import keras

    from keras_pixda.datasets import FewShotDomainDataset


class Method:
    """A method of adaptation: its name, its settings, what it can do, its phases.

    A subclass is all that a new method needs, with an instance in
    `keras_pixda.methods.METHODS`: the command line, comparisons, reports and checks ask
    the declaration. Its file imports Keras only inside `phases`, so that options can be
    shown without waiting for it.

    Example:

    ```python
    from keras_pixda.methods import METHODS

    assert METHODS["fda"].title == "FDA"
    assert not METHODS["source_only"].has_shots
    ```

    Attributes:
        name: In options, settings and names of files.
        title: In tables and figures.
        Settings: Class of the method's own settings, `MethodSettings` or one that
            extends it, with a default for each.
        accumulates: Whether its batches can be done in parts.
        has_shots: Whether it looks at labelled target images.
        needs_shots: Whether it cannot be trained without them, as with `shots=0`; does
            not matter where `has_shots` is `False`.
        reads_unlabelled: Whether it looks at unlabelled target images where there are
            some; only then they are given to it, and decoded.
        needs_unlabelled: Whether it cannot be trained without them.
        needs_auxiliary_head: Whether its network gets a second head.
        variants: `Variant`s by name: rows of a comparison that change its settings.
    """

    name = ""
    title = ""
    Settings = MethodSettings
    accumulates = True
    has_shots = True
    needs_shots = True
    reads_unlabelled = False
    needs_unlabelled = False
    needs_auxiliary_head = False
    variants = {}

    def plan(self, settings: Any) -> dict[str, int]:
        """Steps of each phase by its title, in order, known before anything is made.

        By default all target batches that a method may look at, in one phase.

        Args:
            settings: The `Settings` of the run.

        Returns:
            A dict; a phase that is left out has 0 steps.
        """
        return {"adaptation": settings.training.target_steps}

    def batch_normalization(self, settings: Any) -> str:
        """What batch normalisation is in its training, `"trained"` without shots."""
        return settings.network.batch_normalization if self.has_shots else "trained"

    def check(self, start: keras.Model, settings: Any) -> None:
        """Raise, before the first step of a run, what would end it later.

        Args:
            start: The segmenter, not yet trained.
            settings: The `Settings` of the run.

        Raises:
            ValueError: If the method cannot do what the settings say, or not with this
                network.
        """
        from keras_pixda.models.check_segmenter import check_segmenter

        check_segmenter(start)
        parts = settings.training.accumulate
        if parts != 1 and not self.accumulates:
            raise ValueError(
                f"{self.title} looks at its batches as a whole: accumulate is {parts}, "
                "expected 1."
            )
        normalization = self.batch_normalization(settings)
        if normalization != "trained":
            from keras_pixda.models.batch_normalization import batch_normalizations

            if not batch_normalizations(start):
                raise ValueError(
                    f"batch_normalization is {normalization!r}, expected 'trained': "
                    f"the segmenter {start.name!r} has no batch normalisation."
                )
        if self.needs_auxiliary_head:
            from keras_pixda.models.with_auxiliary_head import with_auxiliary_head

            with_auxiliary_head(start)

    def check_data(self, shots: bool, unlabelled: bool) -> None:
        """Raise if a method is not given target images of a kind that it needs.

        Args:
            shots: Whether there are labelled target images.
            unlabelled: Whether there are unlabelled ones.

        Raises:
            ValueError: If it cannot be trained on them.
        """
        if self.has_shots and self.needs_shots and not shots:
            raise ValueError(
                f"{self.title} needs labelled target images, expected shots of 1 or "
                "more, received 0."
            )
        if self.needs_unlabelled and not unlabelled:
            raise ValueError(
                f"{self.title} needs unlabelled target images, and there are none: "
                "give some, such as --unlabelled images:FOLDER."
            )

    def phases(
        self, start: keras.Model, data: FewShotDomainDataset, settings: Any
    ) -> Iterator[Phase]:
        """Yield the phases of `plan`, one after the other.

        When the next one is asked for, the model of the one before holds what it has
        learned, be it just now or in a process that was killed since.

        Args:
            start: The segmenter, a `keras.Model` from images to logits; the weights of
                Source Only, or untrained for Source Only itself. It may be trained on.
            data: The `FewShotDomainDataset` of the run.
            settings: The `Settings` of the run; `settings[self.name]` are the method's
                own.

        Yields:
            Each `Phase`; one that is left out, too, with 0 steps.
        """
        raise NotImplementedError
