"""Detectors: pure functions from what a run recorded to what is wrong with it. One file a family of hazards."""
