"""What happened in a run, as plain data: the runtime writes it, detectors, exploring and reports read it."""
