"""The methods, by name: the one place that lists them."""

from keras_pixda.methods.fda import FDA
from keras_pixda.methods.fine_tuning import FineTuning
from keras_pixda.methods.fsda.fsda import FSDA
from keras_pixda.methods.joint_training.joint_training import JointTraining
from keras_pixda.methods.naae.naae import NAAE
from keras_pixda.methods.pixda.pixda import PixDA
from keras_pixda.methods.source_only import SourceOnly

# In the order of the published table. A method from elsewhere is added as an entry.
METHODS = {
    method.name: method
    for method in (
        SourceOnly(),
        NAAE(),
        JointTraining(),
        FDA(),
        FineTuning(),
        FSDA(),
        PixDA(),
    )
}
