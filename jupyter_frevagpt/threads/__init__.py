"""Where threads are kept: one file a kind of store."""
