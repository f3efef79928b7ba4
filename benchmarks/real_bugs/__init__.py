"""Real defects in released packages, each with the version that has it and the one that mended it."""
