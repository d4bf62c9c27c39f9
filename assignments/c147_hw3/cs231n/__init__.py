"""The helpers of `utils` under the import path of older editions."""
