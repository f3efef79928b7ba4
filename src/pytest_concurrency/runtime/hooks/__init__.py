"""What rewritten code calls: announce the access, let the execution decide, note what was read and written.

A hook runs on the worker's own thread right before the instruction; the worker holds the baton from the end of the
hook to its next announcement, so what the hook sees is what the instruction will see. Threads that are not workers
pass through untouched.
"""
