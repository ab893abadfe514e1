"""HTTP only: read a request, make one call, write the answer."""
