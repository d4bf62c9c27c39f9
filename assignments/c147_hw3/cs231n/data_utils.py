"""`utils.data_utils` under the import path of older editions."""

from utils.data_utils import get_CIFAR10_data, load_CIFAR10, load_CIFAR_batch
