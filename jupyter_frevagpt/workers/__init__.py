"""Helper processes for libraries too heavy, too slow or too fragile for the Jupyter server's own process.

``host.Worker`` is the server's side, ``child.serve`` the helper's side, ``frames`` what passes between them.
"""
