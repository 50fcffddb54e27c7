"""Methods that give a gait to somebody else."""
