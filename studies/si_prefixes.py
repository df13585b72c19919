# studies/si_prefixes.py
"""SI prefixes as they are typed and printed, and what they multiply by; micro in three spellings."""

SI_PREFIXES = {
    **{"": 1.0, "f": 1e-15, "p": 1e-12, "n": 1e-9, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9},
    **dict.fromkeys(("µ", "μ", "u"), 1e-6),  # the micro sign, the Greek letter, and what a keyboard has
}
