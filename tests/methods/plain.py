"""The objectives of the methods and their optimizers, written out plainly."""

import numpy as np
import tensorflow as tf


def focal(labels, logits, gamma=2.0):
    """Focal loss, the mean over labelled pixels, from one-hot labels."""
    log_p = tf.nn.log_softmax(logits)
    one_hot = tf.one_hot(labels, logits.shape[-1])  # All zero on ignored pixels.
    loss = -tf.reduce_sum(one_hot * (1 - tf.exp(log_p)) ** gamma * log_p)
    return loss / np.sum(labels != 255)


def entropy(logits):
    """FDA's entropy loss, of all pixels."""
    p = tf.nn.softmax(logits)
    e = -tf.reduce_sum(p * tf.math.log(p), axis=-1) / np.log(logits.shape[-1])
    return tf.reduce_mean((e**2 + 1e-8) ** 2)


def styled(source, target, half):
    """FDA's spectral swap by full transforms, in a window of `2 * half + 1`."""
    axes = (1, 2)
    f_source, f_target = (
        np.fft.fft2(x.astype(float), axes=axes) for x in (source, target)
    )
    amplitude = np.fft.fftshift(np.abs(f_source), axes=axes)
    other = np.fft.fftshift(np.abs(f_target), axes=axes)
    row, column = (size // 2 for size in source.shape[1:3])
    window = np.s_[:, row - half : row + half + 1, column - half : column + half + 1]
    amplitude[window] = other[window]
    spectrum = np.fft.ifftshift(amplitude, axes=axes) * np.exp(1j * np.angle(f_source))
    return np.real(np.fft.ifft2(spectrum, axes=axes)).astype("float32")


def pix_adv(labels, logits, answers):
    """PixAdv loss: how badly and how rarely its class is seen weighs each pixel."""
    log_p = tf.nn.log_softmax(logits)
    surprise = -tf.reduce_sum(tf.one_hot(labels, logits.shape[-1]) * log_p, axis=-1)
    imbalance = np.empty(labels.shape)
    for image, of_image in zip(imbalance, labels, strict=True):
        for label in np.unique(of_image):
            image[of_image == label] = 1 - np.mean(of_image == label)
    weights = surprise.numpy() * imbalance
    return tf.reduce_mean(weights * tf.math.softplus(answers[..., 0]))


def against(answers, domain):
    """Half the binary cross-entropy of a discriminator's logits."""
    return 0.5 * tf.reduce_mean(
        tf.nn.sigmoid_cross_entropy_with_logits(
            tf.fill(answers.shape, float(domain)), answers
        )
    )


def after_sgd(network, gradients, rate, head_factor, decay):
    """Weights after a first step of SGD with coupled decay and a faster head."""
    for weight, gradient in zip(network.trainable_variables, gradients, strict=True):
        own_rate = rate * (head_factor if "head" in weight.path else 1.0)
        yield weight.path, weight - own_rate * (gradient + decay * weight)


def after_adam(network, gradients, rate):
    """Weights after a first step of bias-corrected Adam: the rate, by sign."""
    for weight, gradient in zip(network.trainable_variables, gradients, strict=True):
        size = np.abs(gradient)
        # Where there is no gradient at all the sign is a matter of rounding.
        step = np.where(size > 1e-6, gradient / (size + 1e-8), np.nan)
        yield weight.path, weight - rate * step


def assert_moved_to(network, expected, tolerance=2e-5):
    """The trained weights of a network are those expected, where these are numbers."""
    for weight, (path, value) in zip(
        network.trainable_variables, expected, strict=True
    ):
        known = np.isfinite(value)
        found = weight.numpy()[known]
        np.testing.assert_allclose(
            found, np.asarray(value)[known], atol=tolerance, err_msg=path
        )
