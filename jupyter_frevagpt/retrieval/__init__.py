"""Documentation search; comes with its own issue, the layer is here so that the contracts name it."""
