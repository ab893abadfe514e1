"""The assistant in a terminal: the same turns as in the panel, over the server's routes."""
