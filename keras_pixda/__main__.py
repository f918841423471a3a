"""`python -m keras_pixda` is the command `keras-pixda`."""

import sys

from keras_pixda.cli import main

sys.exit(main())
