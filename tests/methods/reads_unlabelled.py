"""A method that reads unlabelled images, with shots or without."""

import tensorflow as tf

from keras_pixda.methods import JointModel, Method, Phase


class SureModel(JointModel):
    """Source, shots if there are some, and the entropy of unlabelled images."""

    needs_target = False
    needs_unlabelled = True

    def train_part(self, part, updates):
        """The parts of the objective, one after the other."""
        if "target" in part.images:
            terms, logits = super().train_part(part, updates)
        else:
            with tf.GradientTape() as tape:
                logits = self(part.images["source"], training=True)
                loss = self.loss(part.labels["source"], logits)
                loss = part.scaled(loss, self.loss, "source")
            updates.add(tape, loss, self.optimizer, self.segmenter)
            terms = {"loss": loss, "source_loss": loss}
        with tf.GradientTape() as tape:
            unlabelled = self(part.images["unlabelled"], training=True)
            entropy = self.entropy_loss(unlabelled[..., 0], unlabelled)
            entropy *= part.share(self.entropy_loss, "unlabelled")
        updates.add(tape, entropy, self.optimizer, self.segmenter)
        return {**terms, "loss": terms["loss"] + entropy}, logits


class Sure(Method):
    """Adaptation by it."""

    name = "sure"
    title = "Sure"
    needs_shots = False
    reads_unlabelled = needs_unlabelled = True

    def phases(self, start, data, settings):
        """Yield the one."""
        model = SureModel(start)
        model.compile("sgd", accumulate=settings.training.accumulate)
        yield Phase("adaptation", model, data, settings.training.target_steps)
