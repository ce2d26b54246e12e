"""The catalogue of transforms."""
