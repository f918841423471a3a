"""The mean colour of the published network."""

# What the published weights were trained to expect, in RGB order (they read BGR).
PIXEL_MEAN = (122.67891434, 116.66876762, 104.00698793)
