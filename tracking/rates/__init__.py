"""When a scan is likely: counted from a merchant's own parcels, and when to look because of it.

`docs/decisions/0012-looks-where-news-is-likely.md` says why; `curves` is the arithmetic, `priors` what is assumed
before anything was seen, `counting` and `learning` turn scans into counts, `book` reads them, `budget` sets the price.
"""
