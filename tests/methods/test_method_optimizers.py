import pytest

from keras_pixda.methods import METHODS
from keras_pixda.methods.method_optimizers import method_optimizers


@pytest.mark.parametrize("name", METHODS)
def test_rates_are_the_methods_own_or_the_common_one(change, name):
    settings = change(learning_rate=0.04, head_factor=3.0, fsda={"learning_rate": 0.5})
    rates = method_optimizers(settings, name)
    body, head = rates["optimizer"].parts
    expected = 0.5 if name == "fsda" else 0.04
    assert float(body.learning_rate) == pytest.approx(expected)
    assert float(head.learning_rate) == pytest.approx(3 * expected)
    own = settings[name]
    if hasattr(own, "discriminator_learning_rate"):
        rate = float(rates["discriminator_optimizer"].learning_rate)
        assert rate == pytest.approx(own.discriminator_learning_rate)
