"""Runs that are kept: folders, checkpoints, sweeps. The only part of the library that knows about disks and devices."""
