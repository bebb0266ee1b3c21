"""AIPP: how the chip turns raw pixels into what the model expects."""
