"""Faces in TFRecords: one schema, folders of them, and the stream that a GAN trains on."""
