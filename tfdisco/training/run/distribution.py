"""Which devices train, by what the machine and TF_CONFIG say."""

import os

import tensorflow as tf

from tfdisco.shapes import check_positive


def make_strategy(virtual_cpus=0):
    """The strategy of this process; to be called before TensorFlow does anything else.

    Args:
      virtual_cpus: replicas on the CPU, to try things out; 0 for none.

    Returns:
      A `tf.distribute.Strategy`: of many workers if the environment variable TF_CONFIG is
      set (see TensorFlow's guide to multi-worker training), of many replicas on one machine
      with several GPUs or virtual CPUs, or TensorFlow's default.

    Raises:
      ValueError: if TensorFlow has begun already, or the number is negative.
    """
    if virtual_cpus:
        check_positive('virtual_cpus', virtual_cpus)
        try:
            tf.config.set_logical_device_configuration(
                tf.config.list_physical_devices('CPU')[0],
                [tf.config.LogicalDeviceConfiguration()] * virtual_cpus)
        except RuntimeError as error:
            raise ValueError(f'virtual_cpus: expected TensorFlow not to run yet, got {error}'
                             ) from error
        if not os.environ.get('TF_CONFIG'):
            return tf.distribute.MirroredStrategy([f'CPU:{i}' for i in range(virtual_cpus)])
    if os.environ.get('TF_CONFIG'):
        return tf.distribute.MultiWorkerMirroredStrategy()
    if len(tf.config.list_physical_devices('GPU')) > 1:
        return tf.distribute.MirroredStrategy()
    return tf.distribute.get_strategy()


def is_chief(strategy):
    """Whether this process writes what all workers share."""
    resolver = strategy.cluster_resolver
    if resolver is None or not resolver.cluster_spec().as_dict():
        return True
    # Where there is a chief, the first worker is none.
    first = 'chief' if 'chief' in resolver.cluster_spec().as_dict() else 'worker'
    return resolver.task_id == 0 and resolver.task_type in (None, first)


def check_batch(strategy, batch):
    """Raises ValueError unless all replicas get the same number of images."""
    replicas = strategy.num_replicas_in_sync
    if batch % replicas:
        raise ValueError(f'batch: expected a multiple of {replicas} replicas, got {batch}')


def distribute(strategy, stream, start, batch):
    """The batches of a `data.pipeline.ImageStream` for each replica.

    Args:
      strategy: of `make_strategy`.
      stream: the `ImageStream`.
      start: images that came before.
      batch: images of a step on all replicas.

    Returns:
      An iterator of what `GanTrainer.step` takes.
    """
    per_replica = batch // strategy.num_replicas_in_sync

    def of_worker(context):
        part = (context.input_pipeline_id, context.num_input_pipelines)
        dataset = stream.dataset(start, batch, part)
        if batch // context.num_input_pipelines == per_replica:
            return dataset
        return dataset.unbatch().batch(per_replica, drop_remainder=True)

    return iter(strategy.distribute_datasets_from_function(of_worker))
