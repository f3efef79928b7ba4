"""Which code is instrumented, where its sites are, and how its code objects are rewritten and put back."""
