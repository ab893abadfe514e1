"""The guest: code of the assistant's in kernels that belong to the user."""
