"""The programs of SCTBench as a user of pytest would write them; each bug has a corrected twin, ``*_fixed``.

Numbers of threads, shared accesses and assertions follow the originals (Thomson, Donaldson, Betts, 2014),
in the sizes of the later studies that also measured POS and PCT (Wen et al., "Controlled concurrency testing
via periodical scheduling", ICSE 2022). Every access to shared state is an access to an attribute.
"""
