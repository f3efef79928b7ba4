"""One subpackage or module a carrier: threads, processes, greenlets."""
