"""One folder a carrier (threads, processes, greenlets), the measuring of parallelism, and what they share."""
