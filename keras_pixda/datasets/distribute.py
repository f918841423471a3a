"""Feed data sets to the replicas of a `tf.distribute` strategy."""

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_pixda.datasets.counted_passes import CountedPasses
from keras_pixda.datasets.segmentation_dataset import SegmentationDataset
from keras_pixda.private_keras import let_passes_differ


def distribute(
    dataset: CountedPasses, strategy: tf.distribute.Strategy
) -> tf.distribute.DistributedDataset:
    """A data set of which every replica gets its part of every batch.

    Replica r of R gets the r-th of R equal parts. Each machine reads the parts of its
    own replicas alone, in threads. Length, order and kept images are those that the
    data set has when a pass begins; `FewShotModel.fit` calls this by itself.

    Example:
    ```python
    import tempfile

    import tensorflow as tf

    from keras_pixda.datasets import SegmentationDataset, distribute, gta5
    from keras_pixda.toy_scenes import toy_scenes

    strategy = tf.distribute.MirroredStrategy(["cpu:0"])  # All GPUs without a list.
    with tempfile.TemporaryDirectory() as root:
        source, _ = toy_scenes(root, 2, 1, 1, image_size=(32, 48))
        dataset = SegmentationDataset(gta5(source), 2, image_size=(32, 48))
        for images, labels in distribute(dataset, strategy):
            parts = strategy.experimental_local_results(images)
    assert [part.shape for part in parts] == [(2, 32, 48, 3)]
    ```

    Args:
        dataset: `FewShotDomainDataset`, or `SegmentationDataset` of full batches.
        strategy: The `tf.distribute.Strategy`.

    Returns:
        A `tf.distribute.DistributedDataset`.

    Raises:
        ValueError: If the batches cannot be divided into equal parts.
    """
    replicas = strategy.num_replicas_in_sync
    ragged = getattr(dataset, "smaller_batches", False)
    if ragged or dataset.batch_size % replicas:
        raise ValueError(
            f"Batches of {dataset.batch_size} cannot be divided evenly among "
            f"{replicas} replicas: take a multiple of {replicas}, and "
            "drop_remainder=True where the last batch is smaller."
        )
    share = dataset.batch_size // replicas

    def read(index, replica):
        return dataset.part(index, replica * share, (replica + 1) * share)

    distributed = _distributed(strategy, dataset, lambda: len(dataset), read)
    if isinstance(distributed, tf.distribute.DistributedDataset):
        let_passes_differ(distributed)
    return distributed


def distribute_evaluation(
    dataset: Any, strategy: tf.distribute.Strategy
) -> tuple[Any, int | None]:
    """A data set of which every replica gets every R-th batch.

    The last round is filled up with a batch that is wholly ignored, so that each image
    counts once however many there are. Labels may differ in size from batch to batch.

    Example:
    ```python
    import tempfile

    import tensorflow as tf

    from keras_pixda.datasets import SegmentationDataset, distribute_evaluation, gta5
    from keras_pixda.toy_scenes import toy_scenes

    strategy = tf.distribute.MirroredStrategy(["cpu:0"])  # All GPUs without a list.
    with tempfile.TemporaryDirectory() as root:
        source, _ = toy_scenes(root, 2, 1, 1, image_size=(32, 48))
        dataset = SegmentationDataset(gta5(source), image_size=(32, 48))
        batches, rounds = distribute_evaluation(dataset, strategy)
    # Go on with `model.evaluate(batches, steps=rounds)`.
    assert batches is dataset and rounds is None  # On one replica.
    ```

    Args:
        dataset: The `SegmentationDataset`; others are left to Keras.
        strategy: The `tf.distribute.Strategy`.

    Returns:
        A `tf.distribute.DistributedDataset`, and how many rounds it has. With one
        replica, or another kind of data, `None` for the rounds and `dataset` as it is;
        if its labels differ in size, as a `tf.data.Dataset` that allows it.
    """
    replicas = strategy.num_replicas_in_sync
    if replicas == 1 and getattr(dataset, "mixed_sizes", False):
        return _of_any_size(dataset, strategy), None
    if replicas == 1 or not isinstance(dataset, SegmentationDataset):
        return dataset, None
    rounds = math.ceil(len(dataset) / replicas)

    def read(index, replica):
        number = index * replicas + replica
        if number < len(dataset):
            return dataset[number]
        images, labels = dataset[0]
        return images, np.full_like(labels, dataset.record.ignore_class)

    return _distributed(strategy, dataset, lambda: rounds, read), rounds


def _of_any_size(dataset, strategy):
    """Batches for Keras, which takes the sizes of the first two for those of all."""
    if keras.backend.backend() != "tensorflow":
        return dataset
    number = len(dataset)
    batches = _distributed(
        strategy, dataset, lambda: number, lambda index, _: dataset[index]
    )
    if isinstance(batches, tf.data.Dataset):
        batches = batches.apply(tf.data.experimental.assert_cardinality(number))
    return batches


def _distributed(strategy, dataset, length, read):
    """Batches `read(index, replica)` for indices up to what `length()` is by then."""
    example = read(0, 0)
    leaves = [tf.convert_to_tensor(leaf) for leaf in keras.tree.flatten(example)]
    images_alike = hasattr(dataset, "image_size")

    def leaves_of(index, replica):
        return keras.tree.flatten(read(index, replica))

    def tensors(index, replica):
        dtypes = [leaf.dtype for leaf in leaves]
        values = tf.numpy_function(leaves_of, (index, replica), dtypes, stateful=False)
        for value, leaf in zip(values, leaves, strict=True):
            # Sizes may differ from batch to batch where labels keep theirs.
            sizes = leaf.shape[1:3] if images_alike and leaf.shape.rank == 4 else []
            sizes = [None, *(sizes or [None] * len(leaf.shape[1:3]))]
            value.set_shape(sizes[: leaf.shape.rank] + leaf.shape[3:])
        return keras.tree.pack_sequence_as(example, values)

    def of_machine(context):
        here = strategy.num_replicas_in_sync // context.num_input_pipelines
        first = context.input_pipeline_id * here

        def places():
            for index in range(length()):
                for replica in range(first, first + here):
                    yield index, replica

        place = tf.TensorSpec((), tf.int64)
        return (
            tf.data.Dataset.from_generator(places, output_signature=(place, place))
            .map(tensors, num_parallel_calls=max(dataset.workers, 1))
            .prefetch(dataset.max_queue_size)
        )

    return strategy.distribute_datasets_from_function(of_machine)
