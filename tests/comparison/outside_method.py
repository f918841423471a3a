"""A method from outside the package, as a user would write it."""

import dataclasses

from keras_pixda.methods import Method, MethodSettings, Phase, Variant
from keras_pixda.setting import setting


@dataclasses.dataclass(frozen=True, kw_only=True)
class MineSettings(MethodSettings):
    """Settings of mine.

    Args:
        calm: Of my entropy loss. Defaults to 0.1.
    """

    calm: float = setting(0.1, at_least=0)


class Mine(Method):
    """Two trainings, one after the other, of which the second needs the first."""

    name = "mine"
    title = "Mine"
    Settings = MineSettings
    variants = {"mine_calmer": Variant("Mine, calmer", {"mine.calm": 1.0}, "option")}

    def plan(self, settings):
        """Half of the steps each."""
        steps = settings.training.target_steps
        return {"first half": steps // 2, "second half": steps - steps // 2}

    def phases(self, start, data, settings):
        """Yield both."""
        from keras_pixda.methods import JointModel

        for title, steps in self.plan(settings).items():
            model = JointModel(start)
            model.compile("adam", entropy_weight=settings["mine"].calm)
            yield Phase(title, model, data, steps)
