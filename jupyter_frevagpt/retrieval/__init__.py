"""Documents, found by what a question means and says: a client here, LanceDB and all that is heavy in a helper."""
