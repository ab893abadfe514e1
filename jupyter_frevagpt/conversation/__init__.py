"""The heart: turns and their record, in plain Python; it knows the domain and nothing else."""
