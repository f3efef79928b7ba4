"""What a test's own processes do: recorded while the body runs, judged afterwards by one detector a file."""
